import os
import re
import textwrap
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from refusing import refusal

from course.corpora import (
    NOVELLA,
    Book,
    Chapter,
    load_book,
    read_book,
    split_book,
)
from course.corpora.chapters import HEAD

REAL = Path(os.environ.get("COURSE_DATA", ""), "books")

SENTENCE = "The lamp burned low in the window while the snow came down over the harbour. "
PARAGRAPH = (SENTENCE * 4).strip()
WRAPPED = textwrap.fill(PARAGRAPH, 70)


@pytest.fixture(autouse=True)
def apart(tmp_path, monkeypatch):
    """Keep the user's own books, and the network, out of every test."""
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("COURSE_OFFLINE", "1")
    monkeypatch.delenv("COURSE_DATA", raising=False)


@pytest.fixture
def read(tmp_path):
    def read(content: str | bytes, name: str = "story.txt") -> Book:
        file = tmp_path / name
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        return read_book(file)

    return read


def paged(*blocks: str) -> str:
    """Part blocks with blank lines."""
    return "\n\n".join(blocks) + "\n"


def titles(book: Book) -> list[str]:
    return [chapter.title for chapter in book.chapters]


def only(book: Book) -> list[str]:
    """Return the paragraphs of a book of one chapter."""
    (chapter,) = book.chapters
    return chapter.paragraphs


class TestHeads:
    @pytest.mark.parametrize(
        ("heads", "expected"),
        [
            (["Chapter 1", "Chapter 2"], ["Chapter 1", "Chapter 2"]),
            (["CHAPTER I.", "CHAPTER XLIX."], ["Chapter I", "Chapter XLIX"]),
            (["Chapter the First", "CHAPTER THE LAST"], ["Chapter the First", "Chapter the Last"]),
            (["Chapter One", "CHAPTER TWENTY-ONE"], ["Chapter One", "Chapter Twenty-One"]),
            (["Chapter 1\nThe Lamp", "Chapter 2\nWho Rang the Bell?"],
             ["Chapter 1: The Lamp", "Chapter 2: Who Rang the Bell?"]),
            (["CHAPTER I.\n\nThe Lamp.", "CHAPTER II.\n\nTHE BELL."],
             ["Chapter I", "Chapter II: THE BELL"]),
            (["Chapter 1: the lamp", "Chapter 2 — The bell"],
             ["Chapter 1: the lamp", "Chapter 2: The bell"]),
            (["STAVE ONE", "STAVE TWO"], ["Stave One", "Stave Two"]),
            (["_Chapter 1_", "_Chapter 2_"], ["Chapter 1", "Chapter 2"]),
            (["I", "II"], ["I", "II"]),
            (["I.", "II."], ["I", "II"]),
            (["1", "2"], ["1", "2"]),
            (["I. Introduction", "II. The Machine"], ["I: Introduction", "II: The Machine"]),
            (["I\n\n\n Introduction", "II\n\n\n The Machine"],
             ["I: Introduction", "II: The Machine"]),
            (["PROLOGUE", "Chapter 1"], ["Prologue", "Chapter 1"]),
            (["Chapter 9", "Epilogue"], ["Chapter 9", "Epilogue"]),
        ],
    )  # fmt: skip
    def test_usual_forms(self, read, heads, expected):
        book = read(paged("The Harbour", heads[0], WRAPPED, WRAPPED, heads[1], WRAPPED))
        assert titles(book) == expected
        found = [paragraph for chapter in book.chapters for paragraph in chapter.paragraphs]
        if "The Lamp." in heads[0]:  # a short sentence of its own is text, and no title
            assert found.pop(0) == "The Lamp."
        assert found == [PARAGRAPH] * 3

    @pytest.mark.parametrize(
        "line",
        [
            "Chapter one of her life was over.",
            "Part two of the plan",
            "Letter to a friend",
            "Book Civil Service Exams",
            "IV drips and bandages.",
        ],
    )
    def test_what_is_no_head(self, read, line):
        book = read(paged("Chapter 1", WRAPPED, line, WRAPPED))
        assert only(book) == [PARAGRAPH, line, PARAGRAPH]

    def test_text_right_below_the_head(self, read):
        book = read(paged(f"Chapter 1\n{WRAPPED}", f"Chapter 2\n{WRAPPED}"))
        assert [chapter.paragraphs for chapter in book.chapters] == [[PARAGRAPH]] * 2

    def test_short_numbered_paragraphs_are_a_list(self, read):
        steps = ["1. Trim the wick", "2. Fill the lamp", "3. Light it"]
        assert only(read(paged("Of Lamps", *steps, WRAPPED))) == [*steps, PARAGRAPH]

    def test_numbers_out_of_order_are_no_heads(self, read):
        book = read(paged("The Harbour", WRAPPED, "VII", WRAPPED, "XII", WRAPPED))
        assert only(book) == [PARAGRAPH] * 3

    def test_numbers_of_sections_do_not_cut_chapters(self, read):
        book = read(paged("Chapter 1", "I", WRAPPED, "II", WRAPPED, "Chapter 2", "I", WRAPPED))
        assert titles(book) == ["Chapter 1", "Chapter 2"]
        assert book.chapters[0].paragraphs == [PARAGRAPH] * 2

    def test_numbers_cut_the_parts_of_a_book(self, read):
        book = read(paged("PART ONE", "1", WRAPPED, "2", WRAPPED, "PART TWO", "1", WRAPPED))
        assert titles(book) == ["1", "2", "1"]


