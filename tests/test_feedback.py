import hashlib
import re
import unicodedata
from html.parser import HTMLParser
from itertools import pairwise

import nbformat
import pytest
from browsing import chromium
from hypothesis import given, settings
from hypothesis import strategies as st
from pictures import png, text_of
from small_class import ASSIGNMENT, HIDDEN, NOTEBOOK, WHERE, ready

from autograder import feedback, gradebook, records
from autograder.outcome import MISSING, UNREADABLE
from autograder.rendered import rendered
from autograder.repair import OWN
from course.errors import CourseError

PICTURE = {"output_type": "display_data", "data": {"image/png": text_of(png())}, "metadata": {}}
HOSTILE = (
    "<script>window.ran = 1</script>",
    "</pre></article><script>window.ran = 2</script>",
    "<img src=x onerror='window.ran = 3'>",
    "<svg onload='window.ran = 4'></svg>",
    "</style><style>*{display:none}</style>",
    "{{ 7 * 7 }}{% raw %}",
    "&lt;b&gt; &#60;script&#62;",
    "<a href='javascript:window.ran = 5'>click</a>",
    "<meta http-equiv=refresh content='0;url=https://example.invalid'>",
    "<iframe src='https://example.invalid'></iframe>",
)
SPECIAL = "\x1b[31mred\x1b[0m \x1b]0;title\x07done nul\x00 \u202eevil\u202c \x9b1mC1 \x07\x7f"


@pytest.fixture
def small(tmp_path):
    return ready(tmp_path)


@pytest.fixture(scope="module")
def browser():
    with chromium() as browser:
        yield browser


def stream(text: str) -> dict:
    return {"output_type": "stream", "name": "stdout", "text": text}


def graded(small, student="ana", notebook=None, name=f"{NOTEBOOK}.ipynb", **fields):
    """Hand in, record and keep an outcome, as grading does."""
    notebook = notebook or small.answered(stream("hello"))
    sha256 = small.hand_in(student, notebook, name)
    outcome = small.outcome(student, **{"submission": sha256} | fields)
    gradebook.record([(outcome, notebook)], small.classroom)
    records.save_outcome(outcome, small.classroom)
    return outcome


def page(small, student="ana") -> str:
    (path,) = feedback.write_feedback(small.classroom, students=[student])
    assert path == small.classroom.feedback / student / ASSIGNMENT / f"{NOTEBOOK}.html"
    return path.read_text(encoding="utf-8")


class Reader(HTMLParser):
    """What a page says, element by element."""

    def __init__(self, html: str):
        super().__init__()
        self.tags, self.attributes, self.text = [""], [], ""
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.text += "\n"
        self.attributes += [(tag, name, value) for name, value in attrs]

    def handle_data(self, data):
        if self.tags[-1] not in ("style", "title"):
            self.text += data

    @property
    def words(self) -> str:
        return " ".join(self.text.split())


def test_a_page_says_points_verdicts_messages_repairs_and_notes(small):
    graded(
        small,
        shift=1.0,
        twice=0.0,
        status="repaired",
        repairs=["A test cell was missing; it was put back."],
        notes=["Cell 4 ended with NameError."],
    )
    words = Reader(page(small)).words
    assert "One step on Feedback for ana on 02_small 1 of 6 points" in words
    assert "Shift the target, part 1 of 2 1 of 2 points ◐ Partly right shift_works: one" in words
    assert "Shift the target, part 2 of 2 0 of 3 points" in words
    assert "Say why up to 1 point … Waits for your instructor" in words
    assert "One task waits for your instructor" in words
    assert "A test cell was missing; it was put back." in words
    assert "Cell 4 ended with NameError." in words
    assert "Cell 4: your answer def shift(value): return value Output hello" in words


