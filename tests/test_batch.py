import json
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import psutil
import pytest
from grading_kit import (
    ASSIGNMENT,
    NOTEBOOK,
    answered,
    descend,
    environment,
    finish,
    job,
    journal_lines,
    make_course,
    start,
    submit,
    wait_until,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder import batch, dispatch, journal, units
from autograder.batch import Watcher
from autograder.classroom import Classroom
from autograder.crew import Cluster, Crew, Processes
from autograder.outcome import DIED, GRADED, MISSING, REPAIRED, UNREADABLE
from autograder.plan import make_plan
from autograder.sandbox import Limits
from course.errors import CourseError

POSIX = pytest.mark.skipif(os.name == "nt", reason="signals, locks and pipes of POSIX")
pytestmark = POSIX


@pytest.fixture(scope="session")
def template(tmp_path_factory):
    """A course whose gradebook exists: making one takes seconds."""
    from autograder import gradebook

    folder = make_course(tmp_path_factory.mktemp("template"))
    classroom = Classroom.open(folder)
    source = folder / "solutions" / ASSIGNMENT / f"{NOTEBOOK}.ipynb"
    gradebook.register(make_plan(source.read_bytes(), ASSIGNMENT, NOTEBOOK), classroom, source)
    return folder


@pytest.fixture
def course(template, tmp_path):
    return shutil.copytree(template, tmp_path / "course")


@pytest.fixture
def plans(template):
    source = template / "solutions" / ASSIGNMENT / f"{NOTEBOOK}.ipynb"
    return {(ASSIGNMENT, NOTEBOOK): make_plan(source.read_bytes(), ASSIGNMENT, NOTEBOOK)}


# What `units.find` needs of a classroom; opening a real one takes seconds.
def classroom_of(course):
    folder = course / "classroom" / "submitted"
    folder.mkdir(parents=True, exist_ok=True)
    return SimpleNamespace(
        submitted=folder,
        students=lambda: sorted(path.name for path in folder.iterdir() if path.is_dir()),
    )


def graded(course, plans, crew, resume=False, limits=None, **options):
    """Grade a course's submissions; returns its outcomes by student."""
    asked = units.find(classroom_of(course), plans)
    with journal.opened(course / "classroom" / "journal", resume) as log:
        done = batch.grade(asked, plans, crew, limits or Limits(), log, **{"job": job} | options)
    assert [one.unit for one in done] == sorted(asked)
    return {one.unit.student: one.entry.outcome for one in done}


@pytest.fixture
def crew():
    crew = Processes(2)
    yield crew
    crew.stop()


def alive(process):
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE


# A bad submission costs nobody else anything


HOSTILE = {
    "exits": "exit",
    "killed": "kill",
    "raises": "raise",
    "rubbish": "rubbish not JSON",
    "list": "rubbish []",
    "nan": 'rubbish {"outcome": NaN, "notebook": null}',
    "object": "object",
    "another's": "liar 3",
    "unpicklable": "unpicklable",
}


def test_a_job_that_breaks_in_any_way_costs_its_own_submission_only(course, plans, crew, capsys):
    for name, text in HOSTILE.items():
        submit(course, name, text)
    for number in range(12):
        submit(course, f"good{number:02}", f"sleep 0.01 points {number % 4}")
    found = graded(course, plans, crew)
    for name in HOSTILE:
        assert (found[name].status, found[name].points) == (DIED, 0), name
        assert [task.verdict for task in found[name].tasks] == ["not run", "not run"]
        assert "of the job's own" not in found[name].verdict()  # may quote hidden tests
        assert found[name].notes[0].endswith("so nothing was graded. Tell your instructor.")
    for number in range(12):
        one = found[f"good{number:02}"]
        assert (one.status, one.points) == (GRADED, number % 4)
    assert len(found) == len(HOSTILE) + 12


def test_a_job_that_fails_once_is_graded_as_if_nothing_had_happened(course, plans, crew, tmp_path):
    for kind in ("kill", "exit", "raise", "rubbish"):
        submit(course, kind, f"once {tmp_path / kind} {kind}")
    submit(course, "good", "points 3")
    found = graded(course, plans, crew)
    assert {one.status for one in found.values()} == {GRADED}
    assert {one.points for one in found.values()} == {3}


def test_whoever_watches_hears_of_each_submission_once(course, plans, crew):
    said = []

    class Listener(Watcher):
        def started(self, unit):
            said.append(("started", unit.student))

        def finished(self, unit, outcome, fresh):
            said.append(("finished", unit.student, outcome.status, fresh))

        def puzzled(self, unit, error):
            said.append(("puzzled", unit.student, str(error)))

    submit(course, "ann", "points 3")
    submit(course, "bob", "raise")
    (course / "classroom" / "submitted" / "cid" / ASSIGNMENT).mkdir(parents=True)
    graded(course, plans, crew, watcher=Listener())
    assert sorted(said) == [
        ("finished", "ann", GRADED, True),
        ("finished", "bob", DIED, True),
        ("finished", "cid", MISSING, True),
        ("puzzled", "bob", "of the job's own"),
        ("started", "ann"),
        ("started", "bob"),
        ("started", "bob"),
    ]
    said.clear()
    graded(course, plans, crew, resume=True, watcher=Listener())
    assert [one[3] for one in sorted(said)] == [False, False, True]


def test_a_job_that_never_ends_is_given_up(course, plans, monkeypatch):
    monkeypatch.setattr(batch, "OVERDUE", 0.3)
    submit(course, "endless", "points 3 endlessly")
    for number in range(6):
        submit(course, f"good{number}", "points 2")
    over = threading.Event()

    def stuck(submission, *rest):
        if b"endlessly" in submission:
            over.wait()
        return job(submission, *rest)

    crew = Crew(lambda: ThreadPoolExecutor(2), width=2)
    found = graded(course, plans, crew, job=stuck, limits=Limits(timeout=0.1))
    over.set()
    assert (found.pop("endless").status, len(found)) == (DIED, 6)
    assert {(one.status, one.points) for one in found.values()} == {(GRADED, 2)}


def test_whoever_is_sent_home_leaves_nothing_behind(crew, tmp_path):
    crew.submit(descend, str(tmp_path / "pid"))
    assert wait_until(lambda: (tmp_path / "pid").exists())
    started = psutil.Process(int((tmp_path / "pid").read_text()))
    workers = [process for process in started.parents() if process.pid != os.getpid()][:1]
    assert os.getpid() in [process.pid for process in started.parents()]
    crew.stop()
    assert wait_until(lambda: not any(alive(process) for process in (started, *workers)))


def test_large_submissions_survive_a_process_that_is_killed(course, plans, crew):
    """The pipe to the processes is full when one dies."""
    for number in range(4):
        submit(course, f"large{number}", "points 3" + " " * 10_000_000)
    submit(course, "killer", "sleep 0.2 kill")
    found = graded(course, plans, crew)
    assert found.pop("killer").status == DIED
    assert [one.points for one in found.values()] == [3] * 4


def test_a_crew_that_cannot_work_at_all_is_not_the_submissions_fault(course, plans):
    submit(course, "ann", "points 3")
    broken = Processes(1)
    broken._make = _stillborn
    broken.renew()
    with pytest.raises(CourseError, match="the processes that grade do not work"):
        graded(course, plans, broken)
    assert journal_lines(course) == []


def _stillborn():
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    return ProcessPoolExecutor(1, get_context("spawn"), initializer=os._exit, initargs=(1,))


# Few in memory, any executor, any number of workers


def test_no_more_jobs_are_handed_out_than_are_needed(course, plans):
    for number in range(30):
        submit(course, f"s{number:02}", "points 1")
    waiting, most = set(), []

    class Counting(ThreadPoolExecutor):
        def submit(self, *arguments):
            future = super().submit(*arguments)
            waiting.add(future)
            future.add_done_callback(waiting.discard)
            most.append(len(waiting))
            return future

    found = graded(course, plans, Crew(lambda: Counting(3), width=3))
    assert len(found) == 30
    assert max(most) <= 3 + dispatch.SPARE


def test_one_worker_or_four_give_the_same_bytes(course, plans):
    for number in range(12):
        submit(course, f"s{number:02}", f"sleep {(12 - number) % 5 / 50} points {number % 4}")
    submit(course, "killer", "kill")

    def verdicts(workers):
        crew = Processes(workers)
        try:
            return [one.verdict() for one in graded(course, plans, crew).values()]
        finally:
            crew.stop()

    assert verdicts(1) == verdicts(4)
