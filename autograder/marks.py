"""What nbgrader's gradebook holds: each student's points, a person's comments and grades.

Nothing is written here; `gradebook` does that.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from nbgrader.api import (
    Assignment,
    Student,
    SubmittedAssignment,
    SubmittedNotebook,
)
from nbgrader.api import (
    Grade as StoredGrade,
)

from autograder import outcome as words
from autograder.classroom import Classroom
from autograder.database import Database, exists, opened
from autograder.exports import Grade
from autograder.outcome import Outcome, Task
from autograder.placing import read_records
from autograder.records import load_outcomes
from course.errors import CourseError


@dataclass(frozen=True)
class Mark:
    """What the gradebook holds on one graded cell.

    Attributes:
        points: as nbgrader counts them, extra credit included; None as long as a person is needed.
        max_points: what can be had without extra credit.
        by_hand: whether a person gave them.
        extra: extra credit.
    """

    points: float | None
    max_points: float
    by_hand: bool
    extra: float

    @property
    def waits(self) -> bool:
        """Whether only a person can give points, and none has."""
        return self.points is None


@dataclass(frozen=True)
class Marked:
    """What the gradebook holds on one submitted notebook.

    Attributes:
        name: the student's, if it is known.
        marks: by grade id.
        comments: a person's, by the id of the answer that they are about.
        late_penalty: points that are taken off.
    """

    name: str
    marks: dict[str, Mark]
    comments: dict[str, str]
    late_penalty: float


def marked(classroom: Classroom) -> dict[tuple[str, str, str], Marked]:
    """Return what the gradebook holds, by student, assignment and notebook; nothing without one.

    Raises:
        CourseError: the gradebook cannot be read.
    """
    if not exists(classroom):
        return {}
    with opened(classroom) as database:
        notebooks = database.book.db.query(SubmittedNotebook).all()
        return {(one.student.id, one.assignment.name, one.name): _marked(one) for one in notebooks}


def enrolled(classroom: Classroom) -> tuple[list[str], set[tuple[str, str]]]:
    """Return the students in the gradebook, and whose work on which assignment came late there.

    Raises:
        CourseError: the gradebook cannot be read.
    """
    if not exists(classroom):
        return [], set()
    with opened(classroom) as database:
        students = sorted(student.id for student in database.book.students)
        submissions = database.book.db.query(SubmittedAssignment).all()
        late = {(one.student_id, one.assignment.name) for one in submissions if _is_late(one)}
        return students, late


def _is_late(submission: SubmittedAssignment) -> bool:
    """Whether work came after the date for it; an extension of no date breaks nbgrader."""
    return submission.assignment.duedate is not None and submission.total_seconds_late > 0


def grades(classroom: Classroom, assignment: str | None = None) -> list[Grade]:
    """Return what each student gets, by assignment and student; who handed in nothing has no score.

    Args:
        classroom: whose gradebook.
        assignment: only this one; otherwise each that anybody has handed in.

    Raises:
        CourseError: there is no gradebook, or no such assignment in it, or it cannot be read.
    """
    with opened(classroom) as database:
        found = []
        for one in _assignments(database, assignment):
            outcomes = _by_student(load_outcomes(classroom, one.name))
            submissions = {submission.student_id: submission for submission in one.submissions}
            for student in sorted(database.book.students, key=lambda student: student.id):
                submission = submissions.get(student.id)
                theirs = outcomes.get(student.id, [])
                found.append(_grade(student, one, submission, theirs, classroom))
        return found


def _assignments(database: Database, name: str | None) -> list[Assignment]:
    """Return the assignment that was asked for, or those that anybody has handed in."""
    known = sorted(database.book.assignments, key=lambda one: one.name)
    if name is None:
        return [one for one in known if one.submissions]
    chosen = [one for one in known if one.name == name]
    if not chosen:
        raise CourseError(f"{name}: not in the gradebook; `autograder grade` comes first")
    return chosen


def _by_student(outcomes: Iterable[Outcome]) -> dict[str, list[Outcome]]:
    """Return each student's outcomes."""
    found: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        found.setdefault(outcome.student, []).append(outcome)
    return found


