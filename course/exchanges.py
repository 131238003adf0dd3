"""Conversations become questions and replies: what a chatbot learns from.

An exchange is a reply and the few turns before it. `split` parts whole conversations, and keeps on
one side what repeats itself: a conversation of which half stands in training says little about a
model. Lesson 10 counts what a split by line would have leaked.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from course.batches import PairBatches, Ragged
from course.corpora.dialogue_files import END_OF_TURN
from course.corpora.turns import Conversation, Dialogues
from course.errors import CourseError
from course.text import END, START, Codec, WordTokenizer

SHARES = (0.7, 0.15, 0.15)
ALIKE = 8  # words of a turn and its reply: so long, they are hardly said twice by chance

_TOKENIZER = WordTokenizer(lower=True, drop_punctuation=True)


@dataclass(frozen=True)
class Exchange:
    """A reply, and what was said before it.

    Attributes:
        said: the turns before the reply, the oldest first; the last is the question.
        reply: the turn that is learnt.
    """

    said: tuple[str, ...]
    reply: str

    @property
    def question(self) -> str:
        """The turn that the reply answers."""
        return self.said[-1]

    @property
    def source(self) -> str:
        """All that the encoder reads: the turns, with a token between them."""
        return source_of(self.said)


def source_of(said: Sequence[str]) -> str:
    """Join turns, the oldest first, into what the encoder reads."""
    return f" {END_OF_TURN} ".join(said)


def exchanges(
    dialogues: Sequence[Conversation], context: int = 1, speaker: str | None = None
) -> list[Exchange]:
    """Take the exchanges out of conversations.

    Args:
        dialogues: conversations.
        context: turns that the model sees before a reply: 1 for the question alone.
        speaker: whose replies; None for everybody's.

    Raises:
        CourseError: there is none; the message has the speakers.
    """
    if context < 1:
        raise CourseError(f"context must be at least 1, the question, not {context}")
    found = [
        Exchange(tuple(turn.text for turn in talk[max(0, place - context) : place]), reply.text)
        for talk in dialogues
        for place, reply in enumerate(talk)
        if place and speaker in (None, reply.speaker)
    ]
    if not found:
        names = list(dict.fromkeys(turn.speaker for talk in dialogues for turn in talk))
        shown = ", ".join(names[:8]) + (" …" if len(names) > 8 else "")
        raise CourseError(f"{speaker or 'nobody'} replies to nobody: the speakers are {shown}")
    return found


def without_repeats(dialogues: Dialogues) -> Dialogues:
    """Leave out conversations that stand there already, capitals and marks aside."""
    kept = {tuple(source_key(turn.text) for turn in talk): talk for talk in reversed(dialogues)}
    repeated = len(dialogues) - len(kept)
    if not repeated:
        return dialogues
    left_out = (*dialogues.left_out, f"{repeated:,} repeated")
    return replace(dialogues, conversations=list(kept.values())[::-1], left_out=left_out)


def split(
    dialogues: Sequence[Conversation],
    shares: tuple[float, float, float] = SHARES,
    seed: int = 0,
) -> tuple[list[Conversation], list[Conversation], list[Conversation]]:
    """Part conversations into those to learn from, to choose by, and to look at once.

    Conversations that have an exchange of at least `ALIKE` words in common stay together.

    Args:
        dialogues: conversations.
        shares: of training, validation and test; they sum to 1.
        seed: draws which ones.

    Raises:
        CourseError: the shares make no sense, or a part would be empty.
    """
    if min(shares) < 0 or abs(sum(shares) - 1) > 1e-6:
        raise CourseError(f"the shares of a split are at least 0 and sum to 1, not {shares}")
    groups = linked(dialogues)
    order = np.random.default_rng(seed).permutation(len(groups))
    ends = np.cumsum(shares) * len(dialogues)
    parts: tuple[list, list, list] = ([], [], [])
    placed = 0
    for group in (groups[place] for place in order):
        middle = placed + len(group) / 2
        parts[min(2, int(np.searchsorted(ends, middle, side="right")))].extend(group)
        placed += len(group)
    if not all(part or not share for part, share in zip(parts, shares, strict=True)):
        raise CourseError(
            f"{len(dialogues):,} conversations, {len(groups):,} of them unlike each other, are too "
            "few to learn from some and judge by others: give more"
        )
    return tuple([dialogues[place] for place in sorted(part)] for part in parts)


def linked(dialogues: Sequence[Conversation]) -> list[list[int]]:
    """Group conversations, by their places, that have a long exchange in common."""
    group = list(range(len(dialogues)))

    def root(place: int) -> int:
        while group[place] != place:
            group[place] = place = group[group[place]]
        return place

    first: dict[tuple[str, str], int] = {}
    for place, talk in enumerate(dialogues):
        keys = [source_key(turn.text) for turn in talk]
        for pair in pairwise(keys):
            if sum(len(key.split()) for key in pair) >= ALIKE:
                group[root(place)] = root(first.setdefault(pair, place))
    found = defaultdict(list)
    for place in range(len(dialogues)):
        found[root(place)].append(place)
    return list(found.values())


def source_key(text: str) -> str:
    """Return a turn without capitals and marks, by which equal ones are told."""
    return " ".join(_TOKENIZER.tokens(text))


@dataclass(frozen=True)
class Encoded:
    """Exchanges as ids.

    Attributes:
        source: of what was said, cut to its last tokens.
        target: of the replies, START first and END last.
        kept: the exchanges whose reply is not too long.
    """

    source: Ragged
    target: Ragged
    kept: list[Exchange]

    @property
    def running(self) -> np.ndarray:
        """The replies one after the other, each between ENDs: int32 (tokens,), for n-grams."""
        ids = self.target.flat
        return np.concatenate([[END], ids[ids != START]]).astype(np.int32)

    def batches(self, **options: int) -> PairBatches:
        """Make batches; options as of `PairBatches`."""
        return PairBatches(self.source, self.target, **options)


def alternatives(found: Sequence[Exchange]) -> dict[str, set[str]]:
    """Return all replies to each question, both without capitals and marks."""
    known = defaultdict(set)
    for exchange in found:
        known[source_key(exchange.question)].add(source_key(exchange.reply))
    return dict(known)


def encode(
    found: Sequence[Exchange], codec: Codec, longest_source: int, longest_reply: int
) -> Encoded:
    """Turn exchanges into ids.

    What was said is cut to its last tokens, the ones next to the reply. A reply that is too long is
    left out: cut short it would teach the model to stop in the middle.

    Args:
        found: the exchanges.
        codec: of both sides.
        longest_source: most tokens of what was said.
        longest_reply: most tokens of a reply, without START and END.

    Raises:
        CourseError: no exchange is left.
    """
    replies = [codec.ids(exchange.reply) for exchange in found]
    kept = [place for place, ids in enumerate(replies) if 0 < len(ids) <= longest_reply]
    if not kept:
        raise CourseError(
            f"none of the {len(found):,} replies has from 1 to {longest_reply} tokens"
        )
    return Encoded(
        Ragged(codec.ids(found[place].source)[-longest_source:] for place in kept),
        Ragged([START, *replies[place], END] for place in kept),
        [found[place] for place in kept],
    )
