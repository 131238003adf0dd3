"""Puts a notebook into `classroom/submitted` without ever losing the one that was there.

    submitted/STUDENT/ASSIGNMENT/NOTEBOOK.ipynb
                                 timestamp.txt    nbgrader's, where the time of submission is known
                                 collected.json   what is known of each notebook: a `Record`
    older/STUDENT/ASSIGNMENT/TIME/                the same files, of what has been replaced

A file is written under another name and then renamed, and the old one is kept before anything
changes. So a full disk or a kill leaves the old submission or the new one, and collecting again
ends where an undisturbed run would have.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from pathlib import Path

from autograder.classroom import Classroom
from autograder.names import folders
from course.errors import CourseError

PLACED, REPLACED, OLDER, UNCHANGED = "placed", "replaced", "older", "unchanged"

RECORDS, TIMESTAMP = "collected.json", "timestamp.txt"


@dataclass(frozen=True)
class Record:
    """What is known of a submitted notebook.

    Attributes:
        sha256: of its bytes.
        source: where it lay in what was collected.
        submitted: when it was handed in, in seconds since 1970; None if that is not known.
        timestamp: the same, as nbgrader's timestamp.txt says it.
        number: Canvas's of the file; None if it has none. Later files have higher ones.
        time: when the file was changed or, in a site's zip, downloaded; None if not known.
        copy: the n of `name-n.ipynb`.
        late: whether Canvas marked it as late.
        canvas_id: Canvas's number of the student; empty if not known.
        moodle_id: Moodle's number of the participant in this assignment; empty if not known.
    """

    sha256: str
    source: str = ""
    submitted: float | None = None
    timestamp: str = ""
    number: int | None = None
    time: float | None = None
    copy: int = 0
    late: bool = False
    canvas_id: str = ""
    moodle_id: str = ""

    def newer_than(self, other: Record) -> bool:
        """Return whether this is the later of two; the first thing that is known of both decides.

        In turn: the time of submission, Canvas's number, the time of the file, the number of the
        copy.
        """
        for key in ("submitted", "number", "time", "copy"):
            mine, its = getattr(self, key), getattr(other, key)
            if None not in (mine, its) and mine != its:
                return mine > its
        return False


class Shelf:
    """The folders `submitted` and `older` of a classroom."""

    def __init__(self, classroom: Classroom):
        """Take a classroom's folders; they need not exist yet."""
        self.submitted = classroom.submitted
        self.older = classroom.work / "older"

    def folders(self, names: set[str]) -> dict[str, str]:
        """Return the student folder of each name, as written: the one there is, or a new one."""
        taken: dict[str, str] = {}
        for folder in self.submitted.iterdir() if self.submitted.is_dir() else ():
            known = (read_owner(path.parent) for path in sorted(folder.glob(f"*/{RECORDS}")))
            taken[folder.name] = next(filter(None, known), folder.name)
        return folders(names, taken)

    def owners(self) -> Iterator[tuple[str, str, Record]]:
        """Yield each student's folder, the name as collected, and one record of theirs."""
        for folder in sorted(self.submitted.iterdir()) if self.submitted.is_dir() else ():
            for path in sorted(folder.glob(f"*/{RECORDS}")):
                found = list(read_records(path.parent).values())
                if found and (owner := read_owner(path.parent)):
                    yield folder.name, owner, found[0]
                    break

    def put(self, place: Place, data: bytes, record: Record) -> str:
        """Place a notebook, unless what is there is newer.

        Args:
            place: where.
            data: its bytes.
            record: what is known of it.

        Returns:
            PLACED, REPLACED, UNCHANGED or, if it went to `older`, OLDER.

        Raises:
            CourseError: a link is in the way.
            OSError: the disk is full or cannot be written; the old notebook is still there.
        """
        folder = self._folder(place)
        current = _bytes(folder / place.notebook)
        if current is None:
            return self._write(folder, place, data, record, PLACED)
        known = read_records(folder).get(place.notebook)
        known = known if known and known.sha256 == _sha256(current) else None
        if current == data:
            if known is None or record.newer_than(known):
                _describe(folder, place, record)
            return UNCHANGED
        if known and known.newer_than(record):
            return self.keep(place, data, record)
        known = known or _undescribed(folder, place.notebook, current)
        return self._swap(folder, place, (current, known), (data, record))

    def keep(self, place: Place, data: bytes, record: Record) -> str:
        """Keep a notebook that is not the newest; OLDER, or UNCHANGED if it is kept already."""
        top = self.older / place.student / place.assignment
        if any(_bytes(path) == data for path in top.glob(f"*/{place.notebook}")):
            return UNCHANGED
        return self._keep(place, data, record)

    def _swap(
        self, folder: Path, place: Place, old: tuple[bytes, Record], new: tuple[bytes, Record]
    ) -> str:
        """Put a newer notebook in the place of one that is kept."""
        self._keep(place, *old)
        if not new[1].timestamp:
            (folder / TIMESTAMP).unlink(missing_ok=True)  # it was the old one's
        return self._write(folder, place, *new, REPLACED)

    def _keep(self, place: Place, data: bytes, record: Record) -> str:
        """Copy a notebook to `older`, the notebook last: if it is there, all of it is."""
        top = self.older / place.student / place.assignment
        for folder in _candidates(top, record):
            kept = _bytes(folder / place.notebook)
            if kept == data:
                return UNCHANGED
            if kept is None:
                break
        _refuse_links(self.older.parent, folder)
        folder.mkdir(parents=True, exist_ok=True)
        _describe(folder, place, record)
        _replace(folder / place.notebook, data)
        return OLDER

    def _write(self, folder: Path, place: Place, data: bytes, record: Record, status: str) -> str:
        """Write a notebook and what is known of it."""
        folder.mkdir(parents=True, exist_ok=True)
        _replace(folder / place.notebook, data)
        _describe(folder, place, record)
        return status

    def _folder(self, place: Place) -> Path:
        """Return the folder of a submission, if no link on the way leads elsewhere."""
        folder = self.submitted / place.student / place.assignment
        _refuse_links(self.submitted, folder)
        return folder


