"""Who handed in what, and what it came to."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from autograder import journal, records, table
from autograder.outcome import MISSING, Outcome
from autograder.placing import read_records
from autograder.units import Refused, read

if TYPE_CHECKING:
    from autograder.classroom import Classroom

NOT_GRADED = "not graded"
CHANGED = "This graded an older version; grade again."
SINCE = "Handed in since the others were graded; grade again."


@dataclass(frozen=True)
class Row:
    """One notebook of one student.

    Attributes:
        student: as the folder in `classroom/submitted` is named.
        assignment: as `03_teacher_forcing`.
        notebook: without `.ipynb`.
        outcome: None if it has not been graded.
        changed: whether something else lies there than what was graded.
        late: whether Canvas, or nbgrader by the date for it, has it as late.
        absent: whether it is a student of the class who has handed in nothing.
    """

    student: str
    assignment: str
    notebook: str
    outcome: Outcome | None = None
    changed: bool = False
    late: bool = False
    absent: bool = False

    @property
    def status(self) -> str:
        """The outcome's status; that of what has not been graded."""
        if self.outcome and not (self.changed and self.outcome.status == MISSING):
            return self.outcome.status
        return MISSING if self.absent else NOT_GRADED

    @property
    def remarks(self) -> list[str]:
        """The sentences on it: what was mended, what went wrong."""
        if self.changed and self.status == NOT_GRADED:
            return [SINCE]
        said = [*self.outcome.repairs, *self.outcome.notes] if self.outcome else []
        return [*said, CHANGED] if self.changed else said

    def to_dict(self) -> dict:
        """Return the row as plain data: the outcome's fields, if there is one."""
        name = {"student": self.student, "assignment": self.assignment, "notebook": self.notebook}
        fields = self.outcome.to_dict() if self.outcome else name
        return {**fields, "status": self.status, "changed": self.changed, "late": self.late}


def rows(classroom: Classroom, names: list[str]) -> list[Row]:
    """Return what is known of some assignments, sorted by assignment and student.

    Args:
        classroom: the instructor's folders.
        names: of the assignments.

    Raises:
        CourseError: an outcome on disk is damaged, or the gradebook cannot be read.
    """
    from autograder import marks  # late: it takes a second

    found, (students, late) = [], marks.enrolled(classroom)
    for assignment in sorted(names):
        outcomes = {
            (one.student, one.notebook): one for one in records.load_outcomes(classroom, assignment)
        }
        handed_in = {*outcomes, *_submitted(classroom, assignment)}
        absent = set(_of_all(students, classroom, assignment)) - handed_in if handed_in else set()
        for key in sorted(handed_in | absent):
            row = _row(classroom, assignment, *key, outcomes.get(key))
            by_date = (row.student, assignment) in late
            found.append(replace(row, late=row.late or by_date, absent=key in absent))
    return found


def interrupted(classroom: Classroom) -> Iterator[str]:
    """Yield a line if a run of `autograder grade` ended before the gradebook had all of it."""
    left = journal.unrecorded(classroom.work / "journal")
    if left:
        count = "1 notebook is" if len(left) == 1 else f"{len(left)} notebooks are"
        names = " ".join(sorted({assignment for _, assignment, _ in left}))
        yield (
            f"a run was interrupted: {count} graded, but not recorded yet; go on, with the same "
            f"options, by: autograder grade {names} --resume"
        )


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
    older = " (an older version)" if row.changed and row.status != NOT_GRADED else ""
    status = f"{row.status}{older}{', late' if row.late else ''}"
    points = table.points(row.outcome) if row.outcome else ""
    return table.clean(row.student), table.subject(row), status, points


def _submitted(classroom: Classroom, assignment: str) -> Iterator[tuple[str, str]]:
    """Yield the students who have a folder for an assignment, with each of its notebooks."""
    sources = sorted((classroom.sources / assignment).glob("*.ipynb"))
    for student in classroom.students():
        if os.path.lexists(classroom.submitted / student / assignment):
            yield from ((student, source.stem) for source in sources)


def _of_all(
    students: Iterable[str], classroom: Classroom, assignment: str
) -> Iterator[tuple[str, str]]:
    """Yield each of some students with each of an assignment's notebooks."""
    sources = sorted((classroom.sources / assignment).glob("*.ipynb"))
    yield from ((student, source.stem) for student in students for source in sources)


def _row(
    classroom: Classroom, assignment: str, student: str, notebook: str, outcome: Outcome | None
) -> Row:
    """Return one row."""
    folder = classroom.submitted / student / assignment
    changed = outcome is not None and outcome.submission not in _digests(folder, outcome)
    return Row(student, assignment, notebook, outcome, changed, _is_late(folder, notebook))


def _is_late(folder: Path, notebook: str) -> bool:
    """Whether Canvas marked a notebook, or what was handed in for it, as late."""
    known = read_records(folder)
    named = known.get(f"{notebook}.ipynb")
    return any(record.late for record in ([named] if named else known.values()))


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
