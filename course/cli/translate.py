"""`course translate`."""

import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Annotated

import typer

from course import runtime
from course.cli import options as o
from course.cli.guard import note
from course.corpora.pairs import decode
from course.errors import CourseError
from course.models import storage
from course.text import Codec

EXAMPLE = 'Example: course translate --model model "Where is the house?"'

CHUNK = 1_024  # sentences: enough for full batches, few enough that output flows
MOST_WARNINGS = 10


def translate(
    model: o.Model,
    sentences: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="SENTENCE",
            help="To translate; without any, standard input, one a line.",
            show_default=False,
        ),
    ] = None,
    beam: o.Beam = None,
    max_tokens: o.MaxTokens = None,
) -> None:
    """Translate sentences, each into one line of standard output.

    An empty line gives an empty line. A sentence with unknown words, or longer than any that the
    model was trained on, is translated as well as can be, with a warning on standard error.
    """
    # The whole folder is checked before TensorFlow is loaded for it.
    _, manifest = storage.load_arrays(model, "model")
    search = {"search": "greedy"} if beam is None else {"search": "beam", "width": beam}
    lines = iter(sentences) if sentences else _typed()
    warn = _Warnings(manifest, model)
    runtime.tensorflow()
    from course import decoding
    from course.models import translators

    translator = translators.load(model)
    while chunk := list(islice(lines, 1 if _by_hand(sentences) else CHUNK)):
        for sentence in chunk:
            warn(sentence)
        for line in decoding.translate(translator, chunk, max_tokens=max_tokens, **search):
            print(line)
        sys.stdout.flush()
    warn.close()


def _by_hand(sentences: list[str] | None) -> bool:
    """Say whether somebody types line after line and waits for each answer."""
    return not sentences and sys.stdin.isatty()


def _typed() -> Iterator[str]:
    """Yield the lines of standard input; from a terminal one by one, else all are read first."""
    if _by_hand(None):
        note("a sentence a line, please; Ctrl-D ends")
        return (line.rstrip("\r\n") for line in sys.stdin)
    text = decode(sys.stdin.buffer.read(), "standard input")
    return iter(text.removesuffix("\n").split("\n") if text else [])


class _Warnings:
    """Says which sentences are unlike those that a model was trained on."""

    def __init__(self, manifest: dict, folder: Path) -> None:
        """Read the vocabulary, and the length of the longest training sentence if it is known."""
        try:
            self.source = Codec.from_dict(manifest["source"])
            self.longest = manifest.get("about", {}).get("longest", float("inf"))
        except (KeyError, TypeError, AttributeError) as error:
            raise CourseError(f"the model in {folder} is no translator of text") from error
        self.line = self.warned = 0

    def __call__(self, sentence: str) -> None:
        """Look at the next sentence."""
        self.line += 1
        faults = []
        if unknown := list(dict.fromkeys(self.source.unknown(sentence))):
            shown = " ".join(unknown[:5]) + (" …" if len(unknown) > 5 else "")
            faults.append(f"not in the vocabulary: {shown}")
        length = len(self.source.tokenizer.tokens(sentence))
        if length > self.longest:
            faults.append(f"{length} tokens, the longest in training had {self.longest}")
        if faults:
            self.warned += 1
            if self.warned <= MOST_WARNINGS:
                note(f"warning: sentence {self.line}: {'; '.join(faults)}")

    def close(self) -> None:
        """Count the sentences that were not warned of one by one."""
        if self.warned > MOST_WARNINGS:
            note(f"warning: {self.warned - MOST_WARNINGS:,} more sentences like these")
