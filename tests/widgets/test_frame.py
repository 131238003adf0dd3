"""What all demos share: escaping, fixed heights, faults that are seen, the static twin."""

import html.parser
import subprocess
import sys
import threading

import ipywidgets
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

from course import widgets
from course.errors import CourseError
from course.widgets import drawing
from course.widgets.frame import Demo, guarded

SENTENCES = some.text(max_size=30)


class Reader(html.parser.HTMLParser):
    """Collects the elements and the text of a page."""

    def __init__(self, page):
        super().__init__()
        self.elements, self.words = [], ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))

    def handle_data(self, data):
        self.words += data


class Counter(Demo):
    """A small demo that fails on purpose."""

    title = "Counting"
    heights = {"number": 50, "table": 40}  # noqa: RUF012

    def __init__(self):
        super().__init__()
        self.count = 1
        self.button = ipywidgets.Button(description="Add")
        self.button.on_click(self.add)
        self.assemble(self.button, *self.panes.values())

    @guarded
    def add(self, _=None):
        if self.count == 2:
            raise CourseError("three is too many: press Reset")
        if self.count == 3:
            raise ZeroDivisionError("no more")
        self.count += 1
        self.draw()

    def view(self, still=False):
        drawn = drawing.bars([self.count], [str(self.count)], ["tip"], "One bar.", top=3)
        return {"number": drawn, "table": drawing.Table("count", ("n",), [(self.count,)])}


def test_bad_input_is_one_line_in_the_demo():
    demo = Counter()
    demo.button.click()
    demo.button.click()
    assert demo.message == "three is too many: press Reset"
    assert "three is too many" in demo._line.value and demo.fault is None


def test_a_fault_is_seen_and_raised(no_demo_failed):
    demo = Counter()
    demo.count = 3
    demo.button.click()  # ipywidgets keeps what a click raises to itself
    with pytest.raises(ZeroDivisionError):
        demo.add()
    assert isinstance(demo.fault, ZeroDivisionError)
    assert "this demo failed: ZeroDivisionError: no more" in demo._line.value
    no_demo_failed.clear()


def test_one_callback_waits_for_another():
    demo, order = Counter(), []
    begun, go_on = threading.Event(), threading.Event()

    class Slow(Counter):
        @guarded
        def add(self, _=None):
            order.append("in")
            begun.set()
            go_on.wait(0.3)
            order.append("out")

    demo = Slow()
    first = threading.Thread(target=demo.add)
    first.start()
    begun.wait(10)
    second = threading.Thread(target=demo.add)
    second.start()
    first.join(10)
    second.join(10)
    assert order == ["in", "out", "in", "out"]


def test_a_closed_demo_leaves_no_widget_behind():
    before = len(widget_instances())
    demo = Counter()
    assert len(widget_instances()) > before
    demo.close()
    left = [widget for widget in widget_instances().values() if isinstance(widget, ipywidgets.Box)]
    assert demo not in left and not [pane for pane in demo.panes.values() if pane.comm is not None]


def widget_instances():
    from ipywidgets.widgets import widget

    return dict(widget._instances)


def test_panes_have_their_height_and_can_be_reached_by_keyboard():
    for name, pane in Counter().panes.items():
        (_, attributes), *_ = Reader(pane.value).elements
        assert attributes["style"] == f"height: {Counter.heights[name]}px"
        assert attributes["tabindex"] == "0" and attributes["aria-label"] == f"Counting: {name}"


def test_the_static_twin_says_the_same_without_widgets(page):
    demo = Counter()
    demo.button.click()
    still = demo.static()
    assert still.text == "Counting\n\nOne bar.\n\ncount\nn\n2"
    elements = Reader(page(demo)).elements
    images = [attributes for tag, attributes in elements if tag == "img"]
    assert [image["alt"] for image in images] == ["One bar."]
    assert images[0]["src"].startswith("data:image/svg+xml;base64,")


@given(SENTENCES)
def test_any_token_is_shown_as_it_is(token):
    reader = Reader(drawing.chip(token, title=token))
    assert [tag for tag, _ in reader.elements] == ["span", "bdi"]
    assert reader.words == html.unescape(html.escape(drawing.visible(token)))


@given(some.lists(some.tuples(SENTENCES, some.floats(0, 1)), min_size=1, max_size=5))
def test_any_table_keeps_its_shape(rows):
    reader = Reader(drawing.Table("any", ("token", "share"), rows).inline())
    tags = [tag for tag, _ in reader.elements]
    assert tags.count("tr") == len(rows) + 1 and tags.count("td") == 2 * len(rows)
    assert set(tags) <= {"table", "caption", "thead", "tbody", "tr", "th", "td", "bdi"}


@given(some.lists(some.tuples(SENTENCES, some.floats(0, 1)), min_size=1, max_size=5))
def test_bars_hold_what_they_are_given(pairs):
    labels, values = zip(*pairs, strict=True)
    drawn = drawing.bars(values, labels, labels, "bars", chosen=0, names=labels)
    rects = [attributes for tag, attributes in Reader(drawn.inline()).elements if tag == "rect"]
    widths = [float(attributes["width"].rstrip("%")) for attributes in rects]
    np.testing.assert_allclose(widths, np.array(values) * 49, atol=0.006)
    assert [attributes["class"] for attributes in rects] == ["chosen"] + ["bar"] * (len(pairs) - 1)


def test_a_strip_draws_each_unit_once_up_or_down():
    values = np.array([0.5, -1.0, 0.0, 0.25])
    drawn = drawing.strip(values, "four units", height=42)
    paths = [a for tag, a in Reader(drawn.inline()).elements if tag == "path" and "opacity" in a]
    columns = {}
    for path in paths:
        for part in path["d"].removeprefix("M").split("M"):
            start, rest = part.split("h", 1)
            unit, top = map(float, start.split())
            columns[int(unit)] = (path["class"], top, float(rest.split("v")[1].split("h")[0]))
    assert columns[0] == ("blue", 11.0, 10.0)
    assert columns[1] == ("orange", 21.0, 20.0)
    assert columns[3] == ("blue", 16.0, 5.0)


def test_a_picture_that_stands_alone_brings_its_own_style():
    image = drawing.bars([0.5], ["half"], ["tip"], 'a "bar"').image()
    ((tag, attributes),) = Reader(image).elements
    assert tag == "img" and attributes["alt"] == 'a "bar"'
    import base64

    svg = base64.b64decode(attributes["src"].partition(",")[2]).decode()
    assert 'xmlns="http://www.w3.org/2000/svg"' in svg and "--u-blue" in svg


WITHOUT_A_MODEL = ("one_hot", "padding_trap", "attention_map", "temperature_playground")


def test_demos_without_a_model_load_no_tensorflow():
    names = "; ".join(f"widgets.{name}" for name in WITHOUT_A_MODEL)
    code = f"from course import widgets; import sys; {names}; print('tensorflow' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert found.stdout.strip() == "False", found.stderr


def test_every_demo_is_a_function_that_says_what_it_returns():
    for name in widgets.DEMOS:
        demo = getattr(widgets, name)
        assert callable(demo) and demo.__doc__ and demo.__name__ == name
    with pytest.raises(AttributeError):
        widgets.decoding_steper  # noqa: B018
