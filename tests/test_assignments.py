"""Every assignment, through the real pipeline: each answer gets exactly what it deserves."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from autograder import mutants, release
from autograder.classroom import Classroom
from autograder.mutants import Mutant
from autograder.outcome import Outcome
from autograder.plan import Plan, make_plan
from autograder.runner import run
from course.errors import CourseError

ROOT = Path(__file__).parents[1]
CLASSROOM = Classroom.open(ROOT)
ASSIGNMENTS = sorted(path.name for path in CLASSROOM.sources.iterdir() if path.is_dir())


@cache
def source(name: str) -> bytes:
    """The one notebook of an assignment."""
    (notebook,) = CLASSROOM.notebooks(name)
    return notebook.read_bytes()


@cache
def plan(name: str) -> Plan:
    (notebook,) = CLASSROOM.notebooks(name)
    return make_plan(source(name), name, notebook.stem, CLASSROOM.config)


def all_mutants() -> Iterator:
    """Each mutant of each assignment; a list that cannot be read fails in a test of its own."""
    for name in ASSIGNMENTS:
        try:
            listed = mutants.load(CLASSROOM.sources / name)
        except CourseError:
            continue
        for mutant in listed:
            yield pytest.param(name, mutant, id=f"{name}: {mutant.name}")


def graded(name: str, submission: bytes) -> Outcome:
    return run(submission, plan(name)).outcome


@pytest.mark.parametrize("name", ASSIGNMENTS)
class TestAssignment:
    def test_ten_points_can_be_had(self, name):
        assert plan(name).points == 10

    def test_the_right_answer_gets_full_marks(self, name):
        outcome = graded(name, mutants.right(source(name), CLASSROOM.config))
        assert mutants.right_wrong(plan(name), outcome) == []

    def test_a_blank_notebook_gets_nothing_and_is_not_attempted(self, name):
        outcome = graded(name, mutants.blank(source(name), CLASSROOM.config))
        assert mutants.blank_wrong(plan(name), outcome) == []
        assert outcome.points == 0

    def test_its_mutants_are_many_and_can_prove_something(self, name):
        listed = mutants.load(CLASSROOM.sources / name)
        assert len(listed) >= mutants.AT_LEAST
        assert mutants.declared_wrong(plan(name), listed) == []

    def test_its_exercise_is_what_a_release_would_write(self, name):
        release.examined(CLASSROOM, name)
        assert release.stale(CLASSROOM, name) == []


@pytest.mark.parametrize(("name", "mutant"), list(all_mutants()))
def test_a_mutant_gets_exactly_what_it_deserves(name: str, mutant: Mutant):
    outcome = graded(name, mutants.mutated(source(name), mutant, CLASSROOM.config))
    assert mutants.mutant_wrong(plan(name), mutant, outcome) == []


def test_nothing_lies_in_exercises_that_has_no_source():
    released = {path.parent.name for path in CLASSROOM.releases.glob("*/*.ipynb")}
    assert released <= set(ASSIGNMENTS)
