"""The cells for reading against Keras' own, with sizes that differ, so no axis can be swapped."""

import numpy as np
import pytest

from course import runtime
from course.models import numpy_cells

BATCH, FEATURES, UNITS, TIME = 3, 5, 7, 4


@pytest.fixture(scope="module")
def keras():
    runtime.tensorflow()
    import keras

    return keras


@pytest.fixture
def rng():
    return np.random.default_rng(4)


@pytest.fixture
def rnn_weights(rng):
    return draw(rng, (FEATURES, UNITS), (UNITS, UNITS), (UNITS,))


@pytest.fixture
def lstm_weights(rng):
    return draw(rng, (FEATURES, 4 * UNITS), (UNITS, 4 * UNITS), (4 * UNITS,))


@pytest.fixture
def gru_weights(rng):
    return gru_weights_of(rng, reset_after=True)


def gru_weights_of(rng, reset_after):
    bias = (2, 3 * UNITS) if reset_after else (3 * UNITS,)
    return draw(rng, (FEATURES, 3 * UNITS), (UNITS, 3 * UNITS), bias)


def draw(rng, *shapes):
    """Random weights, biases included: Keras' own biases begin at zero, and would hide a slip."""
    return [rng.normal(size=shape).astype(np.float32) for shape in shapes]


def with_weights(layer, weights):
    layer.build((BATCH, FEATURES))
    layer.set_weights(weights)
    return layer


@pytest.mark.parametrize("activation", ["tanh", "relu"])
def test_an_rnn_step_equals_keras(keras, rng, rnn_weights, activation):
    inputs, hidden = draw(rng, (BATCH, FEATURES), (BATCH, UNITS))
    theirs = with_weights(keras.layers.SimpleRNNCell(UNITS, activation=activation), rnn_weights)
    _, (their_hidden,) = theirs(inputs, [hidden])
    squash = {"tanh": np.tanh, "relu": numpy_cells.relu}[activation]
    our_hidden = numpy_cells.rnn_step(inputs, hidden, *rnn_weights, squash)
    assert our_hidden.shape == (BATCH, UNITS) and our_hidden.dtype == np.float32
    np.testing.assert_allclose(our_hidden, their_hidden, atol=1e-5)


def test_rnn_steps_in_a_row_equal_keras_layer(keras, rng, rnn_weights):
    (inputs,) = draw(rng, (BATCH, TIME, FEATURES))
    layer = keras.layers.SimpleRNN(UNITS, return_sequences=True)
    layer.build(inputs.shape)
    layer.set_weights(rnn_weights)
    outputs, hidden = np.asarray(layer(inputs)), np.zeros((BATCH, UNITS), np.float32)
    for step in range(TIME):
        hidden = numpy_cells.rnn_step(inputs[:, step], hidden, *rnn_weights)
        np.testing.assert_allclose(hidden, outputs[:, step], atol=1e-5)


@pytest.mark.parametrize("swapped", ["inputs", "hidden", "kernel"])
def test_a_swapped_axis_of_an_rnn_cannot_hide(rng, rnn_weights, swapped):
    inputs, hidden = draw(rng, (BATCH, FEATURES), (BATCH, UNITS))
    arguments = [inputs, hidden, *rnn_weights]
    place = {"inputs": 0, "hidden": 1, "kernel": 2}[swapped]
    arguments[place] = arguments[place].T
    with pytest.raises(ValueError):
        numpy_cells.rnn_step(*arguments)


def test_relu_keeps_what_is_above_zero():
    np.testing.assert_array_equal(numpy_cells.relu(np.array([-2.5, 0.0, 2.5])), [0.0, 0.0, 2.5])


def test_an_lstm_step_equals_keras(keras, rng, lstm_weights):
    inputs, hidden, cell = draw(rng, (BATCH, FEATURES), (BATCH, UNITS), (BATCH, UNITS))
    theirs = with_weights(keras.layers.LSTMCell(UNITS), lstm_weights)
    _, (their_hidden, their_cell) = theirs(inputs, [hidden, cell])
    our_hidden, our_cell, _ = numpy_cells.lstm_step(inputs, hidden, cell, *lstm_weights)
    assert our_hidden.shape == our_cell.shape == (BATCH, UNITS)
    np.testing.assert_allclose(our_hidden, their_hidden, atol=1e-5)
    np.testing.assert_allclose(our_cell, their_cell, atol=1e-5)


