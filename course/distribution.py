"""What temperature, top-k and top-p do to one distribution over the next token, in plain NumPy.

The searches do the same to a whole batch in TensorFlow, in `course.decoding.sampling.draw`; tests
hold the two equal. Everything here counts in float64, so that a demo can say how many tokens are
left without rounding the unlikeliest ones away.
"""

import numpy as np

from course.errors import CourseError


def probabilities(logits: np.ndarray, temperature: float = 1.0) -> np.ndarray:
    """Turn logits into probabilities: below a temperature of 1 sharper, above it flatter.

    Args:
        logits: (vocabulary,); log-probabilities do as well.
        temperature: logits are divided by it.

    Returns:
        float64 array (vocabulary,); it sums to 1.

    Raises:
        CourseError: the temperature is not above 0, or the logits are no distribution.
    """
    if not 0 < temperature < np.inf:
        raise CourseError(f"temperature must be above 0, not {temperature}")
    try:
        logits = np.asarray(logits, np.float64)
    except (TypeError, ValueError):
        raise CourseError("the logits must be numbers, one for each token") from None
    if logits.ndim != 1 or not logits.size:
        raise CourseError(f"logits must have the shape (vocabulary,), not {logits.shape}")
    if np.isnan(logits).any() or not np.isfinite(logits.max()):
        raise CourseError("the logits must be numbers, and at least one of them finite")
    # The greatest is taken away first, for a power of it could be too large for a float.
    powers = np.exp((logits - logits.max()) / temperature)
    return powers / powers.sum()


def possible(probs: np.ndarray, top_k: int | None = None, top_p: float = 1.0) -> np.ndarray:
    """Return the tokens that top-k and top-p leave, the likeliest first.

    Top-k goes first: top-p counts shares of what it left. The token that reaches `top_p` is kept,
    so at least one always is.

    Args:
        probs: (vocabulary,).
        top_k: keep the k likeliest; None for all.
        top_p: of those keep the likeliest that together have this share.

    Returns:
        ids: int array (kept,).

    Raises:
        CourseError: a setting makes no sense.

    Reference:
        Holtzman et al., 2020, for top-p.
    """
    if top_k is not None and top_k < 1:
        raise CourseError(f"top_k must be at least 1, not {top_k}")
    if not 0 < top_p <= 1:
        raise CourseError(f"top_p must be above 0 and at most 1, not {top_p}")
    ids = np.argsort(-probs, kind="stable")[:top_k]
    ends = np.cumsum(probs[ids])
    return ids[(ends - probs[ids] < top_p * ends[-1]) & (probs[ids] > 0)]


def cut(probs: np.ndarray, ids: np.ndarray) -> np.ndarray:
    """Give all probability to some tokens, in their old proportions.

    Args:
        probs: (vocabulary,).
        ids: the tokens that are left: int array (kept,).

    Returns:
        float64 array (vocabulary,); it sums to 1.
    """
    left = np.zeros(len(probs))
    left[ids] = probs[ids] / probs[ids].sum()
    return left


def entropy(probs: np.ndarray) -> float:
    """Return how uncertain a distribution is, in bits: 0 if only one token can come.

    Args:
        probs: (vocabulary,).

    Reference:
        Shannon, 1948.
    """
    there = probs[probs > 0]
    # A plain 0.0 is added, for the certain distribution's sum is -0.0.
    return float(-(there * np.log2(there)).sum()) + 0.0


def draws(probs: np.ndarray, noise: np.ndarray) -> np.ndarray:
    """Draw a token for each uniform number, as `course.decoding.sampling.draw` does.

    The tokens are laid end to end, the likeliest first, each as long as its probability; a number
    says how far along the row its token lies.

    Args:
        probs: (vocabulary,).
        noise: from 0 to 1: (draws,).

    Returns:
        ids: int array (draws,).
    """
    ids = possible(probs)
    ends = np.cumsum(probs[ids])
    places = np.searchsorted(ends, np.asarray(noise, np.float64) * ends[-1], side="right")
    return ids[np.minimum(places, len(ids) - 1)]
