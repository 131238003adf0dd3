"""Conversations become exchanges, are split without a leak, and encoded."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course import exchanges
from course.corpora.dialogues import load_dialogues
from course.corpora.turns import Dialogues, alternating, joined
from course.errors import CourseError
from course.exchanges import Exchange
from course.text import END, PAD, START, UNK, Codec, WordTokenizer

TALK = alternating(["Hello.", "Hi!", "Is it raining?", "Take an umbrella.", "And tomorrow?"])


def talks(*texts):
    return [alternating(text.split("|")) for text in texts]


def test_each_turn_but_the_first_is_a_reply():
    found = exchanges.exchanges([TALK])
    assert [one.reply for one in found] == [turn.text for turn in TALK[1:]]
    assert [one.question for one in found] == [turn.text for turn in TALK[:-1]]


def test_the_context_is_the_last_turns_oldest_first():
    found = exchanges.exchanges([TALK], context=3)
    assert found[0].said == ("Hello.",)
    assert found[-1].said == ("Hi!", "Is it raining?", "Take an umbrella.")
    assert found[-1].source == "Hi! __eou__ Is it raining? __eou__ Take an umbrella."


def test_the_replies_of_one_speaker():
    found = exchanges.exchanges([TALK], context=2, speaker="B")
    assert [one.reply for one in found] == ["Hi!", "Take an umbrella."]
    assert found[1].said == ("Hi!", "Is it raining?")


def test_a_speaker_who_never_replies_is_refused_with_the_speakers():
    with pytest.raises(CourseError, match="Wren replies to nobody: the speakers are A, B"):
        exchanges.exchanges([TALK], speaker="Wren")


def test_no_context_is_refused():
    with pytest.raises(CourseError, match="context must be at least 1"):
        exchanges.exchanges([TALK], context=0)


def test_repeats_are_left_out_capitals_and_marks_aside():
    found = talks("Hello there.|Hi!", "hello there|HI.", "Hello there.|Go away!")
    kept = exchanges.without_repeats(Dialogues(found, "a test"))
    assert list(kept) == [found[0], found[2]]
    assert "1 repeated" in kept.source


SHORT = ["How are you?|Fine, thanks.", "How are you?|Fine, thanks.|Good."]
LONG = [
    "Where did you put the big red box?|It is under the stairs.",
    "Hello.|Where did you put the big red box?|It is under the stairs.|I see.",
]


def test_a_long_exchange_in_common_keeps_conversations_together():
    found = talks(*SHORT, *LONG, "Goodbye then.|See you.")
    assert sorted(exchanges.linked(found)) == [[0], [1], [2, 3], [4]]


@given(st.lists(st.integers(0, 30), min_size=12, max_size=60), st.integers(0, 5))
def test_a_split_loses_nothing_and_shares_no_long_exchange(numbers, seed):
    found = talks(*(f"what is the number of house {n} please|it is number {n}" for n in numbers))
    found += talks(*(f"a|b{place}" for place in range(40)))
    parts = exchanges.split(found, (0.6, 0.2, 0.2), seed)
    assert Counter(talk for part in parts for talk in part) == Counter(found)
    said = [{turn.text for talk in part for turn in talk if len(turn.text) > 4} for part in parts]
    assert not (said[0] & said[1] or said[0] & said[2] or said[1] & said[2])
    assert parts == exchanges.split(found, (0.6, 0.2, 0.2), seed)


def test_the_parts_have_about_their_shares():
    found = talks(*(f"question {place}|answer" for place in range(200)))
    assert [len(part) for part in exchanges.split(found, (0.7, 0.2, 0.1))] == [140, 40, 20]


@pytest.mark.parametrize("shares", [(0.7, 0.2, 0.2), (1.2, -0.1, -0.1)])
def test_shares_that_make_no_sense_are_refused(shares):
    with pytest.raises(CourseError, match="sum to 1"):
        exchanges.split(talks("a|b"), shares)


def test_too_few_conversations_are_refused():
    with pytest.raises(CourseError, match="2 conversations, 1 of them unlike"):
        exchanges.split(talks(*LONG))


@pytest.fixture
def codec():
    return Codec.fit(["hello there you __eou__ ?"], WordTokenizer(lower=True))


def test_encoded_replies_have_both_marks_and_unknown_words(codec):
    found = exchanges.encode([Exchange(("Hello?",), "there, you")], codec, 9, 9)
    hello, there, you = codec.vocabulary.ids(["hello", "there", "you"])
    assert found.source[0].tolist() == [hello, *codec.ids("?")]
    assert found.target[0].tolist() == [START, there, UNK, you, END]


def test_a_source_is_cut_at_its_beginning_and_a_long_reply_left_out(codec):
    short, long = Exchange(("you you", "hello there"), "you"), Exchange(("you",), "you you you")
    found = exchanges.encode([short, long], codec, 2, 2)
    assert found.kept == [short]
    assert found.source[0].tolist() == codec.ids("hello there")
    with pytest.raises(CourseError, match="none of the 1 replies has from 1 to 2 tokens"):
        exchanges.encode([long], codec, 2, 2)


def test_running_replies_stand_between_ends(codec):
    found = exchanges.encode(
        [Exchange(("you",), "hello"), Exchange(("you",), "there")], codec, 9, 9
    )
    hello, there = codec.ids("hello there")
    assert found.running.tolist() == [END, hello, END, there, END]


def test_batches_ask_for_each_token_of_a_reply_once(codec):
    found = [Exchange(("you?",), "hello"), Exchange(("hello there you",), "you there ?")]
    batches = exchanges.encode(found, codec, 9, 9).batches(batch=2, buckets=1)
    [batch] = batches
    assert batch.tokens == batches.tokens == 6
    for row in range(2):
        real = batch.target_out[row] != PAD
        assert np.array_equal(batch.target_in[row][real][1:], batch.target_out[row][real][:-1])


def test_alternatives_are_all_replies_to_a_question():
    found = exchanges.exchanges(talks("Hello.|Hi!", "hello|Good morning.", "Bye.|Bye!"))
    assert exchanges.alternatives(found) == {"hello": {"hi", "good morning"}, "bye": {"bye"}}


def test_joined_turns_have_no_speaker_twice_in_a_row():
    talk = joined([*TALK[:1], *TALK[:2], TALK[3]._replace(text="  ")])
    assert [turn.speaker for turn in talk] == ["A", "B"]
    assert talk[0].text == "Hello. Hello."


def test_a_change_that_empties_turns_joins_their_neighbours():
    found = Dialogues([TALK], "a test").mapped(lambda text: "" if text == "Hi!" else text.lower())
    assert found[0][0].text == "hello. is it raining?"


class TestShipped:
    """The conversations with Wren."""

    @pytest.fixture
    def shipped(self):
        return load_dialogues()

    def test_there_are_five_hundred_exchanges_of_several_turns(self, shipped):
        assert len(exchanges.exchanges(shipped, speaker="Wren")) >= 500
        assert all(len(talk) >= 4 and talk[-1].speaker == "Wren" for talk in shipped)

    def test_none_is_there_twice(self, shipped):
        assert len(exchanges.without_repeats(shipped)) == len(shipped)

    def test_each_reply_is_on_the_subject_of_its_conversation(self, shipped):
        from course.corpora import subjects

        found = exchanges.exchanges(shipped, speaker="Wren")
        assert subjects.on_subject([one.reply for one in found], found) == 1.0

    def test_the_turns_are_short_and_plain(self, shipped):
        tokens = WordTokenizer().tokens
        assert max(len(tokens(turn.text)) for talk in shipped for turn in talk) <= 20
        assert all(turn.text.isascii() for talk in shipped for turn in talk)
