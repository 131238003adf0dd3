"""BLEU's n-grams one by one: which stand in a reference, how often, and what clipping takes away.

The scores are sacreBLEU's own (`course.metrics` has them); here is what they are made of, for a
picture.
"""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

ORDERS = (1, 2, 3, 4)
FOUND, CLIPPED, ABSENT = "found", "clipped", "absent"

Ngram = tuple[str, ...]


class Match(NamedTuple):
    """What BLEU counts of one n-gram.

    Attributes:
        ngram: its tokens.
        said: how often the translation has it.
        known: how often each reference has it.
    """

    ngram: Ngram
    said: int
    known: tuple[int, ...]

    @property
    def most(self) -> int:
        """How often the reference has it that has it most often."""
        return max(self.known)

    @property
    def counted(self) -> int:
        """How often it counts as right: not more often than one reference has it."""
        return min(self.said, self.most)


def tokens(text: str) -> list[str]:
    """Cut a text as sacreBLEU does (13a): punctuation apart, capitals kept."""
    from sacrebleu.tokenizers.tokenizer_13a import Tokenizer13a

    return Tokenizer13a()(text.rstrip()).split()


def ngrams(tokens: Sequence[str], order: int) -> list[Ngram]:
    """Return all runs of `order` tokens, from left to right."""
    return [tuple(tokens[at : at + order]) for at in range(len(tokens) - order + 1)]


def matches(
    translation: Sequence[str], references: Sequence[Sequence[str]], order: int
) -> list[Match]:
    """Count each different n-gram of a translation, there and in its references.

    Args:
        translation: tokens.
        references: tokens of each.
        order: the n of the n-grams.

    Returns:
        A `Match` for each, in the order in which the translation has them.

    Reference:
        Papineni et al., 2002, "modified n-gram precision".
    """
    known = [Counter(ngrams(reference, order)) for reference in references]
    said = Counter(ngrams(translation, order))
    return [
        Match(ngram, count, tuple(counts[ngram] for counts in known))
        for ngram, count in said.items()
    ]


def fates(translation: Sequence[str], references: Sequence[Sequence[str]], order: int) -> list[str]:
    """Say what becomes of each n-gram of a translation, from left to right.

    BLEU only counts; which of several equal n-grams is clipped is nobody's decision. Here it is the
    last ones.

    Returns:
        FOUND, CLIPPED or ABSENT for each.
    """
    left = {match.ngram: match.most for match in matches(translation, references, order)}
    known, found = {ngram for ngram, most in left.items() if most}, []
    for ngram in ngrams(translation, order):
        found.append(FOUND if left[ngram] > 0 else CLIPPED if ngram in known else ABSENT)
        left[ngram] -= 1
    return found
