"""An assignment as the grader knows it: its cells, their points, and the whole of their tests.

A plan is made from the notebook in `solutions/` and holds no answer. It goes to the processes that
grade, and never into a sandbox: there a learner's code could read the hidden tests.
"""

from __future__ import annotations

import ast
import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from course.errors import CourseError

if TYPE_CHECKING:
    from nbformat import NotebookNode
    from traitlets.config import Config

# A cell's role. An answer is the learner's; tests are graded; what is given is read-only; a manual
# answer is graded by a person; text is any other cell of the release.
ANSWER, TESTS, GIVEN, MANUAL, TEXT = "answer", "tests", "given", "manual", "text"


@dataclass(frozen=True)
class PlanCell:
    """One cell of an assignment.

    Attributes:
        id: nbgrader's grade id; for a text cell, which has none, the notebook's cell id.
        kind: "code" or "markdown".
        role: ANSWER, TESTS, GIVEN, MANUAL or TEXT.
        points: at most; 0 for what is not graded.
        released: the source that a learner gets: without solutions and hidden tests.
        tests: the source with its hidden tests; empty unless the role is TESTS.
    """

    id: str
    kind: str
    role: str
    points: float
    released: str
    tests: str = ""

    @property
    def locked(self) -> bool:
        """Whether a learner must not change it."""
        return self.role in (TESTS, GIVEN)


@dataclass(frozen=True)
class Plan:
    """One notebook of an assignment.

    Attributes:
        assignment: its name, as `03_teacher_forcing`.
        notebook: the notebook's name without `.ipynb`.
        cells: in the release's order.
        sha256: of the source notebook's bytes.
    """

    assignment: str
    notebook: str
    cells: tuple[PlanCell, ...]
    sha256: str

    @property
    def tasks(self) -> list[PlanCell]:
        """The cells that bring points, manual ones included."""
        return [cell for cell in self.cells if cell.role in (TESTS, MANUAL)]

    @property
    def points(self) -> float:
        """The most that can be had."""
        return sum(cell.points for cell in self.cells)

    def cell(self, identity: str) -> PlanCell:
        """Return a cell by its id; KeyError if there is none."""
        return {cell.id: cell for cell in self.cells}[identity]

    def to_json(self) -> str:
        """Return the plan as text."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Plan:
        """Return the plan that `to_json` wrote."""
        fields = json.loads(text)
        return cls(**{**fields, "cells": tuple(PlanCell(**cell) for cell in fields["cells"])})


def make_plan(source: bytes, assignment: str, notebook: str, config: Config | None = None) -> Plan:
    """Return the plan of a source notebook.

    Args:
        source: the notebook in `solutions/`, as bytes.
        assignment: its folder's name.
        notebook: its name without `.ipynb`.
        config: nbgrader's configuration, for its marks and stubs.

    Raises:
        CourseError: it is no notebook, or its marks or metadata are wrong.
    """
    name = f"{assignment}/{notebook}.ipynb"
    full, released = _two_views(source, name, config)
    cells = [_plan_cell(*pair, name) for pair in zip(full, released, strict=True)]
    ids = [cell.id for cell in cells]
    doubled = next((identity for identity in ids if ids.count(identity) > 1), None)
    if doubled:
        raise CourseError(f"{name}: two cells have the id {doubled!r}; give each its own")
    return Plan(assignment, notebook, tuple(cells), hashlib.sha256(source).hexdigest())


def imports(plan: Plan) -> list[str]:
    """Return the modules that an assignment's cells import, in order."""
    code = [cell.tests or cell.released for cell in plan.cells if cell.kind == "code"]
    return list(dict.fromkeys(name for source in code for name in _imported(source)))


def _imported(source: str) -> Iterator[str]:
    """Yield the modules named by a cell's import statements."""
    try:
        tree = ast.parse(source)
    except SyntaxError:  # a magic; its cell runs all the same
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def bound(source: str) -> Iterator[str]:
    """Yield the names that a cell binds at its top level."""
    try:
        nodes: list[ast.AST] = [ast.parse(source)]
    except SyntaxError:
        return
    while nodes:
        node = nodes.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.alias):
            yield (node.asname or node.name).partition(".")[0]
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif not isinstance(node, ast.Lambda):
            nodes += ast.iter_child_nodes(node)


def read_notebook(text: bytes, label: str) -> NotebookNode:
    """Return a notebook's bytes as a notebook.

    Raises:
        CourseError: they are none.
    """
    import nbformat

    try:
        return nbformat.reads(text.decode(), as_version=4)
    except Exception as error:  # nbformat raises whatever it meets
        raise CourseError(f"{label}: not a notebook ({type(error).__name__})") from None


def _two_views(source: bytes, name: str, config: Config | None) -> tuple[list, list]:
    """Return the cells as written, and as nbgrader would release them."""
    import nbformat
    from nbgrader.preprocessors import ClearHiddenTests, ClearSolutions

    full = read_notebook(source, name)
    released = nbformat.from_dict(full)
    for step in (ClearSolutions, ClearHiddenTests):
        try:
            released, _ = step(config=config).preprocess(released, {})
        except (RuntimeError, ValueError, KeyError) as error:
            raise CourseError(f"{name}: {error}") from None
    return full.cells, released.cells


def _plan_cell(full: dict, released: dict, name: str) -> PlanCell:
    """Return one cell, from its two views."""
    marks = full.metadata.get("nbgrader", {})
    kind = role(full)
    identity = marks.get("grade_id") if kind != TEXT else full.get("id")
    if not identity:
        raise CourseError(f"{name}: the cell {full.source[:40]!r} has no id; `make notebooks`")
    points = marks.get("points") if kind in (TESTS, MANUAL) else 0
    if isinstance(points, bool) or not isinstance(points, int | float) or points < 0:
        raise CourseError(f"{name}: the cell {identity!r} needs points, a number from 0 up")
    if full.cell_type == "code" and kind in (TESTS, GIVEN):
        _check_python(full.source, f"{name}: the cell {identity!r}")
    tests = full.source if kind == TESTS else ""
    return PlanCell(identity, full.cell_type, kind, float(points), released.source, tests)


def _check_python(source: str, cell: str) -> None:
    """Refuse what the checker, which is no notebook, cannot run.

    Raises:
        CourseError: the source is not plain Python.
    """
    try:
        ast.parse(source)
    except SyntaxError as error:
        why = f"{error.msg}, line {error.lineno}"
        raise CourseError(f"{cell} is not plain Python ({why}); magics belong elsewhere") from None


def role(cell: dict) -> str:
    """Return a source cell's role, from nbgrader's metadata."""
    marks = cell["metadata"].get("nbgrader", {})
    if marks.get("task") or (marks.get("grade") and marks.get("solution")):
        return MANUAL
    if marks.get("grade"):
        return TESTS
    if marks.get("solution"):
        return ANSWER
    return GIVEN if marks.get("locked") else TEXT
