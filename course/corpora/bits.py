"""Bit strings, and two questions about them: how many ones, and is their number even or odd.

Bits are int8 arrays (strings, length) of 0 and 1. A model reads ids and answers with labels, both
from 1 on, because 0 is padding and stands where nothing is asked: `ids`, `count_labels`,
`running_labels`. `Labelled` makes batches of them for `course.training.fit`. Lesson 01 trains on
both questions, and once on `draw_faulty`.
"""

from collections.abc import Iterator

import numpy as np

from course.errors import CourseError

INPUTS = 3  # different ids: padding, zero, one
FAULTY_BITS = 20


def draw(strings: int, length: int, seed: int | np.random.Generator = 0) -> np.ndarray:
    """Draw bit strings in which every bit is as often 0 as 1.

    Args:
        strings: how many.
        length: bits of each.
        seed: of the draw, or a generator to draw from.

    Returns:
        int8 array (strings, length).

    Raises:
        CourseError: a count is below 1.
    """
    if strings < 1 or length < 1:
        raise CourseError(f"strings and length must be at least 1, not {strings} and {length}")
    return np.random.default_rng(seed).integers(0, 2, (strings, length), np.int8)


def draw_faulty(strings: int, length: int = 50, seed: int = 0) -> np.ndarray:
    """Draw numbers below 2^20 and write them with `length` digits: a well-known mistake.

    All bits but the last 20 are always 0. Arguments and result as of `draw`.

    Raises:
        CourseError: the length is below 20, or there is no string.
    """
    if length < FAULTY_BITS:
        raise CourseError(f"numbers below 2^20 take {FAULTY_BITS} digits, not {length}")
    return np.pad(draw(strings, FAULTY_BITS, seed), ((0, 0), (length - FAULTY_BITS, 0)))


def split(strings: int, held_out: int, length: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Draw strings to learn from and others to judge by; none is in both.

    Args:
        strings: how many to learn from; some may be the same.
        held_out: how many to judge by at most: all different, and at most a quarter of all strings
            of this length.
        length: bits of each.
        seed: of the draws.

    Returns:
        int8 arrays (strings, length) and (up to held_out, length).

    Raises:
        CourseError: a count is below 1, or the length is below 2.
    """
    if held_out < 1:
        raise CourseError(f"held_out must be at least 1, not {held_out}")
    if length < 2:
        raise CourseError(f"a string of {length} bit leaves none to hold out: take 2 or more")
    rng = np.random.default_rng((seed, length))
    judged = np.unique(draw(min(held_out, 2**length // 4), length, rng), axis=0)
    train, known = draw(strings, length, rng), {row.tobytes() for row in judged}
    while (clash := np.array([row.tobytes() in known for row in train])).any():
        train[clash] = draw(clash.sum(), length, rng)
    return train, rng.permutation(judged)


def ids(bits: np.ndarray) -> np.ndarray:
    """Return the ids that a model reads: 1 for a zero, 2 for a one; int32 (strings, length)."""
    return bits.astype(np.int32) + 1


def count_labels(bits: np.ndarray, every_step: bool = False) -> np.ndarray:
    """Ask how many ones there are: a string of n bits has n + 1 possible answers.

    Args:
        bits: (strings, length).
        every_step: ask after every bit how many there have been; else after the last one only.

    Returns:
        int32 array (strings, length): ones + 1, and 0 where nothing is asked.
    """
    labels = np.cumsum(bits, axis=1, dtype=np.int32) + 1
    if not every_step:
        labels[:, :-1] = 0
    return labels


def running_labels(bits: np.ndarray, every_step: bool = True) -> np.ndarray:
    """Ask whether the number of ones is even (label 1) or odd (label 2).

    Args:
        bits: (strings, length).
        every_step: ask after every bit; else after the last one only.

    Returns:
        int32 array (strings, length), 0 where nothing is asked.
    """
    labels = count_labels(bits, every_step)
    return np.where(labels == 0, 0, (labels - 1) % 2 + 1)


TASKS = {"running": running_labels, "count": count_labels}


def label_count(task: str, length: int) -> int:
    """Return how many different labels a task has, the 0 for "nothing is asked" included.

    Args:
        task: "running" or "count".
        length: bits of the longest string: it may hold from 0 to `length` ones.
    """
    return {"running": 2, "count": length + 1}[task] + 1


def parity(labels: np.ndarray) -> np.ndarray:
    """Return what the labels of a task say of whole strings: 0 for even, 1 for odd.

    Args:
        labels: true or predicted, of either task: int (strings, length); the last one above 0
            counts.
    """
    last = labels.shape[1] - 1 - np.argmax(labels[:, ::-1] > 0, axis=1)
    return (labels[np.arange(len(labels)), last] - 1) % 2


class Labelled:
    """Rows of ids with a label for each, as batches of equal shape.

    The last batch is filled up with empty rows, which count nowhere.
    """

    def __init__(self, ids: np.ndarray, labels: np.ndarray, batch: int = 100) -> None:
        """Keep the arrays.

        Args:
            ids: int (rows, time), padding on the right only.
            labels: int (rows, time), 0 where nothing is asked; (rows, 1) for a model that answers
                after the last token only.
            batch: rows a batch.

        Raises:
            CourseError: there is no row, not as many labels, or the batch is below 1.
        """
        if ids.ndim != 2 or labels.ndim != 2 or len(ids) != len(labels):
            raise CourseError(f"ids {ids.shape} and labels {labels.shape} must be rows, as many")
        if batch < 1 or not len(ids):
            raise CourseError(f"{len(ids)} rows cannot be put into batches of {batch}")
        self.ids, self.labels = ids.astype(np.int32), labels.astype(np.int32)
        self.batch = batch

    def __len__(self) -> int:
        """Count the batches of an epoch."""
        return -(-len(self.ids) // self.batch)

    def __iter__(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yield ids and labels, int32, in the order of the rows."""
        return self._cut(np.arange(len(self.ids)))

    def shuffled(self, seed: int, epoch: int = 0) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yield the same in an order drawn from the seed and the epoch."""
        return self._cut(np.random.default_rng((seed, epoch)).permutation(len(self.ids)))

    def _cut(self, order: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Cut an order of the rows into batches."""
        for start in range(0, len(order), self.batch):
            rows = order[start : start + self.batch]
            empty = ((0, self.batch - len(rows)), (0, 0))
            yield np.pad(self.ids[rows], empty), np.pad(self.labels[rows], empty)
