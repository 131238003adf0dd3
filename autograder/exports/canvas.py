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
from pathlib import Path

from autograder.exports import Export, Grade
from autograder.exports.matching import alike, match, same_name, some, unwrapped
from autograder.exports.table import Table, guard, number
from autograder.names import shown
from course.errors import CourseError

NAMES = ("Student", "LastName", "FirstName")
IDS = ("ID", "SIS User ID", "SIS Login ID")
ABOUT = (*NAMES, *IDS, "Integration ID", "Root Account", "Section")
POINTS = "    Points Possible"  # indented by Canvas, so that it sorts first

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
    columns = _columns(grades, table, template, made.warnings)
    rows = {at: row for at, row in enumerate(table.rows) if at and _is_student(row)}
    ways = _ways(table.rows[0])
    people = {grade.student: grade for grade in grades}
    found, warnings = match(people.values(), rows, ways)
    made.warnings += warnings + _unmatched(table, rows, found)
    for grade in grades:
        if grade.student in found and grade.assignment in columns:
            _fill(table.rows[found[grade.student]], columns[grade.assignment], grade, made)
    made.files[template.name] = _reduced(table, set(columns.values()), made).to_bytes()
    return made


def _fresh(grades: list[Grade]) -> Export:
    """Return a gradebook of our own."""
    assignments = sorted({grade.assignment for grade in grades})
    people = {grade.student: grade for grade in grades}
    cells = {(g.student, g.assignment): number(g.final) for g in grades if g.final is not None}
    points = {grade.assignment: number(grade.max_score) for grade in grades}
    rows = [
        ["Student", *IDS, "Section", *map(guard, assignments)],
        [POINTS, *[""] * 4, *[points[name] for name in assignments]],
    ]
    for student, grade in sorted(people.items()):
        scores = [cells.get((student, name), "") for name in assignments]
        ids = (grade.canvas_id, grade.sis_id, grade.login or student)
        rows.append([guard(grade.sortable_name), *map(guard, ids), "", *scores])
    warning = (
        "made without a template: Canvas makes a new assignment of each title that it does not "
        "know; to fill in those that there are, export the gradebook and give it as --template"
    )
    made = Export({"canvas.csv": Table(rows).to_bytes()}, [warning])
    made.warnings += _nameless(Table(rows), dict(enumerate(rows[2:], 2)))
    return made


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


def _columns(
    grades: list[Grade], table: Table, template: Path, warnings: list[str]
) -> dict[str, int]:
    """Return the column of each assignment that has one."""
    headers = enumerate(table.rows[0])
    titles = {at: found[1] for at, cell in headers if (found := _TITLE.fullmatch(cell))}
    columns: dict[str, int] = {}
    for assignment in sorted({grade.assignment for grade in grades}):
        fits = {at: alike(assignment, title) for at, title in titles.items()}
        best = [at for at, fit in fits.items() if fit and fit == max(fits.values())]
        if len(best) == 1:
            columns[assignment] = best[0]
        else:
            why = "several columns are called like it" if best else "no column is called like it"
            warnings.append(f"{assignment}: {why}; it is not written")
    if len(set(columns.values())) < len(columns) or not columns:
        raise CourseError(
            f"{template}: it is unclear which column is which assignment's; in Canvas, give each "
            "the assignment's name, and export the gradebook again"
        )
    _compare_points(grades, columns, table, warnings)
    return columns


def _compare_points(
    grades: list[Grade], columns: dict[str, int], table: Table, warnings: list[str]
) -> None:
    """Warn where Canvas has another maximum."""
    row = next((row for row in table.rows if "Points Possible" in row[0]), None)
    maxima = {grade.assignment: grade.max_score for grade in grades}
    for assignment, at in columns.items() if row else ():
        if _points(row[at]) != maxima[assignment]:
            there, here = shown(row[at].strip()) or "no", number(maxima[assignment])
            warnings.append(
                f"{assignment}: {there} points in Canvas, {here} here; scores are written as "
                "they are"
            )


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
    at = {name: header.index(name) for name in ABOUT if name in header}

    def cell(row: Sequence[str], name: str) -> str:
        return row[at[name]].strip() if name in at else ""

    def name(row: Sequence[str]) -> str:
        return cell(row, "Student") or f"{cell(row, 'FirstName')} {cell(row, 'LastName')}"

    def equal(grade: Grade, field: str, row: Sequence[str], column: str) -> bool:
        wanted = getattr(grade, field)
        return bool(wanted) and wanted.casefold() == cell(row, column).casefold()

    def number_and_name(grade: Grade, row: Sequence[str]) -> bool:
        # A student's id may be the number in Canvas, or only look like somebody's.
        agree = not grade.full_name or same_name(grade, name(row))
        return equal(grade, "student", row, "ID") and agree

    return [
        lambda grade, row: equal(grade, "canvas_id", row, "ID"),
        lambda grade, row: equal(grade, "sis_id", row, "SIS User ID"),
        lambda grade, row: equal(grade, "login", row, "SIS Login ID"),
        lambda grade, row: equal(grade, "student", row, "SIS Login ID"),
        lambda grade, row: equal(grade, "student", row, "SIS User ID"),
        lambda grade, row: equal(grade, "email", row, "SIS Login ID"),
        number_and_name,
        lambda grade, row: same_name(grade, name(row)),
    ]


def _unmatched(table: Table, rows: dict[int, list[str]], found: dict[str, int]) -> list[str]:
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
    reduced = Table(safe, table.delimiter, table.newline, table.bom)
    students = {at: safe[at] for at, row in enumerate(table.rows) if at and _is_student(row)}
    made.warnings += _nameless(reduced, students)
    return reduced


def _safe(cell: str, score: bool) -> str:
    """Return a cell that does not run; a score, which may be below 0 in Canvas, is a number."""
    return cell if score and _points(cell) is not None else guard(unwrapped(cell))


def _nameless(table: Table, rows: dict[int, list[str]]) -> list[str]:
    """Return a warning for each student whom Canvas cannot find any more."""
    ids = [at for at, cell in enumerate(table.rows[0]) if cell in IDS]
    return [
        f"{shown(row[0])}: nothing is left for Canvas to find this student by; enter it by hand"
        for row in rows.values()
        if row[0].startswith("'") and all(row[at] == "" or row[at][0] == "'" for at in ids)
    ]
