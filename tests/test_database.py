"""One writer at a time, and disks that refuse."""

import os
import shutil
import sqlite3
import subprocess
import sys

import pytest
from small_class import ASSIGNMENT, NOTEBOOK, ROOT, SmallClass, ready

from autograder import database, gradebook
from course.errors import CourseError


@pytest.fixture
def small(tmp_path):
    return ready(tmp_path)


def state(small):
    """Everything in the gradebook's file, table by table."""
    with sqlite3.connect(small.classroom.work / "gradebook.db") as connection:
        return sorted(connection.iterdump())


def test_another_process_that_writes_is_waited_for_and_then_named(small, monkeypatch):
    small.record(small.outcome("ana"))
    before, files = state(small), small.executed()
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(small.classroom.work / "gradebook.db")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        assert holder.stdout.readline() == b"held\n"
        monkeypatch.setattr(database, "PATIENCE", 0.2)
        for write in (lambda: small.record(small.outcome("ben")), small.register):
            with pytest.raises(CourseError, match=r"gradebook.db: another process is writing"):
                write()
        # Reading goes on meanwhile.
        assert gradebook.marked(small.classroom).keys() == {("ana", ASSIGNMENT, NOTEBOOK)}
    finally:
        holder.communicate(b"\n")
    assert (state(small), small.executed()) == (before, files)
    small.record(small.outcome("ben"))
    assert len(small.executed()) == 2


HOLD = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.readline()
"""


def test_a_writer_that_is_killed_leaves_no_lock_and_no_half_of_a_student(small):
    small.record(small.outcome("ana"))
    before = state(small)
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(small.classroom.root)],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tests'}"},
    )
    assert done.returncode == -9
    assert state(small) == before
    small.record(small.outcome("ben"))
    assert {key[0] for key in gradebook.marked(small.classroom)} == {"ana", "ben"}


KILLED = """
import os, signal, sys
from pathlib import Path
from autograder import gradebook
from small_class import SmallClass

small = SmallClass(Path(sys.argv[1]))
gradebook.write_whole = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
gradebook.record([(small.outcome("ben"), None)], small.classroom)
"""


@pytest.mark.skipif(not shutil.which("bwrap"), reason="bubblewrap makes the read-only disk")
def test_a_read_only_gradebook_is_one_line_and_can_still_be_read(small):
    small.record(small.outcome("ana"))
    before = state(small)
    done = inside(small, ["--ro-bind", str(small.classroom.work), str(small.classroom.work)])
    (said,) = done.stderr.splitlines()
    assert said.startswith(f"autograder: sqlite:///{small.classroom.work}/gradebook.db: ")
    assert said.endswith("it is read-only, or its folder is; nothing was changed")
    assert done.stdout == "1 1\n"
    assert state(small) == before


def inside(small, options):
    """Record forty students where the disk is as bubblewrap's options say."""
    command = ["bwrap", "--dev-bind", "/", "/", *options, sys.executable, "-c", FORTY]
    return subprocess.run(
        [*command, str(small.classroom.root)],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tests'}"},
        capture_output=True,
        text=True,
    )


FORTY = """
import shutil, sys
from pathlib import Path
from autograder import gradebook
from course.cli.guard import guarded
from small_class import SmallClass

root = Path(sys.argv[1])
small = SmallClass(root)
if (root / "gradebook.db").exists():
    shutil.copy(root / "gradebook.db", small.classroom.work)
notebook = small.released()
notebook.cells[0].source += "x" * 10_000
results = [(small.outcome(f"student{n:02}"), notebook) for n in range(40)]
def run():
    try:
        gradebook.record(results, small.classroom)
    finally:
        marks = gradebook.marked(small.classroom)
        print(len(marks), len(list(small.classroom.autograded.rglob("*.ipynb"))))
sys.exit(guarded(run, "autograder"))
"""


@pytest.mark.skipif(not shutil.which("bwrap"), reason="bubblewrap makes the small disk")
def test_a_full_disk_is_one_line_and_keeps_what_was_recorded(small):
    work = small.classroom.work
    os.rename(work / "gradebook.db", small.classroom.root / "gradebook.db")
    done = inside(small, ["--size", str(600_000), "--tmpfs", str(work)])
    (said,) = done.stderr.splitlines()
    assert said.startswith(("autograder: sqlite:///", f"autograder: {work}"))
    assert "disk is full" in said or "No space left" in said
    recorded, files = map(int, done.stdout.split())
    assert 0 < recorded < 40
    assert files in (recorded, recorded + 1)


def test_what_is_no_gradebook_is_said(small):
    (small.classroom.work / "gradebook.db").write_bytes(b"to be or not to be" * 100)
    with pytest.raises(CourseError, match=r"gradebook.db: this is no gradebook"):
        small.record(small.outcome("ana"))


def test_reading_makes_no_gradebook(tmp_path):
    small = SmallClass(tmp_path)
    assert gradebook.marked(small.classroom) == {}
    with (
        pytest.raises(CourseError, match="nothing is graded yet: run `autograder grade`"),
        database.opened(small.classroom),
    ):
        pass
    assert not (small.classroom.work / "gradebook.db").exists()
