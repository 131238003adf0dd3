"""A table for a spreadsheet or a program: one row for each student and assignment."""

from __future__ import annotations

from pathlib import Path

from autograder.exports import Export, Grade, status_of
from autograder.exports.table import Table, guard, number

HEADER = "assignment,student,name,email,status,score,max_score,score_before_penalty,late_penalty"


def write(grades: list[Grade], template: Path | None = None) -> Export:
    """Return `grades.csv`; `score` is what counts, after the penalty.

    Args:
        grades: the rows.
        template: none.
    """
    rows = [_row(grade) for grade in grades]
    table = Table([HEADER.split(","), *rows], newline="\r\n")
    return Export({"grades.csv": table.to_bytes()})


def _row(grade: Grade) -> list[str]:
    """Return a grade's row."""
    texts = (
        grade.assignment,
        grade.student,
        grade.full_name,
        grade.email,
        status_of(grade),
    )
    scores = (grade.final, grade.max_score, grade.score, grade.late_penalty)
    return [guard(text) for text in texts] + ["" if n is None else number(n) for n in scores]
