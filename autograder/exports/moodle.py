"""Moodle: the offline grading worksheet of an assignment, or a file for the gradebook's import.

The worksheet ("Download grading worksheet") has its headers in the site's language, as
`Identifier, Full name, Email address, Status, Grade, Maximum grade, Grade can be changed, ...`. So
the grade's column is found by what is in it: numbers or nothing, left of a column that has the
same number in each row. Moodle reads three columns of it: the identifier ("Participant 123"), the
grade, and when that was last changed; they, and all others, stay as they were, but that text that a
spreadsheet would run gets an apostrophe. A feedback comment that begins so would get it in Moodle
too. A cell that stays empty changes nothing in Moodle.

Moodle takes a dot for the decimal point in each language, and skips without a word a grade above
its own maximum; a warning says if that is another one than ours.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from autograder.exports import Export, Grade
from autograder.exports.matching import alike, everyone, match, same_name, score_cells
from autograder.exports.table import Table, guard, number
from autograder.names import shown
from course.errors import CourseError

# "Grade" where the cells alone do not tell, in some languages that Moodle is much used in.
_GRADE = (
    "grade bewertung calificación note nota valutazione avaliação cijfer qualificació ocena betyg "
    "karakter arvosana známka hodnocení not оценка оцінка 評点 成绩 成績 ציון الدرجة"
).split()
_HOW_TO_IMPORT = (
    "made without a template: in Moodle's gradebook, Import, CSV file, say whether students are "
    "found by e-mail address or ID number, and which grade item each column is"
)
_NUMBER = re.compile(r"\s*\d+(?:[.,]\d+)?\s*")
_IDENTIFIER = re.compile(r"\D*?(\d+)\s*")


def write(grades: list[Grade], template: Path | None = None) -> Export:
    """Return a filled-in worksheet, or a file for the gradebook's import.

    Args:
        grades: of any number of assignments for the import; of one for a worksheet, unless the
            worksheet's name says which is meant.
        template: the worksheet.

    Raises:
        CourseError: the template is no worksheet, or it is unclear whose grades go into it.
    """
    if template is None:
        return _import(grades)
    table = Table.read(template)
    at, maximum = _grade_column(table, template)
    wanted = _of_one_assignment(grades, template)
    rows = dict(enumerate(table.rows[1:], 1))
    found, warnings = match(wanted, rows, _ways(at))
    made = Export(warnings=warnings)
    for grade in wanted:
        if grade.student in found and grade.final is not None:
            table.rows[found[grade.student]][at] = number(grade.final)
    made.warnings += _other_maximum(wanted, maximum)
    table.rows = [[guard(cell) for cell in row] for row in table.rows]
    made.files[template.name] = table.to_bytes()
    return made


def _import(grades: list[Grade]) -> Export:
    """Return a table of all assignments, to be matched by e-mail address or ID number."""
    assignments = sorted({grade.assignment for grade in grades})
    cells = score_cells(grades)
    table = Table([["Full name", "Email address", "ID number", *map(guard, assignments)]])
    for student, grade in everyone(grades).items():
        about = (grade.full_name, grade.email, grade.sis_id or student)
        scores = (cells.get((student, name), "") for name in assignments)
        table.rows.append([*map(guard, about), *scores])
    lost = [
        f"{shown(row[0])}: nothing is left for Moodle to find this student by; enter it by hand"
        for row in table.rows[1:]
        if all(cell[:1] in ("", "'") for cell in row[1:3])
    ]
    return Export({"moodle.csv": table.to_bytes()}, [_HOW_TO_IMPORT, *lost])


def _grade_column(table: Table, template: Path) -> tuple[int, float]:
    """Return the index of the grades' column, and Moodle's maximum."""
    rows = table.rows[1:]
    header = table.rows[0] if table.rows else []
    uneven = next((n for n, row in enumerate(rows, 2) if len(row) != len(header)), None)
    if uneven:
        raise CourseError(f"{template}, line {uneven}: {len(header)} cells expected")
    found = [at for at in range(len(header) - 1) if rows and _are_grades(rows, at)]
    named = [at for at in found if header[at].strip().casefold() in _GRADE]
    if not found:
        _refuse_several_maxima(header, rows, template)
    if len(named or found) != 1 or not _identified(rows):
        raise CourseError(
            f"{template}: not a grading worksheet of Moodle for grades in points: no column of "
            "grades beside a column with their maximum; download it again from the assignment"
        )
    at = (named or found)[0]
    return at, _value(rows[0][at + 1])


def _identified(rows: Sequence[Sequence[str]]) -> bool:
    """Return whether the first column has a participant's number in each row."""
    return all(_IDENTIFIER.fullmatch(row[0]) for row in rows)


