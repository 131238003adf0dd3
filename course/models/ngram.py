"""N-gram models of running text, by counting: what a network has to beat.

The tokens of a text are predicted from the few before each of them, by interpolated modified
Kneser-Ney smoothing: the highest order counts how often a token stands behind a context, every
order below it behind how many different tokens a shorter n-gram stands, and each hands a share of
its probability down. Lesson 08 compares its GRU with these models.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from course import metrics
from course.errors import CourseError
from course.text import PAD, START

# Behind the last key of a table, so that a search always ends at some key.
_BEYOND = np.iinfo(np.int64).max


@dataclass(frozen=True, eq=False)
class _Table:
    """The distinct n-grams of one length.

    An n-gram's key is its context's place in the table of the next shorter ones, times the size of
    the vocabulary, plus its last token. The last entry of each array stands for what is not there.

    Attributes:
        keys: sorted, int64 (n-grams + 1,).
        probs: of the last token given the others, (n-grams + 1,).
        left: the share that each context hands down to the next shorter one: (contexts + 1,).
    """

    keys: np.ndarray
    probs: np.ndarray
    left: np.ndarray

    def find(self, keys: np.ndarray) -> np.ndarray:
        """Return the place of each key, -1 where the text had no such n-gram."""
        places = np.searchsorted(self.keys[:-1], keys)
        return np.where(self.keys[places] == keys, places, -1)


class NGram:
    """An interpolated Kneser-Ney model of any order; of order 1, discounted token frequencies.

    Attributes:
        size: the number of token ids.
        order: the longest n-gram: 3 for a trigram, which predicts a token from two.

    Reference:
        Chen and Goodman, 1998, "An empirical study of smoothing techniques for language modeling",
        section 3: modified Kneser-Ney smoothing.
    """

    def __init__(self, ids: Sequence[int] | np.ndarray, size: int, order: int = 3) -> None:
        """Count a text.

        Args:
            ids: running text, int (tokens,). The first token is only read, like END before a text.
            size: of the vocabulary; ids are below it.
            order: at least 1.

        Raises:
            CourseError: the order is below 1, or the ids are no text of at least two tokens, all
                of them below `size` and none but the first PAD or START.
        """
        if order < 1:
            raise CourseError(f"order must be at least 1, not {order}: 3 is a trigram")
        self.size, self.order = size, order
        ids = _text(ids, size)
        if len(ids) < 2:
            raise CourseError(f"an n-gram model learns from at least 2 tokens, not {len(ids)}")
        self._base = np.full(size, 1.0 / (size - 2))
        self._base[[PAD, START]] = 0.0
        self._tables, lower, contexts = [], self._base, 1
        for keys, suffixes, counts in _counted(ids, size, order):
            self._tables.append(_estimated(keys, counts, lower[suffixes], contexts, size))
            lower, contexts = self._tables[-1].probs, len(keys)

    @property
    def distinct(self) -> list[int]:
        """How many distinct n-grams the model keeps, by length: its memory grows with these."""
        return [len(table.keys) - 1 for table in self._tables]

    def log_probs(self, ids: Sequence[int] | np.ndarray) -> np.ndarray:
        """Return how likely each token of a text is, given what stands before it.

        Args:
            ids: running text, int (tokens,). The first is only read; the second has a context of
                one token, whatever the order.

        Returns:
            Natural logarithms, (tokens - 1,).

        Raises:
            CourseError: the ids are no such text.
        """
        ids = _text(ids, self.size)
        probs, contexts = self._base[ids], np.zeros(len(ids), np.int64)
        for table in self._tables:
            places = table.find(contexts * self.size + ids)
            # A context that the text did not have is at -1: it leaves all to the shorter one.
            probs = np.where(places >= 0, table.probs[places], table.left[contexts] * probs)
            contexts = np.concatenate([[-1], places[:-1]])
        return np.log(probs[1:])

    def perplexity(self, ids: Sequence[int] | np.ndarray) -> float:
        """Return the perplexity of a text: over all its tokens but the first, each once.

        Args:
            ids: running text, int (tokens,).

        Raises:
            CourseError: the ids are no such text, or there is no token to predict.
        """
        log_probs = self.log_probs(ids)
        return metrics.perplexity(-log_probs.sum(), len(log_probs))

    def probs(self, context: Sequence[int] | np.ndarray) -> np.ndarray:
        """Return the distribution of the token that comes next.

        Args:
            context: what stands before it, int (tokens,); of it the last `order - 1` count.

        Returns:
            float array (size,); it sums to 1, and PAD and START have nothing of it.

        Raises:
            CourseError: an id is outside the vocabulary.
        """
        context = _row(context, self.size)
        probs = self._base.copy()
        for length, table in zip(range(len(context) + 1), self._tables, strict=False):
            place = self._place(context[len(context) - length :])
            if place < 0:
                break
            bounds = np.array([place, place + 1]) * self.size
            first, last = np.searchsorted(table.keys[:-1], bounds)
            probs *= table.left[place]
            probs[table.keys[first:last] - bounds[0]] = table.probs[first:last]
        return probs

    def _place(self, tokens: np.ndarray) -> int:
        """Return the place of an n-gram in its table, -1 if the text had none such."""
        place = np.int64(0)
        for token, table in zip(tokens, self._tables, strict=False):
            place = table.find(place * self.size + token) if place >= 0 else place
        return int(place)


def _counted(ids: np.ndarray, size: int, order: int) -> list[tuple[np.ndarray, ...]]:
    """Count the distinct n-grams of a text, the single tokens first.

    Returns:
        For each length the keys; where each n-gram without its first token stands in the table of
        the next shorter ones; and its count: int64 (n-grams,) each. The highest order counts how
        often it occurs, those below it how many different tokens it stands behind.
    """
    counted, places = [], np.zeros(len(ids) + 1, np.int64)
    for length in range(1, order + 1):
        occurring = places[:-1] * size + ids[length - 1 :]
        keys, first, found = np.unique(occurring, return_index=True, return_inverse=True)
        suffixes = keys if length == 1 else places[1:][first]
        if counted:
            shorter_keys, shorter_suffixes, _ = counted.pop()
            preceded = np.bincount(suffixes, minlength=len(shorter_keys))
            counted.append((shorter_keys, shorter_suffixes, preceded))
        # The text's first token is no target: nothing stands before it.
        counts = np.bincount(found[int(length == 1) :], minlength=len(keys))
        counted.append((keys, suffixes, counts))
        places = found
    return counted


def _estimated(
    keys: np.ndarray, counts: np.ndarray, lower: np.ndarray, contexts: int, size: int
) -> _Table:
    """Turn the counts of one length into probabilities.

    Args:
        keys: int64 (n-grams,).
        counts: int (n-grams,).
        lower: the probability of each n-gram's last token in the context shorter by one token.
        contexts: how many shorter n-grams there are.
        size: of the vocabulary.
    """
    discounts = _discounts(counts)[np.minimum(counts, 3)]
    context = keys // size
    total = np.bincount(context, weights=counts, minlength=contexts)
    taken = np.bincount(context, weights=discounts, minlength=contexts)
    # A context without counts, at the very beginning of the text, hands everything down.
    left = np.where(total > 0, taken, 1.0) / np.maximum(total, 1.0)
    probs = (counts - discounts) / np.maximum(total, 1.0)[context] + left[context] * lower
    return _Table(np.append(keys, _BEYOND), np.append(probs, 0.0), np.append(left, 1.0))


def _discounts(counts: np.ndarray) -> np.ndarray:
    """Return what is taken off a count of 0, 1, 2 and of 3 or more: (4,).

    Returns:
        Chen and Goodman's estimate from the counts of counts; 1/2, 1 and 3/2 where one of these is
        zero or the estimate is not positive, as in a very small text.
    """
    seen = np.bincount(np.minimum(counts, 5), minlength=6)[1:5].astype(float)
    if seen.all():
        kept = seen[0] / (seen[0] + 2 * seen[1])
        found = np.arange(1, 4) - np.arange(2, 5) * kept * seen[1:] / seen[:-1]
        if (found > 0).all():
            return np.append(0.0, found)
    return np.array([0.0, 0.5, 1.0, 1.5])


def _text(ids: Sequence[int] | np.ndarray, size: int) -> np.ndarray:
    """Return running text as int64 (tokens,), or say why it is none."""
    ids = _row(ids, size)
    if not len(ids):
        raise CourseError("a text of no tokens: the ids are empty")
    special = np.flatnonzero((ids[1:] == PAD) | (ids[1:] == START)) + 1
    if len(special):
        place = special[0]
        raise CourseError(f"ids: PAD or START at place {place}; neither is predicted, leave it out")
    return ids


def _row(ids: Sequence[int] | np.ndarray, size: int) -> np.ndarray:
    """Return ids as int64 (tokens,), or say which is none of a vocabulary's."""
    if size <= START + 1:
        raise CourseError(f"size must be above {START + 1}: PAD and START are never predicted")
    ids = np.asarray(ids)
    if ids.ndim != 1 or (ids.size and ids.dtype.kind not in "iu"):
        raise CourseError(f"ids must be whole numbers in one row, not {ids.dtype} {ids.shape}")
    outside = np.flatnonzero((ids < 0) | (ids >= size))
    if len(outside):
        place = outside[0]
        raise CourseError(f"ids: {ids[place]} at place {place}, but there are {size} token ids")
    return ids.astype(np.int64)
