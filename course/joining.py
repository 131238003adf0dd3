"""Tokens become readable text: where English and Spanish put spaces."""

from collections.abc import Sequence

_NO_SPACE_BEFORE = set(".,;:!?…)]}»”’%°")
_NO_SPACE_AFTER = set("¿¡([{«“‘$€£#")
_JOINS_DIGITS = set(".,:/")
_QUOTES = {'"'}


def join_words(tokens: Sequence[str]) -> str:
    """Join words and punctuation marks into readable text, Spanish marks included.

    Closing marks cling to the word before them and opening marks (¿ ¡ included) to the word after;
    straight quotes open and close in turn; a hyphen clings to both sides, and so does a point, a
    comma, a colon or a slash between two numbers. Joining loses two things: whether a dash between
    words had spaces around it, and whether a comma between numbers had one after it.
    """
    text, cling, quote_open = "", True, False
    for position, token in enumerate(tokens):
        opens = token in _NO_SPACE_AFTER or (token in _QUOTES and not quote_open)
        closes = token in _NO_SPACE_BEFORE or (token in _QUOTES and quote_open) or token == "-"
        text += token if cling or closes else " " + token
        quote_open ^= token in _QUOTES
        cling = opens or token == "-" or _between_digits(tokens, position)
    return text


def _between_digits(tokens: Sequence[str], position: int) -> bool:
    """Say whether a mark stands between two numbers, as the point of 3.50 does."""
    if tokens[position] not in _JOINS_DIGITS or not 0 < position < len(tokens) - 1:
        return False
    return tokens[position - 1].isdigit() and tokens[position + 1].isdigit()
