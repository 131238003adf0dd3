"""A vector for each token: nearest tokens, embeddings for a vocabulary, word2vec's text form."""

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from course.errors import CourseError
from course.text import PAD, Vocabulary

_ENDS_IN_NUMBER = re.compile(r".* [-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?")


def ends_in_number(token: str) -> bool:
    """Say whether a token has a space and a number at its end, as no token of a file may."""
    return bool(_ENDS_IN_NUMBER.fullmatch(token))


@dataclass(frozen=True, eq=False, repr=False)
class Vectors:
    """A vector for each of some tokens.

    Attributes:
        tokens: each one once.
        matrix: their vectors: float32 array (tokens, width).
    """

    tokens: tuple[str, ...]
    matrix: np.ndarray

    def __post_init__(self) -> None:
        """Refuse a matrix that does not go with the tokens."""
        if self.matrix.ndim != 2 or len(self.matrix) != len(self.tokens):
            raise CourseError(
                f"{len(self.tokens)} tokens, but vectors of shape {self.matrix.shape}: pass one "
                "row a token"
            )
        if len(self.places) != len(self.tokens):
            raise CourseError("a token has two vectors: pass each token once")

    @cached_property
    def places(self) -> dict[str, int]:
        """Token -> row of the matrix."""
        return {token: place for place, token in enumerate(self.tokens)}

    @property
    def width(self) -> int:
        """Numbers a vector."""
        return self.matrix.shape[1]

    def nearest(self, token: str, count: int = 5) -> list[tuple[str, float]]:
        """Return the tokens whose vectors point most nearly the same way.

        Args:
            token: one that has a vector; it is left out of the answer.
            count: at most so many.

        Returns:
            Tokens with their cosines, from 1 (the same way) to -1, the nearest first.

        Raises:
            CourseError: the token has no vector.
        """
        [place] = self.rows_of([token])
        cosines = self._directions @ self._directions[place]
        order = np.argsort(-cosines, kind="stable")
        others = [i for i in order[: count + 1] if i != place][:count]
        return [(self.tokens[i], float(cosines[i])) for i in others]

    @cached_property
    def _directions(self) -> np.ndarray:
        """The vectors at length one; a vector of zeros stays as it is."""
        lengths = np.linalg.norm(self.matrix, axis=1, keepdims=True)
        return self.matrix / np.where(lengths > 0, lengths, 1)

    def rows_of(self, tokens: Sequence[str]) -> np.ndarray:
        """Return which row of the matrix each token has: int array (len(tokens),).

        Raises:
            CourseError: a token has no vector.
        """
        for token in tokens:
            if token not in self:
                near = difflib.get_close_matches(token, self.tokens[:20_000], n=1)
                hint = (
                    f": did you mean {near[0]!r}?"
                    if near
                    else f": none of these {len(self):,} is like it"
                )
                raise CourseError(f"{token!r} has no vector{hint}")
        return np.array([self.places[token] for token in tokens], int)

    def rows(self, vocabulary: Vocabulary, seed: int = 0) -> tuple[np.ndarray, int]:
        """Return initial embeddings for a vocabulary.

        A token without a vector gets that of its form in small letters, if there is one; otherwise
        normal draws, which spread as much as the vectors found. PAD gets zeros.

        Args:
            vocabulary: of the model.
            seed: of the draws.

        Returns:
            The matrix, float32 (len(vocabulary), width), and how many tokens have a vector.

        Raises:
            CourseError: no token has one.
        """
        names = [name if name in self else name.lower() for name in vocabulary.tokens]
        found = np.array([place != PAD and name in self for place, name in enumerate(names)])
        if not found.any():
            raise CourseError(
                f"none of the {len(names):,} tokens of the vocabulary has a vector: take vectors "
                "of the same language, with words written the same way"
            )
        vectors = self.matrix[[self.places[name] for name in np.array(names, object)[found]]]
        matrix = np.random.default_rng(seed).normal(0, vectors.std(), (len(names), self.width))
        matrix[found] = vectors
        matrix[PAD] = 0
        return matrix.astype(np.float32), int(found.sum())

    def save(self, path: str | Path) -> Path:
        """Write word2vec's text form: the number of tokens and the width, then a token a line.

        Returns:
            The path.

        Raises:
            CourseError: a token cannot be read back from such a file.
        """
        path = Path(path)
        for token in self.tokens:
            if "\n" in token or ends_in_number(token):
                raise CourseError(f"{token!r} cannot stand in a file of vectors: leave it out")
        with path.open("w", encoding="utf-8", newline="\n") as file:
            file.write(f"{len(self)} {self.width}\n")
            for token, row in zip(self.tokens, self.matrix, strict=True):
                file.write(f"{token} {' '.join(map(str, row))}\n")
        return path

    def __len__(self) -> int:
        """Count the tokens."""
        return len(self.tokens)

    def __contains__(self, token: object) -> bool:
        """Say whether a token has a vector."""
        return token in self.places

    def __repr__(self) -> str:
        """Show the size and the first tokens."""
        return f"Vectors({len(self):,} of {self.width} numbers: {' '.join(self.tokens[:6])} …)"
