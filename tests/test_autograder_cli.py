import contextlib
import csv
import fcntl
import io
import json
import os
import pty
import shutil
import sqlite3
import struct
import subprocess
import sys
import termios
import zipfile
from functools import partial
from pathlib import Path

import pytest
from grading_kit import (
    ASSIGNMENT,
    COMMAND,
    NOTEBOOK,
    answered,
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
from hypothesis import given
from hypothesis import strategies as st
from nbgrader.api import Gradebook

from autograder import batch, cli, demo, grading, table
from autograder.classroom import Classroom
from autograder.outcome import MISSING, Outcome, Task
from autograder.units import Unit

ROOT = Path(__file__).parents[1]
HOSTILE = '=cmd, "x" [red]\x1b[31m\u202e'
COMMANDS = "release collect grade feedback status export formgrade demo".split()
RIGHT = "def add(a, b):\n    return a + b"


@pytest.fixture(scope="session")
def template(tmp_path_factory):
    return make_gradebook(make_course(tmp_path_factory.mktemp("template")))


@pytest.fixture
def course(template, tmp_path):
    return shutil.copytree(template, tmp_path / "course")


def refusal(result):
    """Check that a command was refused in one line, and return the line."""
    code, _, err = result
    assert (code, err.count("\n"), err.endswith("\n")) == (2, 1, True), err
    assert err.startswith("autograder") and "Traceback" not in err
    return err


# The command in this process: exit code, stdout, stderr.
def call(*arguments):
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = cli.main([str(argument) for argument in arguments])
    return code, out.getvalue(), err.getvalue()


# In this process and with the real runner, as started in a course's folder.
def run(course, *arguments):
    with contextlib.chdir(course):
        return call(*arguments)


# The kit's job in place of the runner.
def grade(course, *arguments):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(grading, "run", partial(grading.run, job=job))
        return run(course, "grade", *arguments)


# Usage


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_every_command_has_help_with_an_example(command):
    code, out, err = call(*command.split(), "--help")
    assert (code, err) == (0, "")
    assert f"Usage: autograder {command}".rstrip() in out
    assert f"Example: autograder {command}".rstrip() in out


def test_without_a_command_the_help_is_shown():
    assert call() == call("--help")


def test_help_needs_nothing_that_is_slow_to_import():
    slow = ["tensorflow", "keras", "nbformat", "nbgrader", "nbconvert", "sqlalchemy", "distributed"]
    code = f"""
import sys
from autograder import cli
cli.main(["grade", "--help"])
sys.exit(str(sorted(set({slow}) & set(sys.modules)) or ""))
"""
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment(), capture_output=True, text=True
    )
    assert done.stderr.strip() == ""


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nope"], "no such command 'nope'"),
        (["grade"], "name assignments, or say --all"),
        (["grade", "01", "--all"], "name assignments, or say --all"),
        (["release"], "name assignments, or say --all"),
        (["grade", "01", "--workers", "0"], "must lie between 1 and 512, not be 0"),
        (["grade", "01", "--timeout", "nan"], "must lie between 1 and 86,400, not be nan"),
        (["grade", "01", "--memory", "many"], "'--memory': input should be a valid integer"),
        (["grade", "01", "--seed", "-1"], "must lie between 0 and 2,147,483,647, not be -1"),
        (["grade", "01", "--workers", "2", "--scheduler", "tcp://x:1"], "a cluster has its own"),
        (["grade", "01", "--wrokers", "2"], "no such option: --wrokers"),
        (["export"], "missing option '--to'"),
        (["export", "--to", "excel"], "'excel' is not one of 'csv', 'canvas', 'moodle'"),
        (["collect"], "missing argument 'path'"),
    ],
)
def test_a_usage_error_is_one_line(arguments, words):
    assert words in refusal(call(*arguments)).lower()


# Refusals


def test_outside_a_course_it_says_where_to_go(tmp_path):
    for arguments in (["status"], ["grade", "--all"], ["feedback"], ["export", "--to", "csv"]):
        assert "no nbgrader_config.py here or above" in refusal(run(tmp_path, *arguments))


