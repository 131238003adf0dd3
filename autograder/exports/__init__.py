"""Grades for other systems: a plain table, Canvas, Moodle, Gradescope.

    csv          one row for each student and assignment
    canvas       a gradebook to import: the one exported from Canvas, filled in, or a fresh one
    moodle       the offline grading worksheet, filled in, or a file for the gradebook's import
    gradescope   a results.json for each submission

A missing submission is an empty cell, never 0. What a system already holds for it stays.

No cell runs in a spreadsheet. Text that a spreadsheet would take for a formula gets an apostrophe
before it (`table.guard`): names, e-mail addresses, and whatever else comes from a person. Systems
match students by other columns, which stay exact: Canvas by its own ID, the SIS ids and the login;
Moodle's worksheet by its Identifier; Moodle's import by the e-mail address or the ID number. Should
one of these begin like a formula, it gets the apostrophe too; if the system is then left with
nothing to match by, a warning says so. Numbers have a dot and their shortest exact form; files are
UTF-8. A filled-in file keeps its delimiter, line ends and byte order mark; fresh ones have the line
ends that Canvas and Moodle write themselves (LF), and the plain table has RFC 4180's (CRLF).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from autograder.names import shown
from autograder.outcome import MANUAL, MISSING, Task
from course.errors import CourseError

KINDS = ("csv", "canvas", "moodle", "gradescope")


@dataclass(frozen=True, kw_only=True)
class Grade:
    """What one student gets for one assignment.

    Attributes:
        student: the id, as the folder in `classroom/submitted`.
        assignment: as `03_teacher_forcing`.
        score: the points, manual ones included, before the penalty; None if nothing was submitted.
        max_score: the most that can be had.
        late_penalty: points that being late costs.
        name: "Ann Lee", where first and last name are not known apart.
        first_name: empty if not known.
        last_name: empty if not known.
        email: empty if not known; so are the following.
        login: Canvas's "SIS Login ID".
        sis_id: Canvas's "SIS User ID", Moodle's "ID number".
        canvas_id: Canvas's number of the user.
        moodle_id: Moodle's number of the participant in this assignment.
        status: the outcome's.
        tasks: the outcome's, with the points that a person gave.
    """

    student: str
    assignment: str
    score: float | None
    max_score: float
    late_penalty: float = 0.0
    name: str = ""
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    login: str = ""
    sis_id: str = ""
    canvas_id: str = ""
    moodle_id: str = ""
    status: str = ""
    tasks: Sequence[Task] = ()

    @property
    def final(self) -> float | None:
        """The points after the penalty, not below 0; None if nothing was submitted."""
        return None if self.score is None else max(0.0, self.score - self.late_penalty)

    @property
    def full_name(self) -> str:
        """The name, first name first; empty if it is not known."""
        return f"{self.first_name} {self.last_name}".strip() or self.name

    @property
    def sortable_name(self) -> str:
        """The name as Canvas sorts it, "Lee, Ann", if first and last name are known."""
        if self.first_name and self.last_name:
            return f"{self.last_name}, {self.first_name}"
        return self.full_name

    @property
    def waits(self) -> bool:
        """Whether a person has still to grade a task."""
        return any(task.verdict == MANUAL and task.points is None for task in self.tasks)


@dataclass
class Export:
    """Files for another system.

    Attributes:
        files: the bytes of each, by its name; Gradescope's lie in folders.
        warnings: a line for each thing that an instructor should know before importing.
    """

    files: dict[str, bytes] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)


def export(kind: str, grades: Iterable[Grade], template: Path | None = None) -> Export:
    """Return grades as another system reads them.

    Args:
        kind: "csv", "canvas", "moodle" or "gradescope".
        grades: in any order; the result does not depend on it.
        template: Canvas's exported gradebook, or Moodle's grading worksheet, to fill in.

    Raises:
        CourseError: the kind is unknown or takes no template, a student has two grades for one
            assignment or one that is no number, or the template cannot be read or does not fit.
    """
    if kind not in KINDS:
        raise CourseError(f"no export to {kind!r}; there are: {', '.join(KINDS)}")
    if template and kind not in ("canvas", "moodle"):
        raise CourseError(f"{template}: an export to {kind} takes no template; leave it out")
    ordered = sorted(grades, key=lambda grade: (grade.assignment, grade.student))
    _check(ordered)
    made = _writers()[kind](ordered, template)
    waiting = sum(grade.waits for grade in ordered)
    if waiting:
        made.warnings.append(
            f"{waiting} submissions wait for a person's grade; what they have so far is written"
        )
    return made


def _writers() -> dict[str, Callable[[list[Grade], Path | None], Export]]:
    """Return what writes each kind."""
    from autograder.exports import canvas, gradescope, moodle, plain  # late: they need Grade

    return {
        "csv": plain.write,
        "canvas": canvas.write,
        "moodle": moodle.write,
        "gradescope": gradescope.write,
    }


def _check(grades: list[Grade]) -> None:
    """Refuse numbers that are none, and a student's second grade for an assignment."""
    seen: set[tuple[str, str]] = set()
    for grade in grades:
        key = (grade.assignment, grade.student)
        if key in seen:
            raise CourseError(f"two grades of {shown(grade.student)} for {grade.assignment}")
        seen.add(key)
        for value in (grade.score or 0.0, grade.max_score, grade.late_penalty):
            # Written so that nan fails too.
            if not 0 <= value < math.inf:
                raise CourseError(
                    f"{shown(grade.student)}, {grade.assignment}: {value} is no number of points"
                )


def status_of(grade: Grade) -> str:
    """Return a grade's status; missing if there is no score."""
    return MISSING if grade.score is None else grade.status
