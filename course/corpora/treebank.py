"""Running text in the form of the Penn Treebank's files: three splits, a sentence a line.

A line is tokens with spaces between them. The end of a line is a token as well, `<eos>`, which is
END; `<unk>` stands for rare words and is UNK. `load_treebank` is the door for lesson 09: the
treebank, or WikiText, or anything else in this form; or the gazette, whose entropy is known.
"""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from course.corpora import gazette, tarball
from course.corpora.download import DownloadError
from course.corpora.lines import read_lines
from course.corpora.load import NOT_HERE, SHIPS, Row
from course.corpora.registry import COURSE_LICENCE
from course.corpora.typed import TypedTokenizer
from course.errors import CourseError
from course.text import SPECIAL_TOKENS, UNK, Codec, SpaceTokenizer

SPLITS = ("train", "valid", "test")
EOS = gazette.EOS
GAZETTE = {"train": 300_000, "valid": 20_000, "test": 40_000}  # tokens, about
ENDINGS = (".txt", ".tokens", ".raw")
MARKS = set(SPECIAL_TOKENS) - {SPECIAL_TOKENS[UNK]}  # no tokens of a file


@dataclass(frozen=True, repr=False)
class Treebank:
    """Running text in three splits.

    Attributes:
        train: lines to learn from, without `<eos>`.
        valid: lines to choose by.
        test: lines to look at once.
        origin: where the text was found.
        licence: what its publisher says about using it.
        advice: what to do about a text that stands in for another one; empty otherwise.
        floor: the lowest perplexity that any model can have on an endless text of this kind; None
            if nobody knows.
    """

    train: list[str]
    valid: list[str]
    test: list[str]
    origin: str
    licence: str = "licence not known to the course"
    advice: str = ""
    floor: float | None = None

    @property
    def source(self) -> str:
        """The provenance in one line: where from, how many tokens, which licence."""
        counts = " / ".join(f"{count_tokens(getattr(self, split)):,}" for split in SPLITS)
        line = f"{self.origin}: {counts} tokens to train, validate and test"
        return "; ".join(part for part in (line, self.licence, self.advice) if part)

    @cached_property
    def codec(self) -> Codec:
        """Tokens and their ids, by falling frequency in `train`; every token there has one."""
        return Codec.fit(self.train, SpaceTokenizer())

    @cached_property
    def typed(self) -> Codec:
        """The same ids for sentences that somebody types; see `TypedTokenizer`."""
        vocabulary = self.codec.vocabulary
        return Codec(TypedTokenizer(vocabulary), vocabulary)

    def __repr__(self) -> str:
        """Show the provenance and not a million words."""
        return f"Treebank({self.source})"


def count_tokens(lines: list[str]) -> int:
    """Count the tokens of some lines, `<eos>` behind each included."""
    return sum(len(line.split()) + 1 for line in lines)


def load_treebank(
    name: str = "ptb",
    *,
    path: str | Path | None = None,
    say: Callable[[str], object] | None = print,
) -> Treebank:
    """Return running text in three splits, from the first place that has it.

    The places: `path`; the folder in `COURSE_DATA`; the cache; a download from the publisher; the
    gazette, which stands in for the treebank and says that it does.

    Args:
        name: "ptb" or "gazette". Not looked at if there is a `path`.
        path: a folder with a file for each split, as `read_treebank` takes it.
        say: is told in a line of a download, or of a text that stands in; None for silence.

    Raises:
        CourseError: there is no such text, or a file is bad.
    """
    if path is not None:
        return read_treebank(path)
    if name == "gazette":
        return make_gazette()
    if name != tarball.NAME:
        raise CourseError(f"no treebank is called {name!r}: say ptb, gazette, or give a folder")
    say = say or (lambda line: None)
    try:
        place, folder = tarball.find() or ("a download", tarball.fetch(say=say))
    except DownloadError as error:
        treebank = make_gazette(advice=_advice(error))
        say(treebank.source)
        return treebank
    origin = f"the Penn Treebank, as Mikolov prepared it, from {place} ({folder})"
    return read_treebank(folder, origin, tarball.LICENCE)


def available_treebanks() -> list[Row]:
    """List the gazette, and the Penn Treebank with the place where it is."""
    found = tarball.find()
    where = f"{found[0]}: {found[1]}" if found else NOT_HERE
    return [
        Row("gazette", "English, newspaper-like, of known entropy", SHIPS, COURSE_LICENCE),
        Row(tarball.NAME, tarball.TITLE, where, tarball.LICENCE),
    ]


