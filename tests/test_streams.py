import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course.errors import CourseError
from course.streams import StreamBatches, running_ids
from course.text import END, PAD, UNK, Codec, tokenizer

CODEC = Codec.fit(["a b c d e f g"], tokenizer())
COUNTS = st.integers(1, 9)


def text_of(length):
    """Ids of which no two are alike, so that a token out of place is seen."""
    return np.arange(4, 4 + length, dtype=np.int32)


def joined(batches):
    """All batches side by side: inputs and targets, (batch, columns) each."""
    return [np.concatenate(part, axis=1) for part in zip(*batches, strict=True)]


def test_texts_stand_between_ends():
    a, b, c = CODEC.ids("a b c")
    ids = running_ids(["a b", "c zebra", ""], CODEC)
    assert ids.dtype == np.int32
    assert list(ids) == [END, a, b, END, c, UNK, END, END]
    assert list(running_ids([], CODEC)) == [END]


def test_each_row_goes_on_in_the_next_batch():
    batches = list(StreamBatches(text_of(22), batch=3, steps=5))
    assert len(batches) == 2
    first, second = batches
    assert first[0].shape == first[1].shape == (3, 5)
    assert first[0].dtype == first[1].dtype == np.int32
    np.testing.assert_array_equal(first[0], [range(4, 9), range(11, 16), range(18, 23)])
    np.testing.assert_array_equal(second[0][:, :2], [[9, 10], [16, 17], [23, 24]])
    assert np.all(second[0][:, 2:] == PAD)


@settings(deadline=None)
@given(st.integers(2, 200), COUNTS, COUNTS)
def test_every_token_after_the_first_is_a_target_once(length, batch, steps):
    ids = text_of(length)
    streams = StreamBatches(ids, batch=batch, steps=steps)
    _, targets = joined(streams)
    assert list(targets[targets != PAD]) == list(ids[1:])
    assert streams.tokens == length - 1


@settings(deadline=None)
@given(st.integers(2, 200), COUNTS, COUNTS)
def test_inputs_are_the_text_and_targets_what_comes_next(length, batch, steps):
    ids = text_of(length)
    inputs, targets = joined(StreamBatches(ids, batch=batch, steps=steps))
    real = targets != PAD
    np.testing.assert_array_equal(inputs != PAD, real)
    np.testing.assert_array_equal(inputs[real] + 1, targets[real])
    # Padding is on the right only, and a row begins where the row before it ends.
    assert np.all(np.diff(real.astype(int), axis=1) <= 0)
    beginnings = [row[0] for row in inputs if row[0] != PAD]
    ends = [row[row != PAD][-1] for row in targets if row[0] != PAD]
    assert beginnings == [ids[0], *ends[:-1]] and ends[-1] == ids[-1]


@settings(deadline=None)
@given(st.integers(2, 200), COUNTS, COUNTS)
def test_batches_are_alike_and_none_is_empty(length, batch, steps):
    streams = StreamBatches(text_of(length), batch=batch, steps=steps)
    batches = list(streams)
    assert len(batches) == len(streams)
    assert {part.shape for pair in batches for part in pair} == {(batch, streams.steps)}
    assert streams.steps == min(steps, -(-(length - 1) // batch))
    assert all(np.any(targets != PAD) for _, targets in batches)
    assert streams.nbytes == sum(part.nbytes for pair in batches for part in pair)


def test_a_shuffled_epoch_keeps_the_order():
    streams = StreamBatches(text_of(50), batch=3, steps=4)
    for pair, again in zip(streams, streams.shuffled(seed=7, epoch=2), strict=True):
        np.testing.assert_array_equal(pair, again)


@pytest.mark.parametrize(
    ("ids", "counts", "says"),
    [
        ([2, 4, 5], {"batch": 0}, "at least 1, not 0 and 35"),
        ([2, 4, 5], {"steps": -1}, "at least 1, not 20 and -1"),
        ([2], {}, "nothing to predict"),
        ([], {}, "nothing to predict"),
    ],
)
def test_what_makes_no_batches_is_one_line(ids, counts, says):
    with pytest.raises(CourseError, match=says) as error:
        StreamBatches(np.array(ids, np.int32), **counts)
    assert "\n" not in str(error.value)
