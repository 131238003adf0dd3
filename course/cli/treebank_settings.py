"""What the training of a treebank's model depends on: chosen from what was typed, or from a run."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from course import runtime
from course.cli import saved
from course.errors import CourseError

NAMED = ("ptb", "gazette")

CONFIGS = {
    # The well-known experiment: see docs/measurements.md for the figures that it has to reach.
    "classic": {
        "embedding": 200,
        "units": (256, 128),
        "tied": False,
        "spread": 0.1,
        "dropout": 0.0,
        "batch": 60,
        "steps": 20,
        "optimizer": "sgd",
        "learning_rate": 1.0,
        "flat": 5,
        "clip": 5.0,
        "summed": True,
        "epochs": 15,
    },
    # What each of these gains beside the classic is in docs/measurements.md.
    "tuned": {
        "embedding": 256,
        "units": (512,),
        "dropout": 0.4,
        "batch": 20,
        "steps": 35,
        "learning_rate": 5e-3,
        "warmup": 400,
        "samples": 2_000,
        "epochs": 14,
    },
    # The medium model of Zaremba, Sutskever and Vinyals (2014), who report 86.2 on valid and 82.7
    # on test; our dropout masks stay for a batch's steps. For those with many hours, or a GPU.
    "large": {
        "embedding": 650,
        "units": (650, 650),
        "tied": False,
        "spread": 0.05,
        "dropout": 0.5,
        "batch": 20,
        "steps": 35,
        "optimizer": "sgd",
        "learning_rate": 1.0,
        "flat": 6,
        "decay": 1.2,
        "clip": 5.0,
        "summed": True,
        "epochs": 39,
    },
    # For a vocabulary of hundreds, as the gazette's.
    "small": {
        "embedding": 64,
        "units": (128,),
        "dropout": 0.0,
        "batch": 20,
        "steps": 35,
        "learning_rate": 1e-2,
        "epochs": 8,
    },
}
FAST = {"embedding": 16, "units": (16,), "batch": 8, "steps": 10, "epochs": 2, "lines": 600}
SHAPE = ("embedding", "units")

# A saved run goes on with the same of everything but these; of its data, the content must be.
MAY_DIFFER = {"data", "epochs"}


@dataclass(frozen=True)
class Settings:
    """Everything that decides what a run gives; the names are those of the options.

    Attributes:
        data: "ptb", "gazette", or the path of a folder.
        units: of each layer, the lowest first.
        spread: 0 for each layer's own first weights.
        flat: epochs at the highest rate, which then falls before each; 0 for a cosine.
        decay: what the rate is divided by then.
        summed: sum the loss over a batch's steps, in place of the mean.
        samples: of the softmax; 0 for the full one.
        lines: take only so many of each split; 0 for all.
    """

    command: ClassVar[str] = "course train treebank"

    embedding: int
    units: tuple[int, ...]
    dropout: float
    batch: int
    steps: int
    learning_rate: float
    epochs: int
    data: str = "ptb"
    config: str = "classic"
    cell: str = "lstm"
    tied: bool = True
    spread: float = 0.0
    optimizer: str = "adam"
    warmup: int = 0
    flat: int = 0
    decay: float = 2.0
    clip: float = 1.0
    summed: bool = False
    samples: int = 0
    seed: int = 0
    lines: int = 0

    def __post_init__(self) -> None:
        """Take the list that a JSON file has for a tuple."""
        object.__setattr__(self, "units", tuple(self.units))


def chosen(given: dict[str, Any]) -> Settings:
    """Complete the options that were given.

    Args:
        given: values by the options' names.
    """
    given = _plain(given)
    usual = dict(CONFIGS[given.get("config", "classic")])
    if given.get("optimizer", usual_optimizer := usual.get("optimizer", "adam")) != usual_optimizer:
        _check_rate(given, usual_optimizer)
    if runtime.fast_mode():
        usual |= FAST
    return Settings(**usual | given)


def of_saved_run(folder: Path, given: dict[str, Any]) -> Settings:
    """Return the settings of the run in a folder, with what may differ replaced.

    Args:
        folder: where the run was saved.
        given: values by the options' names.

    Raises:
        CourseError: there is no such run, or one of the options does not fit it.
    """
    return saved.settings_of(Settings, folder, _plain(given), MAY_DIFFER)


def _plain(given: dict[str, Any]) -> dict[str, Any]:
    """Return values that a JSON file holds as they are; a folder as a path from anywhere."""
    plain = saved.plain(given)
    if "units" in plain:
        plain["units"] = _widths(plain["units"])
    if "data" in plain and plain["data"] not in NAMED:
        plain["data"] = os.path.abspath(plain["data"])
    return plain


def _check_rate(given: dict[str, Any], usual: str) -> None:
    """Refuse another optimizer at a rate that suits the usual one."""
    if "learning_rate" not in given:
        raise CourseError(
            f"--optimizer {given['optimizer']} needs a --learning-rate beside it: the "
            f"configuration's own suits {usual}"
        )


def _widths(typed: str) -> tuple[int, ...]:
    """Read the width of each layer, as in "256,128"."""
    parts = typed.split(",")
    if not all(part.strip().isdecimal() and 1 <= int(part) <= 4_096 for part in parts):
        raise CourseError(
            f"--units is {typed!r}: give a width from 1 to 4,096 for each layer, as 256,128"
        )
    return tuple(int(part) for part in parts)
