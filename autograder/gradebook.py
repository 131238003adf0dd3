"""nbgrader's gradebook: the only place that writes it; `marks` reads it.

What a person does in the formgrader outlives a regrade: manual grades, extra credit, comments, and
a late penalty that was set by hand. A graded cell asks for a person ("needs manual grade") where
only a person can grade it; and where one has, but the learner's file or the automatic score has
changed since. nbgrader asks for that each time it grades, even when nothing has changed.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Mapping
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
from autograder.marks import grades, marked
from autograder.outcome import MANUAL, MISSING, UNREADABLE, Outcome, Task
from autograder.plan import Plan
from autograder.records import notebook_path, write_whole
from autograder.shown import harmless, plain
from course.errors import CourseError

__all__ = ["enrol", "grades", "marked", "record", "register"]

# What `generate_assignment` does before it saves cells, but for headers and generated tests.
STEPS = (LockCells, ClearSolutions, ClearOutput, CheckCellMetadata, ComputeChecksums)
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
        for step in STEPS:
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
) -> list[str]:
    """Write one result; return what the instructor should know."""
    book.update_or_create_student(_speakable(outcome.student))
    if outcome.status == MISSING:
        return _missing(book, outcome)
    submission = book.update_or_create_submission(outcome.assignment, outcome.student)
    remarks = _date(submission, outcome, classroom)
    submitted = _submitted(book, outcome)
    grades = _fitting_grades(submitted, outcome)
    notebook = harmless(notebook or _stand_in(outcome, grades))
    _score(book, submitted, grades, outcome)
    _comment(submitted.comments, _messages(outcome, notebook))
    _zero_what_is_missing(book, submission, outcome, classroom)
    book.db.commit()  # inside our transaction: from here on nbgrader's sums see the new scores
    _penalise(book, submitted, outcome, classroom)
    content = nbformat.writes(nbformat.from_dict(notebook)).rstrip("\n") + "\n"
    write_whole(notebook_path(classroom.autograded, outcome), content.encode())
    return remarks


def _speakable(student: str) -> str:
    """Return a student's name if a database can hold it."""
    try:
        student.encode()
    except UnicodeEncodeError:
        raise CourseError(
            f"{student!r} is no text that can be written down; rename that student's folder"
        ) from None
    return student


def _missing(book: Gradebook, outcome: Outcome) -> list[str]:
    """Record nothing; say so where a submission was recorded before."""
    try:
        book.find_submission_notebook(outcome.notebook, outcome.assignment, outcome.student)
    except MissingEntry:
        return []
    return [
        f"{outcome.student}, {outcome.assignment}: no submission any more; "
        "the gradebook keeps the one that was recorded before"
    ]


def _date(submission: SubmittedAssignment, outcome: Outcome, classroom: Classroom) -> list[str]:
    """Take over when the work was handed in; say so if that cannot be read."""
    path = notebook_path(classroom.submitted, outcome).with_name("timestamp.txt")
    try:
        submission.timestamp = _parsed(path) or submission.timestamp
    except (ValueError, OverflowError, OSError):
        return [f"{path}: this is no date and time, so nothing says whether the work was late"]
    return []


def _parsed(path: Path) -> datetime | None:
    """Return the date and time in a file; None if there is nothing."""
    if not path.is_file():
        return None
    with path.open(encoding="utf-8") as file:
        text = file.read(100).strip()
    return parse_utc(text) if text else None


def _submitted(book: Gradebook, outcome: Outcome) -> SubmittedNotebook:
    """Return the gradebook's page for a student's notebook."""
    try:
        return book.find_submission_notebook(outcome.notebook, outcome.assignment, outcome.student)
    except MissingEntry:
        raise CourseError(
            f"{outcome.assignment}: the gradebook knows no notebook {outcome.notebook!r} in it"
        ) from None


def _fitting_grades(submitted: SubmittedNotebook, outcome: Outcome) -> dict[str, Grade]:
    """Return the grades of a notebook by cell, if they are those of the outcome."""
    grades = {grade.name: grade for grade in submitted.grades}
    ours = {task.id: task.max_points for task in outcome.tasks}
    if ours != {name: grade.cell.max_score for name, grade in grades.items()}:
        raise CourseError(
            f"{outcome.student}, {outcome.assignment}: this was graded by another version of the "
            "assignment than the gradebook's; grade it again"
        )
    return grades


