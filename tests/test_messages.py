"""What people type is made fit for a model, a terminal and other people's eyes."""

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course.errors import CourseError
from course.messages import EMOJI, EMOJI_CHOICES, LINK, NAME, NUMBER, cleaner, printable

NAMES = ["Anna Ärendt", "Li", "Bo.b", "A B", "O'Neil"]
keep, drop, token = (cleaner(emoji=choice) for choice in EMOJI_CHOICES)
masked = cleaner(anonymize=True, names=NAMES)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]0;a title\x07text", "text"),
        ("\x1b]8;;http://x\x1b\\link", "link"),
        ("\x1b]0;a title that never ends", ""),
        ("\x1b(B\x1b[mplain", "plain"),
        ("\x1b\x1b[31mred", "red"),
        ("\x1bc cleared", "cleared"),
        ("bell\x07 and\x00 null\x7f", "bell and null"),
        ("c1 \x9b31m", "c1 31m"),
        ("a\r\nb\tc", "a b c"),
        ("left \u202eright\u202c \u2066isolated\u2069", "left right isolated"),
        ("mark\u200e \u200fand\u061c", "mark and"),
        ("שלום, مرحبا", "שלום, مرحبا"),
        ("می\u200cخواهم", "می\u200cخواهم"),
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
        ("🏴󠁧󠁢󠁳󠁣󠁴󠁿", "🏴", "", EMOJI),
        ("❤️", "❤", "", EMOJI),
        ("😀😀", "😀 😀", "", f"{EMOJI} {EMOJI}"),
        ("a🆗b", "a 🆗 b", "a b", f"a {EMOJI} b"),
        ("▶️ ▶", "▶ ▶", "▶", f"{EMOJI} ▶"),
        ("©️ 🙂‍↔️", "© 🙂", "", f"{EMOJI} {EMOJI}"),
        ("loose\u200d parts\ufe0f", *["loose parts"] * 3),
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
        ("a@x.org@y.org", LINK),
        ("a@+7.org", LINK),
        ("HTTPS://X.ORG", LINK),
        ("www. and a@b are neither", "www. and a@b are neither"),
        ("call +49 170 123-45 67 at 8:30", f"call {NUMBER} at {NUMBER}"),
        ("flat 3b, 1,200.50 euros", f"flat {NUMBER}b, {NUMBER} euros"),
        ("Anna Ärendt and ANNA, ärendt's", f"{NAME} and {NAME}, {NAME}'s"),
        ("Li likes Lime, Annabel, Boli", f"{NAME} likes Lime, Annabel, Boli"),
        ("Bo.b is no Boob", f"{NAME} is no Boob"),
        ("nobody here", "nobody here"),
    ],
)
def test_links_numbers_and_names_are_masked(text, clean):
    assert masked(text) == clean


def test_without_names_no_name_is_found():
    assert cleaner(anonymize=True)("Anna, 7") == f"Anna, {NUMBER}"


def test_a_name_that_an_emoji_parts_is_found():
    assert cleaner(emoji="drop", anonymize=True, names=["A B"])("A 😀 B") == NAME


PLAIN = [*"a@b.c @ +7 . www. http:// Anna Ärendt anna Li A B _".split(), " "]
PICTURES = ["😀", "🏽", "\u200d", "\ufe0f", "\u20e3", "🇩", "🇪", "↔", "\U000e0067"]
CONTROLS = ["\x1b", "[31m", "]0;", "(B", "\x07", "\x00", "\u202e", "שלום"]
PIECES = st.sampled_from([*PLAIN, *PICTURES, *CONTROLS])


@settings(max_examples=500, deadline=None)
@given(st.lists(st.one_of(PIECES, st.text(max_size=2)), max_size=12).map("".join))
def test_cleaning_twice_is_cleaning_once(text):
    for choice in EMOJI_CHOICES:
        for clean in (cleaner(emoji=choice), cleaner(emoji=choice, anonymize=True, names=NAMES)):
            once = clean(text)
            assert clean(once) == once


@given(st.text())
def test_no_digit_is_left_when_numbers_are_masked(text):
    assert not any(character.isdecimal() for character in masked(text))


NASTY = ["a.", "1 ", "1(", "a@", "x@a-", "a.@", "www.", "http://", "\x1b]", "\x1b[0", "👩\u200d"]


@pytest.mark.parametrize("piece", [*NASTY, f"a@b.c@{'w' * 65}.{'v' * 65}"], ids=ascii)
def test_long_nasty_texts_are_cleaned(piece):
    count = 100_000 // len(piece)
    for text in (piece * count, piece[0] + piece[1:] * count):
        once = masked(f"{text} Anna")
        assert once == masked(once) and "Anna" not in once
