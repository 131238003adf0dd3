"""Sentence pairs, and the files that hold them."""

import difflib
import os
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from course.errors import CourseError
from course.text import Tokenizer

Pair = tuple[str, str]

ABSURD = 100_000_000  # more pairs than any corpus of the course has, or a machine could hold
BOM = b"\xef\xbb\xbf"
SWAPPED = ", columns swapped"


@dataclass(frozen=True, repr=False)
class SentencePairs(Sequence[Pair]):
    """Sentences and their translations, with a line that says where they come from.

    Attributes:
        pairs: (source, target) sentences, as the file has them.
        origin: where the pairs were found.
        licence: what the publisher says about using them.
        selection: which of the corpus' pairs these are; empty for all of them.
        skipped: how many bad lines of the file were left out.
        advice: what to do about a corpus that stands in for another one; empty otherwise.
    """

    pairs: list[Pair]
    origin: str
    licence: str = "licence not known to the course"
    selection: str = ""
    skipped: int = 0
    advice: str = ""

    @property
    def source(self) -> str:
        """The provenance in one line: where from, how many pairs, which licence."""
        noun = "pair" if self._counted == "1" else "pairs"
        line = f"{self.origin}: {self._counted} {noun}"
        if self.skipped:
            line += f" ({self.skipped:,} bad lines skipped)"
        return "; ".join(part for part in (line, self.licence, self.advice) if part)

    def limit(self, count: int) -> "SentencePairs":
        """Return the first pairs.

        Args:
            count: how many; all of them if there are no more.

        Raises:
            CourseError: the count is not a sensible one.
        """
        check_count("limit", count)
        if count >= len(self):
            return self
        return replace(
            self, pairs=self.pairs[:count], selection=f"the first {count:,} of {self._counted}"
        )

    def sample(self, count: int, seed: int = 0) -> "SentencePairs":
        """Return random pairs, each at most once, in random order.

        Args:
            count: how many; all of them, as they stand, if there are no more.
            seed: the same seed draws the same pairs.

        Raises:
            CourseError: the count is not a sensible one.
        """
        check_count("sample", count)
        if count >= len(self):
            return self
        drawn = random.Random(seed).sample(self.pairs, count)
        return replace(
            self, pairs=drawn, selection=f"{count:,} random (seed {seed}) of {self._counted}"
        )

    def reversed(self) -> "SentencePairs":
        """Return the pairs with source and target swapped; done twice, it undoes itself."""
        origin = self.origin.removesuffix(SWAPPED)
        if origin == self.origin:
            origin += SWAPPED
        return replace(self, pairs=[(target, source) for source, target in self], origin=origin)

    def up_to(self, tokens: int, tokenizer: Tokenizer) -> "SentencePairs":
        """Return the pairs of which neither sentence is too long.

        Args:
            tokens: a sentence may have at most so many.
            tokenizer: cuts the sentences of both sides.

        Raises:
            CourseError: no pair is left.
        """
        lengths = [max(len(tokenizer.tokens(side)) for side in pair) for pair in self]
        short = [pair for pair, length in zip(self, lengths, strict=True) if length <= tokens]
        if not short:
            least = f"; the shortest needs {min(lengths):,}" if lengths else ""
            raise CourseError(f"{self.origin}: no pair has at most {tokens:,} tokens a side{least}")
        chosen = f"{len(short):,} with at most {tokens:,} tokens a side, of {self._counted}"
        return replace(self, pairs=short, selection=chosen)

    @property
    def _counted(self) -> str:
        return self.selection or f"{len(self):,}"

    def __len__(self) -> int:
        """Count the pairs."""
        return len(self.pairs)

    def __getitem__(self, index: int | slice) -> Pair | list[Pair]:
        """Return the pair at a position, or a list of pairs for a slice."""
        return self.pairs[index]

    def __iter__(self) -> Iterator[Pair]:
        """Yield the pairs in order."""
        return iter(self.pairs)

    def __repr__(self) -> str:
        """Show the provenance and not a hundred thousand pairs."""
        return f"SentencePairs({self.source})"


def check_count(name: str, count: int) -> None:
    """Refuse a number of pairs that makes no sense.

    Args:
        name: of the option, for the message.
        count: a positive number of pairs.

    Raises:
        CourseError: it is no whole number, below one, or absurdly large.
    """
    if isinstance(count, bool) or not isinstance(count, int):
        raise CourseError(f"{name} must be a whole number of pairs, not {count!r}")
    if not 1 <= count <= ABSURD:
        raise CourseError(f"{name} must lie between 1 and {ABSURD:,} pairs, not be {count:,}")


