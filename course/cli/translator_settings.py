"""What the training of a translator depends on: chosen from what was typed, or from a saved run."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from course import runtime
from course.cli import saved

# What a run is trained with where the command does not say. They are made for the first 20,000
# pairs of spa-eng: well within ten minutes and 2 GB on two cores at word level.
USUAL = {
    "word": {
        "embedding": 128,
        "units": 256,
        "dropout": 0.2,
        "min_count": 0,  # as the number of pairs suggests
        "epochs": 12,
        "batch": 128,
        "learning_rate": 4e-3,
        "patience": 3,
        "buckets": 4,
    },
    "character": {
        "embedding": 0,
        "units": 256,
        "dropout": 0.0,
        "min_count": 0,  # as the number of pairs suggests
        "epochs": 12,
        "batch": 64,
        "learning_rate": 8e-3,
        "patience": 3,
        "buckets": 4,
    },
}
FAST = {"units": 16, "epochs": 2, "batch": 32, "buckets": 1}
FAST_PAIRS = 200
FAST_EMBEDDING = 16

# A saved run goes on with the same of everything but these; of its pairs, the content must be.
MAY_DIFFER = {"pairs", "corpus", "skip_bad", "epochs", "patience"}


@dataclass(frozen=True)
class Settings:
    """Everything that decides what a run gives; the names are those of the options.

    Attributes:
        pairs: a file; None for the corpus.
        embedding: 0 for one-hot.
        min_count: 0 for 2 at word level where there are many pairs, else 1.
        learning_rate: None for the optimizer's own.
        buckets: different shapes of batches.
    """

    command: ClassVar[str] = "course train translator"

    embedding: int
    units: int
    dropout: float
    min_count: int
    epochs: int
    batch: int
    learning_rate: float | None
    patience: int
    buckets: int
    pairs: str | None = None
    corpus: str = "shipped"
    limit: int | None = None
    sample: int | None = None
    skip_bad: bool = False
    level: str = "word"
    cell: str = "lstm"
    layers: int = 1
    optimizer: str = "adam"
    seed: int = 0


def chosen(given: dict[str, Any]) -> Settings:
    """Complete the options that were given.

    Args:
        given: values by the options' names.
    """
    usual = dict(USUAL[given.get("level", "word")])
    if runtime.fast_mode():
        usual |= FAST | {"embedding": min(usual["embedding"], FAST_EMBEDDING)}
        if not {"limit", "sample"} & set(given):
            usual["limit"] = FAST_PAIRS
    if given.get("optimizer", "adam") != "adam":
        usual["learning_rate"] = None
    return Settings(**usual | _plain(given))


def of_saved_run(folder: Path, given: dict[str, Any]) -> Settings:
    """Return the settings of the run in a folder, with what may differ replaced.

    Args:
        folder: where the run was saved.
        given: values by the options' names.

    Raises:
        CourseError: there is no such run, or one of the options does not fit it.
    """
    given = _plain(given)
    if not given.get("skip_bad"):
        given.pop("skip_bad", None)
    if "corpus" in given:
        given["pairs"] = None
    return saved.settings_of(Settings, folder, given, MAY_DIFFER)


def _plain(given: dict[str, Any]) -> dict[str, Any]:
    """Return values that a JSON file holds as they are; the file as a path from anywhere."""
    plain = saved.plain(given)
    if "pairs" in plain:
        plain["pairs"] = os.path.abspath(plain["pairs"])
    return plain
