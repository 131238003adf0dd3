"""How the candidates of a beam search hang together: what each continues, and where it led."""

import numpy as np

from course.errors import CourseError
from course.trace import ENDED, KEPT, Trace


class Paths:
    """The tree that a beam search looked at.

    A candidate is named by its step and its slot, that is its place among the step's candidates.

    Attributes:
        origins: the slot of each candidate's parent among all candidates of the step before: an int
            array (candidates,) for each step; -1 in the first.
        ends: step and slot of the last token of each hypothesis, the best first.
        best: step and slot of every candidate on the way to the best hypothesis.
    """

    def __init__(self, trace: Trace) -> None:
        """Link the candidates of a trace.

        Raises:
            CourseError: the trace is not of a beam search.
        """
        if not trace.candidates:
            raise CourseError("this trace has no candidates: take one of a beam search")
        self.candidates = trace.candidates
        self.origins = self._link()
        self.ends = [self._find(hypothesis.tokens) for hypothesis in trace.hypotheses]
        self.best = set(enumerate(self.slots(*self.ends[0]))) if self.ends else set()

    def slots(self, step: int, slot: int, most: int | None = None) -> list[int]:
        """Return the slots on the way to a candidate, from the first step to its own.

        Args:
            step: the candidate's step.
            slot: its place among the candidates of that step.
            most: only so many of the last ones.
        """
        slots = [slot]
        for place in range(step, 0 if most is None else max(0, step + 1 - most), -1):
            slots.append(int(self.origins[place][slots[-1]]))
        return slots[::-1]

    def ids(self, step: int, slot: int, most: int | None = None) -> np.ndarray:
        """Return the tokens up to a candidate's own: int array (time,); arguments as for `slots`.

        Without `most` they begin with the first token, and time is step + 1.
        """
        slots = self.slots(step, slot, most)
        way = enumerate(slots, start=step + 1 - len(slots))
        return np.array([self.candidates[place].ids[at] for place, at in way], np.int32)

    def _link(self) -> list[np.ndarray]:
        """Turn places among those that went on into places among all that were looked at."""
        origins = [np.full(len(self.candidates[0].ids), -1)]
        for before, here in zip(self.candidates, self.candidates[1:], strict=False):
            origins.append(np.flatnonzero(before.fates == KEPT)[here.parents])
        return origins

    def _find(self, tokens: np.ndarray) -> tuple[int, int]:
        """Return step and slot of the candidate with which a whole sentence ended."""
        step = len(tokens) - 1
        ended = np.flatnonzero(self.candidates[step].fates == ENDED)
        return next((step, int(s)) for s in ended if np.array_equal(self.ids(step, s), tokens))


def plain_places(trace: Trace) -> list[int]:
    """Return the place that each hypothesis would have, from 1, if plain sums were compared.

    Sentences that were cut off stay behind those that ended by themselves.
    """
    keys = [(not found.ended, -found.log_prob) for found in trace.hypotheses]
    order = sorted(range(len(keys)), key=keys.__getitem__)
    return [order.index(place) + 1 for place in range(len(order))]
