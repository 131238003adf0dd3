"""nbgrader's gradebook: the only place that writes it.

What a person does in the formgrader outlives a regrade: manual grades, extra credit, comments, and
a late penalty that was set by hand. A graded cell asks for a person ("needs manual grade") where
only a person can grade it; and where one has, but the learner's file or the automatic score has
changed since. nbgrader asks for that each time it grades, even when nothing has changed.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path

import nbformat
from nbgrader.api import (
    Comment,
    Grade,
    Gradebook,
    MissingEntry,
    SubmittedAssignment,
    SubmittedNotebook,
)
from nbgrader.preprocessors import (
    AssignLatePenalties,
    CheckCellMetadata,
    ClearOutput,
    ClearSolutions,
    ComputeChecksums,
    LockCells,
    NbGraderPreprocessor,
    SaveCells,
)
from nbgrader.utils import parse_utc

from autograder.classroom import Classroom
from autograder.database import opened, remember, remembered
from autograder.outcome import MANUAL, MISSING, UNREADABLE, Outcome, Task
from autograder.plan import Plan
from autograder.records import notebook_path, write_whole
from autograder.shown import harmless, plain
from course.errors import CourseError

PERSON = ("first_name", "last_name", "email", "lms_user_id")


def register(plan: Plan, classroom: Classroom, source: Path) -> None:
    """Make a notebook of an assignment known to the gradebook, as `generate_assignment` would.

    Once a submission is recorded, cells may change their text and points, but none may come or go.

    Args:
        plan: of the notebook.
        classroom: whose gradebook; it is made if there is none.
        source: the notebook in `solutions/` that the plan was made from.

    Raises:
        CourseError: the source is not the plan's, cells have come or gone since the first
            submission was recorded, or the gradebook cannot be written.
    """
    content = source.read_bytes()
    if hashlib.sha256(content).hexdigest() != plan.sha256:
        raise CourseError(f"{source}: changed while it was being graded; start again")
    notebook = nbformat.reads(content.decode(), as_version=4)
    with opened(classroom, make=True) as database, database.transaction() as book:
        book.update_or_create_assignment(plan.assignment)
        _refuse_a_new_notebook(book, plan)
        for step in (LockCells, ClearSolutions, ClearOutput, CheckCellMetadata, ComputeChecksums):
            notebook, _ = step(config=classroom.config).preprocess(notebook, {})
        try:
            _SaveCellsHere(book, plan).preprocess(notebook, {})
        except RuntimeError as error:
            raise CourseError(
                f"{source}: {error}; give the cells back, or the assignment a new name"
            ) from None


def enrol(people: Iterable[Mapping[str, str]], classroom: Classroom) -> None:
    """Add students to the gradebook, or correct what it holds on them.

    Args:
        people: each with `student`, and as many of `first_name`, `last_name`, `email` and
            `lms_user_id` as are known; what is missing or empty stays as it is.
        classroom: whose gradebook; it is made if there is none.

    Raises:
        CourseError: the gradebook cannot be written.
    """
    with opened(classroom, make=True) as database, database.transaction() as book:
        for person in people:
            known = {name: person[name] for name in PERSON if person.get(name)}
            book.update_or_create_student(_speakable(person["student"]), **known)


def record(results: Iterable[tuple[Outcome, dict | None]], classroom: Classroom) -> list[str]:
    """Write results to the gradebook, and notebooks to where the formgrader looks for them.

    Recording a result again changes nothing. What is missing is no submission, and gets no score.

    Args:
        results: outcomes with their students, and the executed notebook of each, if there is one.
        classroom: whose gradebook; each assignment must have been registered.

    Returns:
        A sentence for each thing that the instructor should know.

    Raises:
        CourseError: the gradebook or the disk cannot be written, or an outcome does not fit the
            gradebook. The students before that one are recorded; of that one, nothing is.
    """
    students: dict[str, list[tuple[Outcome, dict | None]]] = {}
    for outcome, notebook in results:
        students.setdefault(outcome.student, []).append((outcome, notebook))
    remarks: list[str] = []
    with opened(classroom, make=True) as database:
        for student in sorted(students):
            with database.transaction() as book:
                for outcome, notebook in students[student]:
                    remarks += _record(book, outcome, notebook, classroom)
    return remarks


class _SaveCellsHere(SaveCells):
    """nbgrader's own step, on a gradebook that is open: its `preprocess` would open another."""

    def __init__(self, book: Gradebook, plan: Plan) -> None:
        super().__init__()
        self.gradebook, self.assignment_id, self.notebook_id = book, plan.assignment, plan.notebook

    def preprocess(self, nb: nbformat.NotebookNode, resources: dict) -> tuple:
        """Write the notebook's cells to the gradebook."""
        self.new_grade_cells, self.new_solution_cells = {}, {}
        self.new_task_cells, self.new_source_cells = {}, {}
        result = NbGraderPreprocessor.preprocess(self, nb, resources)
        self._create_notebook(nb)
        return result


def _refuse_a_new_notebook(book: Gradebook, plan: Plan) -> None:
    """Raise if an assignment would get another notebook after submissions were recorded."""
    assignment = book.find_assignment(plan.assignment)
    known = {notebook.name for notebook in assignment.notebooks}
    if plan.notebook not in known and assignment.submissions:
        raise CourseError(
            f"{plan.assignment}: {plan.notebook!r} is a new notebook, but submissions are recorded "
            "already; give the assignment a new name"
        )


def _record(
    book: Gradebook, outcome: Outcome, notebook: dict | None, classroom: Classroom
) -> Iterator[str]:
    """Write one result; yield what the instructor should know."""
    book.update_or_create_student(_speakable(outcome.student))
    if outcome.status == MISSING:
        yield from _missing(book, outcome)
        return
    submission = book.update_or_create_submission(outcome.assignment, outcome.student)
    yield from _date(submission, outcome, classroom)
    submitted = _submitted_notebook(book, outcome)
    grades = _grades(submitted, outcome)
    notebook = harmless(notebook or _stand_in(outcome, grades))
    _score(book, submitted, grades, outcome)
    _comment(submitted.comments, _messages(outcome, notebook))
    _zero_what_is_missing(submission, outcome, classroom)
    penalty = _penalise(book, submitted, outcome, classroom)
    remember(book, submitted.id, outcome.submission, penalty)
    content = nbformat.writes(nbformat.from_dict(notebook)).rstrip("\n") + "\n"
    write_whole(notebook_path(classroom.autograded, outcome), content.encode())
