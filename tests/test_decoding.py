import itertools

import numpy as np
import pytest

from course import decoding, runtime
from course.decoding.jobs import Jobs
from course.errors import CourseError
from course.text import END, PAD, START
from course.trace import DROPPED, ENDED, KEPT, Trace

tf = runtime.tensorflow()

from course.models.seq2seq import Config, Seq2Seq  # noqa: E402

SOURCES = [[4, 5, 6], [7], [8, 9, 10, 4, 5], [6, 6]]


class Table:
    """A model whose next token depends on the last one by a table: small enough to search whole."""

    def __init__(self, table):
        self.log_table = tf.constant(np.log(np.maximum(table, 1e-30)), tf.float32)

    def start(self, source_ids):
        return {"steps": tf.zeros([tf.shape(source_ids)[0], 1])}

    def step(self, token_ids, state):
        return tf.gather(self.log_table, token_ids), {"steps": state["steps"] + 1}


def trap():
    """Greedy goes to 4 (0.6) and finds nothing good there; the best sentence begins with 5."""
    table = np.zeros((7, 7))
    table[START, [4, 5]] = 0.6, 0.4
    table[4, [4, 5, 6, END]] = 0.25
    table[5, END] = 0.95
    table[5, 6] = 0.05
    table[6, END] = 1.0
    return Table(table)


@pytest.fixture(scope="module")
def model():
    model = Seq2Seq(Config(11, 13, units=7))
    rng = np.random.default_rng(2)
    # Louder weights than at the start of training, so that choices are not near ties.
    model.set_weights(
        {
            name: rng.normal(size=w.shape).astype(np.float32)
            for name, w in model.get_weights().items()
        }
    )
    return model


def all_sentences(table_model, limit):
    """Every whole sentence of at most `limit` tokens, with its log-probability."""
    log_table = table_model.log_table.numpy()
    for length in range(1, limit + 1):
        for middle in itertools.product([3, 4, 5, 6], repeat=length - 1):
            path = [START, *middle, END]
            yield tuple(path[1:]), sum(log_table[a, b] for a, b in itertools.pairwise(path))


def test_greedy_takes_the_likeliest_token_at_every_step(model):
    traces = decoding.greedy(model, SOURCES, max_tokens=9)
    for source, trace in zip(SOURCES, traces, strict=True):
        state, token = model.start(np.array([source], np.int32)), START
        for chosen, log_prob in zip(trace.tokens, trace.log_probs, strict=True):
            logits, state = model.step(tf.constant([token]), state)
            token = int(np.argmax(logits[0]))
            assert token == chosen
            assert log_prob == pytest.approx(float(tf.nn.log_softmax(logits)[0, token]), abs=1e-5)
        assert token == END or len(trace) == 9


SEARCHES = {
    "greedy": decoding.greedy,
    "sample": lambda *args, **options: decoding.sample(*args, seed=5, **options),
    "beam": decoding.beam,
}


@pytest.mark.parametrize("search", SEARCHES.values(), ids=SEARCHES)
def test_a_sentence_is_decoded_alike_alone_and_in_a_batch(model, search):
    together = search(model, SOURCES)
    in_twos = search(model, SOURCES, batch=2)
    for row, (one, two) in enumerate(zip(together, in_twos, strict=True)):
        np.testing.assert_array_equal(one.tokens, two.tokens)
        np.testing.assert_allclose(one.log_probs, two.log_probs, atol=1e-5)
        if search is not SEARCHES["sample"] or row == 0:
            alone = search(model, [SOURCES[row]])[0]
            np.testing.assert_array_equal(alone.tokens, one.tokens)
            np.testing.assert_allclose(alone.log_probs, one.log_probs, atol=1e-5)


def test_a_beam_of_one_is_greedy(model):
    for greedy, beam in zip(
        decoding.greedy(model, SOURCES), decoding.beam(model, SOURCES, width=1), strict=True
    ):
        np.testing.assert_array_equal(greedy.tokens, beam.tokens)
        np.testing.assert_allclose(greedy.log_probs, beam.log_probs, atol=1e-4)


def test_beam_finds_what_greedy_misses():
    greedy = decoding.greedy(trap(), [[4]])[0]
    beam = decoding.beam(trap(), [[4]], width=2, length_penalty=0)[0]
    assert greedy.tokens[0] == 4 and list(beam.tokens) == [5, END]
    assert beam.log_prob == pytest.approx(np.log(0.4 * 0.95), abs=1e-5)
    assert beam.log_prob > greedy.log_prob


@pytest.mark.parametrize("penalty", [0.0, 0.6, 2.0])
def test_a_wide_beam_is_exhaustive_search(penalty):
    rng = np.random.default_rng(4)
    table = rng.dirichlet(np.ones(7), 7)
    table[:, [PAD, START]] = 0
    model = Table(table / table.sum(axis=1, keepdims=True))
    found = decoding.beam(model, [[4]], width=300, n_best=5, length_penalty=penalty, max_tokens=4)[
        0
    ]
    scored = sorted(
        ((lp / ((5 + len(path)) / 6) ** penalty, path) for path, lp in all_sentences(model, 4)),
        reverse=True,
    )
    assert [tuple(h.tokens) for h in found.hypotheses] == [path for _, path in scored[:5]]
    np.testing.assert_allclose(
        [h.score for h in found.hypotheses], [s for s, _ in scored[:5]], atol=1e-4
    )


