import hashlib
import socket
from pathlib import Path

import pytest
from publisher import Publisher

from course import corpora
from course.cli import main
from course.corpora import DownloadError, fetch_book, gutenberg, load_book, number_of
from course.errors import CourseError

HEADER = """The Project Gutenberg eBook of The Lamp

Title: The Lamp,
        or a Light
        in the Window

Author: Ann Other

Release date: June 1, 1998 [eBook #7]

*** START OF THE PROJECT GUTENBERG EBOOK THE LAMP ***




Produced by Volunteers and
a careful reader




"""
STORY = "Chapter 1\n\nIt was dark.\n\nShe lit the lamp.\n\nChapter 2\n\nIt was light.\n"
FOOTER = """

End of the Project Gutenberg EBook of The Lamp, by Ann Other

*** END OF THE PROJECT GUTENBERG EBOOK THE LAMP ***

Updated editions will replace the previous one. *** START: FULL LICENSE ***
"""
FILE = b"\xef\xbb\xbf" + (HEADER + STORY + FOOTER).replace("\n", "\r\n").encode()


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """An empty cache; no books of the user's own, no proxy."""
    for name in ("COURSE_DATA", "COURSE_OFFLINE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NO_PROXY", "*")
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def publisher(monkeypatch):
    publisher = Publisher()
    monkeypatch.setenv("COURSE_MIRROR", publisher.base)
    yield publisher
    publisher.close()


@pytest.fixture
def data(tmp_path, monkeypatch):
    """A COURSE_DATA folder to put books into."""
    folder = tmp_path / "data" / "books"
    folder.mkdir(parents=True)
    monkeypatch.setenv("COURSE_DATA", str(folder.parent))
    return folder


def refusal(number: int = 7) -> str:
    """Return the message of a refused download, which must be one line."""
    with pytest.raises(DownloadError) as caught:
        fetch_book(number)
    message = str(caught.value)
    assert len(message.splitlines()) == 1
    assert message.startswith(f"{number} was not downloaded: ")
    assert "the book 'shipped' needs no network" in message
    assert message.endswith(f"or try again later: course data fetch {number}")
    return message


def files_in(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.rglob("*"))


class TestUnwrap:
    def test_header_and_footer_go(self):
        body, card = gutenberg.unwrap(HEADER + STORY + FOOTER)
        assert body.strip() == STORY.strip()
        assert (card.title, card.author) == ("The Lamp, or a Light in the Window", "Ann Other")
        assert card.licence == gutenberg.LICENCE

    def test_small_print_of_the_oldest_files(self):
        text = (
            "Project Gutenberg's Etext of The Lamp, by Ann Other\n\n"
            "***START**THE SMALL PRINT!**FOR PUBLIC DOMAIN ETEXTS**START***\nmuch law\n"
            "*END*THE SMALL PRINT! FOR PUBLIC DOMAIN ETEXTS*Ver.04.29.93*END*\n\n"
            f"{STORY}\n\nEnd of Project Gutenberg's The Lamp\n"
        )
        body, card = gutenberg.unwrap(text)
        assert body.strip() == STORY.strip()
        assert (card.title, card.author) == ("The Lamp", "Ann Other")

    def test_small_print_after_a_start_line(self):
        between = "much law\n\n*END THE SMALL PRINT! FOR PUBLIC DOMAIN ETEXTS*Ver.02.11.00*END*\n"
        body, _ = gutenberg.unwrap(HEADER + between + STORY + FOOTER)
        assert body.strip() == STORY.strip()

    def test_small_print_at_the_end(self):
        text = HEADER + STORY + "\n***START**THE SMALL PRINT!**FOR PUBLIC DOMAIN**START***\nlaw"
        assert gutenberg.unwrap(text)[0].strip() == STORY.strip()

    def test_title_that_breaks_the_start_line(self):
        text = HEADER.replace("THE LAMP ***", "THE LAMP,\nOR A LIGHT IN THE WINDOW ***") + STORY
        assert gutenberg.unwrap(text)[0].strip() == STORY.strip()

    def test_other_texts_are_left_alone(self):
        text = "*** START OF THE DAY ***\n\nTitle: no header\n\nEnd of the project.\n"
        assert gutenberg.unwrap(text) == (text, gutenberg.Card())


