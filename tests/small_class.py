"""A classroom with one small assignment, for tests of what comes after grading."""

import hashlib
import json
import shutil
import tempfile
from functools import cache
from pathlib import Path

import nbformat
from nbgrader.api import Gradebook

from autograder import gradebook, records
from autograder.classroom import Classroom
from autograder.outcome import FAILED, GRADED, MANUAL, NOT_RUN, PARTLY, PASSED, Outcome, Task
from autograder.plan import Plan, make_plan
from tools import notebooks

ROOT = Path(__file__).resolve().parent.parent
ASSIGNMENT, NOTEBOOK = "02_small", "small"
WHERE = (NOTEBOOK, ASSIGNMENT)
HIDDEN = "SECRET_OF_THE_HIDDEN_TESTS"
SOURCE = f'''# %% [markdown]
# # One step on
#
# Read, then answer.
# %% locked="setup"
from course import checks
# %% [markdown]
# ## Shift the `target`
# %% solution="shift"
def shift(value):
    ### BEGIN SOLUTION
    return value + 1
    ### END SOLUTION
# %% tests="shift_works" points=2
checks.equal("shift(1)", shift(1), 2)
### BEGIN HIDDEN TESTS
checks.equal("{HIDDEN}", shift(41), 42)
### END HIDDEN TESTS
# %% tests="shift_twice" points=3
checks.equal("twice", shift(shift(1)), 3)
# %% [markdown]
# ## Say why
# %% [markdown] manual="why" points=1
# Because it is one step on.
'''


class SmallClass:
    """A folder with `nbgrader_config.py`, one assignment and, at first, nobody in it."""

    def __init__(self, root: Path):
        self.source = root / "solutions" / ASSIGNMENT / f"{NOTEBOOK}.ipynb"
        if not self.source.exists():
            shutil.copy(ROOT / "nbgrader_config.py", root)
            self.source.parent.mkdir(parents=True)
            self.write_source(SOURCE)
        self.classroom = Classroom.open(root)

    def write_source(self, source: str) -> None:
        """Write the assignment, as its author would."""
        script = self.source.with_suffix(".py")
        script.write_text(source, encoding="utf-8")
        self.source.write_text(notebooks.as_json(notebooks.build(script)), encoding="utf-8")

    @property
    def plan(self) -> Plan:
        return self.plan_of(self.source)

    def plan_of(self, source: Path) -> Plan:
        return make_plan(source.read_bytes(), ASSIGNMENT, source.stem, self.classroom.config)

    def register(self) -> None:
        gradebook.register(self.plan, self.classroom, self.source)

    def book(self) -> Gradebook:
        """The gradebook as nbgrader opens it."""
        return Gradebook(self.classroom.gradebook, "unrolled")

    def released(self) -> nbformat.NotebookNode:
        """The notebook that a learner starts from, as nbgrader would release it."""
        notebook = nbformat.reads(self.source.read_text(encoding="utf-8"), as_version=4)
        for cell, planned in zip(notebook.cells, self.plan.cells, strict=True):
            cell.source = planned.released
        return notebook

    def answered(self, *outputs: dict) -> nbformat.NotebookNode:
        """The release with an answer, and outputs below it."""
        notebook = self.released()
        answer = next(cell for cell in notebook.cells if "def shift" in cell.source)
        answer.source = "def shift(value):\n    return value"
        answer.outputs = [nbformat.from_dict(output) for output in outputs]
        return notebook

    def hand_in(self, student: str, notebook: dict, name: str = f"{NOTEBOOK}.ipynb") -> str:
        """Put a notebook where submissions lie; return the SHA-256 of its bytes."""
        path = self.folder(student) / name
        path.write_text(json.dumps(notebook), encoding="utf-8")
        return hashlib.sha256(path.read_bytes()).hexdigest()

    def folder(self, student: str) -> Path:
        """Where a student's submission lies."""
        folder = self.classroom.submitted / student / ASSIGNMENT
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def outcome(self, student: str, shift: float = 2.0, twice: float = 3.0, **changed) -> Outcome:
        """What grading might have come to."""
        tasks = [_task("shift_works", shift, 2.0), _task("shift_twice", twice, 3.0)]
        tasks.append(Task("why", None, 1.0, MANUAL))
        fields = {
            "student": student,
            "assignment": ASSIGNMENT,
            "notebook": NOTEBOOK,
            "status": GRADED,
            "tasks": tasks,
            "submission": hashlib.sha256(repr(student).encode()).hexdigest(),
            "release": self.plan.sha256,
        }
        return Outcome(**fields | changed)

    def unrun(self, student: str, status: str, *notes: str) -> Outcome:
        """What grading comes to where nothing could be run."""
        tasks = [Task(task.id, 0.0, task.points, NOT_RUN) for task in self.plan.tasks]
        return self.outcome(student, status=status, tasks=tasks, notes=list(notes))

    def record(self, *outcomes: Outcome, notebook: bool = True) -> list[str]:
        """Write outcomes to the gradebook."""
        pairs = [(outcome, self.released() if notebook else None) for outcome in outcomes]
        return gradebook.record(pairs, self.classroom)

    def save(self, *outcomes: Outcome, notebook: bool = True) -> None:
        """Write outcomes to the gradebook and to disk, as `autograder grade` does."""
        self.record(*outcomes, notebook=notebook)
        for outcome in outcomes:
            records.save_outcome(outcome, self.classroom)

    def executed(self) -> dict[Path, bytes]:
        """The notebooks that the formgrader shows."""
        return {path: path.read_bytes() for path in self.classroom.autograded.rglob("*.ipynb")}

    def give(self, name: str, points: float, extra: float | None = None, to: str = "ana") -> None:
        """Do what the formgrader does when a person types points."""
        with self.book() as book:
            grade = book.find_grade(name, *WHERE, to)
            grade.manual_score, grade.extra_credit, grade.needs_manual_grade = points, extra, False
            book.db.commit()

    def make_late(self, student: str) -> None:
        """Hand in two days after the date for it, where late work is worth nothing."""
        with self.book() as book:
            book.update_or_create_assignment(ASSIGNMENT, duedate="2026-05-01 12:00:00 UTC")
        self.classroom.config.LateSubmissionPlugin.penalty_method = "zero"
        (self.folder(student) / "timestamp.txt").write_text("2026-05-03 12:00:00 UTC")


def ready(root: Path) -> SmallClass:
    """A class whose gradebook is there already: to make one takes nbgrader some seconds."""
    shutil.copytree(_made().name, root, dirs_exist_ok=True)
    return SmallClass(root)


@cache
def _made() -> tempfile.TemporaryDirectory:
    folder = tempfile.TemporaryDirectory()
    SmallClass(Path(folder.name)).register()
    return folder


def _task(name: str, points: float, most: float) -> Task:
    verdict = PASSED if points == most else PARTLY if points else FAILED
    message = "" if verdict == PASSED else f"{name}: one step too short. Hint: count again."
    return Task(name, points, most, verdict, message)
