"""Kneser-Ney against a slow implementation of its formulas, a tiny text by hand, and real text."""

import math
import os
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course.errors import CourseError
from course.models.ngram import NGram
from course.text import END, PAD, START, UNK

SIZE = 9
TEXTS = st.lists(st.integers(END, SIZE - 1), min_size=2, max_size=60)
ORDERS = st.integers(1, 5)
PTB = Path(os.environ.get("COURSE_DATA", ""), "ptb")


class Slow:
    """Modified Kneser-Ney with dictionaries, one formula after another."""

    def __init__(self, ids, size, order):
        self.size, self.order, self.counts = size, order, {}
        for n in range(1, order + 1):
            grams = Counter(tuple(ids[i : i + n]) for i in range(len(ids) - n + 1))
            self.counts[n] = grams
        for n in range(1, order):
            self.counts[n] = Counter(gram[1:] for gram in self.counts[n + 1])
        if order == 1:  # the first token is only read
            self.counts[1] = Counter((token,) for token in ids[1:])
        self.discount = {n: self.discounts(grams) for n, grams in self.counts.items()}

    @staticmethod
    def discounts(grams):
        n = Counter(grams.values())
        if n[1] and n[2] and n[3] and n[4]:
            share = n[1] / (n[1] + 2 * n[2])
            found = [1 - 2 * share * n[2] / n[1], 2 - 3 * share * n[3] / n[2]]
            found.append(3 - 4 * share * n[4] / n[3])
            if min(found) > 0:
                return [0, *found]
        return [0, 0.5, 1, 1.5]

    def prob(self, token, context):
        context = tuple(context[max(0, len(context) - self.order + 1) :])
        return self.smoothed(token, context)

    def smoothed(self, token, context):
        n = len(context) + 1
        if context:
            lower = self.smoothed(token, context[1:])
        else:
            lower = 0 if token in (PAD, START) else 1 / (self.size - 2)
        grams, discount = self.counts[n], self.discount[n]
        followers = [c for gram, c in grams.items() if gram[:-1] == context]
        if not sum(followers):
            return lower
        count, total = grams[(*context, token)], sum(followers)
        handed_down = sum(discount[min(c, 3)] for c in followers) / total
        return (count - discount[min(count, 3)]) / total + handed_down * lower


@settings(max_examples=60, deadline=None)
@given(TEXTS, TEXTS, ORDERS)
def test_every_token_is_as_likely_as_in_a_slow_implementation(text, other, order):
    fast, slow = NGram(text, SIZE, order), Slow(text, SIZE, order)
    wanted = [math.log(slow.prob(other[t], other[:t])) for t in range(1, len(other))]
    np.testing.assert_allclose(fast.log_probs(other), wanted, rtol=1e-9)


def zipf(length, size, seed):
    """A text whose counts of counts are all there, so that the discounts are estimated."""
    shares = 1 / np.arange(1, size - END + 1)
    return np.random.default_rng(seed).choice(np.arange(END, size), length, p=shares / shares.sum())


def test_estimated_discounts_are_those_of_the_formulas():
    text, other = zipf(2000, 300, seed=1), zipf(50, 300, seed=2)
    fast, slow = NGram(text, 300, 3), Slow(text.tolist(), 300, 3)
    assert all(found != [0, 0.5, 1, 1.5] for found in slow.discount.values())
    wanted = [math.log(slow.prob(other[t], other[:t].tolist())) for t in range(1, 50)]
    np.testing.assert_allclose(fast.log_probs(other), wanted, rtol=1e-9)


@settings(max_examples=60, deadline=None)
@given(TEXTS, st.lists(st.integers(PAD, SIZE - 1), max_size=6), ORDERS)
def test_a_distribution_sums_to_1_behind_every_context(text, context, order):
    probs = NGram(text, SIZE, order).probs(context)
    assert probs.shape == (SIZE,)
    assert probs.sum() == pytest.approx(1, abs=1e-12)
    assert not probs[[PAD, START]].any() and (probs[END:] > 0).all()


@settings(max_examples=40, deadline=None)
@given(TEXTS, TEXTS, ORDERS)
def test_a_texts_tokens_are_as_likely_as_their_distributions_say(text, other, order):
    model = NGram(text, SIZE, order)
    wanted = [np.log(model.probs(other[:t])[other[t]]) for t in range(1, len(other))]
    np.testing.assert_allclose(model.log_probs(other), wanted, rtol=1e-9)


def test_a_tiny_text_by_hand():
    a, b = 4, 5
    model = NGram([END, a, b, a, b, END], 6, order=2)
    # a stands behind END and b, b behind a, END behind b; half of all four goes to 4 equal shares.
    alone = {a: 1 / 4 + 1 / 8, b: 1 / 8 + 1 / 8, END: 1 / 8 + 1 / 8, UNK: 1 / 8}
    np.testing.assert_allclose(model.probs([]), [0, 0, *(alone[i] for i in (END, UNK, a, b))])
    # Behind a stands b, twice: 1 of 2 is taken off.
    np.testing.assert_allclose(model.probs([a]), model.probs([]) / 2 + [0, 0, 0, 0, 0, 1 / 2])
    # Behind b stand a and END, once each: half a count is taken off both.
    wanted = model.probs([]) / 2 + [0, 0, 1 / 4, 0, 1 / 4, 0]
    np.testing.assert_allclose(model.probs([END, a, b]), wanted)
    np.testing.assert_allclose(
        model.perplexity([a, b, a]), ((alone[b] / 2 + 1 / 2) * (alone[a] / 2 + 1 / 4)) ** -0.5
    )