@pytest.mark.parametrize("reset_after", [True, False])
def test_a_gru_step_equals_keras(keras, rng, reset_after):
    inputs, hidden = draw(rng, (BATCH, FEATURES), (BATCH, UNITS))
    weights = gru_weights_of(rng, reset_after)
    theirs = with_weights(keras.layers.GRUCell(UNITS, reset_after=reset_after), weights)
    _, (their_hidden,) = theirs(inputs, [hidden])
    our_hidden, _ = numpy_cells.gru_step(inputs, hidden, *weights, reset_after=reset_after)
    assert our_hidden.shape == (BATCH, UNITS)
    np.testing.assert_allclose(our_hidden, their_hidden, atol=1e-5)


def test_lstm_steps_in_a_row_equal_keras_layer(keras, rng, lstm_weights):
    (inputs,) = draw(rng, (BATCH, TIME, FEATURES))
    layer = keras.layers.LSTM(UNITS, return_sequences=True, return_state=True)
    layer.build(inputs.shape)
    layer.set_weights(lstm_weights)
    outputs, their_hidden, their_cell = (np.asarray(array) for array in layer(inputs))
    hidden = cell = np.zeros((BATCH, UNITS), np.float32)
    for step in range(TIME):
        hidden, cell, _ = numpy_cells.lstm_step(inputs[:, step], hidden, cell, *lstm_weights)
        np.testing.assert_allclose(hidden, outputs[:, step], atol=1e-5)
    np.testing.assert_allclose(hidden, their_hidden, atol=1e-5)
    np.testing.assert_allclose(cell, their_cell, atol=1e-5)


@pytest.mark.parametrize("reset_after", [True, False])
def test_gru_steps_in_a_row_equal_keras_layer(keras, rng, reset_after):
    (inputs,) = draw(rng, (BATCH, TIME, FEATURES))
    weights = gru_weights_of(rng, reset_after)
    layer = keras.layers.GRU(UNITS, return_sequences=True, reset_after=reset_after)
    layer.build(inputs.shape)
    layer.set_weights(weights)
    outputs, hidden = np.asarray(layer(inputs)), np.zeros((BATCH, UNITS), np.float32)
    for step in range(TIME):
        hidden, _ = numpy_cells.gru_step(inputs[:, step], hidden, *weights, reset_after=reset_after)
        np.testing.assert_allclose(hidden, outputs[:, step], atol=1e-5)


def test_the_two_gru_conventions_differ_in_the_candidate_alone(rng):
    inputs, hidden = draw(rng, (BATCH, FEATURES), (BATCH, UNITS))
    kernel, recurrent_kernel, bias = gru_weights_of(rng, reset_after=False)
    both = np.stack([bias, np.zeros_like(bias)])
    _, after = numpy_cells.gru_step(inputs, hidden, kernel, recurrent_kernel, both)
    _, before = numpy_cells.gru_step(inputs, hidden, kernel, recurrent_kernel, bias, False)
    np.testing.assert_array_equal(after["update"], before["update"])
    np.testing.assert_array_equal(after["reset"], before["reset"])
    assert np.abs(after["candidate"] - before["candidate"]).max() > 0.1


@pytest.mark.parametrize("reset_after", [True, False])
def test_the_bias_of_the_other_gru_convention_is_refused(rng, reset_after):
    # Two rows are the trap: a bias (2, 3 units) fits a batch of two.
    inputs, hidden = draw(rng, (2, FEATURES), (2, UNITS))
    weights = gru_weights_of(rng, not reset_after)
    with pytest.raises(ValueError):
        numpy_cells.gru_step(inputs, hidden, *weights, reset_after=reset_after)


def test_lstm_gates_have_names_shapes_and_ranges(rng, lstm_weights):
    inputs, hidden, cell = draw(rng, (BATCH, FEATURES), (BATCH, UNITS), (BATCH, UNITS))
    *_, gates = numpy_cells.lstm_step(inputs, hidden, cell, *lstm_weights)
    assert list(gates) == ["input", "forget", "candidate", "output"]
    assert {gate.shape for gate in gates.values()} == {(BATCH, UNITS)}
    for name in ("input", "forget", "output"):
        assert ((gates[name] > 0) & (gates[name] < 1)).all()
    assert (np.abs(gates["candidate"]) < 1).all() and (gates["candidate"] < 0).any()


