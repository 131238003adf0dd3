"""The hidden Markov model against sums over all paths, one by one, and on data of a known model."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course.errors import CourseError
from course.models import hmm

STATES, SYMBOLS = 3, 4
ROWS = st.lists(st.lists(st.integers(1, SYMBOLS), min_size=1, max_size=5), min_size=1, max_size=3)
SEEDS = st.integers(0, 999)


def padded(rows):
    width = max(map(len, rows))
    return np.array([row + [0] * (width - len(row)) for row in rows])


def sample(model, batch, time, seed):
    """Symbols and states of a model, drawn step by step: int (batch, time) each, from 1."""
    rng = np.random.default_rng(seed)
    symbols, states = np.zeros((2, batch, time), int)
    for row, step in np.ndindex(batch, time):
        odds = model.transitions[states[row, step - 1] - 1] if step else model.start
        states[row, step] = 1 + rng.choice(len(odds), p=odds)
        odds = model.emissions[states[row, step] - 1]
        symbols[row, step] = 1 + rng.choice(len(odds), p=odds)
    return symbols, states


def all_paths(model, row):
    """Each path of states (from 0) through a row, with the probability of path and symbols."""
    for path in itertools.product(range(len(model.start)), repeat=len(row)):
        prob = model.start[path[0]] * model.emissions[path[0], row[0] - 1]
        for before, state, symbol in zip(path, path[1:], row[1:], strict=False):
            prob *= model.transitions[before, state] * model.emissions[state, symbol - 1]
        yield path, prob


@settings(max_examples=40, deadline=None)
@given(ROWS, SEEDS)
def test_the_likelihood_is_the_sum_over_all_paths(rows, seed):
    model = hmm.random_model(STATES, SYMBOLS, seed)
    wanted = [math.log(sum(prob for _, prob in all_paths(model, row))) for row in rows]
    np.testing.assert_allclose(model.log_likelihood(padded(rows)), wanted, rtol=1e-9)


@settings(max_examples=40, deadline=None)
@given(ROWS, SEEDS)
def test_posteriors_and_pairs_are_the_shares_of_the_paths(rows, seed):
    model = hmm.random_model(STATES, SYMBOLS, seed)
    posteriors, pairs, log_likelihood = model.expected(padded(rows))
    assert posteriors.shape == (len(rows), max(map(len, rows)), STATES)
    wanted_pairs, total = np.zeros((STATES, STATES)), 0.0
    for number, row in enumerate(rows):
        paths = list(all_paths(model, row))
        likelihood, wanted = sum(prob for _, prob in paths), np.zeros((len(row), STATES))
        for path, prob in paths:
            wanted[range(len(row)), path] += prob / likelihood
            np.add.at(wanted_pairs, (path[:-1], path[1:]), prob / likelihood)
        np.testing.assert_allclose(posteriors[number, : len(row)], wanted, atol=1e-12)
        total += math.log(likelihood)
    np.testing.assert_allclose(pairs, wanted_pairs, atol=1e-12)
    assert log_likelihood == pytest.approx(total)
    np.testing.assert_array_equal(model.posteriors(padded(rows)), posteriors)


@settings(max_examples=40, deadline=None)
@given(ROWS, SEEDS)
def test_viterbi_finds_the_likeliest_of_all_paths(rows, seed):
    model = hmm.random_model(STATES, SYMBOLS, seed)
    states, log_probs = model.viterbi(padded(rows))
    assert states.shape == padded(rows).shape
    for found, log_prob, row in zip(states, log_probs, rows, strict=True):
        probs = dict(all_paths(model, row))
        assert log_prob == pytest.approx(math.log(max(probs.values())))
        # Two paths of the same steps in another order are as likely: either will do.
        assert probs[tuple(found[: len(row)] - 1)] == pytest.approx(max(probs.values()))
        assert not found[len(row) :].any()


@settings(max_examples=30, deadline=None)
@given(ROWS, SEEDS)
def test_padding_changes_nothing(rows, seed):
    model = hmm.random_model(STATES, SYMBOLS, seed)
    ids = padded(rows)
    wider = np.pad(ids, [(0, 0), (0, 3)])
    np.testing.assert_allclose(model.log_likelihood(wider), model.log_likelihood(ids))
    np.testing.assert_array_equal(model.viterbi(wider)[0][:, :-3], model.viterbi(ids)[0])
    np.testing.assert_allclose(model.expected(wider)[1], model.expected(ids)[1], atol=1e-12)


@settings(max_examples=30, deadline=None)
@given(ROWS, SEEDS)
def test_no_step_of_baum_welch_lowers_the_likelihood(rows, seed):
    ids, model = padded(rows), hmm.random_model(STATES, SYMBOLS, seed)
    fitted, log_likelihoods = hmm.baum_welch(model, ids, steps=12)
    assert log_likelihoods.shape == (12,)
    assert log_likelihoods[0] == pytest.approx(model.log_likelihood(ids).sum())
    assert (np.diff([*log_likelihoods, fitted.log_likelihood(ids).sum()]) > -1e-9).all()


@pytest.fixture(scope="module")
def weather():
    """Two states that last, each with symbols of its own and some in common."""
    return hmm.HMM(
        np.array([0.8, 0.2]),
        np.array([[0.95, 0.05], [0.1, 0.9]]),
        np.array([[0.5, 0.3, 0.1, 0.05, 0.05], [0.05, 0.1, 0.15, 0.4, 0.3]]),
    )


def test_counting_labelled_states_recovers_a_known_model(weather):
    ids, labels = sample(weather, batch=300, time=30, seed=1)
    model = hmm.count(ids, labels, states=2, symbols=5)
    for name in ("start", "transitions", "emissions"):
        np.testing.assert_allclose(getattr(model, name), getattr(weather, name), atol=0.05)


def test_baum_welch_recovers_a_known_models_labelling(weather):
    ids, _ = sample(weather, batch=60, time=40, seed=2)
    unseen, labels = sample(weather, batch=40, time=40, seed=3)
    model, log_likelihoods = hmm.baum_welch(hmm.random_model(2, 5, seed=4), ids, steps=60)
    assert log_likelihoods[-1] - log_likelihoods[0] > 100
    right = (model.viterbi(unseen)[0] == labels).mean()
    best_possible = (weather.viterbi(unseen)[0] == labels).mean()
    # Nobody told it which state is number 1.
    assert max(right, 1 - right) > best_possible - 0.03 > 0.85


def test_counting_by_hand():
    ids, labels = np.array([[1, 2, 2, 0], [2, 2, 1, 1]]), np.array([[1, 2, 2, 0], [2, 2, 1, 0]])
    model = hmm.count(ids, labels, states=2, symbols=3, smoothing=0)
    np.testing.assert_allclose(model.start, [1 / 2, 1 / 2])
    # 1 -> 2, 2 -> 2, and 2 -> 2, 2 -> 1: the last symbol's state is not known.
    np.testing.assert_allclose(model.transitions, [[0, 1], [1 / 3, 2 / 3]])
    np.testing.assert_allclose(model.emissions, [[1, 0, 0], [0, 1, 0]])
    smoothed = hmm.count(ids, labels, states=2, symbols=3, smoothing=1)
    np.testing.assert_allclose(smoothed.emissions, [[3 / 5, 1 / 5, 1 / 5], [1 / 7, 5 / 7, 1 / 7]])


def test_a_state_that_never_occurs_keeps_equal_shares():
    model = hmm.count(np.array([[1, 2]]), np.array([[1, 1]]), states=3, symbols=2, smoothing=0)
    np.testing.assert_allclose(model.transitions[2], [1 / 3, 1 / 3, 1 / 3])
    np.testing.assert_allclose(model.emissions[2], [1 / 2, 1 / 2])


def test_long_rows_do_not_underflow(weather):
    ids, labels = sample(weather, batch=2, time=3000, seed=5)
    assert np.isfinite(weather.log_likelihood(ids)).all()
    assert np.exp(weather.log_likelihood(ids)).max() == 0
    posteriors = weather.posteriors(ids)
    np.testing.assert_allclose(posteriors.sum(axis=-1), 1)
    assert ((posteriors.argmax(axis=-1) + 1) == labels).mean() > 0.85


def test_what_is_impossible_has_no_likelihood():
    model = hmm.HMM(np.array([1.0, 0.0]), np.eye(2), np.eye(2))
    ids = np.array([[1, 1, 1], [1, 2, 0]])
    np.testing.assert_array_equal(model.log_likelihood(ids), [0, -np.inf])
    np.testing.assert_array_equal(model.viterbi(ids)[1], [0, -np.inf])
    with pytest.raises(CourseError, match="row 1"):
        model.posteriors(ids)


@pytest.mark.parametrize(
    ("ids", "says"),
    [
        ([1, 2], "(batch, time)"),
        ([[1.0, 2.0]], "whole numbers"),
        ([[]], "whole numbers"),
        ([[1, 6]], "run from 1 to 6"),
        ([[-1, 1]], "run from -1"),
        ([[0, 1]], "on the right"),
        ([[1, 0, 2]], "on the right"),
        ([[1, 2], [0, 0]], "at least one symbol"),
    ],
)
def test_bad_rows_are_said_in_one_line(weather, ids, says):
    for ask in (weather.log_likelihood, weather.posteriors, weather.viterbi):
        with pytest.raises(CourseError) as error:
            ask(np.array(ids))
        assert says in str(error.value) and "\n" not in str(error.value)


def test_bad_settings_are_said_in_one_line():
    ids = np.array([[1, 2]])
    for says, call in {
        "differ in shape": lambda: hmm.count(ids, ids[:, :1], 2, 2),
        "labels run": lambda: hmm.count(ids, ids + 1, 2, 2),
        "smoothing": lambda: hmm.count(ids, ids, 2, 2, smoothing=-1),
        "steps": lambda: hmm.baum_welch(hmm.random_model(2, 2), ids, steps=0),
        "a state": lambda: hmm.random_model(0, 2),
        "do not fit": lambda: hmm.HMM(np.ones(1), np.eye(2), np.eye(2)),
        "sum to 1": lambda: hmm.HMM(np.ones(2), np.eye(2), np.eye(2)),
    }.items():
        with pytest.raises(CourseError, match=says) as error:
            call()
        assert "\n" not in str(error.value)