def _are_grades(rows: Sequence[Sequence[str]], at: int) -> bool:
    """Return whether a column has numbers or nothing, and the next the same number throughout."""
    maxima = {row[at + 1].strip() for row in rows}
    if len(maxima) != 1 or not _NUMBER.fullmatch(next(iter(maxima))):
        return False
    grades = [row[at].strip() for row in rows if row[at].strip() not in ("", "-")]
    most = _value(next(iter(maxima)))
    return all(_NUMBER.fullmatch(cell) and _value(cell) <= most for cell in grades)


def _refuse_several_maxima(
    header: Sequence[str], rows: Sequence[Sequence[str]], template: Path
) -> None:
    """Raise if the grades' column would be known, were their maximum the same in each row."""
    for at, title in enumerate(header[:-1]):
        called_so = title.strip().casefold() in _GRADE
        maxima = {row[at + 1].strip(): line for line, row in reversed([*enumerate(rows, 2)])}
        if called_so and len(maxima) > 1 and all(map(_NUMBER.fullmatch, maxima)):
            said = [f"{shown(cell)} in line {line}" for cell, line in reversed(maxima.items())]
            raise CourseError(
                f"{template}: the maximum grade is {' but '.join(said[:2])}; a worksheet is of one "
                "assignment, which has one maximum: download it again from there"
            )


def _value(cell: str) -> float:
    """Return a number with a decimal point or comma."""
    return float(cell.strip().replace(",", "."))


def _of_one_assignment(grades: list[Grade], template: Path) -> list[Grade]:
    """Return the grades that the worksheet is for."""
    names = sorted({grade.assignment for grade in grades})
    fits = {name: max(alike(name, part) for part in _parts(template)) for name in names}
    if len(names) > 1:
        names = [name for name in names if fits[name] and fits[name] == max(fits.values())]
    if len(names) != 1:
        raise CourseError(
            f"{template}: unclear which assignment's worksheet it is; export one assignment alone"
        )
    return [grade for grade in grades if grade.assignment == names[0]]


def _parts(template: Path) -> list[str]:
    """Return what may be a title in a name that Moodle gives: `Grades-COURSE-TITLE-123.csv`."""
    return [template.stem, *template.stem.split("-")]


def _ways(at: int) -> list[Callable[[Grade, Sequence[str]], bool]]:
    """Return how a row is known to be a student's, the surest way first.

    Args:
        at: the column of the grades; those before it are about the student.
    """
    return [
        _is_participant,
        *(partial(_has, at, field) for field in ("email", "sis_id", "login", "student")),
        lambda grade, row: at > 1 and same_name(grade, row[1]),
    ]


def _is_participant(grade: Grade, row: Sequence[str]) -> bool:
    """Return whether a row has a student's number in this assignment."""
    return bool(grade.moodle_id) and _IDENTIFIER.fullmatch(row[0])[1] == grade.moodle_id


def _has(at: int, field: str, grade: Grade, row: Sequence[str]) -> bool:
    """Return whether a cell about the student is what a grade has in a field."""
    wanted = getattr(grade, field).casefold()
    return bool(wanted) and wanted in {cell.strip().casefold() for cell in row[1:at]}


def _other_maximum(grades: list[Grade], maximum: float) -> list[str]:
    """Warn if Moodle's maximum is another one than ours."""
    ours = {grade.max_score for grade in grades} - {maximum}
    return [
        f"the maximum is {number(maximum)} in Moodle, {number(points)} here; scores are written "
        "as they are"
        for points in sorted(ours)
    ]
