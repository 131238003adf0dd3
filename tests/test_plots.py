import html
import re
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from course import plots
from course.errors import CourseError
from course.text import Vocabulary
from course.trace import Trace

PNG = b"\x89PNG"
VOCABULARY = Vocabulary("el gato duerme $ ¿".split())
OPERATIONS = [
    *((name, "Placeholder", []) for name in "bcde"),
    ("mul", "Mul", ["b", "c"]),
    ("mul_1", "Mul", ["d", "e"]),
    ("add", "AddV2", ["mul", "mul_1"]),
    ("Identity", "Identity", ["add"]),
]


class Run:
    """What a `History` offers to a picture."""

    def __init__(self, losses, valid=None):
        self.columns = {"loss": losses, "accuracy": [0.5] * len(losses)}
        self.columns["valid_loss"] = valid or [None] * len(losses)
        self.columns["valid_accuracy"] = [value and 0.4 for value in self.columns["valid_loss"]]
        self.epochs = list(losses)

    def column(self, name):
        return np.array(self.columns[name], float)

    @property
    def best(self):
        judged = self.columns["valid_loss"]
        return SimpleNamespace(epoch=1 + int(np.argmin(judged if judged[0] else self.epochs)))


def decoded() -> Trace:
    probs = np.array([[0.6, 0.3, 0.1], [0.5, 0.25, 0.25], [0.9, 0.06, 0.04]])
    ids = np.array([[4, 5, 7], [5, 6, 8], [2, 5, 3]])
    return Trace(np.array([4, 6, 2]), np.log([0.6, 0.25, 0.9]), ids, np.log(probs))


def texts(picture) -> list[str]:
    """All that stands in a figure's axes."""
    return [text.get_text() for axis in picture.figure.axes for text in axis.texts]


@pytest.fixture(scope="module")
def pictures() -> list:
    """One picture of each kind, and of each kind's odd cases."""
    return list(every_picture())


def every_picture():
    run = Run([3.0, 2.0, 1.0], [3.0, 2.0, 2.5])
    yield plots.history(run)
    yield plots.history(Run([3.0]))
    yield plots.histories({"a": run, "b": Run([3.0, 1.0])}, title="runs")
    yield plots.lines({"ids": ([1, 10], [4, 40])}, "sentences", "size (MB)", log_x=True, log_y=True)
    yield plots.bars({"$a$": 0.5, " ": 12345.0}, "seconds", "t", log=True)
    yield plots.dots([(1, 3.0), (10, 2.0)], "rate", "loss", "t", log_x=True)
    yield plots.matrix(np.eye(3, 5), list("a$b$c"), list("xyz"), "one-hot")
    yield plots.matrix(np.random.default_rng(0).normal(size=(4, 70)))
    yield plots.matrix(np.zeros((2, 3)))
    yield plots.two_rows(["<start>", "el", "<pad>"], ["el", "<end>", "<pad>"])
    yield plots.alternatives(decoded(), VOCABULARY, 1)
    yield plots.trace(decoded(), VOCABULARY)
    yield plots.unrolled("0110", [0, 1, 0, 0], ["even", "odd", "even", "even"], "parity")
    yield plots.unrolled(["$the$", None], [[0.5, -1, 0, 3, 2]] * 2, [None, "<b>"])
    yield plots.unrolled(None, np.zeros((14, 2)))
    yield plots.graph(OPERATIONS, {"b": 2.0, "add": 26.0}, "b·c + d·e")
    yield plots.words([[0, 0], [0, 0], [3, -1]], ["$a$", "$b$", " "], "vectors")
    yield plots.words([[5.0, 5.0]], ["alone"], "one token on a page")


def test_every_picture_is_an_image_with_a_text(pictures):
    for picture in pictures:
        bundle = picture._repr_mimebundle_()
        assert bundle["text/plain"] == picture.alt == repr(picture)
        assert len(picture.alt) > 40 and "nan" not in picture.alt and "{" not in picture.alt
        alt = re.search(r'alt="([^"]*)"', bundle["text/html"])[1]
        assert html.unescape(alt) == picture.alt
        assert 'src="data:image/png;base64,' in bundle["text/html"]
        assert picture.figure.get_figwidth() == 7


