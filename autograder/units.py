"""What there is to grade: which file a student handed in for which notebook."""

from __future__ import annotations

import errno
import json
import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from course.errors import CourseError

if TYPE_CHECKING:
    from autograder.classroom import Classroom
    from autograder.plan import Plan

LARGEST_PARSED = 10 * 2**20  # bytes; a parsed notebook takes 25 times its size in memory
LARGEST = 100 * 2**20  # bytes; saved outputs make notebooks large, but not this large

# By assignment and notebook.
Plans = dict[tuple[str, str], "Plan"]


class Refused(Exception):
    """Why a file is not read, in words that go on from "it": "is a symbolic link"."""


@dataclass(frozen=True, order=True)
class Unit:
    """One notebook of one student.

    Attributes:
        student: as the folder in `classroom/submitted` is named.
        assignment: as `03_teacher_forcing`.
        notebook: without `.ipynb`.
        path: the file that is graded; None if there is none.
        repairs: a sentence for the learner if the file's name had to be guessed.
        notes: a sentence for the learner if other notebooks lay beside it.
        refused: why nothing in the folder is read; usually empty.
    """

    student: str
    assignment: str
    notebook: str
    path: Path | None = None
    repairs: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    refused: str = ""

    @property
    def name(self) -> tuple[str, str, str]:
        """Student, assignment and notebook, by which an outcome is known."""
        return self.student, self.assignment, self.notebook

    def read(self) -> bytes | None:
        """Return the submission; None if there is none.

        Raises:
            Refused: it is a link, too large, or no file that can be read.
        """
        if self.refused:
            raise Refused(self.refused)
        return None if self.path is None else read(self.path)


def read(path: Path, most: int = LARGEST) -> bytes:
    """Return the bytes of a file that a student chose.

    Args:
        path: of the file.
        most: how many bytes it may have.

    Raises:
        Refused: it is a link, too large, or no file that can be read.
    """
    # Not blocking: opening a named pipe would wait for somebody to write to it.
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    try:
        with open(os.open(path, flags | getattr(os, "O_BINARY", 0)), "rb") as file:
            _check(os.fstat(file.fileno()), most)
            return file.read()
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise Refused("is a symbolic link, and those are not followed") from None
        raise Refused(f"cannot be read ({error.strerror})") from None


def _check(info: os.stat_result, most: int) -> None:
    """Refuse what is no file, or too large for memory."""
    if not stat.S_ISREG(info.st_mode):
        raise Refused("is not a file")
    if info.st_size > most:
        raise Refused(f"is larger than {most // 2**20} MB")


def make_plans(classroom: Classroom, assignments: Iterable[str]) -> Plans:
    """Return the plan of each notebook of some assignments.

    Raises:
        CourseError: an assignment does not exist, or its source notebook is wrong.
    """
    from autograder.plan import make_plan

    return {
        (name, path.stem): make_plan(path.read_bytes(), name, path.stem, classroom.config)
        for name in assignments
        for path in classroom.notebooks(name)
    }


def find(classroom: Classroom, plans: Plans, students: Iterable[str] = ()) -> list[Unit]:
    """Return what there is to grade, sorted.

    An assignment that nobody has handed in is left out: then nobody's is missing.

    Args:
        classroom: where submissions lie.
        plans: of the assignments that are asked for.
        students: those who are known from elsewhere, as the gradebook.
    """
    everyone = sorted({*_students(classroom), *students})
    found: list[Unit] = []
    for assignment in sorted({name for name, _ in plans}):
        folders = {who: classroom.submitted / who / assignment for who in everyone}
        if any(os.path.lexists(folder) for folder in folders.values()):
            for who, folder in folders.items():
                found += _of_folder(folder, who, assignment, plans)
    return sorted(found)


def _students(classroom: Classroom) -> list[str]:
    """Return who has handed in anything; hidden folders are the system's."""
    return [who for who in classroom.students() if not who.startswith(".") and _is_text(who)]


def strange_folders(classroom: Classroom) -> list[str]:
    """Return the folders of submissions that cannot be graded: their names are no text."""
    return [ascii(who) for who in classroom.students() if not _is_text(who)]


