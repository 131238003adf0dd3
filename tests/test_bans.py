"""Tokens that may not be drawn, against a slow look at everything that was said."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course import decoding, runtime
from course.errors import CourseError
from course.text import END, PAD, START, UNK

tf = runtime.tensorflow()

from course.decoding import bans  # noqa: E402
from course.decoding.jobs import NEVER  # noqa: E402

SIZE = 9
LENGTH = 40


class Table:
    """A model whose next token depends on the last one by a table of logits."""

    def __init__(self, seed, tokens=SIZE - 4):
        """Draw a table; only the first so many tokens after the special ones can be said."""
        logits = np.random.default_rng(seed).normal(size=(SIZE, SIZE)).astype(np.float32)
        logits[:, [PAD, START, END, UNK]] = NEVER
        logits[:, 4 + tokens :] = NEVER
        self.logits = tf.Variable(logits)

    def start(self, source_ids):
        return {"steps": tf.zeros([tf.shape(source_ids)[0], 1])}

    def step(self, token_ids, state):
        return tf.gather(self.logits, token_ids), {"steps": state["steps"] + 1}


# One model for all examples: its loop is compiled once for each length of n-gram.
MODEL, OTHER = Table(0), Table(1)
TEMPERATURES = st.sampled_from([0.0, 0.7, 3.0])


def would_repeat(said, order):
    """Which tokens would complete an n-gram that was said."""
    grams = {tuple(said[i : i + order]) for i in range(len(said) - order + 1)}
    latest = tuple(said[len(said) - order + 1 :]) if order > 1 else ()
    return {token for token in range(SIZE) if (*latest, token) in grams}


def sayable(model):
    return set(np.flatnonzero(model.logits.numpy()[4] > NEVER / 2))


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 3), TEMPERATURES, st.integers(0, 99), st.sets(st.integers(4, 8), max_size=2))
def test_no_ngram_is_said_twice_while_there_is_another_token(order, temperature, seed, forbidden):
    [trace] = decoding.sample(
        MODEL, [[4]], temperature=temperature, seed=seed, no_repeat=order,
        forbid=sorted(forbidden), max_tokens=LENGTH,
    )  # fmt: skip
    said = [int(token) for token in trace.tokens]
    assert len(said) == LENGTH
    assert not forbidden & set(said) and set(said) <= sayable(MODEL)
    for place, token in enumerate(said):
        banned = would_repeat(said[:place], order)
        if token in banned:
            assert sayable(MODEL) - forbidden <= banned


ROWS = st.integers(0, 12).flatmap(
    lambda said: st.lists(
        st.lists(st.integers(4, 6), min_size=said, max_size=said), min_size=1, max_size=4
    )
)


@settings(deadline=None, max_examples=40)
@given(ROWS, st.integers(1, 4))
def test_one_step_forbids_what_a_slow_look_forbids(rows, order):
    said = len(rows[0])
    history = bans.history(np.zeros((len(rows), 1)), 13, order)
    for step in range(said):
        tokens = tf.constant([row[step] for row in rows])
        history = bans.remember(history, tf.constant(step), tokens, order)
    # END can always be said, so that no row is left without a token.
    logits = tf.zeros((len(rows), SIZE))
    allowed = bans.no_repeats(logits, history, tf.constant(said), order).numpy()
    for row, found in zip(rows, allowed, strict=True):
        assert set(np.flatnonzero(found == NEVER)) - {PAD} == would_repeat(row, order)


def test_greedy_takes_the_likeliest_of_the_tokens_that_are_left():
    order, said, last = 2, [], START
    [trace] = decoding.greedy(MODEL, [[4]], no_repeat=order, max_tokens=15)
    for token in trace.tokens:
        logits = MODEL.logits.numpy()[last].copy()
        logits[list(would_repeat(said, order))] = NEVER
        assert token == logits.argmax()
        said.append(int(token))
        last = token


def test_of_order_one_each_token_comes_once():
    [trace] = decoding.sample(MODEL, [[4]], no_repeat=1, max_tokens=5, seed=2)
    assert sorted(trace.tokens) == [4, 5, 6, 7, 8]


@pytest.mark.parametrize("temperature", [0.0, 1.0, 50.0])
def test_with_nothing_else_left_a_token_is_repeated_and_none_is_padding(temperature):
    narrow = Table(2, tokens=2)
    [trace] = decoding.sample(
        narrow, [[4]], temperature=temperature, no_repeat=1, max_tokens=20, forbid=[UNK]
    )
    assert len(trace) == 20 and set(trace.tokens) == {4, 5}
    assert np.all(trace.log_probs > NEVER / 2)


@pytest.mark.parametrize("options", [{"temperature": 0.0}, {"seed": 3}, {"top_k": 3, "seed": 1}])
def test_without_bans_nothing_changes(options):
    rows = [[4], [5, 6], [7]]
    plain = decoding.sample(OTHER, rows, max_tokens=25, **options)
    same = decoding.sample(OTHER, rows, max_tokens=25, no_repeat=0, forbid=(), **options)
    # An n-gram as long as the sentence can not occur twice, and an id without a token is not drawn.
    loose = decoding.sample(
        OTHER, rows, max_tokens=25, no_repeat=25, forbid=[SIZE, 10**6, -1], **options
    )
    for one, *others in zip(plain, same, loose, strict=True):
        for other in others:
            np.testing.assert_array_equal(one.tokens, other.tokens)
            np.testing.assert_array_equal(one.log_probs, other.log_probs)


@settings(deadline=None, max_examples=15)
@given(st.sets(st.integers(4, 8), max_size=4), TEMPERATURES)
def test_forbidden_tokens_are_never_drawn(forbidden, temperature):
    traces = decoding.sample(
        OTHER, [[4]] * 20, temperature=temperature, forbid=list(forbidden), max_tokens=10
    )
    for trace in traces:
        assert len(trace) == 10 and not forbidden & set(trace.tokens)


def test_the_end_can_be_forbidden():
    ending = Table(0)
    ending.logits[:, END].assign(tf.fill([SIZE], 50.0))
    assert list(decoding.greedy(ending, [[4]], max_tokens=7)[0].tokens) == [END]
    [trace] = decoding.greedy(ending, [[4]], max_tokens=7, forbid=[END])
    assert len(trace) == 7 and END not in trace.tokens


def test_other_rows_do_not_matter():
    rows, limits = [[4], [5, 6], [7], [8]], [30, 9, 1, 17]
    together = decoding.sample(OTHER, rows, max_tokens=limits, no_repeat=2, seed=4)
    for row, trace in enumerate(together):
        # A sentence's draws come from its place.
        alone = decoding.sample(
            OTHER, rows[: row + 1], max_tokens=[1] * row + [limits[row]], no_repeat=2, seed=4
        )[row]
        assert len(trace) == limits[row]
        np.testing.assert_array_equal(trace.tokens, alone.tokens)


def test_a_prefix_is_kept_though_forbidden_and_counts_as_said():
    prefix = [6, 6, 6, 7]
    [trace] = decoding.sample(
        MODEL, [[]], prefix=[prefix], no_repeat=2, forbid=[6], max_tokens=12, seed=1
    )
    assert list(trace.tokens[:4]) == prefix and 6 not in trace.tokens[4:]
    pairs = [*zip(trace.tokens[2:], trace.tokens[3:], strict=False)]
    assert len(set(pairs)) == len(pairs)


def test_the_probabilities_of_a_trace_are_the_models_own():
    [trace] = decoding.sample(MODEL, [[4]], no_repeat=2, forbid=[5], max_tokens=12, seed=6)
    shares = tf.nn.log_softmax(MODEL.logits).numpy()
    before = [START, *trace.tokens[:-1]]
    np.testing.assert_allclose(trace.log_probs, shares[before, trace.tokens], atol=1e-5)


@pytest.mark.parametrize("temperature", [1e-30, 1e-45, 1e-300])
def test_the_coldest_draws_are_greedy(temperature):
    drawn = decoding.sample(OTHER, [[4]] * 5, temperature=temperature, max_tokens=10)
    for one, other in zip(drawn, decoding.greedy(OTHER, [[4]] * 5, max_tokens=10), strict=True):
        np.testing.assert_array_equal(one.tokens, other.tokens)


def test_a_negative_length_is_one_line():
    with pytest.raises(CourseError, match="no_repeat must be at least 0, not -1"):
        decoding.sample(MODEL, [[4]], no_repeat=-1)
