import re
import struct

import nbformat
import pytest
from bs4 import BeautifulSoup
from hypothesis import given, settings
from hypothesis import strategies as st
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from pictures import jpeg, png, text_of
from small_class import ready

from autograder import gradebook, shown


@pytest.fixture
def small(tmp_path):
    return ready(tmp_path)


@pytest.mark.parametrize(
    ("kind", "raw", "size"),
    [
        ("image/png", png(3, 2), (3, 2)),
        ("image/jpeg", jpeg(5, 4), (5, 4)),
        ("image/png", png(3, 2)[:20], None),
        ("image/png", jpeg(5, 4), None),
        ("image/jpeg", png(3, 2), None),
        ("image/png", b"<svg onload=alert(1)>", None),
        ("image/svg+xml", b"<svg/>", None),
        ("image/gif", b"GIF89a", None),
        ("image/png", png()[:16] + struct.pack(">II", 100_000, 100_000) + png()[24:], None),
        ("image/png", png()[:16] + struct.pack(">II", 0, 5) + png()[24:], None),
        ("image/jpeg", jpeg(60_000, 60_000), None),
        ("image/jpeg", b"\xff\xd8\xff" + b"\0" * 100, None),
        ("image/png", png() + b"\0" * shown.LARGEST_PICTURE, None),
    ],
)
def test_a_picture_is_what_it_says_and_not_too_large(kind, raw, size):
    text = text_of(raw)
    found = shown.picture({kind: [text[:10], "\n", text[10:]]})
    assert (found and (found.width, found.height)) == size


@pytest.mark.parametrize("data", [None, [], {"image/png": 7}, {"image/png": "%%%"}, {"a": {}}])
def test_what_is_no_picture_is_none(data):
    assert shown.picture(data) is None


@pytest.mark.parametrize(
    ("raw", "plain"),
    [
        ("a\tb\nc", "a\tb\nc"),
        (["one\n", "two"], "one\ntwo"),
        (None, ""),
        ({"a": 1}, ""),
        ("\x1b[1;31mred\x1b[0m", "red"),
        ("\x1b]8;;https://evil.example\x1b\\link\x1b]8;;\x07", "link"),
        ("\x1b(Bx\x1b=y\x1b", "xy"),
        ("10%\r 50%\r100%\ndone\r\n", "100%\ndone\n"),
        ("a\x00b\x08c\x9bd\x7f", "abcd"),
        ("\u202ecode\u2066", "⟨U+202E⟩code⟨U+2066⟩"),
        ("\ud800 \uffff", "\ufffd \ufffd"),
        ("שלום 学生 👩‍🎓", "שלום 学生 👩‍🎓"),
    ],
)
def test_text_loses_what_a_person_cannot_see(raw, plain):
    assert shown.plain(raw) == plain


@given(
    st.text(
        alphabet=st.characters() | st.sampled_from("\x1b[]\r\n\x07\\;m<&\u202e\x9b"), max_size=80
    )
)
def test_plain_text_is_harmless_and_stays_as_it_is(text):
    plain = shown.plain(text)
    plain.encode()
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", plain)
    assert shown.plain(plain) == plain


@settings(max_examples=50, deadline=None)
@given(text=st.text(max_size=200), limit=st.integers(20, 100))
def test_what_is_shortened_keeps_both_ends(text, limit):
    short = shown.shortened(text, limit)
    assert short == text or len(text) > limit
    assert short.startswith(text[: limit // 2]) and short.endswith(text[len(text) - limit // 4 :])
    assert len(short) <= limit + 60


HOSTILE = {
    "html": {"text/html": "<script>alert(1)</script>", "text/plain": "shown"},
    "javascript": {"application/javascript": "alert(1)"},
    "svg": {"image/svg+xml": "<svg onload='alert(1)'/>"},
    "not a picture": {"image/png": "PHN2Zz4="},
    "latex": {"text/latex": "$\\href{javascript:alert(1)}{x}$"},
    "widget": {"application/vnd.jupyter.widget-view+json": {"model_id": "x"}},
}


def test_the_notebook_for_the_formgrader_has_nothing_live_in_it(small):
    notebook = small.released()
    notebook.metadata.title = "<script>alert(1)</script>"
    answer = next(cell for cell in notebook.cells if "shift(value)" in cell.source)
    answer.metadata.tags = ["<script>"]
    answer.outputs = [
        {"output_type": "display_data", "data": data, "metadata": {}} for data in HOSTILE.values()
    ]
    notebook.cells[0].source += "\n<img src=x onerror=alert(1)>"
    gradebook.record([(small.outcome("ana"), notebook)], small.classroom)
    (path,) = small.executed()
    kept = nbformat.read(path, as_version=4)
    nbformat.validate(kept)
    assert {output.output_type for cell in kept.cells for output in cell.get("outputs", [])} == {
        "stream"
    }
    assert kept.cells[0].source.startswith("```text\n# One step on")
    assert all(set(cell.metadata) <= {"nbgrader"} for cell in kept.cells)
    text = path.read_text()
    assert "alert(1)</script>" not in text.replace("```text", "")
    assert "svg onload" not in text and "javascript" not in text


SAFE = frozenset(
    "p br hr h1 h2 h3 h4 h5 h6 em strong del code pre blockquote ul ol li a "
    "table thead tbody tr th td div span".split()
)
PIECES = (
    *"< > </ script mermaid javascript: &#106; [a]( ) ` ``` ! $ <!-- ]]> <? # * _ x".split(),
    *("img src=x onerror=alert(1)", "' onclick=", '"', "https://a.example"),
    *("| a |", "|---|", "> ", "# ", " ", "\n", "\n\n"),
)


@settings(max_examples=400, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join))
def test_markdown_that_is_let_through_becomes_text_and_links_alone(source):
    if not shown.is_plain_markdown(source):
        return
    html = MarkdownWithMath(renderer=IPythonRenderer(escape=False)).render(source)
    for tag in BeautifulSoup(html, "html.parser").find_all(True):
        assert tag.name in SAFE
        assert set(tag.attrs) <= {"class", "id", "href", "title", "start", "style"}
        assert tag.get("href", "#").lower().startswith(("http://", "https://", "mailto:", "#"))
