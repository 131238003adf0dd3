"""Sentences that somebody types, cut as the treebank was."""

import re
from collections.abc import Container, Sequence
from dataclasses import dataclass

from course.text import unify

_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_WORD = r"(?:(?!n't)\w)+"
_TOKEN = re.compile(
    rf"<unk>|n't\b|'(?:s|re|ve|ll|d|m)\b|\d+(?:[.,]\d+)+|(?:[od]')?{_WORD}(?:[-/.&]{_WORD})*\.?|[$&#]"
)


@dataclass(frozen=True)
class TypedTokenizer:
    """Cuts typed sentences into the treebank's tokens: small letters, no marks, `N` for numbers.

    "The firm's shares didn't fall 3.5%." becomes `the firm 's shares did n't fall N`. A full stop
    stays on a word that is known with it, as `mr.` is.

    Attributes:
        known: tokens that exist with a full stop at their end, as a `Vocabulary`.
    """

    known: Container[str] = ()
    level = "space"

    def tokens(self, text: str) -> list[str]:
        """Return the tokens of a sentence."""
        return [self._token(token) for token in _TOKEN.findall(unify(text).lower())]

    def join(self, tokens: Sequence[str]) -> str:
        """Return the tokens with a space between them."""
        return " ".join(tokens)

    def _token(self, token: str) -> str:
        """Return one token in the treebank's form."""
        if token.endswith(".") and token not in self.known:
            token = token[:-1]
        return "N" if token == "n" or _NUMBER.fullmatch(token) else token
