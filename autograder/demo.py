"""`autograder demo`: makes a class of twelve in a temporary folder, grades it, prints the table."""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from autograder import grading, mutants
from autograder.classroom import CONFIG, Classroom
from autograder.sandbox import Limits
from course.errors import CourseError

ASSIGNMENT, NOTEBOOK = "02_one_hot_encoding", "one_hot_encoding"
LIMITS = Limits(timeout=20, cell_timeout=3, memory=700)

ENDLESS = "while True:\n    pass"
HOARDER = "hoard = []\nwhile True:\n    hoard.append(bytearray(10**8))"
QUITTER = "import os\nos._exit(0)"
SPY = f"""
import os, pathlib
for folder in ("/", os.path.expanduser("~"), *pathlib.Path.cwd().parents):
    print(folder, os.listdir(folder))
answers = open("solutions/{ASSIGNMENT}/{NOTEBOOK}.py").read()
"""
CHEAT = """
import course.checks
for name in ("shape", "close", "equal", "holds", "attempted"):
    setattr(course.checks, name, lambda *arguments, **named: None)

class Anything:
    def __eq__(self, other): return True
    def __call__(self, *arguments, **named): return self
    def __array__(self, *arguments, **named): return self
    def __len__(self): return 3
"""


def demo() -> None:
    """Grade a class of right, wrong and hostile submissions of the first assignment.

    Raises:
        CourseError: the course's sources are not here.
    """
    home = Classroom.open()
    if not (home.sources / ASSIGNMENT / f"{NOTEBOOK}.ipynb").is_file():
        raise CourseError(f"{home.sources}: no {ASSIGNMENT}, of which the demo makes submissions")
    with tempfile.TemporaryDirectory(prefix="unrolled-demo-") as folder:
        classroom = _copy(home, Path(folder))
        for student, submission in _class_of_twelve(classroom).items():
            _hand_in(classroom, student, submission)
        grading.run(classroom, grading.Order([ASSIGNMENT], LIMITS))
    print("This class was temporary: nothing of it is kept.")


def _copy(home: Classroom, folder: Path) -> Classroom:
    """Return a classroom of its own with one assignment in it."""
    shutil.copy(home.root / CONFIG, folder)
    source = folder / home.sources.relative_to(home.root) / ASSIGNMENT
    shutil.copytree(home.sources / ASSIGNMENT, source)
    return Classroom.open(folder)


def _hand_in(classroom: Classroom, student: str, submission: bytes | None) -> None:
    """Put a submission where collecting would put it; a folder without one if there is none."""
    folder = classroom.submitted / student / ASSIGNMENT
    folder.mkdir(parents=True)
    if submission is not None:
        (folder / f"{NOTEBOOK}.ipynb").write_bytes(submission)


def _class_of_twelve(classroom: Classroom) -> dict[str, bytes | None]:
    """Return twelve submissions by their students' names."""
    source = (classroom.sources / ASSIGNMENT / f"{NOTEBOOK}.ipynb").read_bytes()
    right = mutants.right(source, classroom.config)
    wrong = mutants.load(classroom.sources / ASSIGNMENT)
    return {
        "amira-right": right,
        "bruno-stripped-of-metadata": _changed(right, _strip),
        "chloe-tests-deleted": _changed(right, _delete_tests),
        "dmitri-blank": mutants.blank(source, classroom.config),
        "eun-ji-a-slip": mutants.mutated(source, wrong[0], classroom.config),
        "femi-three-slips": mutants.mutated(source, wrong[-1], classroom.config),
        "greta-never-ends": _first_answer(right, ENDLESS),
        "hugo-eats-memory": _first_answer(right, HOARDER),
        "ines-quits": _first_answer(right, QUITTER),
        "jonas-looks-around": _first_answer(right, SPY),
        "kaito-cheats": _cheat(right),
        "lena-half-a-file": right[: len(right) // 2],
    }


def _changed(submission: bytes, change: Callable[[list[dict]], object]) -> bytes:
    """Return a submission whose cells were changed in place."""
    notebook = json.loads(submission)
    change(notebook["cells"])
    return json.dumps(notebook).encode()


def _marks(cell: dict) -> dict:
    """Return nbgrader's metadata of a cell."""
    return cell["metadata"].get("nbgrader", {})


def _strip(cells: list[dict]) -> None:
    """Take all metadata away, as some editors do."""
    for cell in cells:
        cell["metadata"] = {}


def _delete_tests(cells: list[dict]) -> None:
    """Delete all tests."""
    cells[:] = [cell for cell in cells if not _marks(cell).get("grade")]


def _first_answer(submission: bytes, code: str) -> bytes:
    """Return a submission whose first answer is some code."""

    def change(cells: list[dict]) -> None:
        next(cell for cell in cells if _marks(cell).get("solution"))["source"] = code

    return _changed(submission, change)


def _cheat(submission: bytes) -> bytes:
    """Return a submission that disarms the checks and answers with what equals everything."""

    def change(cells: list[dict]) -> None:
        for cell in cells:
            if _marks(cell).get("solution"):
                names = re.findall(r"^def (\w+)", "".join(cell["source"]), re.MULTILINE)
                cell["source"] = CHEAT + "".join(f"{name} = Anything()\n" for name in names)

    return _changed(submission, change)