class TestWhatIsLeftOut:
    @pytest.mark.parametrize(
        "contents",
        [
            "CHAPTER I. The Lamp\nCHAPTER II. The Bell\nCHAPTER III. The Boat",
            "CHAPTER I. The Lamp\n\nCHAPTER II. The Bell\n\nCHAPTER III. The Boat",
            "I. The Lamp ... 1\nII. The Bell ... 9\nIII. The Boat ... 17",
            "Chapter I\nThe Lamp\n\nChapter II\nThe Bell\n\nChapter III\nThe Boat",
            "Chapter I  The Lamp\n II  The Bell\n III  The Boat\n Epilogue",
            "CHAPTER I\n\nCHAPTER II\n\nCHAPTER II\n\nCHAPTER III\n\nLIST OF PICTURES\n\nA lamp",
        ],
    )
    def test_table_of_contents(self, read, contents):
        chapters = ["CHAPTER I", WRAPPED, "CHAPTER II", WRAPPED, "CHAPTER III", WRAPPED]
        book = read(paged("The Harbour\nby Ann Other", "CONTENTS", contents, *chapters))
        assert titles(book) == ["Chapter I", "Chapter II", "Chapter III"]
        assert [chapter.paragraphs for chapter in book.chapters] == [[PARAGRAPH]] * 3
        assert (book.title, book.author) == ("The Harbour", "Ann Other")

    def test_preface_is_left_out_and_a_long_beginning_is_not(self, read):
        chapters = ["Chapter 1", *[WRAPPED] * 5, "Chapter 2", *[WRAPPED] * 5]
        assert titles(read(paged("PREFACE", WRAPPED, *chapters))) == ["Chapter 1", "Chapter 2"]
        book = read(paged("The Harbour", *[WRAPPED] * 3, *chapters))
        assert titles(book) == ["The Harbour", "Chapter 1", "Chapter 2"]

    def test_the_end(self, read):
        assert only(read(paged(WRAPPED, WRAPPED, "THE END."))) == [PARAGRAPH] * 2

    def test_illustrations_notes_asterisks_and_page_numbers(self, read):
        book = read(
            paged(
                "Chapter 1",
                "[Illustration]",
                "She lit[12] the lamp. {13}",
                "[Illustration: A lamp.\n\n[_Copyright by nobody._]]",
                "*     *     *",
                "112",
                "[Transcriber's Note: sic.]",
                "It burned.",
            )
        )
        assert only(book) == ["She lit the lamp.", "It burned."]

    def test_head_within_an_illustration_stays(self, read):
        drawn = "[Illustration:\n\nTHE HARBOUR\n\n\nChapter I.]"
        book = read(paged("List of pictures.", drawn, WRAPPED, "CHAPTER II.", WRAPPED))
        assert titles(book) == ["Chapter I", "Chapter II"]

    def test_title_page_of_a_book_without_heads(self, read):
        book = read(paged("THE HARBOUR", "By Ann Other", WRAPPED, WRAPPED))
        assert (book.title, book.author) == ("THE HARBOUR", "Ann Other")
        assert only(book) == [PARAGRAPH] * 2
        assert titles(book) == ["THE HARBOUR"]

    def test_file_name_is_the_title_if_nothing_else_is(self, read):
        assert read(paged(WRAPPED, WRAPPED)).title == "story"
        assert read(paged("Chapter 1", WRAPPED, "Chapter 2", WRAPPED)).title == "story"