def test_what_cannot_be_graded_is_refused_in_one_line(course):
    line = refusal(run(course, "grade", "1"))
    assert line == f"autograder: no assignment '1'; there are: {ASSIGNMENT}\n"
    assert "nobody has handed in 01_sums; `autograder collect PATH`" in refusal(
        run(course, "grade", "--all")
    )
    submit(course, "ann", "points 3")
    assert "no student 'bob'; `autograder status`" in refusal(
        run(course, "grade", "01", "--only", "bob")
    )
    assert "no Dask scheduler answers there" in refusal(
        run(course, "grade", "01", "--scheduler", "tcp://127.0.0.1:9")
    )
    source = course / "solutions" / ASSIGNMENT / f"{NOTEBOOK}.ipynb"
    source.write_text(source.read_text()[:100])
    assert "01_sums/sums.ipynb: not a notebook" in refusal(run(course, "grade", "01"))


def test_an_assignment_that_is_not_ready_is_not_released(course):
    line = refusal(run(course, "release", "01"))
    assert ASSIGNMENT in line
    assert not (course / "exercises").exists()


def test_a_cluster_without_dask_is_refused_in_one_line(course, tmp_path):
    (tmp_path / "distributed.py").write_text("raise ImportError")
    submit(course, "ann", "points 3")
    process = subprocess.run(
        [sys.executable, "-m", "autograder", "grade", "01", "--scheduler", "tcp://127.0.0.1:9"],
        cwd=course,
        env=environment(PYTHONPATH=os.pathsep.join(map(str, (tmp_path, ROOT)))),
        capture_output=True,
        text=True,
    )
    line = refusal((process.returncode, process.stdout, process.stderr))
    assert "--scheduler needs Dask, which is not installed: pip install 'unrolled[cluster]'" in line


def test_without_bubblewrap_it_says_so_or_refuses(course):
    submit(course, "ann", "points 3")

    def bare(*arguments):
        done = subprocess.run(
            [sys.executable, "-c", COMMAND, "grade", "01", *arguments],
            cwd=course,
            env=environment(PATH="/nowhere"),
            capture_output=True,
            text=True,
        )
        return done.returncode, done.stdout, done.stderr

    code, out, _ = bare()
    assert code == 0
    assert out.startswith("Sandbox: limits only, bubblewrap is not installed; code can reach")
    line = refusal(bare("--require-sandbox"))
    assert "--require-sandbox: Sandbox: limits only, bubblewrap is not installed" in line


def locked(course):
    """Hold the gradebook's lock, as a program that writes to it does."""
    database = sqlite3.connect(course / "classroom" / "gradebook.db", isolation_level=None)
    database.execute("BEGIN EXCLUSIVE")
    return contextlib.closing(database)


def test_a_locked_gradebook_is_one_line_and_resume_records_what_was_graded(course):
    for number in range(3):
        submit(course, f"s{number}", "sleep 1 points 2")
    assert grade(course, "01", "--only", "s0")[0] == 0
    process = start(course, "grade", "01", "--workers", 1)
    # The journal is begun anew once the gradebook knows the assignment.
    assert wait_until(lambda: (course / "classroom" / "journal" / "batch.previous").exists())
    assert wait_until(lambda: len(journal_lines(course)) == 1)
    with locked(course):
        line = refusal(finish(process))
    code, _, err = run(course, "status")
    assert (code, err) == (
        0,
        "autograder: a run was interrupted: 3 notebooks are graded, but not recorded yet; go on, "
        "with the same options, by: autograder grade 01_sums --resume\n",
    )
    assert "another process is writing to it" in line
    assert line.endswith("nothing graded is lost: autograder grade 01 --workers 1 --resume\n")
    code, out, err = grade(course, "01", "--workers", 1, "--resume")
    assert (code, err) == (0, "")
    assert out.splitlines()[-1].startswith("3 submissions, 3 of them graded before, in")
    assert run(course, "status")[2] == ""


