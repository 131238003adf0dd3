"""A language model writes a chapter: sampling, then the page is set."""

from dataclasses import dataclass
from typing import Any

from course import decoding, prose
from course.errors import CourseError
from course.text import END, PAD, START, UNK, WordTokenizer
from course.trace import Trace

# Tokens to draw for each word that is asked for: enough for punctuation too.
ROOM = {"word": 1.5, "character": 8.0}
SPARE = 60  # words, to finish the last sentence with


@dataclass(frozen=True)
class Page:
    """What a model wrote.

    Attributes:
        text: the page with capitals, paragraphs and quotation marks, the start included.
        title: one of its sentences, as old novels have it; empty if none is short enough.
        trace: of its decoding; it goes on beyond the end of the page.
    """

    text: str
    title: str
    trace: Trace

    @property
    def tokens(self) -> list[str]:
        """The words and marks of the page in small letters, for `course.novelty`."""
        return WordTokenizer(lower=True).tokens(self.text)


def write(
    model: Any,
    start: str = "",
    words: int = 1000,
    *,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float = 1.0,
    no_repeat: int = 0,
    seed: int = 0,
) -> Page:
    """Let a language model write on from a start.

    Args:
        model: a `LanguageModel` with a codec; `about["capitals"]` holds the names of its book.
        start: how the chapter begins; empty to let the model begin. Words that the model does not
            know stand on the page as typed, and it reads them as unknown.
        words: how many; the sentence that the last one belongs to is finished.
        temperature: 0 takes the likeliest token every time.
        top_k: draw among the k likeliest tokens only.
        top_p: draw among the likeliest tokens that together have this probability.
        no_repeat: write no n-gram of so many tokens twice; 0 lets them repeat.
        seed: of the draws.

    Raises:
        CourseError: a setting makes no sense, or the model has no vocabulary.
    """
    if words < 1:
        raise CourseError(f"words must be at least 1, not {words}")
    if model.codec is None:
        raise CourseError("this model has no vocabulary, so it cannot write text")
    codec, level = model.codec, model.codec.tokenizer.level
    [trace] = decoding.sample(
        model,
        [codec.ids(start)],
        temperature=temperature,
        top_k=top_k,
        top_p=top_p,
        seed=seed,
        max_tokens=int(ROOM[level] * (words + SPARE)),
        forbid=(PAD, START, END, UNK),
        no_repeat=no_repeat,
    )
    space = " " if level == "word" else ""
    written = start + space + codec.text(trace.tokens)
    capitals = model.about.get("capitals", {})
    text = prose.typeset(prose.first_words(written, words), capitals)
    return Page(text, prose.title(text, capitals), trace)
