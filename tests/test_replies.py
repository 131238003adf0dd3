"""How varied replies are, and how many are copies."""

import pytest

from course import novelty
from course.errors import CourseError
from course.metrics import replies

SAID = [["yes", "i", "do"], ["yes"], ["i", "do", "not"]]


def test_distinct_counts_no_n_gram_across_replies():
    assert replies.distinct(SAID, 1) == pytest.approx(4 / 7)
    assert replies.distinct(SAID, 2) == pytest.approx(3 / 4)
    assert replies.distinct(SAID, 4) == 0.0


def test_of_one_reply_it_is_what_novelty_says():
    text = "a b a b c a b".split()
    for n in (1, 2, 3):
        assert replies.distinct([text], n) == novelty.distinct(text, n)


def test_the_most_frequent_reply_and_its_share():
    assert replies.most_frequent([["no"], ["yes"], ["no"]]) == (pytest.approx(2 / 3), ["no"])


def test_copies_are_whole_replies():
    assert replies.copied(SAID, {("yes",), ("i", "do")}) == pytest.approx(1 / 3)


@pytest.mark.parametrize(
    "work",
    [
        lambda: replies.distinct(SAID, 0),
        lambda: replies.most_frequent([]),
        lambda: replies.copied([], set()),
    ],
)
def test_what_cannot_be_counted_is_refused(work):
    with pytest.raises(CourseError):
        work()
