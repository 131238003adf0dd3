"""What a batch has done is not lost, and not mixed with what another grader has done."""

import ctypes
import json
import os
import shutil
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from types import SimpleNamespace

import psutil
import pytest
from grading_kit import (
    ASSIGNMENT,
    NOTEBOOK,
    answered,
    finish,
    job,
    journal_lines,
    make_course,
    make_gradebook,
    start,
    submit,
    wait_until,
)

from autograder import batch, feedback, journal, units
from autograder.crew import Crew, Processes
from autograder.outcome import GRADED, Outcome
from autograder.plan import make_plan
from autograder.sandbox import Limits

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals, locks and pipes of POSIX")


@pytest.fixture(scope="session")
def template(tmp_path_factory):
    return make_gradebook(make_course(tmp_path_factory.mktemp("template")))


@pytest.fixture
def course(template, tmp_path):
    return shutil.copytree(template, tmp_path / "course")


@pytest.fixture
def plan(template):
    source = template / "solutions" / ASSIGNMENT / f"{NOTEBOOK}.ipynb"
    return make_plan(source.read_bytes(), ASSIGNMENT, NOTEBOOK)


# Between a kill and `--resume`


def batch_of(folder, *students, resume=False, recorded=True, submission="1"):
    """Grade some students, and record that or not; returns who had been graded before."""
    known = set()
    with journal.opened(folder, resume) as log:
        for student in students:
            key = {"student": student, "submission": submission}
            outcome = Outcome(student, ASSIGNMENT, NOTEBOOK, GRADED, [])
            if found := log.find(key):
                assert (found.outcome, log.notebook(found)) == (outcome, {"cells": [student]})
                known.add(student)
            else:
                log.add(key, outcome, {"cells": [student]})
        if recorded:
            log.settle({(student, ASSIGNMENT, NOTEBOOK) for student in students})
    return known


def folders(folder):
    return {path.name for path in folder.iterdir() if path.is_dir()}


def test_batches_between_a_kill_and_resume_lose_nothing(tmp_path):
    batch_of(tmp_path, "ann", "bob", recorded=False)
    batch_of(tmp_path, "cid", recorded=False)
    assert batch_of(tmp_path, "ann") == set()
    batch_of(tmp_path, "dan")
    everyone = "ann", "bob", "cid", "dan", "eve"
    assert batch_of(tmp_path, *everyone, resume=True) == {"ann", "bob", "cid", "dan"}
    assert batch_of(tmp_path, *everyone, resume=True) == set(everyone)


def test_what_is_recorded_is_kept_once_and_then_removed(tmp_path):
    batch_of(tmp_path, "ann", "bob", recorded=False)
    for _ in range(4):
        batch_of(tmp_path, "cid")
    assert len(folders(tmp_path)) == 3  # the present one, the one before, the unrecorded one
    batch_of(tmp_path, "ann")
    batch_of(tmp_path, "bob", submission="newer")
    batch_of(tmp_path, "cid")
    batch_of(tmp_path, "cid")
    assert folders(tmp_path) == {journal.CURRENT, journal.PREVIOUS}


def test_a_resumed_batch_of_one_does_not_count_as_all_of_it(tmp_path):
    batch_of(tmp_path, "ann", "bob", recorded=False)
    assert batch_of(tmp_path, "ann", resume=True) == {"ann"}
    batch_of(tmp_path, "cid")
    batch_of(tmp_path, "cid")
    assert batch_of(tmp_path, "bob", resume=True) == {"bob"}


def test_a_torn_mark_counts_as_unrecorded(tmp_path):
    batch_of(tmp_path, "ann", "bob")
    marks = tmp_path / journal.CURRENT / "recorded"
    whole = marks.read_bytes()
    for cut in range(len(whole) - 1):  # the last byte ends the line
        marks.write_bytes(whole[:cut])
        with closing(journal.Journal(tmp_path / journal.CURRENT)) as log:
            assert not log.settled
    batch_of(tmp_path, "ann", "bob", resume=True)
    with closing(journal.Journal(tmp_path / journal.CURRENT)) as log:
        assert log.settled


