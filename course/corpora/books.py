"""Books: plain text with chapters, and a line that says where it comes from.

`load_book` is the door for lessons: the novella that ships, a file, or a number of Project
Gutenberg. It takes none for another: a book that cannot be had is an error.
"""

import os
import random
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import accumulate
from numbers import Integral
from pathlib import Path

from course.corpora import gutenberg
from course.corpora.chapters import HEAD, cut, is_title
from course.corpora.load import SHIPS, Row
from course.corpora.pages import Block, blocks, forms, paragraph, plain_text
from course.corpora.pairs import read_bytes
from course.corpora.registry import COURSE_LICENCE
from course.errors import CourseError
from course.text import unify

NOVELLA = Path(__file__).parent / "shipped" / "novella.txt"
SHIPPED = ("shipped", "novella")

_BY = re.compile(r"(?:written )?by:?\s+(.+)", re.IGNORECASE)
_WORD = re.compile(r"\w+(?:['’-]\w+)*")
_SENTENCE = re.compile(r"\S.*?(?:[.!?…][”’)]*(?= )|$)")


@dataclass(frozen=True)
class Chapter:
    """A chapter: its title, and its paragraphs, each one line."""

    title: str
    paragraphs: list[str]

    @property
    def words(self) -> int:
        """How many words it has; a compound with a hyphen is one."""
        return sum(len(_WORD.findall(paragraph)) for paragraph in self.paragraphs)


@dataclass(frozen=True, repr=False)
class Book:
    """A book.

    Attributes:
        title: as its header or first line has it, else the name of its file.
        author: empty if the file names none.
        chapters: at least one; a book without heads is one chapter.
        origin: where it was found.
        licence: what its publisher says about using it.
    """

    title: str
    author: str
    chapters: list[Chapter]
    origin: str
    licence: str

    @property
    def words(self) -> int:
        """How many words it has; a compound with a hyphen is one."""
        return sum(chapter.words for chapter in self.chapters)

    @property
    def name(self) -> str:
        """Title and author."""
        return f"{self.title} by {self.author}" if self.author else self.title

    @property
    def source(self) -> str:
        """The provenance in one line: which book, where from, how long, which licence."""
        noun = "chapter" if len(self.chapters) == 1 else "chapters"
        size = f"{self.words:,} words in {len(self.chapters):,} {noun}"
        return f"{self.name}, {self.origin}: {size}; {self.licence}"

    def __repr__(self) -> str:
        """Show the provenance and not a hundred thousand words."""
        return f"Book({self.source})"


def load_book(
    name: str | int | Path = "shipped", say: Callable[[str], object] | None = print
) -> Book:
    """Return a book.

    Args:
        name: "shipped" for the novella that comes with the course; a number of Project Gutenberg,
            which is looked for in `$COURSE_DATA/books`, in the cache and on its server; or the
            path of a text file. A file whose name is a number needs a folder before it: "./1342".
        say: is told in a line of a download; None for silence.

    Raises:
        CourseError: the file cannot be read, or holds no book.
        DownloadError: the number is not here and cannot be had.
    """
    known = isinstance(name, Integral | str | os.PathLike) and not isinstance(name, bool)
    if not known or "\0" in str(name):
        raise CourseError(f"a book is 'shipped', a number or the path of a file, not {name!r}")
    if name in SHIPPED:
        book = read_book(NOVELLA)
        return replace(book, origin="which comes with the course", licence=COURSE_LICENCE)
    number = gutenberg.number_of(name)
    if number is None:
        return read_book(name)
    found = gutenberg.here().get(number)
    place, file = found or ("a download", gutenberg.fetch_book(number, say=say))
    origin = f"Project Gutenberg {number} from {place} ({file})"
    return replace(read_book(file), origin=origin)


def read_book(path: str | Path) -> Book:
    """Read a book from a plain-text file, UTF-8 with or without a byte order mark.

    What is not the author's goes: the header and footer of Project Gutenberg, the table of
    contents, illustrations, notes of transcribers, marks of emphasis. Lines that were broken by
    hand are joined to paragraphs, words that a hyphen broke are mended, two hyphens become a dash,
    and straight double quotes become curly.

    Args:
        path: of the file.

    Raises:
        CourseError: there is no such file, it cannot be read, it is no plain text, not UTF-8, or
            holds no words.
    """
    path = Path(path)
    text, card = gutenberg.unwrap(plain_text(read_bytes(path, "a text file"), str(path)))
    pages = blocks(text, keep=HEAD)
    title, author = _first_lines(pages)
    title, author = unify(card.title or title or path.stem), unify(card.author or author)
    chapters = _chapters(pages, title, author)
    if not any(chapter.words for chapter in chapters):
        raise CourseError(f"{path} is empty: it should hold the text of a book")
    licence = card.licence or "licence not known to the course"
    return Book(title, author, chapters, f"the file {path}", licence)


