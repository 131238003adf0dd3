"""Data noising: batches in which some of what is read is blanked or replaced, anew each time.

A model that reads "she has a ___ cat" learns to lean on the words that are left, much as smoothing
lets an n-gram model lean on shorter contexts. What has to be said is never changed. Lesson 11
measures what it gains.
"""

from collections.abc import Iterator

import numpy as np

from course.batches import Batch, PairBatches, Ragged
from course.errors import CourseError
from course.text import SPECIAL_TOKENS, UNK

WAYS = ("blank", "replace")
FIRST = len(SPECIAL_TOKENS)  # the id of the first token of a corpus' own


class Noised:
    """Sentence pairs in batches, as `training.fit` takes them, with noise in what is read.

    Reference:
        Xie et al., 2017.
    """

    def __init__(self, batches: PairBatches, share: float, way: str = "replace") -> None:
        """Noise some batches.

        Args:
            batches: without noise.
            share: of the tokens, from 0 to below 1.
            way: "blank" puts UNK in their places, "replace" tokens drawn as often as they occur.

        Raises:
            CourseError: the share or the way makes no sense.
        """
        if not 0 <= share < 1:
            raise CourseError(f"the share of noise must be from 0 to below 1, not {share}")
        if way not in WAYS:
            raise CourseError(f"no way to noise {way!r}: choose {' or '.join(WAYS)}")
        self.batches, self.share, self.way = batches, share, way
        self._tokens = [_ordinary(side) for side in (batches.source, batches.target)]

    def __len__(self) -> int:
        """Count the batches of an epoch."""
        return len(self.batches)

    def shuffled(self, seed: int, epoch: int = 0) -> Iterator[Batch]:
        """Yield the batches of an epoch; order and noise are drawn from the seed and the epoch."""
        rng = np.random.default_rng((seed, epoch, 1))
        for batch in self.batches.shuffled(seed, epoch):
            read = (batch.source, batch.target_in)
            yield Batch(*map(self._noised, read, self._tokens, (rng, rng)), batch.target_out)

    def _noised(self, ids: np.ndarray, tokens: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Return ids of which some are others; special ones stay."""
        hit = (ids >= FIRST) & (rng.random(ids.shape) < self.share)
        drawn = UNK if self.way == "blank" or not len(tokens) else rng.choice(tokens, ids.shape)
        return np.where(hit, drawn, ids).astype(np.int32)


def _ordinary(side: Ragged) -> np.ndarray:
    """Return all tokens of a side that are no special ones, each as often as it occurs."""
    return side.flat[side.flat >= FIRST]
