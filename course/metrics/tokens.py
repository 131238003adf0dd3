"""Measures of single tokens: accuracy of tokens and of sentences, perplexity.

Padding never counts, except in `padded_accuracy`, which shows why. Totals are summed first and
divided once, so that the figures do not depend on how the data was cut into batches.
"""

import numpy as np

from course.errors import CourseError
from course.text import PAD


def masked_accuracy(predicted: np.ndarray, target: np.ndarray) -> float:
    """Return the share of real target tokens that were predicted.

    Args:
        predicted: int array (batch, time).
        target: int array (batch, time), with PAD where nothing is to be predicted.

    Raises:
        CourseError: there is no real token, or the shapes differ.
    """
    right, real = _right_and_real("masked_accuracy", predicted, target)
    return float(right[real].mean())


def padded_accuracy(predicted: np.ndarray, target: np.ndarray) -> float:
    """Return the share of all places that were predicted, padding counted: a trap.

    Padding is easy to learn, and the longest sentence of a batch decides how much of it there is.
    So this figure rises with the padding while the model says nothing better; and it falls with it
    if the model cannot say PAD, as the course's models cannot. It is here to be seen beside
    `masked_accuracy`, the one to report.

    Args:
        predicted: int array (batch, time).
        target: int array (batch, time), with PAD where nothing is to be predicted.

    Raises:
        CourseError: there is no real token, or the shapes differ.
    """
    right, _ = _right_and_real("padded_accuracy", predicted, target)
    return float(right.mean())


def sentence_accuracy(predicted: np.ndarray, target: np.ndarray) -> float:
    """Return the share of sentences whose real tokens were all predicted.

    One wrong token makes a sentence wrong, however long it is. A row of nothing but padding is no
    sentence.

    Args:
        predicted: int array (batch, time).
        target: int array (batch, time), with PAD where nothing is to be predicted.

    Raises:
        CourseError: there is no real token, or the shapes differ.
    """
    right, real = _right_and_real("sentence_accuracy", predicted, target)
    return float((right | ~real).all(axis=1)[real.any(axis=1)].mean())


def _right_and_real(
    name: str, predicted: np.ndarray, target: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Say where the prediction is right, and where a real token stands: bool (batch, time) each."""
    predicted, target = np.asarray(predicted), np.asarray(target)
    if predicted.shape != target.shape:
        raise CourseError(f"{name}: shapes {predicted.shape} and {target.shape} differ")
    if not (target != PAD).any():
        raise CourseError(f"{name}: the target holds no real token")
    return predicted == target, target != PAD


def masked_nll(logits: np.ndarray, target: np.ndarray) -> tuple[float, int]:
    """Return the total negative log-likelihood of the real target tokens, and their number.

    Args:
        logits: (batch, time, vocabulary).
        target: int array (batch, time), with PAD where nothing is to be predicted.

    Returns:
        The total in nats, and the count of tokens.
    """
    logits, target = np.asarray(logits, np.float64), np.asarray(target)
    top = logits.max(axis=-1)
    log_sum = top + np.log(np.exp(logits - top[..., None]).sum(axis=-1))
    chosen = np.take_along_axis(logits, target[..., None], axis=-1)[..., 0]
    real = target != PAD
    return float((log_sum - chosen)[real].sum()), int(real.sum())


def perplexity(nll: float, tokens: int) -> float:
    """Return exp(total negative log-likelihood / tokens).

    Args:
        nll: negative log-likelihood of all tokens together, in nats.
        tokens: how many they are.

    Raises:
        CourseError: there are no tokens.
    """
    if tokens < 1:
        raise CourseError("perplexity: there are no tokens")
    return float(np.exp(nll / tokens))