class TestNumbers:
    @pytest.mark.parametrize("name", [1342, "1342", "01342"])
    def test_number(self, name):
        assert number_of(name) == 1342

    @pytest.mark.parametrize(
        "name", ["shipped", "./1342", "1342.txt", "-3", "", "²", Path("7"), True]
    )
    def test_no_number(self, name):
        assert number_of(name) is None

    @pytest.mark.parametrize("name", [0, -3, "0", 10_000_000, "9" * 5_000])
    def test_impossible_number(self, name):
        with pytest.raises(CourseError, match="numbers its books from 1 to 9,999,999"):
            number_of(name)

    @pytest.mark.parametrize(
        ("name", "number"),
        [
            ("pride_1342-0.txt", 1342),
            ("pg1342.txt", 1342),
            ("1342.txt", 1342),
            ("1342-0.txt", 1342),
            ("emma-158.txt", 158),
            ("pg00011.txt", 11),
        ],
    )
    def test_names_of_files(self, data, name, number):
        (data / name).write_bytes(FILE)
        assert gutenberg.here() == {number: ("COURSE_DATA", data / name)}

    def test_a_number_is_the_whole_number(self, data):
        (data / "pg11342.txt").write_bytes(FILE)
        (data / "novel.txt").write_bytes(FILE)
        assert list(gutenberg.here()) == [11342]

    def test_data_folder_comes_before_the_cache(self, data, cache):
        for folder in (data, cache / "books"):
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "pg7.txt").write_bytes(FILE)
        assert fetch_book(7) == data / "pg7.txt"
        (data / "pg7.txt").unlink()
        assert load_book(7).origin == f"Project Gutenberg 7 from the cache ({cache}/books/pg7.txt)"


class TestFetch:
    def test_good_download_is_kept_with_its_checksum(self, publisher, cache):
        publisher.files["/mirror/pg7.txt"] = FILE
        said = []
        file = fetch_book(7, say=said.append)
        assert file == cache / "books" / "pg7.txt"
        assert file.read_bytes() == FILE
        digest = hashlib.sha256(FILE).hexdigest()
        assert file.with_suffix(".sha256").read_text() == f"{digest}  pg7.txt\n"
        assert said[0] == f"downloading {publisher.base}/pg7.txt"
        assert said[1].startswith("book 7: ") and digest[:12] in said[1] and len(said) == 2
        assert files_in(cache) == ["books", "pg7.sha256", "pg7.txt"]

    def test_second_fetch_downloads_nothing_unless_forced(self, publisher):
        publisher.files["/mirror/pg7.txt"] = FILE
        assert fetch_book(7) == fetch_book(7)
        assert len(publisher.requests) == 1
        fetch_book(7, force=True)
        assert len(publisher.requests) == 2

    def test_second_address_is_tried_when_the_first_has_no_such_file(self, publisher):
        publisher.files["/mirror/7-0.txt"] = FILE
        assert fetch_book(7).read_bytes() == FILE
        assert [path for path, _ in publisher.requests] == ["/mirror/pg7.txt", "/mirror/7-0.txt"]

    def test_addresses_of_the_publisher(self, monkeypatch):
        monkeypatch.delenv("COURSE_MIRROR", raising=False)
        assert gutenberg._addresses(1342) == [
            "https://www.gutenberg.org/cache/epub/1342/pg1342.txt",
            "https://www.gutenberg.org/files/1342/1342-0.txt",
        ]

    def test_load_book_downloads_then_reads_the_cache(self, publisher, capsys):
        publisher.files["/mirror/pg7.txt"] = FILE
        book = load_book("7")
        assert [chapter.title for chapter in book.chapters] == ["Chapter 1", "Chapter 2"]
        assert book.source == (
            "The Lamp, or a Light in the Window by Ann Other, Project Gutenberg 7 from a download "
            f"({fetch_book(7)}): 10 words in 2 chapters; {gutenberg.LICENCE}"
        )
        assert f"downloading {publisher.base}/pg7.txt" in capsys.readouterr().out
        assert "from the cache" in load_book(7, say=None).source
        assert len(publisher.requests) == 1

    def test_not_found_at_either_address(self, publisher, cache):
        assert f"{publisher.base}/7-0.txt answered 404 Not Found" in refusal()
        assert files_in(cache) == []

    @pytest.mark.parametrize(
        ("content", "reason"),
        [
            (b"", "the answer is empty"),
            (b" \r\n", "the answer is empty"),
            (b"<!DOCTYPE html><p>Please log in</p>", "a web page and no plain text"),
            (b"\xef\xbb\xbf\n <HTML>", "a web page and no plain text"),
            (b"\x89PNG\r\n\x1a\n\x00", "the answer is no plain text: byte 0x1a at offset 6"),
            (b"Caf\xe9 and more", "the answer is not UTF-8: byte 0xe9 at offset 3"),
        ],
    )
    def test_other_kinds_of_answer(self, publisher, cache, content, reason):
        publisher.files["/mirror/pg7.txt"] = content
        assert reason in refusal()
        assert files_in(cache) == []

    def test_truncated(self, publisher, cache):
        publisher.files["/mirror/pg7.txt"] = FILE
        publisher.cut = 20
        assert "broke off" in refusal()
        assert files_in(cache) == []

    def test_too_large(self, publisher, cache, monkeypatch):
        monkeypatch.setattr(gutenberg, "LARGEST", 1_000)
        publisher.files["/mirror/pg7.txt"] = FILE * 10
        assert f"{publisher.base}/pg7.txt is larger than 1,000 bytes" in refusal()
        assert files_in(cache) == []

    def test_failed_update_leaves_the_old_file(self, publisher, cache):
        publisher.files["/mirror/pg7.txt"] = FILE
        file = fetch_book(7)
        publisher.files["/mirror/pg7.txt"] = b"<html>"
        with pytest.raises(DownloadError):
            fetch_book(7, force=True)
        assert file.read_bytes() == FILE

    def test_server_is_not_there(self, monkeypatch, cache):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))  # bound and not listening: connections are refused
            address = f"127.0.0.1:{taken.getsockname()[1]}"
            monkeypatch.setenv("COURSE_MIRROR", f"http://{address}")
            assert f"no network, {address} does not answer" in refusal()
        assert files_in(cache) == []

    def test_offline_mode_does_not_try_and_nothing_stands_in(self, publisher, monkeypatch):
        monkeypatch.setenv("COURSE_OFFLINE", "1")
        assert "COURSE_OFFLINE is set" in refusal()
        with pytest.raises(DownloadError):
            load_book(7)
        assert publisher.requests == []

    def test_cache_that_cannot_be_written(self, publisher, cache):
        cache.write_text("a file where the folder should be")
        assert f"cannot write to the cache {cache}" in refusal()


