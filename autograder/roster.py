"""Who is in the class: reads `roster.csv`, and finds the student that a download means.

The columns, in any order; a header's case, spaces and dashes do not matter:

    student_id            the name of the student's folder, and nbgrader's id; also `id`, `student`
    name                  "Ann Lee" or "Lee, Ann"; also Moodle's `Full name`
    first_name, last_name
    email                 also `Email address`
    canvas_id             Canvas's number of the user; also nbgrader's `lms_user_id`
    sis_id                also `SIS User ID`, and Moodle's `ID number`
    login                 also `SIS Login ID`, `Username`
    moodle_id             Moodle's number of the participant, another one in each assignment;
                          also `Identifier`, as "Participant 1234567"

A student id, and any of the others. nbgrader's own list of students, a gradebook exported by
Canvas, and a grading worksheet that Moodle wrote in English are rosters as they are; in these two
the student's id is the login, else the e-mail address, else the number in the student system.

The roster that was given last is kept as `classroom/roster.csv`, and used where none is given.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from pathlib import Path

from autograder.classroom import Classroom
from autograder.exports.table import Table
from autograder.names import shown, squashed, word_orders
from autograder.records import write_whole
from course.errors import CourseError

KEPT = "roster.csv"

_COLUMNS = {
    "id": ("student_id", "student", "id"),
    "name": ("name", "full_name", "fullname"),
    "first_name": ("first_name", "firstname", "given_name"),
    "last_name": ("last_name", "lastname", "surname"),
    "email": ("email", "e_mail", "email_address"),
    "canvas_id": ("canvas_id", "lms_user_id"),
    "sis_id": ("sis_id", "sis_user_id", "id_number"),
    "login": ("login", "sis_login_id", "username"),
    "moodle_id": ("moodle_id", "identifier", "participant", "participant_id"),
}
# A gradebook from Canvas calls the name "Student" and its own number "ID".
_CANVAS_COLUMNS = {"student": "name", "id": "canvas_id"}
_NOBODY = ("points possible", "student, test")  # rows of Canvas's gradebook


@dataclass(frozen=True)
class Student:
    """One row of a roster; what it does not say is empty."""

    id: str
    name: str = ""
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    canvas_id: str = ""
    sis_id: str = ""
    login: str = ""
    moodle_id: str = ""

    @property
    def sortable(self) -> str:
        """The name with the last name first, squashed; empty if it is not known which is which."""
        first, last = self.first_name, self.last_name
        if not (first and last) and self.name.count(",") == 1:
            last, first = self.name.split(",")
        return squashed(last + first) if first and last else ""

    @property
    def names(self) -> set[str]:
        """The name squashed, in each order of its words."""
        return word_orders(self.name) | word_orders(f"{self.first_name} {self.last_name}")

    @property
    def ids(self) -> set[str]:
        """What else the student may be called by, in small letters."""
        known = (self.id, self.login, self.email, self.sis_id)
        return {text.casefold() for text in known if text}


class Roster:
    """The students of a class."""

    def __init__(self, students: Iterable[Student], place: str = "the roster"):
        """Take students.

        Args:
            students: each with an id of its own.
            place: what to call the roster in a message.
        """
        self.students = list(students)
        self.place = place

    @classmethod
    def read(cls, path: Path) -> Roster:
        """Read a CSV file.

        Args:
            path: the file; this module's text says which columns it may have.

        Raises:
            CourseError: there is no such file, no column for ids, or a student without one.
        """
        table = Table.read(path)
        columns = _columns(table.rows[0] if table.rows else [])
        if not {"id", "login", "email", "sis_id"} & set(columns.values()):
            raise CourseError(f"{path}: no column student_id in its first line; add one")
        rows = [(line, _fields(row, columns)) for line, row in enumerate(table.rows[1:], 2)]
        kept = [(line, row) for line, row in rows if any(row.values()) and not _nobody(row)]
        students = [_student(row, f"{path}, line {line}") for line, row in kept]
        _check_distinct(students, [line for line, _ in kept], path)
        return cls(students, str(path))

    def find(self, name: str, canvas_id: str = "", moodle_id: str = "") -> Student:
        """Return the student whom a download means.

        Args:
            name: as in the download: an id, a name in any order, or one that Canvas squashed.
            canvas_id: Canvas's number of the user.
            moodle_id: Moodle's number of the participant.

        Raises:
            CourseError: there is none, or more than one.
        """
        possible = self._possible(canvas_id)
        for way in _ways(name, canvas_id, moodle_id):
            found = [student for student in possible if way(student)]
            if len(found) > 1:
                raise CourseError(f"{_several(found)} are called {shown(name)!r}")
            if found:
                return found[0]
        number = shown(canvas_id or moodle_id)
        also = f" and nobody with the number {number}" if number else ""
        looked = ", ".join(self.columns) or "none filled in"
        raise CourseError(
            f"nobody is called {shown(name)!r} in {self.place} (columns: {looked}){also}"
        )

    @property
    def columns(self) -> list[str]:
        """The columns that say anything of anybody, by the names that this module gives them."""
        named = [field.name for field in fields(Student)]
        known = [name for name in named if any(getattr(one, name) for one in self.students)]
        return ["student_id" if name == "id" else name for name in known]

    def _possible(self, canvas_id: str) -> list[Student]:
        """Return the students without those who are known to have another number in Canvas."""
        return [
            student
            for student in self.students
            if not canvas_id or student.canvas_id in ("", canvas_id)
        ]


def keep(path: Path, classroom: Classroom) -> None:
    """Keep a roster's file for the times when none is given; the last one counts.

    Raises:
        CourseError: it cannot be read, or the disk refuses.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise CourseError(f"{path}: {error.strerror or error}") from None
    write_whole(classroom.work / KEPT, content)


