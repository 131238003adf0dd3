"""Canvas: a gradebook to import.

With a template, the gradebook exported from Canvas: its columns that name a student are kept, and
of the assignments' columns those that are filled. The others are left out on purpose. Canvas does
not touch a column that is not in the file, and an old value in one would take back what has been
entered since. Rows keep their order; `Points Possible` and the row about posting stay. A score is
written where there is one, except over `EX` (excused) and `N/A` (not assigned).

Canvas finds a student by `ID`, then `SIS User ID`, then `SIS Login ID`, and only then by the name,
so the name may get an apostrophe. It writes a name that begins with `=` as `="=..."`, which is
a formula itself; that is undone first. An assignment is found by the number in `Title (123)`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from autograder.exports import Export, Grade
from autograder.exports.matching import (
    alike,
    everyone,
    match,
    same_name,
    score_cells,
    some,
    unwrapped,
)
from autograder.exports.table import Table, guard, number
from autograder.names import shown
from course.errors import CourseError

NAMES = ("Student", "LastName", "FirstName")
IDS = ("ID", "SIS User ID", "SIS Login ID")
ABOUT = (*NAMES, *IDS, "Integration ID", "Root Account", "Section")
POINTS = "    Points Possible"  # indented by Canvas, so that it sorts first

_NEW_TITLES = (
    "made without a template: Canvas makes a new assignment of each title that it does not know; "
    "to fill in those that there are, export the gradebook and give it as --template"
)
_TITLE = re.compile(r"(.*)\s\((\d+)\)", re.DOTALL)
_KEPT = ("ex", "n/a")


def write(grades: list[Grade], template: Path | None = None) -> Export:
    """Return a gradebook for Canvas's import.

    Args:
        grades: of any number of assignments.
        template: the gradebook exported from Canvas.

    Raises:
        CourseError: the template is none, or has no column for any of the assignments.
    """
    if template is None:
        return _fresh(grades)
    made = Export()
    table = Table.read(template)
    _check_header(table, template)
    columns = _columns(grades, table, template, made)
    rows = {at: row for at, row in enumerate(table.rows) if at and _is_student(row)}
    found, warnings = match(everyone(grades).values(), rows, _ways(table.rows[0]))
    made.warnings += warnings + _unmatched(rows, found)
    for grade in grades:
        if grade.student in found and grade.assignment in columns:
            _fill(table.rows[found[grade.student]], columns[grade.assignment], grade, made)
    made.files[template.name] = _reduced(table, set(columns.values()), made).to_bytes()
    return made


def _fresh(grades: list[Grade]) -> Export:
    """Return a gradebook of our own."""
    points = {grade.assignment: number(grade.max_score) for grade in grades}
    cells = score_cells(grades)
    table = Table([["Student", *IDS, "Section", *map(guard, points)]])
    table.rows.append([POINTS, *[""] * 4, *points.values()])
    for student, grade in everyone(grades).items():
        ids = (grade.canvas_id, grade.sis_id, grade.login or student)
        scores = [cells.get((student, name), "") for name in points]
        table.rows.append([guard(grade.sortable_name), *map(guard, ids), "", *scores])
    warnings = [_NEW_TITLES, *_nameless(table.rows[0], table.rows[2:])]
    return Export({"canvas.csv": table.to_bytes()}, warnings)


def _check_header(table: Table, template: Path) -> None:
    """Refuse what Canvas would not take for a gradebook."""
    header = table.rows[0] if table.rows else []
    if not ({"Student", "LastName"} & set(header) and {"ID", "Section"} <= set(header)):
        raise CourseError(
            f"{template}: not a gradebook of Canvas: no columns Student, ID and Section; "
            "export it again from Canvas"
        )
    short = next((n for n, row in enumerate(table.rows, 1) if len(row) != len(header)), None)
    if short:
        raise CourseError(f"{template}, line {short}: {len(header)} cells expected")


def _columns(grades: list[Grade], table: Table, template: Path, made: Export) -> dict[str, int]:
    """Return the column of each assignment that has one."""
    headers = enumerate(table.rows[0])
    titles = {at: found[1] for at, cell in headers if (found := _TITLE.fullmatch(cell))}
    best = {name: _best(name, titles) for name in sorted({grade.assignment for grade in grades})}
    columns = {name: found[0] for name, found in best.items() if len(found) == 1}
    for name in sorted(set(best) - set(columns)):
        how_many = "several columns are" if best[name] else "no column is"
        made.warnings.append(f"{name}: {how_many} called like it; it is not written")
    if len(set(columns.values())) < len(columns) or not columns:
        raise CourseError(
            f"{template}: it is unclear which column is which assignment's; in Canvas, give each "
            "the assignment's name, and export the gradebook again"
        )
    made.warnings += _other_points(grades, columns, table)
    return columns


def _best(assignment: str, titles: dict[int, str]) -> list[int]:
    """Return the columns whose titles name an assignment best."""
    fits = {at: alike(assignment, title) for at, title in titles.items()}
    return [at for at, fit in fits.items() if fit and fit == max(fits.values())]


def _other_points(grades: list[Grade], columns: dict[str, int], table: Table) -> list[str]:
    """Return a warning for each assignment of which Canvas has another maximum."""
    row = next((row for row in table.rows if "Points Possible" in row[0]), None)
    maxima = {grade.assignment: grade.max_score for grade in grades}
    there = {name: row[at].strip() for name, at in columns.items()} if row else {}
    return [
        f"{name}: {shown(cell) or 'no'} points in Canvas, {number(maxima[name])} here; scores are "
        "written as they are"
        for name, cell in there.items()
        if _points(cell) != maxima[name]
    ]


def _points(cell: str) -> float | None:
    """Return a number with a decimal point or comma; None if it is none."""
    cell = cell.strip().replace(",", ".")
    return float(cell) if re.fullmatch(r"-?\d+(\.\d+)?", cell) else None


def _is_student(row: Sequence[str]) -> bool:
    """Return whether a row is a student's, and not about points, posting, or a test."""
    about = all(re.fullmatch(r"\s*(Muted|Manual Posting.*)?\s*", cell, re.I) for cell in row)
    return not about and "Points Possible" not in row[0] and row[0] != "Student, Test"


