import os
import shutil
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import nbformat
import pytest
from nbgrader.api import Gradebook
from nbgrader.apps.api import NbGraderAPI
from nbgrader.coursedir import CourseDirectory
from small_class import ASSIGNMENT, HIDDEN, NOTEBOOK, SOURCE, WHERE, ready

from autograder import gradebook
from autograder.outcome import MISSING, UNREADABLE, Task
from course.errors import CourseError


@pytest.fixture
def small(tmp_path):
    return ready(tmp_path)


@pytest.fixture
def book(small):
    with small.book() as book:
        yield book


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
    small.record(small.outcome("ana"))
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
    small.record(small.outcome("ana"))
    before = rows(book)
    small.write_source(SOURCE.replace("shift_twice", "shift_again"))
    with pytest.raises(CourseError, match=r"Cannot add or remove cells.*new name"):
        small.register()
    assert rows(book) == before


def test_a_second_notebook_after_a_submission_is_refused(small):
    small.record(small.outcome("ana"))
    other = small.source.with_name("other.ipynb")
    shutil.copy(small.source, other)
    plan = small.plan_of(other)
    with pytest.raises(CourseError, match="'other' is a new notebook"):
        gradebook.register(plan, small.classroom, other)


def test_a_source_that_changed_since_its_plan_was_made_is_refused(small):
    plan = small.plan
    small.write_source(SOURCE.replace("points=2", "points=4"))
    with pytest.raises(CourseError, match="changed while it was being graded"):
        gradebook.register(plan, small.classroom, small.source)


def test_each_task_has_its_score_and_only_the_manual_one_waits(small, book):
    assert small.record(small.outcome("ana", shift=1.5, twice=0.0)) == []
    assert grades(book) == {
        "shift_works": [1.5, None, None, False, 1.5],
        "shift_twice": [0.0, None, None, False, 0.0],
        "why": [None, None, None, True, 0.0],
    }
    assert book.find_submission(ASSIGNMENT, "ana").score == 1.5


def test_the_message_of_a_failed_task_stands_at_the_answer_before_it(small, book):
    small.record(small.outcome("ana", shift=0.0, twice=0.0))
    comment = book.find_comment("shift", *WHERE, "ana")
    assert [line.partition(":")[0] for line in comment.auto_comment.splitlines()] == [
        "shift_works",
        "shift_twice",
    ]
    small.record(small.outcome("ana"))
    book.db.expire_all()
    assert comment.auto_comment is None


def test_recording_again_changes_nothing(small, book):
    outcomes = [small.outcome("ana", shift=0.0), small.outcome("ben")]
    small.record(*outcomes)
    before, files = rows(book), small.executed()
    assert len(before) == len(files) == 2
    small.record(*reversed(outcomes))
    assert rows(book) == before
    assert small.executed() == files


def test_what_is_missing_is_no_submission_and_not_zero(small, book):
    assert small.record(small.unrun("ana", MISSING), notebook=False) == []
    assert book.find_student("ana").score == 0
    assert rows(book) == []
    assert small.executed() == {}


def test_a_submission_that_went_missing_later_is_kept_and_said(small, book):
    small.record(small.outcome("ana"))
    before = rows(book)
    (said,) = small.record(small.unrun("ana", MISSING), notebook=False)
    assert said.startswith("ana, 02_small: no submission any more")
    assert rows(book) == before


def test_what_cannot_be_read_gets_zeros_and_a_notebook_that_says_why(small, book):
    why = "This is no notebook but a PDF; <script>alert(1)</script>"
    small.record(small.unrun("ana", UNREADABLE, why), notebook=False)
    assert [grade[0] for grade in grades(book).values()] == [0.0, 0.0, 0.0]
    assert not any(grade[3] for grade in grades(book).values())
    (path,) = small.executed()
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    assert "no notebook but a PDF" in notebook.cells[0].source
    ids = [cell.metadata.nbgrader.grade_id for cell in notebook.cells[1:]]
    assert ids == ["shift_works", "shift_twice", "why"]


@pytest.mark.parametrize("name", ['O\'Brien, "Zoë"', "=1+1", "a b", "学生"])
def test_students_are_recorded_whatever_their_folder_is_called(small, book, name):
    small.record(small.outcome(name))
    assert book.find_submission(ASSIGNMENT, name).score == 5


@pytest.mark.parametrize("name", ["..", "a/b", "", "a\0b", "\udcff"])
def test_a_name_that_is_no_folder_is_refused_and_nothing_of_it_recorded(small, book, name):
    with pytest.raises(CourseError, match="rename"):
        small.record(small.outcome(name))
    assert rows(book) == []
    assert not [student for student in book.students if student.id == name]


def test_an_outcome_of_another_version_of_the_assignment_is_refused(small, book):
    outcome = small.outcome("ana")
    outcome.tasks[0] = Task("shift_works", 2.0, 4.0, "partly")
    with pytest.raises(CourseError, match=r"ana, 02_small.*another version.*grade it again"):
        small.record(outcome)
    assert rows(book) == []


def test_an_assignment_that_nobody_registered_is_refused(small):
    outcome = small.outcome("ana", assignment="03_other")
    with pytest.raises(CourseError, match="No such assignment: 03_other"):
        small.record(outcome)


