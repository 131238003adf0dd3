"""Writes the trials of a study to the file that lesson 11 compares searches by.

`python -m tools.record_trials sqlite:///trials.db`, where `course tune translator --sample 1000
--sampler random --no-pruning --storage sqlite:///trials.db --trials 200` has been.
"""

import csv
import sys

import optuna

from course.tuning.recorded import FILE, SPACE


def main(storage: str) -> None:
    """Write every trial that ran to its end."""
    study = optuna.load_study(study_name="translator", storage=storage)
    whole = [trial for trial in study.trials if trial.state.name == "COMPLETE"]
    with FILE.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow([*SPACE, "losses"])
        for trial in whole:
            losses = " ".join(
                f"{trial.intermediate_values[n]:.4f}" for n in sorted(trial.intermediate_values)
            )
            values = [
                f"{v:.6g}" if isinstance(v, float) else v for v in map(trial.params.get, SPACE)
            ]
            rows.writerow([*values, losses])
    print(f"{len(whole)} trials written to {FILE}")


if __name__ == "__main__":
    main(*sys.argv[1:])