def test_order_1_counts_tokens():
    text = [END, *[4] * 50, *[5] * 30, *[6] * 20]
    probs = NGram(text, SIZE, order=1).probs([5, 5])
    # All three were counted often, so 1.5 is taken off each, and 7 tokens share what that makes.
    shared = 4.5 / 100 / (SIZE - 2)
    wanted = np.array([0, 0, 0, 0, 48.5, 28.5, 18.5, 0, 0]) / 100 + [0, 0, *[shared] * 7]
    np.testing.assert_allclose(probs, wanted)


def test_the_first_token_is_only_read():
    model = NGram([7, 4, 4, 4], SIZE, order=1)
    assert model.probs([])[7] == model.probs([])[8]
    assert len(model.log_probs([7, 4, 4])) == 2
    started = NGram([START, 4, 5, 4, 6], SIZE, order=2)
    assert started.probs([START])[START] == 0 == started.probs([])[START]
    assert started.probs([START])[4] == max(started.probs([START])) > started.probs([])[4]


def test_an_order_beyond_the_text_and_tokens_never_seen_do_no_harm():
    model = NGram([4, 5], SIZE, order=7)
    assert np.isfinite(model.log_probs([8, 6, 7, 4, 5, END])).all()
    assert model.probs([4])[5] == max(model.probs([4]))


def test_a_longer_order_than_a_key_of_whole_n_grams_could_hold():
    text = zipf(300, 50_000, seed=3)
    model = NGram(text, 50_000, order=6)  # 50,000 to the power of 6 is beyond 64 bits
    slow = Slow(text.tolist(), 50_000, order=6)
    wanted = [math.log(slow.prob(text[t], text[:t].tolist())) for t in range(1, 40)]
    np.testing.assert_allclose(model.log_probs(text[:40]), wanted, rtol=1e-9)


def test_a_text_repeated_needs_no_more_room():
    text = zipf(500, 40, seed=4)
    once, often = NGram(np.tile(text, 2), 40), NGram(np.tile(text, 20), 40)
    assert often.distinct == once.distinct
    assert once.distinct[0] == len(set(text.tolist()))


def test_perplexity_is_over_all_tokens_at_once():
    text, other = zipf(400, 30, seed=5), zipf(101, 30, seed=6)
    model = NGram(text, 30, order=2)
    assert model.perplexity(other) == pytest.approx(math.exp(-model.log_probs(other).mean()))


def test_a_text_with_an_order_is_better_predicted_by_a_longer_context():
    # Which token comes next is decided by the two before it.
    text = np.tile([END, 4, 5, 4, 6, 5, 5, 6, 6, 4], 30)
    perplexities = [NGram(text, SIZE, order).perplexity(text) for order in (1, 2, 3)]
    assert perplexities[0] > 3 and perplexities[0] > perplexities[1] > perplexities[2]
    assert perplexities[2] < 1.2


@pytest.mark.parametrize(
    ("ids", "size", "order", "says"),
    [
        ([], SIZE, 3, "empty"),
        ([4], SIZE, 3, "at least 2 tokens"),
        ([4, 5], SIZE, 0, "order must be at least 1"),
        ([4, 5, SIZE], SIZE, 3, f"{SIZE} at place 2"),
        ([4, -1, 5], SIZE, 3, "-1 at place 1"),
        ([4, 5, PAD, 5], SIZE, 3, "place 2"),
        ([START, 5, START], SIZE, 3, "place 2"),
        ([[4, 5], [5, 4]], SIZE, 3, "one row"),
        ([4.0, 5.5], SIZE, 3, "whole numbers"),
        ([0, 1], 2, 3, "size must be above 2"),
    ],
)
def test_bad_input_is_said_in_one_line(ids, size, order, says):
    with pytest.raises(CourseError, match=says) as error:
        NGram(ids, size, order)
    assert "\n" not in str(error.value)


def test_what_it_judges_is_checked_as_well():
    model = NGram([4, 5, 4], SIZE)
    for ask in (model.log_probs, model.perplexity, model.probs):
        with pytest.raises(CourseError, match="place 1"):
            ask([4, SIZE])
    for ask in (model.log_probs, model.perplexity):
        with pytest.raises(CourseError, match="empty"):
            ask([])
    with pytest.raises(CourseError, match="no tokens"):
        model.perplexity([4])


@pytest.fixture(scope="module")
def penn():
    """The Penn Treebank's texts for training, validation and testing as ids, and its size."""
    train, *others = ((PTB / f"ptb.{part}.txt").read_text() for part in ("train", "valid", "test"))
    numbers = {word: id for id, word in enumerate(dict.fromkeys(train.split()), UNK + 1)}
    numbers["<eos>"], size = END, len(numbers) + UNK + 1
    words = ("<eos> " + text.replace("\n", " <eos> ") for text in (train, *others))
    return *(np.array([numbers[word] for word in text.split()]) for text in words), size


@pytest.mark.skipif(not PTB.is_dir(), reason="COURSE_DATA names no folder with ptb")
def test_real_text_is_better_predicted_by_a_longer_context(penn):
    train, valid, _, size = penn
    perplexities = [NGram(train, size, order).perplexity(valid) for order in (1, 2, 3)]
    assert perplexities[0] > 600 > perplexities[1] > 180 > perplexities[2] > 140


@pytest.mark.skipif(not PTB.is_dir(), reason="COURSE_DATA names no folder with ptb")
def test_real_text_has_the_perplexity_that_papers_report(penn):
    # Mikolov, 2012, table 4.1: Kneser-Ney, on the test text.
    train, _, test, size = penn
    assert NGram(train, size, 3).perplexity(test) == pytest.approx(148.3, abs=0.3)
    assert NGram(train, size, 5).perplexity(test) == pytest.approx(141.2, abs=0.3)