def test_the_candidates_tell_how_each_hypothesis_came_about(model):
    trace = decoding.beam(model, SOURCES[:1], width=3, n_best=3)[0]
    last = trace.candidates[0]
    assert set(last.parents) == {0}
    for step, looked_at in enumerate(trace.candidates):
        assert (looked_at.fates == KEPT).sum() <= 3
        assert set(looked_at.fates) <= {KEPT, ENDED, DROPPED}
        assert np.all(np.diff(looked_at.log_probs) <= 1e-6)
        if step:
            kept_before = (trace.candidates[step - 1].fates == KEPT).sum()
            assert looked_at.parents.max() < kept_before
    scores = [hypothesis.score for hypothesis in trace.hypotheses]
    assert scores == sorted(scores, reverse=True)
    np.testing.assert_array_equal(trace.tokens, trace.hypotheses[0].tokens)
    assert trace.log_prob == pytest.approx(trace.hypotheses[0].log_prob, abs=1e-4)


def test_a_beam_wider_than_the_vocabulary_is_no_error(model):
    assert decoding.beam(model, SOURCES[:1], width=20, n_best=20)[0].hypotheses


def test_a_prefix_is_kept_by_every_search(model):
    for search in SEARCHES.values():
        traces = search(model, SOURCES, prefix=[[9, 8], [], [12], [9, 8, 7]], max_tokens=6)
        for trace, begin in zip(traces, [[9, 8], [], [12], [9, 8, 7]], strict=True):
            assert list(trace.tokens[: len(begin)]) == begin


def test_limits_count_tokens(model):
    for search in SEARCHES.values():
        for trace, limit in zip(
            search(model, SOURCES, max_tokens=[1, 2, 3, 4]), (1, 2, 3, 4), strict=True
        ):
            assert len(trace) <= limit
            assert trace.ended or len(trace) == limit


def test_sampling_draws_from_the_models_distribution():
    table = np.zeros((7, 7))
    table[START, [3, 4, 5, 6]] = 0.5, 0.3, 0.15, 0.05
    table[3:, END] = 1
    model, rows = Table(table), [[4]] * 4000

    def shares(**knobs):
        first = [trace.tokens[0] for trace in decoding.sample(model, rows, **knobs)]
        return np.bincount(first, minlength=7)[3:] / len(first)

    np.testing.assert_allclose(shares(), [0.5, 0.3, 0.15, 0.05], atol=0.03)
    np.testing.assert_allclose(shares(top_k=2), [0.625, 0.375, 0, 0], atol=0.03)
    np.testing.assert_allclose(shares(top_p=0.9), np.array([0.5, 0.3, 0.15, 0]) / 0.95, atol=0.03)
    np.testing.assert_allclose(shares(top_p=0.5), [1, 0, 0, 0])
    squared = np.array([0.5, 0.3, 0.15, 0.05]) ** 2
    np.testing.assert_allclose(shares(temperature=0.5), squared / squared.sum(), atol=0.03)
    np.testing.assert_allclose(shares(temperature=0), [1, 0, 0, 0])
    assert list(shares(seed=1)) != list(shares(seed=2))
    assert list(shares(seed=1)) == list(shares(seed=1))


def test_alternatives_and_states_are_what_the_model_says(model):
    trace = decoding.greedy(model, SOURCES, alternatives=4, states=True, max_tokens=5)[2]
    assert trace.top_ids.shape == trace.top_log_probs.shape == (len(trace), 4)
    np.testing.assert_array_equal(trace.top_ids[:, 0], trace.tokens)
    np.testing.assert_allclose(trace.top_log_probs[:, 0], trace.log_probs, atol=1e-6)
    assert set(trace.states) == {"hidden_1", "cell_1"}
    _, state = model.step(tf.constant([START]), model.start(np.array([SOURCES[2]], np.int32)))
    np.testing.assert_allclose(trace.states["hidden_1"][0], state["hidden_1"][0], atol=1e-5)


def test_a_model_without_attention_leaves_none(model):
    traces = [search(model, SOURCES[:1])[0] for search in SEARCHES.values()]
    assert [trace.attention for trace in traces] == [None] * 3


def test_a_new_knob_makes_no_new_program(model):
    traced, step = [], model.step

    class Counted:
        start = staticmethod(model.start)

        def step(self, token_ids, state):
            traced.append(token_ids)
            return step(token_ids, state)

    counted = Counted()
    decoding.sample(counted, SOURCES, top_k=1)
    once = len(traced)
    for knobs in ({"top_k": 5}, {}, {"top_p": 0.5}, {"temperature": 2.0, "seed": 3}):
        decoding.sample(counted, SOURCES, **knobs)
    assert once == len(traced) > 0


