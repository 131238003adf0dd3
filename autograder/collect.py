"""Collects submissions from wherever they come into `classroom/submitted`.

From a folder or a zip, as Canvas and Moodle hand it out or as it lies on a disk (`layouts` lists
the patterns). Whose a file is, the roster says (`roster` lists its columns), or else the path: the
folder; for Canvas the squashed name and the user's number, as `leeann_12345`; for Moodle the name,
with the participant's number only where two have one name. With a roster the same person gets
another folder than without: folders from before it are named in the notes.

Which assignment it is, the caller says, or a folder of that name, or the notebook's name, or the
grade ids in its cells. Of several versions the newest is graded, and the others are kept in
`classroom/older` (`placing.Record.newer_than` says what newest means).

Times: `timestamp.txt` is written only if it lay beside the notebook. The times in a zip of Canvas
or Moodle are those of the download, and a copy's on a disk are anybody's guess; taken for times of
submission they would make a whole class late. Canvas's own mark is in `collected.json`.
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from datetime import UTC
from functools import cached_property, cmp_to_key
from pathlib import Path

from autograder import layouts
from autograder.archive import Entry, Limits, opened
from autograder.classroom import Classroom
from autograder.layouts import CANVAS, MOODLE, Clue, Layout
from autograder.names import folders, shown
from autograder.placing import (
    OLDER,
    PLACED,
    REPLACED,
    TIMESTAMP,
    UNCHANGED,
    Place,
    Record,
    Shelf,
)
from autograder.recognition import Releases
from autograder.roster import Roster
from course.errors import CourseError


@dataclass(frozen=True)
class Placement:
    """One collected notebook.

    Attributes:
        student: the student's folder.
        assignment: its folder.
        notebook: the file's name there.
        status: PLACED; REPLACED, an older one; UNCHANGED; or OLDER: it is not the newest.
        late: whether Canvas marked it.
        source: where it came from.
    """

    student: str
    assignment: str
    notebook: str
    status: str
    late: bool
    source: str

    def __str__(self) -> str:
        late = ", late" if self.late else ""
        place = f"{self.student}/{self.assignment}/{self.notebook}"
        return f"{self.status}: {place}{late} (from {self.source})"


@dataclass
class Collected:
    """What came of collecting.

    Attributes:
        placements: every notebook that has its place.
        problems: a line for each file that could not be placed: which, and why.
        notes: a line for each decision that an instructor may want to look at.
        others: the names of all other files.
    """

    placements: list[Placement] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    others: list[str] = field(default_factory=list)

    @property
    def ignored(self) -> int:
        """How many other files there were."""
        return len(self.others)

    def of(self, status: str) -> list[Placement]:
        """Return the notebooks with a status."""
        return [one for one in self.placements if one.status == status]

    @property
    def placed(self) -> list[Placement]:
        """New ones."""
        return self.of(PLACED)

    @property
    def replaced(self) -> list[Placement]:
        """Those that took the place of an older one, which is kept."""
        return self.of(REPLACED)

    @property
    def late(self) -> list[Placement]:
        """Those that count and that Canvas marked as late."""
        return [one for one in self.placements if one.late and one.status != OLDER]

    def summary(self) -> str:
        """Return one line with the numbers."""
        counts = {status: len(self.of(status)) for status in (PLACED, REPLACED, UNCHANGED, OLDER)}
        counts |= {"late": len(self.late), "not placed": len(self.problems)}
        named = [f"{count} {what}" for what, count in counts.items() if count or what == PLACED]
        which = f" ({_some(self.others)})" if self.others else ""
        return ", ".join(named) + f"; {self.ignored} other files ignored{which}"

    def nothing(self) -> str:
        """Return what was found instead where nothing was placed."""
        if self.problems:
            return "nothing was placed; the lines above say why"
        if self.others:
            return f"nothing was placed: no notebook (.ipynb) there, only {_some(self.others)}"
        return "nothing was placed: there are no files"


@dataclass(frozen=True)
class _Found:
    """A notebook on its way: where it lies, what is known, where it belongs."""

    entry: Entry
    clue: Clue
    owner: str
    assignment: str
    notebook: str  # the release's name without .ipynb; empty as long as that is unclear

    @property
    def bare(self) -> str:
        """Its name without the marks of a copy."""
        return list(layouts.forms(self.clue.file))[-1] or "notebook"


def collect(
    path: Path,
    classroom: Classroom,
    assignment: str | None = None,
    roster: Path | Roster | None = None,
    limits: Limits | None = None,
) -> Collected:
    """Collect submissions.

    Args:
        path: a folder or a zip.
        classroom: where they go.
        assignment: which it is; guessed for each notebook if not given.
        roster: the class, or the file that lists it.
        limits: how much the zip may hold.

    Raises:
        CourseError: there is nothing at the path, the zip or the folder is refused, or the
            assignment or the roster does not exist.
        OSError: the disk is full or cannot be written; what was there before is still there.
    """
    if assignment:
        classroom.notebooks(assignment)
    people = Roster.read(roster) if isinstance(roster, Path) else roster
    with opened(path, limits) as entries:
        return _Collector(path, classroom, assignment or "", people, entries).run()


class _Collector:
    """One run: everything that its steps share."""

    def __init__(
        self,
        path: Path,
        classroom: Classroom,
        assignment: str,
        roster: Roster | None,
        entries: list[Entry],
    ):
        self.releases = Releases(classroom)
        self.shelf = Shelf(classroom)
        self.assignment, self.roster = assignment, roster
        self.entries = [entry for entry in entries if not layouts.is_junk(entry.path)]
        paths = [entry.path for entry in self.entries]
        layout = Layout(paths, self.releases.assignments, path.stem) if paths else None
        self.clues = [(entry, layout.clue(entry.path)) for entry in self.entries if layout]
        last = ((entry, entry.path[-1]) for entry in self.entries)
        self.timestamps = {entry.path[:-1]: entry for entry, name in last if name == TIMESTAMP}
        self.result = Collected()

    def run(self) -> Collected:
        """Collect."""
        notebooks = [pair for pair in self.clues if self._counts(*pair)]
        self._say_who_has_none(notebooks)
        found = [one for pair in notebooks if (one := self._tried(pair[0], self._found, *pair))]
        groups: dict[tuple[str, str], list[_Found]] = defaultdict(list)
        for one in found:
            groups[one.owner, one.assignment].append(one)
        self._say_who_is_double()
        students = self.shelf.folders({owner for owner, _ in groups})
        for (owner, _), group in sorted(groups.items()):
            self._place_group(students[owner], self._named(group))
        return self.result

    def _counts(self, entry: Entry, clue: Clue) -> bool:
        """Return whether a file is a notebook that was handed in; count it if it is not."""
        packed = entry.refused and entry.path[-1].casefold().endswith(".zip")
        if clue.wanted and (layouts.is_notebook(clue.file) or packed):
            return True
        if entry.path[-1] != TIMESTAMP:
            self.result.others.append(entry.path[-1])
        return False

    def _say_who_is_double(self) -> None:
        """Note the folders in which an earlier collecting without this roster put its students."""
        doubles = []
        for folder, owner, record in self.shelf.owners() if self.roster else ():
            student = self._on_roster(owner, record)
            if student not in ("", owner):
                doubles.append(f"{folder} is {student}")
        if doubles:
            self.result.notes.append(
                f"collected before without this roster, and now in the class twice: "
                f"{_some(doubles)}; collect those downloads again (the roster is kept), then "
                "remove the first name: rm -r classroom/*/NAME classroom/outcomes/*/NAME; "
                "nbgrader db student remove NAME --force"
            )

    def _on_roster(self, owner: str, record: Record) -> str:
        """Return the id of the student whom a folder's owner is by the roster; empty if unclear."""
        if owner in {student.id for student in self.roster.students}:
            return owner
        name = re.sub(r"_\d+$", "", owner)
        try:
            return self.roster.find(name, record.canvas_id, record.moodle_id).id
        except CourseError:
            return ""

    def _say_who_has_none(self, notebooks: list[tuple[Entry, Clue]]) -> None:
        """Report students who have handed in files, but no notebook."""
        have = {(clue.name, clue.user) for _, clue in notebooks}
        others: dict[tuple[str, str], list[str]] = defaultdict(list)
        for _, clue in self.clues:
            if (clue.name or clue.user) and (clue.name, clue.user) not in have:
                others[clue.name, clue.user].append(clue.file)
        for (name, user), files in sorted(others.items()):
            self.result.problems.append(f"{shown(name or user)}: no notebook, only {_some(files)}")

    def _tried(self, entry: Entry, step: Callable, *args):
        """Return what a step returns, or None and a line in the report if the file is at fault."""
        try:
            return step(*args)
        except CourseError as error:
            reason = str(error).removeprefix(f"{entry.place}: ")
            self.result.problems.append(f"{entry.place}: {reason}")
            return None

    def _found(self, entry: Entry, clue: Clue) -> _Found:
        """Find out whose a notebook is, and of which assignment."""
        if entry.refused:
            raise CourseError(entry.refused)
        owner = self._owner(clue)
        wanted = self.assignment or clue.assignment
        if clue.assignment and clue.assignment != wanted:
            raise CourseError(f"in the folder of {clue.assignment}, not of {wanted}")
        assignment, notebook, how = self.releases.resolve(clue.file, entry.read, wanted)
        if how:
            self.result.notes.append(f"{entry.place}: taken for {assignment}/{notebook} by {how}")
        return _Found(entry, clue, owner, assignment, notebook)

    def _owner(self, clue: Clue) -> str:
        """Return the student as the roster or else the path has it."""
        if not (clue.name or clue.user):
            raise CourseError("in no student's folder, and no student in its name")
        if self.roster:
            canvas = clue.user if clue.source == CANVAS else ""
            moodle = clue.user if clue.source == MOODLE else ""
            return self.roster.find(clue.name, canvas, moodle).id
        several = clue.source == CANVAS or (clue.name, clue.source) in self._namesakes
        return "_".join(filter(None, (clue.name, clue.user))) if several else clue.name

    @cached_property
    def _namesakes(self) -> Collection[tuple[str, str]]:
        """The names that two participants have, and the one that stands for all hidden ones."""
        users = defaultdict(set)
        for _, clue in self.clues:
            users[clue.name, clue.source].add(clue.user)
        hidden = {("Participant", MOODLE)}
        return hidden | {key for key, numbers in users.items() if len(numbers) > 1}

    def _named(self, group: list[_Found]) -> dict[str, list[_Found]]:
        """Return one student's notebooks of an assignment by the name that each gets."""
        named: dict[str, list[_Found]] = defaultdict(list)
        unclear: dict[str, list[_Found]] = defaultdict(list)
        for one in group:
            (named[one.notebook] if one.notebook else unclear[one.bare]).append(one)
        asked = self.releases.notebooks[group[0].assignment]
        missing = [name for name in asked if name not in named]
        if len(unclear) == 1 and len(missing) == 1:
            (versions,) = unclear.values()
            self._note(versions, f"taken for {missing[0]}.ipynb: it is the only one")
            return {**named, missing[0]: versions}
        return {**named, **self._unasked(unclear, missing, {name: name for name in asked})}

    def _unasked(
        self, unclear: dict[str, list[_Found]], missing: list[str], asked: dict[str, str]
    ) -> dict[str, list[_Found]]:
        """Return notebooks that are none of the assignment's by names that are not its either."""
        names = folders(unclear, asked)
        for bare, versions in unclear.items():
            reason = f"unclear whether it is {_some(missing)}" if missing else "not asked for"
            self._note(versions, f"placed as {names[bare]}.ipynb: {reason}")
        return {names[bare]: versions for bare, versions in unclear.items()}

    def _note(self, versions: Iterable[_Found], text: str) -> None:
        """Add a line about files to the report."""
        files = " and ".join(one.entry.place for one in versions)
        self.result.notes.append(f"{files}: {text}")

    def _place_group(self, student: str, named: dict[str, list[_Found]]) -> None:
        """Place one student's notebooks of an assignment, the newest version of each."""
        for notebook, versions in sorted(named.items()):
            read = [pair for one in versions if (pair := self._tried(one.entry, self._read, one))]
            newest_first = sorted(read, key=cmp_to_key(_newest_first))
            for rank, (one, data, record) in enumerate(newest_first):
                place = Place(student, one.assignment, f"{notebook}.ipynb", one.owner)
                step = self.shelf.keep if rank else self.shelf.put
                status = self._tried(one.entry, step, place, data, record)
                self._report(place, status, record.late, one.entry)

    def _report(self, place: Place, status: str | None, late: bool, entry: Entry) -> None:
        """Add a notebook to the report, if it has found its place."""
        if status:
            where = (place.student, place.assignment, place.notebook)
            self.result.placements.append(Placement(*where, status, late, entry.place))

    def _read(self, one: _Found) -> tuple[_Found, bytes, Record]:
        """Return a notebook's bytes, and what is known of it."""
        data, clue = one.entry.read(), one.clue
        submitted, timestamp = self._submitted(one.entry)
        record = Record(
            sha256=hashlib.sha256(data).hexdigest(),
            source="/".join(one.entry.path),
            submitted=submitted,
            timestamp=timestamp,
            number=clue.number,
            time=one.entry.time or None,
            copy=layouts.copy_number(clue.file),
            late=clue.late,
            canvas_id=clue.user if clue.source == CANVAS else "",
            moodle_id=clue.user if clue.source == MOODLE else "",
        )
        return one, data, record

    def _submitted(self, entry: Entry) -> tuple[float | None, str]:
        """Return the time in the timestamp.txt beside a notebook, in seconds and as it is there."""
        found = self.timestamps.get(entry.path[:-1])
        if found is None:
            return None, ""
        try:
            return _time(found.read())
        except (CourseError, ValueError, OverflowError):
            self.result.notes.append(f"{found.place}: not a time; left out")
            return None, ""


def _newest_first(one: tuple, other: tuple) -> int:
    """Compare two versions; where nothing tells them apart, by their path."""
    mine, its = one[2], other[2]
    if mine.newer_than(its) or its.newer_than(mine):
        return -1 if mine.newer_than(its) else 1
    return -1 if mine.source > its.source else 1


def _time(data: bytes) -> tuple[float, str]:
    """Return a time as nbgrader writes it, in seconds since 1970 and as text."""
    from nbgrader.utils import parse_utc  # late: it takes a second

    text = data.decode().strip()
    return parse_utc(text).replace(tzinfo=UTC).timestamp(), text


def _some(names: list[str]) -> str:
    """Return a few names for a message."""
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(shown(name, 60) for name in names[:3]) + more
