"""A language model writes a chapter: sampling, then the page is set."""

from dataclasses import dataclass
from typing import Any

from course import decoding, prose
from course.errors import CourseError
from course.text import END, PAD, START, UNK, Codec, WordTokenizer, unify
from course.trace import Trace

# Tokens to draw for each word that is asked for: enough for punctuation too. A model that says
# much with marks and little with words gets more room.
ROOM = {"word": (1.5, 6.0), "character": (8.0, 32.0)}
SPARE = 100  # words, to finish the last sentence with


@dataclass(frozen=True)
class Page:
    """What a model wrote.

    Attributes:
        text: the page with capitals, paragraphs and quotation marks, the start included.
        title: one of its sentences, as old novels have it; empty if none is short enough.
        trace: of its decoding, from the start on; it goes on beyond the end of the page.
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
            know stand on the page as well, and it reads them as unknown.
        words: how many to write after the start; the sentence that the last one belongs to is
            finished. A model that says hardly more than marks gives a shorter page.
        temperature: 0 takes the likeliest token every time.
        top_k: draw among the k likeliest tokens only.
        top_p: draw among the likeliest tokens that together have this probability.
        no_repeat: write no n-gram of so many tokens twice, those of the start counted; 0 lets them
            repeat.
        seed: of the draws.

    Raises:
        CourseError: a setting makes no sense, or the model has no vocabulary.
    """
    if words < 1:
        raise CourseError(f"words must be at least 1, not {words}")
    if model.codec is None:
        raise CourseError("this model has no vocabulary, so it cannot write text")
    start = unify(start)  # as the model reads it
    wanted = words + prose.count_words(start)
    knobs = {"temperature": temperature, "top_k": top_k, "top_p": top_p}
    for room in ROOM[model.codec.tokenizer.level]:
        tokens = int(room * (words + SPARE))
        trace = _drawn(model, start, tokens, no_repeat=no_repeat, seed=seed, **knobs)
        written = _joined(model.codec, start, trace)
        if prose.count_words(written) >= wanted + SPARE:
            break
    capitals = model.about.get("capitals", {})
    text = prose.typeset(prose.first_words(written, wanted), capitals)
    return Page(text, prose.title(text, capitals), trace)


def _drawn(model: Any, start: str, tokens: int, **knobs: Any) -> Trace:
    """Let a model say so many tokens after a start; `knobs` as for `course.decoding.sample`."""
    # The start is forced and not read beforehand, so that `no_repeat` knows what it says.
    prefix = model.codec.ids(start)
    most, never = len(prefix) + tokens, (PAD, START, END, UNK)
    [trace] = decoding.sample(model, [[]], prefix=[prefix], max_tokens=most, forbid=never, **knobs)
    return trace


def _joined(codec: Codec, start: str, trace: Trace) -> str:
    """Return the start as it was typed, and what the model wrote after it."""
    space = " " if codec.tokenizer.level == "word" else ""
    return start + space + codec.text(trace.tokens[len(codec.ids(start)) :])
