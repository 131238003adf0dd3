"""A network wired by hand: right on every string, and the same arithmetic as Keras' layers."""

from itertools import product

import numpy as np
import pytest

from course.errors import CourseError
from course.models import backprop, by_hand
from course.models.backprop import Weights


def counted(bits):
    """The running parity by counting: 0 for even, 1 for odd."""
    return np.cumsum([bit == "1" for bit in bits]) % 2


def test_the_parity_of_every_string_up_to_ten_bits():
    network, strings = by_hand.parity(), 0
    for length in range(1, 11):
        for bits in product("01", repeat=length):
            _, logits = network.read(bits)
            assert (logits.argmax(axis=1) == counted(bits)).all(), bits
            strings += 1
    assert strings == 2046 and network.labels == ("even", "odd")


def test_errors_of_tanh_do_not_add_up_on_long_strings():
    bits = np.random.default_rng(0).choice(["0", "1"], 5000)
    for sharpness, right in ((2.5, True), (6.0, True), (1.5, False)):
        _, logits = by_hand.parity(sharpness).read(bits)
        assert (logits.argmax(axis=1) == counted(bits)).all() == right
    _, logits = by_hand.parity().read(bits)
    assert np.abs(logits[:, 0] - logits[:, 1]).min() > 3


def test_its_two_units_are_or_and_and():
    states, _ = by_hand.parity(8.0).read("0110")
    np.testing.assert_allclose(states, [[0, 0], [-1, -1], [1, -1], [1, 1], [-1, -1]], atol=0.01)


def test_its_gradient_is_that_of_finite_differences():
    network, tokens = by_hand.parity(), "01101"
    norms = network.norms_back(tokens, 0)
    assert norms.shape == (5,)

    def loss(state, place):
        """The loss at the last step if the state after `place` tokens were this."""
        inputs = network.vectors(tokens[place:])[None]
        _, logits = backprop.forward(inputs, network.weights, state[None])
        return backprop.cross_entropy(logits[:, -1:], np.array([[1]]))[0]

    states, _ = network.read(tokens)
    for place in range(1, 5):
        steps = np.eye(2) * 1e-6
        state = states[place]
        slope = [(loss(state + e, place) - loss(state - e, place)) / 2e-6 for e in steps]
        assert norms[place - 1] == pytest.approx(np.linalg.norm(slope), rel=1e-5)


def test_what_it_cannot_read_is_one_line():
    with pytest.raises(CourseError, match=r"^this network does not know '2': it reads 0, 1$"):
        by_hand.parity().read("012")


@pytest.mark.parametrize("activation", ["tanh", "relu"])
def test_a_tagger_is_read_as_it_reads_itself(activation):
    from course.models.tagger import Config, Tagger

    tagger = Tagger(Config(5, 4, units=7, activation=activation, seed=3))
    network = by_hand.network(tagger, tuple("abcd"), ("x", "y", "z"))
    states, logits = network.read("cabdd")
    ids = np.array([[3, 1, 2, 4, 4]])
    np.testing.assert_allclose(states[1:], tagger.hiddens(ids)[0], atol=1e-6)
    np.testing.assert_allclose(logits, tagger.logits(ids)[0, :, 1:], atol=1e-5)
    assert network.activation == activation and network.labels == ("x", "y", "z")
    assert np.isfinite(network.norms_back("cabdd", 2)).all()


def test_names_that_do_not_fit_are_one_line():
    weights = backprop.draw_weights(3, 7, 4)
    assert by_hand.network(weights, "01", "xyz").read("0110")[1].shape == (4, 3)
    for symbols, labels, says in (
        ("012", "xyz", "symbols names 3, but this network has 2"),
        ("01", "xy", "labels names 2, but this network has 3"),
    ):
        with pytest.raises(CourseError, match=says):
            by_hand.network(weights, symbols, labels)


def test_models_that_cannot_be_unrolled_are_one_line():
    from course.models.tagger import Config, Tagger

    with pytest.raises(CourseError, match=r"a simple cell .*, not 'gru'"):
        by_hand.network(Tagger(Config(3, 3, units=5, cell="gru")), "01", "xy")
    with pytest.raises(CourseError, match="a dict has no recurrent layer"):
        by_hand.network({}, "01", "xy")


def test_arrays_are_taken_as_they_are():
    weights = backprop.draw_weights(3, 7, 4, seed=1)
    network = by_hand.network(weights, ("red", "green"), "xyz", "relu")
    inputs = np.eye(3)[[2, 1, 1]][None]
    states, logits = backprop.forward(inputs, weights, activation="relu")
    ours = network.read(["green", "red", "red"])
    np.testing.assert_allclose(ours[0], states[0])
    np.testing.assert_allclose(ours[1], logits[0, :, 1:])
    assert isinstance(network.weights, Weights)
