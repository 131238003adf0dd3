"""A small course folder, and jobs that grade it in a moment or break in every way."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path

from autograder.outcome import FAILED, GRADED, PASSED, Outcome, Task
from autograder.plan import Plan

ROOT = Path(__file__).parents[1]
ASSIGNMENT, NOTEBOOK = "01_sums", "sums"
SOURCE = """\
# %% [markdown]
# # Sums (3 points)

# %% [markdown]
# ## Adding (3 points)

# %% locked="setup"
import math

# %% solution="add"
def add(a, b):
    ### BEGIN SOLUTION
    return a + b
    ### END SOLUTION

# %% tests="add_works" points=2
assert add(1, 2) == 3, "1 and 2 make something else"
### BEGIN HIDDEN TESTS
assert add(5, 5) == 10, "wrong for other numbers"
### END HIDDEN TESTS

# %% tests="add_halves" points=1
assert math.isclose(add(0.5, 0.25), 0.75), "wrong for halves and quarters"
"""

# `autograder` with the job below in place of the runner.
COMMAND = """
import sys
from functools import partial
from autograder import cli, grading
import grading_kit
grading.run = partial(grading.run, job=grading_kit.job)
sys.exit(cli.main(sys.argv[1:]))
"""


def make_course(folder):
    """Write a course with one assignment, and nbgrader's configuration as the project has it."""
    from tools.notebooks import as_json, build

    shutil.copy(ROOT / "nbgrader_config.py", folder)
    source = folder / "solutions" / ASSIGNMENT / f"{NOTEBOOK}.py"
    source.parent.mkdir(parents=True)
    source.write_text(SOURCE)
    source.with_suffix(".ipynb").write_text(as_json(build(source)))
    return folder


def make_gradebook(course):
    """Make a course's gradebook, and the assignment known to it; that takes seconds."""
    from autograder import gradebook
    from autograder.classroom import Classroom
    from autograder.plan import make_plan

    source = course / "solutions" / ASSIGNMENT / f"{NOTEBOOK}.ipynb"
    plan = make_plan(source.read_bytes(), ASSIGNMENT, NOTEBOOK)
    gradebook.register(plan, Classroom.open(course), source)
    return course


def submit(course, student, content, name=f"{NOTEBOOK}.ipynb", assignment=ASSIGNMENT):
    """Hand something in: text for the job below, or a file for the real runner."""
    path = course / "classroom" / "submitted" / student / assignment / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def answered(course, answer):
    """Return the release with an answer, as a learner would hand it in."""
    notebook = json.loads((course / "solutions" / ASSIGNMENT / f"{NOTEBOOK}.ipynb").read_text())
    for cell in notebook["cells"]:
        name = cell["metadata"].get("nbgrader", {}).get("grade_id")
        if name == "add":
            cell["source"] = answer
        elif name == "add_works":
            cell["source"] = 'assert add(1, 2) == 3, "1 and 2 make something else"'
    return json.dumps(notebook)


def environment(**more):
    path = os.pathsep.join(map(str, (ROOT, ROOT / "tests")))
    return {**os.environ, "PYTHONPATH": path, **more}


def start(course, *arguments, real=False, **options):
    """Start a real `autograder`, with the job below or the real runner."""
    program = ["-m", "autograder"] if real else ["-c", COMMAND]
    return subprocess.Popen(
        [sys.executable, *program, *map(str, arguments)],
        cwd=course,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )


def finish(process, timeout=180):
    """Wait for a command; returns its exit code, standard output and standard error."""
    out, err = process.communicate(timeout=timeout)
    return process.returncode, out, err


def journal_lines(course):
    """Return the finished lines of a course's journal."""
    path = course / "classroom" / "journal" / "batch" / "lines.jsonl"
    return path.read_bytes().split(b"\n")[:-1] if path.exists() else []


def wait_until(condition, seconds=120):
    """Wait until something is so; says whether it became so."""
    end = time.monotonic() + seconds
    while not (found := condition()) and time.monotonic() < end:
        time.sleep(0.01)
    return found


class Unpicklable(Exception):
    """An exception that breaks whoever takes it out of its parcel."""

    def __init__(self, one, two):
        super().__init__("gone")


def job(submission, plan, limits):
    """Do what a submission says: `points 2`, `sleep 0.1 points 2`, `kill`, `exit`, `raise`, …"""
    plan, words = Plan.from_json(plan), submission.decode().split()
    if words[0] == "sleep":
        time.sleep(float(words[1]))
        words = words[2:]
    if words[0] == "once":  # something goes wrong that does not go wrong again
        marker = Path(words[1])
        words = words[2:] if not marker.exists() else ["points", "3"]
        marker.touch()
    if words[0] == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if words[0] == "exit":
        os._exit(0)
    if words[0] == "raise":
        raise ValueError("of the job's own")
    if words[0] == "unpicklable":
        raise Unpicklable(1, 2)
    if words[0] == "rubbish":
        return " ".join(words[1:])
    if words[0] == "object":
        return {"outcome": words}
    about = b"another" if words[0] == "liar" else submission
    return _result(plan, float(words[1]), about, json.loads(limits)["seed"])


def descend(path):
    """Start a process, tell its id, and wait for it."""
    process = subprocess.Popen(["sleep", "100000"])
    unfinished = Path(f"{path}.tmp")
    unfinished.write_text(str(process.pid))
    unfinished.rename(path)
    process.wait()


def _result(plan, points, submission, seed):
    """Return a result that fits a plan, with some of its points, as `Result.to_json` would."""
    tasks, left = [], points
    for cell in plan.tasks:
        got = min(left, cell.points)
        left -= got
        verdict = PASSED if got == cell.points else FAILED
        tasks.append(Task(cell.id, got, cell.points, verdict, "" if verdict == PASSED else "No."))
    outcome = Outcome(
        student="",
        assignment=plan.assignment,
        notebook=plan.notebook,
        status=GRADED,
        tasks=tasks,
        submission=sha256(submission).hexdigest(),
        release=plan.sha256,
        version="0.1.0",
        seed=seed,
        measured={"seconds": time.process_time()},
    )
    text = submission[:100].decode()
    cell = {"cell_type": "markdown", "id": "a", "metadata": {}, "source": text}
    notebook = {"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    # Not `to_dict`, which loads the schema's validator: these processes are started often.
    fields = asdict(outcome) | {"points": outcome.points, "max_points": outcome.max_points}
    return json.dumps({"outcome": fields, "notebook": notebook})
