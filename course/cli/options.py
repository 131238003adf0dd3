"""Options that several commands have, each written once, with the values that make sense."""

import math
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class Level(StrEnum):
    """What a token is."""

    word = "word"
    character = "character"


class Cell(StrEnum):
    """The kind of recurrent layer."""

    lstm = "lstm"
    gru = "gru"


class Recurrent(StrEnum):
    """The kind of recurrent layer of a language model."""

    rnn = "rnn"
    gru = "gru"
    lstm = "lstm"


class Task(StrEnum):
    """What is asked of a bit string."""

    running = "running"
    count = "count"


class Size(StrEnum):
    """A named configuration."""

    usual = "usual"
    classic = "classic"


class Optimizer(StrEnum):
    """How gradients move the weights."""

    adam = "adam"
    rmsprop = "rmsprop"
    sgd = "sgd"


def between(least: float, most: float) -> Callable[[float | None], float | None]:
    """Return a check that a number, if given, lies between two others."""

    def check(value: float | None) -> float | None:
        if value is None or least <= value <= most:
            return value
        shown = f"{value:,}" if math.isfinite(value) else value
        raise typer.BadParameter(f"must lie between {least:,} and {most:,}, not be {shown}")

    return check


def _number(letter: str, least: float, most: float, meaning: str):
    """Describe an option that takes a number."""
    check = between(least, most)
    return typer.Option(metavar=letter, callback=check, help=meaning, show_default=False)


def _choice(meaning: str):
    """Describe an option that takes one of a few words."""
    return typer.Option(help=meaning, show_default=False)


# For every trainer.
Epochs = Annotated[int | None, _number("E", 1, 10_000, "Passes over the training data.")]
Batch = Annotated[int | None, _number("B", 1, 4_096, "Examples in a training step.")]
Units = Annotated[int | None, _number("U", 1, 4_096, "Width of the hidden state.")]
Layers = Annotated[int | None, _number("L", 1, 8, "Recurrent layers.")]
Rate = Annotated[float | None, _number("R", 1e-9, 100, "The highest learning rate.")]
OptimizerName = Annotated[Optimizer | None, _choice("How gradients move the weights.")]
Seed = Annotated[
    int | None, _number("S", 0, 2**31 - 1, "Draws the split, the weights and the order; usually 0.")
]
Save = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR", help="Keep the best model here; without it nothing is written.",
        show_default=False,
    ),
]  # fmt: skip
Resume = Annotated[
    bool, typer.Option("--resume", help="Go on from the run in DIR, with its options and data.")
]

# For trainers of sentence pairs.
Pairs = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE", help="Sentence pairs, source<TAB>target in each line.", show_default=False
    ),
]
CorpusName = Annotated[
    str | None,
    typer.Option(
        metavar="NAME", help="A corpus by name instead of a file; usually the one that ships.",
        show_default=False,
    ),
]  # fmt: skip
Limit = Annotated[int | None, _number("N", 1, 100_000_000, "Take the first N pairs only.")]
Sample = Annotated[int | None, _number("N", 1, 100_000_000, "Take N random pairs only.")]
SkipBad = Annotated[
    bool, typer.Option("--skip-bad", help="Leave out lines that are no pair, and count them.")
]
LevelName = Annotated[Level | None, _choice("What a token is; usually a word.")]
CellName = Annotated[Cell | None, _choice("The kind of recurrent layer; usually lstm.")]
Embedding = Annotated[int | None, _number("E", 0, 4_096, "Width of the embeddings; 0 for one-hot.")]
Dropout = Annotated[float | None, _number("D", 0, 0.9, "Share of the values that training drops.")]
MinCount = Annotated[
    int | None, _number("N", 1, 1_000_000, "Tokens that occur less often count as unknown.")
]
Patience = Annotated[
    int | None, _number("P", 1, 10_000, "Stop after so many epochs that brought nothing better.")
]

# For the writer.
BookName = Annotated[
    str | None,
    typer.Option(
        "--book", metavar="FILE|NUMBER", show_default=False,
        help="A text file, or a number of Project Gutenberg; usually the novella that ships.",
    ),
]  # fmt: skip
Continue = Annotated[
    Path | None,
    typer.Option(
        "--continue", metavar="DIR", show_default=False,
        help="Go on from this saved model, with its vocabulary, on another book.",
    ),
]  # fmt: skip
SizeName = Annotated[
    Size | None,
    _choice("classic: 1,024 units, sections of 20, batch 512, 100,000 steps; needs a GPU."),
]
RecurrentName = Annotated[Recurrent | None, _choice("The kind of recurrent layer; usually gru.")]
Width = Annotated[int | None, _number("E", 1, 4_096, "Width of the embeddings.")]
Steps = Annotated[int | None, _number("T", 2, 1_000, "Tokens of a stream in one training step.")]

# For bit strings.
TaskName = Annotated[
    Task | None,
    _choice("running: even or odd, after every bit; count: how many ones, after the last one."),
]
Length = Annotated[int | None, _number("N", 2, 10_000, "Bits of a string; usually 50.")]
Strings = Annotated[int | None, _number("N", 1, 100_000_000, "Random strings to learn from.")]
SimpleName = Annotated[
    Recurrent | None,
    _choice("The kind of recurrent layer; usually rnn, which has ReLU here, and gru to count."),
]

# For decoding.
Model = Annotated[Path, typer.Option(metavar="DIR", help="What `course train … --save DIR` wrote.")]
Beam = Annotated[
    int | None, _number("K", 1, 100, "Follow the K likeliest beginnings; without it, greedily one.")
]
MaxTokens = Annotated[
    int | None,
    _number("N", 1, 10_000, "The longest translation; usually 3 times the sentence and 20 more."),
]
Words = Annotated[int, _number("N", 1, 20_000, "Words to write; the last sentence is finished.")]
Temperature = Annotated[
    float, _number("T", 0, 100, "Usually 0.8; 0 takes the likeliest word, more surprises more.")
]
TopK = Annotated[int | None, _number("K", 1, 1_000_000, "Draw among the K likeliest words only.")]
TopP = Annotated[
    float, _number("P", 1e-6, 1, "Draw among the likeliest words that together have this share.")
]
NoRepeat = Annotated[int, _number("N", 0, 100, "Write no run of N tokens twice; 0 lets them.")]
DrawSeed = Annotated[int, _number("S", 0, 2**31 - 1, "Of the draws; usually 0.")]
