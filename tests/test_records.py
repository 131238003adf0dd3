import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from small_class import ASSIGNMENT, NOTEBOOK, SmallClass

from autograder import records
from autograder.outcome import Outcome, Task
from course.errors import CourseError


@pytest.fixture
def small(tmp_path):
    return SmallClass(tmp_path)


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
