import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course import novelty
from course.errors import CourseError

TOKENS = st.lists(st.sampled_from("abc"), max_size=14)


def grams(tokens, n):
    return [tuple(tokens[start : start + n]) for start in range(len(tokens) - n + 1)]


def slow_repeated(tokens, n):
    """Look for each n-gram in the list of those before it."""
    every = grams(tokens, n)
    again = [gram for place, gram in enumerate(every) if gram in every[:place]]
    return len(again) / len(every) if every else 0.0


def slow_copy(tokens, corpus):
    """Try every length from the longest, every run of it, every place."""
    for length in range(len(tokens), 0, -1):
        for run in grams(tokens, length):
            for start, candidate in enumerate(grams(corpus, length)):
                if run == candidate:
                    return length, start
    return 0, 0


@settings(deadline=None)  # other work on the machine must not fail a test
@given(TOKENS, st.integers(1, 5))
def test_shares_are_those_of_a_slow_count(tokens, n):
    assert novelty.repeated(tokens, n) == pytest.approx(slow_repeated(tokens, n))
    assert novelty.distinct(tokens, n) + novelty.repeated(tokens, n) == 1


@settings(deadline=None)  # other work on the machine must not fail a test
@given(TOKENS, TOKENS)
def test_longest_copy_is_that_of_a_slow_search(tokens, corpus):
    assert novelty.longest_copy(tokens, corpus) == slow_copy(tokens, corpus)


@settings(deadline=None)  # other work on the machine must not fail a test
@given(TOKENS, TOKENS, st.integers(0, 20))
def test_a_passage_of_the_corpus_is_found_whole(tokens, corpus, start):
    passage = corpus[start : start + 6]
    length, where = novelty.longest_copy([*tokens, *passage, *tokens], corpus)
    assert length >= len(passage)
    run = corpus[where : where + length]
    assert len(run) == length
    assert run == [] or tuple(run) in grams([*tokens, *passage, *tokens], length)


def test_by_hand():
    tokens = "the cat sat and the cat ran".split()
    assert novelty.distinct(tokens, 1) == 5 / 7
    assert novelty.distinct(tokens, 2) == 5 / 6
    assert novelty.repeated(tokens, 2) == pytest.approx(1 / 6)
    assert novelty.longest_copy(tokens, "a dog and the cat ran off".split()) == (4, 2)
    assert novelty.longest_copy(tokens, "no such words".split()) == (0, 0)


def test_ids_serve_as_well_as_words():
    corpus = np.random.default_rng(0).integers(4, 50, 2_000, dtype=np.int32)
    tokens = np.concatenate([np.full(3, 60, np.int32), corpus[700:740], corpus[:20]])
    assert novelty.longest_copy(tokens, corpus) == (40, 700)
    assert novelty.distinct(tokens, 1) == len(set(tokens.tolist())) / 63


def test_report_holds_them_all():
    tokens, corpus = "a b a b a b c".split(), "x a b c".split()
    assert novelty.report(tokens, corpus) == {
        "tokens": 7,
        "distinct_1": 3 / 7,
        "distinct_2": 3 / 6,
        "repeated_3": pytest.approx(2 / 5),
        "repeated_4": pytest.approx(1 / 4),
        "longest_copy": 3,
        "copied_from": 1,
    }


def test_empty_text_and_empty_corpus():
    assert novelty.report([], [])["distinct_1"] == 1.0
    assert novelty.longest_copy([], ["a"]) == novelty.longest_copy(["a"], []) == (0, 0)


@pytest.mark.parametrize("n", [0, -1])
def test_senseless_n(n):
    with pytest.raises(CourseError, match="at least one token"):
        novelty.distinct(["a"], n)


def test_a_long_page_against_a_long_book_is_found_at_its_place():
    rng = np.random.default_rng(0)
    corpus = rng.integers(0, 50, 20_000).tolist()
    page = [*rng.integers(50, 99, 300).tolist(), *corpus[12_345:12_400], 99]
    assert novelty.longest_copy(page, corpus) == (55, 12_345)