def test_what_a_person_gave_and_wrote_comes_first(small):
    graded(small, shift=0.0)
    gradebook.enrol([{"student": "ana", "first_name": "Ana", "last_name": "Ruiz"}], small.classroom)
    with small.book() as book:
        notebook = book.find_submission_notebook(*WHERE, "ana")
        notebook.late_submission_penalty = 1.5
        given = {"shift_works": (1.5, 0.5), "why": (1.0, None)}
        for name, (points, extra) in given.items():
            grade = book.find_grade(name, *WHERE, "ana")
            grade.manual_score, grade.extra_credit = points, extra
        comment = book.find_comment("shift", *WHERE, "ana")
        comment.manual_comment = "Nearly <b>right</b>."
        book.db.commit()
    words = Reader(page(small)).words
    assert "Feedback for Ana Ruiz on" in words
    assert "6 of 6 points Handed in late: 1.5 points taken off, which leaves 4.5." in words
    assert "2 of 2 points ✗ Not right yet; points given by your instructor; 0.5 points of" in words
    assert "Say why 1 of 1 point ● Graded by your instructor" in words
    assert "Comments by your instructor Shift the target Nearly <b>right</b>." in words


def test_what_was_not_read_says_why(small):
    path = small.classroom.submitted / "ana" / ASSIGNMENT / f"{NOTEBOOK}.ipynb"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"%PDF-1.7")
    sha256 = hashlib.sha256(b"%PDF-1.7").hexdigest()
    outcome = small.unrun("ana", UNREADABLE, "This is no notebook but a PDF.")
    outcome.submission = sha256
    records.save_outcome(outcome, small.classroom)
    words = Reader(page(small)).words
    assert "0 of 6 points" in words
    assert "This is no notebook but a PDF." in words
    assert "There are no cells to show." in words


def test_who_handed_in_nothing_gets_no_page(small):
    records.save_outcome(small.unrun("ana", MISSING), small.classroom)
    assert feedback.write_feedback(small.classroom) == []
    assert not small.classroom.feedback.exists()


def test_a_newer_file_is_not_shown_beside_the_points_of_an_older_one(small):
    graded(small)
    small.hand_in("ana", small.answered(stream("newer")))
    words = Reader(page(small)).words
    assert "newer" not in words
    assert "The file that was graded is not there any more" in words


def test_a_file_that_was_called_otherwise_is_shown_and_a_link_is_not(small):
    graded(small, name="final (2).ipynb")
    assert "Output hello" in Reader(page(small)).words
    folder = small.classroom.submitted / "ana" / ASSIGNMENT
    (folder / "final (2).ipynb").rename(folder.parent / "elsewhere")
    (folder / "link.ipynb").symlink_to(folder.parent / "elsewhere")
    assert "Output hello" not in Reader(page(small)).words


def test_only_those_who_were_asked_for_get_a_page(small):
    for student in ("ana", "ben", "cas"):
        graded(small, student)
    paths = feedback.write_feedback(small.classroom, ASSIGNMENT, ["ben", "ana"])
    assert [path.parent.parent.name for path in paths] == ["ana", "ben"]
    with pytest.raises(CourseError, match="nothing of 'zoe' in 02_small has been graded"):
        feedback.write_feedback(small.classroom, ASSIGNMENT, ["ana", "zoe"])
    with pytest.raises(CourseError, match="nothing in 03_other has been graded"):
        feedback.write_feedback(small.classroom, "03_other")


def test_equal_results_give_equal_bytes(small):
    graded(small, notebook=small.answered(PICTURE, stream("a"), stream("b")), shift=0.0)
    first = page(small)
    small.source.with_suffix(".py").touch()
    assert page(small) == first


def test_hidden_tests_and_outputs_of_test_cells_are_not_in_it(small):
    notebook = small.answered()
    tests = next(cell for cell in notebook.cells if "shift(1)" in cell.source)
    assert tests.cell_type == "code"
    tests.outputs = [nbformat.from_dict(stream("SAVED_BELOW_A_TEST"))]
    tests.source += "\nprint('EDITED')"
    executed = small.answered(stream("PRINTED_WHILE_GRADING"))
    sha256 = small.hand_in("ana", notebook)
    outcome = small.outcome("ana", submission=sha256)
    gradebook.record([(outcome, executed)], small.classroom)
    records.save_outcome(outcome, small.classroom)
    html = page(small)
    assert 'checks.equal("shift(1)", shift(1), 2)' in Reader(html).text
    for word in (HIDDEN, "SAVED_BELOW_A_TEST", "EDITED", "PRINTED_WHILE_GRADING", "shift(41)"):
        assert word not in html


