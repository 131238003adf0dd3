"""Token ids in batches: padded, masked, sorted into buckets of like length.

Everything here is NumPy; `dataset` alone wraps the batches for `tf.data`. A corpus is kept as two
flat arrays (all ids in a row, and where each sentence begins), so its memory is in proportion to
its tokens and not to its longest sentence. Lesson 03 draws what a batch holds.
"""

import itertools
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from course import runtime
from course.buckets import Bucket, plan_buckets
from course.errors import CourseError
from course.splits import split_by_source as split_by_source
from course.text import END, PAD, START, Codec


def pad(rows: Sequence[Sequence[int]], length: int | None = None) -> np.ndarray:
    """Write rows of ids into one array, filled up with PAD on the right.

    Args:
        rows: id lists of any lengths.
        length: columns of the result; the longest row if None.

    Returns:
        int32 array (batch, time).

    Raises:
        CourseError: a row is longer than `length`.
    """
    longest = max((len(row) for row in rows), default=0)
    if length is not None and longest > length:
        raise CourseError(f"pad: a row has {longest} ids, more than the length {length}")
    padded = np.full((len(rows), longest if length is None else length), PAD, np.int32)
    for row, ids in zip(padded, rows, strict=True):
        row[: len(ids)] = ids
    return padded


def mask(ids: np.ndarray) -> np.ndarray:
    """Return True where a real token stands and False over padding: bool array like `ids`."""
    return np.asarray(ids) != PAD


class Ragged:
    """Rows of ids of different lengths in one flat array.

    Attributes:
        flat: all ids, row after row: int32 array (tokens,).
        starts: where each row begins, and the end of the last: int64 array (rows + 1,).
    """

    def __init__(self, rows: Sequence[Sequence[int]] | Iterator[Sequence[int]]) -> None:
        """Copy the rows."""
        rows = [np.asarray(row, np.int32) for row in rows]
        self.flat = np.concatenate(rows) if rows else np.zeros(0, np.int32)
        self.starts = np.concatenate([[0], np.cumsum([len(row) for row in rows])]).astype(np.int64)

    @property
    def lengths(self) -> np.ndarray:
        """Tokens a row: int array (rows,)."""
        return np.diff(self.starts)

    @property
    def nbytes(self) -> int:
        """Bytes of both arrays."""
        return self.flat.nbytes + self.starts.nbytes

    def __len__(self) -> int:
        """Count the rows."""
        return len(self.starts) - 1

    def __getitem__(self, row: int) -> np.ndarray:
        """Return one row: int32 array (time,)."""
        return self.flat[self.starts[row] : self.starts[row + 1]]

    def padded(self, rows: np.ndarray, time: int) -> np.ndarray:
        """Return some rows, filled up with PAD: int32 array (len(rows), time)."""
        lengths, steps = self.lengths[rows], np.arange(time)
        inside = steps < lengths[:, None]
        places = np.where(inside, self.starts[rows][:, None] + steps, 0)
        return np.where(inside, self.flat[places], PAD) if len(self.flat) else inside * PAD


class Batch(NamedTuple):
    """What one training step sees; each an int32 array (batch, time), PAD on the right."""

    source: np.ndarray
    target_in: np.ndarray
    target_out: np.ndarray

    @property
    def tokens(self) -> int:
        """Count the target tokens, END included and padding left out."""
        return int(mask(self.target_out).sum())