def kept(classroom: Classroom) -> Path | None:
    """Return the file of the roster that was given last; None if there was none."""
    path = classroom.work / KEPT
    return path if path.is_file() else None


def _ways(name: str, canvas_id: str, moodle_id: str) -> list[Callable[[Student], bool]]:
    """Return how a student is known, the surest way first."""
    wanted, bare = name.casefold(), squashed(name)
    return [
        lambda student: bool(canvas_id) and student.canvas_id == canvas_id,
        lambda student: bool(moodle_id) and student.moodle_id == moodle_id,
        lambda student: student.id == name,
        lambda student: wanted in student.ids,
        lambda student: bool(bare) and student.sortable == bare,
        lambda student: bool(bare) and bare in student.names,
    ]


def _several(students: list[Student]) -> str:
    """Return the ids of a few students, for a message."""
    return " and ".join(shown(student.id) for student in students[:3])


def _columns(header: list[str]) -> dict[int, str]:
    """Return the field that each column fills."""
    names = [re.sub(r"[\s_-]+", "_", cell.strip().casefold()) for cell in header]
    known = {alias: field for field, aliases in _COLUMNS.items() for alias in aliases}
    if "sis_login_id" in names:
        known |= _CANVAS_COLUMNS
    return {at: known[name] for at, name in enumerate(names) if name in known}


def _fields(row: list[str], columns: dict[int, str]) -> dict[str, str]:
    """Return a row's cells by field."""
    cells = {field: row[at].strip() for at, field in columns.items() if at < len(row)}
    if number := re.search(r"\d+$", cells.get("moodle_id", "")):
        cells["moodle_id"] = number[0]
    return cells


def _nobody(row: dict[str, str]) -> bool:
    """Return whether a row of Canvas's gradebook is no student's."""
    return row.get("name", "").casefold() in _NOBODY


def _student(row: dict[str, str], place: str) -> Student:
    """Return a row's student."""
    ids = (row.get(column, "") for column in ("id", "login", "email", "sis_id"))
    identity = next((text for text in ids if text), "")
    if not identity:
        raise CourseError(f"{place}: no student id; fill in the column student_id")
    known = {field.name for field in fields(Student)}
    return Student(**{**{key: row[key] for key in row if key in known}, "id": identity})


def _check_distinct(students: list[Student], lines: list[int], path: Path) -> None:
    """Refuse ids that two students have."""
    for column in ("id", "canvas_id", "moodle_id"):
        seen: dict[str, int] = {}
        for student, line in zip(students, lines, strict=True):
            value = getattr(student, column)
            if value and value in seen:
                raise CourseError(
                    f"{path}, line {line}: {column} {shown(value)} is in line {seen[value]} too"
                )
            seen[value] = line
