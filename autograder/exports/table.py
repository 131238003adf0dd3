"""Tables in text files: reads CSV as people save it, and writes what no spreadsheet runs."""

from __future__ import annotations

import csv
import io
import math
import re
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from course.errors import CourseError

_LONGEST_CELL = 50_000_000  # characters; Moodle's worksheets hold whole texts

# A spreadsheet takes a cell that begins so for a formula; full-width forms count in East Asia.
# Blanks and invisible characters before it do not always help.
_FORMULA = re.compile(r"[\s\u200b-\u200f\u2060\ufeff]*[=+\-@＝＋－＠]|[\t\r\n]")
# Opened with another separator than it was written with, a cell falls into several.
_INNER_FORMULA = re.compile(r"([;,\t|\r\n][\s\"']*)(?=[=+\-@＝＋－＠])")


@dataclass
class Table:
    """Rows of text, and how they were written.

    Attributes:
        rows: each a list of cells.
        delimiter: between two cells.
        newline: after each row.
        bom: whether the file begins with a byte order mark.
    """

    rows: list[list[str]] = field(default_factory=list)
    delimiter: str = ","
    newline: str = "\n"
    bom: bool = False

    @classmethod
    def read(cls, path: Path) -> Table:
        """Read a file; commas, semicolons or tabs, with or without a byte order mark.

        Args:
            path: a file in UTF-8, or in UTF-16 with a mark, as Excel's "Unicode text".

        Raises:
            CourseError: there is no such file, or it is not such a table.
        """
        try:
            data = path.read_bytes()
        except OSError as error:
            raise CourseError(f"{path}: {error.strerror or error}") from None
        return cls.parse(data, str(path))

    @classmethod
    def parse(cls, data: bytes, place: str) -> Table:
        """Return the table in a file's bytes.

        Args:
            data: the bytes.
            place: what to call the file in a message.

        Raises:
            CourseError: they are not a table in UTF-8.
        """
        text, bom = _text(data, place)
        newline = "\r\n" if "\r\n" in text else "\n"
        delimiter = max(",;\t", key=lambda mark: len(_first_row(text, mark)))
        try:
            rows = _rows(text, delimiter)
        except csv.Error as error:
            raise CourseError(f"{place}: not a CSV file ({error})") from None
        return cls([row for row in rows if row], delimiter, newline, bom)

    def to_bytes(self) -> bytes:
        """Return the file's bytes, in UTF-8."""
        lines = (self.delimiter.join(map(self._quoted, row)) for row in self.rows)
        text = "".join(line + self.newline for line in lines)
        return (("\N{ZERO WIDTH NO-BREAK SPACE}" if self.bom else "") + text).encode()

    def _quoted(self, cell: str) -> str:
        """Return a cell, in quotation marks if RFC 4180 or a careless reader needs them."""
        plain = not re.search(r'[",;\t\r\n]|^\s|\s$', cell) and self.delimiter not in cell
        return cell if plain else '"' + cell.replace('"', '""') + '"'


def guard(text: str) -> str:
    """Return text that no spreadsheet runs: an apostrophe stands before a formula.

    A lone dash, with which Moodle fills an empty cell, is no formula.

    Args:
        text: a cell that is not a number of ours.
    """
    inner = _INNER_FORMULA.sub(r"\1'", text)
    return f"'{inner}" if text != "-" and _FORMULA.match(text) else inner


def number(value: float) -> str:
    """Return a number's shortest exact form, with a dot: `7`, `7.5`, never `7.0` or `1e-05`.

    Args:
        value: finite.
    """
    if not math.isfinite(value):
        raise CourseError(f"{value} is no grade")
    text = format(Decimal(repr(float(value))), "f") if value else "0"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _text(data: bytes, place: str) -> tuple[str, bool]:
    """Return a file's text, and whether it began with a byte order mark."""
    wide = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    try:
        text = data.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeError:
        raise CourseError(f"{place}: not in UTF-8; save it as 'CSV UTF-8'") from None
    return text, wide or data.startswith(b"\xef\xbb\xbf")


def _rows(text: str, delimiter: str) -> list[list[str]]:
    """Return all rows; csv's limit on a cell is one for the whole process, so it is set back."""
    before = csv.field_size_limit(_LONGEST_CELL)
    try:
        return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    finally:
        csv.field_size_limit(before)


def _first_row(text: str, delimiter: str) -> list[str]:
    """Return the header as a delimiter would split it."""
    head = io.StringIO(text[:100_000], newline="")
    try:
        return next(csv.reader(head, delimiter=delimiter), [])
    except csv.Error:
        return []
