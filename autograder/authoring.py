"""What an author can get wrong in an assignment: marks, points, and solutions that show."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import takewhile
from typing import TYPE_CHECKING

from autograder.plan import ANSWER, MANUAL, TESTS, TEXT, Plan, PlanCell, bound, role
from course.errors import CourseError

if TYPE_CHECKING:
    from nbformat import NotebookNode
    from traitlets.config import Config

HEADING = re.compile(r"(#{1,6})\s+(.*)")
STATED = re.compile(r"\((\d+(?:\.\d+)?) points?\)[\s#]*$")
FENCE = re.compile(r"\s*(```|~~~)")
ATTACHED = re.compile(r"attachment:([^)\s]+)")
# Lines that give nothing away, wherever they stand: imports, heads of blocks, `return name`.
COMMONPLACE = re.compile(r"(import|from)\s.*|.*:|(return|yield)\s+[\w, ]+|.{,12}")


@dataclass(frozen=True)
class Marks:
    """The two lines around what is taken out of a release, and where they may stand."""

    begin: str
    end: str
    roles: tuple[str, ...]
    where: str


@dataclass(frozen=True)
class Heading:
    """A Markdown heading; `points` is None if it states none."""

    level: int
    text: str
    points: float | None


def check_marks(notebook: NotebookNode, label: str, config: Config | None = None) -> None:
    """Refuse marks of solutions and hidden tests that are unbalanced or in a cell of another kind.

    Args:
        notebook: an assignment's source.
        label: what to call it in the message.
        config: nbgrader's configuration, for its marks.

    Raises:
        CourseError: there are such marks; the message names the cell.
    """
    for number, cell in enumerate(notebook.cells, 1):
        called = f"{label}: the cell {_called(cell, number)}"
        for marks in marks_of(config):
            try:
                inside, _ = split(cell.source, marks)
            except ValueError as error:
                raise CourseError(f"{called}: {error}") from None
            if inside is not None and role(cell) not in marks.roles:
                raise CourseError(f"{called}: {marks.begin!r} belongs in {marks.where}")


def _called(cell: dict, number: int) -> str:
    """Return what an author finds a cell by."""
    name = cell.metadata.get("nbgrader", {}).get("grade_id")
    return repr(name) if name else f"number {number}, {cell.source[:30]!r},"


def marks_of(config: Config | None) -> list[Marks]:
    """Return the marks that nbgrader goes by; those of solutions come first."""
    from nbgrader.preprocessors import ClearHiddenTests, ClearMarkScheme, ClearSolutions

    answers, tests = ClearSolutions(config=config), ClearHiddenTests(config=config)
    scheme = ClearMarkScheme(config=config)
    pairs = (
        (answers.begin_solution_delimeter, answers.end_solution_delimeter),
        (tests.begin_test_delimeter, tests.end_test_delimeter),
        (scheme.begin_mark_scheme_delimeter, scheme.end_mark_scheme_delimeter),
    )
    places = (
        ((ANSWER, MANUAL), "an answer cell"),
        ((TESTS,), "a cell of graded tests"),
        ((MANUAL,), "a cell that a person grades"),
    )
    return [Marks(*pair, *place) for pair, place in zip(pairs, places, strict=True)]


def split(source: str, marks: Marks) -> tuple[list[str] | None, list[str]]:
    """Return the lines inside and outside of the marked regions; None if there is no region.

    Args:
        source: of a cell.
        marks: the lines that begin and end a region.

    Raises:
        ValueError: a region is not ended, not begun, or begun twice.
    """
    inside, outside, open_, regions = [], [], False, 0
    for line in source.split("\n"):
        begins, ends = marks.begin in line, marks.end in line
        if (begins and open_) or (ends and not open_):
            raise ValueError(f"{line.strip()!r} stands alone")
        open_, regions = (open_ or begins) and not ends, regions + begins
        if not begins and not ends:
            (inside if open_ else outside).append(line)
    if open_:
        raise ValueError(f"{marks.begin!r} has no {marks.end!r}")
    return (inside if regions else None), outside


def check_names(plan: Plan) -> None:
    """Refuse tests that lean on what a learner can change: a helper that no locked cell defines.

    An answer's own names are meant to be the learner's; imports and all that text cells bind are
    not, and belong into a locked cell.

    Raises:
        CourseError: a name that tests use comes from an unlocked cell.
    """
    code = [cell for cell in plan.cells if cell.kind == "code"]
    trusted = {name for cell in code if cell.locked for name in bound(cell.tests or cell.released)}
    open_cells = {
        name: cell for cell in code if not cell.locked for name in _not_the_learners(cell)
    }
    for cell in (cell for cell in code if cell.locked):
        for name in sorted(_used(cell.tests or cell.released) - trusted):
            if name in open_cells:
                raise CourseError(
                    f"{plan.assignment}/{plan.notebook}.ipynb: the cell {cell.id!r} uses {name!r}, "
                    f"which only the unlocked cell {open_cells[name].id!r} defines; lock that one"
                )


def _not_the_learners(cell: PlanCell) -> Iterator[str]:
    """Yield the names of an unlocked cell that should not be the learner's to define."""
    if cell.role == TEXT:
        yield from bound(cell.released)
    elif _is_python(cell.released):
        imports = (ast.Import, ast.ImportFrom)
        for node in ast.walk(ast.parse(cell.released)):
            if isinstance(node, imports):
                yield from bound(ast.unparse(node))


