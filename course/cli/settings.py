"""What a training run depends on: chosen from what was typed, or read from a saved run."""

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from course import runtime
from course.errors import CourseError
from course.models import storage

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
    try:
        saved = Settings(**storage.read_manifest(folder, "training")["about"]["options"])
    except (KeyError, TypeError) as error:
        raise CourseError(f"{folder} holds no run of `course train translator`") from error
    for name, value in given.items():
        if name not in MAY_DIFFER and value != getattr(saved, name):
            option = f"--{name.replace('_', '-')}"
            raise CourseError(
                f"{option} is {value}, but the run in {folder} has {getattr(saved, name)}: leave "
                f"{option} out, or train anew without --resume"
            )
    if not given.get("skip_bad"):
        given.pop("skip_bad", None)
    if "corpus" in given:
        given["pairs"] = None
    return replace(saved, **given)


def check_folder(folder: Path) -> None:
    """Find out before a long training whether its model can be saved.

    Raises:
        CourseError: the folder is a file, or nothing may be written there.
    """
    place = next(place for place in (folder, *folder.absolute().parents) if place.exists())
    if not place.is_dir():
        raise CourseError(f"cannot save to {folder}: {place} is a file, not a folder")
    if not os.access(place, os.W_OK | os.X_OK):
        raise CourseError(f"cannot save to {folder}: {place} is not writable")


def _plain(given: dict[str, Any]) -> dict[str, Any]:
    """Return values that a JSON file holds as they are; the file as a path from anywhere."""
    plain = {name: getattr(value, "value", value) for name, value in given.items()}
    if "pairs" in plain:
        plain["pairs"] = os.path.abspath(plain["pairs"])
    return plain