class TestCommands:
    def test_fetch_prints_the_path(self, publisher, cache, capsys):
        publisher.files["/mirror/pg7.txt"] = FILE
        assert main(["data", "fetch", "7"]) == 0
        out, err = capsys.readouterr()
        assert out == f"{cache / 'books' / 'pg7.txt'}\n"
        assert "downloading" in err
        assert main(["data", "path", "7"]) == 0
        assert capsys.readouterr().out == out

    def test_list_has_the_novella_and_the_books_here(self, data, capsys):
        (data / "lamp_7-0.txt").write_bytes(FILE)
        (data / "12.txt").write_text("No header.")
        (data / "diary-3.txt").write_text("Dear diary, nobody shall read this.")
        assert main(["data", "list"]) == 0
        rows = {line.split()[0]: line for line in capsys.readouterr().out.splitlines()}
        assert rows["novella"].endswith("with the course")
        assert "The Lamp, or a Light in the Window, Ann Other" in rows["7"]
        assert rows["7"].endswith(f"COURSE_DATA: {data / 'lamp_7-0.txt'}")
        assert "12.txt" in rows["12"]
        assert "3" not in rows
        assert list(rows).index("12") < list(rows).index("fra-eng")

    def test_what_ships(self, capsys):
        assert main(["data", "path", "novella"]) == 0
        assert capsys.readouterr().out == f"{corpora.NOVELLA}\n"
        assert main(["data", "fetch", "novella"]) == 2
        assert "novella comes with the course" in capsys.readouterr().err

    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            (["path", "7"], "book 7 is not here; to download it: course data fetch 7"),
            (["fetch", "0"], "numbers its books from 1"),
        ],
    )
    def test_bad_numbers_get_one_line(self, capsys, arguments, words):
        assert main(["data", *arguments]) == 2
        out, err = capsys.readouterr()
        assert words in err and err.count("\n") == 1 and out == ""
