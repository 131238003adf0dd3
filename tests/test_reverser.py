"""A model whose attention has a known right answer, and what decoding records of it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course import decoding, runtime
from course.errors import CourseError
from course.text import END, PAD, START, Codec, Vocabulary, tokenizer
from course.trace import Trace

tf = runtime.tensorflow()

from course.models.reverser import Reverser  # noqa: E402

SIZE = 11
SHARP, SOFT = Reverser(SIZE), Reverser(SIZE)
SENTENCES = st.lists(st.integers(4, SIZE - 1), min_size=1, max_size=9)
BATCHES = st.lists(SENTENCES, min_size=1, max_size=4)
CODEC = Codec.fit(["one two three four five six seven"], tokenizer())


def mean_entropy(sharpness):
    attention = decoding.greedy(Reverser(SIZE, sharpness=sharpness), [[4, 5, 6, 7]])[0].attention
    return -(attention * np.log(attention + 1e-30)).sum(axis=1).mean()


@settings(deadline=None)
@given(BATCHES)
def test_every_sentence_comes_backwards(batch):
    for source, trace in zip(batch, decoding.greedy(SHARP, batch), strict=True):
        assert list(trace.tokens) == [*source[::-1], END]


@settings(deadline=None)
@given(BATCHES)
def test_attention_walks_backwards_and_shares_out_one_whole(batch):
    for source, trace in zip(batch, decoding.greedy(SHARP, batch), strict=True):
        places = list(range(len(source)))
        assert trace.attention.shape == (len(source) + 1, len(source))
        assert list(trace.attention.argmax(axis=1)) == [*places[::-1], 0]
        np.testing.assert_allclose(trace.attention.sum(axis=1), 1, atol=1e-6)


@settings(deadline=None, max_examples=40)
@given(BATCHES, st.floats(0.05, 3))
def test_padding_and_neighbours_change_nothing(batch, sharpness):
    SOFT.sharpness.assign(sharpness)
    together = decoding.sample(SOFT, batch, states=True)
    for row, source in enumerate(batch):
        # A sentence's draws come from its place: the others stay, as short as can be.
        padded = [[4]] * row + [[*source, PAD, PAD, PAD]]
        alone = decoding.sample(SOFT, padded, states=True)[row]
        np.testing.assert_array_equal(alone.tokens, together[row].tokens)
        assert alone.attention.shape == together[row].attention.shape
        np.testing.assert_allclose(alone.attention, together[row].attention, atol=1e-4)
        for name, states in alone.states.items():
            np.testing.assert_allclose(states, together[row].states[name], atol=1e-4)


def test_attention_is_recorded_with_and_without_states_and_is_none_of_them():
    source = [[4, 5, 6]]
    plain, full = (decoding.greedy(SHARP, source, states=states)[0] for states in (False, True))
    assert plain.states == {} and set(full.states) == {"place"}
    assert full.states["place"].shape == (4, 1)
    np.testing.assert_array_equal(plain.attention, full.attention)
    again = Trace.from_json(full.to_json())
    np.testing.assert_array_equal(again.attention, full.attention)


def test_each_row_of_attention_is_that_of_its_step():
    model, source = Reverser(SIZE, sharpness=0.7), np.array([[4, 5, 6, 4]], np.int32)
    trace, state = decoding.greedy(model, source)[0], model.start(source)
    assert not np.any(state["attention"])
    for token, row in zip([START, *trace.tokens[:-1]], trace.attention, strict=True):
        _, state = model.step(tf.constant([token]), state)
        np.testing.assert_allclose(state["attention"][0], row, atol=1e-6)


def test_padding_gets_no_attention_and_a_row_of_padding_none_at_all():
    state = Reverser(SIZE, sharpness=0).start(np.array([[4, 5, PAD], [PAD] * 3], np.int32))
    logits, state = Reverser(SIZE, sharpness=0).step(tf.constant([START, START]), state)
    np.testing.assert_allclose(state["attention"], [[0.5, 0.5, 0], [0, 0, 0]])
    assert np.argmax(logits[1]) == END


def test_it_can_not_say_padding_or_start():
    state = SHARP.start(np.array([[4, START, 5]], np.int32))
    for _ in range(5):
        logits, state = SHARP.step(tf.constant([START]), state)
        assert logits.shape == (1, SIZE)
        np.testing.assert_allclose(logits.numpy()[0, [PAD, START]], -1e9)


def test_attention_gets_softer_with_less_sharpness_until_it_looks_everywhere_alike():
    entropies = [mean_entropy(sharpness) for sharpness in (10, 3, 1, 0.3, 0)]
    assert entropies == sorted(entropies) and entropies[0] < 0.01
    assert entropies[-1] == pytest.approx(np.log(4), abs=1e-5)


def test_what_the_docstring_says_of_its_shares():
    shares = {}
    for sharpness in (5, 1):
        trace = decoding.greedy(Reverser(SIZE, sharpness=sharpness), [[4, 5, 6, 7, 8]])[0]
        shares[sharpness] = trace.attention[2, 2]  # of the third step, in the middle
    assert shares[5] == pytest.approx(0.99, abs=0.01)
    assert shares[1] == pytest.approx(0.5, abs=0.1)


def test_soft_attention_errs():
    right = "seven six five four three two one"
    said = {
        sharpness: decoding.translate(
            Reverser(SIZE, CODEC, sharpness=sharpness), ["one two three four five six seven"]
        )[0]
        for sharpness in (10, 2, 0.4)
    }
    assert said[10] == said[2] == right and said[0.4] != right


def test_its_sharpness_moves_without_a_new_model():
    model = Reverser(SIZE)
    before = decoding.greedy(model, [[4, 5, 6]])[0]
    model.sharpness.assign(1.0)
    after = decoding.greedy(model, [[4, 5, 6]])[0]
    assert before.attention[0, 2] > 0.99 > 0.9 > after.attention[0, 2]


def test_it_reverses_text_and_takes_another_codec_for_what_it_says():
    numbers = Codec(tokenizer(), Vocabulary("uno dos tres 4 5 6 7".split()))
    plain = Codec(tokenizer(), Vocabulary("one two three 4 5 6 7".split()))
    sentences = ["one two three", "", "two", "one two one two"]
    backwards = ["three two one", "", "two", "two one two one"]
    assert decoding.translate(Reverser(SIZE, CODEC), sentences) == backwards
    assert decoding.translate(Reverser(SIZE, plain, numbers), ["one two"]) == ["dos uno"]


def test_a_beam_finds_the_same_and_keeps_no_attention():
    batch = [[4, 5, 6], [7]]
    for source, trace in zip(batch, decoding.beam(SHARP, batch, width=3), strict=True):
        assert list(trace.tokens) == [*source[::-1], END] and trace.attention is None


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: Reverser(SIZE, sharpness=-1), "sharpness must be 0 or more, not -1"),
        (lambda: Reverser(SIZE, sharpness=float("nan")), "not nan"),
        (lambda: Reverser(SIZE, sharpness=float("inf")), "not inf"),
        (lambda: Reverser(9, CODEC), "size is 9, but a codec has 11 tokens"),
    ],
)
def test_settings_that_make_no_sense_are_one_line(make, says):
    with pytest.raises(CourseError, match=says):
        make()
