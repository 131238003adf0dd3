"""Which sentence pairs are learnt from, and which are kept to be judged on."""

from collections.abc import Callable, Sequence

import numpy as np

from course.errors import CourseError


def split_by_source(
    pairs: Sequence[tuple[str, str]],
    share: float = 0.1,
    seed: int = 0,
    key: Callable[[str], str] = str,
    most: int | None = None,
) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """Split pairs so that no source sentence stands on both sides.

    Args:
        pairs: source and target sentences.
        share: the share of the distinct source sentences that is held out, above 0 and below 1.
        seed: draws which ones.
        key: two sources with the same key count as the same sentence.
        most: hold out at most so many source sentences, however large the share.

    Returns:
        The pairs for training and the pairs held out, each in the order of `pairs`.

    Raises:
        CourseError: there are fewer than two different source sentences, or `most` is below 1.
    """
    if most is not None and most < 1:
        raise CourseError(f"a split holds out at least 1 source sentence, not {most}")
    sources = sorted({key(source) for source, _ in pairs})
    if len(sources) < 2:
        raise CourseError("a split needs at least two different source sentences")
    count = min(len(sources) - 1, max(1, round(share * len(sources))), most or len(sources))
    chosen = np.random.default_rng(seed).choice(len(sources), count, replace=False)
    held_out = {sources[place] for place in chosen}
    train = [pair for pair in pairs if key(pair[0]) not in held_out]
    return train, [pair for pair in pairs if key(pair[0]) in held_out]
