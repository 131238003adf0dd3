import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from course import distribution, runtime
from course.decoding import sampling
from course.errors import CourseError

tf = runtime.tensorflow()

LOGITS = arrays.arrays(np.float64, st.integers(1, 40), elements=st.floats(-6, 6))
# No two are alike: float32 could let those change places.
DISTINCT = st.lists(st.integers(-600, 600), min_size=1, max_size=40, unique=True).map(
    lambda hundredths: np.array(hundredths) / 100
)
TEMPERATURES = st.floats(0.3, 5)
NOISE = (np.arange(2000) + 0.5) / 2000


def drawn(logits, temperature, top_k, top_p, noise):
    """What the searches draw, by one uniform number each."""
    rows = np.repeat(np.asarray(logits, np.float32)[None], len(noise), axis=0)
    kept = top_k or sampling.ALL
    noise = tf.constant(noise, tf.float32)
    return sampling.draw(tf.constant(rows) / temperature, noise, kept, top_p).numpy()


def ends_of(probs, top_k):
    """Where each token ends, as a share of what top-k leaves."""
    ends = np.cumsum(np.sort(probs)[::-1][:top_k])
    return ends / ends[-1]


@settings(max_examples=60, deadline=None)
@given(DISTINCT, TEMPERATURES, st.none() | st.integers(1, 50), st.floats(0.05, 1))
def test_it_draws_what_the_searches_draw(logits, temperature, top_k, top_p):
    before = distribution.probabilities(logits, temperature)
    shares = ends_of(before, top_k)
    assume(np.abs(shares[:-1] - top_p).min(initial=1) > 1e-4)
    after = distribution.cut(before, distribution.possible(before, top_k, top_p))
    ours = distribution.draws(after, NOISE)
    theirs = drawn(logits, temperature, top_k, top_p, NOISE)
    clear = np.abs(np.cumsum(np.sort(after)[::-1])[:, None] - NOISE).min(axis=0) > 1e-4
    np.testing.assert_array_equal(ours[clear], theirs[clear])
    shares = np.bincount(theirs, minlength=len(logits)) / len(NOISE)
    np.testing.assert_allclose(shares, after, atol=2 / len(NOISE))
    assert set(theirs) <= set(np.flatnonzero(after))


@pytest.mark.parametrize(("top_k", "top_p"), [(3, 1.0), (None, 0.6), (4, 0.75), (1, 0.05), (9, 1)])
def test_the_tokens_that_are_left_are_those_that_can_be_drawn(top_k, top_p):
    logits = np.log([0.05, 0.4, 0.1, 0.3, 0.15])
    left = distribution.possible(distribution.probabilities(logits), top_k, top_p)
    theirs = drawn(logits, 1.0, top_k, top_p, NOISE)
    assert set(left) == set(theirs)
    assert left[0] == 1  # the likeliest first


def test_top_p_counts_shares_of_what_top_k_left():
    probs = np.array([0.1, 0.4, 0.2, 0.3])
    # Of 0.4 and 0.3 the first has 0.57: enough for 0.5, too little for 0.6.
    assert distribution.possible(probs, 2, 0.5).tolist() == [1]
    assert distribution.possible(probs, 2, 0.6).tolist() == [1, 3]
    assert distribution.possible(probs, None, 0.6).tolist() == [1, 3]
    assert distribution.possible(probs, None, 0.75).tolist() == [1, 3, 2]


def test_a_cut_keeps_the_proportions():
    probs = np.array([0.1, 0.4, 0.2, 0.3])
    np.testing.assert_allclose(distribution.cut(probs, np.array([1, 0])), [0.2, 0.8, 0, 0])


@settings(deadline=None)
@given(LOGITS, TEMPERATURES)
def test_temperature_is_a_power_of_the_probabilities(logits, temperature):
    found = distribution.probabilities(logits, temperature)
    powers = distribution.probabilities(logits) ** (1 / temperature)
    np.testing.assert_allclose(found, powers / powers.sum(), rtol=1e-9)
    assert found.sum() == pytest.approx(1)


@settings(deadline=None)
@given(LOGITS, TEMPERATURES, TEMPERATURES)
def test_entropy_grows_with_temperature(logits, one, other):
    cold, warm = (
        distribution.entropy(distribution.probabilities(logits, temperature))
        for temperature in sorted((one, other))
    )
    assert -1e-9 <= cold <= warm + 1e-9 <= math.log2(len(logits)) + 2e-9


def test_entropy_is_in_bits():
    assert distribution.entropy(np.full(8, 1 / 8)) == pytest.approx(3)
    assert distribution.entropy(np.array([0.5, 0.25, 0.25, 0])) == pytest.approx(1.5)
    assert math.copysign(1, distribution.entropy(np.array([0, 1.0]))) == 1


def test_log_probabilities_and_impossible_tokens_will_do_as_logits():
    probs = np.array([0.7, 0.0, 0.2, 0.1])
    with np.errstate(divide="ignore"):
        found = distribution.probabilities(np.log(probs))
    np.testing.assert_allclose(found, probs)
    assert distribution.possible(found).tolist() == [0, 2, 3]
    cold = distribution.probabilities([-1e9, 1.0, 2.0], 0.05)
    assert cold[0] == 0 and cold.sum() == pytest.approx(1)


def test_every_number_from_0_to_1_draws_a_token():
    probs = np.array([0.0, 0.5, 0.0, 0.5])
    assert distribution.draws(probs, [0.0, 0.499, 0.5, 1.0]).tolist() == [1, 1, 3, 3]


@pytest.mark.parametrize(
    ("logits", "temperature", "says"),
    [
        ([1.0, 2.0], 0.0, "temperature must be above 0"),
        ([1.0, 2.0], np.nan, "temperature must be above 0"),
        ([1.0, 2.0], np.inf, "temperature must be above 0"),
        ([], 1.0, "shape"),
        ([[1.0, 2.0]], 1.0, r"not \(1, 2\)"),
        ([1.0, np.nan], 1.0, "must be numbers"),
        (["x"], 1.0, "must be numbers, one for each token"),
        ([[1.0], [1.0, 2.0]], 1.0, "must be numbers, one for each token"),
        ([1.0, np.inf], 1.0, "finite"),
        ([-np.inf, -np.inf], 1.0, "finite"),
    ],
)
def test_what_is_no_distribution_is_one_line(logits, temperature, says):
    with pytest.raises(CourseError, match=says):
        distribution.probabilities(logits, temperature)


@pytest.mark.parametrize(("top_k", "top_p"), [(0, 1.0), (-1, 1.0), (None, 0.0), (None, 1.1)])
def test_knobs_that_make_no_sense_are_one_line(top_k, top_p):
    with pytest.raises(CourseError, match="must be"):
        distribution.possible(np.array([0.5, 0.5]), top_k, top_p)
