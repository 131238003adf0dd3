"""`course write`."""

from typing import Annotated

import typer

from course import corpora, novelty, runtime
from course.cli import options as o
from course.cli import writer
from course.cli.guard import note
from course.cli.writer_settings import Settings
from course.errors import CourseError
from course.models import storage
from course.text import Codec, WordTokenizer

EXAMPLE = 'Example: course write --model book --start "It was a dark morning" --temperature 0.8'


def write(
    model: o.Model,
    start: Annotated[
        str, typer.Option(metavar="TEXT", help="How the chapter begins; without it, as it likes.")
    ] = "",
    words: o.Words = 1_000,
    temperature: o.Temperature = 0.8,
    top_k: o.TopK = None,
    top_p: o.TopP = 1.0,
    no_repeat: o.NoRepeat = 0,
    seed: o.DrawSeed = 0,
) -> None:
    """Write a chapter, to standard output; a report about it goes to standard error.

    Temperature 0 takes the likeliest word every time. The report says how much of the chapter
    repeats itself, and how long its longest run of words is that stands in the training text.
    """
    _, manifest = storage.load_arrays(model, "model")
    _warn_of_unknown(manifest, start)
    runtime.tensorflow()
    from course.decoding import writing
    from course.models.language import LanguageModel

    author = LanguageModel.load(model)
    knobs = {"temperature": temperature, "top_k": top_k, "top_p": top_p}
    page = writing.write(author, start, words, no_repeat=no_repeat, seed=seed, **knobs)
    if page.title:
        print(f"{page.title}\n")
    print(page.text)
    _report(page.tokens, author.about)


def _warn_of_unknown(manifest: dict, start: str) -> None:
    """Say which words of the start the model does not know, before TensorFlow is loaded for it."""
    try:
        unknown = Codec.from_dict(manifest["codec"]).unknown(start)
    except (KeyError, TypeError, AttributeError):
        return  # another kind of model, which `LanguageModel.load` refuses with a line
    if unknown:
        shown = " ".join(dict.fromkeys(unknown))
        note(f"warning: not in the vocabulary, read as unknown: {shown}")


def _report(tokens: list[str], about: dict) -> None:
    """Say how new a page is."""
    pairs = (
        f"distinct words {novelty.distinct(tokens, 1):.3f}, pairs {novelty.distinct(tokens, 2):.3f}"
    )
    note(
        f"{len(tokens):,} tokens; {pairs}; {novelty.repeated(tokens, 4):.1%} of the 4-grams repeat"
    )
    try:
        length, _ = novelty.longest_copy(tokens, _training_tokens(about))
        note(f"longest run copied from the training text: {length} tokens")
    except (CourseError, KeyError, TypeError):
        note("longest copied run not measured: the book it learnt from is not here")


def _training_tokens(about: dict) -> list[str]:
    """Return the tokens that a model learnt from, if its book is still on this machine."""
    settings = Settings(**about["options"])
    number = corpora.number_of(settings.book)
    if number is not None:
        corpora.book_path(number)  # refuses a book that would have to be downloaded
    texts, _ = writer.texts_of(corpora.load_book(settings.book, say=None), settings)
    return [token for text in texts for token in WordTokenizer(lower=True).tokens(text)]
