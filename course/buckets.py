"""Sentence pairs in buckets of like length, so that little of a batch is padding.

`course.batches` cuts batches from them.
"""

from typing import NamedTuple

import numpy as np


class Bucket(NamedTuple):
    """Sentence pairs of like length, and the one shape that all their batches have."""

    rows: np.ndarray
    source_time: int
    target_time: int
    batch: int


def plan_buckets(
    source: np.ndarray,
    target: np.ndarray,
    counts: tuple[int, int],
    batch: int,
    most_steps: int | None,
) -> list[Bucket]:
    """Cut the pairs into buckets by target length, and those by source length.

    Args:
        source: tokens a source sentence: int array (pairs,).
        target: steps a target sentence: int array (pairs,).
        counts: at most so many target lengths, and source lengths for each.
        batch: pairs a batch; a bucket's last one is filled up, which counts as padding too.
        most_steps: at most so many target steps in a batch; any number if None.
    """
    plan = []
    for alike in _cut_by_length(np.arange(len(target)), target, counts[0], batch):
        for rows in _cut_by_length(alike, source, counts[1], batch):
            # A bucket's arrays have at least one step, so that an empty sentence has a shape too.
            longest = (max(1, int(lengths[rows].max())) for lengths in (source, target))
            plan.append(_bounded(Bucket(rows, *longest, batch), most_steps))
    return plan


def _bounded(bucket: Bucket, most_steps: int | None) -> Bucket:
    """Return a bucket whose batches have no more target steps than they may."""
    most = bucket.batch if most_steps is None else max(1, most_steps // bucket.target_time)
    return bucket._replace(batch=min(bucket.batch, most))


def _cut_by_length(
    rows: np.ndarray, lengths: np.ndarray, count: int, batch: int
) -> list[np.ndarray]:
    """Cut some rows into at most `count` groups by length, so that least is padding."""
    bounds = _cheapest_bounds(*np.unique(lengths[rows], return_counts=True), count, batch)
    group_of = np.searchsorted(bounds, lengths[rows])
    return [rows[group_of == place] for place in range(len(bounds))]


def _cheapest_bounds(
    lengths: np.ndarray, counts: np.ndarray, buckets: int, batch: int
) -> list[int]:
    """Choose the bucket bounds for which the padded batches hold the fewest steps.

    The cheapest cut of the first lengths into some buckets is the cheapest cut of fewer lengths
    into one bucket less, and one more bucket: so best cuts grow from best cuts.

    Args:
        lengths: the distinct lengths, ascending: int array (kinds,).
        counts: sentences of each length: int array (kinds,).
        buckets: at most so many bounds.
        batch: sentences a batch.
    """
    before = np.concatenate([[0], np.cumsum(counts)])
    best = {0: (0, [])}
    for _ in range(buckets):
        longer = dict(best)
        for end in range(1, len(lengths) + 1):
            for begin, (cost, bounds) in best.items():
                if begin < end:
                    batches = -(-(before[end] - before[begin]) // batch)
                    total = cost + batches * batch * lengths[end - 1]
                    if end not in longer or total < longer[end][0]:
                        longer[end] = (total, [*bounds, int(lengths[end - 1])])
        best = longer
    return best[len(lengths)][1]
