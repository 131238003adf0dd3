"""Files of word vectors in text form: word2vec's, with a header line, and GloVe's, without."""

import re
from array import array
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from course.corpora.lines import read_lines
from course.errors import CourseError
from course.vectors.table import Vectors, ends_in_number

HEADER = re.compile(r"(\d+) ([1-9]\d*)")
ADVICE = (
    "unpack a zip or gz file, save word2vec's binary form as text (gensim: save_word2vec_format "
    "with binary=False), and other text as UTF-8"
)


def read_vectors(path: str | Path, only: Iterable[str] | None = None) -> Vectors:
    """Read word vectors: in each line a token and its numbers, with a space before each.

    A first line of two whole numbers is word2vec's header: how many tokens, how many numbers each.
    A token may hold spaces, as some of GloVe's do. Of a doubled token the first vector counts.

    Args:
        path: of the file.
        only: keep these tokens, and their forms in small letters, which `Vectors.rows` falls back
            on; all tokens if None. Memory is in proportion to what is kept; the numbers of other
            lines are only counted.

    Raises:
        CourseError: there is no such file, it cannot be read, is not UTF-8 or holds no vector; a
            line has another number of values than it should, or one that is no finite number; or
            the header promises another number of tokens.
    """
    path, count, promised, width = Path(path), 0, None, None
    wanted = None if only is None else {form for token in only for form in (token, token.lower())}
    kept: dict[str, None] = {}
    numbers = array("f")
    for place, line in enumerate(read_lines(path, "a file of vectors", ADVICE), start=1):
        line, where = line.rstrip(), f"{path}, line {place:,}"
        if place == 1 and (header := HEADER.fullmatch(line)):
            promised, width = map(int, header.groups())
        elif line:
            width = width or line.count(" ")
            token, values = _cut(line, width, where)
            count += 1
            if token not in kept and (wanted is None or token in wanted):
                kept[token] = None
                numbers.frombytes(_row(values, where).tobytes())
    _check_count(path, count, promised)
    return Vectors(tuple(kept), np.asarray(numbers).reshape(len(kept), width))


def _cut(line: str, width: int, where: str) -> tuple[str, list[str]]:
    """Part a line's token from its values, which are the last ones: the token may hold spaces."""
    token, *values = line.rsplit(" ", width)
    if not width or len(values) < width or ends_in_number(token):
        start = repr(line[:30] + "…" * (len(line) > 30))
        due = f"{width} numbers" if width else "numbers"
        raise CourseError(
            f"{where}: {line.count(' ')} values in {start}; should be a token and {due}, with a "
            "space before each"
        )
    return token, values


def _row(values: Sequence[str], where: str) -> np.ndarray:
    """Return a line's values as numbers: float32 array (width,)."""
    try:
        with np.errstate(over="ignore"):  # what float32 cannot hold becomes infinite
            row = np.array(values, np.float32)
    except ValueError as error:
        wrong = str(error).rpartition(": ")[2]
        raise CourseError(f"{where}: {wrong} stands where a number should be") from None
    if not np.isfinite(row).all():
        wrong = values[int(np.argmin(np.isfinite(row)))]
        raise CourseError(f"{where}: {wrong} is no finite number: leave this line out")
    return row


def _check_count(path: Path, count: int, promised: int | None) -> None:
    """Refuse a file that was cut short."""
    if not count:
        raise CourseError(f"{path} holds no vectors: it should have a token and numbers a line")
    if promised not in (None, count):
        raise CourseError(
            f"{path}: the header promises {promised:,} vectors, {count:,} follow; the file was cut "
            "short or changed, so fetch or save it again"
        )
