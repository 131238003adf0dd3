"""Plans of assignments, and the outcomes of submissions."""

import math

import pytest

from autograder.authoring import check_names
from autograder.outcome import Outcome, Task, one_line
from autograder.plan import Plan, bound, imports
from course.errors import CourseError
from tests.exercise import SOURCE, plan_of


def test_a_plan_holds_hidden_tests_and_no_answers(tmp_path):
    plan = plan_of(tmp_path)
    assert "HIDDEN" in plan.cell("total_adds_more").tests
    assert "other numbers" not in plan.cell("total_adds_more").released
    assert "sum(values)" not in plan.to_json()
    assert [(cell.id, cell.points) for cell in plan.tasks] == [
        ("total_adds", 1),
        ("total_adds_more", 3),
        ("scale_is_used", 3),
        ("guesses_count", 2),
        ("why", 1),
    ]
    assert Plan.from_json(plan.to_json()) == plan


def test_a_plan_knows_what_is_imported(tmp_path):
    assert imports(plan_of(tmp_path)) == ["numpy", "course", "course.checks"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("points=3\n", "points=-3\n"), "needs points"),
        (('solution="scaled"', 'solution="total"'), "two cells have the id 'total'"),
        (("import numpy as np", "%matplotlib inline\nimport numpy as np"), "not plain Python"),
        (("### END SOLUTION", "### END"), "end solution"),
    ],
)
def test_what_an_author_gets_wrong_is_one_line(tmp_path, change, words):
    with pytest.raises(CourseError, match=words) as caught:
        plan_of(tmp_path, SOURCE.replace(*change))
    assert "\n" not in str(caught.value)


def test_tests_must_not_lean_on_what_a_learner_can_change(tmp_path):
    check_names(plan_of(tmp_path))
    for header in ("# %%", '# %% solution="own"'):
        text = SOURCE.replace("import numpy as np\n", "").replace(
            "# %% [markdown]\n# ## 1", f"{header}\nimport numpy as np\n\n# %% [markdown]\n# ## 1"
        )
        if "own" in header:
            text = text.replace("import numpy as np\n", "import numpy as np\n### BEGIN SOLUTION\n")
            text = text.replace("### BEGIN SOLUTION\n", "### BEGIN SOLUTION\n### END SOLUTION\n", 1)
        with pytest.raises(CourseError, match=r"'np'.*lock that one"):
            check_names(plan_of(tmp_path, text))


def test_bound_names():
    source = "import a.b, c as d\nx, (y, *z) = 1, [2]\nfor i in z: w = i\ndef f(p): q = 1\n"
    assert set(bound(source + "class C: r = 1\nwith o as v: pass\n(n := 3)")) == set("adxyziwfCvn")


def outcome(points=1.0, **fields):
    return Outcome("s", "a", "n", "graded", [Task("t", points, 2.0, "passed")], **fields)


@pytest.mark.parametrize("points", [math.nan, math.inf, -1.0, 2.5, True, "1", [1]])
def test_scores_that_are_none_are_refused(points):
    with pytest.raises((CourseError, TypeError)):
        outcome(points).to_dict()


@pytest.mark.parametrize(
    "change", [{"status": "fine"}, {"seed": -1}, {"submission": "x"}, {"more": 1}, {"notes": [""]}]
)
def test_what_does_not_fit_the_schema_is_refused(change):
    with pytest.raises(CourseError, match="outcome refused"):
        Outcome.from_dict(outcome().to_dict() | change)


def test_a_verdict_leaves_out_what_was_measured():
    first, second = outcome(measured={"seconds": 1.0}), outcome(measured={"seconds": 2.0})
    assert first.verdict() == second.verdict()
    assert Outcome.from_dict(first.to_dict()) == first


def test_one_line_is_safe_to_show():
    assert one_line("a\x1b[31mred\x1b[0m\n\tb\x00\ud800\u202e") == "ared b���"
    assert len(one_line("x" * 5000)) == 900