@dataclass(frozen=True)
class Place:
    """Where a notebook belongs: the student's folder, the assignment, the file's name.

    `owner` is the student as written, which the folder's name may only resemble.
    """

    student: str
    assignment: str
    notebook: str
    owner: str


def read_records(folder: Path) -> dict[str, Record]:
    """Return what is known of each notebook of a submission, by file name; empty if nothing is.

    Args:
        folder: `submitted/STUDENT/ASSIGNMENT`.
    """
    rows = _json(folder).get("notebooks", {})
    known = {field.name for field in fields(Record)}
    fitting = {name: row for name, row in rows.items() if set(row) <= known and "sha256" in row}
    return {name: Record(**row) for name, row in fitting.items()}


def read_owner(folder: Path) -> str:
    """Return the student whose submission a folder holds, as collected; empty if not known."""
    return _json(folder).get("student", "")


def _json(folder: Path) -> dict:
    """Return what a submission's record file says; nothing if it has none that can be read."""
    try:
        return json.loads((folder / RECORDS).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}


def _describe(folder: Path, place: Place, record: Record) -> None:
    """Write a notebook's record, and its time of submission where that is known."""
    if record.timestamp:
        _replace(folder / TIMESTAMP, f"{record.timestamp}\n".encode())
    rows = {name: asdict(known) for name, known in read_records(folder).items()}
    rows[place.notebook] = asdict(record)
    text = json.dumps(
        {"student": place.owner, "notebooks": rows}, indent=1, sort_keys=True, ensure_ascii=False
    )
    _replace(folder / RECORDS, f"{text}\n".encode(errors="backslashreplace"))


def _undescribed(folder: Path, notebook: str, data: bytes) -> Record:
    """Return a record of a notebook that something else has placed."""
    timestamp = (_bytes(folder / TIMESTAMP) or b"").decode(errors="replace").strip()
    changed = (folder / notebook).stat().st_mtime
    return Record(_sha256(data), timestamp=timestamp, time=changed)


def _candidates(top: Path, record: Record) -> Iterator[Path]:
    """Yield folders for an older submission: its time, then the same with a number."""
    seconds = record.submitted or record.time or 0.0
    name = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H-%M-%SZ")
    yield top / name
    for number in range(2, 1_000_000):
        yield top / f"{name}-{number}"


def _refuse_links(top: Path, folder: Path) -> None:
    """Refuse a folder below `top` that is reached through a link."""
    for path in (folder, *folder.parents):
        if path == top:
            return
        if path.is_symlink():
            raise CourseError(f"{path}: a link, which could lead anywhere; remove it")


def _replace(path: Path, data: bytes) -> None:
    """Write a file whole or not at all."""
    draft = path.with_name(f".{path.name}.collecting")
    draft.unlink(missing_ok=True)  # a killed run's, or a link
    try:
        with draft.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except BaseException:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
        raise


def _bytes(path: Path) -> bytes | None:
    """Return a file's bytes; None if there is none, or only a link."""
    if path.is_symlink() or not path.is_file():
        return None
    return path.read_bytes()


def _sha256(data: bytes) -> str:
    """Return the SHA-256 of a notebook."""
    return hashlib.sha256(data).hexdigest()
