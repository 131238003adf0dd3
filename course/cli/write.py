"""`course write`."""

from typing import Annotated

import typer

from course import corpora, novelty, prose, runtime
from course.cli import options as o
from course.cli import saved, writer
from course.cli.guard import note
from course.cli.writer_settings import Settings
from course.errors import CourseError
from course.text import WordTokenizer

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
    _, codec = saved.language_model(model)
    if unknown := codec.unknown(start):
        shown = " ".join(dict.fromkeys(unknown))
        note(f"warning: not in the vocabulary, read as unknown: {shown}")
    runtime.tensorflow()
    from course.decoding import writing
    from course.models.language import LanguageModel

    author = LanguageModel.load(model)
    knobs = {"temperature": temperature, "top_k": top_k, "top_p": top_p}
    page = writing.write(author, start, words, no_repeat=no_repeat, seed=seed, **knobs)
    if page.title:
        print(f"{page.title}\n")
    print(page.text)
    if (found := prose.count_words(page.text) - prose.count_words(start)) < words:
        note(f"{found:,} of {words:,} words: the rest was marks, or never came to an end")
    typed = len(WordTokenizer(lower=True).tokens(start))
    _report(page.tokens[typed:], author.about)


def _report(tokens: list[str], about: dict) -> None:
    """Say how new a page is."""
    distinct = ", ".join(f"distinct-{n} {novelty.distinct(tokens, n):.3f}" for n in (1, 2))
    repeated = f"{novelty.repeated(tokens, 4):.1%} of the 4-grams repeat"
    note(f"{len(tokens):,} tokens; {distinct}; {repeated}")
    try:
        learnt = _training_tokens(about)
    except (CourseError, KeyError, TypeError):
        note("longest copied run not measured: the book it learnt from is not here")
        return
    length, _ = novelty.longest_copy(tokens, learnt)
    note(f"longest run copied from the training text: {length} tokens")
    if about.get("earlier"):
        note(f"not compared with what it learnt before: {'; '.join(about['earlier'])}")


def _training_tokens(about: dict) -> list[str]:
    """Return the tokens that a model learnt from, if its book is still on this machine."""
    settings = Settings(**about["options"])
    number = corpora.number_of(settings.book)
    if number is not None:
        corpora.book_path(number)  # refuses a book that would have to be downloaded
    book = corpora.load_book(settings.book, say=None)
    if writer.fingerprint(book) != about["fingerprint"]:
        raise CourseError(f"{book.name} is not the text that the model learnt from")
    tokens, (texts, _) = WordTokenizer(lower=True).tokens, writer.texts_of(book, settings)
    return [token for text in texts for token in tokens(text) if token != prose.PARAGRAPH]
