"""The runner with real kernels: one notebook in, one outcome out."""

import json
from importlib.metadata import version

import pytest

from autograder import warmth
from autograder.outcome import Outcome
from autograder.runner import Limits, Result, run
from autograder.sandbox import bubblewrap
from course.errors import CourseError
from tests.exercise import SOURCE, plan_of, submission

QUICK = Limits(timeout=20, cell_timeout=3, memory=600)
walls = pytest.mark.skipif(bubblewrap.level() == "limits", reason="needs bubblewrap")


@pytest.fixture(scope="module", autouse=True)
def cold_at_the_end():
    yield
    warmth.cool()


@pytest.fixture
def plan(tmp_path):
    return plan_of(tmp_path)


@pytest.fixture
def grade(tmp_path, plan):
    """Grades a submission that is right but for the answers given."""

    def graded(limits=QUICK, own="", **answers):
        return run(submission(tmp_path, own=own, **answers), plan, limits)

    return graded


@pytest.fixture
def no_walls(monkeypatch):
    """A machine without bubblewrap."""
    bubblewrap.problem.cache_clear()
    monkeypatch.setattr(bubblewrap, "_program", lambda: None)
    yield
    bubblewrap.problem.cache_clear()


def verdicts(result):
    return {task.id: task.verdict for task in result.outcome.tasks}


def messages(result):
    return {task.id: task.message for task in result.outcome.tasks}


def test_right_answers_get_all_points_but_for_the_one_that_a_person_reads(grade):
    result = grade()
    outcome = result.outcome
    assert (outcome.status, outcome.points, outcome.max_points) == ("graded", 9.0, 10.0)
    assert (outcome.repairs, outcome.notes) == ([], [])
    assert verdicts(result)["why"] == "not attempted"


def test_a_manual_answer_waits_for_a_person(tmp_path, plan):
    notebook = json.loads(submission(tmp_path))
    notebook["cells"][-1]["source"] = "I think so."
    result = run(json.dumps(notebook).encode(), plan, QUICK)
    task = result.outcome.tasks[-1]
    assert (task.verdict, task.points) == ("manual", None)
    assert result.outcome.needs_a_person


def test_a_blank_notebook_gets_nothing_and_is_not_called_wrong(grade):
    result = grade(total=None, scaled=None, guess=None)
    assert result.outcome.points == 0
    assert set(verdicts(result).values()) == {"not attempted"}


def test_each_cell_of_tests_counts_for_itself(grade):
    result = grade(total="def total(values):\n    return 3 if len(values) == 2 else 6.0")
    assert verdicts(result)["total_adds"] == "passed"
    assert verdicts(result)["total_adds_more"] == "failed"
    assert result.outcome.points == 6.0
    assert "add all of them" in messages(result)["total_adds_more"]


def test_hidden_data_is_not_told(grade):
    body = (
        "    if 40 in values:\n        raise ValueError(f'seen {values}')\n    return sum(values)"
    )
    result = grade(
        total=f"seen = []\ndef total(values):\n    seen.append(values)\n{body}",
        own="print(seen)\nraise RuntimeError(str(seen))",
    )
    told = result.outcome.to_dict()
    del told["measured"]  # bytes and seconds, which may hold any digits
    assert "40" not in json.dumps(told)
    assert "raised a ValueError" in messages(result)["total_adds_more"]


def test_a_test_may_hand_out_its_own_objects(grade):
    one_call = "def scaled(scale, values):\n    first = scale.apply(1)\n    return [3, 6]"
    assert verdicts(grade(scaled=one_call))["scale_is_used"] == "failed"
    nosy = "def scaled(scale, values):\n    return scale.apply.__globals__"
    assert "AttributeError" in messages(grade(scaled=nosy))["scale_is_used"]


def test_a_share_is_a_partial_score(grade):
    result = grade(guess="def guess(number):\n    return True")
    task = result.outcome.tasks[3]
    assert (task.verdict, task.points) == ("partly", 1.0)


def test_an_error_in_an_answer_is_told_where_it_happened(grade):
    result = grade(total="def total(values)\n    return 1")
    assert result.outcome.status == "graded"
    assert "SyntaxError" in messages(result)["total_adds"]
    (note,) = result.outcome.notes
    assert note.startswith("Cell 4, your answer, stopped with SyntaxError: ")
    assert note.endswith("(your cell, line 1).") and ".py" not in messages(result)["total_adds"]
    assert verdicts(result)["scale_is_used"] == "passed"


def test_a_cell_that_never_ends_costs_its_own_task(grade):
    result = grade(total="while True:\n    pass")
    assert result.outcome.status == "timed out"
    assert verdicts(result)["total_adds"] == "failed"
    assert "stopped after 3 s" in messages(result)["total_adds"]
    assert verdicts(result)["scale_is_used"] == "passed"


