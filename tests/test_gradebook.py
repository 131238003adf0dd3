import json
import os
import shutil
import sqlite3
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import nbformat
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbgrader.api import Gradebook
from nbgrader.apps.api import NbGraderAPI
from nbgrader.coursedir import CourseDirectory
from small_class import ASSIGNMENT, HIDDEN, NOTEBOOK, ROOT, SOURCE, SmallClass

from autograder import database, exports, gradebook, records, shown
from autograder.outcome import MISSING, UNREADABLE, Outcome, Task
from course.errors import CourseError

WHERE = (NOTEBOOK, ASSIGNMENT)


@pytest.fixture(scope="module")
def registered(tmp_path_factory):
    small = SmallClass(tmp_path_factory.mktemp("registered"))
    small.register()
    return small


@pytest.fixture
def small(registered, tmp_path):
    return registered.copied(tmp_path)


@pytest.fixture
def book(small):
    with Gradebook(small.classroom.gradebook, "unrolled") as book:
        yield book


def record(small, *outcomes, notebook=True):
    pairs = [(outcome, small.released() if notebook else None) for outcome in outcomes]
    return gradebook.record(pairs, small.classroom)


def rows(book):
    """All that the gradebook holds on submissions, as plain data that does not change by itself."""
    book.db.expire_all()
    found = []
    for submission in book.assignment_submissions(ASSIGNMENT):
        for notebook in submission.notebooks:
            grades = sorted(
                (one.name, one.auto_score, one.manual_score, one.extra_credit,
                 one.needs_manual_grade, one.score)
                for one in notebook.grades
            )  # fmt: skip
            comments = sorted((c.name, c.auto_comment, c.manual_comment) for c in notebook.comments)
            about = (submission.student.id, submission.timestamp, notebook.late_submission_penalty)
            found.append((*about, grades, comments, notebook.id))
    return sorted(found, key=lambda row: row[0])


def grades(book, student="ana"):
    (row,) = (row for row in rows(book) if row[0] == student)
    return {name: rest for name, *rest in row[3]}


# What registering does


def test_a_registered_assignment_is_what_nbgrader_itself_would_have_made(small, tmp_path):
    theirs = f"sqlite:///{tmp_path / 'theirs.db'}"
    path = str(Path(sys.executable).parent) + os.pathsep + os.environ["PATH"]
    command = [sys.executable, "-m", "nbgrader", "generate_assignment", ASSIGNMENT]
    subprocess.run(
        [*command, f"--CourseDirectory.db_url={theirs}"],
        cwd=tmp_path,
        env=os.environ | {"PATH": path},
        check=True,
        capture_output=True,
    )
    assert cells(small.classroom.gradebook) == cells(theirs)
    assert any(HIDDEN in source for _, source, *_ in cells(theirs)[0])
    assert not any("value + 1" in source for _, source, *_ in cells(theirs)[0])


def cells(url):
    with Gradebook(url) as book:
        notebook = book.find_notebook(*WHERE)
        sources = [
            (one.name, one.source, one.cell_type, one.locked, one.checksum)
            for one in notebook.source_cells
        ]
        graded = [(one.name, one.max_score, one.cell_type) for one in notebook.grade_cells]
        answers = [one.name for one in notebook.solution_cells]
        return sources, graded, answers, notebook.kernelspec, notebook.assignment.max_score


def test_registering_again_keeps_submissions_and_takes_over_new_points(small, book):
    record(small, small.outcome("ana"))
    before = rows(book)
    small.register()
    assert rows(book) == before
    small.write_source(SOURCE.replace("points=2", "points=4"))
    small.register()
    assert [row[-1] for row in rows(book)] == [row[-1] for row in before]
    book.db.expire_all()
    assert book.find_grade_cell("shift_works", *WHERE).max_score == 4


def test_cells_may_change_freely_as_long_as_nobody_has_handed_in(small, book):
    small.write_source(SOURCE.replace("shift_twice", "shift_again"))
    small.register()
    book.db.expire_all()
    names = {cell.name for cell in book.find_notebook(*WHERE).grade_cells}
    assert names == {"shift_works", "shift_again", "why"}


def test_a_cell_that_comes_or_goes_after_a_submission_is_refused(small, book):
    record(small, small.outcome("ana"))
    before = rows(book)
    small.write_source(SOURCE.replace("shift_twice", "shift_again"))
    with pytest.raises(CourseError, match=r"Cannot add or remove cells.*new name"):
        small.register()
    assert rows(book) == before


