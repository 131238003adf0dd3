import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course import prose
from course.corpora import read_book, split_book
from course.text import WORD, unify

REAL = Path(os.environ.get("COURSE_DATA", ""), "books")

CAPITALS = {"hill": "Hill", "sunday": "Sunday", "usa": "USA"}

MARKS = [*".,;:!?…—-()\"“”‘’'", prose.PARAGRAPH]
TOKENS = st.lists(
    st.sampled_from([*MARKS, *"the lamp mr hill i i'm said he hill's 'tis 3 50 o éa".split()]),
    max_size=30,
)


def words(text: str) -> list[str]:
    return [token for token in WORD.findall(unify(text)) if any(map(str.isalnum, token))]


class TestTypeset:
    @pytest.mark.parametrize(
        ("text", "page"),
        [
            ("the lamp burned . it was dark !", "The lamp burned. It was dark!"),
            ("it was sunday , mr . hill's day .", "It was Sunday, Mr. Hill's day."),
            ("then i knew , and i'm glad .", "Then I knew, and I'm glad."),
            ("so h . hill came . he left .", "So H. Hill came. He left."),
            ("he cost 3 . 50 in the usa .", "He cost 3.50 in the USA."),
            ("“ it is , ” said he , “ a lamp . ”", "“It is,” said he, “a lamp.”"),
            ("“ it is , ” said he . “ a lamp . ”", "“It is,” said he. “A lamp.”"),
            ("he said , “ it is . ”", "He said, “It is.”"),
            ("he said : “ it is . ” it was .", "He said: “It is.” It was."),
            ("“ why ? ” said he . “ so ! ” he cried .", "“Why?” said he. “So!” he cried."),
            ("“ why ? ” the lamp went out .", "“Why?” The lamp went out."),
            ("his “ dear old ” hat .", "His “dear old” hat."),
            ("‘ it is , ’ said he , ‘ a lamp . ’", "‘It is,’ said he, ‘a lamp.’"),
            ('"it is," said he.', "“It is,” said he."),
            ("it was ( the lamp ) well-lit .", "It was (the lamp) well-lit."),
            ("'tis dark . 'tis cold .", "'Tis dark. 'Tis cold."),
        ],
    )
    def test_capitals_and_spaces(self, text, page):
        assert prose.typeset(text, CAPITALS) == page

    @pytest.mark.parametrize(
        ("text", "page"),
        [
            ("“ it is . ¶ it was .", "“It is.”\n\nIt was."),
            ("it is . ” ¶ it was .", "It is.\n\nIt was."),
            ("“ it is , “ he said .", "“It is, he said.”"),
            ("he said , “ ¶ it was .", "He said,\n\nIt was."),
            ("“ ” it was .", "It was."),
            ("¶ ¶ , it is . ¶ . ” ¶ it was . ¶", "It is.\n\nIt was."),
        ],
    )
    def test_quotes_pair_within_each_paragraph(self, text, page):
        assert prose.typeset(text, {}) == page

    @pytest.mark.parametrize(
        ("text", "page"),
        [
            ("it was dark . then the", "It was dark."),
            ("“ it is dark . then the", "“It is dark.”"),
            ("“ it is dark . ” then mr . hill", "“It is dark.”"),
            ("it was dark . ¶ then the", "It was dark."),
            ("then the lamp ,", "Then the lamp."),
            ("mr . hill", "Mr. hill."),
            ("", ""),
            (" ¶ . ”", ""),
        ],
    )
    def test_an_unfinished_sentence_is_left_out_unless_it_is_the_only_one(self, text, page):
        assert prose.typeset(text, {}) == page

    @settings(deadline=None)  # other work on the machine must not fail a test
    @given(TOKENS)
    def test_whatever_a_model_writes(self, tokens):
        page = prose.typeset(" ".join(tokens), CAPITALS)
        kept = [word.lower() for word in words(page)]
        written = [word.lower() for word in words(" ".join(tokens))]
        assert kept == written[: len(kept)]
        for paragraph in page.split("\n\n") if page else []:
            assert paragraph == " ".join(paragraph.split())
            assert words(paragraph) and prose.PARAGRAPH not in paragraph
            quotes = "".join(mark for mark in paragraph if mark in "“”")
            assert quotes == "“”" * (len(quotes) // 2)
            first = next(letter for letter in paragraph if letter.isalnum())
            assert first == first.upper()

    @settings(deadline=None)  # other work on the machine must not fail a test
    @given(TOKENS)
    def test_what_is_set_stays_set(self, tokens):
        page = prose.typeset(" ".join(tokens), CAPITALS)
        again = page.replace("\n\n", f" {prose.PARAGRAPH} ")
        assert words(prose.typeset(again, CAPITALS)) == words(page)


class TestCapitals:
    def test_usual_form_within_sentences(self):
        text = prose.chapter_text(
            [
                "Anna saw Bath. Bath was full; the bath was hot, and Bath cold.",
                "“Come,” said Anna, “I see.” He said, “Bears do.” “Why?” Trees grow.",
            ]
        )
        assert prose.capitals([text]) == {"anna": "Anna", "bath": "Bath", "i": "I"}

    def test_beginnings_alone_say_nothing(self):
        assert prose.capitals(["Snow fell. Snow lay. “Snow!” he said: “Snow.”"]) == {}

    def test_a_form_must_be_more_frequent_than_the_small_one(self):
        assert prose.capitals(["see the Lamp, the lamp"]) == {}
        assert prose.capitals(["see the Lamp, the lamp,", "and the Lamp"]) == {"lamp": "Lamp"}

    def test_forms_of_several_capitals(self):
        assert prose.capitals(["in the USA, the McAnn"]) == {"usa": "USA", "mcann": "McAnn"}

    def test_titles_do_not_end_a_sentence(self):
        assert prose.capitals(["Then Mr. Hill and H. Ray came."]) == {
            "mr": "Mr",
            "hill": "Hill",
            "h": "H",
            "ray": "Ray",
        }


def test_paragraph_mark_is_a_token_of_its_own():
    text = prose.chapter_text(["It was dark.", "“Yes.”"])
    assert WORD.findall(text) == ["It", "was", "dark", ".", "¶", "“", "Yes", ".", "”"]


@pytest.mark.skipif(not REAL.is_dir(), reason="COURSE_DATA names no folder with books")
@pytest.mark.parametrize(
    ("name", "least"), [("pride_1342-0", 0.99), ("timemachine_35-0", 0.98), ("alice_11-0", 0.97)]
)
def test_round_trip_of_real_chapters(name, least):
    """Small letters get back the capitals of chapters that nothing was learnt from."""
    train, held = split_book(read_book(REAL / f"{name}.txt"))
    learnt = prose.capitals(prose.chapter_text(chapter.paragraphs) for chapter in train)
    pairs = []
    for chapter in held:
        text = prose.chapter_text(chapter.paragraphs)
        page = prose.typeset(text.lower(), learnt)
        assert page.count("\n\n") == len(chapter.paragraphs) - 1
        pairs += zip(words(text), words(page), strict=True)
    assert sum(one == other for one, other in pairs) / len(pairs) >= least


@pytest.mark.parametrize("marks", [", .", "; .", ": , .", ", ?", ", , !"])
def test_a_pause_goes_before_another_mark(marks):
    assert prose.typeset(f"she went {marks} he stayed .", {}) == f"She went{marks[-1]} He stayed."


def test_a_pause_stays_before_a_quotation_mark():
    assert prose.typeset("“ come , ” said he .", {}) == "“Come,” said he."
