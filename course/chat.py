"""A conversation with a chatbot: turn by turn, with what was said before.

A `Chat` keeps the history, lets the model reply, and can say what else it might have said. Lesson
10 builds it by hand; the chat box and `course chat` stand on it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from course import decoding, exchanges, messages, prose
from course.corpora.dialogue_files import END_OF_TURN
from course.errors import CourseError
from course.text import UNK
from course.trace import Trace

LONGEST_SOURCE, LONGEST_REPLY = 60, 30  # tokens, of a model that does not say
SILENT = "there is no reply yet: say something first"
NOTHING = "…"  # stands for a reply without a word


@dataclass(frozen=True)
class Manner:
    """How a reply is drawn.

    Attributes:
        temperature: 0 takes the likeliest word every time.
        first_k: draw the first word among the k likeliest; None for as many as the others.
        top_k: draw the others among the k likeliest; None for all.
        top_p: draw among the likeliest words that together have this share.
        no_repeat: say no run of so many tokens twice; 0 lets them.
        beam: follow so many beginnings, and draw nothing; 0 draws.
        diversity: of the beam, as in `decoding.beam`.
        words: most tokens of a reply.
    """

    temperature: float = 0.7
    first_k: int | None = None
    top_k: int | None = None
    top_p: float = 0.9
    no_repeat: int = 3
    beam: int = 0
    diversity: float = 0.0
    words: int = LONGEST_REPLY


GREEDY = Manner(temperature=0.0)
CLASSIC = Manner(temperature=1.0, first_k=3, top_k=2, top_p=1.0, no_repeat=0)


@dataclass(frozen=True)
class Reply:
    """What the model said.

    Attributes:
        text: with capitals, and nothing in it that could move a terminal.
        source: what it answered, the turns before it included.
        trace: of its decoding.
    """

    text: str
    source: str
    trace: Trace

    @property
    def share(self) -> float:
        """The probability of the whole reply."""
        return float(np.exp(self.trace.log_prob))


def replies(
    model: Any, sources: Sequence[str], manner: Manner = GREEDY, seed: int = 0, **options: Any
) -> list[Trace]:
    """Let a model reply to many sources at once.

    Args:
        model: a `Chatbot`.
        sources: what was said, as `exchanges.source_of` joins it.
        manner: how to draw.
        seed: of the draws.
        options: of the search, as `alternatives`.

    Returns:
        A trace for each source.
    """
    ids = [source_ids(model, source) for source in sources]
    never = [UNK, *model.codec.vocabulary.ids([END_OF_TURN])]
    common = {"max_tokens": manner.words, "forbid": never, **options}
    if manner.beam:
        shape = {"width": manner.beam, "diversity": manner.diversity}
        return decoding.beam(model, ids, **shape, **common)
    knobs = ("temperature", "first_k", "top_k", "top_p", "no_repeat")
    drawn = {name: getattr(manner, name) for name in knobs}
    return decoding.sample(model, ids, seed=seed, **drawn, **common)


def source_ids(model: Any, source: str) -> list[int]:
    """Return what the encoder reads of a source: its last tokens."""
    return model.codec.ids(source)[-option(model, "longest_source", LONGEST_SOURCE) :]


def option(model: Any, name: str, usual: Any) -> Any:
    """Return what a model was trained with, or the usual value if it does not say."""
    return model.about.get("options", {}).get(name, usual)


@dataclass
class Chat:
    """A conversation under way.

    Attributes:
        model: a `Chatbot`; its `about` says how many turns it reads, and how messages are cleaned.
        manner: how replies are drawn.
        seed: of the draws; the place of a reply in the conversation counts as well.
        history: the turns so far, the learner's and the model's in turn.
        last: the last reply.
    """

    model: Any
    manner: Manner = field(default_factory=Manner)
    seed: int = 0
    history: list[str] = field(default_factory=list)
    last: Reply | None = None

    def reply(self, text: str) -> Reply:
        """Say something, and return what the model answers.

        Args:
            text: of any length; control characters go.

        Raises:
            CourseError: nothing is left of it.
        """
        said = self._cleaned(text)
        if not said:
            raise CourseError("say something: there is no word in this message")
        context = option(self.model, "context", 1)
        source = exchanges.source_of([*self.history, said][-context:])
        [trace] = replies(self.model, [source], self.manner, self.seed + len(self.history))
        self.last = Reply(self.text_of(trace.tokens), source, trace)
        self.history += [said, self.last.text]
        return self.last

    def alternatives(self, count: int = 5, diversity: float = 0.5) -> list[tuple[float, str]]:
        """Return what else the model could have said last, by a beam search.

        Args:
            count: of replies.
            diversity: as in `decoding.beam`.

        Returns:
            The probability of each whole reply, and its text, the likeliest first.

        Raises:
            CourseError: it has said nothing yet.
        """
        if self.last is None:
            raise CourseError(SILENT)
        manner = replace(self.manner, beam=2 * count, diversity=diversity)
        [trace] = replies(self.model, [self.last.source], manner, n_best=count)
        ranked = sorted(trace.hypotheses, key=lambda found: -found.log_prob)
        return [(float(np.exp(found.log_prob)), self.text_of(found.tokens)) for found in ranked]

    def traced(self, count: int = 5) -> Trace:
        """Return the last reply's trace, with the likeliest tokens of each step.

        Raises:
            CourseError: it has said nothing yet.
        """
        if self.last is None:
            raise CourseError(SILENT)
        prefix, source = [list(self.last.trace.tokens)], [self.last.source]
        [trace] = replies(self.model, source, GREEDY, prefix=prefix, alternatives=count)
        return trace

    def choices(self, trace: Trace) -> list[tuple[str, list[tuple[str, float]]]]:
        """Return each token of a trace with the likeliest ones there and their probabilities."""
        name = self.model.codec.vocabulary.tokens
        rows = zip(trace.tokens, trace.top_ids, np.exp(trace.top_log_probs), strict=True)
        return [
            (name[token], [(name[id], float(share)) for id, share in zip(ids, shares, strict=True)])
            for token, ids, shares in rows
        ]

    def reset(self) -> None:
        """Forget what was said."""
        self.history, self.last = [], None

    def text_of(self, ids: Sequence[int]) -> str:
        """Return readable text of a reply's ids."""
        codec = self.model.codec
        words = messages.printable(" ".join(codec.vocabulary.words(ids))).split(" ")
        return prose.sentences(words, self.model.about.get("capitals", {})) or NOTHING

    def _cleaned(self, text: str) -> str:
        """Return a message as the training ones were cleaned."""
        emoji = option(self.model, "emoji", "keep")
        return messages.cleaner(emoji=emoji, anonymize=option(self.model, "anonymize", False))(text)
