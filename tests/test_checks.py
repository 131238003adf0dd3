import subprocess
import sys

import numpy as np
import pytest

from course import checks
from course.checks import NotYet


def message(check, *arguments, **options) -> str:
    with pytest.raises(NotYet) as caught:
        check(*arguments, **options)
    text = str(caught.value)
    assert "\n" not in text
    return text


def test_right_results_get_one_line(capsys):
    checks.shape("matrix", np.zeros((3, 5)), (3, 5))
    checks.shape("matrix", np.zeros((3, 5)), (None, 5))
    checks.close("loss", 0.5000001, 0.5)
    checks.close("row", [1, 2, np.nan], np.array([1.0, 2.0, np.nan]))
    checks.equal("ids", [1, 4, 2], np.array([1, 4, 2]))
    checks.equal("text", "gato", "gato")
    checks.equal("features", {"a": [1]}, {"a": (1,)})
    checks.holds("every row ends", np.array([True, True]))
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 8 and all("right" in line for line in lines)
    assert lines[0] == "matrix: right, the shape is (3, 5)."


@pytest.mark.parametrize("blank", [None, ...])
def test_blank_is_not_attempted_and_not_wrong(blank):
    for text in (
        message(checks.shape, "x", blank, (3,)),
        message(checks.close, "x", blank, 1.0),
        message(checks.equal, "x", blank, "y"),
        message(checks.holds, "x", blank),
    ):
        assert "not attempted" in text


def test_a_wrong_shape_is_named_and_swapped_axes_are_noticed():
    text = message(checks.shape, "matrix", np.zeros((5, 3)), (3, 5))
    assert text == (
        "matrix: the shape is (5, 3), and (3, 5) is needed. Hint: Have axes changed places?"
    )
    assert "Hint" not in message(checks.shape, "m", np.zeros((2, 3)), (3, 5))
    assert "(any, 5)" in message(checks.shape, "m", np.zeros((2, 3)), (None, 5))
    assert "Hint: think of it" in message(checks.shape, "m", np.zeros(4), (3,), hint="think of it")
    assert "single number" in message(checks.shape, "m", 3.0, (3,))
    assert "differ in length" in message(checks.shape, "m", [[1], [1, 2]], (2, 2))


def test_wrong_numbers_are_located_but_not_given_away():
    text = message(checks.close, "row", [1.0, 2.0, 7.5], [1.0, 2.0, 3.25], hint="look at time")
    assert "1 of 3" in text and "[2]" in text and "7.5 is too large" in text
    assert "3.25" not in text and text.endswith("Hint: look at time")
    assert "0.1 is too small" in message(checks.close, "loss", 0.1, 0.2)
    assert "not a number" in message(checks.close, "loss", float("nan"), 0.2)
    assert "numbers are needed" in message(checks.close, "loss", "0.2", 0.2)
    assert "is needed" in message(checks.close, "loss", [0.2, 0.2], [0.2])
    checks.close("loss", 0.15, 0.2, tolerance=0.1)


@pytest.mark.parametrize(
    ("value", "expected", "part"),
    [
        ([1, 2], [1, 2, 3], "length is 2"),
        (["el", "gata"], ["el", "gato"], "position 1, 'gata'"),
        ([[1, 2], [3, 4]], [[1, 2], [3, 5]], "position 1, 4"),
        ({"a": 1}, {"a": 1, "b": 2}, "no key 'b'"),
        ({"a": 1, "c": 2}, {"a": 1}, "key 'c' does not belong"),
        ({"a": 9}, {"a": 1}, "key 'a', 9"),
        ("gata", "gato", "'gata' is not"),
        (3, "gato", "type int"),
        (np.array([1, 2]), np.array([1, 3]), "position 1, 2"),
        (4, 5, "4 is not"),
        ("x" * 500, "y", "…"),
    ],
)
def test_unequal_values_are_located(value, expected, part):
    assert part in message(checks.equal, "it", value, expected)


def test_a_condition_that_does_not_hold():
    assert message(checks.holds, "rows end", [True, False], "END").endswith("Hint: END")


def test_softly_prints_and_goes_on(capsys):
    with checks.softly():
        checks.close("loss", 0.1, 0.2)
    with checks.softly():
        checks.close("loss", 0.2, 0.2)
    assert capsys.readouterr().out == "Not yet. loss: 0.1 is too small.\nloss: right.\n"
    with pytest.raises(KeyError), checks.softly():
        raise KeyError


def test_a_notebook_shows_the_line_alone():
    pytest.importorskip("IPython")
    from IPython.core.interactiveshell import InteractiveShell

    shell = InteractiveShell()
    shown = []
    shell._showtraceback = lambda kind, value, lines: shown.extend(lines)
    shell.run_cell("from course import checks; checks.close('loss', 1.0, 2.0)")
    assert shown == ["Not yet. loss: 1 is too small."]


def test_numpy_is_enough():
    program = "import sys; from course import checks; print({m.split('.')[0] for m in sys.modules})"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    loaded = set(eval(run.stdout))
    assert not loaded & {"tensorflow", "keras", "matplotlib", "IPython"}


def test_nothing_holds_of_nothing():
    for empty in ([], (value for value in ())):
        with pytest.raises(checks.NotYet):
            checks.holds("all are equal", empty)
    with pytest.raises(checks.NotYet):
        checks.holds("all are equal", (value == 1 for value in (1, 2)))
