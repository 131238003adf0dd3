"""A source of text whose entropy is known: a stochastic automaton that says a token at each step.

In each state it draws a token, and state and token together decide the next state. So whoever has
read all tokens knows the state, the probability of a text is a product of entries of one table, and
the entropy rate is a sum over the states. Lesson 09 asks how near a language model comes to it.
"""

import random
from bisect import bisect
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

import numpy as np

from course.errors import CourseError

State = Hashable
Row = Mapping[str, tuple[float, State]]  # token -> its weight, and the state behind it


@dataclass(frozen=True, eq=False)
class Automaton:
    """A stochastic automaton; it begins in its first state.

    Attributes:
        tokens: what it can say.
        probs: how likely each state (row) says each token (column): (states, tokens).
        following: the state behind each: int (states, tokens), -1 where the token cannot be said.
    """

    tokens: tuple[str, ...]
    probs: np.ndarray
    following: np.ndarray

    @property
    def entropy_rate(self) -> float:
        """The mean surprisal of a token, in nats, in a text that goes on for ever.

        Each state's entropy, weighted by the share of the steps that are spent there.

        Reference:
            Shannon, 1948, section 7.
        """
        with np.errstate(divide="ignore", invalid="ignore"):
            entropies = -np.where(self.probs > 0, self.probs * np.log(self.probs), 0.0).sum(axis=1)
        return float(self.occupancy() @ entropies)

    def occupancy(self) -> np.ndarray:
        """Return the share of the steps that are spent in each state: (states,)."""
        states = len(self.probs)
        moves = np.zeros((states, states))
        here, token = np.nonzero(self.probs)
        np.add.at(moves, (here, self.following[here, token]), self.probs[here, token])
        # The shares do not change from one step to the next, and sum to 1.
        equations = np.vstack([moves.T - np.eye(states), np.ones(states)])
        return np.linalg.lstsq(equations, np.append(np.zeros(states), 1.0), rcond=None)[0]

    def log_probs(self, tokens: Sequence[str]) -> np.ndarray:
        """Return how likely each token of a text is, given all before it.

        Args:
            tokens: a text from its beginning.

        Returns:
            Natural logarithms, (tokens,); minus infinity from a token on that cannot stand there.
        """
        columns = {token: column for column, token in enumerate(self.tokens)}
        found, state = np.full(len(tokens), -np.inf), 0
        for place, token in enumerate(tokens):
            column = columns.get(token, -1)
            if column < 0 or self.following[state, column] < 0:
                break
            found[place] = np.log(self.probs[state, column])
            state = self.following[state, column]
        return found

    def generate(self, count: int, seed: int = 0, until: str | None = None) -> list[str]:
        """Write a text.

        Args:
            count: tokens, at least.
            seed: of the draws.
            until: go on to the next such token, as the end of a sentence.
        """
        draw, said, state = random.Random(seed), [], 0
        # Lists: Python reads a single number from them many times faster than from an array.
        rows = [self._choices(state) for state in range(len(self.probs))]
        while len(said) < count or (until is not None and said and said[-1] != until):
            bounds, choices = rows[state]
            place = bisect(bounds, draw.random() * bounds[-1], hi=len(bounds) - 1)
            token, state = choices[place]
            said.append(token)
        return said

    def _choices(self, state: int) -> tuple[list[float], list[tuple[str, int]]]:
        """Return the sums of a state's shares, and what it can say with the states behind."""
        columns = np.flatnonzero(self.probs[state])
        bounds = list(accumulate(self.probs[state, columns].tolist()))
        behind = self.following[state, columns].tolist()
        return bounds, [(self.tokens[c], b) for c, b in zip(columns, behind, strict=True)]


def automaton(first: State, row: Callable[[State], Row]) -> Automaton:
    """Make an automaton of all states that can be reached.

    Args:
        first: the state in which it begins.
        row: says what a state can say; weights need not sum to 1.

    Raises:
        CourseError: a state has no token of a positive weight.
    """
    places, rows = {first: 0}, []
    for state in (waiting := [first]):
        rows.append({token: pair for token, pair in row(state).items() if pair[0] > 0})
        if not rows[-1]:
            raise CourseError(f"the state {state!r} of an automaton has nothing to say")
        for _, behind in rows[-1].values():
            if behind not in places:
                places[behind] = len(places)
                waiting.append(behind)
    tokens = tuple(dict.fromkeys(token for said in rows for token in said))
    probs, following = np.zeros((len(rows), len(tokens))), np.full((len(rows), len(tokens)), -1)
    columns = {token: column for column, token in enumerate(tokens)}
    for place, said in enumerate(rows):
        for token, (weight, behind) in said.items():
            probs[place, columns[token]] = weight
            following[place, columns[token]] = places[behind]
    return Automaton(tokens, probs / probs.sum(axis=1, keepdims=True), following)
