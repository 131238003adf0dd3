"""Which assignment a notebook is of, by its name or by the ids of its cells."""

from __future__ import annotations

import json
from collections.abc import Callable

from autograder import layouts
from autograder.classroom import Classroom
from autograder.layouts import canonical
from course.errors import CourseError

_LARGEST_JSON = 20 * 2**20  # bytes; read, it takes a hundred times as much if it is made to


class Releases:
    """The assignments that there are, and which of them a notebook is."""

    def __init__(self, classroom: Classroom):
        """Look at a classroom's sources."""
        self.notebooks = {
            name: {path.stem: path for path in classroom.notebooks(name)}
            for name in classroom.assignments()
        }
        self._known: dict[tuple[str, str], set[str]] = {}

    @property
    def assignments(self) -> list[str]:
        """Their names."""
        return list(self.notebooks)

    def resolve(
        self, file: str, read: Callable[[], bytes], wanted: str = ""
    ) -> tuple[str, str, str]:
        """Return which notebook of which assignment a file is.

        Args:
            file: its name.
            read: returns its bytes; called only if the name does not tell.
            wanted: the assignment, where that is known.

        Returns:
            The assignment; the notebook, empty if that is unclear; and how it was found, empty if
            by its name.

        Raises:
            CourseError: it is another assignment's, or it is unclear which.
        """
        named = self._by_name(file)
        fitting = [one for one in named if one[0] == (wanted or one[0])]
        if len(fitting) == 1:
            return *fitting[0], ""
        if named and not fitting:
            raise CourseError(f"by its name the notebook of {named[0][0]}, not of {wanted}")
        among = fitting or [one for one in self._all() if one[0] == (wanted or one[0])]
        found = self._less_surely(file, read, among)
        if found or wanted:
            return found or (wanted, "", "")
        raise CourseError("unclear which assignment it is; collect it with --assignment")

    def _less_surely(
        self, file: str, read: Callable[[], bytes], among: list[tuple[str, str]]
    ) -> tuple[str, str, str] | None:
        """Return what a file is by its cells, or by a part of its name."""
        if found := self._by_ids(grade_ids(read()), among):
            return *found, "the ids of its cells"
        inside = [one for one in among if layouts.contains(file, one[1])]
        return (*inside[0], "a part of its name") if len(inside) == 1 else None

    def _all(self) -> list[tuple[str, str]]:
        """Return all assignments and notebooks."""
        return [(name, stem) for name, stems in self.notebooks.items() for stem in stems]

    def _by_name(self, file: str) -> list[tuple[str, str]]:
        """Return what a file may be by its name, the marks of a copy taken off one by one."""
        for form in layouts.forms(file):
            if found := [one for one in self._all() if canonical(one[1]) == form]:
                return found
        return []

    def _by_ids(self, ids: set[str], among: list[tuple[str, str]]) -> tuple[str, str] | None:
        """Return the notebook that shares the most grade ids, if it is one."""
        counts = {one: len(ids & self._ids(*one)) for one in among}
        most = max(counts.values(), default=0)
        best = [one for one, count in counts.items() if count == most]
        return best[0] if most and len(best) == 1 else None

    def _ids(self, assignment: str, notebook: str) -> set[str]:
        """Return the grade ids of a source."""
        if (assignment, notebook) not in self._known:
            source = self.notebooks[assignment][notebook].read_bytes()
            self._known[assignment, notebook] = grade_ids(source)
        return self._known[assignment, notebook]


def grade_ids(notebook: bytes) -> set[str]:
    """Return the grade ids in a notebook's cells; none if it is too large or cannot be read."""
    if len(notebook) > _LARGEST_JSON:
        return set()
    try:
        cells = json.loads(notebook)["cells"]
        marks = [cell["metadata"].get("nbgrader") for cell in cells if "metadata" in cell]
        ids = (mark.get("grade_id") for mark in marks if isinstance(mark, dict))
        return {text for text in ids if isinstance(text, str)}
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return set()
