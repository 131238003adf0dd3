"""How a BLEU score comes about, in lines of words."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from course.clipping import ORDERS
from course.wording import number

if TYPE_CHECKING:
    from sacrebleu.metrics.bleu import BLEUScore


def lines(score: "BLEUScore", lengths: Sequence[int], smooth: bool) -> list[str]:
    """Say what a sentence's score is the product of, and where its factors come from.

    Args:
        score: of the sentence.
        lengths: tokens of each of its references.
        smooth: whether an order without a match was smoothed.
    """
    return [_product(score), _brevity(score, lengths), _smoothing(score, smooth)]


def sums(corpus: "BLEUScore", scores: Sequence["BLEUScore"]) -> str:
    """Compare the corpus with the mean of its sentences."""
    return (
        f"The corpus: BLEU {number(corpus.score)}, from counts summed over all sentences; "
        f"the mean of the sentences' BLEU is {number(mean(scores))}."
    )


def mean(scores: Sequence["BLEUScore"]) -> float:
    """Return the mean of several sentences' BLEU, which is not the BLEU of them together."""
    return sum(score.score for score in scores) / len(scores)


def labels(score: "BLEUScore") -> list[str]:
    """Write the four precisions, the brevity penalty and the score, each in a word or two."""
    written = []
    for count, total, precision in zip(score.counts, score.totals, score.precisions, strict=True):
        smoothed = " smoothed" * (precision > 0 and not count)
        written.append(f"{number(precision)} %{smoothed}" if total else "there are none")
    return [*written, number(score.bp), number(score.score)]


def _product(score: "BLEUScore") -> str:
    """Say what the score is the product of."""
    used = [n for n, total in zip(ORDERS, score.totals, strict=True) if total]
    precisions = ", ".join(number(score.precisions[n - 1]) for n in used)
    factor = f"the geometric mean of {precisions} %" if len(used) > 1 else f"{precisions} %"
    short = "" if used[-1] == ORDERS[-1] else f" (too short for {used[-1] + 1}-grams)"
    return f"BLEU {number(score.score)} = {number(score.bp)} × {factor}{short}."


def _brevity(score: "BLEUScore", lengths: Sequence[int]) -> str:
    """Say where the brevity penalty comes from."""
    said, closest = score.sys_len, score.ref_len
    line = (
        f"Brevity: {said} tokens; the reference closest in length "
        f"({lengths.index(closest) + 1}) has {closest}"
    )
    if said >= closest:
        return f"{line}: no penalty, 1."
    return f"{line}: e to the power 1 − {closest}/{said} = {number(score.bp)}."


def _smoothing(score: "BLEUScore", smooth: bool) -> str:
    """Say what becomes of orders without a match."""
    counts = zip(ORDERS, score.counts, score.totals, strict=True)
    empty = [f"{n}-gram" for n, count, total in counts if total and not count]
    if not empty:
        return "Smoothing has nothing to do here: each order has a match."
    none = f"No {' and no '.join(empty)} stands in a reference"
    if not any(score.counts):
        return f"{none}: BLEU is 0, and smoothing does not change that."
    if not smooth:
        return f"{none}: that precision is 0, and so is the mean."
    shares = " and ".join(f"1/{2**place}" for place in range(1, len(empty) + 1))
    return f"{none}; smoothing counts {shares} of one instead."
