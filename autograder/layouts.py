"""What the path of a collected file says: whose it is, of which assignment, and whether it is late.

Canvas, "Download Submissions", one folder:
    `leeann_12345_678901_one_hot.ipynb` is the sortable name ("Lee, Ann") squashed, Canvas's number
    of the user, of the file, and the file's own name; `leeann_LATE_12345_...` came late;
    `anon_x7Kq2_678901_...` and `LATE_anon_...` where Canvas hides names. A file that was handed in
    again under the same name ends in `-1`, `-2`.
Moodle, "Download all submissions":
    `Ann Lee_1234567_assignsubmission_file/one_hot.ipynb` (with a last underscore in some versions)
    or, without folders, `Ann Lee_1234567_assignsubmission_file_one_hot.ipynb`. The number is
    another one in each assignment: it is what the grading worksheet calls "Participant 1234567".
    `..._assignsubmission_onlinetext...` and other kinds are not files, and left out.
Plain, and nbgrader's own:
    `STUDENT/one_hot.ipynb`, `STUDENT/ASSIGNMENT/one_hot.ipynb`, `ASSIGNMENT/STUDENT/one_hot.ipynb`.
Each may lie in one more folder, and a zip counts as a folder.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

Parts = tuple[str, ...]

CANVAS, MOODLE, PLAIN = "Canvas", "Moodle", "folder"

_CANVAS = re.compile(
    r"(?:(?P<name>(?!LATE_|anon_)\w+?)_)?(?P<late>LATE_)?(?P<user>\d+|anon_[^_]+)_(?P<number>\d+)_(?P<file>.+)",
    re.DOTALL,
)
_MOODLE = re.compile(
    r"(?P<name>.+?)(?:_(?P<user>\d+))?_assignsubmission_(?P<plugin>[a-z]+)(?:_(?P<file>.*))?",
    re.DOTALL,
)
# Browsers, Jupyter, Windows, Colab and Canvas each mark a copy in their own way.
_MARKS = (
    re.compile(r"^(?:copy of|copie de|copia de|kopie von)[\s_]+", re.IGNORECASE),
    re.compile(r"[\s_]*\((?P<n>\d+)\)$"),
    re.compile(r"[\s_]*-[\s_]*copy(?P<n>\d*)$", re.IGNORECASE),
    re.compile(r"-(?P<n>\d+)$"),
    re.compile(r"\.ipynb$", re.IGNORECASE),
)
_NOTEBOOK = re.compile(r".*\.ipynb(?:\.txt|\.json)?", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True)
class Clue:
    """What a path says.

    Attributes:
        source: CANVAS, MOODLE or PLAIN.
        name: the student, as written; empty if the path does not say.
        user: Canvas's or Moodle's number; empty if there is none.
        file: the file's own name.
        assignment: the assignment whose name a folder has; empty if none has.
        number: of the file in Canvas; later files have higher ones.
        late: whether Canvas marked it.
        wanted: whether it is a file that was handed in, and not a text typed into the site.
    """

    source: str
    name: str
    user: str
    file: str
    assignment: str = ""
    number: int | None = None
    late: bool = False
    wanted: bool = True


class Layout:
    """How the files of one folder or zip are arranged."""

    def __init__(self, paths: Sequence[Parts], assignments: Collection[str], stem: str = ""):
        """Look at all paths.

        Args:
            paths: of all files.
            assignments: the names of those that there are.
            stem: what the folder or zip is called.
        """
        self._assignments = {canonical(name): name for name in assignments}
        counted = [path for path in paths if not is_junk(path)]
        tops = {path[0] for path in counted}
        wrapped = len(tops) == 1 and all(len(path) > 1 for path in counted)
        self._canvas_depth = self._canvas_files(counted, wrapped)
        self._wrapped = wrapped and self._is_wrapper(counted, stem)

    def clue(self, path: Parts) -> Clue:
        """Return what one path says."""
        return self._moodle(path) or self._canvas(path) or self._plain(path)

    def _canvas_files(self, paths: Sequence[Parts], wrapped: bool) -> int | None:
        """Return how many folders lie around Canvas's files; None if it has written none."""
        if any(_is_canvas(path, 0) for path in paths):
            return 0
        of_interest = [path for path in paths if is_notebook(path[-1])]
        if wrapped and of_interest and all(_is_canvas(path, 1) for path in of_interest):
            return 1
        return None

    def _is_wrapper(self, paths: Sequence[Parts], stem: str) -> bool:
        """Return whether the one folder at the top is no student's."""
        depths = {at for path in paths if (at := self._assignment_at(path)) is not None}
        if depths:
            return depths == {2} and not all(path[1].casefold().endswith(".zip") for path in paths)
        several = len({path[1] for path in paths}) > 1
        named_alike = canonical(paths[0][0]) == canonical(stem)
        return all(len(path) > 2 for path in paths) and (several or named_alike)

    def _assignment_at(self, path: Parts) -> int | None:
        """Return which folder of a path has the name of an assignment; None if none has."""
        folders = enumerate(path[:-1])
        return next((at for at, part in folders if canonical(part) in self._assignments), None)

    def _moodle(self, path: Parts) -> Clue | None:
        """Read a path as Moodle's."""
        found = next((match for part in path if (match := _MOODLE.fullmatch(part))), None)
        if not found:
            return None
        flat = found.string == path[-1]
        file = (found["file"] or "") if flat else path[-1]
        wanted = found["plugin"] == "file"
        return Clue(MOODLE, found["name"].strip(), found["user"] or "", file, wanted=wanted)

    def _canvas(self, path: Parts) -> Clue | None:
        """Read a path as Canvas's."""
        if self._canvas_depth is None or not _is_canvas(path, self._canvas_depth):
            return None
        part = path[self._canvas_depth]
        found = _CANVAS.fullmatch(part)
        file = found["file"] if part == path[-1] else path[-1]
        late, number = bool(found["late"]), int(found["number"])
        return Clue(CANVAS, found["name"] or "", found["user"], file, "", number, late)

    def _plain(self, path: Parts) -> Clue:
        """Read a path as folders of students."""
        at = self._assignment_at(path)
        assignment = "" if at is None else self._assignments[canonical(path[at])]
        whose = path[1:] if self._wrapped or at == 0 else path
        name = whose[0] if len(whose) > 1 else ""
        return Clue(PLAIN, re.sub(r"\.zip$", "", name, flags=re.I), "", path[-1], assignment)


