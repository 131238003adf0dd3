"""Submissions that a grader must survive, each with the outcome that it deserves.

shape    what the file is
cells    what became of the cells
running  what the cells do while they run
scores   what answers return, and what they do to the tests
marks    attacks on the marks themselves
walls    attempts to see or to change what is not the submission's own
"""

from tests.submissions import cells, marks, running, scores, shape, walls
from tests.submissions.case import ASSIGNMENT, NOTEBOOK, SOURCE, Baits, Case, right

CASES: list[Case] = [
    *shape.CASES,
    *cells.CASES,
    *running.CASES,
    *scores.CASES,
    *marks.CASES,
    *walls.CASES,
]

__all__ = ["ASSIGNMENT", "CASES", "NOTEBOOK", "SOURCE", "Baits", "Case", "right"]