def hostile(small):
    """A notebook that tries each trick in each place that reaches the page."""
    tricks = [stream(text) for text in (*HOSTILE, SPECIAL)]
    data = {"text/html": HOSTILE[0], "application/javascript": "window.ran = 6"}
    tricks.append({"output_type": "display_data", "data": data, "metadata": {}})
    svg = {"image/svg+xml": HOSTILE[3], "image/png": text_of(HOSTILE[3].encode())}
    tricks.append({"output_type": "display_data", "data": svg, "metadata": {}})
    lines = [f"\x1b[0;31m{text}" for text in HOSTILE]
    tricks.append({"output_type": "error", "ename": "E", "evalue": "", "traceback": lines})
    notebook = small.answered(*tricks, PICTURE)
    notebook.cells[0].source += "\n" + "\n".join((*HOSTILE, SPECIAL))
    own = [nbformat.v4.new_code_cell(text) for text in (*HOSTILE, SPECIAL)]
    notebook.cells += [*own, *(nbformat.v4.new_markdown_cell(text) for text in HOSTILE)]
    said = [*HOSTILE, SPECIAL]
    return graded(small, notebook=notebook, shift=0.0, repairs=said, notes=said, status="repaired")


def test_hostile_text_is_shown_as_text(small):
    hostile(small)
    read = Reader(page(small))
    assert {"script", "iframe", "svg", "a", "b"}.isdisjoint(read.tags)
    assert read.tags.count("meta") == 5 and read.tags.count("style") == 1
    assert not [name for _, name, _ in read.attributes if name.startswith("on")]
    for text in HOSTILE:
        assert read.text.count(text) >= 5
    assert read.text.count("red done nul ⟨U+202E⟩evil⟨U+202C⟩ 1mC1") >= 5
    bad = {char for char in read.text if unicodedata.category(char) in ("Cc", "Cf", "Cs")}
    assert bad <= {"\n", "\t"}


def test_no_script_runs_and_nothing_is_fetched(small, browser):
    hostile(small)
    page(small)
    path = small.classroom.feedback / "ana" / ASSIGNMENT / f"{NOTEBOOK}.html"
    tab = browser.new_page()
    asked, said = [], []
    tab.on("request", lambda request: asked.append(request.url))
    tab.on("console", lambda message: said.append(message.text))
    tab.on("dialog", lambda dialog: said.append(dialog.message))
    tab.goto(path.as_uri())
    tab.wait_for_load_state("networkidle")
    assert tab.evaluate("window.ran === undefined")
    assert [url for url in asked if not url.startswith("data:image/png;base64,")] == [path.as_uri()]
    assert said == []
    shown_pictures = tab.evaluate("[...document.images].map(image => image.naturalWidth)")
    assert shown_pictures == [2]
    tab.close()


def test_even_a_script_that_got_into_the_page_would_not_run(small, browser):
    graded(small)
    html = page(small)
    poison = "<script>window.ran = 1</script><p style='color:red'>x</p><img src='file:///x.png'>"
    path = small.classroom.root / "poisoned.html"
    path.write_text(html.replace("<main>", f"<main>{poison}"), encoding="utf-8")
    tab = browser.new_page()
    refused = []
    tab.on("console", lambda message: refused.append(message.text))
    tab.goto(path.as_uri())
    assert tab.evaluate("window.ran === undefined")
    assert (
        tab.evaluate("getComputedStyle(document.querySelector('main p')).color") != "rgb(255, 0, 0)"
    )
    assert len([text for text in refused if "Content Security Policy" in text]) >= 3
    assert tab.evaluate("getComputedStyle(document.body).maxWidth") == "800px"
    tab.close()


