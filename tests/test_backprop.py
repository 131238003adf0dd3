"""Gradients by hand against TensorFlow's GradientTape and against finite differences."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course import runtime
from course.errors import CourseError
from course.models import backprop
from course.text import PAD

BATCH, TIME, FEATURES, UNITS, LABELS = 3, 5, 4, 7, 6
CUTS = [None, 1, 2, 3, 5, 8]


@pytest.fixture(scope="module")
def tf():
    return runtime.tensorflow()


@pytest.fixture
def rng():
    return np.random.default_rng(1)


@pytest.fixture
def weights(rng):
    shapes = [array.shape for array in backprop.draw_weights(FEATURES, UNITS, LABELS)]
    # Biases are drawn as well: zeros would hide a bias that is left out.
    return backprop.Weights(*(rng.normal(size=shape) / 2 for shape in shapes))


@pytest.fixture
def problem(rng):
    """Inputs, target and first state; the second sequence has two padded steps."""
    inputs = rng.normal(size=(BATCH, TIME, FEATURES))
    target = rng.integers(1, LABELS, (BATCH, TIME))
    target[1, 3:] = PAD
    return inputs, target, rng.normal(size=(BATCH, UNITS))


def by_tape(tf, inputs, target, hidden, weights, activation="tanh", cut_every=None):
    """The same network in TensorFlow: loss, and gradients of the weights and of each state."""
    variables = [tf.constant(array) for array in weights]
    kernel, recurrent_kernel, bias, output_kernel, output_bias = variables
    state, states, nll = tf.constant(hidden), [], 0.0
    with tf.GradientTape() as tape:
        tape.watch(variables)
        for time in range(inputs.shape[1]):
            if cut_every and time % cut_every == 0:
                state = tf.stop_gradient(state)
            sums = inputs[:, time] @ kernel + state @ recurrent_kernel + bias
            state = {"tanh": tf.tanh, "relu": tf.nn.relu}[activation](sums)
            states.append(state)
            logits = state @ output_kernel + output_bias
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(target[:, time], logits)
            nll += tf.reduce_sum(tf.where(target[:, time] != PAD, losses, 0.0))
        loss = nll / np.count_nonzero(target)
    grads = tape.gradient(loss, [*variables, *states])
    return float(loss), [np.asarray(grad) for grad in grads[:5]], grads[5:]


@pytest.mark.parametrize("cut_every", CUTS)
@pytest.mark.parametrize("activation", ["tanh", "relu"])
def test_loss_and_gradients_equal_tensorflow(tf, problem, weights, activation, cut_every):
    inputs, target, hidden = problem
    loss, grads = backprop.gradients(inputs, target, weights, hidden, activation, cut_every)
    their_loss, theirs, _ = by_tape(tf, inputs, target, hidden, weights, activation, cut_every)
    assert loss == pytest.approx(their_loss, abs=1e-9)
    for ours, their in zip(grads, theirs, strict=True):
        np.testing.assert_allclose(ours, their, atol=1e-9)


def test_in_single_precision_too(tf, problem, weights):
    inputs, target, hidden = problem
    inputs, hidden = np.float32(inputs), np.float32(hidden)
    weights = backprop.Weights(*map(np.float32, weights))
    loss, grads = backprop.gradients(inputs, target, weights, hidden)
    their_loss, theirs, _ = by_tape(tf, inputs, target, hidden, weights)
    assert loss == pytest.approx(their_loss, abs=1e-5)
    for ours, their in zip(grads, theirs, strict=True):
        assert ours.dtype == np.float32
        np.testing.assert_allclose(ours, their, atol=1e-5)


def test_the_tensorflow_model_of_these_tests_is_keras_own(tf, problem, weights):
    inputs, _, hidden = problem
    layer = tf.keras.layers.SimpleRNN(UNITS, return_sequences=True)
    layer.build(inputs.shape)
    layer.set_weights(weights[:3])
    states, _ = backprop.forward(inputs, weights, hidden)
    np.testing.assert_array_equal(states[:, 0], hidden)
    theirs = layer(np.float32(inputs), initial_state=np.float32(hidden))
    np.testing.assert_allclose(states[:, 1:], theirs, atol=1e-5)


def test_a_first_state_of_zeros_is_the_default(problem, weights):
    inputs, target, _ = problem
    zeros = np.zeros((BATCH, UNITS))
    loss, grads = backprop.gradients(inputs, target, weights)
    again, same = backprop.gradients(inputs, target, weights, zeros)
    assert loss == again and all(map(np.array_equal, grads, same))


@pytest.mark.parametrize("cut_every", [2, 3])
def test_cutting_changes_gradients_and_not_the_loss(problem, weights, cut_every):
    inputs, target, hidden = problem
    loss, grads = backprop.gradients(inputs, target, weights, hidden)
    same_loss, cut = backprop.gradients(inputs, target, weights, hidden, cut_every=cut_every)
    assert loss == same_loss
    assert np.abs(grads.recurrent_kernel - cut.recurrent_kernel).max() > 1e-4
    np.testing.assert_array_equal(grads.output_kernel, cut.output_kernel)


def test_truncated_gradients_are_those_of_pieces_whose_state_is_carried_on(problem, weights):
    inputs, target, hidden = problem
    _, cut = backprop.gradients(inputs, target, weights, hidden, cut_every=2)
    pieces, shares = [], []
    for begin in range(0, TIME, 2):
        piece, asked = inputs[:, begin : begin + 2], target[:, begin : begin + 2]
        pieces.append(backprop.gradients(piece, asked, weights, hidden)[1])
        shares.append(np.count_nonzero(asked) / np.count_nonzero(target))
        hidden = backprop.forward(piece, weights, hidden)[0][:, -1]
    for name in backprop.Weights._fields:
        summed = sum(s * getattr(p, name) for s, p in zip(shares, pieces, strict=True))
        np.testing.assert_allclose(getattr(cut, name), summed, atol=1e-12)


@pytest.mark.parametrize("activation", ["tanh", "relu"])
def test_finite_differences_agree(problem, weights, activation):
    inputs, target, hidden = problem
    _, grads = backprop.gradients(inputs, target, weights, hidden, activation)

    def loss(moved):
        return backprop.gradients(inputs, target, moved, hidden, activation)[0]

    for ours, measured in zip(grads, backprop.finite_differences(loss, weights), strict=True):
        assert ours.shape == measured.shape
        np.testing.assert_allclose(ours, measured, atol=1e-7)


def test_finite_differences_are_central(weights):
    """Of a cubic, a one-sided difference would be off by its curvature."""

    def cubic(moved):
        return float(sum((array**3).sum() for array in moved))

    for array, measured in zip(weights, backprop.finite_differences(cubic, weights), strict=True):
        np.testing.assert_allclose(measured, 3 * array**2, atol=1e-8)


def test_cross_entropy_leaves_out_what_is_not_asked(rng):
    logits = rng.normal(size=(BATCH, TIME, LABELS))
    target = rng.integers(1, LABELS, (BATCH, TIME))
    target[:, 2] = PAD
    loss, grad = backprop.cross_entropy(logits, target)
    shorter = np.delete(logits, 2, axis=1), np.delete(target, 2, axis=1)
    assert loss == pytest.approx(backprop.cross_entropy(*shorter)[0])
    assert not grad[:, 2].any() and grad[:, 1].all()


def test_nothing_asked_costs_nothing(rng):
    logits = rng.normal(size=(BATCH, TIME, LABELS))
    loss, grad = backprop.cross_entropy(logits, np.zeros((BATCH, TIME), int))
    assert loss == 0 and not grad.any()


def test_large_logits_do_no_harm():
    logits = np.array([[[1e4, 0.0, -1e4]]])
    with np.errstate(all="raise", under="ignore"):
        assert backprop.cross_entropy(logits, np.array([[2]]))[0] == pytest.approx(2e4)


@given(st.floats(0.01, 100), st.integers(0, 99))
@settings(deadline=None, max_examples=25)
def test_clipping_equals_tensorflow(limit, seed):
    tf = runtime.tensorflow()
    grads = backprop.draw_weights(FEATURES, UNITS, LABELS, seed)
    clipped = backprop.clip_by_global_norm(grads, limit)
    theirs, norm = tf.clip_by_global_norm([tf.constant(grad) for grad in grads], limit)
    assert backprop.global_norm(grads) == pytest.approx(float(norm))
    assert backprop.global_norm(clipped) <= limit * (1 + 1e-9)
    for ours, their in zip(clipped, theirs, strict=True):
        np.testing.assert_allclose(ours, their, rtol=1e-6)


def test_norms_back_are_those_of_the_states_gradients(tf, problem, weights):
    inputs, target, _ = problem
    last = np.zeros_like(target)
    last[:, -1] = labels = np.array([2, 5, 1])
    zeros = np.zeros((BATCH, UNITS))
    _, _, states_grads = by_tape(tf, inputs, last, zeros, weights)
    expected = [np.linalg.norm(BATCH * grad, axis=-1).mean() for grad in states_grads]
    norms = backprop.norms_back(inputs, labels, weights)
    np.testing.assert_allclose(norms, expected[::-1], atol=1e-12)


@pytest.mark.parametrize("radius, grows", [(0.5, False), (2.0, True)])
def test_in_a_linear_network_norms_grow_with_the_spectral_radius(rng, weights, radius, grows):
    """Inputs and states above zero, so that ReLU is the identity."""
    kernel = backprop.with_spectral_radius(np.abs(weights.recurrent_kernel), radius)
    positive = weights._replace(
        kernel=np.abs(weights.kernel), recurrent_kernel=kernel, bias=np.abs(weights.bias)
    )
    inputs = np.abs(rng.normal(size=(BATCH, 40, FEATURES)))
    norms = backprop.norms_back(inputs, np.ones(BATCH, int), positive, "relu")
    # A positive matrix has one greatest eigenvalue; the steps far back feel it alone.
    assert norms[-1] / norms[-2] == pytest.approx(radius, rel=1e-6)
    assert (norms[-1] > norms[0]) == grows


@given(st.floats(0, 10), st.integers(0, 99))
def test_a_kernel_gets_the_spectral_radius_that_is_asked(radius, seed):
    kernel = np.random.default_rng(seed).normal(size=(UNITS, UNITS))
    scaled = backprop.with_spectral_radius(kernel, radius)
    assert backprop.spectral_radius(scaled) == pytest.approx(radius, abs=1e-9)
    np.testing.assert_allclose(scaled * np.abs(kernel).max(), kernel * np.abs(scaled).max())


def test_first_weights_have_shapes_and_a_seed():
    weights = backprop.draw_weights(FEATURES, UNITS, LABELS, seed=5)
    shapes = [(FEATURES, UNITS), (UNITS, UNITS), (UNITS,), (UNITS, LABELS), (LABELS,)]
    assert [array.shape for array in weights] == shapes
    assert all(map(np.array_equal, weights, backprop.draw_weights(FEATURES, UNITS, LABELS, 5)))
    assert not np.array_equal(weights.kernel, backprop.draw_weights(FEATURES, UNITS, LABELS)[0])


def test_nothing_that_is_given_is_changed(problem, weights):
    arrays = [*problem, *weights]
    before = [array.copy() for array in arrays]
    inputs, target, hidden = problem
    _, grads = backprop.gradients(inputs, target, weights, hidden, cut_every=2)
    backprop.clip_by_global_norm(grads, 1e-3)
    backprop.finite_differences(lambda moved: moved.bias.sum(), weights)
    assert all(map(np.array_equal, arrays, before))


@pytest.mark.parametrize(
    "call, words",
    [
        (lambda w: backprop.forward(np.zeros((3, 5, 6)), w), r"\(batch, time, 4\) is needed"),
        (lambda w: backprop.forward(np.zeros((3, 4)), w), r"shape \(3, 4\)"),
        (lambda w: backprop.forward(np.zeros((3, 5, 4)), w, activation="gelu"), "tanh or relu"),
        (
            lambda w: backprop.gradients(np.zeros((3, 5, 4)), np.ones((3, 5), int), w, cut_every=0),
            "at least 1, not 0",
        ),
        (
            lambda w: backprop.gradients(np.zeros((3, 5, 4)), np.ones((5, 3), int), w),
            "must agree",
        ),
        (
            lambda w: backprop.gradients(np.zeros((3, 5, 4)), np.full((3, 5), 6), w),
            "logits end at 5",
        ),
        (lambda w: backprop.clip_by_global_norm(w, 0), "above 0"),
        (lambda w: backprop.with_spectral_radius(np.triu(np.ones((3, 3)), 1), 1), "are zero"),
        (lambda w: backprop.with_spectral_radius(np.eye(3), -1), "not -1"),
    ],
)
def test_bad_input_is_said_in_one_line(weights, call, words):
    with pytest.raises(CourseError, match=words) as error:
        call(weights)
    assert "\n" not in str(error.value)
