"""What the training of a translator depends on: chosen from what was typed, or from a saved run."""

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

from course import runtime
from course.cli import saved
from course.cli.translator_sizes import ATTENTIVE, FAST, FAST_PAIRS, FAST_WIDTH, SIZES, USUAL
from course.errors import CourseError

FEWEST_EPOCHS = 5  # of a run that is counted in training steps: so often it is judged and saved
NEED_ATTENTION = ("input_feeding", "one_way", "label_smoothing", "samples")
FILES = ("pairs", "source_file", "target_file", "embeddings")
PLACES = ({"pairs"}, {"corpus"}, {"source_file", "target_file"})  # of pairs, one of the three

# A saved run goes on with the same of everything but these; of its pairs, the content must be.
MAY_DIFFER = {*set().union(*PLACES), "skip_bad", "epochs", "patience"}


@dataclass(frozen=True)
class Settings:
    """Everything that decides what a run gives; the names are those of the options.

    Attributes:
        pairs: a file; None for the corpus, or for two aligned files.
        embedding: 0 for one-hot; None for the width of `embeddings`.
        min_count: 0 for 2 at word level where there are many pairs, else 1.
        learning_rate: None for the optimizer's own.
        warmup: training steps over which the rate rises, in a run that is long enough.
        buckets: different target lengths of batches.
        source_buckets: different source lengths for each of them.
        updates: training steps in all, in place of `epochs`; 0 for none.
        steps: training steps an epoch; 0 for as many as there are batches.
        max_length: of a sentence of either side, in tokens; 0 for any.
        samples: of the sampled softmax; 0 for the full one.
        most_held_out: source sentences at most; None for any number.
    """

    command: ClassVar[str] = "course train translator"

    embedding: int | None
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
    source_file: str | None = None
    target_file: str | None = None
    limit: int | None = None
    sample: int | None = None
    skip_bad: bool = False
    reverse: bool = False
    max_length: int = 0
    source_text: str = "as-is"
    level: str = "word"
    cell: str = "lstm"
    layers: int = 1
    attention: str = "none"
    one_way: bool = False
    input_feeding: bool = False
    embeddings: str | None = None
    label_smoothing: float = 0.0
    samples: int = 0
    optimizer: str = "adam"
    schedule: str = "cosine"
    warmup: int = 0
    source_buckets: int = 1
    updates: int = 0
    steps: int = 0
    seed: int = 0
    most_held_out: int | None = None

    def with_epochs(self, batches: int) -> "Settings":
        """Return these settings with a number of epochs.

        Args:
            batches: that there are.
        """
        if self.epochs:
            return self
        epochs = max(FEWEST_EPOCHS, -(-self.updates // batches))
        return replace(self, epochs=epochs, steps=-(-self.updates // epochs))


def chosen(given: dict[str, Any]) -> Settings:
    """Complete the options that were given.

    Args:
        given: values by the options' names; "size" may be one of `SIZES`.

    Raises:
        CourseError: an option needs another one that is not there, or does not go with one.
    """
    given = plain(given)
    size = dict(SIZES[given.pop("size", "usual")])
    attention = given.get("attention", size.get("attention", "none")) != "none"
    _check(given, attention)
    usual = dict(USUAL[given.get("level", size.get("level", "word"))])
    usual |= (ATTENTIVE if attention else {}) | size
    if attention and not usual["embedding"]:
        usual["embedding"] = ATTENTIVE["embedding"]
    usual |= _in_fast_mode(usual) if runtime.fast_mode() else {}
    return Settings(**_without(usual, given, attention) | given)


def _check(given: dict[str, Any], attention: bool) -> None:
    """Refuse options that do not go together."""
    for name in NEED_ATTENTION:
        if given.get(name) and not attention:
            raise CourseError(
                f"{_option(name)} needs attention: add --attention additive or --attention "
                f"multiplicative, or leave {_option(name)} out"
            )
    if given.get("label_smoothing") and given.get("samples"):
        raise CourseError("--label-smoothing needs the full softmax: leave it or --samples out")
    if given.get("embedding") == 0 and "embeddings" in given:
        raise CourseError(
            "--embedding 0 is for one-hot inputs, which no --embeddings can begin: leave one out"
        )
    if given.get("embedding") == 0 and attention:
        raise CourseError("--embedding 0: a model with attention has embeddings; choose 1 or more")


def _option(name: str) -> str:
    """Return an option as it is typed."""
    return "--" + name.replace("_", "-")


def _in_fast_mode(usual: dict[str, Any]) -> dict[str, Any]:
    """Return what fast mode has in place of some usual values."""
    return FAST | {"embedding": min(usual["embedding"], FAST_WIDTH), "limit": FAST_PAIRS}


def _without(usual: dict[str, Any], given: dict[str, Any], attention: bool) -> dict[str, Any]:
    """Return the usual values less those that do not go with what was given."""
    gone = set() if attention else set(NEED_ATTENTION)
    if "sample" in given:
        gone.add("limit")
    if "epochs" in given:
        gone.add("updates")
    if given.get("label_smoothing"):
        gone.add("samples")
    if given.get("samples"):
        gone.add("label_smoothing")
    kept = {name: value for name, value in usual.items() if name not in gone}
    if given.get("optimizer", usual["optimizer"]) != usual["optimizer"]:
        kept["learning_rate"] = None
    return kept | ({"embedding": None} if "embeddings" in given else {})


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
    given = plain(given)
    if any(place & set(given) for place in PLACES):
        given = {"pairs": None, "source_file": None, "target_file": None} | given
    return saved.settings_of(Settings, folder, given, MAY_DIFFER)


def plain(given: dict[str, Any]) -> dict[str, Any]:
    """Return values that a JSON file holds as they are; files as paths from anywhere.

    A switch that was not given is False, which says nothing.
    """
    said = {name: value for name, value in saved.plain(given).items() if value is not False}
    return said | {name: os.path.abspath(said[name]) for name in FILES if name in said}
