"""Trials that were made before, so that ways to search can be compared without hours of training.

Each of them is a real training of the course's translator on 900 of the pairs that ship, with
settings drawn at random, and its validation loss after each epoch. For settings in between a forest
of decision trees guesses. `course tune translator --sample 1000 --sampler random --no-pruning` made
them.
"""

import csv
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from course.tuning.space import Range, Space

if TYPE_CHECKING:
    from sklearn.ensemble import ExtraTreesRegressor

FILE = Path(__file__).parent / "recorded.csv"
TREES = 30
SPACE: Space = {
    "units": Range(64, 384, step=32),
    "layers": (1, 2),
    "cell": ("gru", "lstm"),
    "max_length": (6, 10, 0),
    "batch": (32, 64, 128),
    "epochs": Range(2, 8, step=1),
    "learning_rate": Range(5e-4, 2e-2, log=True),
}


class Recorded:
    """Recorded trials, and what a training with other settings would probably give.

    Attributes:
        trials: settings by name, and "losses", the validation loss after each epoch.
    """

    def __init__(self, path: Path = FILE) -> None:
        """Read the trials."""
        with path.open(encoding="utf-8", newline="") as file:
            self.trials = [_trial(row) for row in csv.DictReader(file)]

    def losses(self, settings: dict[str, Any]) -> list[float]:
        """Guess the validation loss after each epoch of a training."""
        epochs = range(1, settings["epochs"] + 1)
        rows = [_row(settings, epoch) for epoch in epochs]
        return np.exp(self._forest.predict(rows)).tolist()

    def objective(self, settings: dict[str, Any], report: Callable) -> float:
        """Stand in for a training: as `tuning.search` takes one."""
        from course.training import Epoch

        losses = self.losses(settings)
        for number, loss in enumerate(losses, 1):
            report(Epoch(number, loss, 0.0, loss, 0.0, 0.0, 0.0))
        return min(losses)

    def error(self, parts: int = 5) -> float:
        """Return the mean error of guesses about trials that the forest has not seen, in nats."""
        missed = []
        for part in range(parts):
            unseen = self.trials[part::parts]
            seen = [trial for trial in self.trials if trial not in unseen]
            forest = _grown(seen)
            rows = [_row(trial, trial["epochs"]) for trial in unseen]
            wanted = [trial["losses"][-1] for trial in unseen]
            missed += np.abs(np.exp(forest.predict(rows)) - wanted).tolist()
        return float(np.mean(missed))

    @cached_property
    def _forest(self) -> "ExtraTreesRegressor":
        """The forest of all trials."""
        return _grown(self.trials)


def _grown(trials: list[dict]) -> "ExtraTreesRegressor":
    """Grow a forest that guesses the logarithm of the loss after an epoch."""
    from sklearn.ensemble import ExtraTreesRegressor

    rows = [_row(trial, epoch) for trial in trials for epoch in range(1, trial["epochs"] + 1)]
    losses = [loss for trial in trials for loss in trial["losses"]]
    return ExtraTreesRegressor(TREES, random_state=0).fit(rows, np.log(losses))


def _row(settings: dict[str, Any], epoch: int) -> list[float]:
    """Return settings as numbers."""
    longest = settings["max_length"] or 20
    rate, steps = np.log(settings["learning_rate"]), epoch / settings["batch"]
    lstm = float(settings["cell"] == "lstm")
    shape = [settings["units"], settings["layers"], lstm, longest]
    return [*shape, settings["batch"], settings["epochs"], rate, epoch, steps]


def _trial(row: dict[str, str]) -> dict[str, Any]:
    """Return a row of the file with its numbers as numbers."""
    whole = {name: int(row[name]) for name in ("units", "layers", "max_length", "batch", "epochs")}
    losses = [float(loss) for loss in row["losses"].split()]
    rate = float(row["learning_rate"])
    return whole | {"cell": row["cell"], "learning_rate": rate, "losses": losses}
