"""Finds the row of a template that is a student's, and the column that is an assignment's."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence

from autograder.exports import Grade
from autograder.exports.table import number
from autograder.layouts import canonical
from autograder.names import shown, word_orders


def match(
    people: Iterable[Grade],
    rows: Mapping[int, Sequence[str]],
    ways: Sequence[Callable[[Grade, Sequence[str]], bool]],
) -> tuple[dict[str, int], list[str]]:
    """Return each student's row, and a warning for each who has none.

    Args:
        people: a grade of each student.
        rows: the template's, by their index.
        ways: to tell that a row is a student's, the surest first, the name last.
    """
    found: dict[str, int] = {}
    warnings: list[str] = []
    by_name: list[str] = []
    for grade in people:
        tries = ((way, _hits(grade, rows, way)) for way in ways)
        way, hits = next(((way, hits) for way, hits in tries if hits), (None, []))
        if len(hits) == 1:
            found[grade.student] = hits[0]
            by_name += [_called(grade)] * (way is ways[-1])
        else:
            how_many = "several rows fit" if hits else "no row fits"
            warnings.append(f"{_called(grade)}: {how_many}; the grade is not written")
    if by_name:
        warnings.append(f"found by name alone, look at them: {some(by_name)}")
    return _without_doubles(found, warnings), warnings


def everyone(grades: Iterable[Grade]) -> dict[str, Grade]:
    """Return a grade of each student, sorted by student."""
    return {grade.student: grade for grade in sorted(grades, key=lambda one: one.student)}


def score_cells(grades: Iterable[Grade]) -> dict[tuple[str, str], str]:
    """Return the cell of each student and assignment; empty if nothing was submitted."""
    return {
        (grade.student, grade.assignment): "" if grade.final is None else number(grade.final)
        for grade in grades
    }


def some(names: Sequence[str], most: int = 5) -> str:
    """Return a few names for a message."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return "; ".join(names[:most]) + more


def same_name(grade: Grade, name: str) -> bool:
    """Return whether a name is a student's, in any order of its words."""
    return bool(word_orders(unwrapped(name)) & word_orders(grade.full_name))


def unwrapped(name: str) -> str:
    """Return a name without the `="..."` that Canvas puts around one that begins with `=`."""
    wrapped = re.fullmatch(r'="(.*)"', name, re.DOTALL)
    return wrapped[1] if wrapped else name


def alike(assignment: str, title: str) -> int:
    """Return how well a title names an assignment: 3 exactly, 2 but for the number, 1 within."""
    full, wanted = _words(title), _words(assignment)
    bare, bare_title = (re.sub(r"^\d+_", "", words) for words in (wanted, full))
    if full == wanted:
        return 3
    return 2 if bare_title == bare else int(f"_{bare}_" in f"_{full}_")


def _words(title: str) -> str:
    """Return a title in small letters, its words joined by underscores."""
    return re.sub(r"\W+", "_", canonical(title)).strip("_")


def _hits(
    grade: Grade, rows: Mapping[int, Sequence[str]], way: Callable[[Grade, Sequence[str]], bool]
) -> list[int]:
    """Return the rows that one way finds."""
    return [index for index, row in rows.items() if way(grade, row)]


def _without_doubles(found: dict[str, int], warnings: list[str]) -> dict[str, int]:
    """Leave out rows that two students were matched with."""
    students = defaultdict(list)
    for student, row in found.items():
        students[row].append(student)
    for row, doubled in students.items():
        if len(doubled) > 1:
            names = " and ".join(shown(name) for name in doubled)
            warnings.append(f"{names} fit the same row ({row + 1}); neither grade is written")
    return {student: row for student, row in found.items() if len(students[row]) == 1}


def _called(grade: Grade) -> str:
    """Return a student for a message."""
    return shown(f"{grade.student} ({grade.full_name})" if grade.full_name else grade.student)