def _is_text(name: str) -> bool:
    """Whether a name can be written down; a folder's can be any bytes."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _of_folder(folder: Path, student: str, assignment: str, plans: Plans) -> Iterator[Unit]:
    """Yield a unit for each notebook of an assignment."""
    wanted = {notebook: plan for (name, notebook), plan in plans.items() if name == assignment}
    refused = _link(folder.parent) or _link(folder)
    files = [] if refused else _notebooks(folder)
    chosen = _choose(files, wanted)
    others = [path for path in files if path not in chosen.values()]
    for notebook in wanted:
        path = chosen.get(notebook)
        named = path is None or path.stem == notebook
        repairs = () if named else (_renamed(path, notebook, len(others) + 1),)
        notes = (_beside(path, others),) if path and named and others else ()
        yield Unit(student, assignment, notebook, path, repairs, notes, refused)


def _link(folder: Path) -> str:
    """Say that a folder is a link, if it is one."""
    return f"lies behind {folder.name!r}, a symbolic link" if folder.is_symlink() else ""


def _notebooks(folder: Path) -> list[Path]:
    """Return the notebooks in a folder by name, links included; none if there is no folder."""
    try:
        names = sorted(os.listdir(folder))
    except (FileNotFoundError, NotADirectoryError):
        return []
    return [folder / name for name in names if name.endswith(".ipynb") and name[0] != "."]


def _choose(files: list[Path], wanted: dict[str, Plan]) -> dict[str, Path]:
    """Return the file to grade for each notebook that has one."""
    named = {path.stem: path for path in files if path.stem in wanted}
    others = [path for path in files if path.stem not in wanted]
    lacking = {name: plan for name, plan in wanted.items() if name not in named}
    return {**named, **dict(_matches(others, lacking))}


def _matches(files: list[Path], wanted: dict[str, Plan]) -> Iterator[tuple[str, Path]]:
    """Yield notebooks with the files that look most like them, the surest first.

    A file that looks like nothing is taken where it can be for one notebook only.
    """
    if len(wanted) == len(files) == 1:
        yield from zip(wanted, files, strict=True)
        return
    pairs = [(name, path) for name in wanted for path in files]
    fits = {(name, path): _fit(path, wanted[name]) for name, path in pairs}
    while pairs:
        best = max(pairs, key=fits.__getitem__)  # of equals the first
        if len(wanted) > 1 and not any(fits[best]):
            return
        yield best
        pairs = [pair for pair in pairs if pair[0] != best[0] and pair[1] != best[1]]


def _renamed(path: Path, notebook: str, choices: int) -> str:
    """Say which file was taken."""
    why = "the only notebook" if choices == 1 else f"of {choices} notebooks the one that fits best"
    return f"No {notebook}.ipynb was handed in; {path.name!r}, {why}, was graded instead."


def _beside(path: Path, others: list[Path]) -> str:
    """Say which notebooks were left alone."""
    names = ", ".join(repr(other.name) for other in others[:3])
    more = f" and {len(others) - 3} more" if len(others) > 3 else ""
    return f"{path.name}, which has the assignment's name, was graded; {names}{more} was not."


def _fit(path: Path, plan: Plan) -> tuple[int, int]:
    """Count the grade ids and the sources that a file shares with a plan; metadata may be lost.

    None in a file that is too large to be parsed in this process: only its name speaks for it.
    """
    try:
        content = json.loads(read(path, LARGEST_PARSED))
        cells = [cell for cell in content["cells"] if isinstance(cell, dict)]
    except (Refused, ValueError, KeyError, TypeError, RecursionError, MemoryError):
        return 0, 0
    ids = {cell.id for cell in plan.cells} & {_grade_id(cell) for cell in cells}
    sources = {cell.released for cell in plan.cells} & {_source(cell) for cell in cells}
    return len(ids), len(sources)


def _grade_id(cell: dict) -> str:
    """Return a cell's grade id, or nothing."""
    for key in ("metadata", "nbgrader", "grade_id"):
        cell = cell.get(key) if isinstance(cell, dict) else None
    return cell if isinstance(cell, str) else ""


def _source(cell: dict) -> str:
    """Return a cell's source, which notebooks keep whole or in lines."""
    source = cell.get("source")
    if isinstance(source, list) and all(isinstance(line, str) for line in source):
        source = "".join(source)
    return source if isinstance(source, str) else ""


def resolve(names: Iterable[str], known: list[str]) -> list[str]:
    """Return assignments by name or by a beginning that only one has, each once, in order.

    Raises:
        CourseError: a name fits none or several.
    """
    found: dict[str, None] = {}
    for name in names:
        fits = [name] if name in known else [one for one in known if name and one.startswith(name)]
        if len(fits) != 1:
            raise CourseError(f"{_misfit(name, fits)}; there are: {', '.join(known) or 'none yet'}")
        found[fits[0]] = None
    return list(found)


def _misfit(name: str, fits: list[str]) -> str:
    """Say why a name is no assignment's."""
    return f"{name!r} can be {' or '.join(fits)}" if fits else f"no assignment {name!r}"
