import contextlib
import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from types import SimpleNamespace

import psutil
import pytest
from grading_kit import (
    ASSIGNMENT,
    COMMAND,
    NOTEBOOK,
    answered,
    descend,
    environment,
    finish,
    job,
    journal_lines,
    make_course,
    make_gradebook,
    start,
    submit,
    wait_until,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder import batch, dispatch, journal, units
from autograder.batch import Watcher
from autograder.crew import Cluster, Crew, Processes
from autograder.outcome import DIED, GRADED, MISSING, REPAIRED, UNREADABLE, Outcome
from autograder.plan import make_plan
from autograder.sandbox import Limits
from course.errors import CourseError

POSIX = pytest.mark.skipif(os.name == "nt", reason="signals, locks and pipes of POSIX")
pytestmark = POSIX


@pytest.fixture(scope="session")
def template(tmp_path_factory):
    """A course whose gradebook exists."""
    return make_gradebook(make_course(tmp_path_factory.mktemp("template")))


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


# The journal


def entry(number, status=GRADED):
    """A key, an outcome and a notebook."""
    outcome = Outcome("ann", ASSIGNMENT, NOTEBOOK, status, [], measured={"seconds": number / 7})
    return {"student": "ann", "number": number}, outcome, {"cells": [number]}


def write_journal(folder, entries):
    log = journal.Journal(folder)
    for one in entries:
        log.add(*one)
    log.close()
    return (folder / "lines.jsonl").read_bytes()


def check_journal(folder, entries, missing=()):
    log = journal.Journal(folder)
    assert len(log) == len(entries)
    for key, outcome, notebook in entries:
        found = log.find(key)
        assert (found.outcome, log.notebook(found)) == (outcome, notebook)
    for key, *_ in missing:
        assert log.find(key) is None
    log.close()


def test_a_journal_torn_at_any_byte_holds_its_whole_lines_and_goes_on(tmp_path):
    entries = [entry(1), entry(2), entry(3)]
    data = write_journal(tmp_path, entries)
    ends = [place + 1 for place, byte in enumerate(data) if byte == ord("\n")]
    assert len(ends) == 3
    for cut in range(ends[0] - 3, len(data) + 1):
        (tmp_path / "lines.jsonl").write_bytes(data[:cut])
        whole = sum(end <= cut for end in ends)
        if cut % 50 and cut not in ends:  # the rest of this takes its time
            log = journal.Journal(tmp_path)
            assert len(log) == whole
            log.close()
        else:
            check_journal(tmp_path, entries[:whole], missing=entries[whole:])
            write_journal(tmp_path, entries[whole:])
            check_journal(tmp_path, entries)
            assert (tmp_path / "lines.jsonl").read_bytes() == data


@settings(deadline=None)
@given(tail=st.binary(max_size=60), place=st.integers(0, 2), flips=st.integers(1, 255))
def test_a_damaged_line_costs_its_own_notebook_only(tmp_path_factory, tail, place, flips):
    folder = tmp_path_factory.mktemp("journal")
    entries = [entry(1), entry(2), entry(3)]
    lines = bytearray(write_journal(folder, entries)).splitlines(keepends=True)
    lines[place][len(lines[place]) // 2] ^= flips
    (folder / "lines.jsonl").write_bytes(b"".join(lines) + tail)
    lost = entries.pop(place)
    check_journal(folder, entries, missing=[lost])
    write_journal(folder, [lost])
    check_journal(folder, [*entries, lost])


names = st.text(st.characters(codec=None), max_size=30)


@settings(deadline=None)
@given(student=names, note=names, number=st.floats(0, 1e9))
def test_a_journal_gives_back_what_it_was_given(tmp_path_factory, student, note, number):
    """Any text, also such as no file could hold; the schema wants notes of one sign and more."""
    folder = tmp_path_factory.mktemp("journal")
    key, outcome, notebook = entry(number)
    outcome.student, outcome.notes = student, [f".{note}"]
    write_journal(folder, [(key | {"student": student}, outcome, notebook | {"source": note})])
    check_journal(folder, [(key | {"student": student}, outcome, notebook | {"source": note})])


def test_a_lost_or_damaged_notebook_is_made_again(tmp_path):
    entries = [entry(1), entry(2)]
    write_journal(tmp_path, entries)
    first, second = sorted((tmp_path / "notebooks").glob("*.ipynb"))
    first.unlink()
    second.write_bytes(second.read_bytes()[:-1])
    check_journal_is_empty_for(tmp_path, entries)
    write_journal(tmp_path, entries)
    check_journal(tmp_path, entries)


def check_journal_is_empty_for(folder, entries):
    log = journal.Journal(folder)
    assert [log.find(key) for key, *_ in entries] == [None, None]
    log.close()


def test_a_new_batch_keeps_the_last_journal_and_resume_goes_on_with_it(tmp_path):
    for number in (1, 2):
        with journal.opened(tmp_path, resume=False) as log:
            assert len(log) == 0
            log.add(*entry(number))
    with journal.opened(tmp_path, resume=False):
        pass  # came to nothing
    with journal.opened(tmp_path, resume=False) as log:
        assert log.find(entry(2)[0]) is None
    check_journal(tmp_path / journal.PREVIOUS, [entry(2)], missing=[entry(1)])
    with journal.opened(tmp_path, resume=False) as log:
        log.add(*entry(3))
    with journal.opened(tmp_path, resume=True) as log:
        assert (len(log), log.find(entry(3)[0]).outcome) == (1, entry(3)[1])


def test_only_one_batch_runs_at_a_time(tmp_path):
    with journal.opened(tmp_path, resume=False) as log:
        log.add(*entry(1))
        with (
            pytest.raises(CourseError, match=f"at work here .process {os.getpid()}.; wait"),
            journal.opened(tmp_path, resume=True),
        ):
            pass
    with journal.opened(tmp_path, resume=True) as log:
        assert len(log) == 1


# Resuming


def test_resume_grades_only_what_has_changed(course, plans, crew):
    count = Counter()

    class Listener(Watcher):
        def finished(self, unit, outcome, fresh):
            count[fresh] += 1

    def again(resume=True, **more):
        count.clear()
        found = graded(course, plans, crew, resume=resume, watcher=Listener(), **more)
        return found, count[True], count[False]

    for name in ("ann", "bob", "cid"):
        submit(course, name, "points 1")
    first, fresh, _ = again(resume=False)
    assert fresh == 3
    assert again() == (first, 0, 3)  # the same seconds too: nothing ran
    submit(course, "bob", "points 3")
    second, fresh, known = again()
    assert (second["bob"].points, fresh, known) == (3, 1, 2)
    assert again(limits=Limits(seed=5))[1:] == (3, 0)
    assert again(limits=Limits(timeout=7))[1:] == (3, 0)
    assert again(limits=Limits(hidden=("/elsewhere",)))[1:] == (0, 3)
    (key,) = plans
    changed = {key: replace(plans[key], sha256="0" * 64)}
    assert graded(course, changed, crew, resume=True)["ann"].release == "0" * 64
    assert again(resume=False)[1:] == (3, 0)


def outcomes_on_disk(course):
    """Return what was recorded, by student, without what depends on the machine."""
    found = {}
    for path in sorted((course / "classroom" / "outcomes").glob("*/*/*.json")):
        outcome = Outcome.from_dict(json.loads(path.read_text()))
        assert outcome.student not in found
        found[outcome.student] = outcome.verdict()
    return found


def scores(course):
    """Return the gradebook's scores, by student."""
    with contextlib.closing(sqlite3.connect(course / "classroom" / "gradebook.db")) as database:
        return dict(
            database.execute(
                "select submitted_assignment.student_id, sum(grade.auto_score) from grade"
                " join submitted_notebook on grade.notebook_id = submitted_notebook.id"
                " join submitted_assignment"
                " on submitted_notebook.assignment_id = submitted_assignment.id"
                " group by submitted_assignment.student_id"
            )
        )


def test_killed_at_ten_random_moments_and_resumed_it_is_as_if_nothing_had_happened(
    template, tmp_path
):
    dice = random.Random(3)
    undisturbed, killed = tmp_path / "undisturbed", tmp_path / "killed"
    for course in (undisturbed, killed):
        shutil.copytree(template, course)
    for number in range(50):
        text = f"sleep {dice.random() / 10:.3f} points {dice.randrange(4)}"
        for course in (undisturbed, killed):
            submit(course, f"s{number:02}", "kill" if number == 30 else text)

    code, out, err = finish(start(undisturbed, "grade", "01", "--workers", 2))
    assert (code, out.splitlines()[-1].split(",")[0]) == (0, "50 submissions"), err
    for target in sorted(dice.sample(range(1, 48), 9)):
        kill_when(killed, lambda: len(journal_lines(killed)) >= target, dice.random())  # noqa: B023
    recorded = dice.randrange(1, 40)  # the last one while results go to the gradebook
    kill_when(killed, lambda: len(outcomes_on_disk(killed)) >= recorded, 0)
    code, out, err = finish(start(killed, "grade", "01", "--workers", 2, "--resume"))
    assert code == 0, err

    assert outcomes_on_disk(killed) == outcomes_on_disk(undisturbed)
    assert scores(killed) == scores(undisturbed) and len(scores(killed)) == 50
    for course in (killed, undisturbed):
        keys = [json.dumps(json.loads(line)["entry"]["key"]) for line in journal_lines(course)]
        assert len(keys) == len(set(keys)) == 50


def kill_when(course, ready, seconds):
    """Start or resume a batch, and kill -9 it when it is ready, or some time later."""
    resume = ["--resume"] if (course / "classroom" / "journal").exists() else []
    process = start(course, "grade", "01", "--workers", 2, *resume)
    if ready():  # overtaken by the last one: this time, while it starts
        time.sleep(3 * seconds)
    wait_until(lambda: ready() or process.poll() is not None)
    time.sleep(seconds / 20)
    children = []
    with contextlib.suppress(psutil.NoSuchProcess):
        children = psutil.Process(process.pid).children(recursive=True)
    process.kill()
    process.communicate()
    assert wait_until(lambda: not any(map(alive, children))), "its workers went on"


def test_ctrl_c_keeps_what_is_graded_and_says_how_to_go_on(course):
    for number in range(20):
        submit(course, f"s{number:02}", "sleep 0.2 points 3")
    process = start(course, "grade", "01", "--workers", 2, start_new_session=True)
    assert wait_until(lambda: len(journal_lines(course)) >= 3)
    workers = psutil.Process(process.pid).children(recursive=True)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does it: to all of them
    code, out, err = finish(process)
    lines = len(journal_lines(course))
    again = "autograder grade 01 --workers 2 --resume"
    # The signal can fall between writing the last line and counting it.
    assert (code, err) in [
        (130, f"autograder: stopped; {known} graded notebooks are kept; go on with: {again}\n")
        for known in (lines - 1, lines)
    ]
    assert wait_until(lambda: not any(map(alive, workers)))
    code, out, err = finish(start(course, *again.split()[1:]))
    assert (code, err) == (0, "")
    assert f"20 submissions, {lines} of them graded before" in out


def test_a_second_grading_process_is_refused_in_one_line(course):
    submit(course, "ann", "sleep 100000 points 3")
    first = start(course, "grade", "01", "--workers", 1)
    lock = course / "classroom" / "journal" / "lock"
    assert wait_until(lambda: lock.exists() and lock.read_text().strip() == str(first.pid))
    code, _, err = finish(start(course, "grade", "01", "--resume"))
    first.kill()
    first.communicate()
    assert (code, err.count("\n")) == (2, 1)
    assert f"another `autograder grade` is at work here (process {first.pid}); wait" in err


needs_bubblewrap = pytest.mark.skipif(
    shutil.which("bwrap") is None
    or subprocess.run(["bwrap", "--bind", "/", "/", "true"], capture_output=True).returncode != 0,
    reason="needs bubblewrap, which makes a small disk",
)


@needs_bubblewrap
def test_a_full_disk_is_one_line_and_resume_goes_on(course):
    """The journal on a disk of 100 kB, most of it taken; then there is room again."""
    for number in range(12):
        submit(course, f"s{number:02}", f"points {number % 4}")
    folder = course / "classroom" / "journal"
    folder.mkdir(parents=True)
    command = f"{sys.executable} -c '{COMMAND}' grade 01 --workers 2"
    script = f"""
        head -c 80000 /dev/zero > {folder}/ballast
        {command} >&2; echo $?
        rm {folder}/ballast
        {command} --resume
    """
    disk = ["bwrap", "--dev-bind", "/", "/", "--size", "106496", "--tmpfs", str(folder)]
    run = subprocess.run(
        [*disk, "sh", "-c", script],
        cwd=course,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=180,
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout.startswith("2\n")
    last = run.stderr.splitlines()[-1]
    assert last.startswith(f"autograder: {folder}/batch: No space left on device; what was graded")
    assert last.endswith("with --resume")
    assert [json.loads(one)["points"] for one in outcomes_on_disk(course).values()] == [
        number % 4 for number in range(12)
    ]
    before = run.stdout.splitlines()[-1].split(", ")[1]
    assert before.endswith(" of them graded before") and 0 < int(before.split()[0]) < 12


# A Dask cluster


class Dask:
    """A real scheduler, and workers that come and go."""

    def __init__(self, folder):
        self._file = folder / "scheduler.json"
        # How often a job may kill a worker before Dask gives up on it: usually 4 times.
        once = {"DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "0"}
        self._environment = environment(**once)
        self._processes = []
        options = ("--host", "127.0.0.1", "--port", 0, "--no-dashboard")
        self._start("scheduler", *options, "--scheduler-file", self._file)
        assert wait_until(lambda: self._file.exists() and self._file.read_text().endswith("}"))
        self.address = json.loads(self._file.read_text())["address"]

    def worker(self, threads=1):
        options = ("--nthreads", threads, "--no-dashboard", "--local-directory", self._file.parent)
        return self._start("worker", self.address, *options)

    def _start(self, program, *arguments):
        command = [sys.executable, "-m", f"distributed.cli.dask_{program}", *map(str, arguments)]
        process = subprocess.Popen(
            command, env=self._environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        self._processes.append(process)
        return process

    def end(self):
        for process in reversed(self._processes):
            process.terminate()
        for process in self._processes:
            process.wait(60)


@pytest.fixture
def dask(tmp_path):
    pytest.importorskip("distributed", reason="needs Dask: the extra [cluster]")
    dask = Dask(tmp_path)
    yield dask
    dask.end()


def test_a_dask_cluster_gives_what_processes_here_give(course, dask):
    for number in range(12):
        submit(course, f"s{number:02}", f"points {number % 4}")
    for kind in ("kill", "raise", "rubbish"):
        submit(course, kind, kind)
    code, _, err = finish(start(course, "grade", "01", "--workers", 2))
    assert code == 0, err
    here = outcomes_on_disk(course)
    shutil.rmtree(course / "classroom" / "outcomes")

    dask.worker(), dask.worker()
    code, out, err = finish(start(course, "grade", "01", "--scheduler", dask.address))
    assert code == 0, err
    assert out.startswith("Sandbox: ") and "15 submissions" in out
    assert outcomes_on_disk(course) == here


def test_a_cluster_that_goes_away_is_one_line_and_resume_goes_on(course, dask, tmp_path):
    for number in range(8):
        submit(course, f"s{number}", "sleep 0.5 points 3")
    dask.worker()
    process = start(course, "grade", "01", "--scheduler", dask.address)
    assert wait_until(lambda: len(journal_lines(course)) >= 2)
    dask.end()
    code, _, err = finish(process)
    assert (code, err.count("\n")) == (2, 1), err
    assert "the scheduler does not answer" in err and "--resume goes on" in err
    done = len(journal_lines(course))
    assert 2 <= done < 8
    code, out, err = finish(start(course, "grade", "01", "--resume", "--workers", 2))
    assert (code, out.splitlines()[-1].split(", in")[0]) == (
        0,
        f"8 submissions, {done} of them graded before",
    ), err


def test_a_scheduler_without_workers_is_one_line(dask, monkeypatch):
    monkeypatch.setattr("autograder.crew.CONNECT", 1)
    crew = Cluster(dask.address)
    with pytest.raises(CourseError, match=r"the scheduler has no workers$"):
        crew.survey(os.getcwd)
    crew.stop()


def test_a_worker_with_several_threads_is_one_line(course, dask):
    submit(course, "ann", "points 3")
    dask.worker(threads=2)
    code, _, err = finish(start(course, "grade", "01", "--scheduler", dask.address))
    assert (code, err.count("\n")) == (2, 1)
    assert "a worker of 2 threads; start it with `dask worker --nthreads 1`" in err


# Which file is graded


def find(course, plans, students=()):
    return {unit.student: unit for unit in units.find(classroom_of(course), plans, students)}


def test_the_file_with_the_release_s_name_is_graded(course, plans, crew):
    path = submit(course, "ann", "points 3")
    assert find(course, plans)["ann"] == units.Unit("ann", ASSIGNMENT, NOTEBOOK, path)
    submit(course, "ann", "points 1", "Sums.ipynb")
    outcome = graded(course, plans, crew)["ann"]
    assert (outcome.status, outcome.points, outcome.repairs) == (GRADED, 3, [])
    assert outcome.notes == [
        "sums.ipynb, which has the assignment's name, was graded; 'Sums.ipynb' was not."
    ]


def test_a_single_notebook_with_another_name_is_graded_and_that_is_said(course, plans, crew):
    submit(course, "ann", "points 2", "Copy of sums (1).ipynb")
    submit(course, "ann", "an export", "sums.html")
    submit(course, "ann", "a Mac's", "._sums.ipynb")
    outcome = graded(course, plans, crew)["ann"]
    assert (outcome.status, outcome.points) == (REPAIRED, 2)
    assert outcome.repairs == [
        "No sums.ipynb was handed in; 'Copy of sums (1).ipynb', the only notebook, was graded "
        "instead."
    ]


@pytest.mark.parametrize("stripped", [False, True])
def test_of_several_notebooks_the_one_that_fits_best_is_graded(course, plans, stripped):
    notebook = json.loads(answered(course, "def add(a, b): ..."))
    if stripped:
        for cell in notebook["cells"]:
            cell["metadata"] = {}
            cell["source"] = "".join(cell["source"])
    right = submit(course, "ann", json.dumps(notebook).encode("utf-16"), "mine.ipynb")
    for name, text in {
        "a.ipynb": '{"cells": [{"metadata": {"nbgrader": [1]}, "source": [2]}, 3]}',
        "b.ipynb": '{"cells": 3}',
        "c.ipynb": "[" * 100_000,
        "z.ipynb": '{"cells": []}',
    }.items():
        submit(course, "ann", text, name)
    unit = find(course, plans)["ann"]
    assert (unit.path, len(unit.repairs)) == (right, 1)
    assert "'mine.ipynb', of 5 notebooks the one that fits best, was graded" in unit.repairs[0]


def test_two_notebooks_of_one_assignment_are_told_apart(course, plans):
    (plan,) = plans.values()
    second = make_plan(
        (course / "solutions" / ASSIGNMENT / f"{NOTEBOOK}.ipynb")
        .read_bytes()
        .replace(b'"add', b'"plus'),
        ASSIGNMENT,
        "plus",
    )
    both = {(ASSIGNMENT, NOTEBOOK): plan, (ASSIGNMENT, "plus"): second}
    mine = submit(course, "ann", answered(course, "..."), "x.ipynb")
    other = submit(course, "ann", answered(course, "...").replace('"add', '"plus'), "y.ipynb")
    lonely = submit(course, "bob", answered(course, "...").replace('"add', '"plus'), "y.ipynb")
    found = {
        (unit.student, unit.notebook): unit.path for unit in units.find(classroom_of(course), both)
    }
    assert found == {
        ("ann", NOTEBOOK): mine,
        ("ann", "plus"): other,
        ("bob", NOTEBOOK): None,
        ("bob", "plus"): lonely,
    }


@pytest.mark.parametrize("level", ["file", "folder", "student"])
def test_links_are_not_followed(course, plans, crew, tmp_path, level):
    outside = tmp_path / "outside" / ASSIGNMENT
    outside.mkdir(parents=True)
    (outside / "sums.ipynb").write_text("points 3")
    submitted = course / "classroom" / "submitted"
    link, target = {
        "file": (submitted / "ann" / ASSIGNMENT / "sums.ipynb", outside / "sums.ipynb"),
        "folder": (submitted / "ann" / ASSIGNMENT, outside),
        "student": (submitted / "ann", outside.parent),
    }[level]
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(target)
    submit(course, "bob", "points 3")
    found = graded(course, plans, crew)
    assert (found["ann"].status, found["ann"].points) == (UNREADABLE, 0)
    assert "symbolic link" in found["ann"].notes[0]
    assert found["bob"].points == 3


def test_what_is_no_file_or_too_large_is_unreadable(course, plans, crew):
    with submit(course, "large", "points 3").open("r+b") as file:
        file.truncate(units.LARGEST + 1)
    os.mkfifo(submit(course, "pipe", "", "x").with_name("sums.ipynb"))
    submit(course, "folder", "", "x").with_name("sums.ipynb").mkdir()
    found = graded(course, plans, crew)
    assert {one.status for one in found.values()} == {UNREADABLE}
    assert [found[name].notes for name in ("large", "pipe", "folder")] == [
        ["Not graded: the notebook is larger than 100 MB."],
        ["Not graded: the notebook is not a file."],
        ["Not graded: the notebook cannot be read (Is a directory)."],
    ]


def test_who_is_missing(course, plans, crew):
    assert find(course, plans, students=["dan"]) == {}  # nobody has handed in anything
    submit(course, "ann", "points 3")
    submit(course, "bob", "points 3", assignment="02_other")
    (course / "classroom" / "submitted" / "cid" / ASSIGNMENT).mkdir(parents=True)
    (course / "classroom" / "submitted" / ".ipynb_checkpoints").mkdir()
    found = find(course, plans, students=["dan", "ann"])
    assert [unit.path is None for unit in found.values()] == [False, True, True, True]
    assert list(found) == ["ann", "bob", "cid", "dan"]
    outcome = graded(course, plans, crew)["cid"]
    assert (outcome.status, outcome.submission, outcome.notes) == (
        MISSING,
        "",
        ["No notebook was handed in."],
    )


@pytest.mark.parametrize(
    ("names", "found"),
    [
        (["01_a"], ["01_a"]),
        (["02_b"], ["02_b"]),
        (["01", "02_bc", "01_a"], ["01_a", "02_bc"]),
        (["02"], "'02' can be 02_b or 02_bc; there are: 01_a, 02_b, 02_bc"),
        (["3"], "no assignment '3'; there are: 01_a, 02_b, 02_bc"),
        ([""], "no assignment ''; there are"),
    ],
)
def test_names_may_be_shortened_to_a_unique_beginning(names, found):
    known = ["01_a", "02_b", "02_bc"]
    if isinstance(found, list):
        assert units.resolve(names, known) == found
    else:
        with pytest.raises(CourseError, match=found):
            units.resolve(names, known)