def test_a_second_notebook_after_a_submission_is_refused(small):
    record(small, small.outcome("ana"))
    other = small.source.with_name("other.ipynb")
    shutil.copy(small.source, other)
    plan = records_plan(small, other)
    with pytest.raises(CourseError, match="'other' is a new notebook"):
        gradebook.register(plan, small.classroom, other)


def records_plan(small, path):
    from autograder.plan import make_plan

    return make_plan(path.read_bytes(), ASSIGNMENT, path.stem, small.classroom.config)


def test_a_source_that_changed_since_its_plan_was_made_is_refused(small):
    plan = small.plan
    small.write_source(SOURCE.replace("points=2", "points=4"))
    with pytest.raises(CourseError, match="changed while it was being graded"):
        gradebook.register(plan, small.classroom, small.source)


# What recording does


def test_each_task_has_its_score_and_only_the_manual_one_waits(small, book):
    assert record(small, small.outcome("ana", shift=1.5, twice=0.0)) == []
    assert grades(book) == {
        "shift_works": [1.5, None, None, False, 1.5],
        "shift_twice": [0.0, None, None, False, 0.0],
        "why": [None, None, None, True, 0.0],
    }
    assert book.find_submission(ASSIGNMENT, "ana").score == 1.5


def test_the_message_of_a_failed_task_stands_at_the_answer_before_it(small, book):
    record(small, small.outcome("ana", shift=0.0, twice=0.0))
    comment = book.find_comment("shift", *WHERE, "ana")
    assert [line.partition(":")[0] for line in comment.auto_comment.splitlines()] == [
        "shift_works",
        "shift_twice",
    ]
    record(small, small.outcome("ana"))
    book.db.expire_all()
    assert comment.auto_comment is None


def test_recording_again_changes_nothing(small, book):
    outcomes = [small.outcome("ana", shift=0.0), small.outcome("ben")]
    record(small, *outcomes)
    before, files = rows(book), written(small)
    assert len(before) == len(files) == 2
    record(small, *reversed(outcomes))
    assert rows(book) == before
    assert written(small) == files


def written(small):
    return {path: path.read_bytes() for path in small.classroom.autograded.rglob("*.ipynb")}


def test_what_is_missing_is_no_submission_and_not_zero(small, book):
    assert record(small, small.unrun("ana", MISSING), notebook=False) == []
    assert book.find_student("ana").score == 0
    assert rows(book) == []
    assert written(small) == {}


def test_a_submission_that_went_missing_later_is_kept_and_said(small, book):
    record(small, small.outcome("ana"))
    before = rows(book)
    (said,) = record(small, small.unrun("ana", MISSING), notebook=False)
    assert said.startswith("ana, 02_small: no submission any more")
    assert rows(book) == before


def test_what_cannot_be_read_gets_zeros_and_a_notebook_that_says_why(small, book):
    why = "This is no notebook but a PDF; <script>alert(1)</script>"
    record(small, small.unrun("ana", UNREADABLE, why), notebook=False)
    assert [grade[0] for grade in grades(book).values()] == [0.0, 0.0, 0.0]
    assert not any(grade[3] for grade in grades(book).values())
    (path,) = written(small)
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    assert "no notebook but a PDF" in notebook.cells[0].source
    ids = [cell.metadata.nbgrader.grade_id for cell in notebook.cells[1:]]
    assert ids == ["shift_works", "shift_twice", "why"]


@pytest.mark.parametrize("name", ['O\'Brien, "Zoë"', "=1+1", "a b", "学生"])
def test_students_are_recorded_whatever_their_folder_is_called(small, book, name):
    record(small, small.outcome(name))
    assert book.find_submission(ASSIGNMENT, name).score == 5


@pytest.mark.parametrize("name", ["..", "a/b", "", "a\0b", "\udcff"])
def test_a_name_that_is_no_folder_is_refused_and_nothing_of_it_recorded(small, book, name):
    with pytest.raises(CourseError, match="rename"):
        record(small, small.outcome(name))
    assert rows(book) == []
    assert not [student for student in book.students if student.id == name]


