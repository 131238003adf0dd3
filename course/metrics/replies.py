"""Are replies any good: how varied they are, and how many are copies.

Reference:
    Li, Galley, Brockett, Gao and Dolan (2016), A diversity-promoting objective function for neural
    conversation models, for distinct-n.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from itertools import chain

from course.errors import CourseError

Tokens = Sequence[str]


def distinct(replies: Sequence[Tokens], n: int) -> float:
    """Return the share of the n-grams of some replies that are different ones.

    Args:
        replies: token lists; no n-gram reaches from one into the next.
        n: length of an n-gram.

    Returns:
        Between 0 and 1; 0 if there is no n-gram.

    Raises:
        CourseError: n is below 1.
    """
    if n < 1:
        raise CourseError(f"an n-gram has at least one token, not {n}")
    grams = list(chain.from_iterable(_grams(reply, n) for reply in replies))
    return len(set(grams)) / len(grams) if grams else 0.0


def _grams(reply: Tokens, n: int) -> list[tuple[str, ...]]:
    """Return the n-grams of one reply."""
    return [tuple(reply[start : start + n]) for start in range(len(reply) - n + 1)]


def most_frequent(replies: Sequence[Tokens]) -> tuple[float, Tokens]:
    """Return the share of the reply that is given most often, and that reply.

    Raises:
        CourseError: there are no replies.
    """
    if not replies:
        raise CourseError("there are no replies to count")
    [(reply, count)] = Counter(map(tuple, replies)).most_common(1)
    return count / len(replies), list(reply)


def copied(replies: Sequence[Tokens], training: Collection[tuple[str, ...]]) -> float:
    """Return the share of replies that stand word for word in training.

    Args:
        replies: token lists.
        training: the replies of training, as tuples of tokens; a set is quickest.

    Raises:
        CourseError: there are no replies.
    """
    if not replies:
        raise CourseError("there are no replies to count")
    return sum(tuple(reply) in training for reply in replies) / len(replies)
