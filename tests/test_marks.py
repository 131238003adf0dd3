import pytest
from small_class import ASSIGNMENT, ready

from autograder import exports, gradebook
from autograder.outcome import MISSING
from course.errors import CourseError


@pytest.fixture
def small(tmp_path):
    return ready(tmp_path)


def test_a_grade_is_what_nbgrader_counts_and_missing_is_not_zero(small):
    small.make_late("ana")
    small.save(small.outcome("ana", shift=0.0), small.outcome("ben"))
    small.save(small.unrun("cas", MISSING), notebook=False)
    small.give("shift_works", 1.5, extra=0.5)
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
    small.give("why", 0.5)
    assert gradebook.grades(small.classroom, ASSIGNMENT)[0].tasks[2].points == 0.5


def test_the_exports_take_the_grades_as_they_are(small):
    small.save(small.outcome("ana"), small.unrun("=cas", MISSING))
    for kind in exports.KINDS:
        assert exports.export(kind, gradebook.grades(small.classroom)).files


def test_without_outcomes_on_disk_the_points_are_there_all_the_same(small):
    small.record(small.outcome("ana", shift=0.0, twice=1.0))
    (ana,) = gradebook.grades(small.classroom)
    assert {(one.id, one.points, one.verdict) for one in ana.tasks} == {
        ("shift_works", 0.0, "failed"),
        ("shift_twice", 1.0, "partly"),
        ("why", None, "manual"),
    }


def test_an_assignment_that_nobody_has_handed_in_has_no_grades(small):
    small.record(small.unrun("ana", MISSING))
    assert gradebook.grades(small.classroom) == []
    assert [one.score for one in gradebook.grades(small.classroom, ASSIGNMENT)] == [None]
    with pytest.raises(CourseError, match="03_other: not in the gradebook"):
        gradebook.grades(small.classroom, "03_other")
