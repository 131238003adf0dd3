"""Where the sentence pairs of a command come from: a file, a corpus by name, or two files."""

from pathlib import Path

import typer

from course import corpora
from course.corpora import SentencePairs
from course.errors import CourseError


def check(
    pairs: Path | None,
    corpus: str | None,
    source_file: Path | None,
    target_file: Path | None,
    needed: bool = False,
) -> None:
    """Refuse pairs from two places, or from half of one.

    Args:
        pairs: a file.
        corpus: a name.
        source_file: one of two aligned files.
        target_file: the other.
        needed: refuse pairs from no place as well.

    Raises:
        typer.BadParameter: the options do not go together.
    """
    if (source_file is None) != (target_file is None):
        missing = "--target-file" if target_file is None else "--source-file"
        raise typer.BadParameter("comes with the other of the two files", param_hint=missing)
    count = sum(place is not None for place in (pairs, corpus, source_file))
    if needed and count != 1:
        raise typer.BadParameter(
            "give a file, the name of a corpus (--corpus), or two files (--source-file and "
            "--target-file): one of the three",
            param_hint="--pairs",
        )
    if count > 1:
        raise typer.BadParameter(
            "give a file or the name of a corpus (--corpus), or two files (--source-file and "
            "--target-file), not more than one of the three",
            param_hint="--pairs",
        )


def load(
    pairs: Path | None,
    corpus: str | None,
    source_file: Path | None,
    target_file: Path | None,
    skip_bad: bool,
    limit: int | None = None,
) -> SentencePairs:
    """Load the pairs from the place that was given; two files come first, then one.

    Args:
        pairs: a file.
        corpus: a name.
        source_file: one of two aligned files.
        target_file: the other.
        skip_bad: leave out lines that are no pair.
        limit: read so many pairs.

    Raises:
        CourseError: the pairs cannot be read, in the words of the command line.
    """
    options = {"skip_bad": skip_bad, "limit": limit}
    try:
        if source_file:
            return corpora.read_aligned(source_file, target_file, **options)
        return corpora.load_pairs(corpus or "", path=pairs, say=None, **options)
    except CourseError as error:
        raise CourseError(str(error).replace("skip_bad", "--skip-bad")) from error
