"""The attention map shows the trace's own shares, and those of no other step."""

import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course import decoding, widgets
from course.errors import CourseError
from course.text import END
from course.trace import Trace

SENTENCE = "My sister is very tired."
CELL, HEAD = 30, 78


def made(attention):
    """Return a trace with this attention, and names for its axes."""
    time, source_time = np.shape(attention)
    trace = Trace(np.full(time, 9), np.zeros(time), attention=np.asarray(attention))
    return trace, [f"s{at}" for at in range(source_time)], [f"t{at}" for at in range(time)]


def shares(time, source_time, seed=0):
    return np.random.default_rng(seed).dirichlet(np.full(source_time, 0.3), time)


@pytest.fixture(scope="module")
def reverser(codecs):
    from course.models.reverser import Reverser

    return Reverser(len(codecs[0].vocabulary), codecs[0], sharpness=0.6)


@pytest.fixture
def demo(reverser):
    trace = decoding.greedy(reverser, [reverser.source.ids(SENTENCE)])[0]
    source = reverser.source.tokenizer.tokens(SENTENCE)
    return widgets.attention_map(trace, source, reverser.target.vocabulary.words(trace.tokens))


def drawn(demo):
    drawing = demo.view(still=True)["map"]
    return ElementTree.fromstring(f"<svg>{drawing.body}</svg>")


