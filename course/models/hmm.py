"""A hidden Markov model over discrete symbols: hidden states that follow one another by chance.

Each state depends on the one before it, each symbol on its state, and on nothing else; so all sums
over the paths of states can be had step by step. Lesson 01 sets it beside an RNN, which takes the
same arrays: symbols and states are numbered from 1, and 0 is padding, on the right of a row.
"""

from dataclasses import dataclass

import numpy as np

from course.errors import CourseError
from course.text import PAD


@dataclass(frozen=True, eq=False)
class HMM:
    """A hidden Markov model; each row of its tables sums to 1.

    Attributes:
        start: how likely each state comes first: (states,).
        transitions: how likely each state (column) follows each other (row): (states, states).
        emissions: how likely each state (row) says each symbol (column): (states, symbols).

    Reference:
        Rabiner, 1989, "A tutorial on hidden Markov models and selected applications in speech
        recognition".
    """

    start: np.ndarray
    transitions: np.ndarray
    emissions: np.ndarray

    def __post_init__(self) -> None:
        """Refuse tables that do not fit together."""
        shapes = [table.shape for table in vars(self).values()]
        (states, *_), (_, *symbols) = shapes[0], shapes[2]
        if len(symbols) != 1 or shapes != [(states,), (states, states), (states, *symbols)]:
            raise CourseError(f"tables of an HMM that do not fit together: {shapes}")
        for name, table in vars(self).items():
            if (table < 0).any() or not np.allclose(table.sum(axis=-1), 1):
                raise CourseError(f"{name} of an HMM: each row is probabilities that sum to 1")

    def log_likelihood(self, ids: np.ndarray) -> np.ndarray:
        """Return the log-probability of each row of symbols, over all paths of states.

        Args:
            ids: int array (batch, time), PAD on the right.

        Returns:
            Natural logarithms, (batch,); minus infinity where no path can say the symbols.

        Raises:
            CourseError: the ids are no such array.
        """
        _, scales = self._forward(self._likelihoods(ids))
        with np.errstate(divide="ignore"):
            return np.log(scales).sum(axis=1)

    def posteriors(self, ids: np.ndarray) -> np.ndarray:
        """Return how likely each state is at each step, given the whole row of symbols.

        Args:
            ids: int array (batch, time), PAD on the right.

        Returns:
            (batch, time, states); over the states it sums to 1. On padding it means nothing.

        Raises:
            CourseError: the ids are no such array, or no path can say them.
        """
        return self.expected(ids)[0]

    def expected(self, ids: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
        """Read rows of symbols from left to right and back: the scaled forward-backward algorithm.

        Args:
            ids: int array (batch, time), PAD on the right.

        Returns:
            How likely each state is at each step, (batch, time, states); how often each state
            (column) is expected behind each other (row), (states, states); and the log-likelihood
            of all rows together.

        Raises:
            CourseError: the ids are no such array, or no path can say them.
        """
        said = self._likelihoods(ids)
        forward, scales = self._forward(said)
        if not scales.all():
            row = np.flatnonzero(~scales.all(axis=1))[0]
            raise CourseError(f"ids: no path of states says row {row}; smooth the HMM's tables")
        # What each step's symbol, and all behind it, have to say about the state there.
        onward = said / scales[..., None]
        posteriors = forward.copy()
        for time in range(said.shape[1] - 1, 0, -1):
            news = onward[:, time] @ self.transitions.T
            posteriors[:, time - 1] *= news
            onward[:, time - 1] *= news
        onward *= (np.asarray(ids) != PAD)[..., None]
        pairs = self.transitions * np.tensordot(forward[:, :-1], onward[:, 1:], ((0, 1), (0, 1)))
        return posteriors, pairs, float(np.log(scales).sum())

    def viterbi(self, ids: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the likeliest path of states through each row of symbols.

        Args:
            ids: int array (batch, time), PAD on the right.

        Returns:
            The states, numbered from 1: int (batch, time), 0 on padding; and the log-probability of
            path and symbols together: (batch,).

        Raises:
            CourseError: the ids are no such array.
        """
        said, real = self._likelihoods(ids), np.asarray(ids) != PAD
        with np.errstate(divide="ignore"):
            tables = said, self.start, self.transitions, np.eye(len(self.start))
            said, start, moves, stay = (np.log(table) for table in tables)
        score, origins = start + said[:, 0], []
        for time in range(1, said.shape[1]):
            # A step on padding costs nothing, because the path stays where it is.
            totals = score[:, :, None] + np.where(real[:, time, None, None], moves, stay)
            origins.append(totals.argmax(axis=1))
            score = totals.max(axis=1) + said[:, time]
        path = _walked_back(score.argmax(axis=1), origins)
        return np.where(real, path + 1, 0), score.max(axis=1)

    def _likelihoods(self, ids: np.ndarray) -> np.ndarray:
        """Return how likely each state says each symbol, (batch, time, states); 1 on padding."""
        ids = _checked("ids", ids, self.emissions.shape[1])
        return np.vstack([np.ones(len(self.start)), self.emissions.T])[ids]

    def _forward(self, said: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Read from left to right.

        Args:
            said: how likely each state says each symbol: (batch, time, states).

        Returns:
            How likely each state is, given the symbols so far, (batch, time, states); and each
            symbol, given those before it, (batch, time). Scaled like this, nothing underflows.
        """
        states, scales, before = [], [], self.start
        for time in range(said.shape[1]):
            joint = before * said[:, time]
            scales.append(joint.sum(axis=1))
            states.append(joint / np.where(scales[-1] > 0, scales[-1], 1.0)[:, None])
            before = states[-1] @ self.transitions
        return np.stack(states, axis=1), np.stack(scales, axis=1)


def count(
    ids: np.ndarray, labels: np.ndarray, states: int, symbols: int, smoothing: float = 1.0
) -> HMM:
    """Return the HMM of symbols whose states are known, by counting.

    Args:
        ids: int array (batch, time), PAD on the right; symbols run from 1 to `symbols`.
        labels: the state behind each symbol, of the same shape, from 1 to `states`; 0: not known.
        states: how many there are.
        symbols: how many there are.
        smoothing: added to each count; with 0, what was never seen is impossible.

    Raises:
        CourseError: an array is no such array, or the smoothing is negative.
    """
    ids, labels = _checked("ids", ids, symbols), _checked("labels", labels, states, whole=False)
    if ids.shape != labels.shape:
        raise CourseError(f"ids {ids.shape} and labels {labels.shape} differ in shape")
    if smoothing < 0:
        raise CourseError(f"smoothing must be at least 0, not {smoothing}")
    known = np.eye(states + 1)[np.where(ids == PAD, 0, labels)][..., 1:]
    pairs = np.tensordot(known[:, :-1], known[:, 1:], ((0, 1), (0, 1)))
    return _estimated(ids, known, pairs, symbols, smoothing)


def baum_welch(model: HMM, ids: np.ndarray, steps: int = 50) -> tuple[HMM, np.ndarray]:
    """Fit an HMM to symbols whose states are not known, by expectation and maximization.

    No step lowers the likelihood. Where it ends depends on where it begins: see `random_model`.

    Args:
        model: where to begin.
        ids: int array (batch, time), PAD on the right.
        steps: how many times to estimate the states and then the tables.

    Returns:
        The last model, and the log-likelihood of all symbols together before each step: (steps,).

    Raises:
        CourseError: the ids are no such array, no path of the model's can say them, or there is no
            step.

    Reference:
        Baum, Petrie, Soules and Weiss, 1970.
    """
    if steps < 1:
        raise CourseError(f"steps must be at least 1, not {steps}")
    log_likelihoods = []
    for _ in range(steps):
        posteriors, pairs, log_likelihood = model.expected(ids)
        log_likelihoods.append(log_likelihood)
        model = _estimated(np.asarray(ids), posteriors, pairs, model.emissions.shape[1])
    return model, np.array(log_likelihoods)


def random_model(states: int, symbols: int, seed: int = 0) -> HMM:
    """Return an HMM whose tables are drawn at random, for `baum_welch` to begin with.

    Args:
        states: how many there are.
        symbols: how many there are.
        seed: draws the tables.

    Raises:
        CourseError: there is no state or no symbol.
    """
    if min(states, symbols) < 1:
        raise CourseError(f"an HMM needs a state and a symbol, not {states} and {symbols}")
    rng = np.random.default_rng(seed)
    start, transitions = rng.dirichlet(np.ones(states)), rng.dirichlet(np.ones(states), states)
    return HMM(start, transitions, rng.dirichlet(np.ones(symbols), states))


def _estimated(
    ids: np.ndarray, weights: np.ndarray, pairs: np.ndarray, symbols: int, smoothing: float = 0.0
) -> HMM:
    """Return the likeliest HMM, given how often each state was where.

    Args:
        ids: int array (batch, time).
        weights: of the states at each step: (batch, time, states).
        pairs: how often each state (column) follows each other (row): (states, states).
        symbols: how many there are.
        smoothing: added to each count.
    """
    said = [
        np.bincount(ids.ravel(), weight.ravel(), symbols + 1)[1:]
        for weight in np.moveaxis(weights, -1, 0)
    ]
    tables = weights[:, 0].sum(axis=0), pairs, np.stack(said)
    return HMM(*(_shares(table + smoothing) for table in tables))


def _shares(counts: np.ndarray) -> np.ndarray:
    """Return each row's shares of its sum; a row of nothing but zeros has equal ones."""
    totals = counts.sum(axis=-1, keepdims=True)
    return np.where(totals > 0, counts, 1.0) / np.where(totals > 0, totals, counts.shape[-1])


def _walked_back(last: np.ndarray, origins: list[np.ndarray]) -> np.ndarray:
    """Return the paths (batch, time) that end in some states, (batch,).

    Args:
        last: the state at the last step, (batch,).
        origins: for each step but the first, from which state each state was reached best.
    """
    path = [last]
    for origin in reversed(origins):
        path.append(np.take_along_axis(origin, path[-1][:, None], axis=1)[:, 0])
    return np.stack(path[::-1], axis=1)


def _checked(name: str, rows: np.ndarray, most: int, whole: bool = True) -> np.ndarray:
    """Return rows of ids from 0 to `most`, or say what is wrong with them.

    Args:
        name: what to call them.
        rows: (batch, time).
        most: the highest id.
        whole: whether 0 may stand on the right of a row only, and not make up a whole row.
    """
    rows = np.asarray(rows)
    if rows.ndim != 2 or rows.dtype.kind not in "iu" or not rows.size:
        raise CourseError(
            f"{name} must be whole numbers (batch, time), not {rows.dtype} {rows.shape}"
        )
    if rows.min() < 0 or rows.max() > most:
        raise CourseError(
            f"{name} run from {rows.min()} to {rows.max()}, and {most} is the highest"
        )
    real = rows != PAD
    if whole and not (real[:, 0].all() and (real[:, :-1] | ~real[:, 1:]).all()):
        raise CourseError(
            f"{name}: padding stands on the right of a row, behind at least one symbol"
        )
    return rows