class TestParagraphs:
    @pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
    @pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
    def test_line_ends_and_byte_order_mark(self, read, newline, bom):
        text = paged("The Harbour", "Chapter 1", WRAPPED, WRAPPED, "Chapter 2", WRAPPED)
        book = read(bom + text.replace("\n", newline).encode())
        assert (book.title, titles(book)) == ("The Harbour", ["Chapter 1", "Chapter 2"])
        assert [len(chapter.paragraphs) for chapter in book.chapters] == [2, 1]

    def test_one_line_a_paragraph_needs_no_blank_lines(self, read):
        lines = ["Chapter 1", "The Lamp", PARAGRAPH, PARAGRAPH, "Chapter 2", PARAGRAPH]
        book = read("\n".join(lines))
        assert titles(book) == ["Chapter 1: The Lamp", "Chapter 2"]
        assert [len(chapter.paragraphs) for chapter in book.chapters] == [2, 1]

    def test_a_single_enormous_line(self, read):
        book = read(SENTENCE * 20_000)
        assert only(book) == [(SENTENCE * 20_000).strip()]
        assert book.words == 15 * 20_000

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("some-\nthing and something", "something and something"),
            ("Some-\nthing and something", "Something and something"),
            ("a farm-\nyard and yards", "a farm-yard and yards"),
            ("a farm-\nyard, no farmyard, a farm-yard, a farm-yard",
             "a farm-yard, no farmyard, a farm-yard, a farm-yard"),
            ("my mother-in-\nlaw", "my mother-in-law"),
            ("in 1914-\n18 it", "in 1914- 18 it"),
        ],
    )  # fmt: skip
    def test_hyphens_at_the_end_of_lines(self, read, text, expected):
        assert only(read(text)) == [expected]

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ('"Well?" he said.', "“Well?” he said."),
            ('He said, "Well?"', "He said, “Well?”"),
            ('"I--" he said--"I know."', "“I—” he said—“I know.”"),
            ('("Yes," said\nshe.)', "(“Yes,” said she.)"),
            ("\"'Never,' he said to me,\" said she.", "“‘Never,’ he said to me,” said she."),
            ("it's the girls' house, 'tis true", "it's the girls' house, 'tis true"),
            ("it’s ‘his’ house", "it's ‘his’ house"),
            ("the 'old house' there", "the ‘old house’ there"),
            ("a _very_ old_house_", "a very old_house"),
            ("Miss ____ of ----shire", "Miss — of —shire"),
            ("a light--\na lamp", "a light—a lamp"),
            ("cafe\u0301\u00a0noir", "café noir"),
        ],
    )
    def test_marks(self, read, text, expected):
        assert only(read(text)) == [expected]

    @settings(deadline=None)  # other work on the machine must not fail a test
    @given(
        st.lists(st.sampled_from("lamp bell boat don't ship-shape 1914 Ann".split()), min_size=1)
    )
    def test_no_word_is_lost_or_made(self, tmp_path_factory, words):
        file = tmp_path_factory.getbasetemp() / "words.txt"
        file.write_text("\n".join([*words, "and so it ended."]))
        text = " ".join(only(read_book(file)))
        assert text.split() == [*words, "and", "so", "it", "ended."]


