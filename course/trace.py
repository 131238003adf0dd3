"""What decoding leaves behind: a `Trace` for each sentence, in plain NumPy.

Plots and widgets draw a Trace and compute nothing. A Trace can be stepped through in both
directions, saved as JSON and read back.
"""

import json
from dataclasses import dataclass, field

import numpy as np

from course.text import END

KEPT, ENDED, DROPPED, ABSENT = range(4)
FATES = {
    KEPT: "goes on",
    ENDED: "is a whole sentence",
    DROPPED: "dropped: others are likelier",
    ABSENT: "not looked at",
}


@dataclass
class Hypothesis:
    """One whole sentence that a beam search found.

    Attributes:
        tokens: its ids, END included if it ended by itself: int array (time,).
        log_prob: the sum of its tokens' log-probabilities.
        score: that sum divided by the length penalty.
    """

    tokens: np.ndarray
    log_prob: float
    score: float

    @property
    def ended(self) -> bool:
        """Whether it ended by itself and was not cut off at the limit."""
        return len(self.tokens) > 0 and self.tokens[-1] == END


@dataclass
class Candidates:
    """The continuations that a beam search looked at in one step, the likeliest first.

    Attributes:
        ids: the token that each adds: int array (candidates,).
        parents: which beginning each continues, by its place among those that went on from the step
            before: int array (candidates,).
        log_probs: each sum so far: float array (candidates,).
        fates: KEPT, ENDED or DROPPED; `FATES` says them in words: int array (candidates,).
    """

    ids: np.ndarray
    parents: np.ndarray
    log_probs: np.ndarray
    fates: np.ndarray


@dataclass
class Trace:
    """How one sentence was decoded, step by step.

    Attributes:
        tokens: the chosen ids, END included if it ended by itself: int array (time,).
        log_probs: their log-probabilities: float array (time,).
        top_ids: the likeliest tokens at each step: int array (time, alternatives), or None.
        top_log_probs: their log-probabilities: float array (time, alternatives), or None.
        states: the states after each step by name: float arrays (time, units).
        attention: where each step looked, a share for each token of the source: float array (time,
            source_time), without padding. None if the model has no attention, and of a beam search.
        hypotheses: the n best sentences of a beam search, the best first.
        candidates: what a beam search looked at in each step.
    """

    tokens: np.ndarray
    log_probs: np.ndarray
    top_ids: np.ndarray | None = None
    top_log_probs: np.ndarray | None = None
    states: dict[str, np.ndarray] = field(default_factory=dict)
    attention: np.ndarray | None = None
    hypotheses: list[Hypothesis] = field(default_factory=list)
    candidates: list[Candidates] = field(default_factory=list)

    @property
    def ended(self) -> bool:
        """Whether the sentence ended by itself and was not cut off at the limit."""
        return len(self.tokens) > 0 and self.tokens[-1] == END

    @property
    def log_prob(self) -> float:
        """The log-probability of the whole sentence."""
        return float(self.log_probs.sum())

    def __len__(self) -> int:
        """Count the steps."""
        return len(self.tokens)

    def to_json(self) -> str:
        """Return the trace as JSON; `from_json` reads it."""
        return json.dumps(self, default=_plain)

    @classmethod
    def from_json(cls, text: str) -> "Trace":
        """Read what `to_json` gave."""
        data = _arrays(json.loads(text))
        data["hypotheses"] = [Hypothesis(**item) for item in data["hypotheses"]]
        data["candidates"] = [Candidates(**item) for item in data["candidates"]]
        return cls(**data)


def _plain(value: object) -> object:
    """Turn what JSON does not know into what it knows."""
    if isinstance(value, np.ndarray):
        return {"dtype": str(value.dtype), "shape": value.shape, "values": value.ravel().tolist()}
    return vars(value)


def _arrays(value: object) -> object:
    """Turn the arrays in read JSON back into NumPy's."""
    if isinstance(value, list):
        return [_arrays(item) for item in value]
    if not isinstance(value, dict):
        return value
    if set(value) == {"dtype", "shape", "values"}:
        return np.array(value["values"], value["dtype"]).reshape(value["shape"])
    return {key: _arrays(item) for key, item in value.items()}
