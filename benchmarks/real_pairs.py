"""The real sentence pairs that the benchmarks share, split by source sentence."""

from course import batches, corpora
from course.errors import CourseError


def first_pairs(count: int) -> tuple[list, list]:
    """Return the first lines of `spa.txt` for training and held out.

    Raises:
        CourseError: the corpus is not on this machine.
    """
    pairs = corpora.load_pairs("spa-eng", limit=count, say=None)
    if pairs.advice:
        raise CourseError("this benchmark needs spa-eng: `course data fetch spa-eng`")
    return batches.split_by_source(pairs, 0.1, seed=0)
