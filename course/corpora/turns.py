"""Conversations as plain data: who said what, in order, and where it comes from."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import NamedTuple


class Turn(NamedTuple):
    """What one speaker said until another one spoke."""

    speaker: str
    text: str


Conversation = tuple[Turn, ...]


@dataclass(frozen=True, repr=False)
class Dialogues(Sequence[Conversation]):
    """Conversations of at least two turns, with a line that says where they come from.

    Attributes:
        conversations: in each, no speaker has two turns in a row.
        origin: where they were found.
        licence: what their publisher says about using them.
        left_out: what was not taken, and why, as "3 calls".
    """

    conversations: list[Conversation]
    origin: str
    licence: str = "licence not known to the course"
    left_out: tuple[str, ...] = ()

    @property
    def source(self) -> str:
        """The provenance in one line: where from, how many conversations and turns, licence."""
        turns = sum(map(len, self.conversations))
        line = f"{self.origin}: {len(self):,} conversations of {turns:,} turns"
        if self.left_out:
            line += f" (left out: {', '.join(self.left_out)})"
        return f"{line}; {self.licence}"

    @property
    def speakers(self) -> list[str]:
        """Everybody who speaks, the one with most turns first."""
        counts = Counter(turn.speaker for talk in self.conversations for turn in talk)
        return [name for name, _ in counts.most_common()]

    def mapped(self, change: Callable[[str], str]) -> "Dialogues":
        """Return the conversations with every text changed; turns left empty are gone.

        Args:
            change: gives the new text of an old one.
        """
        changed = (
            joined([turn._replace(text=change(turn.text)) for turn in talk])
            for talk in self.conversations
        )
        return replace(self, conversations=[talk for talk in changed if len(talk) > 1])

    def limit(self, count: int) -> "Dialogues":
        """Return the first conversations only."""
        return replace(self, conversations=self.conversations[:count])

    def __len__(self) -> int:
        """Count the conversations."""
        return len(self.conversations)

    def __getitem__(self, index: int | slice) -> Conversation | list[Conversation]:
        """Return the conversation at a place, or a list of them for a slice."""
        return self.conversations[index]

    def __iter__(self) -> Iterator[Conversation]:
        """Yield the conversations in order."""
        return iter(self.conversations)

    def __repr__(self) -> str:
        """Show the provenance and not what people said."""
        return f"Dialogues({self.source})"


def joined(turns: Sequence[Turn]) -> Conversation:
    """Leave out empty turns, and make one of those that a speaker has in a row."""
    said = [turn for turn in turns if turn.text.strip()]
    return tuple(
        Turn(speaker, " ".join(turn.text.strip() for turn in own))
        for speaker, own in groupby(said, key=lambda turn: turn.speaker)
    )


def alternating(texts: Sequence[str]) -> Conversation:
    """Return a conversation of two, of whom only what they said is known."""
    return joined([Turn("AB"[place % 2], text) for place, text in enumerate(texts)])