def test_an_outcome_of_another_version_of_the_assignment_is_refused(small, book):
    outcome = small.outcome("ana")
    outcome.tasks[0] = Task("shift_works", 2.0, 4.0, "partly")
    with pytest.raises(CourseError, match=r"ana, 02_small.*another version.*grade it again"):
        record(small, outcome)
    assert rows(book) == []


def test_an_assignment_that_nobody_registered_is_refused(small):
    outcome = small.outcome("ana", assignment="03_other")
    with pytest.raises(CourseError, match="No such assignment: 03_other"):
        record(small, outcome)


def test_of_a_student_with_two_notebooks_both_are_kept_or_none(small):
    other = small.source.with_name("other.ipynb")
    shutil.copy(small.source, other)
    gradebook.register(records_plan(small, other), small.classroom, other)
    good, bad = small.outcome("ana"), small.outcome("ana", notebook="other")
    bad.tasks.pop()
    with Gradebook(small.classroom.gradebook) as book:
        with pytest.raises(CourseError, match="another version"):
            record(small, small.outcome("aaron"), good, bad)
        assert {row[0] for row in rows(book)} == {"aaron"}
        record(small, good, small.outcome("ana", notebook="other"))
        assert book.find_submission(ASSIGNMENT, "ana").score == 10
        # One of two was handed in: the other is worth nothing, as in nbgrader.
        record(small, small.outcome("ben"), small.unrun("ben", MISSING))
        theirs = book.find_submission_notebook("other", ASSIGNMENT, "ben")
        assert [(one.auto_score, one.needs_manual_grade) for one in theirs.grades] == [
            (0, False)
        ] * 3


# What a person does survives


def test_a_persons_grade_credit_and_comment_survive_a_regrade(small, book):
    record(small, small.outcome("ana", shift=0.0))
    by_hand(book, "shift_works", 1.5, extra=0.5)
    by_hand(book, "why", 1.0)
    book.find_comment("shift", *WHERE, "ana").manual_comment = "Nearly."
    book.db.commit()
    before = rows(book)
    record(small, small.outcome("ana", shift=0.0))
    assert rows(book) == before
    assert grades(book)["shift_works"] == [0.0, 1.5, 0.5, False, 2.0]
    assert grades(book)["why"] == [None, 1.0, None, False, 1.0]
    assert book.find_comment("shift", *WHERE, "ana").comment == "Nearly."


def by_hand(book, name, points, extra=None, student="ana"):
    """What the formgrader does when a person types points."""
    grade = book.find_grade(name, *WHERE, student)
    grade.manual_score, grade.extra_credit, grade.needs_manual_grade = points, extra, False
    book.db.commit()


@pytest.mark.parametrize("changed", [{"submission": "f" * 64}, {"shift": 2.0}])
def test_a_persons_grade_asks_for_another_look_when_what_it_was_about_has_changed(
    small, book, changed
):
    record(small, small.outcome("ana", shift=0.0))
    by_hand(book, "shift_works", 1.5)
    record(small, small.outcome("ana", **{"shift": 0.0} | changed))
    after = grades(book)["shift_works"]
    assert after[1:4] == [1.5, None, True]
    by_hand(book, "shift_works", 1.5)
    record(small, small.outcome("ana", **{"shift": 0.0} | changed))
    assert grades(book)["shift_works"][3] is False


def late(small, book, student="ana"):
    """A submission two days after the date for it, in a class that gives nothing for late work."""
    book.update_or_create_assignment(ASSIGNMENT, duedate="2026-05-01 12:00:00 UTC")
    small.classroom.config.LateSubmissionPlugin.penalty_method = "zero"
    folder = small.classroom.submitted / student / ASSIGNMENT
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "timestamp.txt").write_text("2026-05-03 12:00:00 UTC")


def test_late_work_gets_the_penalty_of_nbgraders_plugin(small, book):
    late(small, book)
    record(small, small.outcome("ana", shift=0.5), small.outcome("ben"))
    assert rows(book)[0][1:3] == (datetime(2026, 5, 3, 12), 3.5)
    assert rows(book)[1][1:3] == (None, None)
    record(small, small.outcome("ana", shift=2.0))
    assert rows(book)[0][2] == 5.0


def test_an_extension_takes_the_penalty_back_at_the_next_regrade(small, book):
    late(small, book)
    record(small, small.outcome("ana"))
    book.grant_extension(ASSIGNMENT, "ana", days=3)
    record(small, small.outcome("ana"))
    assert rows(book)[0][2] is None


