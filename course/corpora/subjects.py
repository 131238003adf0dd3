"""What the conversations that ship are about: subjects, told by key words.

The file of the conversations has a line `# subject: key words` above those of each subject. The
key words were written with them and before any training; a reply is on its subject if it holds one.
"""

import re
from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple

from course.corpora.dialogue_files import END_OF_TURN, HEADING
from course.corpora.dialogues import SHIPPED_FILE

_WORD = re.compile(r"[\w']+")


class Subject(NamedTuple):
    """A subject: its name, its key words, and the turns of its conversations."""

    name: str
    words: frozenset[str]
    turns: frozenset[str]


@cache
def all_subjects() -> tuple[Subject, ...]:
    """Return the subjects of the conversations that ship."""
    found = []
    for line in SHIPPED_FILE.read_text(encoding="utf-8").splitlines():
        if line.startswith(HEADING):
            name, _, words = line.removeprefix(HEADING).partition(":")
            turns: set[str] = set()
            found.append((name, frozenset(_WORD.findall(words)), turns))
        elif line:
            turns.update(line.split(f" {END_OF_TURN} "))
    return tuple(Subject(name, words, frozenset(turns)) for name, words, turns in found)


def subjects_of(turn: str) -> list[Subject]:
    """Return the subjects whose conversations have a turn, word for word."""
    return [subject for subject in all_subjects() if turn in subject.turns]


def is_on(text: str, subject: Subject) -> bool:
    """Say whether a text holds a key word of a subject."""
    return bool(subject.words & set(_WORD.findall(text.lower())))


def on_subject(replies: Sequence[str], exchanges: Sequence[Any]) -> float:
    """Return the share of replies that are on the subject of their conversation.

    Args:
        replies: texts.
        exchanges: of the conversations that ship, in the same order; each tells its subject by
            its reference reply.
    """
    pairs = list(zip(replies, exchanges, strict=True))
    right = [any(is_on(text, it) for it in subjects_of(one.reply)) for text, one in pairs]
    return sum(right) / len(right)
