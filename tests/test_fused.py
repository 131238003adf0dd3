"""The loss without all logits at once equals the plain way: sums, gradients, every shape."""

import numpy as np
import pytest

from course import objectives
from course.backend import keras, tf
from course.models import fused
from course.models.layers import NeverSaid, TiedOutput, embedding
from course.text import PAD

SIZE, WIDTH = 57, 8


def _layer(kind: str) -> tuple:
    """Return an output layer with a drawn bias, and the variables behind it."""
    draw = keras.initializers.RandomNormal(seed=3)
    if kind == "tied":
        table = embedding(SIZE, WIDTH, "table", seed=1)
        layer = TiedOutput(table)
        layer.build((None, WIDTH))
        weights = [table.embeddings, layer.bias]
    else:
        layer = keras.layers.Dense(SIZE)
        layer.build((None, WIDTH))
        weights = [layer.kernel, layer.bias]
    layer.bias.assign(draw((SIZE,)))
    return layer, weights


def _batch(rows: int, steps: int) -> tuple:
    """Return outputs and targets, some of them padding."""
    draw = np.random.default_rng(rows * steps)
    target = draw.integers(2, SIZE, (rows, steps)).astype(np.int32)
    target[draw.random((rows, steps)) < 0.2] = PAD
    return tf.constant(draw.normal(size=(rows, steps, WIDTH)).astype(np.float32)), target


def _plain(outputs, layer, target) -> tuple:
    """Return the sums by way of all logits."""
    return objectives.token_sums(NeverSaid()(layer(outputs)), target)


def _with_gradients(way, outputs, layer, weights, target) -> tuple:
    """Return sums and gradients, of three times the loss, of one way."""
    with tf.GradientTape() as tape:
        tape.watch(outputs)
        sums = way(outputs, layer, tf.constant(target))
        loss = 3 * sums[0]
    return sums, tape.gradient(loss, [outputs, *weights])


def test_a_batch_is_cut_into_parts():
    assert fused._ends(1_200, 10_002) == [0, 240, 480, 720, 960, 1_200]
    assert fused._ends(1_200, 100) == [0, 1_200]
    assert fused._ends(None, 10_002) == [0, None]  # known only later


@pytest.mark.parametrize("kind", ["dense", "tied"])
@pytest.mark.parametrize("logits", [10**9, 300, 1])
@pytest.mark.parametrize(("rows", "steps"), [(1, 1), (5, 7), (6, 4)])
def test_equals_the_plain_way(kind, logits, rows, steps, monkeypatch):
    monkeypatch.setattr(fused, "LOGITS", logits)
    layer, weights = _layer(kind)
    outputs, target = _batch(rows, steps)
    sums, grads = _with_gradients(fused.linear_cross_entropy, outputs, layer, weights, target)
    wanted, wanted_grads = _with_gradients(_plain, outputs, layer, weights, target)
    np.testing.assert_allclose(sums, wanted, rtol=1e-5)
    for grad, other in zip(grads, wanted_grads, strict=True):
        np.testing.assert_allclose(
            tf.convert_to_tensor(grad), tf.convert_to_tensor(other), rtol=1e-5, atol=1e-6
        )


@pytest.mark.parametrize("xla", [False, True])
def test_a_shape_known_only_later(xla):
    layer, _ = _layer("dense")

    @tf.function(
        input_signature=[tf.TensorSpec([None, None, WIDTH]), tf.TensorSpec([None, None], tf.int32)],
        jit_compile=xla,
    )
    def sums(outputs, target):
        return fused.linear_cross_entropy(outputs, layer, target)

    outputs, target = _batch(5, 7)
    np.testing.assert_allclose(sums(outputs, target), _plain(outputs, layer, target), rtol=1e-5)


def test_pad_and_start_have_no_share():
    layer, (_, bias) = _layer("dense")
    outputs, target = _batch(4, 6)
    before = fused.linear_cross_entropy(outputs, layer, tf.constant(target))[0]
    bias.assign(bias + tf.one_hot(0, SIZE) * 50 + tf.one_hot(1, SIZE) * 50)
    after = fused.linear_cross_entropy(outputs, layer, tf.constant(target))[0]
    assert float(before) == pytest.approx(float(after), rel=1e-6)


def test_padding_moves_nothing():
    layer, weights = _layer("dense")
    outputs, target = _batch(4, 6)
    sums, grads = _with_gradients(
        fused.linear_cross_entropy, outputs, layer, weights, np.full_like(target, PAD)
    )
    assert [float(number) for number in sums] == [0, 0, 0]
    assert all(float(tf.reduce_max(tf.abs(grad))) == 0 for grad in grads)
