"""Twelve right submissions of the assignment that imports TensorFlow: nbgrader's way and ours."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from importlib.metadata import version
from pathlib import Path
from statistics import median

from autograder import mutants, runner, warmth
from autograder.classroom import CONFIG, Classroom
from autograder.plan import TESTS, Plan, make_plan
from autograder.repair import Cell, repair
from autograder.runner import Grading, Limits

ASSIGNMENT, NOTEBOOK = "04_encoder_decoder", "encoder_decoder"
STUDENTS, WORKERS = 12, 2
BIN = Path(sys.executable).parent
ENVIRONMENT = {**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"}
SCORES = """
SELECT student.id, SUM(grade.auto_score) FROM grade
JOIN submitted_notebook ON grade.notebook_id = submitted_notebook.id
JOIN submitted_assignment ON submitted_notebook.assignment_id = submitted_assignment.id
JOIN student ON submitted_assignment.student_id = student.id GROUP BY student.id
"""


def run() -> dict:
    """Return seconds of both, their ratio, whether marks agree, and where our time goes."""
    with tempfile.TemporaryDirectory(prefix="unrolled-bench-") as folder:
        theirs = graded(Path(folder, "nbgrader"), "nbgrader", "autograde", ASSIGNMENT)
        command = ("autograder", "grade", ASSIGNMENT, "--workers", str(WORKERS))
        ours = graded(Path(folder, "autograder"), *command)
        outcomes = sorted(Path(folder, "autograder", "classroom", "outcomes").rglob("*.json"))
        own = [json.loads(file.read_text(encoding="utf-8"))["measured"] for file in outcomes]
    seconds = sorted(one["seconds"] for one in own)
    return {
        "nbgrader": version("nbgrader"),
        "submissions": STUDENTS,
        "workers": WORKERS,
        "seconds nbgrader autograde": round(theirs[0], 1),
        "seconds autograder grade": round(ours[0], 1),
        "ratio": round(theirs[0] / ours[0], 2),
        "same marks": theirs[1] == ours[1],
        "marks": sorted(set(ours[1].values())),
        "seconds a submission, least, median, most": [
            seconds[0],
            seconds[len(seconds) // 2],
            seconds[-1],
        ],
        "where the time of one goes": phases(),
    }


class Timed(Grading):
    """A run that notes the seconds of its cells by their role."""

    spent: Counter[str]

    def _run_cell(self, place: int, cell: Cell, seconds: float) -> None:
        began = time.perf_counter()
        super()._run_cell(place, cell, seconds)
        self.spent[cell.role] += time.perf_counter() - began


def phases(rounds: int = 5) -> dict[str, float]:
    """Return the median seconds of each part of grading one submission, run alone."""
    home = Classroom.open(Path(__file__).parent)
    source = (home.sources / ASSIGNMENT / f"{NOTEBOOK}.ipynb").read_bytes()
    plan = make_plan(source, ASSIGNMENT, NOTEBOOK, home.config)
    submission = mutants.right(source, home.config)
    began = time.perf_counter()
    warmth.warm(plan)
    parts = {"imports, once a worker": [time.perf_counter() - began]}
    for _ in range(rounds):
        for name, seconds in _one(submission, plan).items():
            parts.setdefault(name, []).append(seconds)
    warmth.cool()
    return {name: round(median(seconds), 3) for name, seconds in parts.items()}


def _one(submission: bytes, plan: Plan) -> dict[str, float]:
    """Return the seconds of each part of one run."""
    began = time.perf_counter()
    repaired = repair(submission, plan)
    mended = time.perf_counter() - began
    timed = Timed(plan, repaired, Limits(), runner.run(None, plan).outcome)
    timed.spent = Counter()
    timed.run()
    whole = time.perf_counter() - began
    tests, own = timed.spent.pop(TESTS), sum(timed.spent.values())
    start = whole - mended - tests - own
    return {
        "repair": mended,
        "sandbox, kernel and checker, start and end": start,
        "the learner's cells": own,
        "tests, with the learner's models in them": tests,
    }


def graded(folder: Path, *command: str) -> tuple[float, dict[str, float]]:
    """Make a class, run a command on it, and return its seconds and the marks it gave."""
    classroom = _class(folder)
    subprocess.run(
        [BIN / "nbgrader", "generate_assignment", ASSIGNMENT],
        cwd=folder, env=ENVIRONMENT, check=True, capture_output=True,
    )  # fmt: skip
    began = time.perf_counter()
    subprocess.run(
        [BIN / command[0], *command[1:]],
        cwd=folder,
        env=ENVIRONMENT,
        check=True,
        capture_output=True,
    )
    seconds = time.perf_counter() - began
    with sqlite3.connect(classroom.gradebook.removeprefix("sqlite:///")) as database:
        return seconds, dict(database.execute(SCORES).fetchall())


def _class(folder: Path) -> Classroom:
    """Return a classroom in which everybody has handed in a right notebook."""
    home = Classroom.open(Path(__file__).parent)
    folder.mkdir()
    shutil.copy(home.root / CONFIG, folder)
    shutil.copytree(home.sources / ASSIGNMENT, folder / "solutions" / ASSIGNMENT)
    classroom = Classroom.open(folder)
    source = (classroom.sources / ASSIGNMENT / f"{NOTEBOOK}.ipynb").read_bytes()
    right = mutants.right(source, classroom.config)
    for number in range(1, STUDENTS + 1):
        place = classroom.submitted / f"student-{number:02}" / ASSIGNMENT
        place.mkdir(parents=True)
        (place / f"{NOTEBOOK}.ipynb").write_bytes(right)
    return classroom
