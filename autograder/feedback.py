"""One page for each notebook that was handed in: points, what to look at, and the learner's cells.

The page shows a learner's own outputs, as saved, and none from grading: there the learner's code
was called with hidden data, and could have printed it. Test cells stand there as they were
released. Nothing on the page is live: a learner's text is shown as text, and of Markdown no more is
rendered than headings, paragraphs, lists, tables and listings.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from html import escape
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from autograder import outcome as words
from autograder.classroom import Classroom
from autograder.marks import Mark, Marked, marked
from autograder.outcome import Outcome, Task
from autograder.plan import GIVEN, TESTS, Plan, make_plan
from autograder.records import load_outcomes, notebook_path, write_whole
from autograder.rendered import rendered
from autograder.repair import ROLES, Cell, Unreadable, repair
from autograder.shown import (
    MOST_OUTPUTS,
    Picture,
    output_text,
    picture,
    pictures,
    plain,
    shortened,
)
from autograder.units import Refused, read
from course.errors import CourseError

HERE = Path(__file__).parent
LARGEST_SHOWN = 20 * 2**20  # bytes of a notebook; to parse it takes many times its size
LARGEST_PAGE = 4_000_000  # bytes of cells; the rest of a page is small
LONGEST_SOURCE = 20_000  # characters
LONGEST_OUTPUT = 3_000  # characters
MOST_MARKDOWN = 100_000  # characters of a notebook that are rendered
MOST_SENTENCES = 100  # of repairs, and of notes
PLAIN = Markup()  # the HTML of what is shown as it was typed

VERDICTS = {  # a sign for the eye, words for everybody, and a class
    words.PASSED: ("✓", "Right", "good"),
    words.PARTLY: ("◐", "Partly right", "middling"),
    words.FAILED: ("✗", "Not right yet", "bad"),
    words.NOT_ATTEMPTED: ("○", "Not attempted", "middling"),
    words.NOT_RUN: ("–", "Not run", "middling"),
    words.MANUAL: ("…", "Waits for your instructor", "middling"),
}
BY_HAND = ("●", "Graded by your instructor", "good")
STOPPED = {
    words.TIMED_OUT: ("Your notebook took longer than it may, and was stopped.",),
    words.OUT_OF_MEMORY: ("Your notebook took more memory than it may, and was stopped.",),
    words.DIED: ("Your notebook's Python ended before the notebook did.",),
    words.UNREADABLE: ("The file that was handed in could not be read as a notebook.",),
}


@dataclass(frozen=True)
class Row:
    """A task in the table of points."""

    title: str
    points: str
    unit: str
    sign: str
    verdict: str
    style: str
    message: str


@dataclass(frozen=True)
class Piece:
    """What stands under a cell: an output's text, an error's, a remark of ours, or a picture."""

    kind: str
    text: str = ""
    picture: Picture | None = None


@dataclass(frozen=True)
class Shown:
    """A cell as the page has it."""

    heading: str
    source: str
    is_code: bool
    pieces: list[Piece] = field(default_factory=list)
    html: Markup = PLAIN  # of Markdown, where it can be rendered

    @property
    def size(self) -> int:
        """About how many bytes it takes on the page."""
        source = str(self.html) or self.source
        texts = [self.heading, source, *(piece.text for piece in self.pieces)]
        images = [piece.picture.base64 for piece in self.pieces if piece.picture]
        return sum(len(escape(text).encode()) + 200 for text in [*texts, *images])


def write_feedback(
    classroom: Classroom,
    assignment: str | None = None,
    students: Collection[str] | None = None,
) -> list[Path]:
    """Write a page for each notebook that was graded; equal results give equal bytes.

    Args:
        classroom: whose outcomes, submissions and gradebook are read.
        assignment: only this one.
        students: only these.

    Returns:
        The pages, as `feedback/STUDENT/ASSIGNMENT/NOTEBOOK.html`, where nbgrader looks for them.
        What is missing gets none.

    Raises:
        CourseError: there is nothing to write about, or something cannot be read or written.
    """
    outcomes = _chosen(load_outcomes(classroom, assignment), assignment, students)
    plans = {key: _plan(classroom, *key) for key in {_key(outcome) for outcome in outcomes}}
    books = marked(classroom)
    pages = []
    for outcome in outcomes:
        path = notebook_path(classroom.feedback, outcome, ".html")
        book = books.get((outcome.student, outcome.assignment, outcome.notebook))
        page = render(outcome, plans[_key(outcome)], book, _submission(outcome, classroom))
        write_whole(path, page.encode())
        pages.append(path)
    return pages


def render(outcome: Outcome, plan: Plan, book: Marked | None, submission: bytes | None) -> str:
    """Return a page.

    Args:
        outcome: of a notebook that was handed in.
        plan: of the same notebook.
        book: what the gradebook holds on it, if it has been recorded.
        submission: the bytes that were graded; None if they are not there any more.
    """
    titles = _titles(plan)
    book = book or Marked("", {}, {}, 0.0)
    rows = [_row(task, titles, book.marks.get(task.id)) for task in outcome.tasks]
    style = (HERE / "feedback.css").read_text(encoding="utf-8")
    return _template().render(
        style=Markup(style),
        style_hash=base64.b64encode(hashlib.sha256(style.encode()).digest()).decode(),
        title=_page_title(plan),
        student=plain(book.name or outcome.student),
        assignment=outcome.assignment,
        rows=rows,
        summary=list(_summary(outcome, book)),
        comments=[(titles.get(name, name), plain(text)) for name, text in book.comments.items()],
        repairs=_sentences(outcome.repairs),
        notes=_sentences(outcome.notes or STOPPED.get(outcome.status, ())),
        cells=list(_cells(submission, plan)),
        has_file=submission is not None,
    )


def _chosen(
    outcomes: list[Outcome], assignment: str | None, students: Collection[str] | None
) -> list[Outcome]:
    """Return the outcomes that get a page."""
    unknown = sorted(set(students or ()) - {outcome.student for outcome in outcomes})
    if not outcomes or unknown:
        who = f" of {unknown[0]!r}" if unknown else ""
        what = f" in {assignment}" if assignment else ""
        raise CourseError(f"nothing{who}{what} has been graded; `autograder grade` comes first")
    chosen = [one for one in outcomes if students is None or one.student in students]
    return [one for one in chosen if one.status != words.MISSING]


def _key(outcome: Outcome) -> tuple[str, str]:
    """Return what a plan is known by."""
    return outcome.assignment, outcome.notebook


def _plan(classroom: Classroom, assignment: str, notebook: str) -> Plan:
    """Return a notebook's plan."""
    path = classroom.sources / assignment / f"{notebook}.ipynb"
    try:
        source = path.read_bytes()
    except OSError as error:
        raise CourseError(f"{path}: {error.strerror}; feedback needs the source") from None
    return make_plan(source, assignment, notebook, classroom.config)