def squares(demo):
    """Return the areas of the squares by row of the picture: {top: {column: area}}."""
    found = {}
    for group in drawn(demo).iter("g"):
        for path in group.iterfind("g/path[@class='blue']"):
            top = group.get("transform").split()[-1].rstrip(")")
            corners = re.findall(r"M([\d.]+) [\d.]+h([\d.]+)", path.get("d"))
            found[float(top)] = {
                int((float(x) + float(w) / 2) // CELL): float(w) ** 2 for x, w in corners
            }
    return found


def test_a_real_trace_is_told_step_by_step(demo, reverser):
    trace = decoding.greedy(reverser, [reverser.source.ids(SENTENCE)])[0]
    assert demo.last == len(trace) and demo.target[-1] == "<end>"
    assert demo.view()["weights"].rows == [] and demo.view()["rows"].rows == []
    for step in range(1, demo.last + 1):
        demo.step = step
        told = demo.view()["weights"].rows
        assert [row[0] for row in told] == sorted((row[0] for row in told), reverse=True)
        by_place = {place: (share, token) for share, token, place in told}
        for at, share in enumerate(trace.attention[step - 1]):
            assert by_place[at + 1] == (pytest.approx(share, abs=1e-4), demo.source[at])
        peak = demo.source[int(trace.attention[step - 1].argmax())]
        assert (
            f"looked at “{peak}” {trace.attention[step - 1].max():.2f}" in demo.view()["sentence"]
        )
        assert [row[0] for row in demo.view()["rows"].rows] == list(range(step, 0, -1))


@settings(deadline=None, max_examples=25)
@given(st.integers(1, 9), st.integers(1, 9), st.integers(0, 9))
def test_each_square_has_the_area_of_its_share(time, source_time, seed):
    attention = shares(time, source_time, seed)
    demo = widgets.attention_map(*made(attention))
    demo.step = seed % (time + 1)
    rows = squares(demo)
    assert len(rows) == demo.step
    for row in range(demo.step):
        areas = rows[HEAD + CELL * row]
        for at, share in enumerate(attention[row]):
            area = areas.get(at, 0.0)
            assert area / (CELL - 4) ** 2 == pytest.approx(share, abs=0.01)


def test_only_the_newest_row_is_framed_and_has_its_numbers(demo):
    for step in range(demo.last + 1):
        demo.step = step
        frames = [rect for rect in drawn(demo).iter("rect") if rect.get("class") == "cursor"]
        coming = [rect for rect in drawn(demo).iter("rect") if "stroke-dasharray" in rect.attrib]
        assert len(frames) == (step > 0) and len(coming) == demo.last - step
        numbers = [text.text for text in drawn(demo).iter("text")]
        if step:
            want = [f"{s:.2f}" if s >= 0.005 else "0" for s in demo.attention[step - 1]]
            assert numbers[-len(want) :] == want
        names = numbers[: demo.last]
        assert names == demo.target[:step] + ["…"] * (demo.last - step)


def test_live_and_still_show_the_same_squares(demo):
    demo.step = 4
    for path in drawn(demo).iter("path"):
        assert path.get("d") in demo.panes["map"].value


def test_it_follows_the_cursor_through_long_sentences():
    attention = shares(620, 200)
    demo = widgets.attention_map(*made(attention))
    for step in (1, 7, 300, 619, 620):
        demo.step = step
        peak = int(attention[step - 1].argmax())
        names = [text.text for text in drawn(demo).iter("text")]
        assert f"t{step - 1}" in names and f"s{peak}" in names
        assert len(squares(demo)) <= 14
        assert demo.view()["weights"].rows[0][1:] == (f"s{peak}", peak + 1)
        assert demo.view()["rows"].rows[0][0] == step
        assert all(len(pane.value) < 20_000 for pane in demo.panes.values())
        assert f"({step - len(squares(demo))} earlier)" in demo.view()["sentence"] or step < 15
    assert "columns" in demo.view(still=True)["map"].alt


def test_the_newest_row_of_a_40_by_40_map_is_always_in_sight():
    demo = widgets.attention_map(*made(np.eye(40)[::-1]))
    for step in range(1, 41):
        demo.step = step
        names = [text.text for text in drawn(demo).iter("text")]
        assert f"t{step - 1}" in names and f"s{40 - step}" in names and "1.00" in names
        assert step == 40 or "…" in names


def test_the_height_of_the_map_does_not_change_with_the_step():
    demo = widgets.attention_map(*made(shares(20, 30)))
    heights = set()
    for demo.step in range(21):
        drawing = demo.view(still=True)["map"]
        heights.add((drawing.width, drawing.height))
    assert len(heights) == 1 and heights.pop()[1] <= demo.heights["map"]


def test_the_last_end_may_be_left_out_or_given():
    trace, source, _ = made(shares(3, 4))
    trace.tokens[:] = 7, 8, END
    for target in (["a", "b"], ["a", "b", "<end>"]):
        assert widgets.attention_map(trace, source, target).target == ["a", "b", "<end>"]


@pytest.mark.parametrize(
    ("attention", "source", "target", "says"),
    [
        (None, 4, 3, "this trace has no attention: decode with a model that has some"),
        (shares(3, 4), 5, 3, "source_tokens holds 5 tokens, but .* 4 columns"),
        (shares(3, 4), 4, 4, "target_tokens holds 4 tokens, but .* 3 steps"),
        (shares(3, 4), 4, 2, "target_tokens holds 2 tokens"),
        (np.zeros((3, 0)), 0, 3, r"attention of shape \(3, 0\)"),
        (np.zeros((0, 4)), 4, 0, r"attention of shape \(0, 4\)"),
        (shares(3, 4)[0], 4, 3, r"attention of shape \(4,\)"),
        (np.full((3, 4), np.nan), 4, 3, "no share"),
        (shares(3, 4) - 0.5, 4, 3, "no share"),
        (shares(3, 4) * 100, 4, 3, "no share"),
    ],
)
def test_what_cannot_be_drawn_is_refused_in_one_line(attention, source, target, says):
    trace = Trace(np.full(3, 9), np.zeros(3), attention=attention)
    with pytest.raises(CourseError, match=says) as caught:
        widgets.attention_map(trace, ["s"] * source, ["t"] * target)
    assert "\n" not in str(caught.value)


def test_a_model_without_attention_and_a_beam_are_refused(model, reverser):
    ids = model.source.ids(SENTENCE)
    for trace in (decoding.greedy(model, [ids])[0], decoding.beam(reverser, [ids], width=3)[0]):
        with pytest.raises(CourseError, match="this trace has no attention"):
            widgets.attention_map(trace, ["s"] * len(ids), ["t"] * len(trace))


def test_a_list_of_traces_is_refused():
    trace, source, target = made(shares(3, 4))
    with pytest.raises(CourseError, match=r"not a list; .* \[0\]"):
        widgets.attention_map([trace], source, target)


def test_tokens_that_are_no_list_are_refused():
    trace, source, target = made(shares(3, 4))
    for wrong in ((5, target), (source, None)):
        with pytest.raises(CourseError, match="must be a list of tokens, not a"):
            widgets.attention_map(trace, *wrong)


def test_html_is_shown_and_never_run(page):
    evil = "<img src=x onerror=alert(1)>"
    trace, *_ = made(np.full((2, 3), 1 / 3))
    demo = widgets.attention_map(trace, [evil, "<b>", '"&'], [evil, "</svg>"])
    for demo.step in range(3):
        live = "".join(pane.value for pane in demo.panes.values())
        for shown in (live, demo.static().html, page(demo)):
            assert "<img src=x" not in shown and "<b>" not in shown
            assert "&lt;img src=x" in shown
        assert live.count("</svg>") == 2
        assert drawn(demo) is not None


@pytest.mark.parametrize(
    "tokens", [["שלום", "עולם"], ["🙂", "👩‍👩‍👧"], ["", " "], ["a" * 300, "\n"]]
)
def test_any_token_is_shown(tokens):
    trace, *_ = made(np.eye(2))
    demo = widgets.attention_map(trace, tokens, tokens)
    demo.step = 2
    assert demo.view()["weights"].rows[0] == (1.0, tokens[1], 2)
    assert len(squares(demo)) == 2
    twin = demo.static()
    assert demo.view()["weights"].text() in twin.text
    assert demo.view()["weights"].inline() in twin.html


def test_right_to_left_tokens_stand_apart_in_a_line_of_words():
    trace, *_ = made(np.eye(2))
    demo = widgets.attention_map(trace, ["שלום", "b"], ["שלום", "b"])
    demo.step = 1
    assert "\u2068שלום\u2069" in demo.view()["sentence"]
    assert demo.view()["rows"].rows[0][2].startswith("\u200e“")


def test_the_controls_step_and_two_maps_do_not_disturb_each_other():
    arguments = made(shares(5, 7))
    one, other = widgets.attention_map(*arguments), widgets.attention_map(*arguments)
    one.forth.click()
    one.forth.click()
    one.slider.value = 4
    assert one.step == 4 and other.step == 0
    one.back.click()
    assert one.step == 3 and other.view() == widgets.attention_map(*arguments).view()
    one.reset.click()
    assert one.view() == other.view()
    one.step = 99
    assert one.step == 5 and one.forth.disabled


def test_the_trace_is_not_changed():
    trace, source, target = made(shares(3, 4))
    before = trace.attention.copy(), list(target)
    widgets.attention_map(trace, source, target).step = 3
    assert np.array_equal(trace.attention, before[0]) and target == before[1]


def test_the_static_twin_is_what_an_exported_page_shows(demo, page):
    demo.step = 3
    html = page(demo)
    for row in demo.view()["rows"].rows:
        assert f"<bdi>{row[2]}</bdi>" in html
    assert html.count('alt="Attention map: ') == 1
    assert "widget-view" not in html


def test_it_needs_no_tensorflow():
    code = (
        "import sys, numpy as np; from course import widgets; from course.trace import Trace; "
        "trace = Trace(np.ones(1), np.ones(1), attention=np.ones((1, 1))); "
        "widgets.attention_map(trace, ['a'], ['b']).step = 1; "
        "assert 'tensorflow' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
