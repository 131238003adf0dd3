"""What the searches share: sentences cut into batches, compiled loops, forced prefixes."""

import weakref
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from course.backend import tf
from course.batches import pad
from course.errors import CourseError
from course.text import PAD, START

Rows = Sequence[Sequence[int]] | np.ndarray
NEVER = -1e9
MOST_TOKENS = 32_768  # of a batch's source, padding counted

INTS, INT = tf.TensorSpec([None, None], tf.int32), tf.TensorSpec([None], tf.int32)
NUMBERS, NUMBER = tf.TensorSpec([None, None], tf.float32), tf.TensorSpec([], tf.float32)
COUNT = tf.TensorSpec([], tf.int32)


class Jobs:
    """Sentences to decode, each with its limit and the tokens that it must begin with."""

    def __init__(
        self, source_ids: Rows, max_tokens: int | Sequence[int] | None, prefix: Rows | None
    ) -> None:
        """Check and copy the input of a search; arguments as for `course.decoding.sample`."""
        self.sources = [[id for id in row if id != PAD] for row in source_ids]
        usual = [3 * len(row) + 20 for row in self.sources]
        limits = usual if max_tokens is None else np.broadcast_to(max_tokens, len(self.sources))
        self.limits = np.asarray(limits, np.int32)
        if len(self) and self.limits.min() < 1:
            raise CourseError(f"max_tokens must be at least 1, not {self.limits.min()}")
        self.prefixes = [[] for _ in self.sources] if prefix is None else list(prefix)
        if len(self.prefixes) != len(self):
            raise CourseError(f"{len(self.prefixes)} prefixes for {len(self)} sentences")
        if any(id in (PAD, START) for row in self.prefixes for id in row):
            raise CourseError("a prefix holds PAD or START, which no sentence does")

    def __len__(self) -> int:
        """Count the sentences."""
        return len(self.sources)

    def chunks(self, batch: int) -> list[np.ndarray]:
        """Cut the places of all sentences into batches of like length."""
        lengths = np.array([len(row) for row in self.sources], int)
        order = np.argsort(lengths, kind="stable")
        chunks, begin = [], 0
        while begin < len(order):
            rows = order[begin : begin + batch]
            # A very long sentence would make its whole batch as long: fewer rows keep it company.
            steps = np.arange(1, len(rows) + 1) * lengths[rows]
            rows = rows[: max(1, int(np.searchsorted(steps, MOST_TOKENS, side="right")))]
            chunks.append(rows)
            begin += len(rows)
        return chunks

    def inputs(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return sources, limits and prefixes of some rows, padded to at least one column."""
        sources, prefixes = (
            pad([some[row] for row in rows], max(1, *(len(some[row]) for row in rows)))
            for some in (self.sources, self.prefixes)
        )
        return sources, self.limits[rows], prefixes


_programs: weakref.WeakKeyDictionary = weakref.WeakKeyDictionary()


def compiled(model: Any, loop: Callable, signature: tuple, settings: tuple) -> Callable:
    """Return a loop as a `tf.function` of a model: traced once, kept as long as the model.

    Args:
        model: with `start` and `step`.
        loop: takes the model, the settings and tensors.
        signature: of the tensors.
        settings: what the trace is made for; other settings make another trace.
    """
    kept = _programs.setdefault(model, {})
    key = (loop.__module__, settings)
    if key not in kept:
        # A weak reference: the program must not keep alive the model that it is kept for.
        known = weakref.ref(model)
        kept[key] = tf.function(
            lambda *inputs: loop(known(), settings, *inputs),
            input_signature=signature,
            autograph=False,
        )
    return kept[key]


def demanded(forced: tf.Tensor, step: tf.Tensor) -> tf.Tensor:
    """Return the token that each prefix demands at a step, PAD where it demands none: (batch,).

    Args:
        forced: prefixes, padded: int (batch, prefix_time).
        step: scalar.
    """
    width = tf.shape(forced)[1]
    return tf.where(step < width, forced[:, tf.minimum(step, width - 1)], PAD)


def growing(dtypes: dict[str, tf.DType]) -> dict[str, tf.TensorArray]:
    """Return arrays by name that take one entry a step."""
    return {
        name: tf.TensorArray(dtype, 0, dynamic_size=True, infer_shape=False)
        for name, dtype in dtypes.items()
    }


def write(arrays: dict, step: tf.Tensor, values: dict[str, tf.Tensor]) -> dict:
    """Write a step's values into growing arrays."""
    return {name: array.write(step, values[name]) for name, array in arrays.items()}