# The whole way, with the real runner


def status_lines(out):
    """Return what `status` says, by student and outcome."""
    return [line for line in out.splitlines() if not line.startswith(" ")]


def test_a_class_from_submission_to_export(course):
    answers = {
        "ann": RIGHT,
        "bob": "def add(a, b):\n    return a - b",
        "cid": "def add(a, b):\n    return int(a + b)",
        HOSTILE: RIGHT,
    }
    for student, answer in answers.items():
        submit(course, student, answered(course, answer))
    submit(course, "dan", answered(course, RIGHT), "Sums of mine.ipynb")
    submit(course, "eve", answered(course, RIGHT)[:500])
    (course / "classroom" / "submitted" / "fay" / ASSIGNMENT).mkdir(parents=True)

    code, out, err = finish(start(course, "grade", "01", "--workers", 2, real=True))
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0].startswith("Sandbox: ")
    found = {line.split("  ")[0]: line.split("01_sums")[1].split()[:2] for line in lines[1:8]}
    clean = '=cmd, "x" [red]\ufffd[31m\ufffd'
    assert found == {
        "ann": ["graded", "3/3"],
        "bob": ["graded", "0/3"],
        "cid": ["graded", "2/3"],
        "dan": ["repaired", "3/3"],
        "eve": ["unreadable", "0/3"],
        "fay": ["missing"],
        clean: ["graded", "3/3"],
    }
    assert [" ".join(line.split()) for line in lines[8:-1]] == [
        "graded 4",
        "repaired 1",
        "unreadable 1 eve",
        "missing 1 fay",
    ]
    assert lines[-1].startswith("7 submissions, in ")

    code, out, err = run(course, "status")
    assert (code, err) == (0, "")
    assert "\x1b" not in out
    assert [line.split()[-1] for line in status_lines(out) if line.startswith("cid")] == ["2/3"]
    assert "    No sums.ipynb was handed in; 'Sums of mine.ipynb', the only notebook" in out

    code, out, err = run(course, "status", "01", "--json")
    rows = {row["student"]: row for row in json.loads(out)}
    assert (rows["cid"]["points"], rows["cid"]["status"], rows["cid"]["changed"]) == (
        2,
        "graded",
        False,
    )
    assert rows[HOSTILE]["points"] == 3 and rows["fay"]["status"] == MISSING

    first = outcomes(course)
    assert run(course, "grade", "--all", "--workers", 1)[0] == 0
    assert outcomes(course) == first

    code, out, err = run(course, "feedback")
    assert (code, err) == (0, "")
    assert out.startswith("6 pages in ")
    page = course / "classroom" / "feedback" / "cid" / ASSIGNMENT / f"{NOTEBOOK}.html"
    assert "wrong for halves and quarters" in page.read_text()

    target = course / "grades.csv"
    code, out, err = run(course, "export", "--to", "csv", "--output", target)
    assert (code, out, err) == (0, f"{target}\n", "")
    with target.open(newline="", encoding="utf-8") as file:
        scores = {row["student"]: row["score"] for row in csv.DictReader(file)}
    assert (scores["bob"], scores["cid"], "fay" not in scores or scores["fay"] == "") == (
        "0",
        "2",
        True,
    )


def outcomes(course):
    """Return the bytes of everybody's outcome, without what depends on the machine."""
    return [
        Outcome.from_dict(json.loads(path.read_text())).verdict()
        for path in sorted((course / "classroom" / "outcomes").glob("*/*/*.json"))
    ]


def test_only_one_student_is_graded_and_the_others_keep_theirs(course):
    for student in ("ann", "bob"):
        submit(course, student, "points 1")
    assert grade(course, "01")[0] == 0
    for student in ("ann", "bob"):
        submit(course, student, "points 3")
    code, out, _ = grade(course, "01", "--only", "bob")
    assert (code, "ann" in out) == (0, False)
    code, out, _ = run(course, "status")
    assert status_lines(out) == [
        "ann  01_sums  graded (an older version)  1/3",
        "bob  01_sums  graded                     3/3",
    ]
    assert out.count("This graded an older version; grade again.") == 1
    warning = (
        "autograder: 1 submission is newer than what was graded (ann); "
        "grade again: autograder grade 01_sums\n"
    )
    code, _, err = run(course, "export", "--to", "csv")
    assert (code, err) == (0, warning)
    code, _, err = run(course, "feedback", "01")
    assert (code, err) == (0, warning)