def read_treebank(
    folder: str | Path, origin: str = "", licence: str = Treebank.licence
) -> Treebank:
    """Read the three splits from a folder, as `ptb.train.txt` or `wiki.valid.tokens`.

    Args:
        folder: with one file for each split, which has the split's name in its own.
        origin: where the text was found; the folder if empty.
        licence: what its publisher says about using it.

    Raises:
        CourseError: a file is missing, empty, or cannot be read.
    """
    folder = Path(folder)
    splits = {split: read_split(_file(folder, split)) for split in SPLITS}
    return Treebank(**splits, origin=origin or f"the folder {folder}", licence=licence)


def read_split(path: str | Path) -> list[str]:
    """Read the lines of a file; where `<eos>` is written out, a line ends as well.

    Args:
        path: of the file.

    Returns:
        Lines of tokens with one space between them. A line may be empty, as WikiText has such.

    Raises:
        CourseError: there is no such file, it cannot be read, or it holds no token, or one of the
            course's own marks.
    """
    lines = []
    for number, line in enumerate(read_lines(Path(path), "a file of text"), 1):
        if marks := MARKS.intersection(line.split()):
            raise CourseError(
                f"{path}, line {number}: {min(marks)} is a mark of the course and no token: take "
                "it out"
            )
        parts = line.split(EOS)
        # What stands behind the last mark of a line is a line of its own only if there is any.
        parts = parts if len(parts) == 1 or parts[-1].strip() else parts[:-1]
        lines += [" ".join(part.split()) for part in parts]
    if not any(lines):
        raise CourseError(f"{path} is empty: it should hold tokens with spaces between them")
    return lines


def make_gazette(
    advice: str = "",
    seed: int = 0,
    *,
    train: int = GAZETTE["train"],
    valid: int = GAZETTE["valid"],
    test: int = GAZETTE["test"],
) -> Treebank:
    """Write the gazette: three texts of one source whose entropy is known.

    Args:
        advice: what to do about it, if it stands in for another text.
        seed: of the first split; each split has its own.
        train: tokens to learn from; more by what ends the last line, as in the others.
        valid: tokens to choose by.
        test: tokens to judge by.
    """
    source, counts = gazette.gazette(), (train, valid, test)
    splits = {
        split: gazette.lines(source.generate(count, len(SPLITS) * seed + place, EOS))
        for place, (split, count) in enumerate(zip(SPLITS, counts, strict=True))
    }
    origin = "the gazette, which the course generates"
    floor = math.exp(source.entropy_rate)
    return Treebank(**splits, origin=origin, licence=COURSE_LICENCE, advice=advice, floor=floor)


def write_treebank(treebank: Treebank, folder: str | Path, stem: str) -> list[Path]:
    """Write the three splits as files in the treebank's form, as `gazette.train.txt`.

    Args:
        treebank: to write.
        folder: made if it is missing.
        stem: how each file's name begins.

    Raises:
        CourseError: a file is there already, or cannot be written.
    """
    folder = Path(folder)
    files = [folder / f"{stem}.{split}.txt" for split in SPLITS]
    for file in files:
        if file.exists():
            raise CourseError(f"{file} is there already: name another folder, or move it away")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for file, split in zip(files, SPLITS, strict=True):
            lines = (f" {line} \n" for line in getattr(treebank, split))
            file.write_text("".join(lines), encoding="utf-8", newline="\n")
    except OSError as error:
        raise CourseError(f"cannot write to {folder}: {error.strerror or error}") from error
    return files


def _advice(error: DownloadError) -> str:
    """Say what the gazette stands in for, and how to get that."""
    get = f"course data fetch {tarball.NAME}"
    return (
        f"in place of the Penn Treebank, which was not downloaded: {error.reason}; to get it: {get}"
    )


def _file(folder: Path, split: str) -> Path:
    """Return the one file of a folder that holds a split."""
    if not folder.is_dir():
        raise CourseError(f"{folder} is no folder: give one with train, valid and test files")
    files = [
        file
        for file in sorted(folder.iterdir())
        if file.is_file() and file.suffix in ENDINGS and split in _words(file)
    ]
    if len(files) != 1:
        names = f" ({', '.join(file.name for file in files)})" if files else ""
        wrong = f"{len(files)} files" if files else "no file"
        raise CourseError(
            f"{folder} has {wrong} for {split}{names}: it should have one {split}.txt"
        )
    return files[0]


def _words(file: Path) -> list[str]:
    """Return the words of a file's name; none of the treebank as characters, beside the other."""
    words = re.split(r"[^a-z]+", file.stem.lower())
    return [] if "char" in words else words
