"""A classroom with one small assignment, for tests of what comes after grading."""

import hashlib
import json
import shutil
from pathlib import Path

import nbformat

from autograder import gradebook
from autograder.classroom import Classroom
from autograder.outcome import FAILED, GRADED, MANUAL, NOT_RUN, PASSED, Outcome, Task
from autograder.plan import Plan, make_plan
from tools import notebooks

ROOT = Path(__file__).resolve().parent.parent
ASSIGNMENT, NOTEBOOK = "02_small", "small"
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
    """A folder with `nbgrader_config.py`, one assignment and nobody in it yet."""

    def __init__(self, root: Path):
        self.source = root / "solutions" / ASSIGNMENT / f"{NOTEBOOK}.ipynb"
        if not self.source.exists():
            shutil.copy(ROOT / "nbgrader_config.py", root)
            self.source.parent.mkdir(parents=True)
            self.write_source(SOURCE)
        self.classroom = Classroom.open(root)

    def copied(self, root: Path) -> "SmallClass":
        """The same in another folder: making a gradebook takes nbgrader a few seconds."""
        shutil.copytree(self.classroom.root, root, dirs_exist_ok=True)
        return SmallClass(root)

    def write_source(self, source: str) -> None:
        """Write the assignment, as its author would."""
        script = self.source.with_suffix(".py")
        script.write_text(source, encoding="utf-8")
        self.source.write_text(notebooks.as_json(notebooks.build(script)), encoding="utf-8")

    @property
    def plan(self) -> Plan:
        return make_plan(self.source.read_bytes(), ASSIGNMENT, NOTEBOOK, self.classroom.config)

    def register(self) -> None:
        gradebook.register(self.plan, self.classroom, self.source)

    def released(self) -> nbformat.NotebookNode:
        """The notebook that a learner starts from, as nbgrader would release it."""
        notebook = nbformat.reads(self.source.read_text(encoding="utf-8"), as_version=4)
        for cell, planned in zip(notebook.cells, self.plan.cells, strict=True):
            cell.source = planned.released
        return notebook

    def hand_in(self, student: str, notebook: dict, name: str = f"{NOTEBOOK}.ipynb") -> str:
        """Put a notebook where submissions lie; return the SHA-256 of its bytes."""
        path = self.classroom.submitted / student / ASSIGNMENT / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(notebook), encoding="utf-8")
        return hashlib.sha256(path.read_bytes()).hexdigest()

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


def _task(name: str, points: float, most: float) -> Task:
    message = "" if points == most else f"{name}: one step too short. Hint: count again."
    return Task(name, points, most, PASSED if points == most else FAILED, message)
