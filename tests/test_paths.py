"""The tree of a beam search is what the model's own probabilities say it is."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course import decoding, runtime
from course.decoding.paths import Paths, plain_places
from course.errors import CourseError
from course.text import END, PAD, START
from course.trace import ENDED, KEPT, Hypothesis, Trace

tf = runtime.tensorflow()

SIZE = 7


class Table:
    """A model whose next token depends on the last one by a table that can be exchanged."""

    def __init__(self):
        self.log_table = tf.Variable(tf.zeros([SIZE, SIZE]))

    def start(self, source_ids):
        return {"steps": tf.zeros([tf.shape(source_ids)[0], 1])}

    def step(self, token_ids, state):
        return tf.gather(self.log_table, token_ids), {"steps": state["steps"] + 1}


MODEL = Table()


def searched(seed, length_penalty=0.6, max_tokens=6):
    table = np.random.default_rng(seed).dirichlet(np.ones(SIZE), SIZE)
    table[:, [PAD, START]] = 1e-12
    MODEL.log_table.assign(np.log(table / table.sum(axis=1, keepdims=True)))
    options = {"length_penalty": length_penalty, "max_tokens": max_tokens}
    return decoding.beam(MODEL, [[4]], width=3, n_best=3, **options)[0]


def sum_of(ids):
    """What the table itself says about a beginning."""
    table = MODEL.log_table.numpy()
    return sum(table[last, now] for last, now in zip([START, *ids], ids, strict=False))


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 10_000))
def test_a_candidates_tokens_have_the_sum_that_the_search_wrote_down(seed):
    trace = searched(seed)
    paths = Paths(trace)
    for step, here in enumerate(trace.candidates):
        for slot, log_prob in enumerate(here.log_probs):
            ids = paths.ids(step, slot)
            assert len(ids) == step + 1 and ids[-1] == here.ids[slot]
            assert sum_of(ids) == pytest.approx(log_prob, abs=1e-4)
            assert list(paths.ids(step, slot, 2)) == list(ids[-2:])
            slots = paths.slots(step, slot)
            for place, at in enumerate(slots[:-1]):
                assert trace.candidates[place].fates[at] == KEPT


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 10_000), st.integers(2, 6))
def test_each_whole_sentence_is_found_where_it_ended(seed, limit):
    trace = searched(seed, max_tokens=limit)
    paths = Paths(trace)
    assert len(paths.ends) == len(trace.hypotheses) == len(set(paths.ends))
    for (step, slot), found in zip(paths.ends, trace.hypotheses, strict=True):
        assert trace.candidates[step].fates[slot] == ENDED
        assert list(paths.ids(step, slot)) == list(found.tokens)
    assert len(paths.best) == len(trace)
    for step, slot in paths.best:
        assert trace.candidates[step].ids[slot] == trace.tokens[step]


def test_the_first_candidates_continue_nothing():
    paths = Paths(searched(3))
    assert set(paths.origins[0]) == {-1}
    assert paths.slots(0, 1) == [1] and len(paths.ids(0, 1)) == 1


def test_places_by_plain_sums_put_what_was_cut_off_last():
    whole = [
        Hypothesis(np.array([4] * n + [END]), log_prob, 0) for n, log_prob in [(5, -3), (1, -2)]
    ]
    cut = Hypothesis(np.array([4, 4]), -1.0, 0)
    trace = Trace(whole[0].tokens, np.zeros(6), hypotheses=[*whole, cut])
    assert plain_places(trace) == [2, 1, 3]


def test_a_trace_without_candidates_is_refused_in_one_line():
    greedy = decoding.greedy(MODEL, [[4]], max_tokens=3)[0]
    with pytest.raises(CourseError, match="no candidates: take one of a beam") as caught:
        Paths(greedy)
    assert "\n" not in str(caught.value)


def test_a_trace_read_back_has_the_same_tree():
    trace = searched(5)
    again = Paths(Trace.from_json(trace.to_json()))
    assert again.ends == Paths(trace).ends and again.best == Paths(trace).best