def test_lines_have_both_axes_labelled(pictures):
    drawn = [axis for picture in pictures for axis in picture.figure.axes if axis.lines]
    assert len(drawn) >= 6
    assert all(axis.get_xlabel() and axis.get_ylabel() for axis in drawn)


def test_the_alternative_is_escaped():
    picture = plots.bars({'<start> "&"': 1.0}, "share", 'a <b> "c"')
    page = picture._repr_mimebundle_()["text/html"]
    assert page.count("<") == 1 and page.count('"') == 8 and page.count(">") == 1


def test_saving(tmp_path):
    picture = plots.bars({"a": 1.0}, "share")
    assert picture.save(tmp_path / "a.png").read_bytes().startswith(PNG)
    assert "<svg" in picture.save(str(tmp_path / "a.svg")).read_text()


def test_equal_data_give_equal_bytes():
    first, second = (plots.trace(decoded(), VOCABULARY).png() for _ in range(2))
    assert first == second


def test_a_history_in_words():
    alt = plots.history(Run([3.0, 2.0, 1.0], [3.0, 2.0, 2.5])).alt
    assert "training falls from 3 at epoch 1 to 1 at epoch 3" in alt
    assert "validation falls from 3 at epoch 1 to 2.5 at epoch 3, lowest 2 at 2" in alt
    assert alt.endswith("Best epoch: 2.")
    assert "validation" not in plots.history(Run([3.0, 2.0])).alt


def test_runs_are_compared_by_what_all_of_them_have():
    judged, bare = Run([3.0, 2.0], [3.5, 2.5]), Run([4.0, 1.0])
    assert "validation loss (nats a token)" in plots.histories({"a": judged}).alt
    assert "of loss (nats a token)" in plots.histories({"a": judged, "b": bare}).alt
    assert "accuracy (share)" in plots.histories({"a": judged}, "accuracy").alt


def test_a_matrix_in_words_and_numbers():
    picture = plots.matrix([[0, 1], [0, 0]], ["cat", "dog"], ["t0", "t1"], "m")
    assert picture.alt == (
        "m. Matrix of 2 rows and 2 columns, value from 0 to 1. t0: 1 at dog. t1: all zero."
    )
    assert texts(picture) == ["0", "1", "0", "0"]
    with pytest.raises(CourseError, match="labels"):
        plots.matrix([[0, 1]], ["cat"])


def test_two_rows_say_how_they_belong_together():
    shifted = plots.two_rows(["<start>", "el", "gato"], ["el", "gato", "<end>"])
    same = plots.two_rows(["<start>", "el"], ["<start>", "el"])
    other = plots.two_rows(["<start>", "el", "gato"], ["el", "el", "<end>"])
    assert "shifted to the left by one step" in shifted.alt
    assert "are the same" in same.alt
    assert "shifted" not in other.alt and "the same" not in other.alt
    assert {"<start>", "el", "gato", "<end>"} <= set(texts(shifted))
    with pytest.raises(CourseError, match="2 tokens above, 1 below"):
        plots.two_rows(["a", "b"], ["a"])


def test_rows_of_tokens_are_drawn_and_told():
    rows = {"reads": ["<start>", "hi", "<pad>"], "says": ["hi", "<end>"]}
    picture = plots.token_rows(rows, "a title")
    names = [tick.get_text() for tick in picture.figure.axes[0].get_yticklabels()]
    assert texts(picture) == ["<start>", "hi", "<pad>", "hi", "<end>"] and names == [*rows]
    assert picture.alt.endswith("reads: <start> hi <pad>; says: hi <end>.")
    for bad in ({}, {"reads": []}):
        with pytest.raises(CourseError, match="at least one token"):
            plots.token_rows(bad)


def test_a_step_shows_the_chosen_token_apart():
    picture = plots.alternatives(decoded(), VOCABULARY, 1)
    assert picture.alt == (
        "step 1: after el. Bar chart of probability (share): "
        "gato 0.5; duerme 0.25 (highlighted); ¿ 0.25."
    )
    assert "the first token" in plots.alternatives(decoded(), VOCABULARY, 0).alt


def test_a_chosen_token_that_was_not_among_the_likeliest_is_shown_too():
    trace = decoded()
    trace.tokens[1], trace.log_probs[1] = 7, np.log(0.01)
    assert "$ 0.01 (highlighted)" in plots.alternatives(trace, VOCABULARY, 1).alt