def test_a_call_that_never_ends_costs_its_own_task(grade):
    result = grade(total="def total(values):\n    while True:\n        pass", own="x = 1")
    assert result.outcome.status == "timed out"
    assert "too long" in messages(result)["total_adds"]
    assert verdicts(result)["scale_is_used"] == "passed"


def test_the_whole_notebook_has_a_limit(grade):
    limits = Limits(timeout=2, cell_timeout=3)
    result = grade(limits, total="import time\ntime.sleep(1.5)", scaled="time.sleep(1.5)")
    assert result.outcome.status == "timed out"
    assert verdicts(result)["guesses_count"] == "not run"
    assert any("longer than 2 s" in note for note in result.outcome.notes)


def test_a_process_that_ends_keeps_the_points_it_had(grade):
    result = grade(scaled="import os\nos._exit(3)")
    assert result.outcome.status == "died"
    assert result.outcome.points == 4.0
    assert verdicts(result)["guesses_count"] == "not run"
    (note,) = result.outcome.notes
    assert note.endswith("(exit code 3) while cell 8, your answer, was running.")


def test_memory_is_watched(grade):
    result = grade(scaled="hoard = []\nwhile True:\n    hoard.append(bytearray(10**7))")
    assert result.outcome.status == "out of memory"
    assert result.outcome.points == 4.0
    assert result.outcome.measured["peak_memory"] > 600 * 2**20
    assert "was stopped while cell 8, your answer, was running." in result.outcome.notes[0]


def test_nothing_and_no_notebook(plan):
    assert run(None, plan).outcome.status == "missing"
    unreadable = run(b"%PDF", plan).outcome
    assert (unreadable.status, unreadable.points) == ("unreadable", 0)
    assert {task.verdict for task in unreadable.tasks} == {"not run"}


def test_the_same_bytes_give_the_same_verdict(grade):
    answers = {"total": "def total(values):\n    raise ValueError(object())"}
    first, second = (grade(**answers, own="import random\nrandom.random()") for _ in range(2))
    assert first.outcome.verdict() == second.outcome.verdict()
    assert first.notebook == second.notebook


@walls
def test_warm_and_cold_agree(grade, monkeypatch):
    own = "import random, numpy as np\nprint(random.random(), np.random.rand())"
    first = grade(own=own, guess="def guess(number):\n    return True")
    monkeypatch.setattr(warmth, "warm", lambda plan: None)
    second = grade(own=own, guess="def guess(number):\n    return True")
    assert first.outcome.verdict() == second.outcome.verdict()
    assert first.notebook == second.notebook


def test_without_walls_marks_are_the_same(grade, no_walls):
    result = grade(guess="def guess(number):\n    return True")
    assert result.outcome.sandbox == "limits"
    assert result.outcome.points == 8.0


def test_a_sandbox_can_be_required(grade, no_walls):
    with pytest.raises(CourseError, match="bubblewrap is not installed"):
        grade(Limits(require_sandbox=True))


def test_one_submission_cannot_change_what_the_next_one_gets(grade):
    meddling = """
import builtins, sys, numpy, course.checks, random
course.checks.equal = course.checks.close = lambda *args, **named: None
numpy.mean = lambda *args: 1.0
builtins.sum = lambda values: 42
sys.modules["course.checks"] = None
open("/tmp/note", "w").write("x")
def total(values):
    return 0
"""
    before, bad, after = grade(), grade(total=meddling), grade()
    assert bad.outcome.points <= 5.0
    assert verdicts(bad)["total_adds"] == "failed"
    assert before.outcome.verdict() == after.outcome.verdict()
    look = grade(own="import os\nprint(os.listdir('/tmp'))")
    assert "note" not in json.dumps(look.notebook["cells"][-1]["outputs"])


@walls
def test_anything_hostile_gets_a_new_warm_process(grade, plan):
    grade()
    before = warmth.warm(plan).process.pid
    grade()
    assert warmth.warm(plan).process.pid == before
    grade(total="import os\nos._exit(1)")
    assert warmth.warm(plan).process.pid != before


def test_results_travel_as_json(grade):
    result = grade()
    again = Result.from_json(result.to_json())
    assert again == result
    assert isinstance(again.outcome, Outcome)


@pytest.mark.parametrize("score", ["float('nan')", "-1", "float('inf')", "2.5", "True", "[1]"])
def test_a_score_that_is_none_is_refused(tmp_path, score):
    start, line = SOURCE.partition("2 * np.mean")[:2]
    text = start + score + "\n"
    assert line
    result = run(submission(tmp_path, text), plan_of(tmp_path, text), QUICK)
    task = result.outcome.tasks[3]
    assert (task.id, task.verdict, task.points) == ("guesses_count", "failed", 0.0)
    assert "not as a number between 0 and 2" in task.message


def test_the_outcome_names_the_version(grade):
    assert grade().outcome.version == version("unrolled")