def _score(
    book: Gradebook, submitted: SubmittedNotebook, grades: dict[str, Grade], outcome: Outcome
) -> None:
    """Write the automatic scores, and ask for a person where one is needed."""
    before = remembered(book, submitted.id)
    same_file = before is not None and before[0] == outcome.submission
    for task in outcome.tasks:
        grade, points = grades[task.id], _points(task, outcome)
        changed = not same_file or grade.auto_score != points
        grade.auto_score = points
        if grade.manual_score is None:
            grade.needs_manual_grade = points is None
        elif changed:
            grade.needs_manual_grade = True


def _points(task: Task, outcome: Outcome) -> float | None:
    """Return a task's automatic score; None where a person has something to read."""
    if task.points is None and task.verdict == MANUAL and outcome.status != UNREADABLE:
        return None
    return task.points or 0.0


def _comment(comments: Iterable[Comment], said: dict[str, str]) -> None:
    """Write the automatic comments; a person's stand beside them, and come first."""
    for comment in comments:
        comment.auto_comment = said.get(comment.name)


def _messages(outcome: Outcome, notebook: dict) -> dict[str, str]:
    """Return what to say at each answer: the messages of the graded cells up to the next answer."""
    messages = {task.id: plain(task.message) for task in outcome.tasks if task.message}
    said: dict[str, list[str]] = {}
    answer = None
    for cell in notebook["cells"]:
        marks = cell["metadata"].get("nbgrader", {})
        name = marks.get("grade_id")
        answer = name if marks.get("solution") or marks.get("task") else answer
        if name in messages and answer:
            said.setdefault(answer, []).append(messages[name])
    return {name: "\n".join(lines) for name, lines in said.items()}


def _stand_in(outcome: Outcome, grades: dict[str, Grade]) -> dict:
    """Return a notebook for a submission without one: why, and a cell for each task."""
    why = "\n".join(outcome.notes) or f"There is no notebook to show: {outcome.status}."
    cells = [{"cell_type": "markdown", "source": plain(why), "metadata": {}}]
    return {"cells": cells + [_empty_cell(grades[task.id]) for task in outcome.tasks]}


def _empty_cell(grade: Grade) -> dict:
    """Return a graded cell without content, where a person can still give points."""
    marks = {
        "cell_type": grade.cell.cell_type,
        "grade": True,
        "grade_id": grade.name,
        "locked": True,
        "points": grade.cell.max_score,
        "schema_version": 3,
        "solution": False,
        "task": False,
    }
    return {"cell_type": grade.cell.cell_type, "source": "", "metadata": {"nbgrader": marks}}


def _zero_what_is_missing(
    book: Gradebook, submission: SubmittedAssignment, outcome: Outcome, classroom: Classroom
) -> None:
    """Give 0 to the notebooks that were not handed in with this one, as nbgrader does."""
    for other in submission.notebooks:
        here = notebook_path(classroom.submitted, outcome).with_name(f"{other.name}.ipynb")
        if other.name != outcome.notebook and not here.exists() and not remembered(book, other.id):
            for grade in other.grades:
                grade.auto_score, grade.needs_manual_grade = 0.0, False


def _penalise(
    book: Gradebook, submitted: SubmittedNotebook, outcome: Outcome, classroom: Classroom
) -> None:
    """Write the late penalty, unless a person has set another one since it was last written."""
    before = remembered(book, submitted.id)
    ours = before[1] if before else None
    if (submitted.late_submission_penalty or 0.0) == (ours or 0.0):
        ours = submitted.late_submission_penalty = _late_penalty(submitted, classroom)
    remember(book, submitted.id, outcome.submission, ours)


def _late_penalty(submitted: SubmittedNotebook, classroom: Classroom) -> float | None:
    """Return what nbgrader's plugin takes off; None if the work was in time."""
    if submitted.assignment.assignment.duedate is None:  # an extension of nothing breaks nbgrader
        return None
    late = submitted.assignment.total_seconds_late
    if not late:
        return None
    step = AssignLatePenalties(config=classroom.config)
    step.init_plugin()
    student = submitted.student.id
    try:
        penalty = step.plugin_inst.late_submission_penalty(student, submitted.score, late)
    except Exception as error:  # an instructor's own plugin can raise anything
        raise CourseError(f"{type(step.plugin_inst).__name__}, for {student}: {error!r}") from error
    if penalty is not None and not math.isfinite(penalty):
        raise CourseError(f"{type(step.plugin_inst).__name__}, for {student}: {penalty} points")
    return None if penalty is None else step._check_late_penalty(submitted, penalty)