def _ways(header: Sequence[str]) -> list[Callable[[Grade, Sequence[str]], bool]]:
    """Return how a row is known to be a student's, the surest way first."""
    pairs = (
        ("canvas_id", "ID"),
        ("sis_id", "SIS User ID"),
        ("login", "SIS Login ID"),
        ("student", "SIS Login ID"),
        ("student", "SIS User ID"),
        ("email", "SIS Login ID"),
    )
    # A student's id may be the number in Canvas, or only look like somebody's.
    named = partial(_is_named, header)
    numbered = partial(_equal, header, "student", "ID")
    return [
        *(partial(_equal, header, field, column) for field, column in pairs),
        lambda grade, row: numbered(grade, row) and (not grade.full_name or named(grade, row)),
        named,
    ]


def _equal(
    header: Sequence[str], field: str, column: str, grade: Grade, row: Sequence[str]
) -> bool:
    """Return whether a row has in a column what a grade has in a field."""
    wanted = getattr(grade, field).casefold()
    return bool(wanted) and wanted == _cell(header, row, column).casefold()


def _is_named(header: Sequence[str], grade: Grade, row: Sequence[str]) -> bool:
    """Return whether a row has a student's name, in one column or in two."""
    return same_name(grade, " ".join(_cell(header, row, column) for column in NAMES).strip())


def _cell(header: Sequence[str], row: Sequence[str], column: str) -> str:
    """Return a row's cell in a column; empty if there is no such column."""
    return row[header.index(column)].strip() if column in header else ""


def _unmatched(rows: dict[int, list[str]], found: dict[str, int]) -> list[str]:
    """Return a warning if rows stay as they are."""
    left = [shown(unwrapped(rows[at][0])) for at in sorted(set(rows) - set(found.values()))]
    return [f"not in our gradebook: {some(left)}; their cells stay as they are"] if left else []


def _fill(row: list[str], at: int, grade: Grade, made: Export) -> None:
    """Write a score into a row, unless Canvas has settled it."""
    if grade.final is None:
        return
    if row[at].strip().casefold() in _KEPT:
        made.warnings.append(
            f"{shown(grade.student)}, {grade.assignment}: {row[at].strip()} in Canvas; that stays"
        )
        return
    row[at] = number(grade.final)


def _reduced(table: Table, filled: set[int], made: Export) -> Table:
    """Return a table with the columns about students and those that were filled, all guarded."""
    header = table.rows[0]
    kept = [at for at, cell in enumerate(header) if cell in ABOUT or at in filled]
    safe = [[_safe(row[at], at in filled) for at in kept] for row in table.rows]
    students = [safe[at] for at, row in enumerate(table.rows) if at and _is_student(row)]
    made.warnings += _nameless(safe[0], students)
    return Table(safe, table.delimiter, table.newline, table.bom)


def _safe(cell: str, score: bool) -> str:
    """Return a cell that does not run; a score, which may be below 0 in Canvas, is a number."""
    return cell if score and _points(cell) is not None else guard(unwrapped(cell))


def _nameless(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Return a warning for each student whom Canvas cannot find any more."""
    ids = [at for at, cell in enumerate(header) if cell in IDS]
    return [
        f"{shown(row[0])}: nothing is left for Canvas to find this student by; enter it by hand"
        for row in rows
        if row[0].startswith("'") and all(row[at][:1] in ("", "'") for at in ids)
    ]
