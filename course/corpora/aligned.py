"""Sentence pairs in two files, as OPUS hands them out: line n of one translates line n of other."""

from pathlib import Path

from course.corpora.lines import count_lines, read_lines
from course.corpora.pairs import SentencePairs, check_count
from course.errors import CourseError

WANTED = "a file with a sentence a line"


def read_aligned(
    source_file: str | Path,
    target_file: str | Path,
    *,
    skip_bad: bool = False,
    limit: int | None = None,
) -> SentencePairs:
    """Read two files with a sentence a line, each line the translation of the other file's.

    The files are UTF-8, with or without a byte order mark; their lines end with LF or CRLF. A tab
    within a line becomes a space, so that the pairs can be written as source<TAB>target; otherwise
    sentences are returned as they stand. Lines that are blank in both files are left out.

    Args:
        source_file: the sentences to translate.
        target_file: their translations.
        skip_bad: leave out, and count, pairs of which one side is blank.
        limit: stop after so many pairs; lines are counted to the end all the same.

    Raises:
        CourseError: a file does not exist, cannot be read or is not UTF-8, the files differ in
            their number of lines, they hold no pair, one side of a pair is blank and `skip_bad` is
            not set, or the limit is no sensible one.
    """
    if limit is not None:
        check_count("limit", limit)
    files = Path(source_file), Path(target_file)
    _check_counts(*files)
    pairs, skipped = [], 0
    lines = zip(*(read_lines(file, WANTED) for file in files), strict=True)
    for number, (source, target) in enumerate(lines, start=1):
        if source.strip() and target.strip():
            pairs.append((source.replace("\t", " "), target.replace("\t", " ")))
        elif source.strip() or target.strip():
            if not skip_bad:
                raise CourseError(_fault(*files, number, source_blank=not source.strip()))
            skipped += 1
        if len(pairs) == limit:
            break
    names = f"{files[0]} and {files[1]}"
    if not pairs:
        raise CourseError(f"{names} hold no sentence pair: each should have a sentence a line")
    return SentencePairs(pairs, origin=f"the files {names}", skipped=skipped)


def _check_counts(source: Path, target: Path) -> None:
    """Refuse files of different lengths: from some line on, sentences would be mismatched."""
    counts = [count_lines(file, WANTED) for file in (source, target)]
    if counts[0] != counts[1]:
        have, has = (f"{count:,} line{'s' * (count != 1)}" for count in counts)
        raise CourseError(
            f"{source} has {have}, but {target} has {has}: each line should translate the same "
            "line of the other file; take both files from the same download, unchanged"
        )


def _fault(source: Path, target: Path, number: int, source_blank: bool) -> str:
    """Say which file has a blank line where the other one has a sentence."""
    blank, other = (source, target) if source_blank else (target, source)
    return (
        f"{blank}, line {number:,}: blank, but {other} has a sentence there "
        "(skip_bad leaves such lines out)"
    )