class TestBadFiles:
    def test_no_such_file(self, read, tmp_path):
        read(WRAPPED)
        message = refusal(read_book, tmp_path / "storey.txt")
        assert message.startswith("no such file: ") and message.endswith("did you mean story.txt?")

    def test_folder(self, tmp_path):
        assert refusal(read_book, tmp_path) == f"{tmp_path} is a folder: name a text file in it"

    @pytest.mark.parametrize(
        "content",
        [
            b"",
            b"\xef\xbb\xbf",
            b"\n \r\n",
            b"* * *\n\n---",
            b"12\n\nThe End",
            b"Chapter 1\n\nChapter 2\n",
        ],
    )
    def test_empty(self, read, content):
        assert "story.txt is empty: it should hold the text" in refusal(read, content)

    def test_nothing_between_header_and_footer(self, read):
        start, end = (
            f"*** {mark} OF THIS PROJECT GUTENBERG EBOOK X ***" for mark in ("START", "END")
        )
        assert "it should hold the text of a book" in refusal(
            read, paged("Title: X", start, end, "law")
        )

    @pytest.mark.parametrize(
        ("content", "byte"),
        [
            (b"PK\x03\x04word", "0x03 at offset 2"),
            (b"A lamp\x00", "0x00 at offset 6"),
            ("A lamp".encode("utf-16"), "0x00 at offset 3"),
            (b"\x1b[1mA lamp", "0x1b at offset 0"),
        ],
    )
    def test_binary(self, read, content, byte):
        message = refusal(read, content)
        assert f"story.txt is no plain text: byte {byte}; save the text as plain text" in message

    def test_not_utf8(self, read):
        message = refusal(read, b"A lamp.\r\nA caf\xe9.")
        assert "not UTF-8: byte 0xe9 at offset 14, in line 2; save the text as UTF-8" in message

    def test_end_of_file_mark_of_dos(self, read):
        assert only(read(b"A lamp.\r\n\x1a")) == ["A lamp."]


class TestLoading:
    def test_path_and_its_source(self, read, tmp_path):
        read(paged("The Harbour", "by Ann Other", "Chapter 1", WRAPPED, "Chapter 2", WRAPPED))
        file = tmp_path / "story.txt"
        for name in (file, str(file)):
            assert load_book(name).source == (
                f"The Harbour by Ann Other, the file {file}: 120 words in 2 chapters; "
                "licence not known to the course"
            )
        assert repr(load_book(file)) == f"Book({load_book(file).source})"

    def test_number_in_the_data_folder(self, tmp_path, monkeypatch):
        file = tmp_path / "data" / "books" / "99-0.txt"
        file.parent.mkdir(parents=True)
        file.write_text(paged("The Harbour", WRAPPED, WRAPPED))
        monkeypatch.setenv("COURSE_DATA", str(tmp_path / "data"))
        assert load_book(99).source == load_book("99").source == (
            f"The Harbour, Project Gutenberg 99 from COURSE_DATA ({file}): 120 words in 1 chapter; "
            "licence not known to the course"
        )  # fmt: skip

    @pytest.mark.parametrize("name", [None, True, 13.5, "a\0b"])
    def test_what_names_no_book_is_one_line(self, name):
        assert refusal(load_book, name).startswith("a book is 'shipped', a number or the path")

    def test_number_that_is_not_here_is_one_line_and_no_other_book(self):
        message = refusal(load_book, 1342)
        assert message.startswith("1342 was not downloaded: COURSE_OFFLINE is set; the book 'ship")

    @pytest.mark.parametrize("name", ["shipped", "novella"])
    def test_novella(self, name):
        book = load_book(name)
        assert len(book.chapters) == 10 and book.words >= 15_000
        assert all(re.fullmatch(r"Chapter \w+: .+", title) for title in titles(book))
        assert ", which comes with the course: " in book.source
        assert book.source.endswith("CC BY 4.0, written for this course")
        assert book.author and book.title != NOVELLA.stem


def chapters_of(*lengths: int) -> Book:
    """Make a book whose chapters have so many words."""
    made = [Chapter(f"Chapter {place}", ["word " * n]) for place, n in enumerate(lengths)]
    return Book("A book", "", made, "a test", "no licence")