def _submission(outcome: Outcome, classroom: Classroom) -> bytes | None:
    """Return the bytes that were graded, whatever their file is called; None if they are gone."""
    for path in sorted(notebook_path(classroom.submitted, outcome).parent.glob("*.ipynb")):
        with suppress(Refused):
            content = read(path)
            if hashlib.sha256(content).hexdigest() == outcome.submission:
                return content
    return None


@cache
def _template():
    """Return the page's template."""
    loader = FileSystemLoader(HERE, encoding="utf-8")
    environment = Environment(
        loader=loader,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=StrictUndefined,
    )
    return environment.get_template("feedback.html")


def _page_title(plan: Plan) -> str:
    """Return the release's first heading, or the assignment's name."""
    headings = (line for cell in plan.cells for line in _headings(cell.kind, cell.released))
    return next(headings, plan.assignment)


def _titles(plan: Plan) -> dict[str, str]:
    """Return a title for each task and answer: the heading above it, numbered if it has several."""
    above: dict[str, str] = {}
    heading = plan.assignment
    for cell in plan.cells:
        heading = next(reversed(list(_headings(cell.kind, cell.released))), heading)
        above[cell.id] = heading
    tasks = Counter(above[task.id] for task in plan.tasks)
    seen: Counter[str] = Counter()
    for task in plan.tasks:
        title = above[task.id]
        seen[title] += 1
        if tasks[title] > 1:
            above[task.id] = f"{title}, part {seen[title]} of {tasks[title]}"
    return above


def _headings(kind: str, source: str) -> Iterator[str]:
    """Yield a Markdown cell's headings, without their marks."""
    text = re.sub(r"^```.*?^```", "", source, flags=re.MULTILINE | re.DOTALL)
    for found in re.finditer(r"^ {0,3}#{1,6}[ \t]+(.+?)[ \t#]*$", text, flags=re.MULTILINE):
        if kind == "markdown":
            yield re.sub(r"[`*]", "", found[1])


