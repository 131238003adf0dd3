"""Runs nbgrader's generate_assignment on what learners should get, in a temporary folder."""

from __future__ import annotations

import copy
import logging
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from autograder.classroom import Classroom, own_programs
from course.errors import CourseError

if TYPE_CHECKING:
    from traitlets.config import Config

FILES = "files"
DATA = (".csv", ".gif", ".jpeg", ".jpg", ".json", ".png", ".svg", ".tsv", ".txt")
LEFTOVERS = (".ipynb_checkpoints", "__pycache__", ".DS_Store")


def generate(classroom: Classroom, name: str, recorded: bool = False) -> dict[str, bytes]:
    """Return the files of a release, by path, as nbgrader writes them.

    Args:
        classroom: the instructor's folders.
        name: the assignment's.
        recorded: whether to write its cells and points to the gradebook as well.

    Raises:
        CourseError: there is no such assignment, its `files/` holds what is no data, or nbgrader
            refuses it.
    """
    with TemporaryDirectory() as folder, own_programs():
        course = Path(folder).resolve()
        for path, origin in _wares(classroom, name).items():
            target = course / "source" / name / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(origin.read_bytes())
        _convert(_config(classroom, name, course, recorded), name)
        return content(course / "release" / name)


def _wares(classroom: Classroom, name: str) -> dict[str, Path]:
    """Return the files that learners should get, by their path in the release."""
    folder, notebooks = classroom.sources / name, classroom.notebooks(name)
    data = [path for path in sorted((folder / FILES).rglob("*")) if not _left_over(path, folder)]
    for path in (folder / FILES, *notebooks, *data):
        if path.is_symlink():
            raise CourseError(f"{path}: a link; put the file itself there")
    data = [path for path in data if not path.is_dir()]
    odd = next((path for path in data if path.suffix.lower() not in DATA), None)
    if odd:
        raise CourseError(f"{odd}: {FILES}/ goes to learners, and holds only {' '.join(DATA)}")
    return {path.relative_to(folder).as_posix(): path for path in (*notebooks, *data)}


def _left_over(path: Path, folder: Path) -> bool:
    """Whether a file somewhere in a folder is what editors and systems leave behind."""
    return any(part in LEFTOVERS for part in path.relative_to(folder).parts)


def _config(classroom: Classroom, name: str, course: Path, recorded: bool) -> Config:
    """Return the classroom's configuration, with all but the gradebook in a temporary folder."""
    config = copy.deepcopy(classroom.config)
    config.CourseDirectory.root = str(course)
    config.CourseDirectory.source_directory = "source"
    config.CourseDirectory.release_directory = "release"
    config.CourseDirectory.db_url = classroom.gradebook
    config.CourseDirectory.assignment_id = name
    config.CourseDirectory.notebook_id = "*"
    config.CourseDirectory.ignore = []
    config.GenerateAssignment.no_database = not recorded
    config.SaveCells.enabled = recorded
    return config


def _convert(config: Config, name: str) -> None:
    """Run nbgrader's converter; a `CourseError` says why it refused."""
    from nbgrader.converters import GenerateAssignment
    from nbgrader.coursedir import CourseDirectory

    converter = GenerateAssignment(coursedir=CourseDirectory(config=config), config=config)
    reasons = _Reasons(logging.ERROR)
    converter.log.addHandler(reasons)
    try:
        converter.start()
    except Exception as error:  # nbgrader raises whatever it meets
        reason = str(reasons.first or error).strip() or type(error).__name__
        raise CourseError(f"{name}: {reason.splitlines()[0]}") from None
    finally:
        converter.log.removeHandler(reasons)


class _Reasons(logging.Handler):
    """Keeps the exception behind nbgrader's first complaint: what it raises itself says less."""

    first: BaseException | None = None

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the exception that is being handled while a line is logged."""
        self.first = self.first or sys.exc_info()[1]


def content(folder: Path) -> dict[str, bytes]:
    """Return the files of a folder, by path, without what editors and systems leave behind."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not _left_over(path, folder)
    }