class TestSplit:
    @settings(deadline=None)  # other work on the machine must not fail a test
    @given(
        st.lists(st.integers(1, 60), min_size=2, max_size=12),
        st.floats(0.01, 0.99),
        st.integers(0, 99),
    )
    def test_whole_chapters_in_order_at_least_one_never_all(self, lengths, share, seed):
        book = chapters_of(*lengths)
        train, held = split_book(book, share, seed)
        assert train and held
        places = [[book.chapters.index(chapter) for chapter in part] for part in (train, held)]
        assert sum(len(part) for part in places) == len(lengths)
        assert all(part == sorted(part) for part in places)
        assert (train, held) == split_book(book, share, seed)

    def test_share_is_about_what_was_asked_for(self):
        book = chapters_of(*range(80, 120))
        for share in (0.05, 0.1, 0.5):
            words = sum(chapter.words for chapter in split_book(book, share)[1])
            assert words / book.words == pytest.approx(share, abs=0.02)

    def test_seeds_draw_different_chapters(self):
        book = chapters_of(*range(80, 120))
        drawn = {tuple(chapter.title for chapter in split_book(book, seed=n)[1]) for n in range(9)}
        assert len(drawn) > 5

    def test_a_book_without_heads_gives_its_last_paragraphs(self):
        paragraphs = [f"{n} " * 10 for n in range(20)]
        train, held = split_book(Book("A", "", [Chapter("A", paragraphs)], "", ""), share=0.2)
        assert [train[0].paragraphs, held[0].paragraphs] == [paragraphs[:16], paragraphs[16:]]

    def test_a_single_line_gives_its_last_sentences(self, read):
        train, held = split_book(read(SENTENCE * 1_000))
        assert train == [Chapter("story", [(SENTENCE * 900).strip()])]
        assert held == [Chapter("story", [(SENTENCE * 100).strip()])]

    def test_nothing_to_hold_out(self, read):
        message = refusal(split_book, read("One sentence and no more"))
        assert message.startswith("'story' has one chapter of one sentence, so nothing")

    @pytest.mark.parametrize("share", [0, 1, -0.1, 1.5, float("nan")])
    def test_senseless_shares(self, share):
        assert "must lie between 0 and 1" in refusal(split_book, chapters_of(5, 5), share)


@pytest.mark.skipif(not REAL.is_dir(), reason="COURSE_DATA names no folder with books")
class TestRealBooks:
    @pytest.fixture(params=[("pride_1342-0", 61, 121_584), ("alice_11-0", 12, 26_460),
                            ("timemachine_35-0", 17, 32_467)])  # fmt: skip
    def real(self, request):
        """A book, its chapters (The Time Machine has an epilogue after its sixteen), its words."""
        name, chapters, words = request.param
        return read_book(REAL / f"{name}.txt"), chapters, words

    def test_chapters_and_words(self, real):
        book, chapters, words = real
        assert len(book.chapters) == chapters
        assert book.words == pytest.approx(words, rel=0.003)

    def test_the_text_is_the_authors(self, real):
        book, _, _ = real
        for paragraph in (text for chapter in book.chapters for text in chapter.paragraphs):
            assert "Gutenberg" not in paragraph and "Produced by" not in paragraph
            assert not HEAD.fullmatch(paragraph)
            assert not re.search(r'["_\n\r]|--|  |\*', paragraph)
            assert re.search(r"\w", paragraph)

    def test_titles_and_authors(self):
        pride, alice, machine = (
            read_book(REAL / f"{name}.txt")
            for name in ("pride_1342-0", "alice_11-0", "timemachine_35-0")
        )
        assert pride.name == "Pride and Prejudice by Jane Austen"
        assert alice.name == "Alice's Adventures in Wonderland by Lewis Carroll"
        assert machine.name == "The Time Machine by H. G. Wells"
        assert titles(pride) == [f"Chapter {number}" for number in range(1, 62)]
        assert titles(alice)[6] == "Chapter VII: A Mad Tea-Party"
        assert titles(machine)[::8] == ["I: Introduction", "IX: The Morlocks", "Epilogue"]
        assert pride.chapters[0].paragraphs[0].startswith("It is a truth universally")
        assert pride.chapters[-1].paragraphs[-1].endswith("the means of uniting them.")
