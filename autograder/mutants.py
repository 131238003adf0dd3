"""Proves that an assignment's tests give right answers full marks, and wrong ones what they deserve."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Mutant:
    """A plausible wrong answer, listed in an assignment's `mutants.py`.

    Attributes:
        name: the mistake in a few words.
        points: what it deserves.
        says: a word or phrase that the message of a failed task must contain.
        answers: the wrong source of each answer cell that differs, by its grade id.
    """

    name: str
    points: float
    says: str
    answers: dict[str, str] = field(default_factory=dict)