def read_pairs(
    path: str | Path, *, skip_bad: bool = False, limit: int | None = None
) -> SentencePairs:
    """Read a file of sentence pairs, a pair a line, with a tab between source and target.

    A third column, as the attribution of manythings.org files, is left out; so are blank lines. The
    file is UTF-8, with or without a byte order mark; its lines end with LF or CRLF. Sentences are
    returned as they stand: cleaning them is a choice, and `course.text` makes it.

    Args:
        path: of the file.
        skip_bad: leave out, and count, lines that are no pair.
        limit: look at no line after so many pairs.

    Raises:
        CourseError: there is no such file, it cannot be read, it is not UTF-8, it holds no pair,
            or one of its lines is no pair and `skip_bad` is not set.
    """
    path = Path(path)
    pairs, skipped = [], 0
    for number, line in enumerate(_text(path).split("\n"), start=1):
        if len(pairs) == limit:
            break
        columns = line.split("\t")
        if 2 <= len(columns) <= 3 and columns[0].strip() and columns[1].strip():
            pairs.append((columns[0], columns[1]))
        elif line.strip():
            if not skip_bad:
                raise CourseError(f"{path}, line {number:,}: {_fault(columns)}")
            skipped += 1
    if not pairs:
        lines = f"{skipped:,} bad lines and no pair" if skipped else "nothing but blank lines"
        raise CourseError(f"{path} holds {lines}: it should have source<TAB>target in each line")
    return SentencePairs(pairs, origin=f"the file {path}", skipped=skipped)


def _text(path: Path) -> str:
    """Return a file's text, without byte order mark and with LF at the end of lines."""
    data = read_bytes(path, "a file of sentence pairs")
    if not data.removeprefix(BOM):
        raise CourseError(f"{path} is empty: it should have source<TAB>target in each line")
    return decode(data, str(path))


def decode(data: bytes, name: str) -> str:
    """Return UTF-8 bytes as text, without byte order mark and with LF at the end of lines.

    Cut it at LF only: `splitlines` would also cut at characters such as U+2028, which sentences
    may hold.

    Args:
        data: with or without a byte order mark.
        name: what the message calls it.

    Raises:
        CourseError: it is not UTF-8; the message says which byte and line.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        # With "utf-8-sig" the offset is counted after the byte order mark.
        start = error.start + (len(BOM) if data.startswith(BOM) else 0)
        line = data.count(b"\n", 0, start) + 1
        raise CourseError(
            f"{name} is not UTF-8: byte 0x{data[start]:02x} at offset {start}, in line {line}; "
            "save the text as UTF-8 and try again"
        ) from None
    return text.replace("\r\n", "\n").removesuffix("\r")


def read_bytes(path: Path, wanted: str) -> bytes:
    """Return a file's bytes.

    Args:
        path: of the file.
        wanted: what it should be, as "a file of sentence pairs", for the message about a folder.

    Raises:
        CourseError: there is no such file, or it cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise CourseError(unreadable(path, wanted, error)) from None


def unreadable(path: Path, wanted: str, error: OSError) -> str:
    """Say why a file cannot be read, and what may have been meant.

    Args:
        path: of the file.
        wanted: what it should be, as "a file of sentence pairs", for the message about a folder.
        error: what opening or reading it raised.
    """
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return f"no such file: {path}{_suggestion(path)}"
    if os.path.isdir(path):
        return f"{path} is a folder: name {wanted} in it"
    return f"{path} cannot be read: {error.strerror or error}"


def _suggestion(path: Path) -> str:
    """Say what may have been meant instead of a file that does not exist."""
    if not os.path.isdir(path.parent):
        return f" (there is no folder {path.parent} either)"
    names = os.listdir(path.parent) if os.access(path.parent, os.R_OK) else []
    near = difflib.get_close_matches(path.name, names, n=1)
    folder = path.parent.resolve()
    return f" in {folder}; did you mean {near[0]}?" if near else f" in {folder}"


def _fault(columns: list[str]) -> str:
    """Say what is wrong with a line that is no pair, and show how it starts."""
    line = "\t".join(columns)
    start = repr(line if len(line) <= 40 else line[:40] + "…")
    if len(columns) == 1:
        fault = "no tab"
    elif len(columns) > 3:
        fault = f"{len(columns)} columns instead of two or three"
    else:
        fault = "an empty column"
    return f"{fault} in {start}; should be source<TAB>target (skip_bad leaves such lines out)"
