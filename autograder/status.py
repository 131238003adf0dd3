"""Who handed in what, and what it came to."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from autograder import records, table
from autograder.outcome import Outcome
from autograder.units import Refused, read

if TYPE_CHECKING:
    from autograder.classroom import Classroom

NOT_GRADED = "not graded"
CHANGED = "The submission has changed since it was graded."


@dataclass(frozen=True)
class Row:
    """One notebook of one student.

    Attributes:
        student: as the folder in `classroom/submitted` is named.
        assignment: as `03_teacher_forcing`.
        notebook: without `.ipynb`.
        outcome: None if it has not been graded.
        changed: whether something else lies there than what was graded.
    """

    student: str
    assignment: str
    notebook: str
    outcome: Outcome | None = None
    changed: bool = False

    @property
    def remarks(self) -> list[str]:
        """The sentences on it: what was mended, what went wrong."""
        said = [*self.outcome.repairs, *self.outcome.notes] if self.outcome else []
        return [*said, CHANGED] if self.changed else said

    def to_dict(self) -> dict:
        """Return the row as plain data: the outcome's fields, if there is one."""
        name = {"student": self.student, "assignment": self.assignment, "notebook": self.notebook}
        fields = self.outcome.to_dict() if self.outcome else {**name, "status": NOT_GRADED}
        return {**fields, "changed": self.changed}


def rows(classroom: Classroom, names: list[str]) -> list[Row]:
    """Return what is known of some assignments, sorted by assignment and student.

    Args:
        classroom: the instructor's folders.
        names: of the assignments.

    Raises:
        CourseError: an outcome on disk is damaged.
    """
    found = []
    for assignment in sorted(names):
        outcomes = {
            (one.student, one.notebook): one for one in records.load_outcomes(classroom, assignment)
        }
        keys = {*outcomes, *_submitted(classroom, assignment)}
        found += [_row(classroom, assignment, *key, outcomes.get(key)) for key in sorted(keys)]
    return found


def known(classroom: Classroom) -> list[str]:
    """Return the assignments that have a source, a submission or an outcome."""
    submitted = (path.name for path in classroom.submitted.glob("*/*") if path.is_dir())
    graded = (path.name for path in (classroom.work / records.OUTCOMES).glob("*"))
    return sorted({*classroom.assignments(), *submitted, *graded})


def print_rows(found: list[Row]) -> None:
    """Print a table on a terminal, plain lines elsewhere."""
    if sys.stdout.isatty():
        _print_table(found)
        return
    heads = [_head(row) for row in found]
    widths = [max(map(len, column)) for column in zip(*heads, strict=True)]
    for row, head in zip(found, heads, strict=True):
        print(
            "  ".join(f"{text:{width}}" for text, width in zip(head, widths, strict=True)).rstrip()
        )
        for remark in row.remarks:
            print(f"    {table.clean(remark)}")


def print_json(found: list[Row]) -> None:
    """Print everything, for other programs."""
    print(json.dumps([row.to_dict() for row in found], indent=1, sort_keys=True))


def _print_table(found: list[Row]) -> None:
    """Print the rows as a table with lines that wrap."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    shown = Table(box=box.SIMPLE_HEAD)
    for name in ("student", "assignment", "outcome", "points", "remarks"):
        shown.add_column(name, justify="right" if name == "points" else "left")
    for row in found:
        remarks = "\n".join(table.clean(remark) for remark in row.remarks)
        shown.add_row(*map(Text, (*_head(row), remarks)))
    Console().print(shown)


def _head(row: Row) -> tuple[str, str, str, str]:
    """Return the short cells of a row."""
    status = row.outcome.status if row.outcome else NOT_GRADED
    points = table.points(row.outcome) if row.outcome else ""
    return table.clean(row.student), table.subject(row), status, points


def _submitted(classroom: Classroom, assignment: str) -> Iterator[tuple[str, str]]:
    """Yield the students who have a folder for an assignment, with each of its notebooks."""
    sources = sorted((classroom.sources / assignment).glob("*.ipynb"))
    for student in classroom.students():
        if os.path.lexists(classroom.submitted / student / assignment):
            yield from ((student, source.stem) for source in sources)


def _row(
    classroom: Classroom, assignment: str, student: str, notebook: str, outcome: Outcome | None
) -> Row:
    """Return one row."""
    folder = classroom.submitted / student / assignment
    changed = outcome is not None and outcome.submission not in _digests(folder, outcome)
    return Row(student, assignment, notebook, outcome, changed)


def _digests(folder: Path, outcome: Outcome) -> set[str]:
    """Return the SHA-256 of each notebook in a folder; of none at all, the empty word."""
    if not outcome.submission and outcome.status != "missing":
        return {""}  # refused without being read
    found = set()
    for path in sorted(folder.glob("*.ipynb")):
        try:
            found.add(hashlib.sha256(read(path)).hexdigest())
        except Refused:
            continue
    return found or {""}
