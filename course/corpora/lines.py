"""Text files line by line: they may be larger than the memory."""

from collections.abc import Iterator
from pathlib import Path

from course.corpora.pairs import BOM, unreadable
from course.errors import CourseError


def read_lines(
    path: Path, wanted: str, advice: str = "save the text as UTF-8 and try again"
) -> Iterator[str]:
    """Yield the lines of a UTF-8 file, without byte order mark and without LF or CRLF at the end.

    Lines end at LF only: sentences may hold characters such as U+2028.

    Args:
        path: of the file.
        wanted: what it should be, as "a file of vectors", for the message about a folder.
        advice: what to do about a file that is not UTF-8.

    Raises:
        CourseError: there is no such file, it cannot be read, or a line is not UTF-8.
    """
    for number, line in enumerate(_raw_lines(path, wanted), start=1):
        line = line.removesuffix(b"\n").removesuffix(b"\r")
        try:
            yield (line.removeprefix(BOM) if number == 1 else line).decode("utf-8")
        except UnicodeDecodeError as error:
            byte = error.object[error.start]
            raise CourseError(
                f"{path}, line {number:,}: byte 0x{byte:02x} is not UTF-8; {advice}"
            ) from None


def count_lines(path: Path, wanted: str) -> int:
    """Count the lines that `read_lines` yields, without decoding them; the same errors."""
    return sum(1 for _ in _raw_lines(path, wanted))


def _raw_lines(path: Path, wanted: str) -> Iterator[bytes]:
    """Yield the lines of a file as bytes, each with its line end."""
    try:
        with path.open("rb") as file:
            yield from file
    except OSError as error:
        raise CourseError(unreadable(path, wanted, error)) from None
