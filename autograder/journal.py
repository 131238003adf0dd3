"""What a batch has done so far, on disk before it counts: a kill at any moment costs little.

A journal is a folder: `lines.jsonl`, one line for each graded notebook, written and synced before
the notebook counts as done, and `notebooks/`, the executed notebooks by their SHA-256. A line whose
writing was cut short fails its checksum: its notebook is graded again.

A third file, `recorded`, names the lines whose outcomes are in the gradebook. A batch that begins
anew sets the last journal aside, and removes one only if all of it is recorded: between a kill and
`--resume`, one student or another assignment can be graded and nothing is lost. `--resume` looks
into the last journal first, then into those set aside, the newest first.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Collection, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from autograder.outcome import Outcome
from course.errors import CourseError

CURRENT, PREVIOUS = "batch", "batch.previous"


@dataclass(frozen=True)
class Entry:
    """One graded notebook.

    Attributes:
        outcome: of grading it.
        notebook: the SHA-256 of the executed notebook's text; empty if there is none.
    """

    outcome: Outcome
    notebook: str = ""


class Journal:
    """The journal of one batch, opened to be added to."""

    def __init__(
        self, folder: Path, older: Sequence[Journal] = (), looks_back: bool = True
    ) -> None:
        """Read what the folder holds, and cut off what is torn.

        Args:
            folder: of this journal.
            older: journals of batches that did not come to their end, the newest first.
            looks_back: whether what they hold is found.

        Raises:
            CourseError: the folder cannot be written to.
        """
        self._folder = folder
        self._lines, self._notebooks = folder / "lines.jsonl", folder / "notebooks"
        self._marks = folder / "recorded"
        self._older, self._looks_back = older, looks_back
        with _explained(folder):
            self._notebooks.mkdir(parents=True, exist_ok=True)
            # Not buffered: what a failed write leaves is on disk, where it can be cut off.
            self._file = open(self._lines, "a+b", buffering=0)  # noqa: SIM115 (see `close`)
            self._entries = self._read()
            self._recorded = self._read_marks()
            for path in (folder.parent, folder):
                _sync_folder(path)

    def __len__(self) -> int:
        """The number of notebooks that are done."""
        return len(self._entries)

    @property
    def settled(self) -> bool:
        """Whether the gradebook has all of it."""
        return self._recorded.issuperset(map(_digest, self._entries))

    def find(self, key: dict) -> Entry | None:
        """Return what is known of a notebook.

        Args:
            key: everything that its outcome depends on.

        Returns:
            None if it has to be graded, also where the executed notebook is lost.

        Raises:
            CourseError: an older journal knows it, and the disk has no room for it in this one.
        """
        entry = self._entries.get(_text(key))
        if entry and not (entry.notebook and self._load(entry.notebook) is None):
            return entry
        for older in self._older if self._looks_back else ():
            if found := older.find(key):
                return self.add(key, found.outcome, older.notebook(found))
        return None

    def add(self, key: dict, outcome: Outcome, notebook: dict | None) -> Entry:
        """Keep an outcome. When this returns, it is on disk.

        Raises:
            CourseError: the disk is full or broken. What was kept before is still there.
        """
        with _explained(self._folder):
            entry = Entry(outcome, self._store(notebook) if notebook else "")
            self._append(_line(key, entry))
        self._entries[_text(key)] = entry
        return entry

    def notebook(self, entry: Entry) -> dict | None:
        """Return the executed notebook of an entry; None if there was none."""
        data = self._load(entry.notebook) if entry.notebook else None
        return None if data is None else json.loads(data)

    def known(self) -> list[dict]:
        """Return everything that each outcome depended on, those that are looked back at first."""
        older = [key for one in reversed(self._older) for key in one.known()]
        return [*(older if self._looks_back else []), *map(json.loads, self._entries)]

    def settle(self, names: Collection[tuple[str, str, str]]) -> None:
        """Remember that the gradebook has the outcomes of some notebooks, here and in older ones.

        Args:
            names: student, assignment and notebook of each. A line of the same notebook that was
                handed in before counts too: a newer one has taken its place.

        Raises:
            CourseError: the disk is full or broken.
        """
        about = {text: entry.outcome for text, entry in self._entries.items()}
        marks = {_digest(text) for text in about if _name(about[text]) in names} - self._recorded
        with _explained(self._folder):
            _append_lines(self._marks, sorted(marks))
        self._recorded |= marks
        for older in self._older:
            older.settle(names)

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def _read(self) -> dict[str, Entry]:
        """Return the whole lines' entries, of two with one key the later."""
        self._file.seek(0)
        data = self._file.read()
        whole = data.rfind(b"\n") + 1
        if whole < len(data):
            self._file.truncate(whole)
            os.fsync(self._file.fileno())
        return dict(filter(None, map(_parse, data[:whole].split(b"\n"))))

    def _read_marks(self) -> set[str]:
        """Return the digests of the keys whose outcomes are recorded; a torn one matches none."""
        try:
            return set(self._marks.read_bytes().decode("ascii", "replace").split())
        except FileNotFoundError:
            return set()

    def _append(self, line: bytes) -> None:
        """Write a line, or nothing."""
        size = self._file.seek(0, os.SEEK_END)
        try:
            while line:
                line = line[self._file.write(line) :]
            os.fsync(self._file.fileno())
        except OSError:
            with suppress(OSError):  # if that fails too, the next opening does it
                self._file.truncate(size)
            raise

    def _store(self, notebook: dict) -> str:
        """Write an executed notebook under its SHA-256, which is returned."""
        data = _text(notebook).encode()
        digest = hashlib.sha256(data).hexdigest()
        target = self._notebooks / f"{digest}.ipynb"
        if self._load(digest) is None:
            unfinished = target.with_suffix(".tmp")
            with open(unfinished, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            os.replace(unfinished, target)
            _sync_folder(self._notebooks)
        return digest

    def _load(self, digest: str) -> bytes | None:
        """Return an executed notebook's text if it is whole."""
        try:
            data = (self._notebooks / f"{digest}.ipynb").read_bytes()
        except OSError:
            return None
        return data if hashlib.sha256(data).hexdigest() == digest else None


@contextmanager
def opened(folder: Path, resume: bool) -> Iterator[Journal]:
    """Open the journal of a classroom for one batch.

    Args:
        folder: `classroom/journal`.
        resume: go on with the last batch, and with those before it that did not come to their end;
            otherwise a new one begins, and the last journal is set aside.

    Raises:
        CourseError: another batch runs, or the folder cannot be written to.
    """
    with _explained(folder):
        folder.mkdir(parents=True, exist_ok=True)
    with _locked(folder / "lock"):
        if not resume:
            with _explained(folder):
                _set_aside(folder)
        with ExitStack() as stack:
            kept = [stack.enter_context(closing(Journal(path))) for path in _aside(folder)]
            older = [journal for journal in kept if not journal.settled]
            yield stack.enter_context(closing(Journal(folder / CURRENT, older, resume)))


def unrecorded(folder: Path) -> set[tuple[str, str, str]]:
    """Return the notebooks that are graded but not in the gradebook; none while a batch is at work.

    Args:
        folder: `classroom/journal`. Nothing is written to it.

    Returns:
        Student, assignment and notebook of each.
    """
    if not folder.is_dir() or _is_at_work(folder / "lock"):
        return set()
    found: set[tuple[str, str, str]] = set()
    for path in (folder / CURRENT, *_aside(folder)):
        lines, marks = (_content(path / name) for name in ("lines.jsonl", "recorded"))
        entries = dict(filter(None, map(_parse, lines.split(b"\n"))))
        recorded = set(marks.decode("ascii", "replace").split())
        left = (one for text, one in entries.items() if _digest(text) not in recorded)
        found |= {_name(one.outcome) for one in left}
    return found


def _is_at_work(path: Path) -> bool:
    """Whether a batch holds its lock."""
    try:
        import fcntl

        with open(path) as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except (ImportError, OSError):
        return False
    return False


def _content(path: Path) -> bytes:
    """Return a file's bytes; none if there is no such file."""
    try:
        return path.read_bytes()
    except OSError:
        return b""


def _set_aside(folder: Path) -> None:
    """Make room for a new journal; an empty one is not worth the older one's place."""
    lines = folder / CURRENT / "lines.jsonl"
    if not (lines.exists() and lines.stat().st_size):
        return
    for path in _aside(folder):
        if _is_settled(path):
            shutil.rmtree(path)
    if (folder / PREVIOUS).exists():
        os.rename(folder / PREVIOUS, folder / f"{PREVIOUS}.{_newest(folder) + 1}")
    os.rename(folder / CURRENT, folder / PREVIOUS)


def _aside(folder: Path) -> list[Path]:
    """Return the journals that were set aside, the newest first."""
    numbers = range(_newest(folder), 0, -1)
    paths = [folder / PREVIOUS, *(folder / f"{PREVIOUS}.{number}" for number in numbers)]
    return [path for path in paths if path.exists()]


def _newest(folder: Path) -> int:
    """Return the highest number of a journal that was set aside; 0 if none has a number."""
    numbers = [path.suffix[1:] for path in folder.glob(f"{PREVIOUS}.*")]
    return max((int(number) for number in numbers if number.isdecimal()), default=0)


def _is_settled(folder: Path) -> bool:
    """Whether the gradebook has all of a journal."""
    with closing(Journal(folder)) as journal:
        return journal.settled


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Keep a second batch out. The system takes the lock away when this process dies."""
    try:
        import fcntl
    except ImportError:
        raise CourseError("grading needs Linux or macOS; on Windows use WSL") from None
    with _explained(path.parent):
        file = open(path, "a+")  # noqa: SIM115 (closed below)
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CourseError(_busy(path, file)) from None
        _sign(file)
        yield


def _busy(path: Path, file: IO[str]) -> str:
    """Say who holds a lock."""
    file.seek(0)
    process = file.read(20).strip()
    who = f" (process {process})" if process else ""
    return f"{path}: another `autograder grade` is at work here{who}; wait until it ends"


def _sign(file: IO[str]) -> None:
    """Write into a lock who holds it; that a full disk may forbid, the lock holds all the same."""
    with suppress(OSError):
        os.ftruncate(file.fileno(), 0)
        os.write(file.fileno(), f"{os.getpid()}\n".encode())


@contextmanager
def _explained(folder: Path) -> Iterator[None]:
    """Turn a full or broken disk into one line."""
    try:
        yield
    except OSError as error:
        raise CourseError(
            f"{folder}: {error.strerror or error}; what was graded before is kept: "
            "mend this and run the same command with --resume"
        ) from None


def _text(value: dict) -> str:
    """Return equal text for equal data; ASCII, so that every string can be written."""
    return json.dumps(value, sort_keys=True)


def _line(key: dict, entry: Entry) -> bytes:
    """Return an entry as a line with its checksum."""
    fields = {"key": key, "outcome": entry.outcome.to_dict(), "notebook": entry.notebook}
    return f"{_text({'entry': fields, 'sha256': _sum(fields)})}\n".encode()


def _name(outcome: Outcome) -> tuple[str, str, str]:
    """Return what an outcome is about."""
    return outcome.student, outcome.assignment, outcome.notebook


def _digest(text: str) -> str:
    """Return a text's SHA-256."""
    return hashlib.sha256(text.encode()).hexdigest()


def _append_lines(path: Path, lines: list[str]) -> None:
    """Write lines behind what a file holds, which may be torn."""
    if lines:
        with open(path, "a") as file:
            file.write("\n" + "".join(f"{line}\n" for line in lines))
            file.flush()
            os.fsync(file.fileno())


def _sum(fields: dict) -> str:
    """Return an entry's checksum."""
    return _digest(_text(fields))


def _parse(line: bytes) -> tuple[str, Entry] | None:
    """Return a line's key and entry; None if it is not what was written."""
    try:
        record = json.loads(line)
        fields = record["entry"]
        if record["sha256"] != _sum(fields):
            return None
        return _text(fields["key"]), Entry(Outcome.from_dict(fields["outcome"]), fields["notebook"])
    except (ValueError, KeyError, TypeError):  # CourseError too: an older schema's outcome
        return None


def _sync_folder(folder: Path) -> None:
    """Make a new file's name last through a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
