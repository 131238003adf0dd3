"""How surprised a model is by a text that somebody else wrote, token by token."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from course import decoding
from course.errors import CourseError
from course.text import END


def surprisals(model: Any, ids: Sequence[int], source_ids: Sequence[int] = ()) -> np.ndarray:
    """Return the surprisal of each token of a text, given those before it.

    The model is made to say the text, so it reads exactly what it would have said itself: START,
    then the text. That the text ends where it does is one more surprise, the last.

    Args:
        model: anything with `start` and `step`.
        ids: the text, without START and END; it may be empty.
        source_ids: what the model has read before, as the sentence that `ids` translate.

    Returns:
        -log2 of each token's probability, in bits: float64 array (len(ids) + 1,), END the last.

    Raises:
        CourseError: `ids` holds PAD, START or END, or the model says NaN.

    Reference:
        Shannon, 1948.
    """
    if END in ids:
        raise CourseError("surprisals: the ids hold END before their end; it is added by itself")
    forced = [*map(int, ids), END]
    trace = decoding.greedy(model, [source_ids], prefix=[forced], max_tokens=len(forced))[0]
    if len(trace) < len(forced) or np.isnan(trace.log_probs).any():
        raise CourseError("the model's probabilities are no numbers: its training has diverged")
    # A plain 0.0 is added, for a token that is certain has -0.0.
    return -trace.log_probs.astype(np.float64) / np.log(2) + 0.0


def running_perplexity(bits: np.ndarray) -> np.ndarray:
    """Return the perplexity of the text up to each token.

    It is 2 to the power of the mean surprisal so far (the same as e to the power of the mean
    negative log-likelihood in nats): the mean is taken once over all tokens, and then the power.
    A mean of each token's own 2 ** bits would be another figure: one token of probability 1 in a
    million would make it a million over the length, whatever the rest; and it would no longer say
    how likely the text is, which is perplexity ** -tokens.

    Args:
        bits: surprisals: (time,).

    Returns:
        float64 array (time,); the last one is the perplexity of the whole text.
    """
    with np.errstate(over="ignore"):  # a text that cannot be: its perplexity is infinite
        return 2.0 ** (np.cumsum(bits) / np.arange(1, len(bits) + 1))