def _grade(
    student: Student,
    assignment: Assignment,
    submission: SubmittedAssignment | None,
    outcomes: list[Outcome],
    classroom: Classroom,
) -> Grade:
    """Return what a student gets for an assignment."""
    folder = classroom.submitted / student.id / assignment.name
    collected = [] if submission is None else list(read_records(folder).values())
    ids = {
        "canvas_id": student.lms_user_id or _first(record.canvas_id for record in collected),
        "moodle_id": _first(record.moodle_id for record in collected),
    }
    names = {key: getattr(student, key) or "" for key in ("first_name", "last_name", "email")}
    about = {"student": student.id, "assignment": assignment.name, **names, **ids}
    if submission is None:
        return Grade(score=None, max_score=assignment.max_score, status=words.MISSING, **about)
    return Grade(
        score=submission.score,
        max_score=assignment.max_score,
        late_penalty=submission.late_submission_penalty or 0.0,
        status=_status(outcomes),
        tasks=_tasks(submission, outcomes),
        **about,
    )


def _first(texts: Iterable[str]) -> str:
    """Return the first text that is not empty, or else nothing."""
    return next(filter(None, texts), "")


def _status(outcomes: list[Outcome]) -> str:
    """Return the status of a submission: of its notebooks, that of the one that fared worst."""
    handed_in = (outcome.status for outcome in outcomes if outcome.status != words.MISSING)
    return max(handed_in, key=words.STATUSES.index, default="")


def _tasks(submission: SubmittedAssignment, outcomes: list[Outcome]) -> list[Task]:
    """Return a submission's tasks with the points that count, a person's before the grader's."""
    known = {(outcome.notebook, task.id): task for outcome in outcomes for task in outcome.tasks}
    return [
        _task(grade.name, _mark(grade), known.get((notebook.name, grade.name)))
        for notebook in sorted(submission.notebooks, key=lambda notebook: notebook.name)
        for grade in _in_order(notebook, known)
    ]


def _in_order(submitted: SubmittedNotebook, known: Iterable[tuple[str, str]]) -> list[StoredGrade]:
    """Return a notebook's grades in the order of its tasks, which the gradebook does not keep."""
    order = [name for notebook, name in known if notebook == submitted.name]
    place = {name: number for number, name in enumerate(order)}
    return sorted(submitted.grades, key=lambda one: (place.get(one.name, len(place)), one.name))


def _task(name: str, mark: Mark, task: Task | None) -> Task:
    """Return a task with the points that count; without an outcome they are the verdict too."""
    if task:
        return Task(name, mark.points, mark.max_points, task.verdict, task.message)
    full, some = mark.points == mark.max_points, bool(mark.points)
    verdict = words.PASSED if full else words.PARTLY if some else words.FAILED
    return Task(name, mark.points, mark.max_points, words.MANUAL if mark.waits else verdict)


def _marked(submitted: SubmittedNotebook) -> Marked:
    """Return what the gradebook holds on a notebook."""
    names = (submitted.student.first_name, submitted.student.last_name)
    comments = {one.name: one.manual_comment for one in submitted.comments if one.manual_comment}
    return Marked(
        name=" ".join(name for name in names if name),
        marks={grade.name: _mark(grade) for grade in submitted.grades},
        comments=comments,
        late_penalty=submitted.late_submission_penalty or 0.0,
    )


def _mark(grade: StoredGrade) -> Mark:
    """Return what the gradebook holds on a graded cell."""
    by_hand = grade.manual_score is not None
    waits = grade.auto_score is None and not by_hand
    points = None if waits else grade.score
    return Mark(points, grade.cell.max_score, by_hand, grade.extra_credit or 0.0)