def _row(task: Task, titles: dict[str, str], mark: Mark | None) -> Row:
    """Return a task's row: a person's points go before the grader's."""
    points, by_hand = (mark.points, mark.by_hand) if mark else (task.points, False)
    graded = by_hand and task.verdict == words.MANUAL
    sign, verdict, style = BY_HAND if graded else VERDICTS[task.verdict]
    if by_hand and not graded:
        verdict = f"{verdict}; points given by your instructor"
    if mark and mark.extra:
        verdict = f"{verdict}; {_points(mark.extra)} of extra credit included"
    title = titles.get(task.id, task.id)
    most = _number(task.max_points)
    scored = f"up to {most}" if points is None else f"{_number(points)} of {most}"
    unit = _points(task.max_points).split()[1]
    return Row(title, scored, unit, sign, verdict, style, plain(task.message))


def _summary(outcome: Outcome, book: Marked) -> Iterator[str]:
    """Yield what it all comes to."""
    marks = [book.marks.get(task.id) for task in outcome.tasks]
    each = [
        mark.points if mark else task.points
        for mark, task in zip(marks, outcome.tasks, strict=True)
    ]
    total = sum(points or 0.0 for points in each)
    yield f"{_number(total)} of {_points(outcome.max_points)}"
    if book.late_penalty:
        left = _number(max(0.0, total - book.late_penalty))
        yield f"Handed in late: {_points(book.late_penalty)} taken off, which leaves {left}."
    waiting = sum(points is None for points in each)
    if waiting:
        tasks = "One task waits" if waiting == 1 else f"{waiting} tasks wait"
        yield f"{tasks} for your instructor; the points for that are not in yet."


def _points(number: float) -> str:
    """Write a number of points in words."""
    return f"{_number(number)} point{'' if number == 1 else 's'}"


def _number(number: float) -> str:
    """Write a number with two decimals at most."""
    return f"{round(number, 2):g}"


def _sentences(sentences: Iterable[str]) -> list[str]:
    """Return sentences, but not thousands."""
    kept = [plain(sentence) for sentence in sentences]
    more = len(kept) - MOST_SENTENCES
    return kept if more <= 0 else [*kept[:MOST_SENTENCES], f"And {more} more like these."]


def _cells(submission: bytes | None, plan: Plan) -> Iterator[Shown]:
    """Yield a notebook's cells until the page is full."""
    if submission is not None and len(submission) > LARGEST_SHOWN:
        yield _too_large()
        return
    try:
        cells = repair(submission, plan).cells if submission is not None else []
    except (Unreadable, RecursionError):
        return
    except MemoryError:
        yield _too_large()
        return
    size = text = 0
    for number, cell in enumerate(cells, 1):
        text += len(cell.source) if cell.kind != "code" else 0
        shown = _shown(number, cell, text <= MOST_MARKDOWN)
        size += shown.size
        if size > LARGEST_PAGE:
            rest = f"Cells {number} to {len(cells)} are left out: they are too large for this page."
            yield Shown("The rest of your notebook", "", False, [Piece("remark", rest)])
            return
        yield shown


def _too_large() -> Shown:
    """Say that a notebook is too large for a page."""
    why = "The notebook is too large to be shown here: mostly it is outputs that make one large."
    return Shown("All cells", "", False, [Piece("remark", why)])


def _shown(number: int, cell: Cell, render: bool = True) -> Shown:
    """Return a cell as the page has it; of a locked one, only what was released."""
    heading = f"Cell {number}: {ROLES.get(cell.role, 'text')}"
    source = shortened(plain(cell.source), LONGEST_SOURCE)
    pieces = [] if cell.role in (GIVEN, TESTS) else list(_pieces(cell))
    is_code = cell.kind == "code"
    html = rendered(source) if render and not is_code else PLAIN
    return Shown(heading, source, is_code, pieces, html)


def _pieces(cell: Cell) -> Iterator[Piece]:
    """Yield what stands under a cell: the pictures pasted into it, or its saved outputs."""
    for found in pictures(cell.attachments).values():
        yield Piece("picture", picture=found)
    for output in cell.outputs[:MOST_OUTPUTS]:
        yield _piece(output)
    if len(cell.outputs) > MOST_OUTPUTS:
        yield Piece("remark", f"{len(cell.outputs) - MOST_OUTPUTS} more outputs are left out.")


def _piece(output: dict) -> Piece:
    """Return an output as the page has it."""
    found = picture(output.get("data"))
    text = shortened(output_text(output), LONGEST_OUTPUT)
    if found:
        return Piece("picture", picture=found)
    if text:
        return Piece("error" if output.get("output_type") == "error" else "output", text)
    return Piece("remark", "An output that is neither text nor a picture is not shown.")
