"""Attention for one step of a decoder, in NumPy, for reading. Lesson 07 writes it out.

A query, what the decoder holds, is compared with every row of the memory, what the encoder left of
each source token. A softmax over the real tokens turns the scores into weights, and the context is
the weighted mean of the memory. The two ways differ in how they compare. Keras' layers and the fast
path of `course.models.attentive` give the same to 1e-5.
"""

import numpy as np


def multiplicative(
    query: np.ndarray, memory: np.ndarray, mask: np.ndarray, kernel: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Attend by products: score = (query @ kernel) · memory.

    Args:
        query: float (batch, units).
        memory: float (batch, source_time, width).
        mask: bool (batch, source_time), True where a real token stands.
        kernel: float (units, width).

    Returns:
        The context (batch, width), and the weights (batch, source_time): each row sums to 1 and
        padding gets exactly 0; a row of nothing but padding is all 0.

    Reference:
        Luong et al., 2015, equation 8, "general".
    """
    scores = np.einsum("bw,btw->bt", query @ kernel, memory)
    return attend(scores, memory, mask)


def additive(
    query: np.ndarray,
    memory: np.ndarray,
    mask: np.ndarray,
    query_kernel: np.ndarray,
    memory_kernel: np.ndarray,
    scale: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Attend by a small net: score = scale · tanh(query @ query_kernel + memory @ memory_kernel).

    Args:
        query: float (batch, units).
        memory: float (batch, source_time, width).
        mask: bool (batch, source_time), True where a real token stands.
        query_kernel: float (units, depth).
        memory_kernel: float (width, depth).
        scale: float (depth,).

    Returns:
        As of `multiplicative`.

    Reference:
        Bahdanau et al., 2015, appendix A.1.2.
    """
    hidden = np.tanh((query @ query_kernel)[:, None] + memory @ memory_kernel)
    return attend(hidden @ scale, memory, mask)


def attend(
    scores: np.ndarray, memory: np.ndarray, mask: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Turn scores (batch, source_time) into the context and the weights of `multiplicative`."""
    weights = masked_softmax(scores, mask)
    return np.einsum("bt,btw->bw", weights, memory), weights


def masked_softmax(scores: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Return the softmax of each row over its real tokens, and 0 elsewhere.

    Args:
        scores: float (batch, source_time).
        mask: bool (batch, source_time), True where a real token stands.
    """
    highest = np.max(scores, axis=1, keepdims=True, where=mask, initial=-1e9)
    shares = np.where(mask, np.exp(np.minimum(scores - highest, 0)), 0)
    totals = shares.sum(axis=1, keepdims=True)
    return shares / np.where(totals == 0, 1, totals)