@pytest.mark.parametrize("chosen", [1.0, 0.0, None])
def test_a_penalty_that_a_person_set_survives_a_regrade(small, book, chosen):
    late(small, book)
    record(small, small.outcome("ana"))
    assert rows(book)[0][2] == 5.0
    book.find_submission_notebook(*WHERE, "ana").late_submission_penalty = chosen
    book.db.commit()
    record(small, small.outcome("ana", shift=0.0))
    assert rows(book)[0][2] == chosen


def test_an_unreadable_date_is_said_and_costs_nothing(small, book):
    late(small, book)
    stamp = small.classroom.submitted / "ana" / ASSIGNMENT / "timestamp.txt"
    stamp.write_text("the day before yesterday")
    (said,) = record(small, small.outcome("ana"))
    assert said.startswith(f"{stamp}: this is no date")
    assert rows(book)[0][1:3] == (None, None)
    assert book.find_submission(ASSIGNMENT, "ana").score == 5


def test_a_plugin_that_fails_is_named(small, book):
    late(small, book)

    def fails(self, *_):
        raise KeyError("no such student")

    from nbgrader.plugins import LateSubmissionPlugin

    plugin = type("Harsh", (LateSubmissionPlugin,), {"late_submission_penalty": fails})
    small.classroom.config.AssignLatePenalties.plugin_class = plugin
    with pytest.raises(CourseError, match="Harsh, for ana: KeyError"):
        record(small, small.outcome("ana"))
    assert rows(book) == []


# The names of a roster


def test_a_roster_fills_in_names_and_a_regrade_keeps_them(small, book):
    record(small, small.outcome("ana"))
    people = [
        {"student": "ana", "first_name": "Ana", "last_name": "Ruiz", "email": "ana@uni.example"},
        {"student": "ben", "lms_user_id": "17"},
    ]
    gradebook.enrol(people, small.classroom)
    gradebook.enrol([{"student": "ana", "first_name": "", "lms_user_id": "16"}], small.classroom)
    record(small, small.outcome("ana"))
    ana, ben = (book.find_student(name).to_dict() for name in ("ana", "ben"))
    assert [ana[key] for key in gradebook.PERSON] == ["Ana", "Ruiz", "ana@uni.example", "16"]
    assert ben["lms_user_id"] == "17"


# What the gradebook gives to the exports


def save(small, *outcomes, notebook=True):
    record(small, *outcomes, notebook=notebook)
    for outcome in outcomes:
        records.save_outcome(outcome, small.classroom)


def test_a_grade_is_what_nbgrader_counts_and_missing_is_not_zero(small, book):
    late(small, book)
    save(small, small.outcome("ana", shift=0.0), small.outcome("ben"))
    save(small, small.unrun("cas", MISSING), notebook=False)
    by_hand(book, "shift_works", 1.5, extra=0.5)
    gradebook.enrol([{"student": "ana", "first_name": "Ana", "lms_user_id": "16"}], small.classroom)
    ana, ben, cas = gradebook.grades(small.classroom)
    assert (ana.score, ana.max_score, ana.late_penalty) == (5.0, 6.0, 3.0)
    assert (ana.full_name, ana.canvas_id, ana.status, ana.waits) == ("Ana", "16", "graded", True)
    assert [(one.id, one.points, one.verdict) for one in ana.tasks] == [
        ("shift_works", 2.0, "failed"),
        ("shift_twice", 3.0, "passed"),
        ("why", None, "manual"),
    ]
    assert ana.tasks[0].message.startswith("shift_works: one step too short")
    assert (ben.score, ben.late_penalty, ben.final) == (5.0, 0.0, 5.0)
    assert (cas.score, cas.final, cas.status, cas.max_score) == (None, None, "missing", 6.0)
    by_hand(book, "why", 0.5)
    assert gradebook.grades(small.classroom, ASSIGNMENT)[0].tasks[2].points == 0.5


def test_the_exports_take_the_grades_as_they_are(small):
    save(small, small.outcome("ana"), small.unrun("=cas", MISSING))
    for kind in exports.KINDS:
        assert exports.export(kind, gradebook.grades(small.classroom)).files


