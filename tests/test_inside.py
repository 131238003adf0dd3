"""What happens inside a layer, against Keras' own layers and the model's own fast path."""

import numpy as np
import pytest

from course import runtime
from course.errors import CourseError
from course.models import inside
from course.models.numpy_cells import sigmoid
from course.text import PAD

runtime.tensorflow()
import keras  # noqa: E402

from course.models import language  # noqa: E402
from course.models.seq2seq import Config, Seq2Seq  # noqa: E402

TIME, FEATURES, UNITS = 5, 4, 7
SENTENCE = [4, 9, 3, 9, 6]
KINDS = {"lstm": keras.layers.LSTM, "gru": keras.layers.GRU}


@pytest.fixture
def inputs():
    return np.random.default_rng(1).normal(size=(TIME, FEATURES)).astype(np.float32)


def loud(weights):
    """Weights as large as numbers come, biases included: those of a new layer hide a slip."""
    rng = np.random.default_rng(2)
    return [rng.normal(size=weight.shape).astype(np.float32) for weight in weights]


def layer_of(cell, **options):
    layer = KINDS[cell](UNITS, return_sequences=True, **options)
    layer.build((None, TIME, FEATURES))
    layer.set_weights(loud(layer.get_weights()))
    return layer


def model_of(cell, layers=1, embedding=None):
    model = Seq2Seq(Config(11, 13, units=UNITS, cell=cell, layers=layers, embedding=embedding))
    names, weights = zip(*model.get_weights().items(), strict=True)
    model.set_weights(dict(zip(names, loud(weights), strict=True)))
    return model


@pytest.mark.parametrize("cell", KINDS)
def test_the_hidden_states_equal_keras_layer(cell, inputs):
    layer = layer_of(cell)
    run = inside.layer_run(layer, inputs)
    assert run.cell == cell and len(run) == TIME
    np.testing.assert_allclose(run.states["hidden"], layer(inputs[None])[0], atol=1e-5)


@pytest.mark.parametrize("embedding", [None, 3])
@pytest.mark.parametrize("layers", [1, 2, 3])
@pytest.mark.parametrize("cell", KINDS)
def test_every_layer_ends_where_the_models_own_start_does(cell, layers, embedding):
    model = model_of(cell, layers, embedding)
    start = model.start(np.array([SENTENCE], np.int32))
    found = {}
    for layer in range(1, layers + 1):
        run = inside.encoder_run(model, SENTENCE, layer)
        found |= {f"{name}_{layer}": states[-1] for name, states in run.states.items()}
    assert set(found) == set(start)
    for name, state in found.items():
        np.testing.assert_allclose(state, start[name][0], atol=1e-5)


def language_model_of(cell, units=(UNITS, 5)):
    model = language.LanguageModel(language.Config(11, units=units, cell=cell, embedding=3))
    names, weights = zip(*model.get_weights().items(), strict=True)
    model.set_weights(dict(zip(names, loud(weights), strict=True)))
    return model


@pytest.mark.parametrize("ids", [SENTENCE, []])
@pytest.mark.parametrize("cell", KINDS)
def test_every_layer_of_a_language_model_ends_where_its_start_does(cell, ids):
    model = language_model_of(cell)
    start = model.start(np.array([ids], np.int32))
    for layer in (1, 2):
        run = inside.language_run(model, [*ids, PAD], layer)
        assert len(run) == len(ids) + 1  # END is read before the text
        for name, states in run.states.items():
            np.testing.assert_allclose(states[-1], start[f"{name}_{layer}"][0], atol=1e-5)


@pytest.mark.parametrize(
    ("cell", "ids", "layer", "says"),
    [
        ("rnn", [4], 1, "an RNN has no gates"),
        ("gru", [11], 1, "ids run from 2 to 11, the vocabulary has 11"),
        ("gru", [4], 3, "no layer 3: the model has 1 to 2"),
        ("lstm", [4], 0, "no layer 0"),
    ],
)
def test_what_a_language_model_cannot_show_is_one_line(cell, ids, layer, says):
    with pytest.raises(CourseError, match=says):
        inside.language_run(language_model_of(cell), ids, layer)


def shifted(states):
    """The state before each step."""
    return np.vstack([np.zeros_like(states[:1]), states[:-1]])