def _used(source: str) -> set[str]:
    """Return the names that a cell reads."""
    names = (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Name))
    return {node.id for node in names if isinstance(node.ctx, ast.Load)}


def check_points(plan: Plan) -> None:
    """Refuse points in headings that are not the sum of the graded cells below them.

    The title and the heading of each task state theirs: `## The shift (3 points)`.

    Raises:
        CourseError: they differ, or a graded cell has no heading that states its points.
    """
    label, outline = f"{plan.assignment}/{plan.notebook}.ipynb", list(_outline(plan))
    titles = [item for item in outline if isinstance(item, Heading) and item.level == 1]
    if len(titles) != 1 or outline[0] is not titles[0] or titles[0].points is None:
        raise CourseError(f"{label}: must begin with its only title, as in `# Title (10 points)`")
    for place, item in enumerate(outline):
        if isinstance(item, Heading):
            _check_sum(item, outline[place + 1 :], label)
        else:
            _check_stated(item, outline[:place], label)


def _outline(plan: Plan) -> Iterator[Heading | PlanCell]:
    """Yield the headings and the graded cells of a release, in order."""
    for cell in plan.cells:
        if cell.kind == "markdown":
            yield from _headings(cell.released)
        if cell.role in (TESTS, MANUAL):
            yield cell


def _headings(text: str) -> Iterator[Heading]:
    """Yield the headings of a Markdown cell; a comment in a code block is none."""
    fenced = False
    for line in text.split("\n"):
        fenced ^= bool(FENCE.match(line))
        found = None if fenced else HEADING.match(line)
        if found:
            stated = STATED.search(found[2])
            yield Heading(len(found[1]), found[2], float(stated[1]) if stated else None)


def _check_sum(heading: Heading, after: list[Heading | PlanCell], label: str) -> None:
    """Refuse a heading that does not state the sum of its section."""
    section = takewhile(lambda item: not _ends(item, heading), after)
    total = sum(item.points for item in section if isinstance(item, PlanCell))
    if heading.points is not None and heading.points != total:
        raise CourseError(f"{label}: {heading.text!r}, but the cells below it have {total:g}")


def _ends(item: Heading | PlanCell, heading: Heading) -> bool:
    """Whether an item ends the section that a heading begins."""
    return isinstance(item, Heading) and item.level <= heading.level


def _check_stated(cell: PlanCell, before: list[Heading | PlanCell], label: str) -> None:
    """Refuse a graded cell that is in no task, or worth nothing without a heading that says so."""
    above: list[Heading] = []
    for item in before:
        if isinstance(item, Heading):
            above = [*(outer for outer in above if outer.level < item.level), item]
    stating = [heading for heading in above if heading.points is not None]
    if len(stating) < 2:
        where = "is below no heading of a task, as in `## The shift (3 points)`"
        raise CourseError(f"{label}: the cell {cell.id!r} {where}")
    if not cell.points and stating[-1].points:
        raise CourseError(
            f"{label}: the cell {cell.id!r} has 0 points; only `(0 points)` allows it"
        )