def test_one_student_graded_after_a_kill_costs_the_night_nothing(course):
    for number in range(6):
        submit(course, f"s{number}", "sleep 0.2 points 2")
    process = start(course, "grade", "01", "--workers", 1)
    assert wait_until(lambda: len(journal_lines(course)) >= 4)
    process.kill()
    process.communicate()
    done = len(journal_lines(course))
    for student in ("s0", "s5"):
        code, _, err = finish(start(course, "grade", "01", "--workers", 1, "--only", student))
        assert code == 0, err
    code, out, err = finish(start(course, "grade", "01", "--workers", 1, "--resume"))
    before = 6 if done >= 5 else done + 1  # s5's last grading too
    assert (code, out.splitlines()[-1].split(", in")[0]) == (
        0,
        f"6 submissions, {before} of them graded before",
    ), err


# One batch, one grader


def fresh(folder, plan, course, level="limits"):
    """Grade a course with a thread that says how it is locked in; returns who was graded anew."""

    class Locked(Crew):
        def level(self):
            return level

    submitted = course / "classroom" / "submitted"
    students = sorted(path.name for path in submitted.iterdir())
    asked = units.find(
        SimpleNamespace(submitted=submitted, students=lambda: students),
        {(ASSIGNMENT, NOTEBOOK): plan},
    )
    crew = Locked(lambda: ThreadPoolExecutor(1), width=1)
    with journal.opened(folder, resume=True) as log:
        done = batch.grade(asked, {(ASSIGNMENT, NOTEBOOK): plan}, crew, Limits(), log, job=job)
    crew.stop()
    return [one.unit.student for one in done if one.fresh]


def test_another_grader_or_sandbox_grades_anew(course, plan, tmp_path, monkeypatch):
    submit(course, "ann", "points 3")
    log = tmp_path / "journal"
    assert fresh(log, plan, course) == ["ann"]
    assert fresh(log, plan, course) == []
    assert fresh(log, plan, course, level="bubblewrap") == ["ann"]
    sources = shutil.copytree(batch.SOURCES, tmp_path / "mended")
    monkeypatch.setattr(batch, "SOURCES", sources)
    batch.grader.cache_clear()
    assert fresh(log, plan, course) == []  # the same code elsewhere
    with open(sources / "wire" / "__init__.py", "a") as file:
        file.write("# mended\n")
    batch.grader.cache_clear()
    assert fresh(log, plan, course) == ["ann"]
    monkeypatch.undo()
    batch.grader.cache_clear()


# Processes and their files


def deaf(path):
    """Start a process, tell its id and a temporary file, then hold Python's lock in C code."""
    import tempfile

    child = subprocess.Popen(["sleep", "100000"])
    folder = tempfile.mkdtemp()
    with open(f"{path}.tmp", "w") as file:
        json.dump([child.pid, folder], file)
    os.rename(f"{path}.tmp", path)
    ctypes.PyDLL(None).sleep(100_000)


def gone(process):
    return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


def test_a_process_that_hears_nothing_is_sent_home_all_the_same(tmp_path, monkeypatch):
    monkeypatch.setattr("autograder.crew.GRACE", 1)
    crew = Processes(2)
    crew.submit(deaf, str(tmp_path / "told"))
    assert wait_until((tmp_path / "told").exists)
    child, folder = json.loads((tmp_path / "told").read_text())
    family = [psutil.Process(child), psutil.Process(child).parent()]
    assert family[1].ppid() == os.getpid() and os.path.isdir(folder)
    time.sleep(0.2)  # until it holds the lock
    crew.stop()
    assert wait_until(lambda: all(map(gone, family)))
    assert not os.path.exists(os.path.dirname(folder))
    crew.stop()  # a second time


# Large notebooks in the main process


def test_a_large_notebook_is_not_parsed_to_find_out_what_it_is(course, plan, monkeypatch):
    right = submit(course, "ann", answered(course, "..."), "y.ipynb")
    assert units._fit(right, plan) > (0, 0)
    large = submit(course, "bob", answered(course, "...") + " " * units.LARGEST_PARSED, "y.ipynb")
    assert units._fit(large, plan) == (0, 0)
    with monkeypatch.context() as patch:
        patch.setattr(units, "LARGEST_PARSED", 2 * units.LARGEST_PARSED)
        assert units._fit(large, plan) == units._fit(right, plan)


def test_a_large_notebook_is_not_shown_and_that_is_said(course, plan):
    outcome = Outcome("ann", ASSIGNMENT, NOTEBOOK, GRADED, [])
    said = "The notebook is too large to be shown here"
    notebook = answered(course, "mine").encode()
    page = feedback.render(outcome, plan, None, notebook)
    assert "mine" in page and said not in page
    page = feedback.render(outcome, plan, None, notebook + b" " * feedback.LARGEST_SHOWN)
    assert "mine" not in page and said in page
