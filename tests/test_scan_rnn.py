import numpy as np
import pytest

from course import runtime

tf = runtime.tensorflow()

import keras  # noqa: E402

from course.models import scan  # noqa: E402

BATCH, TIME, FEATURES, UNITS = 3, 5, 4, 7


def normal(*shape, seed=0):
    return tf.constant(np.random.default_rng(seed).normal(size=shape), tf.float32)


@pytest.fixture(params=["tanh", "relu"])
def layer(request):
    layer = keras.layers.SimpleRNN(
        UNITS, request.param, return_sequences=True, bias_initializer="random_normal"
    )
    layer.build((None, None, FEATURES))
    return layer


def fast(layer, inputs, first):
    """The fast path with a Keras layer's weights: (batch, time, units)."""
    projected = tf.transpose(inputs, [1, 0, 2]) @ layer.cell.kernel + layer.cell.bias
    recurrent = tf.convert_to_tensor(layer.cell.recurrent_kernel)
    (hiddens,) = scan.rnn(projected, recurrent, first, layer.activation.__name__)
    return tf.transpose(hiddens, [1, 0, 2])


def test_it_equals_keras(layer):
    inputs, first = normal(BATCH, TIME, FEATURES), normal(BATCH, UNITS, seed=1)
    found = fast(layer, inputs, first)
    assert found.shape == (BATCH, TIME, UNITS)
    np.testing.assert_allclose(found, layer(inputs, initial_state=first), atol=1e-5)


@pytest.mark.parametrize("compiled", [False, True])
def test_its_gradients_equal_those_of_keras(layer, compiled):
    inputs, first = normal(BATCH, TIME, FEATURES), normal(BATCH, UNITS, seed=1)
    pull = normal(BATCH, TIME, UNITS, seed=2)

    def gradients(forward):
        with tf.GradientTape() as tape:
            tape.watch((inputs, first))
            loss = tf.reduce_sum(forward() * pull)
        return tape.gradient(loss, [inputs, first, *layer.trainable_variables])

    expected = gradients(lambda: layer(inputs, initial_state=first))
    ours = tf.function(gradients, jit_compile=compiled, autograph=False)
    found = ours(lambda: fast(layer, inputs, first))
    assert len(found) == 5
    for keras_gradient, gradient in zip(expected, found, strict=True):
        assert np.abs(keras_gradient).max() > 0
        np.testing.assert_allclose(gradient, keras_gradient, atol=1e-5)


def test_stepping_gives_the_same_states(layer):
    activation = layer.activation.__name__
    inputs, hidden = normal(TIME, BATCH, UNITS), normal(BATCH, UNITS, seed=1)
    recurrent = tf.convert_to_tensor(layer.cell.recurrent_kernel)
    (expected,) = scan.rnn(inputs, recurrent, hidden, activation)
    for time in range(TIME):
        (hidden,) = scan.rnn_step(inputs[time], recurrent, hidden, activation)
        np.testing.assert_allclose(hidden, expected[time], atol=1e-6)