def test_the_gates_of_an_lstm_make_its_states(inputs):
    run = inside.layer_run(layer_of("lstm"), inputs)
    assert {gate.shape for gate in run.gates.values()} == {(TIME, UNITS)}
    hidden, cell = run.states["hidden"], run.states["cell"]
    moved = run.gates["forget"] * shifted(cell) + run.gates["input"] * run.gates["candidate"]
    np.testing.assert_allclose(cell, moved, atol=1e-6)
    np.testing.assert_allclose(hidden, run.gates["output"] * np.tanh(cell), atol=1e-6)


def test_the_gates_of_a_gru_make_its_states(inputs):
    layer = layer_of("gru")
    run = inside.layer_run(layer, inputs)
    assert {gate.shape for gate in run.gates.values()} == {(TIME, UNITS)}
    before, update = shifted(run.states["hidden"]), run.gates["update"]
    moved = update * before + (1 - update) * run.gates["candidate"]
    np.testing.assert_allclose(run.states["hidden"], moved, atol=1e-6)
    # The states tell nothing of the reset gate but through the candidate: from the weights, then.
    kernel, recurrent_kernel, bias = (
        array[..., UNITS : 2 * UNITS] for array in layer.get_weights()
    )
    reset = sigmoid(inputs @ kernel + before @ recurrent_kernel + bias.sum(axis=0))
    np.testing.assert_allclose(run.gates["reset"], reset, atol=1e-5)


def test_the_gates_of_an_lstm_are_those_of_its_weights(inputs):
    layer = layer_of("lstm")
    run = inside.layer_run(layer, inputs)
    kernel, recurrent_kernel, bias = layer.get_weights()
    before = shifted(run.states["hidden"])
    parts = np.split(inputs @ kernel + before @ recurrent_kernel + bias, 4, axis=1)
    for name, part in zip(("input", "forget", "candidate", "output"), parts, strict=True):
        expected = np.tanh(part) if name == "candidate" else sigmoid(part)
        np.testing.assert_allclose(run.gates[name], expected, atol=1e-5)


def test_padding_is_left_out():
    model = model_of("gru")
    alone, padded = (inside.encoder_run(model, ids) for ids in (SENTENCE, [*SENTENCE, PAD, PAD]))
    assert len(padded) == len(SENTENCE)
    np.testing.assert_array_equal(padded.states["hidden"], alone.states["hidden"])


@pytest.mark.parametrize(
    ("ids", "layer", "says"),
    [
        ([], 1, "no token"),
        ([PAD, PAD], 1, "no token"),
        ([4, 11], 1, "ids run from 4 to 11, the vocabulary has 11"),
        ([-1], 1, "ids run from -1"),
        ([4], 0, "no layer 0"),
        ([4], 3, "no layer 3: the encoder has 1 to 2"),
    ],
)
@pytest.mark.parametrize("embedding", [None, 3])
def test_a_sentence_or_a_layer_that_is_not_there_is_one_line(ids, layer, says, embedding):
    with pytest.raises(CourseError, match=says):
        inside.encoder_run(model_of("lstm", 2, embedding), ids, layer)


@pytest.mark.parametrize(
    ("layer", "says"),
    [
        (lambda: keras.layers.SimpleRNN(UNITS), "not SimpleRNN"),
        (lambda: keras.layers.LSTM(UNITS), "no weights yet"),
        (lambda: layer_of("lstm", activation="relu"), "activation='tanh', not 'relu'"),
        (lambda: layer_of("gru", reset_after=False), "reset_after=True, not False"),
        (lambda: layer_of("gru", go_backwards=True), "go_backwards=False"),
        (lambda: layer_of("lstm", use_bias=False), "use_bias=True"),
    ],
)
def test_a_layer_that_computes_something_else_is_refused(layer, says, inputs):
    with pytest.raises(CourseError, match=says):
        inside.layer_run(layer(), inputs)


def test_inputs_of_no_step_are_refused():
    with pytest.raises(CourseError, match="no step"):
        inside.layer_run(layer_of("gru"), np.zeros((0, FEATURES)))


@pytest.mark.parametrize("shape", [(TIME,), (FEATURES, TIME), (1, TIME, FEATURES)])
def test_inputs_of_another_shape_are_refused(shape):
    with pytest.raises(CourseError, match=r"shape \(time, 4\)"):
        inside.layer_run(layer_of("gru"), np.zeros(shape))
