"""Text becomes tokens, tokens become ids, and both find their way back.

A tokenizer cuts a sentence into tokens and joins tokens into a sentence; a `Vocabulary` numbers
tokens; a `Codec` is the two together, so that a sentence typed by a learner and a sentence of the
training set go through the same door. Lesson 02 builds all three by hand.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from itertools import chain, repeat

import numpy as np

from course.errors import CourseError
from course.joining import join_words

PAD, START, END, UNK = range(4)
SPECIAL_TOKENS = ("<pad>", "<start>", "<end>", "<unk>")

WORD = re.compile(r"[\w']+|[^\s\w]")

_ZERO_WIDTH = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff\u00ad"))
_LOOKALIKES = "асеорхуіАВЕКМНОРСТХІ"
_LOOKALIKE = re.compile(f"[{_LOOKALIKES}]")
_CYRILLIC = str.maketrans(_LOOKALIKES, "aceopxyiABEKMHOPCTXI")
_APOSTROPHE = re.compile(r"(?<=\w)’(?=\w)")
_LATIN = re.compile(r"[A-Za-zÀ-ɏ]")
_OPENING_MARKS = dict.fromkeys(map(ord, "¿¡"))


def unify(text: str) -> str:
    """Make equal-looking text equal.

    Five steps, each for dirt that real corpora hold: composed Unicode (NFC), so that "é" is one
    code point; every kind of white space becomes one plain space; zero-width characters and soft
    hyphens go; a Cyrillic letter that looks Latin becomes Latin if it stands in a word that has
    Latin letters as well (a wholly Cyrillic word is left alone); and a curly apostrophe within a
    word becomes a straight one.
    """
    if text.isascii():  # most of a corpus: only the second step can change anything
        return " ".join(text.split())
    text = unicodedata.normalize("NFC", text.translate(_ZERO_WIDTH))
    if _LOOKALIKE.search(text):
        text = re.sub(r"\w+", _latin, text)
    text = _APOSTROPHE.sub("'", text)
    # Letters that stand beside each other only now may have a composed form.
    return unicodedata.normalize("NFC", " ".join(text.split()))


def _latin(word: re.Match) -> str:
    """Return a word with Latin letters only, if it has some at all."""
    return word[0].translate(_CYRILLIC) if _LATIN.search(word[0]) else word[0]


def _plain(text: str) -> str:
    """Leave out ¿, ¡ and all that combines with a letter: é becomes e, ñ becomes n."""
    apart = unicodedata.normalize("NFD", text.translate(_OPENING_MARKS))
    kept = (character for character in apart if not unicodedata.combining(character))
    return unicodedata.normalize("NFC", "".join(kept))


def clean(
    text: str,
    *,
    lower: bool = False,
    drop_punctuation: bool = False,
    unicode: bool = True,
    drop_accents: bool = False,
) -> str:
    """Apply the named cleaning steps to a text.

    Args:
        text: a sentence or a document.
        lower: turn capital letters into small ones.
        drop_punctuation: leave out all that is neither a letter, a digit, an apostrophe nor space.
        unicode: apply `unify`.
        drop_accents: leave out accents, the tilde of ñ, and the marks ¿ and ¡.
    """
    if drop_accents:
        text = _plain(text)
    if unicode:
        text = unify(text)
    if drop_punctuation:
        text = " ".join(re.sub(r"[^\w\s']|_", " ", text).split())
    return text.lower() if lower else text


@dataclass(frozen=True)
class _Options:
    """What `clean` does before a text is cut."""

    lower: bool = False
    drop_punctuation: bool = False
    unicode: bool = True
    drop_accents: bool = False


class WordTokenizer(_Options):
    """Cuts a text into words and single punctuation marks; `clean` says what the options do."""

    level = "word"

    def tokens(self, text: str) -> list[str]:
        """Return the words and punctuation marks of a text."""
        return WORD.findall(clean(text, **vars(self)))

    def join(self, tokens: Sequence[str]) -> str:
        """Return readable text: the tokens with spaces where English and Spanish put them."""
        return join_words(tokens)


class CharacterTokenizer(_Options):
    """Cuts a text into characters; `clean` says what the options do."""

    level = "character"

    def tokens(self, text: str) -> list[str]:
        """Return the characters of a text, spaces included."""
        return list(clean(text, **vars(self)))

    def join(self, tokens: Sequence[str]) -> str:
        """Return the characters as one string."""
        return "".join(tokens)


@dataclass(frozen=True)
class SpaceTokenizer:
    """Cuts a text at its spaces and changes nothing: for corpora that are cut already."""

    level = "space"

    def tokens(self, text: str) -> list[str]:
        """Return what stands between the spaces."""
        return text.split()

    def join(self, tokens: Sequence[str]) -> str:
        """Return the tokens with a space between them."""
        return " ".join(tokens)


Tokenizer = WordTokenizer | CharacterTokenizer | SpaceTokenizer
TOKENIZERS = {kind.level: kind for kind in (WordTokenizer, CharacterTokenizer, SpaceTokenizer)}


def tokenizer(level: str = "word", **options: bool) -> Tokenizer:
    """Return the tokenizer of a level.

    Args:
        level: "word", "character" or "space".
        options: `lower`, `drop_punctuation`, `unicode`, `drop_accents`, as in `clean`; none for
            "space".

    Raises:
        CourseError: there is no such level.
    """
    if level not in TOKENIZERS:
        raise CourseError(f"no level {level!r}: choose {', '.join(TOKENIZERS)}")
    return TOKENIZERS[level](**options)


class Vocabulary:
    """Numbers tokens: the features dictionary and its reverse.

    The first four ids are PAD, START, END and UNK; the corpus' own tokens follow.

    Attributes:
        tokens: all tokens; `tokens[id]` is the token with that id.
        features: token -> id.
    """

    def __init__(self, tokens: Iterable[str]) -> None:
        """Number tokens in the order given.

        Args:
            tokens: distinct tokens without the four special ones.

        Raises:
            CourseError: a token occurs twice or is a special one.
        """
        self.tokens = (*SPECIAL_TOKENS, *tokens)
        self.features = {token: id for id, token in enumerate(self.tokens)}
        if len(self.features) != len(self.tokens):
            doubled = Counter(self.tokens).most_common(1)[0][0]
            raise CourseError(f"the token {doubled!r} occurs twice in a vocabulary")

    @classmethod
    def build(
        cls,
        sentences: Iterable[Sequence[str]],
        *,
        min_count: int = 1,
        max_size: int | None = None,
    ) -> "Vocabulary":
        """Number the tokens of a corpus, the most frequent first.

        Args:
            sentences: token lists.
            min_count: leave out tokens that occur less often; they will be UNK.
            max_size: keep at most so many tokens, the four special ones included.
        """
        counts = Counter(chain.from_iterable(sentences))
        for special in SPECIAL_TOKENS:
            counts.pop(special, None)
        ranked = sorted(counts, key=lambda token: (-counts[token], token))
        kept = [token for token in ranked if counts[token] >= min_count]
        return cls(kept if max_size is None else kept[: max(0, max_size - len(SPECIAL_TOKENS))])

    @property
    def reverse_features(self) -> dict[int, str]:
        """The reverse features dictionary: id -> token."""
        return dict(enumerate(self.tokens))

    def ids(self, tokens: Iterable[str]) -> list[int]:
        """Return the id of each token; UNK for one that the vocabulary does not hold."""
        return list(map(self.features.get, tokens, repeat(UNK)))

    def words(self, ids: Iterable[int]) -> list[str]:
        """Return the token of each id, up to the first END; PAD and START are left out."""
        words = []
        for id in ids:
            if id == END:
                break
            if id not in (PAD, START):
                words.append(self.tokens[id])
        return words

    def __len__(self) -> int:
        """Count the tokens, the four special ones included."""
        return len(self.tokens)

    def __contains__(self, token: str) -> bool:
        """Say whether a token has an id of its own."""
        return token in self.features

    def __eq__(self, other: object) -> bool:
        """Two vocabularies are equal if they give every token the same id."""
        return isinstance(other, Vocabulary) and self.tokens == other.tokens

    def __repr__(self) -> str:
        """Show the size and the first tokens."""
        return f"Vocabulary({len(self)} tokens: {' '.join(self.tokens[4:10])} …)"

    __hash__ = None


@dataclass(frozen=True)
class Codec:
    """A tokenizer and a vocabulary: the only way from text to ids, in training and afterwards."""

    tokenizer: Tokenizer
    vocabulary: Vocabulary

    @classmethod
    def fit(cls, texts: Iterable[str], tokenizer: Tokenizer, *, min_count: int = 1) -> "Codec":
        """Build the vocabulary of some texts, as `Vocabulary.build` does."""
        sentences = map(tokenizer.tokens, texts)
        return cls(tokenizer, Vocabulary.build(sentences, min_count=min_count))

    def ids(self, text: str) -> list[int]:
        """Return the ids of a text, without START and END."""
        return self.vocabulary.ids(self.tokenizer.tokens(text))

    def text(self, ids: Iterable[int]) -> str:
        """Return the text of some ids, up to the first END."""
        return self.tokenizer.join(self.vocabulary.words(ids))

    def unknown(self, text: str) -> list[str]:
        """Return the tokens of a text that the vocabulary does not hold."""
        return [token for token in self.tokenizer.tokens(text) if token not in self.vocabulary]

    def to_dict(self) -> dict:
        """Return plain data for a JSON file; `from_dict` reads it."""
        return {
            "level": self.tokenizer.level,
            "options": asdict(self.tokenizer),
            "tokens": list(self.vocabulary.tokens[len(SPECIAL_TOKENS) :]),
        }

    @classmethod
    def from_dict(cls, data: dict) -> "Codec":
        """Read what `to_dict` gave."""
        return cls(tokenizer(data["level"], **data["options"]), Vocabulary(data["tokens"]))


def one_hot(ids: np.ndarray | Sequence, depth: int) -> np.ndarray:
    """Turn ids into rows of zeros with a single one.

    Args:
        ids: int array of any shape.
        depth: number of columns, the size of the vocabulary.

    Returns:
        float32 array of shape `(*ids.shape, depth)`. PAD is no token: its row is all zeros.

    Raises:
        CourseError: an id is negative, or not below `depth`.
    """
    ids = np.asarray(ids)
    if ids.size and (ids.min() < 0 or ids.max() >= depth):
        raise CourseError(f"one_hot: ids run from {ids.min()} to {ids.max()}, depth is {depth}")
    rows = np.zeros((*ids.shape, depth), np.float32)
    np.put_along_axis(rows, ids[..., None], 1.0, axis=-1)
    rows[ids == PAD] = 0.0
    return rows