WIDTHS = (320, 360, 1200)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_a_phone_and_has_contrast(small, browser, scheme):
    notebook = small.answered(stream("y" * 5000 + " " + "-" * 300), PICTURE)
    notebook.cells.append(nbformat.v4.new_code_cell("x = '" + "z" * 500 + "'"))
    wide = {**PICTURE, "data": {"image/png": text_of(png(3000, 10))}}
    notebook.cells[-1].outputs = [nbformat.from_dict(wide)]
    name = "a_rather_long_name_without_any_space" * 5
    graded(small, notebook=notebook, shift=1.0, twice=0.0, notes=[name], repairs=[name])
    page(small)
    path = small.classroom.feedback / "ana" / ASSIGNMENT / f"{NOTEBOOK}.html"
    for width in WIDTHS:
        tab = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
        tab.goto(path.as_uri())
        assert tab.evaluate("document.scrollingElement.scrollWidth") <= width
        faint = tab.evaluate(FAINT)
        assert faint["checked"] > 20 and faint["found"] == []
        tab.close()


# Every piece of text against the nearest painted background, as WCAG 2 computes it.
FAINT = """() => {
  const parse = text => (text.match(/[\\d.]+/g) || []).map(Number);
  const light = ([r, g, b]) => [r, g, b].map(c => c / 255)
    .map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = element => {
    for (; element; element = element.parentElement) {
      const colour = parse(getComputedStyle(element).backgroundColor);
      if (colour.length === 3) return colour;
    }
    return [255, 255, 255];
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const found = []; let checked = 0;
  while (walker.nextNode()) {
    const text = walker.currentNode, element = text.parentElement;
    if (!text.data.trim()) continue;
    checked += 1;
    const front = light(parse(getComputedStyle(element).color)), back = light(behind(element));
    const ratio = (Math.max(front, back) + 0.05) / (Math.min(front, back) + 0.05);
    if (ratio < 4.5) found.push([text.data.slice(0, 30), ratio]);
  }
  return {checked, found};
}"""


@pytest.mark.parametrize("width", WIDTHS)
def test_a_screen_reader_finds_its_way(small, browser, width):
    graded(small, shift=0.0, notes=["A note."])
    page(small)
    path = small.classroom.feedback / "ana" / ASSIGNMENT / f"{NOTEBOOK}.html"
    tab = browser.new_page(viewport={"width": width, "height": 800})
    tab.goto(path.as_uri())
    assert tab.title() == "Feedback for ana: One step on"
    assert tab.evaluate("document.documentElement.lang") == "en"
    assert tab.get_by_role("main").count() == 1
    table = tab.get_by_role("table", name="Points for each task, and what to look at")
    assert table.get_by_role("rowheader").all_inner_texts() == [
        "Shift the target, part 1 of 2",
        "Shift the target, part 2 of 2",
        "Say why",
    ]
    assert table.get_by_role("row").nth(1).get_by_role("cell").count() == 2
    levels = tab.evaluate("[...document.querySelectorAll('h1,h2,h3')].map(h => +h.tagName[1])")
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    assert tab.evaluate("[...document.querySelectorAll('th')].every(th => th.scope)")
    assert tab.get_by_role("heading", name="Cell 4: your answer").count() == 1
    tab.close()


def test_a_verdict_is_said_in_words_and_not_in_colour_alone(small):
    graded(small, shift=0.0)
    html = page(small)
    verdicts = re.findall(
        r'<span class="(?:good|bad|middling)"><span aria-hidden="true">.</span> (\w+)', html
    )
    assert verdicts == ["Not", "Right", "Waits"]


def test_a_picture_pasted_into_an_answer_is_shown(small):
    notebook = small.answered()
    why = notebook.cells[-1]
    why.source = "![drawing](attachment:drawing.png)"
    why.attachments = {"drawing.png": {"image/png": text_of(png())}}
    graded(small, notebook=notebook)
    html = page(small)
    assert f'<img src="data:image/png;base64,{text_of(png())}" width="2" height="1"' in html
    assert 'alt="Picture in Cell 8: your answer"' in html


def test_markdown_is_rendered_without_anything_live(small):
    notebook = small.answered()
    notebook.cells[-1].source = (
        "### Because\n\n1. it *is*, see [this](javascript:window.ran=1)\n\n"
        "![drawing](https://example.invalid/x.png) <script>window.ran = 2</script>\n\n"
        "| a | b |\n|:--|--:|\n| 1 | 2 |\n\n- [x] done\n\n```html\n<b>\n```\n"
    )
    graded(small, notebook=notebook)
    html = page(small)
    assert "<h4>Because</h4>" in html and "<em>is</em>" in html and "<td>2</td>" in html
    words = Reader(html).words
    assert "this (javascript:window.ran=1) (picture: drawing) <script>window.ran = 2" in words
    assert "☑ done" in words and "###" not in words
    assert {"script", "a", "img", "input"}.isdisjoint(Reader(html).tags)


