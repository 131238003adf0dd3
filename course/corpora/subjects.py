"""What the conversations that ship are about: subjects, told by key words.

The list was written with the conversations and before any training; a reply is on a subject if it
holds one of its words.
"""

import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

SUBJECTS_FILE = Path(__file__).parent / "shipped" / "subjects.txt"
_WORD = re.compile(r"[\w']+")


@cache
def key_words() -> dict[str, frozenset[str]]:
    """Return the key words of each subject."""
    lines = SUBJECTS_FILE.read_text(encoding="utf-8").splitlines()
    parts = (line.partition(":") for line in lines if line.strip())
    return {name: frozenset(_WORD.findall(words)) for name, _, words in parts}


def subjects_of(text: str) -> set[str]:
    """Return the subjects that a text has a key word of."""
    words = set(_WORD.findall(text.lower()))
    return {name for name, keys in key_words().items() if keys & words}


def on_subject(replies: Sequence[str], exchanges: Sequence[Any]) -> float:
    """Return the share of replies that have a subject in common with the reference reply.

    Args:
        replies: texts.
        exchanges: whose references they are compared with, in the same order.
    """
    pairs = zip(replies, exchanges, strict=True)
    return sum(bool(subjects_of(a) & subjects_of(b.reply)) for a, b in pairs) / len(exchanges)