def teacher_forcing(target: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Split START … END into what the decoder reads and what it must say, one step later.

    Args:
        target: int array (batch, time), each row START, tokens, END, padding.

    Returns:
        `target_in` without the last column, and `target_out` without the first; each
        (batch, time - 1). END is never read, so it becomes PAD in `target_in`.
    """
    target_in = np.where(target[:, :-1] == END, PAD, target[:, :-1])
    return target_in, target[:, 1:]


class PairBatches:
    """Encoded sentence pairs as a stream of equal-shaped batches.

    Pairs are sorted into buckets of like target length, and each of those, if wanted, into buckets
    of like source length; a batch comes from one bucket, so little of it is padding, and a compiled
    training step meets few shapes. The last batch of a bucket is filled up with empty rows, which
    count nowhere.
    """

    def __init__(
        self,
        source: Ragged,
        target: Ragged,
        *,
        batch: int = 64,
        buckets: int = 5,
        source_buckets: int = 1,
        most_steps: int | None = None,
    ) -> None:
        """Plan the batches.

        Args:
            source: ids of the source sentences.
            target: ids of the target sentences, START first and END last.
            batch: sentence pairs a batch.
            buckets: at most so many different target lengths.
            source_buckets: at most so many different source lengths for each of them.
            most_steps: at most so many target steps in a batch, padding counted, which bounds the
                memory of its logits: batches of long sentences have fewer pairs. Any number if
                None.

        Raises:
            CourseError: there are no pairs, the sides differ in number, or a count is below 1.
        """
        if not len(source):
            raise CourseError("no sentence pairs to make batches of")
        if len(source) != len(target):
            raise CourseError(f"{len(source)} source sentences, but {len(target)} target sentences")
        if min(batch, buckets, source_buckets) < 1:
            counts = f"{batch}, {buckets} and {source_buckets}"
            raise CourseError(f"batch and buckets must be at least 1, not {counts}")
        self.source, self.target, self.batch = source, target, batch
        counts = (buckets, source_buckets)
        lengths = (source.lengths, target.lengths - 1)
        self.buckets = plan_buckets(*lengths, counts, batch, most_steps)

    @classmethod
    def encode(
        cls,
        pairs: Sequence[tuple[str, str]],
        source: Codec,
        target: Codec,
        **options: int,
    ) -> "PairBatches":
        """Turn text into ids with the two codecs; `options` as for the constructor."""
        return cls(
            Ragged(source.ids(text) for text, _ in pairs),
            Ragged([START, *target.ids(text), END] for _, text in pairs),
            **options,
        )

    @property
    def nbytes(self) -> int:
        """Bytes of the encoded corpus."""
        return self.source.nbytes + self.target.nbytes

    @property
    def tokens(self) -> int:
        """Target tokens in all, END included."""
        return len(self.target.flat) - len(self.target)

    def __len__(self) -> int:
        """Count the batches of an epoch."""
        return sum(-(-len(bucket.rows) // bucket.batch) for bucket in self.buckets)

    def __iter__(self) -> Iterator[Batch]:
        """Yield the batches of an epoch in the corpus' order, bucket by bucket."""
        for bucket in self.buckets:
            for rows in _parted(bucket.rows, bucket.batch):
                yield self._cut(bucket, rows)

    def shuffled(self, seed: int, epoch: int = 0) -> Iterator[Batch]:
        """Yield the batches of an epoch in an order drawn from the seed and the epoch."""
        rng = np.random.default_rng((seed, epoch))
        plan = []
        for bucket in self.buckets:
            rows = rng.permutation(bucket.rows)
            plan += [(bucket, some) for some in _parted(rows, bucket.batch)]
        for place in rng.permutation(len(plan)):
            yield self._cut(*plan[place])

    def _cut(self, bucket: Bucket, rows: np.ndarray) -> Batch:
        """Pad some rows of a bucket to the bucket's shape and to a full batch."""
        source = self.source.padded(rows, bucket.source_time)
        target = self.target.padded(rows, bucket.target_time + 1)
        empty = ((0, bucket.batch - len(rows)), (0, 0))
        source, target = np.pad(source, empty), np.pad(target, empty)
        return Batch(source, *teacher_forcing(target))

    def dataset(self, seed: int | None = None):
        """Wrap the batches for Keras' `fit`: a `tf.data.Dataset` of `((source, in), out)`.

        Args:
            seed: shuffle anew each epoch from this seed; the first time it is gone through, in the
                very order of `training.fit` with that seed. Keep the corpus' order if None.
        """
        tf = runtime.tensorflow()
        epochs = itertools.count(1)

        def generate() -> Iterator:
            order = iter(self) if seed is None else self.shuffled(seed, next(epochs))
            return (((batch.source, batch.target_in), batch.target_out) for batch in order)

        sizes = {bucket.batch for bucket in self.buckets}
        ids = tf.TensorSpec((sizes.pop() if len(sizes) == 1 else None, None), tf.int32)
        data = tf.data.Dataset.from_generator(generate, output_signature=((ids, ids), ids))
        return data.apply(tf.data.experimental.assert_cardinality(len(self))).prefetch(2)


def _parted(rows: np.ndarray, count: int) -> list[np.ndarray]:
    """Cut rows into groups of `count`; the last may have fewer."""
    return [rows[begin : begin + count] for begin in range(0, len(rows), count)]
