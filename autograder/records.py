"""What is kept on disk: outcomes, as `outcomes/ASSIGNMENT/STUDENT/NOTEBOOK.json`, and whole files.

A file appears complete or not at all: whatever goes wrong, the one that was there before is kept.
"""

from __future__ import annotations

import contextlib
import json
import os
import uuid
from pathlib import Path

from autograder.classroom import Classroom
from autograder.outcome import Outcome
from course.errors import CourseError

OUTCOMES = "outcomes"


def save_outcome(outcome: Outcome, classroom: Classroom) -> Path:
    """Write an outcome; equal outcomes give equal bytes.

    Args:
        outcome: with its student.
        classroom: whose `work` folder it goes to.

    Returns:
        The file.

    Raises:
        CourseError: a name in it is no file name, a score is out of bounds, or the disk refuses.
    """
    path = outcome_path(outcome, classroom)
    fields = json.dumps(outcome.to_dict(), sort_keys=True, indent=1, allow_nan=False)
    write_whole(path, fields.encode() + b"\n")
    return path


def load_outcomes(classroom: Classroom, assignment: str | None = None) -> list[Outcome]:
    """Read the outcomes of an assignment, or of all, by assignment, student and notebook.

    Raises:
        CourseError: a file is no outcome, or is not where it belongs.
    """
    top = classroom.work / OUTCOMES
    found = top.glob("*/*/*.json") if assignment is None else (top / assignment).glob("*/*.json")
    return [_load(path, classroom) for path in sorted(found, key=lambda path: path.parts)]


def outcome_path(outcome: Outcome, classroom: Classroom) -> Path:
    """Return where an outcome is kept; CourseError if a name in it is no file name."""
    folder = classroom.work / OUTCOMES / part(outcome.assignment) / part(outcome.student)
    return folder / f"{part(outcome.notebook)}.json"


def notebook_path(tree: Path, outcome: Outcome, suffix: str = ".ipynb") -> Path:
    """Return an outcome's file in nbgrader's order, `TREE/STUDENT/ASSIGNMENT/NOTEBOOK.ipynb`.

    Raises:
        CourseError: a name in the outcome is no file name.
    """
    folder = tree / part(outcome.student) / part(outcome.assignment)
    return folder / f"{part(outcome.notebook)}{suffix}"


def part(name: str) -> str:
    """Return a name that stays inside its folder.

    Raises:
        CourseError: it would lead out of there, or no file can be called so.
    """
    if name in ("", ".", "..") or "\0" in name or Path(name).name != name:
        raise CourseError(f"{name!r} cannot be a file's name; rename the folder it comes from")
    return name


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that a reader sees the old content or the new one, and nothing between.

    Raises:
        CourseError: the disk is full or read-only; what was there is kept.
    """
    aside = path.parent / f".{uuid.uuid4().hex[:12]}.tmp"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with aside.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(aside, path)
    except OSError as error:
        raise CourseError(f"{path}: {error.strerror or error}; what was there is kept") from error
    finally:
        with contextlib.suppress(OSError):
            aside.unlink(missing_ok=True)


def _load(path: Path, classroom: Classroom) -> Outcome:
    """Read one outcome."""
    try:
        outcome = Outcome.from_dict(json.loads(path.read_bytes()))
    except (OSError, ValueError, TypeError, RecursionError) as error:
        reason = " ".join(str(error).split())[:200]
        raise CourseError(f"{path}: no outcome ({reason}); delete it and grade again") from None
    if outcome_path(outcome, classroom) != path:
        raise CourseError(
            f"{path}: the outcome of {outcome.student!r} in {outcome.assignment!r} "
            "lies in another's place; delete it and grade again"
        )
    return outcome
