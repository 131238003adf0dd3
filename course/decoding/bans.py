"""Tokens that may not be drawn: some never, some because they would repeat what was said."""

from course.backend import tf
from course.decoding.jobs import NEVER
from course.text import PAD


def without(logits: tf.Tensor, forbidden: tf.Tensor) -> tf.Tensor:
    """Make some tokens too unlikely to be drawn.

    Args:
        logits: (batch, vocabulary).
        forbidden: int (tokens,), which may be none. An id that the vocabulary lacks is never drawn.
    """
    hits = tf.range(tf.shape(logits)[-1]) == forbidden[:, None]
    return tf.where(tf.reduce_any(hits, axis=0), NEVER, logits)


def history(rows: tf.Tensor, steps: tf.Tensor, order: int) -> tf.Tensor:
    """Return room for the tokens to come, with `order` places of PAD before them.

    Args:
        rows: an array with a row for each sentence.
        steps: tokens to come, at most.
        order: of the n-grams that may not repeat; 0 for none, which needs no room.

    Returns:
        int (batch, order + steps), all PAD.
    """
    return tf.fill([tf.shape(rows)[0], order + steps if order else 0], PAD)


def remember(history: tf.Tensor, step: tf.Tensor, tokens: tf.Tensor, order: int) -> tf.Tensor:
    """Write the tokens of a step into its column; arguments as for `no_repeats`."""
    here = tf.range(tf.shape(history)[1]) == order + step
    return tf.where(here, tokens[:, None], history)


def no_repeats(logits: tf.Tensor, history: tf.Tensor, step: tf.Tensor, order: int) -> tf.Tensor:
    """Forbid each token that would complete an n-gram that the row holds already.

    A row that has no other token left may repeat itself; without that, PAD would be as likely.

    Args:
        logits: (batch, vocabulary).
        history: what was said, as `history` and `remember` keep it: int (batch, order + steps).
        step: how many tokens were said: scalar.
        order: the n of the n-grams, at least 1.

    Reference:
        Paulus et al., 2018, section 2.5, for trigrams.
    """
    width = tf.shape(history)[1] - order + 1
    ends = history[:, order - 1 :]
    # PAD stands before and behind what was said: a window that reaches into it holds no n-gram.
    alike = (history[:, :width] != PAD) & (ends != PAD)
    for place in range(order - 1):
        latest = history[:, step + 1 + place, None]
        alike &= history[:, place : place + width] == latest
    found = tf.where(alike)
    places = tf.stack([found[:, 0], tf.cast(tf.gather_nd(ends, found), tf.int64)], axis=1)
    hits = tf.scatter_nd(places, tf.ones_like(found[:, 0]), tf.shape(logits, tf.int64))
    allowed = tf.where(hits > 0, NEVER, logits)
    stuck = tf.reduce_max(allowed, axis=-1, keepdims=True) <= NEVER / 2
    return tf.where(stuck, logits, allowed)
