"""Books of Project Gutenberg: where they lie, how they are downloaded, what stands around them."""

import os
import re
from dataclasses import dataclass
from numbers import Integral
from pathlib import Path

from course.corpora import download
from course.corpora.download import NotRetrieved, Say
from course.corpora.pages import plain_text
from course.corpora.registry import cache_folder, data_folder
from course.errors import CourseError

SITE = "https://www.gutenberg.org"
LICENCE = "public domain in the USA, from Project Gutenberg, whose licence stands in the file"
FOLDER = "books"  # below COURSE_DATA and the cache
LARGEST = 30_000_000  # bytes; the whole of Shakespeare has a fifth of it
MOST = 9_999_999  # the numbers have five digits so far

# A file's name as the publisher gives it, and with something before it, as in "pride_1342-0.txt".
_NAMED = re.compile(r"(?:pg)?0*([1-9]\d*)(?:-0)?\.txt")
_LIKE = re.compile(r".*\D0*([1-9]\d*)(?:-0)?\.txt")
_PAGE = re.compile(rb"(?:\xef\xbb\xbf)?\s*<(?:!doctype|html|head|\?xml)", re.IGNORECASE)

# The lines between which the book stands, those of the oldest files among them.
_START = re.compile(r"^\*{3} ?START OF (?:THE|THIS) PROJECT GUTENBERG[^*]*\*{3}", re.MULTILINE)
_SMALL_PRINT = re.compile(r"^\*END\W*THE SMALL PRINT.*$", re.MULTILINE)
_END = re.compile(
    r"^ *(?:\*{3} ?END OF (?:THE|THIS) PROJECT GUTENBERG"
    r"|End of (?:the )?Project Gutenberg|\*{3}START\W*THE SMALL PRINT)",
    re.MULTILINE | re.IGNORECASE,
)
_CREDITS = re.compile(
    r"\s*(?:Produced by|E-?text prepared by|Transcribed (?:by|from)|HTML version by"
    r"|This e-?(?:book|text) was (?:produced|prepared|created)).*(?:\n.*\S.*)*",
    re.IGNORECASE,
)
_FIRST_LINE = re.compile(
    r"^\W*(?:The )?Project Gutenberg(?:['’]s)?(?: e-?(?:book|text) of)? (.+?), by (.+)",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Card:
    """What the header of a file says about the book; all empty if there is no header."""

    title: str = ""
    author: str = ""
    licence: str = ""


def unwrap(text: str) -> tuple[str, Card]:
    """Take off what Project Gutenberg puts before and after a book.

    Args:
        text: of a file; one without header and footer is returned as it is.

    Returns:
        The book, and what the header says about it.
    """
    start = _START.search(text) or _SMALL_PRINT.search(text)
    if not start:
        return text, Card()
    # Files of the years between have both marks, the small print last.
    second = _SMALL_PRINT.search(text, start.end(), start.end() + 20_000)
    begin = (second or start).end()
    end = _END.search(text, begin)
    body = text[begin : end.start() if end else len(text)]
    while credits := _CREDITS.match(body):
        body = body[credits.end() :]
    return body, read_card(text[:begin])


def read_card(header: str) -> Card:
    """Read title and author from the header of a file, or from its first lines."""
    first = _FIRST_LINE.search(header)
    title, author = first.groups() if first else ("", "")
    return Card(_field("Title", header) or title, _field("Author", header) or author, LICENCE)


def _field(name: str, header: str) -> str:
    """Return a field of a header, which may go on in lines that are indented."""
    found = re.search(rf"^{name}:[ \t]*(.*\S(?:\n[ \t]+\S.*)*)", header, re.MULTILINE)
    return " ".join(found[1].split()) if found else ""


def number_of(name: object) -> int | None:
    """Return the number that a name is, as 1342 or "1342"; None if it is no number.

    Raises:
        CourseError: no book can have this number.
    """
    if isinstance(name, str) and name.isascii() and name.isdecimal():
        name = int(name) if len(name) < 20 else MOST + 1
    if isinstance(name, bool) or not isinstance(name, Integral):
        return None
    if not 1 <= name <= MOST:
        raise CourseError(f"Project Gutenberg numbers its books from 1 to {MOST:,}, not {name:,}")
    return name


def here() -> dict[int, tuple[str, Path]]:
    """List the books on this machine: number -> which place it is, and the file."""
    places = [("the cache", cache_folder()), ("COURSE_DATA", data_folder())]
    found = {}
    for place, folder in places:  # the last one wins
        for file in sorted((folder / FOLDER).glob("*.txt")) if folder else []:
            if number := _number_in(file):
                found[number] = place, file
    return found


def _number_in(file: Path) -> int | None:
    """Return the number in a file's name; a name of somebody's own counts if the text says so."""
    named, like = _NAMED.fullmatch(file.name), _LIKE.fullmatch(file.name)
    if not (named or like) or not file.is_file():
        return None
    if not named:
        with open(file, "rb") as opened:
            if b"PROJECT GUTENBERG" not in opened.read(5_000).upper():
                return None
    return int((named or like)[1])


def book_path(number: int) -> Path:
    """Return the file of a book that is on this machine.

    Raises:
        CourseError: it is not here.
    """
    if number not in here():
        raise CourseError(f"book {number} is not here; to download it: course data fetch {number}")
    return here()[number][1]


def fetch_book(number: int, force: bool = False, say: Say | None = None) -> Path:
    """Make sure that a book of Project Gutenberg lies on this machine.

    Args:
        number: of the book, as 1342.
        force: download it even if it is here, and replace what the cache holds.
        say: is told in a line what is downloaded and how it was checked.

    Returns:
        The text.

    Raises:
        CourseError: no book can have this number.
        DownloadError: there is no network, no such book, or what arrived is no plain text.
    """
    found = here().get(number_of(number))
    if found and not force:
        return found[1]
    say = say or (lambda line: None)
    with download.attempt(str(number), "book") as work:
        text = work / "kept" / f"pg{number}.txt"
        text.parent.mkdir()
        _retrieve(number, text, say)
        _refuse_other_kinds(text)
        say(download.check(f"book {number}", text))
        return download.keep(text, cache_folder() / FOLDER / text.name)


def _addresses(number: int) -> list[str]:
    """Say where a book may be: on the publisher's server, or on that of `COURSE_MIRROR`."""
    mirror = os.environ.get("COURSE_MIRROR", "").rstrip("/")
    return [
        f"{mirror or f'{SITE}/cache/epub/{number}'}/pg{number}.txt",
        f"{mirror or f'{SITE}/files/{number}'}/{number}-0.txt",
    ]


def _retrieve(number: int, target: Path, say: Say) -> None:
    """Download a book from the first address that has it."""
    first, second = _addresses(number)
    try:
        say(f"downloading {first}")
        download.retrieve(first, target, LARGEST)
    except NotRetrieved as error:
        if not error.missing:
            raise
        say(f"downloading {second}")
        download.retrieve(second, target, LARGEST)


def _refuse_other_kinds(text: Path) -> None:
    """Refuse what no book is: a web page, as a network's log-in page, or bytes that are no text."""
    data = text.read_bytes()
    if not data.strip():
        raise NotRetrieved("the answer is empty")
    if _PAGE.match(data):
        raise NotRetrieved("the answer is a web page and no plain text")
    try:
        plain_text(data, "the answer")
    except CourseError as error:
        raise NotRetrieved(str(error).partition(";")[0]) from None