MARKED = "# * _ ` [ ] ( ) ! < > / : | - ~ & ; = \" ' $ \\ \n \n\n x javascript: on style id http://a".split(
    " "
)
SHOWN = (
    "h4 p em strong code pre ul ol li blockquote hr br del table thead tbody tr th td dl dt dd"
).split()


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.sampled_from([*MARKED, *HOSTILE, " ", "|-|-|\n", "- [x] ", "&#x202e;"])).map(
        "".join
    )
)
def test_no_markdown_becomes_anything_live(text):
    read = Reader(str(rendered(text)))
    assert set(read.tags[1:]) <= set(SHOWN)
    assert {(tag, name) for tag, name, _ in read.attributes} <= {("ol", "start"), ("th", "scope")}
    assert "\u202e" not in read.text


def test_markdown_that_would_take_long_is_shown_as_it_is(small):
    notebook = small.answered()
    long = [nbformat.v4.new_markdown_cell("**bold** " + "x " * 3_900) for _ in range(20)]
    notebook.cells += [*long, nbformat.v4.new_markdown_cell("**" + "y" * 8_000)]
    graded(small, notebook=notebook)
    html = page(small)
    assert 1 < html.count("<strong>bold</strong>") < 20 and "**bold**" in html
    assert "**yyy" in html


def test_the_head_of_the_table_does_not_break_words(small, browser):
    graded(small, shift=0.0)
    page(small)
    path = small.classroom.feedback / "ana" / ASSIGNMENT / f"{NOTEBOOK}.html"
    tab = browser.new_page(viewport={"width": 600, "height": 800})
    tab.goto(path.as_uri())
    lines = """[...document.querySelectorAll('thead th')].map(cell => {
      const range = document.createRange();
      range.selectNodeContents(cell);
      return range.getClientRects().length;
    })"""
    assert tab.evaluate(lines) == [1, 1, 1]
    tab.close()


@settings(max_examples=60, deadline=None)
@given(text=st.text(alphabet=st.sampled_from("<>/&\"'ab =\n`{}%#!-scriptpre"), min_size=1))
def test_no_text_adds_an_element_to_the_page(text):
    cell = feedback.Cell("", "code", OWN, text + "x", [stream(text + "x")])
    html = feedback._template().render(
        style="", style_hash="", title=text, student=text, assignment=text, rows=[],
        summary=[text], comments=[(text, text)], repairs=[text], notes=[text],
        cells=[feedback._shown(1, cell)], has_file=True,
    )  # fmt: skip
    assert set(Reader(html).tags[1:]) == set(BLAND)


BLAND = (
    "html head meta title style body header h1 p bdi main section h2 table caption thead tr th "
    "tbody dl dt dd ul li article h3 pre code"
).split()


def test_a_page_stays_small_whatever_was_saved(small):
    noise = text_of(png() + b"\0" * 600_000)
    picture = {"output_type": "display_data", "data": {"image/png": noise}, "metadata": {}}
    notebook = small.answered(*[picture] * 4)
    notebook.cells += [
        nbformat.v4.new_code_cell("&" * 30_000, outputs=[nbformat.from_dict(stream("<" * 30_000))])
        for _ in range(60)
    ]
    many = [f"Repair {number}." for number in range(900)]
    graded(small, notebook=notebook, repairs=many, status="repaired")
    html = page(small)
    read = Reader(html)
    assert len(html.encode()) < feedback.LARGEST_PAGE + 100_000
    assert re.search(
        r"Cells \d+ to 68 are left out: they are too large for this page\.", read.words
    )
    assert "characters left out" in read.words
    assert "Repair 99. And 800 more like these." in read.words


def test_a_missing_source_is_named(small):
    graded(small)
    small.source.unlink()
    with pytest.raises(CourseError, match=r"small\.ipynb: No such file.*feedback needs the source"):
        feedback.write_feedback(small.classroom)
