"""What the training of a parity net depends on: chosen from what was typed, or from a saved run."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from course import runtime
from course.cli import saved

# The 24 ReLU units of a well-known book learn the parity after every bit at once; a count is more
# than they learn in two minutes. See docs/measurements.md.
USUAL = {"running": {"cell": "rnn", "epochs": 2}, "count": {"cell": "gru", "epochs": 6}}
FAST = {"length": 10, "strings": 1_000, "units": 8, "epochs": 2, "batch": 50}
MAY_DIFFER = {"epochs"}


@dataclass(frozen=True)
class Settings:
    """Everything that decides what a run gives; the names are those of the options.

    Attributes:
        task: "running" asks for the parity after every bit, "count" for the ones after the last.
        length: bits of a string.
        strings: how many are learnt from.
    """

    command: ClassVar[str] = "course train parity"

    cell: str
    epochs: int
    task: str = "running"
    length: int = 50
    strings: int = 100_000
    units: int = 24
    batch: int = 100
    learning_rate: float = 1e-2
    seed: int = 0

    @property
    def every_step(self) -> bool:
        """Whether something is asked after every bit."""
        return self.task == "running"


def chosen(given: dict[str, Any]) -> Settings:
    """Complete the options that were given.

    Args:
        given: values by the options' names.
    """
    given = saved.plain(given)
    usual = USUAL[given.get("task", "running")]
    return Settings(**usual | (FAST if runtime.fast_mode() else {}) | given)


def of_saved_run(folder: Path, given: dict[str, Any]) -> Settings:
    """Return the settings of the run in a folder, with another number of epochs if given.

    Args:
        folder: where the run was saved.
        given: values by the options' names.

    Raises:
        CourseError: there is no such run, or one of the options does not fit it.
    """
    return saved.settings_of(Settings, folder, saved.plain(given), MAY_DIFFER)
