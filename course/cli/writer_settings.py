"""What the training of a writer depends on: chosen from what was typed, or read from a run."""

import os
from collections.abc import Set
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

from course import corpora, runtime
from course.cli import saved
from course.errors import CourseError

# Made for a novel of some 120,000 words: well within ten minutes and 2 GB on two cores.
USUAL = {
    "word": {"embedding": 256, "units": 256, "dropout": 0.5, "batch": 20, "steps": 35},
    "character": {"embedding": 64, "units": 320, "dropout": 0.2, "batch": 32, "steps": 100},
}
RATES = {"rnn": 1e-3, "gru": 8e-3, "lstm": 8e-3}
# The size of a well-known book's GRU, for those with a GPU.
CLASSIC = {
    "units": 1_024,
    "embedding": 256,
    "dropout": 0.0,
    "batch": 512,
    "steps": 20,
    "learning_rate": 1e-3,
    "updates": 100_000,
    "patience": 1_000_000,  # a run of so many steps is not ended by a few bad epochs
}
FAST = {"embedding": 16, "units": 16, "batch": 8, "steps": 20, "epochs": 2, "chapters": 3}
READ = 1_500_000  # tokens that training reads, if not told how many epochs
FEWEST, MOST = 6, 40  # epochs, then
SHAPE = {"size", "level", "cell", "units", "layers", "embedding", "dropout", "min_count"}

# A saved run goes on with the same of everything but these; of its book, the content must be.
MAY_DIFFER = {"book", "epochs", "patience"}


@dataclass(frozen=True)
class Settings:
    """Everything that decides what a run gives; the names are those of the options.

    Attributes:
        book: "shipped", a number of Project Gutenberg, or the path of a file.
        continued: the folder of a model that training goes on from.
        min_count: 0 for 2 at word level and 1 for characters.
        epochs: 0 for as many as the length of the book suggests.
        learning_rate: None for the optimizer's own.
        updates: training steps in all, in place of `epochs`; 0 for none.
        chapters: take only so many of them; 0 for all.
    """

    command: ClassVar[str] = "course train writer"

    embedding: int
    units: int
    dropout: float
    batch: int
    steps: int
    learning_rate: float | None
    book: str = "shipped"
    continued: str | None = None
    level: str = "word"
    cell: str = "gru"
    layers: int = 1
    min_count: int = 0
    epochs: int = 0
    optimizer: str = "adam"
    patience: int = 3
    seed: int = 0
    updates: int = 0
    chapters: int = 0

    def with_epochs(self, batches: int, tokens: int) -> "Settings":
        """Return these settings with a number of epochs.

        Args:
            batches: of an epoch.
            tokens: of an epoch.
        """
        if self.epochs:
            return self
        if self.updates:
            return replace(self, epochs=-(-self.updates // batches))
        return replace(self, epochs=min(max(round(READ / tokens), FEWEST), MOST))


def chosen(given: dict[str, Any]) -> Settings:
    """Complete the options that were given.

    Args:
        given: values by the options' names; "size" may be "classic", "continued" a folder.

    Raises:
        CourseError: a model that training goes on from has its shape already.
    """
    given = _plain(given)
    if "continued" in given:
        given |= _own_shape(given["continued"], SHAPE & set(given))
    usual = dict(USUAL[given.get("level", "word")])
    usual["learning_rate"] = RATES[given.get("cell", "gru")]
    if given.pop("size", "usual") == "classic":
        usual |= CLASSIC
    if runtime.fast_mode():
        usual |= FAST
    if given.get("optimizer", "adam") != "adam":
        usual["learning_rate"] = None
    return Settings(**usual | given)


def _own_shape(folder: str, given: Set[str]) -> dict[str, Any]:
    """Return the level and the shape of a saved model, of which nothing may be given anew."""
    if given:
        option = f"--{min(given).replace('_', '-')}"
        raise CourseError(f"{option}: the model in {folder} has its own; leave it out")
    config, codec = saved.language_model(folder)
    try:
        shape = {name: config[name] for name in ("cell", "embedding", "dropout")}
        layers = {"layers": len(config["units"]), "units": max(config["units"])}
    except (KeyError, TypeError) as error:
        raise CourseError(f"{folder} does not fit this course: train it again") from error
    return shape | layers | {"level": codec.tokenizer.level}


def of_saved_run(folder: Path, given: dict[str, Any]) -> Settings:
    """Return the settings of the run in a folder, with what may differ replaced.

    Args:
        folder: where the run was saved.
        given: values by the options' names.

    Raises:
        CourseError: there is no such run, or one of the options does not fit it.
    """
    if "size" in given:
        raise CourseError(f"--size: the run in {folder} has its own; leave it out")
    return saved.settings_of(Settings, folder, _plain(given), MAY_DIFFER)


def _plain(given: dict[str, Any]) -> dict[str, Any]:
    """Return values that a JSON file holds as they are; files as paths from anywhere."""
    plain = saved.plain(given)
    if "continued" in plain:
        plain["continued"] = os.path.abspath(plain["continued"])
    if "book" in plain and plain["book"] not in corpora.SHIPPED:
        number = corpora.number_of(plain["book"])
        plain["book"] = os.path.abspath(plain["book"]) if number is None else str(number)
    return plain
