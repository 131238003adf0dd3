"""A small English-Spanish language that ships with the course.

The tables in `grammar_lexicon` and the frames beside this module span a language in which every
English sentence has exactly one Spanish translation: subject pronouns other than "he" and "she"
are left out, "you" is tú, groups are masculine, and the past simple is the preterite. That makes
it a corpus on which a small model can learn to translate well in minutes.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

# Imported for the frames that they register.
from course.corpora import grammar_compounds, grammar_deeds, grammar_states  # noqa: F401
from course.corpora.grammar_frames import FRAMES, Pair


def capacity() -> int:
    """Counts the sentences of the language, all distinct."""
    return sum(frame.size for frame in FRAMES)


def language() -> Iterator[Pair]:
    """Yields every sentence of the language with its translation, frame by frame."""
    for frame in FRAMES:
        yield from (frame(index) for index in range(frame.size))


def generate(count: int, seed: int = 0) -> list[Pair]:
    """Draws distinct sentence pairs from the language.

    Every frame gets the same share, so that short questions are not drowned by the frames with
    many slots; a frame that is too small for its share gives all it has.

    Args:
        count: how many pairs.
        seed: of the draw; the same seed gives the same list.

    Returns:
        (English, Spanish) pairs in random order, no English sentence twice.

    Raises:
        ValueError: when count is negative or more than `capacity()`.
    """
    if not 0 <= count <= capacity():
        raise ValueError(f"count must lie between 0 and {capacity()}, not be {count}")
    rng = random.Random(seed)
    pairs = [
        frame(index)
        for frame, share in _shares(count)
        for index in rng.sample(range(frame.size), share)
    ]
    rng.shuffle(pairs)
    return pairs


def _shares(count: int) -> Iterator[tuple]:
    """Splits a count evenly over the frames, the smallest first, none beyond its size."""
    by_size = sorted(FRAMES, key=lambda frame: frame.size)
    for waiting, frame in zip(range(len(by_size), 0, -1), by_size, strict=True):
        share = min(frame.size, count // waiting)
        count -= share
        yield frame, share