def test_gru_gates_have_names_shapes_and_ranges(rng, gru_weights):
    inputs, hidden = draw(rng, (BATCH, FEATURES), (BATCH, UNITS))
    _, gates = numpy_cells.gru_step(inputs, hidden, *gru_weights)
    assert list(gates) == ["update", "reset", "candidate"]
    assert {gate.shape for gate in gates.values()} == {(BATCH, UNITS)}
    for name in ("update", "reset"):
        assert ((gates[name] > 0) & (gates[name] < 1)).all()
    assert (np.abs(gates["candidate"]) < 1).all() and (gates["candidate"] < 0).any()


def test_an_lstm_that_forgets_nothing_and_lets_nothing_in_keeps_its_cell_state(rng, lstm_weights):
    inputs, hidden, cell = draw(rng, (BATCH, FEATURES), (BATCH, UNITS), (BATCH, UNITS))
    shut = np.repeat([-200.0, 200.0, 0.0, 0.0], UNITS).astype(np.float32)
    _, after, gates = numpy_cells.lstm_step(inputs, hidden, cell, *lstm_weights[:2], shut)
    np.testing.assert_array_equal(after, cell)
    assert not gates["input"].any() and (gates["forget"] == 1).all()


def test_a_step_leaves_its_inputs_as_they_were(rng, lstm_weights, gru_weights):
    inputs, hidden, cell = draw(rng, (BATCH, FEATURES), (BATCH, UNITS), (BATCH, UNITS))
    arrays = [inputs, hidden, cell, *lstm_weights, *gru_weights]
    before = [array.copy() for array in arrays]
    numpy_cells.lstm_step(inputs, hidden, cell, *lstm_weights)
    numpy_cells.gru_step(inputs, hidden, *gru_weights)
    for array, copy in zip(arrays, before, strict=True):
        np.testing.assert_array_equal(array, copy)


def test_a_row_does_not_depend_on_its_neighbours(rng, lstm_weights, gru_weights):
    inputs, hidden, cell = draw(rng, (BATCH, FEATURES), (BATCH, UNITS), (BATCH, UNITS))
    whole = numpy_cells.lstm_step(inputs, hidden, cell, *lstm_weights)[0]
    alone = numpy_cells.lstm_step(inputs[1:2], hidden[1:2], cell[1:2], *lstm_weights)[0]
    np.testing.assert_allclose(whole[1:2], alone, atol=1e-6)
    whole = numpy_cells.gru_step(inputs, hidden, *gru_weights)[0]
    alone = numpy_cells.gru_step(inputs[1:2], hidden[1:2], *gru_weights)[0]
    np.testing.assert_allclose(whole[1:2], alone, atol=1e-6)


@pytest.mark.parametrize("swapped", ["inputs", "hidden", "kernel", "recurrent kernel"])
def test_a_swapped_axis_cannot_hide(rng, lstm_weights, swapped):
    inputs, hidden, cell = draw(rng, (BATCH, FEATURES), (BATCH, UNITS), (BATCH, UNITS))
    arguments = [inputs, hidden, cell, *lstm_weights]
    place = {"inputs": 0, "hidden": 1, "kernel": 3, "recurrent kernel": 4}[swapped]
    arguments[place] = arguments[place].T
    with pytest.raises(ValueError):
        numpy_cells.lstm_step(*arguments)


def test_sigmoid_runs_from_0_to_1():
    x = np.array([-30.0, -1.0, 0.0, 1.0, 30.0])
    y = numpy_cells.sigmoid(x)
    assert (np.diff(y) > 0).all() and y[2] == 0.5
    np.testing.assert_allclose(y + numpy_cells.sigmoid(-x), 1.0)


def test_sigmoid_far_out_is_0_or_1_without_a_warning():
    with np.errstate(all="raise", under="ignore"):
        np.testing.assert_array_equal(numpy_cells.sigmoid(np.float32([-200, 200])), [0, 1])


def test_softmax_equals_keras(keras, rng):
    (logits,) = draw(rng, (BATCH, TIME, FEATURES))
    ours = numpy_cells.softmax(logits)
    np.testing.assert_allclose(ours, keras.ops.softmax(logits), atol=1e-6)
    np.testing.assert_allclose(ours.sum(axis=-1), 1.0, atol=1e-6)


def test_softmax_sees_only_differences_and_large_logits_do_no_harm(rng):
    (logits,) = draw(rng, (BATCH, FEATURES))
    there = numpy_cells.softmax(logits.astype(float))
    np.testing.assert_allclose(there, numpy_cells.softmax(logits.astype(float) + 1e4), atol=1e-9)
    assert numpy_cells.softmax(np.array([1e4, 0.0, -1e4])).tolist() == [1.0, 0.0, 0.0]