def canonical(name: str) -> str:
    """Return a name as it is compared: any case, spaces and dashes as underscores."""
    folded = unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())
    return re.sub(r"[\s_-]+", "_", folded).strip("_")


def is_notebook(name: str) -> bool:
    """Return whether a file is a notebook by its name; some systems add `.txt` or `.json`."""
    return bool(_NOTEBOOK.fullmatch(name))


def is_junk(path: Parts) -> bool:
    """Return whether a file is one that a system or Jupyter has left, and nobody's work."""
    left = ("__MACOSX", ".ipynb_checkpoints", ".DS_Store", "Thumbs.db", "desktop.ini")
    return any(part in left for part in path) or path[-1].startswith("._")


def stem_of(file: str) -> str:
    """Return a notebook's name without `.ipynb` and what may follow it."""
    return re.sub(r"\.ipynb(?:\.txt|\.json)?$", "", file, flags=re.IGNORECASE)


def forms(file: str) -> Iterator[str]:
    """Yield the names that a notebook may have had before it was copied, the full name first."""
    stem = stem_of(file)
    yield canonical(stem)
    while bare := next((cut for mark in _MARKS if (cut := mark.sub("", stem)) != stem), ""):
        stem = bare
        yield canonical(stem)


def copy_number(file: str) -> int:
    """Return the number that marks a copy, as 2 for `name-2.ipynb` and `name (2).ipynb`; or 0."""
    found = (mark.search(stem_of(file)) for mark in _MARKS[1:4])
    return next((int(match["n"] or 0) for match in found if match), 0)


def contains(file: str, notebook: str) -> bool:
    """Return whether a file's name has a notebook's in it, as whole words."""
    return f"_{canonical(notebook)}_" in f"_{canonical(stem_of(file))}_"


def _is_canvas(path: Parts, depth: int) -> bool:
    """Return whether a file, or the zip that it lies in, is named as Canvas names them."""
    if len(path) <= depth or not (match := _CANVAS.fullmatch(path[depth])):
        return False
    packed = path[depth].casefold().endswith(".zip")
    named = bool(match["name"]) or match["user"].startswith("anon_")
    return named and (len(path) == depth + 1 or packed)
