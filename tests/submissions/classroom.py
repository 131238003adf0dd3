"""A course folder with all submissions in it, and good ones between them."""

import os
import shutil
from collections.abc import Iterable
from pathlib import Path

from tests.submissions.case import ASSIGNMENT, FILE, NOTEBOOK, SOURCE, Baits, Case, right, source

ROOT = Path(__file__).parents[2]
EVERY = 6  # cases, and then a good submission


def make_course(folder: Path) -> None:
    """Write a course with one assignment, and nbgrader's configuration as the project has it."""
    shutil.copy(ROOT / "nbgrader_config.py", folder)
    sources = folder / "solutions" / ASSIGNMENT
    sources.mkdir(parents=True)
    shutil.copy(SOURCE, sources / f"{NOTEBOOK}.py")
    (sources / FILE).write_bytes(source())


def hand_in(baits: Baits, cases: Iterable[Case]) -> list[str]:
    """Hand in what the cases say; return the students whose submissions are good.

    Batches go through students by name: each good one comes behind a few of the cases.
    """
    ordered = sorted(cases, key=lambda case: case.student)
    for case in ordered:
        place(baits.course, case.student, case.files(baits))
    good = [f"{case.student}-then-good" for case in ordered[EVERY - 1 :: EVERY]]
    for student in good:
        place(baits.course, student, {FILE: right()})
    return good


def place(course: Path, student: str, files: dict[str, bytes | Path] | None) -> None:
    """Put files where a student's submission lies."""
    folder = course / "classroom" / "submitted" / student
    folder.mkdir(parents=True)
    if files is None:
        return
    (folder / ASSIGNMENT).mkdir()
    for name, content in files.items():
        path = folder / ASSIGNMENT / name
        if isinstance(content, bytes):
            path.write_bytes(content)
        else:
            os.symlink(content, path)
