"""Running text for a language model: batches in which row i goes on where row i left off.

The text is cut into as many streams as a batch has rows; each batch takes the next few steps of
every stream, so a state carried from batch to batch sees the whole stream. The batches of an epoch
must therefore keep their order. Lesson 08 cuts a book by hand.
"""

from collections.abc import Iterable, Iterator

import numpy as np

from course.errors import CourseError
from course.text import END, PAD, Codec


def running_ids(texts: Iterable[str], codec: Codec) -> np.ndarray:
    """Put texts, as the chapters of a book, one after the other.

    Args:
        texts: the texts in their order.
        codec: turns them into ids.

    Returns:
        int32 array (tokens,): END, then each text followed by END. The first END is only read;
        every token after it is predicted once.
    """
    ids = [END]
    for text in texts:
        ids += [*codec.ids(text), END]
    return np.array(ids, np.int32)


class StreamBatches:
    """A running text as batches of equal shape, each of inputs and targets.

    Attributes:
        batch: streams, the rows of each batch.
        steps: tokens of each stream in one batch.
        tokens: targets in all; each counts once an epoch.
    """

    def __init__(self, ids: np.ndarray, *, batch: int = 20, steps: int = 35) -> None:
        """Cut the text.

        Args:
            ids: int array (tokens,), as `running_ids` gives it.
            batch: streams.
            steps: tokens of a stream in one batch.

        Raises:
            CourseError: there is nothing to predict, or a count is below 1.
        """
        if batch < 1 or steps < 1:
            raise CourseError(f"batch and steps must be at least 1, not {batch} and {steps}")
        if len(ids) < 2:
            raise CourseError("a text of fewer than two tokens has nothing to predict")
        self.batch, self.tokens = batch, len(ids) - 1
        longest = -(-self.tokens // batch)
        self.steps = min(steps, longest)
        self._columns = -(-longest // self.steps) * self.steps
        self._inputs, self._targets = (self._streams(part, longest) for part in (ids[:-1], ids[1:]))

    def _streams(self, ids: np.ndarray, longest: int) -> np.ndarray:
        """Cut ids into streams, with PAD at the end: int32 array (batch, columns)."""
        full = np.full(self.batch * longest, PAD, np.int32)
        full[: len(ids)] = ids
        return np.pad(full.reshape(self.batch, longest), ((0, 0), (0, self._columns - longest)))

    @property
    def nbytes(self) -> int:
        """Bytes of the streams."""
        return self._inputs.nbytes + self._targets.nbytes

    def __len__(self) -> int:
        """Count the batches of an epoch."""
        return self._columns // self.steps

    def __iter__(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yield inputs and targets, int32 (batch, steps) each; rows go on from batch to batch."""
        for begin in range(0, self._columns, self.steps):
            part = slice(begin, begin + self.steps)
            yield self._inputs[:, part], self._targets[:, part]

    def shuffled(self, seed: int, epoch: int = 0) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yield the batches of an epoch in the text's order: shuffled, no row would go on."""
        return iter(self)