def test_without_outcomes_on_disk_the_points_are_there_all_the_same(small):
    record(small, small.outcome("ana", shift=0.0, twice=1.0))
    (ana,) = gradebook.grades(small.classroom)
    assert {(one.id, one.points, one.verdict) for one in ana.tasks} == {
        ("shift_works", 0.0, "failed"),
        ("shift_twice", 1.0, "partly"),
        ("why", None, "manual"),
    }


def test_an_assignment_that_nobody_has_handed_in_has_no_grades(small):
    record(small, small.unrun("ana", MISSING))
    assert gradebook.grades(small.classroom) == []
    assert [one.score for one in gradebook.grades(small.classroom, ASSIGNMENT)] == [None]
    with pytest.raises(CourseError, match="03_other: not in the gradebook"):
        gradebook.grades(small.classroom, "03_other")


# What the formgrader gets to see


def test_nbgraders_own_interface_lists_the_submission_as_graded(small, book):
    late(small, book)
    record(small, small.outcome("ana"))
    api = NbGraderAPI(CourseDirectory(config=small.classroom.config), config=small.classroom.config)
    (submission,) = api.get_submissions(ASSIGNMENT)
    assert (submission["student"], submission["autograded"], submission["score"]) == (
        "ana",
        True,
        5,
    )
    (notebook,) = api.get_notebook_submissions(ASSIGNMENT, NOTEBOOK)
    assert (notebook["name"], notebook["needs_manual_grade"]) == (NOTEBOOK, True)


HOSTILE = {
    "html": {"text/html": "<script>alert(1)</script>", "text/plain": "shown"},
    "javascript": {"application/javascript": "alert(1)"},
    "svg": {"image/svg+xml": "<svg onload='alert(1)'/>"},
    "not a picture": {"image/png": "PHN2Zz4="},
    "latex": {"text/latex": "$\\href{javascript:alert(1)}{x}$"},
    "widget": {"application/vnd.jupyter.widget-view+json": {"model_id": "x"}},
}


def test_the_notebook_for_the_formgrader_has_nothing_live_in_it(small):
    notebook = small.released()
    notebook.metadata.title = "<script>alert(1)</script>"
    answer = next(cell for cell in notebook.cells if "shift(value)" in cell.source)
    answer.metadata.tags = ["<script>"]
    answer.outputs = [
        {"output_type": "display_data", "data": data, "metadata": {}} for data in HOSTILE.values()
    ]
    notebook.cells[0].source += "\n<img src=x onerror=alert(1)>"
    gradebook.record([(small.outcome("ana"), notebook)], small.classroom)
    (path,) = written(small)
    kept = nbformat.read(path, as_version=4)
    nbformat.validate(kept)
    assert {output.output_type for cell in kept.cells for output in cell.get("outputs", [])} == {
        "stream"
    }
    assert kept.cells[0].source.startswith("```text\n# One step on")
    assert all(set(cell.metadata) <= {"nbgrader"} for cell in kept.cells)
    text = path.read_text()
    assert "alert(1)</script>" not in text.replace("```text", "")
    assert "svg onload" not in text and "javascript" not in text


SAFE = frozenset(
    "p br hr h1 h2 h3 h4 h5 h6 em strong del code pre blockquote ul ol li a "
    "table thead tbody tr th td div span".split()
)
PIECES = (
    *"< > </ script mermaid javascript: &#106; [a]( ) ` ``` ! $ <!-- ]]> <? # * _ x".split(),
    *("img src=x onerror=alert(1)", "' onclick=", '"', "https://a.example"),
    *("| a |", "|---|", "> ", "# ", " ", "\n", "\n\n"),
)


@settings(max_examples=400, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join))
def test_markdown_that_is_let_through_becomes_text_and_links_alone(source):
    from bs4 import BeautifulSoup

    if not shown.is_plain_markdown(source):
        return
    html = MarkdownWithMath(renderer=IPythonRenderer(escape=False)).render(source)
    for tag in BeautifulSoup(html, "html.parser").find_all(True):
        assert tag.name in SAFE
        assert set(tag.attrs) <= {"class", "id", "href", "title", "start", "style"}
        assert tag.get("href", "#").lower().startswith(("http://", "https://", "mailto:", "#"))


# One writer, and disks that refuse


def state(small):
    """Everything in the gradebook's file, table by table."""
    with sqlite3.connect(small.classroom.work / "gradebook.db") as connection:
        return sorted(connection.iterdump())


