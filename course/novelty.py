"""How new a generated text is: how often it repeats itself, and how much of it is a copy.

A model can have a good perplexity and still write the same clause over and over, or recite a page
of its book. Lesson 08 prints these figures beside every chapter that it generates.

Reference:
    Distinct-n: Li, Galley, Brockett, Gao and Dolan (2016), A diversity-promoting objective
    function for neural conversation models.
"""

from collections.abc import Hashable, Sequence

import numpy as np

from course.errors import CourseError

Tokens = Sequence[Hashable]


def distinct(tokens: Tokens, n: int) -> float:
    """Return the share of n-grams that are different ones.

    Args:
        tokens: words or ids.
        n: length of an n-gram.

    Returns:
        Between 0 and 1: how many n-grams there are, each counted once, by how many there are at
        all; 1 for a text that is too short to hold one, as it repeats nothing.

    Raises:
        CourseError: n is below 1.
    """
    if n < 1:
        raise CourseError(f"an n-gram has at least one token, not {n}")
    # The shortest of the shifted texts ends the pairing.
    grams = list(zip(*(tokens[start:] for start in range(n)), strict=False))
    return len(set(grams)) / len(grams) if grams else 1.0


def repeated(tokens: Tokens, n: int) -> float:
    """Return the share of n-grams that repeat an earlier one of the same text.

    Args:
        tokens: words or ids.
        n: length of an n-gram.

    Returns:
        Between 0 and 1; what `distinct` leaves over.

    Raises:
        CourseError: n is below 1.
    """
    return 1.0 - distinct(tokens, n)


def longest_copy(tokens: Tokens, corpus: Tokens) -> tuple[int, int]:
    """Find the longest run of tokens that stands word for word in a training text.

    Args:
        tokens: of the generated text.
        corpus: tokens of the training text.

    Returns:
        Its length, and where it begins in the corpus; of several equally long ones the first of
        the generated text, and its first place in the corpus. (0, 0) if nothing is copied.
    """
    ends_of = _ends_of(corpus)
    # runs[end]: length of the run that ends with the token at hand and before corpus[end]
    runs, none = np.zeros(len(corpus) + 1, np.int32), np.zeros(0, int)
    length, start, before = 0, 0, none
    for token in tokens:
        ends = ends_of.get(token, none)
        longer = runs[ends - 1] + 1
        runs[before] = 0
        runs[ends], before = longer, ends
        if len(ends) and longer.max() > length:
            length = int(longer.max())
            start = int(ends[longer.argmax()]) - length
    return length, start


def _ends_of(corpus: Tokens) -> dict[Hashable, np.ndarray]:
    """Return the places behind each token of a corpus, in rising order."""
    places: dict[Hashable, list[int]] = {}
    for end, token in enumerate(corpus, 1):
        places.setdefault(token, []).append(end)
    return {token: np.array(ends) for token, ends in places.items()}


def report(tokens: Tokens, corpus: Tokens) -> dict[str, float]:
    """Return all figures about a generated text.

    Args:
        tokens: of the generated text.
        corpus: tokens of the training text.

    Returns:
        "tokens", how many; "distinct_1" and "distinct_2"; "repeated_3" and "repeated_4", shares of
        n-grams that repeat an earlier one; "longest_copy", in tokens, and "copied_from", its place
        in the corpus.
    """
    length, start = longest_copy(tokens, corpus)
    return {
        "tokens": len(tokens),
        "distinct_1": distinct(tokens, 1),
        "distinct_2": distinct(tokens, 2),
        "repeated_3": repeated(tokens, 3),
        "repeated_4": repeated(tokens, 4),
        "longest_copy": length,
        "copied_from": start,
    }
