"""Corpora by name."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from course.corpora.download import DownloadError, fetch
from course.corpora.pairs import SentencePairs, check_count, read_pairs
from course.corpora.registry import CORPORA, Corpus, find, lookup
from course.errors import CourseError

EVERYDAY = Path(__file__).parent / "shipped" / "everyday.tsv"
GRAMMAR_PAIRS = 20_000
NOT_HERE, SHIPS = "not here", "with the course"


def load_pairs(
    name: str = "shipped",
    *,
    path: str | Path | None = None,
    limit: int | None = None,
    sample: int | None = None,
    seed: int = 0,
    skip_bad: bool = False,
    say: Callable[[str], object] | None = print,
) -> SentencePairs:
    """Return sentence pairs, from the first place that has them.

    The places: `path`; the folder in `COURSE_DATA`; the cache; a download from the publisher; the
    corpus that ships. The last stands in only for an English-Spanish corpus, and says that it does.

    Args:
        name: of a corpus; `course data list` shows all. Not looked at if there is a `path`.
        path: a file of sentence pairs.
        limit: take the first pairs only.
        sample: take random pairs only, after `limit`.
        seed: of the random pairs.
        skip_bad: leave out lines that are no pair.
        say: is told in a line of a download, or of a corpus that stands in; None for silence, as
            `.source` says it too.

    Raises:
        CourseError: no corpus has this name, or `limit`, `sample` or the file is bad.
        DownloadError: it is not here, cannot be had, and none that ships could stand in.
    """
    for option, count in (("limit", limit), ("sample", sample)):
        if count is not None:
            check_count(option, count)
    if path is not None:
        pairs = read_pairs(path, skip_bad=skip_bad, limit=limit)
    else:
        pairs = _by_name(lookup(name), skip_bad, say or (lambda line: None))
    if limit is not None:
        pairs = pairs.limit(limit)
    return pairs if sample is None else pairs.sample(sample, seed)


def path(name: str) -> Path:
    """Return the file of a corpus that is on this machine.

    Raises:
        CourseError: no corpus has this name, it is not here, or it has no file.
    """
    corpus = lookup(name)
    if name == "everyday":
        return EVERYDAY
    if corpus.ships:
        raise CourseError(f"{name} has no file, the course generates it: load_pairs({name!r})")
    found = find(corpus)
    if found is None:
        raise CourseError(f"{name} is not here; to download it: course data fetch {name}")
    return found[1]


@dataclass(frozen=True)
class Row:
    """A line of `course data list`: a corpus, where it was found or "not here", its licence."""

    name: str
    title: str
    where: str
    licence: str

    @property
    def here(self) -> bool:
        """Whether it can be loaded without a network."""
        return self.where != NOT_HERE


def available() -> list[Row]:
    """List the corpora that the course knows, those that ship first."""
    return [
        Row(corpus.name, corpus.title, _where(corpus), corpus.licence)
        for corpus in CORPORA.values()
    ]


def _where(corpus: Corpus) -> str:
    """Say where a corpus is on this machine."""
    if corpus.ships:
        return SHIPS
    found = find(corpus)
    return f"{found[0]}: {found[1]}" if found else NOT_HERE


def _by_name(corpus: Corpus, skip_bad: bool, say: Callable[[str], object]) -> SentencePairs:
    """Return all pairs of a corpus, or of the one that stands in for it."""
    if corpus.ships:
        return _shipped(corpus)
    found = find(corpus)
    try:
        place, file = found or ("a download", fetch(corpus.name, say=say))
    except DownloadError as error:
        if corpus.language != "Spanish":
            raise
        return _stand_in(corpus, error, say)
    pairs = read_pairs(file, skip_bad=skip_bad)
    origin = f"{corpus.name} from {place} ({file})"
    return replace(pairs, origin=origin, licence=corpus.licence)


def _shipped(corpus: Corpus) -> SentencePairs:
    """Return a corpus that comes with the course."""
    pairs = []
    if corpus.name != "grammar":
        pairs += read_pairs(EVERYDAY).pairs
    if corpus.name != "everyday":
        from course.corpora import grammar

        pairs += grammar.generate(GRAMMAR_PAIRS, seed=0)
    return SentencePairs(pairs, f"{corpus.name}, which comes with the course", corpus.licence)


def _stand_in(corpus: Corpus, error: DownloadError, say: Callable[[str], object]) -> SentencePairs:
    """Return the corpus that ships in place of another one, and say so."""
    pairs = replace(
        _shipped(lookup("shipped")),
        origin=f"the corpus that ships with the course, in place of {corpus.name}",
        advice=f"{corpus.name} was not downloaded: {error.reason}; to get it: "
        f"course data fetch {corpus.name}",
    )
    say(pairs.source)
    return pairs