def test_what_was_handed_in_after_grading_is_not_missing_any_more(course):
    submit(course, "ann", "points 1")
    (course / "classroom" / "submitted" / "bob" / ASSIGNMENT).mkdir(parents=True)
    assert grade(course, "01")[0] == 0
    submit(course, "bob", "points 2")
    out = run(course, "status")[1]
    assert status_lines(out)[1] == "bob  01_sums  not graded"
    assert "    Handed in since the others were graded; grade again." in out
    rows = {row["student"]: row for row in json.loads(run(course, "status", "--json")[1])}
    assert (rows["bob"]["status"], rows["bob"]["changed"]) == ("not graded", True)


def test_who_is_on_the_roster_and_hands_in_nothing_is_missing(course, tmp_path):
    folder = tmp_path / "handed in"
    for student in ("ann", "bob"):
        (folder / student).mkdir(parents=True)
        (folder / student / "sums.ipynb").write_text(answered(course, RIGHT))
    (folder / "nobody").mkdir()
    (folder / "nobody" / "sums.ipynb").write_text(answered(course, RIGHT))
    roster = tmp_path / "roster.csv"
    roster.write_text("student_id,first_name,last_name\nann,Ann,Lee\nbob,Bob,Ode\ncid,Cid,Poe\n")
    code, out, err = run(course, "collect", folder, "--assignment", "01", "--roster", roster)
    assert (code, out) == (0, "2 placed, 1 not placed; 0 other files ignored\n")
    assert "(columns: student_id, first_name, last_name)" in err
    assert err.startswith("autograder: not placed: ") and err.count("\n") == 1 and "nobody" in err

    code, out, err = run(course, "status")
    assert (code, err) == (0, "")
    assert status_lines(out) == [
        "ann  01_sums  not graded",
        "bob  01_sums  not graded",
        "cid  01_sums  missing",
    ]
    line = refusal(run(course, "export", "--to", "csv"))
    assert line == "autograder: nothing is graded yet: run `autograder grade`\n"

    code, out, err = run(course, "grade", "01")
    assert (code, err) == (0, "")
    assert "missing           1  cid" in out.splitlines()

    code, out, err = run(course, "export", "--to", "canvas", "--assignment", "01")
    assert code == 0
    written = Path(out.strip())
    assert written.parent == course / "classroom" / "exports"
    with written.open(newline="", encoding="utf-8") as file:
        rows = {row[0]: row[-1] for row in csv.reader(file)}
    assert (rows["Lee, Ann"], rows["Poe, Cid"]) == ("3", "")


def canvas_zip(course, path, *names):
    """Write a zip as Canvas makes it."""
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, answered(course, RIGHT))
    return path


def test_a_roster_given_once_goes_on_counting(course, tmp_path):
    roster = tmp_path / "class.csv"
    roster.write_text("student_id,name,canvas_id\nanna,Anna Arendt,1001\neva,Eva Ek,1002\n")
    first = canvas_zip(course, tmp_path / "1.zip", "arendtanna_1001_1_sums.ipynb")
    assert run(course, "collect", first, "--roster", roster)[0] == 0
    roster.unlink()
    late = ("arendtanna_LATE_1001_3_sums-1.ipynb", "ekeva_1002_4_sums.ipynb")
    code, out, err = run(course, "collect", canvas_zip(course, tmp_path / "2.zip", *late))
    assert code == 0
    assert out == ("late: anna (01_sums)\n1 placed, 1 unchanged, 1 late; 0 other files ignored\n")
    kept = course / "classroom" / "roster.csv"
    assert err == (
        f"autograder: students as in {kept}, the roster given last (without one: delete it)\n"
    )
    code, out, _ = run(course, "status")
    assert status_lines(out) == ["anna  01_sums  not graded, late", "eva   01_sums  not graded"]
    rows = {row["student"]: row for row in json.loads(run(course, "status", "--json")[1])}
    assert (rows["anna"]["late"], rows["eva"]["late"]) == (True, False)