def test_a_draw_among_one_token_is_greedy(model):
    for one, other in zip(
        decoding.sample(model, SOURCES, top_k=1), decoding.greedy(model, SOURCES), strict=True
    ):
        np.testing.assert_array_equal(one.tokens, other.tokens)


@pytest.mark.parametrize("top_k", [13, 14, 10**12])
def test_more_tokens_than_there_are_is_all_of_them(model, top_k):
    for one, other in zip(
        decoding.sample(model, SOURCES, top_k=top_k), decoding.sample(model, SOURCES), strict=True
    ):
        np.testing.assert_array_equal(one.tokens, other.tokens)


@pytest.mark.parametrize("search", SEARCHES.values(), ids=SEARCHES)
def test_a_trace_is_read_back_as_it_was_written(model, search):
    options = {"n_best": 2} if search is decoding.beam else {"alternatives": 3, "states": True}
    trace = search(model, SOURCES[:1], **options)[0]
    again = Trace.from_json(trace.to_json())
    assert again.to_json() == trace.to_json()
    np.testing.assert_array_equal(again.tokens, trace.tokens)
    assert again.ended == trace.ended and again.log_prob == trace.log_prob


def test_no_sentences_give_no_traces(model):
    assert [search(model, []) for search in SEARCHES.values()] == [[], [], []]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"temperature": -1}, "temperature"),
        ({"temperature": float("nan")}, "temperature"),
        ({"top_k": 0}, "top_k"),
        ({"first_k": 0}, "first_k"),
        ({"top_p": 1.5}, "top_p"),
        ({"top_p": 0}, "top_p"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"batch": 0}, "batch"),
        ({"prefix": [[4]]}, "1 prefixes for 4 sentences"),
        ({"prefix": [[START, 4], [], [], []]}, "PAD or START"),
    ],
)
def test_knobs_that_make_no_sense_are_one_line(model, options, says):
    with pytest.raises(CourseError, match=says):
        decoding.sample(model, SOURCES, **options)


@pytest.mark.parametrize(
    "options", [{"width": 0}, {"n_best": 9}, {"length_penalty": -1}, {"diversity": -1}]
)
def test_beam_knobs_that_make_no_sense_are_one_line(model, options):
    with pytest.raises(CourseError):
        decoding.beam(model, SOURCES, **options)


def test_a_very_long_sentence_does_not_make_its_neighbours_long():
    jobs = Jobs([[5] * 3000, *[[5] * 8] * 300], None, None)
    chunks = jobs.chunks(256)
    assert sorted(row for rows in chunks for row in rows) == list(range(301))
    assert all(jobs.inputs(rows)[0].size <= 32_768 for rows in chunks)


@pytest.mark.parametrize("search", ["greedy", "sample", "beam"])
def test_a_model_that_says_no_numbers_is_said_and_not_waited_for(model, search):
    from course.decoding.replay import replay

    diverged = Seq2Seq(Config(11, 13, units=7))
    diverged.set_weights({name: w * np.nan for name, w in model.get_weights().items()})
    with pytest.raises(CourseError, match="numbers"):
        replay(diverged, [4, 5, 6], search)


def test_the_first_token_has_a_k_of_its_own():
    free = np.zeros((7, 7))
    free[START, 4:], free[4:, 4:] = [0.5, 0.3, 0.2], [0.5, 0.3, 0.2]
    sources = [[4]] * 300
    knobs = {"max_tokens": 2, "first_k": 3, "top_k": 1}
    said = [trace.tokens.tolist() for trace in decoding.sample(Table(free), sources, **knobs)]
    assert {first for first, _ in said} == {4, 5, 6} and {second for _, second in said} == {4}
    swapped = knobs | {"first_k": 1, "top_k": 3}
    said = [trace.tokens.tolist() for trace in decoding.sample(Table(free), sources, **swapped)]
    assert {first for first, _ in said} == {4} and {second for _, second in said} == {4, 5, 6}


def test_a_diverse_beam_keeps_a_beginning_that_a_plain_one_drops():
    table = np.zeros((9, 9))
    table[START, [4, 5]] = 0.7, 0.3
    table[4, [6, 7]] = 0.5
    table[5, 8] = table[[6, 7, 8], END] = 1.0
    knobs = {"width": 2, "n_best": 2, "max_tokens": 4}
    [plain] = decoding.beam(Table(table), [[4]], **knobs)
    [diverse] = decoding.beam(Table(table), [[4]], diversity=0.5, **knobs)
    assert [found.tokens.tolist() for found in plain.hypotheses] == [[4, 6, END], [4, 7, END]]
    assert [found.tokens.tolist() for found in diverse.hypotheses] == [[4, 6, END], [5, 8, END]]
    # What a sibling costs decides who goes on; the log-probabilities stay the model's own.
    assert diverse.hypotheses[1].log_prob == pytest.approx(np.log(0.3), abs=1e-5)


@pytest.mark.parametrize("search", [decoding.sample, decoding.beam])
def test_what_is_forbidden_is_not_said(model, search):
    banned = [trace.tokens[0] for trace in decoding.greedy(model, SOURCES)]
    for trace in search(model, SOURCES, forbid=banned):
        assert not set(banned) & set(trace.tokens.tolist())
