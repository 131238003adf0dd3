"""`course perplexity`."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from course import corpora, prose, runtime
from course.cli import options as o
from course.cli import saved
from course.cli.guard import note
from course.corpora.treebank import EOS, read_split
from course.errors import CourseError
from course.streams import running_ids
from course.text import END, Codec

EXAMPLE = "Example: course perplexity --model model ptb.test.txt"


def perplexity(
    model: o.Model,
    files: Annotated[
        list[Path],
        typer.Argument(help="Texts; for a treebank's model with a sentence a line."),
    ],
    tokens: Annotated[
        bool,
        typer.Option(
            "--tokens",
            help="Print each token and its surprisal in bits; the report goes to standard error.",
        ),
    ] = False,
) -> None:
    """Say how surprised a language model is by a text: its perplexity, over all tokens once.

    A model of a treebank reads tokens with spaces between them, a sentence a line; a writer's model
    reads plain text. Tokens that the model does not know are read as unknown, counted and reported.
    """
    _, codec = saved.language_model(model)
    read = {file: _texts(file, codec) for file in files}
    runtime.tensorflow()
    from course.models.language import LanguageModel

    trained, say = LanguageModel.load(model), note if tokens else print
    for file, texts in read.items():
        ids = running_ids(texts, codec)
        log_probs = trained.log_probs(ids).astype(np.float64)
        if not np.isfinite(log_probs).all():
            raise CourseError(f"the model in {model} says no numbers: its training has diverged")
        if tokens:
            _print_tokens(ids, log_probs, codec)
        if len(read) > 1:
            say(str(file))
        _report(log_probs, [token for text in texts for token in codec.unknown(text)], say)


def _texts(file: Path, codec: Codec) -> list[str]:
    """Read what a model is asked about: lines for a treebank's, one text for a writer's."""
    if codec.tokenizer.level == "space":
        return read_split(file)
    chapters = corpora.read_book(file).chapters
    return [prose.chapter_text(chapter.paragraphs) for chapter in chapters]


def _print_tokens(ids: np.ndarray, log_probs: np.ndarray, codec: Codec) -> None:
    """Print each token but the first as its text has it, and its surprisal in bits."""
    names = list(codec.vocabulary.tokens)
    if codec.tokenizer.level == "space":
        names[END] = EOS
    for id, bits in zip(ids[1:], -log_probs / math.log(2), strict=True):
        print(f"{names[id]}\t{bits:.3f}")


def _report(log_probs: np.ndarray, unknown: list[str], say: Callable[[str], object]) -> None:
    """Say how surprised the model was, and what it did not know."""
    mean = -log_probs.mean()
    say(f"perplexity         {math.exp(min(mean, 700)):,.2f}")
    say(f"bits a token       {mean / math.log(2):.3f}")
    say(f"tokens             {len(log_probs):,}, {len(unknown):,} unknown")
    if unknown:
        shown = " ".join(list(dict.fromkeys(unknown))[:10])
        note(f"not in the vocabulary, read as unknown: {shown}")
