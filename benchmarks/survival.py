"""Submissions that a grader must survive, with good ones between them: nbgrader's way and ours.

Left out is what would harm a grader without walls, and what hangs on the limits of time; all of it
is in `tests/test_submissions.py`. nbgrader's whole command runs in a bubblewrap of its own, with no
network and a disk that is read-only but for the course's folder.
"""

import io
import os
import re
import sqlite3
import subprocess
import tempfile
import time
from contextlib import closing, redirect_stderr, redirect_stdout
from importlib.metadata import version
from pathlib import Path

from autograder import grading
from autograder.classroom import Classroom
from autograder.sandbox import Limits, bubblewrap
from benchmarks.grading import BIN, ENVIRONMENT, SCORES
from course.errors import CourseError
from tests.submissions import ASSIGNMENT, CASES, Baits
from tests.submissions.classroom import hand_in, make_course

WORKERS = 2
CELL = 30  # seconds: nbgrader's own limit, for both
STALLED = 150  # seconds without a word until nbgrader is taken to hang
TIMED = ("sleeps just under the limit", "a million prints")
HARMLESS = [case for case in CASES if not (case.walls or case.harsh or case.name in TIMED)]
STEP = int(
    os.environ.get("SURVIVAL_STEP", "1")
)  # 8 takes every eighth: minutes in place of an hour
COMPARED = HARMLESS[::STEP]
COLUMNS = {
    "nbgrader": "nbgrader autograde, one batch",
    "resumed": "nbgrader autograde, started again behind each submission that stopped it",
    "ours": "autograder grade",
}


def run() -> dict:
    """Return how many marks of each are right, and print a table.

    Raises:
        CourseError: there is no bubblewrap to lock nbgrader in.
    """
    if bubblewrap.problem():
        raise CourseError(f"nbgrader would run this without walls: {bubblewrap.problem()}")
    with tempfile.TemporaryDirectory(prefix="unrolled-bench-") as folder:
        found = {**_theirs(Path(folder, "nbgrader")), "ours": _ours(Path(folder, "autograder"))}
    rows = list(found["ours"])
    print("| |", " | ".join(COLUMNS[name] for name in found), "|")
    print("|---" * (len(found) + 1) + "|")
    for row in rows:
        print(f"| {row} |", " | ".join(str(one[row]) for one in found.values()), "|")
    return {
        "nbgrader": version("nbgrader"),
        "cases": len(COMPARED),
        "not run: need walls, or hang on a limit": sorted(
            case.name for case in CASES if case not in HARMLESS
        ),
        **{COLUMNS[name]: one for name, one in found.items()},
    }


def _ours(folder: Path) -> dict:
    """Grade all of them in one batch."""
    classroom, good = _class(folder)
    order = grading.Order([ASSIGNMENT], Limits(cell_timeout=CELL), workers=WORKERS)
    began = time.perf_counter()
    with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        grading.run(classroom, order)
    return _judged(classroom, good, time.perf_counter() - began, 1)


def _theirs(folder: Path) -> dict[str, dict]:
    """Let nbgrader grade all of them, and start it again as long as it stops before the end."""
    classroom, good = _class(folder)
    _command(folder, "generate_assignment", log=folder / "release.log")
    found, began, left, rounds = {}, time.perf_counter(), True, 0
    while left:
        rounds += 1
        log = folder / f"round{rounds}.log"
        _command(folder, "autograde", log=log)
        left = _set_aside(classroom, log)
        result = _judged(classroom, good, time.perf_counter() - began, rounds)
        found = {"nbgrader": found.get("nbgrader", result), "resumed": result}
    return found


def _class(folder: Path) -> tuple[Classroom, list[str]]:
    """Return a classroom in which all is handed in, and the students whose work is good."""
    folder.mkdir()
    make_course(folder)
    classroom = Classroom.open(folder)
    return classroom, hand_in(Baits(course=folder), COMPARED)


def _command(folder: Path, name: str, log: Path) -> None:
    """Run one of nbgrader's commands behind walls; end it if it says nothing for long."""
    walls = [
        *("bwrap", "--unshare-all", "--die-with-parent", "--new-session", "--ro-bind", "/", "/"),
        *("--dev", "/dev", "--proc", "/proc", "--bind", str(folder), str(folder)),
        *("--setenv", "HOME", str(folder), "--setenv", "TMPDIR", str(folder)),
        *("--chdir", str(folder)),
    ]
    with log.open("wb") as file:
        process = subprocess.Popen(
            [*walls, BIN / "nbgrader", name, ASSIGNMENT],
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=file,
            env=ENVIRONMENT,
        )
        with process:
            while process.poll() is None:
                if time.time() - os.stat(log).st_mtime > STALLED:
                    process.kill()
                time.sleep(0.2)


def _set_aside(classroom: Classroom, log: Path) -> bool:
    """Move away what nbgrader has looked at; say whether anything is left, and can be looked at."""
    text = log.read_text(encoding="utf-8", errors="replace")
    seen = set(re.findall(rf"/submitted/([^/\n]+)/{ASSIGNMENT}", text))
    aside = classroom.work / "looked-at"
    aside.mkdir(exist_ok=True)
    moved = [student for student in classroom.students() if student in seen]
    for student in moved:
        (classroom.submitted / student).rename(aside / student)
    left = [
        one for one in classroom.students() if (classroom.submitted / one / ASSIGNMENT).exists()
    ]
    return bool(moved and left)


def _judged(classroom: Classroom, good: list[str], seconds: float, rounds: int) -> dict:
    """Return how many submissions have the points that they deserve."""
    scores = _scores(classroom)
    pairs = [(scores.get(case.student), case.points) for case in COMPARED]
    known = [(got, wanted) for got, wanted in pairs if got is not None]
    return {
        "good submissions": len(good),
        "of these with full marks": sum(scores.get(student) == 10 for student in good),
        "cases": len(COMPARED),
        "with the points that they deserve": sum((got or 0) == wanted for got, wanted in pairs),
        "with more": sum(got > wanted for got, wanted in known),
        "with less": sum(got < wanted for got, wanted in known),
        "with no grade, and some points deserved": sum(
            got is None and wanted > 0 for got, wanted in pairs
        ),
        "times started": rounds,
        "seconds": round(seconds),
    }


def _scores(classroom: Classroom) -> dict[str, float]:
    """Return the marks in the gradebook of all whose notebook was graded to its end."""
    with closing(sqlite3.connect(classroom.gradebook.removeprefix("sqlite:///"))) as database:
        found = dict(database.execute(SCORES).fetchall())
    return {
        student: points
        for student, points in found.items()
        if points is not None and (classroom.autograded / student / ASSIGNMENT).is_dir()
    }
