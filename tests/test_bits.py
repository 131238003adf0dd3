import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course.corpora import bits
from course.errors import CourseError


def test_every_bit_is_as_often_one_as_zero():
    strings = bits.draw(20_000, 50)
    assert strings.shape == (20_000, 50) and set(np.unique(strings)) == {0, 1}
    # Five standard deviations of a share of 20,000 fair bits.
    assert np.abs(strings.mean(axis=0) - 0.5).max() < 5 * 0.5 / np.sqrt(20_000)


def test_the_seed_draws_the_strings():
    np.testing.assert_array_equal(bits.draw(7, 50, 3), bits.draw(7, 50, 3))
    assert not np.array_equal(bits.draw(7, 50, 3), bits.draw(7, 50, 4))


def test_the_faulty_draw_leaves_thirty_leading_zeros():
    strings = bits.draw_faulty(2_000, 50)
    assert strings.shape == (2_000, 50) and not strings[:, :30].any()
    assert strings[:, 30:].mean(axis=0) == pytest.approx(0.5, abs=0.06)
    numbers = strings @ (1 << np.arange(50, dtype=np.int64)[::-1])
    assert numbers.max() < 2**20


def test_strings_held_out_are_not_learnt_from():
    train, judged = bits.split(100_000, 10_000, 50)
    assert train.shape == (100_000, 50) and judged.shape == (10_000, 50)
    assert not {row.tobytes() for row in train} & {row.tobytes() for row in judged}


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 300), st.integers(1, 300), st.integers(2, 9), st.integers(0, 2**31 - 1))
def test_short_strings_are_split_as_well(count, held_out, length, seed):
    train, judged = bits.split(count, held_out, length, seed)
    learnt, known = ({row.tobytes() for row in rows} for rows in (train, judged))
    assert len(train) == count and train.shape[1] == judged.shape[1] == length
    assert 1 <= len(known) == len(judged) <= min(held_out, 2**length / 4)
    assert not learnt & known


def test_labels_of_a_string_by_hand():
    strings = np.array([[0, 1, 1, 0, 1], [1, 0, 0, 0, 1]], np.int8)
    np.testing.assert_array_equal(bits.ids(strings), strings + 1)
    np.testing.assert_array_equal(bits.running_labels(strings), [[1, 2, 1, 1, 2], [2, 2, 2, 2, 1]])
    np.testing.assert_array_equal(bits.count_labels(strings), [[0, 0, 0, 0, 4], [0, 0, 0, 0, 3]])
    every = bits.count_labels(strings, every_step=True)
    np.testing.assert_array_equal(every, [[1, 2, 3, 3, 4], [2, 2, 2, 2, 3]])
    last = bits.running_labels(strings, every_step=False)
    np.testing.assert_array_equal(last, [[0, 0, 0, 0, 2], [0, 0, 0, 0, 1]])


def test_both_ends_have_a_label():
    ends = np.array([[0] * 50, [1] * 50], np.int8)
    assert bits.label_count("count", 50) == 52  # 0 to 50 ones, and "nothing is asked"
    assert bits.count_labels(ends)[:, -1].tolist() == [1, 51]
    assert bits.count_labels(ends).max() < bits.label_count("count", 50)


@given(st.integers(1, 20), st.integers(1, 70), st.sampled_from(sorted(bits.TASKS)))
def test_both_tasks_say_the_same_parity(strings, length, task):
    drawn = bits.draw(strings, length, seed=strings)
    labels = bits.TASKS[task](drawn)
    assert labels.dtype == np.int32 and labels.max() < bits.label_count(task, length)
    np.testing.assert_array_equal(bits.parity(labels), drawn.sum(axis=1) % 2)


def test_batches_are_of_one_shape_and_hold_each_row_once():
    ids = np.arange(1, 36).reshape(7, 5)
    data = bits.Labelled(ids, ids + 100, batch=3)
    for batches in (list(data), list(data.shuffled(0, 1))):
        assert len(batches) == len(data) == 3
        for rows, labels in batches:
            assert rows.shape == labels.shape == (3, 5) and rows.dtype == np.int32
            np.testing.assert_array_equal(labels, np.where(rows, rows + 100, 0))
        rows = np.concatenate([rows for rows, _ in batches])
        np.testing.assert_array_equal(np.sort(rows[rows.any(axis=1)], axis=0), ids)
        assert not rows[len(ids) :].any()
    np.testing.assert_array_equal(next(iter(data))[0], ids[:3])


def test_many_to_one_has_one_label_a_row():
    ids = np.arange(1, 36).reshape(7, 5)
    rows, labels = next(bits.Labelled(ids, ids[:, -1:], batch=3).shuffled(0))
    assert (rows.shape, labels.shape) == ((3, 5), (3, 1))
    np.testing.assert_array_equal(labels, rows[:, -1:])


def test_the_order_is_drawn_from_seed_and_epoch():
    ids = np.arange(1, 101).reshape(50, 2)
    data = bits.Labelled(ids, ids, batch=50)
    orders = [next(data.shuffled(*key))[0].tolist() for key in ((0, 1), (0, 1), (0, 2), (1, 1))]
    assert orders[0] == orders[1]
    assert len({str(order) for order in orders}) == 3


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: bits.draw(0, 5), "at least 1, not 0 and 5"),
        (lambda: bits.draw(5, 0), "at least 1, not 5 and 0"),
        (lambda: bits.draw_faulty(5, 19), "take 20 digits, not 19"),
        (lambda: bits.split(5, 5, 1), "none to hold out"),
        (lambda: bits.split(5, 0, 4), "held_out must be at least 1, not 0"),
        (lambda: bits.Labelled(np.ones((3, 5)), np.ones((4, 5))), "must be rows, as many"),
        (lambda: bits.Labelled(np.ones(3), np.ones(3)), "must be rows, as many"),
        (lambda: bits.Labelled(np.ones((0, 5)), np.ones((0, 5))), "0 rows"),
        (lambda: bits.Labelled(np.ones((3, 5)), np.ones((3, 5)), 0), "batches of 0"),
    ],
)
def test_what_makes_no_sense_is_one_line(call, says):
    with pytest.raises(CourseError, match=says) as error:
        call()
    assert "\n" not in str(error.value)


def test_parity_is_that_of_the_last_label_that_says_something():
    assert bits.parity(np.array([[2, 1, 0], [1, 2, 2], [2, 0, 0]])).tolist() == [0, 1, 1]
