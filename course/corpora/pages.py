"""Plain text as books have it, hard-wrapped and typewritten, becomes paragraphs."""

import re
from collections import Counter

from course.corpora.pairs import decode
from course.errors import CourseError
from course.text import unify

WRAPPED = 120  # characters; a line that is longer was not broken by hand

Block = list[str]  # lines that no blank line parts

_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1f\x7f]")
_NOTE = re.compile(
    r"\[(?:Illustration|Transcriber)(?:[^\[\]]|\[[^\[\]]*\])*\]| ?\[(?:Pg\.? ?)?\d+\]| ?\{\d+\}"
)
_EMPHASIS = re.compile(r"(?<![^\W_])_|_(?![^\W_])")
_HYPHENATED = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
# It begins where no word and no part of a chain of hyphens goes on: else a long chain takes ages.
_BROKEN = re.compile(r"(?<![^\W\d_])(?<![^\W\d_]-)([^\W\d_]+(?:-[^\W\d_]+)*)-\n([^\W\d_]+)")
_ELISIONS = "tis twas twere twill em til cause bout neath gainst".split()
_SINGLE = re.compile(rf"(?<![\w'])'(?!(?:{'|'.join(_ELISIONS)})\b)(?=[\w“])", re.IGNORECASE)


def plain_text(data: bytes, name: str) -> str:
    """Return bytes as text, without byte order mark and with LF at the end of lines.

    Args:
        data: of a file.
        name: what the message calls it.

    Raises:
        CourseError: it is binary or not UTF-8; the message says which byte.
    """
    data = data.removesuffix(b"\x1a")  # the end of a file, to DOS
    if control := _CONTROL.search(data):
        byte, offset = control[0][0], control.start()
        raise CourseError(
            f"{name} is no plain text: byte 0x{byte:02x} at offset {offset}; save the text as "
            "plain text in UTF-8 and try again"
        )
    return re.sub(r"\r|\f|\v", "\n", decode(data, name))


def blocks(text: str, keep: re.Pattern) -> list[Block]:
    """Cut a text where blank lines are.

    Args:
        text: of a book; illustrations, page numbers and transcribers' notes are left out.
        keep: what the last line of an illustration may be so that it stays: a chapter's head may
            be drawn.

    Returns:
        Lists of lines, stripped. Marks without a letter or digit, as asterisks, are left out.
    """

    def leave(note: re.Match) -> str:
        last = note[0].rstrip("]").rpartition("\n")[2].strip()
        return f"\n\n{last}\n\n" if keep.match(last) else ""

    text = _EMPHASIS.sub("", re.sub(r"_{2,}", "—", _NOTE.sub(leave, text)))
    found = []
    for chunk in re.split(r"\n\s*\n", text):
        lines = [line.strip() for line in chunk.split("\n")]
        found += _unwrapped([line for line in lines if line])
    return [block for block in found if any(re.search(r"[^\W_]", line) for line in block)]


def _unwrapped(block: Block) -> list[Block]:
    """Part a block whose lines were not broken by hand: each of them is a paragraph."""
    return [[line] for line in block] if any(len(line) > WRAPPED for line in block) else [block]


def forms(blocks: list[Block]) -> Counter[str]:
    """Count the words of a book, "farm-yard" as one, in small letters, but none that a line breaks.

    `paragraph` asks it whether a hyphen at the end of a line belongs to the word.
    """
    lines = (re.sub(r"[^\W\d_]+-$", "", line) for block in blocks for line in block)
    return Counter(word for line in lines for word in _HYPHENATED.findall(line.lower()))


def paragraph(block: Block, known: Counter[str]) -> str:
    """Join the lines of a paragraph and set its marks as a printer would.

    Args:
        block: lines.
        known: what `forms` gave, for hyphens at the end of lines: the hyphen goes if the book has
            the word without it, and more often than with it.

    Returns:
        One line, with dashes, curly double quotes, and straight apostrophes within words.
    """

    def mend(broken: re.Match) -> str:
        whole, compound = broken[1] + broken[2], f"{broken[1]}-{broken[2]}"
        return whole if known[whole.lower()] > known[compound.lower()] else compound

    text = _BROKEN.sub(mend, "\n".join(block))
    text = re.sub(r"-{2,}", "—", text)
    text = re.sub(r"(?<=[\w,;!?]—)\n", "", text)
    return unify(_curl(text))


def _curl(text: str) -> str:
    """Turn straight quotes so that they open before a word and close after one."""

    def double(quote: re.Match) -> str:
        start, end = quote.span()
        before, after = text[max(0, start - 1) : start], text[end : end + 1]
        # After a dash, and after an apostrophe, what follows decides.
        opens = before.strip() == "" or before in "([{“‘" or (before in "—–'" and after.isalnum())
        return "“" if opens and after.strip() else "”"

    text = _SINGLE.sub("‘", re.sub('"', double, text))
    closed = re.sub(r"(?<=[.,!?;:…—”])'(?!\w)", "’", text)
    # A quotation of some words ends after a word; so does "the girls'", which opens nowhere.
    return re.sub(r"(‘[^‘’]*\w)'(?!\w)", r"\1’", closed)