def check_release(
    plan: Plan, source: NotebookNode, released: NotebookNode, config: Config | None = None
) -> None:
    """Refuse a release whose stubs are not in the solution, or that shows part of a solution.

    Args:
        plan: of the source.
        source: the notebook in `solutions/`.
        released: what nbgrader made of it.
        config: nbgrader's configuration, for its marks and stubs.

    Raises:
        CourseError: it is such a release; the message names the cell.
    """
    label = f"{plan.assignment}/{plan.notebook}.ipynb"
    if len(source.cells) != len(released.cells):
        raise CourseError(f"{label}: the release has other cells than its source")
    secret: dict[str, list[str]] = {}
    given_lines: set[str] = set()
    for cell, full, given in zip(plan.cells, source.cells, released.cells, strict=True):
        called = f"{label}: the cell {cell.id!r}"
        if cell.role == ANSWER:
            inside, outside = _check_answer(full, given, called, config)
            secret[cell.id] = [line.strip() for line in inside if _telling(line)]
            given_lines |= {line.strip() for line in outside}
        unseen = set(given.get("attachments", {})) - set(ATTACHED.findall(given.source))
        if unseen:
            raise CourseError(
                f"{called}: the attached {unseen.pop()!r} is not in its text; delete it"
            )
    for identity, lines in secret.items():
        lines = [line for line in lines if line not in given_lines]
        _check_hidden(identity, lines, released, label)
    _check_unmarked(released, label, config)


def _check_answer(
    full: dict, given: dict, called: str, config: Config | None
) -> tuple[list[str], list[str]]:
    """Refuse an answer cell without a solution, or whose stub the solution lacks; return both."""
    marks = marks_of(config)[0]
    inside, outside = split(full.source, marks)
    if inside is None or not "".join(inside).strip():
        raise CourseError(f"{called}: no solution between {marks.begin!r} and {marks.end!r}")
    stub = [line for line in given.source.split("\n") if line.strip() not in _stubs(given, config)]
    whole = iter(full.source.split("\n"))
    lost = next((line for line in stub if line not in whole), None)
    if lost is not None:
        raise CourseError(f"{called}: its stub has {lost.strip()!r}, and its solution has not")
    if _is_python(full.source) and not _is_python(given.source):
        raise CourseError(f"{called}: without its solution this is no Python; mind the indentation")
    return inside, outside


def _stubs(cell: dict, config: Config | None) -> list[str]:
    """Return the lines that nbgrader writes in place of a solution."""
    from nbgrader.preprocessors import ClearSolutions

    clear = ClearSolutions(config=config)
    stub = clear.code_stub["python"] if cell.cell_type == "code" else clear.text_stub
    return [line.strip() for line in stub.split("\n")]


def _is_python(source: str) -> bool:
    """Whether a cell is plain Python: a magic is not."""
    try:
        return bool(ast.parse(source))
    except SyntaxError:
        return False


def _telling(line: str) -> bool:
    """Whether a line of a solution gives something away."""
    return not COMMONPLACE.fullmatch(line.strip())


def _check_hidden(identity: str, lines: list[str], released: NotebookNode, label: str) -> None:
    """Refuse a release in which part of a solution stands anywhere."""
    for number, cell in enumerate(released.cells, 1):
        shown = _shown(lines, cell)
        if shown:
            where = f"the cell {_called(cell, number)} shows a line of the solution"
            raise CourseError(f"{label}: {where} of {identity!r}: {shown!r}")


def _shown(lines: list[str], cell: dict) -> str | None:
    """Return a line of a solution that a cell shows.

    Prose may explain how to call a function; only all lines together give the answer away.
    """
    text = "\n".join(_texts(cell))
    if cell.cell_type != "code":
        return lines[0] if lines and all(line in text for line in lines) else None
    written = {line.strip() for line in text.split("\n")}
    return next((line for line in lines if line in written), None)


def _texts(node: object) -> Iterator[str]:
    """Yield every text in a cell: its source, metadata, attachments and outputs."""
    if isinstance(node, str):
        yield node
    elif isinstance(node, dict):
        for value in node.values():
            yield from _texts(value)
    elif isinstance(node, list):
        for value in node:
            yield from _texts(value)


def _check_unmarked(released: NotebookNode, label: str, config: Config | None) -> None:
    """Refuse a release in which a mark is left."""
    text = "\n".join(_texts(released))
    for marks in marks_of(config):
        left = next((mark for mark in (marks.begin, marks.end) if mark in text), None)
        if left:
            raise CourseError(f"{label}: {left!r} is left in the release")
