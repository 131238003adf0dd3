"""The source of known entropy: its rate against closed forms, against counting, and by name."""

import math
import re
from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course.corpora import gazette
from course.corpora.automaton import automaton
from course.errors import CourseError

EVEN = {
    "a": {"x": (1.0, "a"), "y": (1.0, "b")},
    "b": {"y": (1.0, "a")},
}


def entropy(*probs):
    return -sum(p * math.log(p) for p in probs if p)


def test_the_even_process_has_its_known_rate():
    # Two thirds of the steps are in the state that has a choice of two.
    source = automaton("a", EVEN.__getitem__)
    assert source.occupancy() == pytest.approx([2 / 3, 1 / 3])
    assert source.entropy_rate == pytest.approx(2 / 3 * math.log(2))


@given(st.lists(st.floats(0.01, 10), min_size=1, max_size=6))
def test_independent_draws_have_the_entropy_of_one(weights):
    total = sum(weights)
    source = automaton(0, lambda state: {str(n): (w, 0) for n, w in enumerate(weights)})
    assert source.entropy_rate == pytest.approx(entropy(*(w / total for w in weights)))


@settings(max_examples=20)
@given(st.floats(0.05, 0.95), st.floats(0.05, 0.95))
def test_a_markov_chain_has_the_rate_of_its_rows(stay, back):
    rows = {
        0: {"a": (stay, 0), "b": (1 - stay, 1)},
        1: {"a": (back, 0), "b": (1 - back, 1)},
    }
    source = automaton(0, rows.__getitem__)
    first = back / (back + 1 - stay)
    rate = first * entropy(stay, 1 - stay) + (1 - first) * entropy(back, 1 - back)
    assert source.entropy_rate == pytest.approx(rate)


def test_a_long_text_costs_what_the_rate_says():
    source = gazette.gazette()
    nll = -source.log_probs(source.generate(60_000, seed=3))
    lines = np.array([part.mean() for part in np.array_split(nll, 200)])
    assert abs(nll.mean() - source.entropy_rate) < 4 * lines.std() / math.sqrt(len(lines))


def test_probabilities_are_those_of_counting():
    source = automaton("a", EVEN.__getitem__)
    said = source.generate(40_000, seed=1)
    assert np.exp(source.log_probs(said)[:1]) == pytest.approx(0.5)
    pairs = Counter(pairwise(said))
    # Behind x stands x or y, as likely; runs of y have even length, so y ends none at an odd one.
    assert pairs["x", "x"] / (pairs["x", "x"] + pairs["x", "y"]) == pytest.approx(0.5, abs=0.02)
    runs = "".join(said).split("x")[:-1]
    assert {len(run) % 2 for run in runs} == {0}


def test_what_cannot_be_said_has_no_probability():
    source = automaton("a", EVEN.__getitem__)
    log_probs = source.log_probs(["y", "x", "y"])
    assert log_probs[0] == pytest.approx(math.log(0.5))
    assert list(log_probs[1:]) == [-math.inf, -math.inf]
    assert source.log_probs(["z"]) == [-math.inf]
    assert len(source.log_probs([])) == 0


def test_a_seed_repeats_and_another_does_not():
    source = gazette.gazette()
    assert source.generate(200, seed=5) == source.generate(200, seed=5)
    assert source.generate(200, seed=5) != source.generate(200, seed=6)
    assert source.generate(5, seed=0, until=gazette.EOS)[-1] == gazette.EOS


def test_a_state_with_nothing_to_say_is_refused():
    with pytest.raises(CourseError, match="'b' of an automaton has nothing to say"):
        automaton("a", {"a": {"x": (1, "b")}, "b": {"y": (0, "a")}}.__getitem__)


class TestGazette:
    def test_a_section_keeps_its_words(self):
        source = gazette.gazette()
        at_sea = [line for line in sections(source, "shipping") if "steamer" in line]
        assert at_sea
        assert not any("goalkeeper" in line for line in sections(source, "shipping"))

    def test_verbs_agree_over_the_words_between(self):
        text = " ".join(gazette.lines(gazette.gazette().generate(60_000)))
        for noun, verb in (("captain", "was"), ("captains", "were")):
            assert set(re.findall(rf"\b{noun} at the \S+ (was|were)\b", text)) == {verb}

    def test_its_sentences_have_the_treebanks_marks(self):
        tokens = set(gazette.gazette().tokens)
        assert {"N", "<unk>", "<eos>", "mr."} <= tokens
        assert all(token == token.lower() for token in tokens - {"N"})


def sections(source, name):
    """The lines of all sections of one name."""
    found, inside = [], False
    for line in gazette.lines(source.generate(40_000)):
        if " " not in line:
            inside = line == name
        elif inside:
            found.append(line)
    return found
