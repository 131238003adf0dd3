"""Output layer, softmax and cross-entropy in one, with the gradient worked out on the way.

Logits of a batch over a large vocabulary are the largest arrays of a training step: 1,200 places
times 10,000 tokens are 48 MB, and differentiation keeps several of that size. Here a part of the
places at a time goes all the way, to its share of the loss and of the gradients, while its logits
are at hand. It equals the plain way to 1e-5 (`tests/test_fused.py`); what it saves is in
`docs/measurements.md`.

Reference:
    Wijmans et al., 2025, "Cut your losses in large-vocabulary language models", for the idea.
"""

from itertools import pairwise

from course.backend import keras, tf
from course.models.layers import TiedOutput, never_said
from course.text import PAD

LOGITS = 2_500_000  # of a part, found by trial
PARTS = 8  # at most: each is compiled by itself


def linear_cross_entropy(
    outputs: tf.Tensor, layer: keras.layers.Layer, target: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Sum loss and right guesses over the real tokens, as `objectives.token_sums` of the logits.

    Only the loss has a gradient. A guess is right if no other token is likelier.

    Args:
        outputs: float32 (batch, time, width), or any shape that ends in the layer's width.
        layer: what makes logits of them: dense, or a `TiedOutput`. PAD and START get no share.
        target: int (batch, time), PAD where nothing counts.

    Returns:
        Negative log-likelihood in nats, right guesses, tokens: scalars, float32.
    """
    by_rows = isinstance(layer, TiedOutput)
    weights = tf.convert_to_tensor(layer.table if by_rows else layer.kernel)
    bias = tf.convert_to_tensor(layer.bias) + never_said(layer.bias.shape[0])
    target = tf.convert_to_tensor(target)
    ends = _ends(target.shape.num_elements(), bias.shape[0])
    places = ends[-1] or -1
    outputs, target = tf.reshape(outputs, [places, outputs.shape[-1]]), tf.reshape(target, [places])

    @tf.custom_gradient
    def sums(outputs: tf.Tensor, weights: tf.Tensor, bias: tf.Tensor) -> tuple:
        parts = [
            _part(outputs[first:end], weights, bias, target[first:end], by_rows)
            for first, end in pairwise(ends)
        ]
        found, grads = (list(zip(*both, strict=True)) for both in zip(*parts, strict=True))
        whole = tf.concat(grads[0], axis=0), tf.add_n(grads[1]), tf.add_n(grads[2])

        def gradient(nll: tf.Tensor, *_: tf.Tensor) -> list[tf.Tensor]:
            return [nll * grad for grad in whole]

        return tuple(map(tf.add_n, found)), gradient

    return sums(outputs, weights, bias)


def _ends(places: int | None, size: int) -> list[int | None]:
    """Return where parts begin and end; a number of places known only later is one part."""
    if not places:
        return [0, None]
    parts = min(PARTS, places, max(1, round(places * size / LOGITS)))
    return [places * part // parts for part in range(parts + 1)]


def _part(
    outputs: tf.Tensor, weights: tf.Tensor, bias: tf.Tensor, target: tf.Tensor, by_rows: bool
) -> tuple[tuple, tuple]:
    """Return the sums of some places, and the loss's gradients.

    Args:
        outputs: (places, width).
        weights: (size, width) by rows, (width, size) otherwise.
        bias: (size,), so low for PAD and START that they get no share.
        target: (places,).
        by_rows: how the weights lie.
    """
    logits = tf.matmul(outputs, weights, transpose_b=by_rows) + bias
    sums, slopes = _softmax(logits, target)
    if by_rows:
        of_weights = tf.matmul(slopes, outputs, transpose_a=True)
    else:
        of_weights = tf.matmul(outputs, slopes, transpose_a=True)
    of_outputs = tf.matmul(slopes, weights, transpose_b=not by_rows)
    return sums, (of_outputs, of_weights, tf.reduce_sum(slopes, axis=0))


def _softmax(logits: tf.Tensor, target: tf.Tensor) -> tuple[tuple, tf.Tensor]:
    """Return the sums of logits (places, size), and the loss's gradient by them."""
    real = tf.cast(target != PAD, tf.float32)
    highest = tf.reduce_max(logits, axis=-1)
    exponentials = tf.exp(logits - highest[:, None])
    totals = tf.reduce_sum(exponentials, axis=-1)
    own = tf.gather(logits, target, batch_dims=1)
    nll = (tf.math.log(totals) + highest - own) * real
    right = tf.cast(own >= highest, tf.float32) * real
    slopes = exponentials * (real / totals)[:, None]
    at = tf.stack([tf.range(tf.shape(target)[0]), target], axis=1)
    slopes = tf.tensor_scatter_nd_sub(slopes, at, real)
    return (exact_sum(nll), tf.reduce_sum(right), tf.reduce_sum(real)), slopes


def exact_sum(values: tf.Tensor) -> tf.Tensor:
    """Sum float32 numbers as float64: a sum over a thousand tokens would be right to six digits."""
    return tf.cast(tf.reduce_sum(tf.cast(values, tf.float64)), tf.float32)
