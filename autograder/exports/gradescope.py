"""Gradescope: the `results.json` that an autograder leaves for each submission.

    ASSIGNMENT/STUDENT/results.json

A missing submission has none: Gradescope would show a file without a score as a failed run.
"""

from __future__ import annotations

import json
from pathlib import Path

from autograder.exports import Export, Grade
from autograder.exports.table import number
from autograder.names import folders, safe_name
from autograder.outcome import Task


def write(grades: list[Grade], template: Path | None = None) -> Export:
    """Return the files.

    Args:
        grades: one file each, missing ones left out.
        template: none.
    """
    names = folders({grade.student for grade in grades}, {})
    submitted = [grade for grade in grades if grade.score is not None]
    files = {
        f"{safe_name(grade.assignment)}/{names[grade.student]}/results.json": _results(grade)
        for grade in submitted
    }
    missing = len(grades) - len(submitted)
    return Export(files, [f"{missing} missing submissions have no results.json"] * bool(missing))


def _results(grade: Grade) -> bytes:
    """Return a submission's file."""
    results = {
        "score": _plain(grade.final),
        "visibility": "visible",
        "stdout_visibility": "hidden",
        "tests": [_test(task) for task in grade.tasks],
    }
    if grade.late_penalty:
        results["output"] = f"Late: {number(grade.late_penalty)} points less."
    return (json.dumps(results, indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode()


def _test(task: Task) -> dict:
    """Return a task; one that a person has still to grade has no score."""
    test = {"name": task.id, "max_score": _plain(task.max_points), "output": task.message}
    if task.points is not None:
        test["score"] = _plain(task.points)
    return {**test, "visibility": "visible"}


def _plain(value: float | None) -> float | int | None:
    """Return a whole number without a point."""
    return int(value) if value is not None and float(value).is_integer() else value