def test_a_trace_in_words_and_cells():
    picture = plots.trace(decoded(), VOCABULARY)
    assert "Step 1: duerme is chosen; likeliest are gato 0.500, duerme 0.250, ¿ 0.250." in (
        picture.alt
    )
    assert len(texts(picture)) == 9 and "el 0.600" in texts(picture)


@pytest.mark.parametrize("step", [-1, 3])
def test_a_step_that_is_not_there(step):
    with pytest.raises(CourseError, match="has 3 steps"):
        plots.alternatives(decoded(), VOCABULARY, step)


def test_a_trace_without_alternatives():
    bare = Trace(np.array([4, 2]), np.log([0.5, 0.5]))
    for draw in (plots.trace, lambda *some: plots.alternatives(*some, 0)):
        with pytest.raises(CourseError, match="alternatives=5"):
            draw(bare, VOCABULARY)


def test_an_unrolled_network_in_words_and_boxes():
    picture = plots.unrolled("01", [[0.0, -1.0], [0.5, 0.25]], [None, "odd"])
    assert "unrolled over 2 time steps" in picture.alt
    assert "Step 1 reads 0; its state is 0, -1, and nothing is read off." in picture.alt
    assert "Step 2 reads 1; its state is 0.5, 0.25, and says odd." in picture.alt
    seen = texts(picture)
    assert {"0", "1", "-1", "0.5", "0.25", "odd"} <= set(seen)
    assert (seen.count("W"), seen.count("U"), seen.count("V")) == (2, 2, 1)


def test_one_to_many_reads_once():
    picture = plots.unrolled(["cat", None, None], [1.0, 0.5, 0.25], ["a", "grey", "one"])
    assert texts(picture).count("W") == 1 and texts(picture).count("V") == 3
    assert "Step 2 reads nothing; its state is 0.5, and says grey." in picture.alt


def test_a_wide_state_is_drawn_without_numbers():
    picture = plots.unrolled("a", np.ones((1, 40)))
    assert "1" not in texts(picture) and "and 32 numbers more" in picture.alt
    bars = [patch for patch in picture.figure.axes[0].patches if patch.get_facecolor()[3] > 0.4]
    assert len(bars) == 40


@pytest.mark.parametrize(
    ("tokens", "states", "outputs", "says"),
    [
        ("01", [1.0], None, "2 tokens or outputs for 1 states"),
        ("0", [1.0], ["a", "b"], "2 tokens or outputs for 1 states"),
        ("", [], None, r"states of shape \(0, 1\)"),
        ("0", [np.nan], None, "pass numbers"),
        ("0" * 15, [0.0] * 15, None, "15 steps are too many to draw: pass at most 14"),
    ],
)
def test_what_cannot_be_unrolled(tokens, states, outputs, says):
    with pytest.raises(CourseError, match=says):
        plots.unrolled(tokens, states, outputs)


def places(picture) -> dict:
    """Where each operation of a graph stands, by the last line of its box."""
    found = picture.figure.axes[0].texts
    return {
        text.get_text().split("\n")[-1]: text.get_position() for text in found if text.get_text()
    }


def test_a_graph_goes_from_left_to_right():
    picture = plots.graph(OPERATIONS)
    where = places(picture)
    assert [where[name][0] for name in ("b", "e", "mul", "mul_1", "add")] == [0, 0, 1, 1, 2]
    heights = [where[name][1] for name in "bcde"]
    assert heights == sorted(set(heights), reverse=True)
    assert where["mul"][1] == np.mean(heights[:2]) and where["mul_1"][1] == np.mean(heights[2:])
    assert "mul: Mul of b and c." in picture.alt and "Graph of 8 operations" in picture.alt
    assert {"×\nmul", "+\nadd", "Identity", "b"} <= set(texts(picture))
    arrows = [text for text in picture.figure.axes[0].texts if not text.get_text()]
    assert len(arrows) == sum(len(inputs) for _, _, inputs in OPERATIONS) == 7