def split_book(
    book: Book, share: float = 0.1, seed: int = 0
) -> tuple[list[Chapter], list[Chapter]]:
    """Hold out chapters to judge a model by.

    Whole chapters are drawn until about the share of the words is held out: at least one, and never
    all. A book of one chapter gives its last paragraphs; one of one paragraph, its last sentences.

    Args:
        book: to part.
        share: of the words, between 0 and 1.
        seed: of the draw; the same seed draws the same chapters.

    Returns:
        The chapters to train on and those held out, both in the book's order.

    Raises:
        CourseError: the share is not between 0 and 1, or the book has nothing to part.
    """
    if not 0 < share < 1:
        raise CourseError(f"the share held out must lie between 0 and 1, not be {share!r}")
    if len(book.chapters) == 1:
        return _split_chapter(book.chapters[0], share)
    held = _draw(book.chapters, share * book.words, random.Random(seed))
    parts = [], []
    for place, chapter in enumerate(book.chapters):
        parts[place in held].append(chapter)
    return parts


def available_books() -> list[Row]:
    """List the novella that ships and the books of Project Gutenberg on this machine."""
    rows = [Row("novella", "English, a book in ten chapters", SHIPS, COURSE_LICENCE)]
    for number, (place, file) in sorted(gutenberg.here().items()):
        with open(file, encoding="utf-8-sig", errors="replace") as opened:
            card = gutenberg.read_card(opened.read(5_000))
        title = ", ".join(part for part in (card.title, card.author) if part) or file.name
        rows.append(Row(str(number), title, f"{place}: {file}", gutenberg.LICENCE))
    return rows


def _first_lines(pages: list[Block]) -> tuple[str, str]:
    """Find title and author at the beginning of a book; empty where there is none."""
    lines = [line for block in pages[:3] if len(block) <= 3 for line in block]
    authors = (_BY.fullmatch(line) for line in lines[:4])
    author = next((named[1] for named in authors if named), "")
    titled = len(pages) > 1 and len(pages[0]) <= 3 and is_title(pages[0][0])
    return pages[0][0] if titled else "", author


def _chapters(pages: list[Block], title: str, author: str) -> list[Chapter]:
    """Cut a book into chapters whose paragraphs are one line each."""
    known = forms(pages)
    chapters = []
    for part in cut(pages):
        if not part.head:
            part.blocks = _without_title_page(part.blocks, {title, author, f"by {author}"})
        name = paragraph([part.name], known) or title
        chapters.append(Chapter(name, [paragraph(block, known) for block in part.blocks]))
    return chapters


def _without_title_page(pages: list[Block], names: set[str]) -> list[Block]:
    """Leave out the lines at the beginning that say nothing but title and author."""
    names = {name.casefold() for name in names}
    start = 0
    while start < len(pages) - 1 and all(line.casefold() in names for line in pages[start]):
        start += 1
    return pages[start:]


def _draw(chapters: list[Chapter], target: float, chance: random.Random) -> set[int]:
    """Draw the places of chapters that have about so many words; at least one, never all."""
    held, words = set(), 0
    for place in chance.sample(range(len(chapters)), len(chapters)):
        nearer = abs(words + chapters[place].words - target) < abs(words - target)
        if nearer and len(held) < len(chapters) - 1:
            held.add(place)
            words += chapters[place].words
    return held or {min(range(len(chapters)), key=lambda place: chapters[place].words)}


def _split_chapter(chapter: Chapter, share: float) -> tuple[list[Chapter], list[Chapter]]:
    """Hold out the last paragraphs of a chapter, or the last sentences of a single paragraph."""
    single = len(chapter.paragraphs) == 1
    pieces = _SENTENCE.findall(chapter.paragraphs[0]) if single else chapter.paragraphs
    if len(pieces) < 2:
        raise CourseError(
            f"{chapter.title!r} has one chapter of one sentence, so nothing can be held out: "
            "give a book of two chapters, paragraphs or sentences at least"
        )
    ends = list(accumulate(len(_WORD.findall(piece)) for piece in pieces))
    trained = (1 - share) * ends[-1]
    start = min(range(1, len(pieces)), key=lambda start: abs(ends[start - 1] - trained))
    halves = (pieces[:start], pieces[start:])
    return tuple([Chapter(chapter.title, [" ".join(half)] if single else half)] for half in halves)