def test_the_columns_of_a_roster_are_in_the_help():
    text = " ".join(call("collect", "--help")[1].split())
    names = "student_id name first_name last_name email login sis_id canvas_id moodle_id"
    assert [name for name in names.split() if name not in text] == []


def test_nothing_placed_is_no_success(course, tmp_path):
    folder = tmp_path / "handed in"
    folder.mkdir()
    code, out, err = run(course, "collect", folder)
    assert (code, out) == (1, "")
    assert err == f"autograder: {folder}: nothing was placed: there are no files\n"
    (folder / "report.pdf").write_bytes(b"%PDF")
    code, out, err = run(course, "collect", folder)
    assert (code, out) == (1, "")
    assert err.endswith("nothing was placed: no notebook (.ipynb) there, only report.pdf\n")
    (folder / "sums.ipynb").write_text(answered(course, RIGHT))
    roster = tmp_path / "class.csv"
    roster.write_text("student_id\nann\n")
    code, out, err = run(course, "collect", folder, "--roster", roster)
    assert (code, out) == (1, "")
    assert err.endswith("nothing was placed; the lines above say why\n") and err.count("\n") == 2
    assert not (course / "classroom" / "roster.csv").exists()


def test_late_by_the_date_for_it_is_late_in_the_status(course):
    path = submit(course, "ann", "points 3")
    path.with_name("timestamp.txt").write_text("2026-05-03 12:00:00 UTC")
    database = Classroom.open(course).gradebook
    with contextlib.closing(Gradebook(database, "unrolled")) as book:
        book.update_or_create_assignment(ASSIGNMENT, duedate="2026-05-01 12:00:00 UTC")
    assert grade(course, "01")[0] == 0
    assert status_lines(run(course, "status")[1]) == ["ann  01_sums  graded, late  3/3"]


def test_with_other_limits_resume_says_that_all_is_graded_anew_and_how_to_go_on(course):
    submit(course, "ann", "points 3")
    assert grade(course, "01", "--timeout", 20, "--memory", 700)[0] == 0
    code, _, err = grade(course, "01", "--resume", "--seed", 4)
    assert (code, err) == (
        0,
        "autograder: everything is graded anew: the run before had other limits; "
        "to go on with it: --resume --timeout 20 --memory 700 --seed 0\n",
    )
    code, out, err = grade(course, "01", "--resume", "--timeout", 20, "--memory", 700)
    assert (code, err) == (0, "") and "1 of them graded before" in out


def test_a_run_by_other_code_is_not_gone_on_with_and_that_is_said(course, monkeypatch):
    submit(course, "ann", "points 3")
    assert grade(course, "01")[0] == 0
    monkeypatch.setattr(batch, "grader", lambda: "0" * 64)
    code, _, err = grade(course, "01", "--resume")
    assert code == 0
    assert err == (
        "autograder: everything is graded anew: the run before was made by other code of the "
        "autograder\n"
    )


def test_the_walls_are_told_only_of_a_run_that_takes_place(course):
    code, out, _ = run(course, "grade", "--all")
    assert (code, out) == (2, "")


def test_an_address_that_is_none_is_one_line_and_no_traceback_follows(course):
    submit(course, "ann", "points 3")
    code, out, err = finish(start(course, "grade", "01", "--scheduler", "nowhere", real=True))
    assert "no Dask scheduler answers there (ValueError)" in refusal((code, out, err))


def test_the_demo_says_that_its_class_is_gone(monkeypatch):
    monkeypatch.setattr(demo, "_class_of_twelve", lambda _: {"lena-half-a-file": b"{"})
    code, out, err = run(ROOT, "demo")
    assert (code, err) == (0, "")
    assert out.endswith("\nThis class was temporary: nothing of it is kept.\n")