def test_arrows_of_a_graph_lead_from_box_to_box():
    picture = plots.graph(OPERATIONS)
    picture.figure.draw_without_rendering()
    drawn = picture.figure.axes[0].texts
    boxes = {
        text.get_text().split("\n")[-1]: text.get_bbox_patch().get_window_extent()
        for text in drawn
        if text.get_text()
    }
    arrows = [text.arrow_patch.get_window_extent() for text in drawn if not text.get_text()]
    pairs = [(source, name) for name, _, inputs in OPERATIONS for source in inputs]
    for (source, name), arrow in zip(pairs, arrows, strict=True):
        left, right = boxes[source].x1, boxes[name].x0
        assert left <= arrow.x0 < left + 12 and right - 12 < arrow.x1 <= right + 1


def test_values_stand_in_a_graph():
    picture = plots.graph(OPERATIONS, {"b": 2, "mul": 6.0})
    assert {"b\n= 2", "×\nmul\n= 6", "c"} <= set(texts(picture))
    assert "b: Placeholder, which is 2." in picture.alt


def test_operations_of_one_column_keep_apart():
    fan = [("x", "Placeholder", []), *((f"y{i}", "Tanh", ["x"]) for i in range(4))]
    heights = sorted(at[1] for name, at in places(plots.graph(fan)).items() if name != "x")
    assert (np.diff(heights) >= 1).all()


@pytest.mark.parametrize(
    ("operations", "says"),
    [
        ([], "0 operations"),
        ([("a", "Add", ["b"])], "a reads b, which is not all there"),
        ([("a", "Add", ["b"]), ("b", "Add", ["a"])], "which is not all there"),
        ([(str(place), "Const", []) for place in range(41)], "it draws 1 to 40"),
    ],
)
def test_what_is_no_graph(operations, says):
    with pytest.raises(CourseError, match=says):
        plots.graph(operations)


def test_words_on_a_page_name_their_neighbours():
    points = [[0, 0], [9, 9], [0, 1], [9, 7], [4, 30]]
    picture = plots.words(points, ["gato", "lunes", "perro", "martes", "¿"], "vectors")
    assert picture.alt == (
        "vectors. Scatter chart of 5 tokens. "
        "Nearest to each other: gato and perro; lunes and martes."
    )
    assert texts(picture) == ["gato", "lunes", "perro", "martes", "¿"]


def labels(picture) -> np.ndarray:
    """The boxes that a picture's labels take: float array (labels, 2, 2), low and high corners."""
    picture.figure.draw_without_rendering()
    drawn = picture.figure.axes[0].texts
    return np.array([text.get_window_extent().extents.reshape(2, 2) for text in drawn])


def test_labels_keep_clear_of_each_other_and_of_the_edge():
    points = [[x, y] for x in np.linspace(0, 1, 5) for y in (0, 0.03, 0.06)] + [[0, 1]]
    picture = plots.words(points, [f"word{place}" for place in range(16)], "crowded")
    boxes = labels(picture)
    shared = np.minimum(boxes[:, None, 1], boxes[:, 1]) - np.maximum(boxes[:, None, 0], boxes[:, 0])
    overlaps = (shared > 0.5).all(axis=-1) & ~np.eye(16, dtype=bool)
    assert not overlaps.any()
    low, high = picture.figure.axes[0].bbox.extents.reshape(2, 2)
    assert (boxes[:, 0] > low).all() and (boxes[:, 1] < high).all()


@pytest.mark.parametrize(
    ("points", "tokens", "says"),
    [
        ([], [], "0 tokens"),
        ([[0, 0]], ["a", "b"], r"2 tokens and points of shape \(1, 2\)"),
        ([[0, 0, 0]], ["a"], r"points of shape \(1, 3\)"),
        ([[0, np.nan]], ["a"], "two finite numbers for each"),
        (np.zeros((1001, 2)), ["a"] * 1001, "1,001 tokens are too many"),
    ],
)
def test_words_that_have_no_place(points, tokens, says):
    with pytest.raises(CourseError, match=says):
        plots.words(points, tokens)


def test_nothing_is_imported_early_and_nothing_leaks():
    program = """
import sys
from course import plots
print("matplotlib" in sys.modules)
plots.bars({"a": 1.0}, "share").png()
print("matplotlib.pyplot" in sys.modules, "tensorflow" in sys.modules)
"""
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert run.stdout.split() == ["False", "False", "False"], run.stderr