def test_another_process_that_writes_is_waited_for_and_then_named(small, monkeypatch):
    record(small, small.outcome("ana"))
    before, files = state(small), written(small)
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(small.classroom.work / "gradebook.db")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        assert holder.stdout.readline() == b"held\n"
        monkeypatch.setattr(database, "PATIENCE", 0.2)
        for write in (lambda: record(small, small.outcome("ben")), small.register):
            with pytest.raises(CourseError, match=r"gradebook.db: another process is writing"):
                write()
        # Reading goes on meanwhile.
        assert gradebook.marked(small.classroom).keys() == {("ana", ASSIGNMENT, NOTEBOOK)}
    finally:
        holder.communicate(b"\n")
    assert (state(small), written(small)) == (before, files)
    record(small, small.outcome("ben"))
    assert len(written(small)) == 2


HOLD = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.readline()
"""


def test_a_writer_that_is_killed_leaves_no_lock_and_no_half_of_a_student(small):
    record(small, small.outcome("ana"))
    before = state(small)
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(small.classroom.root)],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tests'}"},
    )
    assert done.returncode == -9
    assert state(small) == before
    record(small, small.outcome("ben"))
    assert {row[0] for row in marks(small)} == {"ana", "ben"}


def marks(small):
    return gradebook.marked(small.classroom)


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
    record(small, small.outcome("ana"))
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
        record(small, small.outcome("ana"))


def test_reading_makes_no_gradebook(tmp_path):
    small = SmallClass(tmp_path)
    assert gradebook.marked(small.classroom) == {}
    with pytest.raises(CourseError, match="no gradebook yet"), database.opened(small.classroom):
        pass
    assert not (small.classroom.work / "gradebook.db").exists()


# Outcomes on disk

NUMBERS = st.floats(0, 10, allow_nan=False)
TASKS = st.builds(
    lambda name, points, message: Task(name, points, 10.0, "partly", message),
    st.text(min_size=1),
    st.none() | NUMBERS,
    st.text(max_size=50),
)
OUTCOMES = st.builds(
    lambda tasks, repairs, seconds: Outcome(
        "ana",
        ASSIGNMENT,
        NOTEBOOK,
        "repaired",
        tasks,
        repairs=repairs,
        measured={"seconds": seconds},
    ),
    st.lists(TASKS, max_size=3),
    st.lists(st.text(min_size=1, max_size=30), max_size=3),
    NUMBERS,
)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(outcome=OUTCOMES)
def test_an_outcome_comes_back_as_it_was_saved(small, outcome):
    path = records.save_outcome(outcome, small.classroom)
    assert records.load_outcomes(small.classroom, ASSIGNMENT) == [outcome]
    content = path.read_bytes()
    records.save_outcome(outcome, small.classroom)
    assert path.read_bytes() == content
    assert [one.name for one in path.parent.iterdir()] == [f"{NOTEBOOK}.json"]


def test_outcomes_come_by_assignment_and_student(small):
    for student, assignment in [("ben", "03_b"), ("ana", "03_b"), ("zoe", "02_a")]:
        records.save_outcome(small.outcome(student, assignment=assignment), small.classroom)
    found = records.load_outcomes(small.classroom)
    assert [(one.assignment, one.student) for one in found] == [
        ("02_a", "zoe"),
        ("03_b", "ana"),
        ("03_b", "ben"),
    ]
    assert records.load_outcomes(small.classroom, "04_c") == []


@pytest.mark.parametrize("broken", [b"", b"[]", b"{}", b"\xff", b'{"student": 1}', b"[" * 100_000])
def test_a_broken_outcome_is_named(small, broken):
    path = records.save_outcome(small.outcome("ana"), small.classroom)
    path.write_bytes(broken)
    with pytest.raises(CourseError, match=r"small\.json: no outcome .*grade again"):
        records.load_outcomes(small.classroom)


def test_an_outcome_in_anothers_place_is_refused(small):
    path = records.save_outcome(small.outcome("ana"), small.classroom)
    fields = json.loads(path.read_bytes()) | {"student": "ben"}
    path.write_text(json.dumps(fields))
    with pytest.raises(CourseError, match=r"'ben'.*another's place"):
        records.load_outcomes(small.classroom)
