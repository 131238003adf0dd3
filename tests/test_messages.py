"""What people type is made fit for a model, a terminal and other people's eyes."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course.errors import CourseError
from course.messages import EMOJI, LINK, NAME, NUMBER, cleaner, printable

keep, drop, token = (cleaner(emoji=choice) for choice in ("keep", "drop", "token"))
masked = cleaner(anonymize=True, names=["Anna Ärendt", "Li", "Bo.b"])


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]0;a title\x07text", "text"),
        ("\x1b]8;;http://x\x1b\\link", "link"),
        ("\x1bc cleared", "cleared"),
        ("bell\x07 and\x00 null\x7f", "bell and null"),
        ("c1 \x9b31m", "c1 31m"),
        ("a\r\nb\tc", "a b c"),
        ("left \u202eright\u202c \u2066isolated\u2069", "left right isolated"),
        ("שלום, مرحبا", "שלום, مرحبا"),
        ("half \ud83d an emoji", "half an emoji"),
        ("\x1b", ""),
    ],
)
def test_nothing_moves_a_terminal(text, shown):
    assert printable(text) == shown


@given(st.text())
def test_what_is_printable_has_no_control_character_left(text):
    shown = printable(text)
    assert not any(unicodedata.category(character) in ("Cc", "Cs") for character in shown)
    assert printable(shown) == shown


@pytest.mark.parametrize(
    ("text", "kept", "dropped", "tokens"),
    [
        ("Hi 😀!", "Hi 😀 !", "Hi !", f"Hi {EMOJI} !"),
        ("ok👍🏽", "ok 👍", "ok", f"ok {EMOJI}"),
        ("👩‍🚀 up", "👩 up", "up", f"{EMOJI} up"),
        ("🇩🇪", "🇩🇪", "", EMOJI),
        ("❤️", "❤", "", EMOJI),
        ("3️⃣", "3", "", EMOJI),
        ("no 3 # *", "no 3 # *", "no 3 # *", "no 3 # *"),
        ("→ © €", "→ © €", "→ © €", "→ © €"),
    ],
)
def test_emoji_stay_go_or_become_a_token(text, kept, dropped, tokens):
    assert [clean(text) for clean in (keep, drop, token)] == [kept, dropped, tokens]


def test_no_other_choice_for_emoji():
    with pytest.raises(CourseError, match="no choice 'no' for emoji: keep, drop, token"):
        cleaner(emoji="no")


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("see https://x.org/a?b=1#c now", f"see {LINK} now"),
        ("www.x.org", LINK),
        ("write to a.b+c@mail.x.org.", f"write to {LINK}."),
        ("call +49 170 123-45 67 at 8:30", f"call {NUMBER} at {NUMBER}"),
        ("flat 3b, 1,200.50 euros", f"flat {NUMBER}b, {NUMBER} euros"),
        ("Anna Ärendt and ANNA, ärendt's", f"{NAME} and {NAME}, {NAME}'s"),
        ("Li likes Lime, Annabel", f"{NAME} likes Lime, Annabel"),
        ("Bo.b is no Boob", f"{NAME} is no Boob"),
        ("nobody here", "nobody here"),
    ],
)
def test_links_numbers_and_names_are_masked(text, clean):
    assert masked(text) == clean


def test_without_names_no_name_is_found():
    assert cleaner(anonymize=True)("Anna, 7") == f"Anna, {NUMBER}"


@given(st.text(alphabet=st.sampled_from("Ana li7.:@/w😀🏽\u200d\ufe0f\x1b[m \u202e#"), max_size=40))
def test_cleaning_twice_is_cleaning_once(text):
    for clean in (keep, drop, token, masked):
        once = clean(text)
        assert clean(once) == once


@pytest.mark.parametrize("piece", ["a.", "1 ", "\x1b]", "👩\u200d", "1.", "www.", "a@"])
def test_long_nasty_texts_are_cleaned(piece):
    assert masked(piece * 50_000) is not None