def test_of_a_student_with_two_notebooks_both_are_kept_or_none(small):
    other = small.source.with_name("other.ipynb")
    shutil.copy(small.source, other)
    gradebook.register(small.plan_of(other), small.classroom, other)
    good, bad = small.outcome("ana"), small.outcome("ana", notebook="other")
    bad.tasks.pop()
    with small.book() as book:
        with pytest.raises(CourseError, match="another version"):
            small.record(small.outcome("aaron"), good, bad)
        assert {row[0] for row in rows(book)} == {"aaron"}
        small.record(good, small.outcome("ana", notebook="other"))
        assert book.find_submission(ASSIGNMENT, "ana").score == 10
        # One of two was handed in: the other is worth nothing, as in nbgrader.
        small.record(small.outcome("ben"), small.unrun("ben", MISSING))
        theirs = book.find_submission_notebook("other", ASSIGNMENT, "ben")
        assert [(one.auto_score, one.needs_manual_grade) for one in theirs.grades] == [
            (0, False)
        ] * 3


def test_a_persons_grade_credit_and_comment_survive_a_regrade(small, book):
    small.record(small.outcome("ana", shift=0.0))
    small.give("shift_works", 1.5, extra=0.5)
    small.give("why", 1.0)
    book.find_comment("shift", *WHERE, "ana").manual_comment = "Nearly."
    book.db.commit()
    before = rows(book)
    small.record(small.outcome("ana", shift=0.0))
    assert rows(book) == before
    assert grades(book)["shift_works"] == [0.0, 1.5, 0.5, False, 2.0]
    assert grades(book)["why"] == [None, 1.0, None, False, 1.0]
    assert book.find_comment("shift", *WHERE, "ana").comment == "Nearly."


@pytest.mark.parametrize("changed", [{"submission": "f" * 64}, {"shift": 2.0}])
def test_a_persons_grade_asks_for_another_look_when_what_it_was_about_has_changed(
    small, book, changed
):
    small.record(small.outcome("ana", shift=0.0))
    small.give("shift_works", 1.5)
    small.record(small.outcome("ana", **{"shift": 0.0} | changed))
    after = grades(book)["shift_works"]
    assert after[1:4] == [1.5, None, True]
    small.give("shift_works", 1.5)
    small.record(small.outcome("ana", **{"shift": 0.0} | changed))
    assert grades(book)["shift_works"][3] is False


def test_late_work_gets_the_penalty_of_nbgraders_plugin(small, book):
    small.make_late("ana")
    small.record(small.outcome("ana", shift=0.5), small.outcome("ben"))
    assert rows(book)[0][1:3] == (datetime(2026, 5, 3, 12), 3.5)
    assert rows(book)[1][1:3] == (None, None)
    small.record(small.outcome("ana", shift=2.0))
    assert rows(book)[0][2] == 5.0


def test_an_extension_takes_the_penalty_back_at_the_next_regrade(small, book):
    small.make_late("ana")
    small.record(small.outcome("ana"))
    book.grant_extension(ASSIGNMENT, "ana", days=3)
    small.record(small.outcome("ana"))
    assert rows(book)[0][2] is None


@pytest.mark.parametrize("chosen", [1.0, 0.0, None])
def test_a_penalty_that_a_person_set_survives_a_regrade(small, book, chosen):
    small.make_late("ana")
    small.record(small.outcome("ana"))
    assert rows(book)[0][2] == 5.0
    book.find_submission_notebook(*WHERE, "ana").late_submission_penalty = chosen
    book.db.commit()
    small.record(small.outcome("ana", shift=0.0))
    assert rows(book)[0][2] == chosen


def test_an_unreadable_date_is_said_and_costs_nothing(small, book):
    small.make_late("ana")
    stamp = small.classroom.submitted / "ana" / ASSIGNMENT / "timestamp.txt"
    stamp.write_text("the day before yesterday")
    (said,) = small.record(small.outcome("ana"))
    assert said.startswith(f"{stamp}: this is no date")
    assert rows(book)[0][1:3] == (None, None)
    assert book.find_submission(ASSIGNMENT, "ana").score == 5


def test_a_plugin_that_fails_is_named(small, book):
    small.make_late("ana")

    def fails(self, *_):
        raise KeyError("no such student")

    from nbgrader.plugins import LateSubmissionPlugin

    plugin = type("Harsh", (LateSubmissionPlugin,), {"late_submission_penalty": fails})
    small.classroom.config.AssignLatePenalties.plugin_class = plugin
    with pytest.raises(CourseError, match="Harsh, for ana: KeyError"):
        small.record(small.outcome("ana"))
    assert rows(book) == []


def test_a_roster_fills_in_names_and_a_regrade_keeps_them(small, book):
    small.record(small.outcome("ana"))
    people = [
        {"student": "ana", "first_name": "Ana", "last_name": "Ruiz", "email": "ana@uni.example"},
        {"student": "ben", "lms_user_id": "17"},
    ]
    gradebook.enrol(people, small.classroom)
    gradebook.enrol([{"student": "ana", "first_name": "", "lms_user_id": "16"}], small.classroom)
    small.record(small.outcome("ana"))
    ana, ben = (book.find_student(name).to_dict() for name in ("ana", "ben"))
    assert [ana[key] for key in gradebook.PERSON] == ["Ana", "Ruiz", "ana@uni.example", "16"]
    assert ben["lms_user_id"] == "17"


def test_nbgraders_own_interface_lists_the_submission_as_graded(small, book):
    small.make_late("ana")
    small.record(small.outcome("ana"))
    api = NbGraderAPI(CourseDirectory(config=small.classroom.config), config=small.classroom.config)
    (submission,) = api.get_submissions(ASSIGNMENT)
    assert (submission["student"], submission["autograded"], submission["score"]) == (
        "ana",
        True,
        5,
    )
    (notebook,) = api.get_notebook_submissions(ASSIGNMENT, NOTEBOOK)
    assert (notebook["name"], notebook["needs_manual_grade"]) == (NOTEBOOK, True)