def test_nothing_handed_in_yet(course):
    code, out, err = run(course, "status")
    assert (code, err) == (0, "")
    assert out == "nothing has been handed in yet; `autograder collect PATH`\n"
    assert json.loads(run(course, "status", "--json")[1]) == []


# On a terminal


def on_terminal(course, *arguments, rows=14, columns=90):
    """Run a command on a terminal of some size; returns its exit code and what it wrote."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    process = subprocess.Popen(
        [sys.executable, "-c", COMMAND, *arguments],
        cwd=course,
        env=environment(TERM="xterm-256color", NO_COLOR=""),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    written = b""
    with contextlib.suppress(OSError):  # Linux's way to say that the other end is closed
        while some := os.read(ours, 65536):
            written += some
    os.close(ours)
    return process.wait(), written.decode()


def test_on_a_terminal_there_is_a_table_that_lives_and_one_that_stays(course):
    for number in range(25):
        submit(course, f"s{number:02}", f"sleep 0.02 points {number % 4}")
    submit(course, HOSTILE, "points 3")
    code, written = on_terminal(course, "grade", "01", "--workers", "2")
    assert code == 0, written
    assert "running" in written and "left" in written and "\x1b[1A" in written  # it moved
    stays = written[written.rindex("\x1b[2K") :]
    for number in range(25):
        assert stays.count(f" s{number:02} ") == 1
    assert "[red]\ufffd[31m\ufffd" in stays and "\x1b[31m\u202e" not in written
    assert "26 submissions, in" in stays

    code, written = on_terminal(course, "status", "01", columns=200)
    assert code == 0
    assert "student" in written and "[red]\ufffd[31m\ufffd" in written
    assert "\u202e" not in written


@pytest.mark.parametrize(("height", "width"), [(5, 40), (14, 90), (200, 200)])
def test_the_live_table_is_never_higher_than_the_terminal(height, width):
    from rich.console import Console

    asked = [Unit(f"student {number}", ASSIGNMENT, NOTEBOOK) for number in range(60)]
    screen = Console(file=io.StringIO(), height=height, width=width, force_terminal=True)
    live = table.Live(asked, screen)
    outcome = Outcome("", ASSIGNMENT, NOTEBOOK, "graded", [Task("a", 1.0, 2.0, "partly")])
    for place, unit in enumerate(asked):
        live.started(unit)
        if place >= 4:
            live.finished(asked[place - 4], outcome, fresh=True)
        page = Console(file=io.StringIO(), width=width)
        page.print(live.frame())
        lines = page.file.getvalue().splitlines()
        assert len(lines) <= max(height, table.AROUND + 1)
        text = "\n".join(lines)
        assert f"student {place}" in text or height == 5
        assert "of 60" in text and (place < 4 or "left" in text or width == 40)


@given(st.text(st.characters(codec=None)))
def test_names_are_one_line_of_harmless_text(name):
    shown = table.clean(name)
    assert len(shown) == len(name)
    assert all(sign.isprintable() or sign in table.JOINERS for sign in shown)
    assert table.clean(shown) == shown


@given(st.text(st.characters(whitelist_categories=("L", "N", "P", "S"))))
def test_names_without_tricks_stay_as_they_are(name):
    assert table.clean(name) == name


def test_what_is_missing_has_no_points_and_not_zero():
    tasks = [Task("a", 0.0, 2.0, "not run")]
    missing = Outcome("ann", ASSIGNMENT, NOTEBOOK, MISSING, tasks)
    assert table.points(missing) == ""
    assert table.points(Outcome("ann", ASSIGNMENT, NOTEBOOK, "graded", tasks)) == "0/2"
    waiting = [*tasks, Task("b", None, 1.0, "manual")]
    assert table.points(Outcome("ann", ASSIGNMENT, NOTEBOOK, "graded", waiting)) == "0/3 + by hand"
