"""Aligns a submission with its release: puts back what is missing, keeps what the learner did.

Content decides which cell is which, and grade ids where content does not speak against them.
Every repair is a sentence that the learner reads. What is merely normal is no repair: text edited
or deleted, cells added, outputs, line ends, whatever an editor writes into metadata.
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from copy import deepcopy
from dataclasses import dataclass, field

from autograder import reading
from autograder.plan import ANSWER, GIVEN, MANUAL, TESTS, TEXT, Plan, PlanCell
from autograder.reading import CODE, MARKDOWN, Content, Found, Unreadable

__all__ = ["OWN", "ROLES", "Cell", "Repaired", "Unreadable", "repair", "to_notebook"]

OWN = "own"
ROLES = {  # as learners read them
    ANSWER: "your answer",
    MANUAL: "your answer",
    OWN: "your own cell",
    GIVEN: "given",
    TESTS: "tests, as released",
}
ELSEWHERE = "# Answered in another cell."

# nbgrader's flags of a role: grade, solution, locked.
FLAGS = {
    ANSWER: (False, True, False),
    TESTS: (True, False, True),
    GIVEN: (False, False, True),
    MANUAL: (True, True, False),
}
METADATA = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}

ALIKE = 0.6  # the share of words from which a cell counts as an edited version of another
COPIED = 0.8  # and as a copy of a learner's own work, which would be left out
MOST_REPAIRS = 200  # sentences; who reads more?


@dataclass
class Cell:
    """One cell of a repaired notebook.

    Attributes:
        id: the plan's cell id; "" for the learner's own cells.
        kind: "code" or "markdown".
        role: ANSWER, TESTS, GIVEN, MANUAL, TEXT or OWN.
        source: an answer's is the learner's; a locked cell's is the release's visible part.
        outputs: what the learner had saved, plain nbformat 4, bounded in size.
        attachments: pictures pasted into a Markdown cell: file name -> type -> base64.
    """

    id: str
    kind: str
    role: str
    source: str
    outputs: list[dict] = field(default_factory=list)
    attachments: dict[str, dict[str, str]] = field(default_factory=dict)


@dataclass
class Repaired:
    """A submission with each cell in its place.

    Attributes:
        cells: in the order in which they are run.
        repairs: a sentence each, for the learner; empty if nothing was out of order.
        lost: the grade ids of tasks whose answer cannot be told, and why; they get 0 points.
    """

    cells: list[Cell]
    repairs: list[str] = field(default_factory=list)
    lost: dict[str, str] = field(default_factory=dict)


def repair(submission: bytes, plan: Plan) -> Repaired:
    """Return a submission's cells, aligned with the release.

    Args:
        submission: the bytes of a file that should be a notebook.
        plan: the assignment's.

    Raises:
        Unreadable: it is no notebook.
    """
    read = reading.read(submission)
    alignment = _align(read.cells, plan)
    repairs = [*read.remarks, *_sentences(alignment)]
    if len(repairs) > MOST_REPAIRS:
        more = len(repairs) - MOST_REPAIRS + 1
        repairs[MOST_REPAIRS - 1 :] = [f"There were {more} more repairs like these."]
    return Repaired(list(_in_order(alignment)), repairs, _lost(alignment))


def to_notebook(repaired: Repaired, plan: Plan) -> dict:
    """Return a repaired submission as a notebook: nbformat 4.5 with nbgrader's metadata.

    Args:
        repaired: what `repair` returned.
        plan: the same assignment's, for the points.
    """
    points = {cell.id: cell.points for cell in plan.cells}
    cells = [_written(cell, points.get(cell.id, 0)) for cell in repaired.cells]
    for cell, identity in zip(cells, _cell_ids(repaired.cells), strict=True):
        cell["id"] = identity
    return {"cells": cells, "metadata": deepcopy(METADATA), "nbformat": 4, "nbformat_minor": 5}


def _written(cell: Cell, points: float) -> dict:
    """Return one cell as nbformat has it, but for its id."""
    metadata = {"nbgrader": _marks(cell, points)} if cell.role in FLAGS else {}
    written = {"cell_type": cell.kind, "metadata": metadata, "source": cell.source}
    if cell.kind == CODE:
        return {**written, "execution_count": None, "outputs": cell.outputs}
    return {**written, "attachments": cell.attachments} if cell.attachments else written


def _marks(cell: Cell, points: float) -> dict:
    """Return nbgrader's metadata of a cell."""
    grade, solution, locked = FLAGS[cell.role]
    marks = {"grade": grade, "solution": solution, "locked": locked, "task": False}
    marks |= {"grade_id": cell.id, "schema_version": 3}
    return {**marks, "points": points} if grade else marks


def _cell_ids(cells: Iterable[Cell]) -> Iterator[str]:
    """Yield a notebook's cell ids: unique, the same each time, and telling what is what."""
    used: set[str] = set()
    own = 0
    for cell in cells:
        own += cell.role == OWN
        identity = re.sub(r"[^a-zA-Z0-9_-]", "-", cell.id)[:50] or f"own-{own}"
        while identity in used:
            identity += "-"
        used.add(identity)
        yield identity


@dataclass(eq=False)
class _Wanted(Content):
    """A cell of the release, and what was found for it.

    Attributes:
        cell: the release's.
        place: its place in the release, from 0.
        found: the submission's cell for it, if there is one.
        copies: further cells for it, which are left out.
    """

    cell: PlanCell
    place: int
    found: Found | None = None
    copies: list[Found] = field(default_factory=list)

    @property
    def id(self) -> str:
        """Its id in the plan."""
        return self.cell.id

    @property
    def kind(self) -> str:
        """CODE or MARKDOWN."""
        return CODE if self.cell.kind == CODE else MARKDOWN

    @property
    def is_answer(self) -> bool:
        """Whether a learner writes in it."""
        return self.cell.role in (ANSWER, MANUAL)

    def is_blank(self, cell: Found) -> bool:
        """Say whether a cell holds no answer."""
        return cell.text in ("", self.text)

    def is_as_released(self, cell: Found) -> bool:
        """Say whether a cell has the release's text; an instructor's has the hidden tests too."""
        full = self.cell.role == TESTS and cell.text == Content(self.cell.tests).text
        return full or cell.text == self.text

    def last_work(self, cells: Iterable[Found]) -> Found:
        """Return the cell that holds the learner's answer, the last one if there are several."""

        def merit(cell: Found) -> tuple:
            work = cell.whole and not self.is_blank(cell)
            return cell.kind == self.kind, work, bool(cell.names & self.names), cell.position

        return max(cells, key=merit)


class _Alignment:
    """Which cell of a submission is which cell of the release.

    Attributes:
        cells: the submission's, in its order.
        wanted: the release's, in its order.
        stripped: whether the notebook has no grading metadata at all.
    """

    def __init__(self, cells: list[Found], plan: Plan):
        self.cells = cells
        self.wanted = [_Wanted(cell.released, cell, place) for place, cell in enumerate(plan.cells)]
        self.stripped = not any(cell.marks for cell in cells)

    @property
    def free(self) -> list[Found]:
        """The cells that are none of the release's, or not yet."""
        taken = {cell for wanted in self.wanted for cell in (wanted.found, *wanted.copies)}
        return [cell for cell in self.cells if cell not in taken]

    @property
    def graded(self) -> list[_Wanted]:
        """The release's cells that nbgrader knows: all but text."""
        return [wanted for wanted in self.wanted if wanted.cell.role != TEXT]

    def marked(self, wanted: _Wanted) -> list[Found]:
        """Return the free cells that carry a grade id."""
        return [cell for cell in self.free if cell.grade_id == wanted.id]

    @property
    def answers(self) -> list[_Wanted]:
        """The release's cells for a learner's answers."""
        return [wanted for wanted in self.wanted if wanted.is_answer]

    def missing(self, *roles: str) -> Iterator[_Wanted]:
        """Yield the release's cells of these roles that have not been found yet."""
        for wanted in self.wanted:
            if wanted.cell.role in roles and not wanted.found:
                yield wanted

    def nearby(self, wanted: _Wanted, cells: Iterable[Found]) -> list[Found]:
        """Return those cells that lie where one is expected: between its neighbours."""
        before, after = self.wanted[: wanted.place], self.wanted[wanted.place + 1 :]
        low = next((one.found.position for one in reversed(before) if one.found), 0)
        later = (one.found.position for one in after if one.found)
        high = next((position for position in later if position > low), math.inf)
        return [cell for cell in cells if low < cell.position < high]

    def rivals(self, wanted: _Wanted) -> list[_Wanted]:
        """Return the other answers that define a name which this one defines too."""
        return [one for one in self.answers if one is not wanted and one.names & wanted.names]


def _align(cells: list[Found], plan: Plan) -> _Alignment:
    """Find each cell of the release, by the surest signs first."""
    alignment = _Alignment(cells, plan)
    for step in (
        _by_exact_text,
        _without_copies,
        _by_grade_id,
        _by_cell_id,
        _by_likeness,
        _by_names,
        _by_grade_id_alone,
        _by_heading,
        _by_place,
        _by_share,
        _without_doubles,
    ):
        step(alignment)
    return alignment


def _by_exact_text(alignment: _Alignment) -> None:
    """Find what is as released; among equal cells, the one with the right id."""
    for wanted in alignment.missing(TESTS, GIVEN, TEXT):
        same = [cell for cell in alignment.free if cell.text and wanted.is_as_released(cell)]
        wrong = [wanted.id not in (cell.grade_id, cell.cell_id) for cell in same]
        if same:
            wanted.found = same[wrong.index(min(wrong))]


def _without_copies(alignment: _Alignment) -> None:
    """Set exact copies of locked cells aside, before they are taken for something else."""
    for wanted in alignment.wanted:
        if wanted.cell.locked and wanted.found:
            wanted.copies = [cell for cell in alignment.free if cell.text == wanted.text]


def _by_grade_id(alignment: _Alignment) -> None:
    """Find what carries the right grade id, unless it is what an answer without a cell needs."""
    lacking = {wanted for wanted in alignment.answers if not _has_own(alignment, wanted)}
    for wanted in alignment.missing(ANSWER, MANUAL, TESTS, GIVEN):
        cells = alignment.marked(wanted)
        cells = [cell for cell in cells if lacking.isdisjoint(_instead(alignment, wanted, cell))]
        wanted.found = wanted.last_work(cells) if cells else None


def _has_own(alignment: _Alignment, wanted: _Wanted) -> bool:
    """Say whether a cell with an answer's grade id can be that answer."""
    cells = alignment.marked(wanted)
    return any(not _instead(alignment, wanted, cell) for cell in cells)


def _instead(alignment: _Alignment, wanted: _Wanted, cell: Found) -> list[_Wanted]:
    """Return the answers that a cell defines, if it has nothing of what its grade id promises."""
    if wanted.is_blank(cell) or cell.names & wanted.names:
        return []
    if wanted.cell.locked and cell.likeness(wanted) >= ALIKE:
        return []
    return [other for other in alignment.answers if cell.names & other.names]


def _by_cell_id(alignment: _Alignment) -> None:
    """Find text that was edited by the notebook's own ids."""
    graded = {wanted.id for wanted in alignment.graded}
    for wanted in alignment.missing(TEXT):
        cells = (cell for cell in alignment.free if cell.cell_id == wanted.id)
        wanted.found = next((cell for cell in cells if cell.grade_id not in graded), None)


def _by_likeness(alignment: _Alignment) -> None:
    """Find locked cells that were edited and whose metadata is wrong, or lost with all the rest."""
    for wanted in alignment.missing(TESTS, GIVEN):
        cells = [cell for cell in alignment.free if alignment.stripped or cell.marks]
        wanted.found = _best(cells, wanted, Content.likeness)


def _best(
    cells: list[Found], wanted: _Wanted, measure: Callable[[Content, Content], float]
) -> Found | None:
    """Return the cell that comes closest to one of the release's, if it comes close enough."""
    scores = [measure(cell, wanted) for cell in cells]
    best = max(scores, default=0)
    return cells[scores.index(best)] if best >= ALIKE else None


def _by_names(alignment: _Alignment) -> None:
    """Find answers by the functions and variables that the release's stub defines."""
    for wanted in alignment.answers:
        cells = _defining(alignment, wanted)
        work = [cell for cell in cells if not wanted.is_blank(cell)] or cells
        near = alignment.nearby(wanted, work)
        if alignment.rivals(wanted):  # these come in the release's order, or cannot be told apart
            wanted.found = next(iter(near), wanted.found)
        elif work:
            wanted.found = wanted.last_work(near or work)


def _defining(alignment: _Alignment, wanted: _Wanted) -> list[Found]:
    """Return free cells that could be an answer, going by what they define.

    Where the cell for it is blank, a function that was written elsewhere is the answer; a variable
    is not, for many cells set variables.
    """
    if not wanted.found:
        return [cell for cell in alignment.free if cell.names & wanted.names]
    if not wanted.is_blank(wanted.found) or alignment.rivals(wanted):
        return []
    cells = [cell for cell in alignment.free if cell.functions & wanted.functions]
    return [cell for cell in cells if cell.kind == CODE and not wanted.is_blank(cell)]


def _by_grade_id_alone(alignment: _Alignment) -> None:
    """Find what carries the right grade id, whatever it holds: it is meant for nothing else."""
    for wanted in alignment.missing(ANSWER, MANUAL, TESTS, GIVEN):
        cells = alignment.marked(wanted)
        wanted.found = wanted.last_work(cells) if cells else None


def _by_heading(alignment: _Alignment) -> None:
    """Find text that was edited, by its heading or by most of its words."""
    for wanted in alignment.missing(TEXT):
        free = alignment.free
        same = (cell for cell in free if cell.heading and cell.heading == wanted.heading)
        wanted.found = next(same, None) or _best(free, wanted, Content.likeness)


def _by_place(alignment: _Alignment) -> None:
    """Find answers whose stub defines nothing: a blank one, or what stands in its place."""
    if not any(wanted.found for wanted in alignment.graded):
        return
    for wanted in alignment.missing(ANSWER, MANUAL):
        blank = [cell for cell in alignment.free if cell.text == wanted.text]
        fits = [cell for cell in alignment.free if cell.text and cell.kind == wanted.kind]
        cells = alignment.nearby(wanted, blank) or alignment.nearby(wanted, fits) or blank
        if cells and not wanted.names:
            wanted.found = cells[0]


def _by_share(alignment: _Alignment) -> None:
    """Find answers whose function was renamed: most of the stub is still there."""
    for wanted in alignment.missing(ANSWER, MANUAL):
        if wanted.names:
            wanted.found = _best(alignment.free, wanted, Content.share_of)


def _without_doubles(alignment: _Alignment) -> None:
    """Set aside what is a second cell for something that was found."""
    for wanted in alignment.wanted:
        if wanted.found and wanted.cell.role != TEXT:
            wanted.copies += [cell for cell in alignment.free if _doubles(wanted, cell)]


def _doubles(wanted: _Wanted, cell: Found) -> bool:
    """Say whether a free cell is another version of one that was found, and holds no other work."""
    marked = cell.grade_id == wanted.id
    if wanted.cell.locked:
        return marked and cell.likeness(wanted) >= ALIKE
    if wanted.is_blank(cell):
        return marked or bool(wanted.names and cell.text)
    if not marked or not cell.names <= wanted.found.names:
        return False
    return bool(cell.functions & wanted.functions) or cell.likeness(wanted.found) >= COPIED


def _in_order(alignment: _Alignment) -> Iterator[Cell]:
    """Yield all cells in the release's order; own cells stay behind the cell that they followed."""
    place = {wanted.found: wanted.place for wanted in alignment.wanted if wanted.found}
    followers: dict[int, list[Cell]] = defaultdict(list)
    free, last = set(alignment.free), -1
    for cell in alignment.cells:
        last = place.get(cell, last)
        if cell in free:
            followers[last].append(_kept("", cell.kind, OWN, cell))
    yield from followers[-1]
    for wanted in alignment.wanted:
        yield from _aligned(alignment, wanted)
        yield from followers[wanted.place]


def _aligned(alignment: _Alignment, wanted: _Wanted) -> Iterator[Cell]:
    """Yield one of the release's cells; text that was deleted stays so."""
    found, role = wanted.found, wanted.cell.role
    if role == TEXT:
        if found:
            yield _kept(wanted.id, found.kind, TEXT, found)
    elif found and wanted.cell.locked and wanted.is_as_released(found):
        kept = _kept(wanted.id, wanted.kind, role, found)
        kept.source = wanted.source
        yield kept
    elif found and found.text and wanted.is_answer:
        yield _kept(wanted.id, wanted.kind, role, found)
    else:
        source = ELSEWHERE if _is_elsewhere(alignment, wanted) else wanted.source
        yield Cell(wanted.id, wanted.kind, role, source)


def _kept(identity: str, kind: str, role: str, cell: Found) -> Cell:
    """Return a learner's cell as one of the result."""
    if kind == CODE:
        return Cell(identity, kind, role, cell.source, outputs=cell.outputs)
    return Cell(identity, kind, role, cell.source, attachments=cell.attachments)


def _is_elsewhere(alignment: _Alignment, wanted: _Wanted) -> bool:
    """Say whether a missing answer is in another cell, where the blank one would undo it."""
    work = [cell for cell in alignment.free if cell.kind == CODE]
    work += [other.found for other in alignment.answers if other.found and other is not wanted]
    alone = wanted.cell.role == ANSWER and not alignment.rivals(wanted)
    return alone and any(cell.names & wanted.names for cell in work)


def _lost(alignment: _Alignment) -> dict[str, str]:
    """Return the tasks whose answer cannot be told, with the reason."""
    lost = {}
    for wanted in alignment.answers:
        reason = _why_lost(alignment, wanted)
        lost |= dict.fromkeys(_tasks(alignment, wanted), reason) if reason else {}
    return lost


def _why_lost(alignment: _Alignment, wanted: _Wanted) -> str:
    """Return why an answer cannot be told, or nothing."""
    if wanted.found:
        unread = not wanted.found.whole and not wanted.found.text
        return f"The answer cell '{wanted.id}' held something other than text." if unread else ""
    if alignment.rivals(wanted) and any(cell.names & wanted.names for cell in alignment.free):
        return f"Nothing tells which cell is the answer '{wanted.id}': its metadata is missing."
    return ""


def _tasks(alignment: _Alignment, answer: _Wanted) -> list[str]:
    """Return the tasks that an answer decides: itself, or the tests up to the next answer."""
    if answer.cell.role == MANUAL:
        return [answer.id]
    tasks: list[str] = []
    for wanted in alignment.wanted[answer.place + 1 :]:
        if wanted.cell.role == TESTS:
            tasks.append(wanted.id)
        elif wanted.is_answer and tasks:
            break
    return tasks


def _sentences(alignment: _Alignment) -> Iterator[str]:
    """Yield what was mended: in the whole notebook, in the release's order, in own cells."""
    if not any(wanted.found for wanted in alignment.graded):
        had = "No cell of the notebook belongs to" if alignment.cells else "There was no cell of"
        yield f"{had} this assignment; all were put back as released, without answers."
    else:
        yield from _of_the_notebook(alignment)
        for wanted in alignment.graded:
            yield from (_about(wanted, words) for words in _of_the_cell(alignment, wanted))
            yield from (_about(wanted, words) for words in _of_the_copies(alignment, wanted))
            yield from (_about(wanted, words) for words in _of_the_metadata(alignment, wanted))
    yield from _of_own_cells(alignment)


def _of_the_notebook(alignment: _Alignment) -> Iterator[str]:
    """Yield what was mended in all cells at once."""
    if alignment.stripped:
        yield "The notebook had no grading metadata; its cells were recognised all the same."
    there = [wanted for wanted in alignment.graded if wanted.found and not _took_another(wanted)]
    places = [wanted.found.position for wanted in there]
    if places != sorted(places):
        yield "The cells were in another order; they were run in the assignment's order."


def _about(wanted: _Wanted, words: str) -> str:
    """Return a sentence about one of the release's cells: `{it}` names it."""
    names = {TESTS: f"the tests of task '{wanted.id}'", GIVEN: f"the given cell '{wanted.id}'"}
    it = names.get(wanted.cell.role, f"the answer cell '{wanted.id}'")
    were, they = ("were", "they") if wanted.cell.role == TESTS else ("was", "it")
    sentence = words.format(it=it, were=were, they=they)
    return sentence[0].upper() + sentence[1:]


def _of_the_cell(alignment: _Alignment, wanted: _Wanted) -> Iterator[str]:
    """Yield what was mended in the content of one of the release's cells."""
    found = wanted.found
    if wanted.is_answer and not (found and found.text):
        lack = "empty" if found else "missing"
        if _is_elsewhere(alignment, wanted):
            yield f"{{it}} was {lack}; what it asks for is in another cell, which was kept."
        else:
            yield f"{{it}} was {lack}; the blank one was put back."
    elif not found:
        yield "{it} {were} missing; {they} {were} put back as released."
    elif wanted.is_answer:
        yield from _oddities(found)
    elif not wanted.is_as_released(found):
        yield "{it} had been edited; {they} {were} put back as released."
    if found and found.kind != wanted.kind:
        was, now = ("text", "code") if wanted.kind == CODE else ("code", "text")
        yield f"{{it}} had been turned into {was}; {{they}} {{were}} made {now} again."


def _oddities(cell: Found) -> Iterator[str]:
    """Yield what was taken out of a learner's source."""
    if not cell.whole:
        yield "{it} held something other than text, which was left out."
    if not cell.clean:
        yield "{it} held characters that no program may hold; they were left out or replaced."


def _of_the_copies(alignment: _Alignment, wanted: _Wanted) -> Iterator[str]:
    """Yield what became of a cell that was there more than once."""
    count = len(wanted.copies) + 1
    times = "twice" if count == 2 else f"{count} times"
    if _took_another(wanted):
        yield "{it} was blank; the cell that holds its answer took its place."
    elif wanted.copies and wanted.cell.locked:
        yield f"{{it}} {{were}} there {times}; one copy was kept, as released."
    elif wanted.copies:
        yield f"{{it}} was there {times}; your last work was kept."
    if wanted.is_answer and alignment.marked(wanted):
        yield "{it} was spread over several cells; all of them were kept."


def _took_another(wanted: _Wanted) -> bool:
    """Say whether an answer comes from another cell than the one that carries its grade id."""
    marked = any(copy.grade_id == wanted.id for copy in wanted.copies)
    return wanted.is_answer and marked and wanted.found.grade_id != wanted.id


def _of_the_metadata(alignment: _Alignment, wanted: _Wanted) -> Iterator[str]:
    """Yield what was mended in the metadata of one of the release's cells."""
    found = wanted.found
    if not found or alignment.stripped or _took_another(wanted):
        return
    if not found.marks:
        yield "{it} had no usable grading metadata; {they} {were} recognised all the same."
    elif found.grade_id != wanted.id:
        yield "{it} had a wrong grade id; {they} {were} recognised by content."
    elif not _is_marked(found.marks, wanted.cell.role):
        yield "The grading metadata of {it} had been changed; it was put back."
    elif wanted.cell.role in (TESTS, MANUAL) and not _has_points(found.marks, wanted.cell.points):
        yield "The points of {it} had been changed; those of the release count."


def _is_marked(marks: dict, role: str) -> bool:
    """Say whether a cell's metadata gives it its role; locks of other roles are no matter."""
    if marks.get("schema_version") != 3:
        return False
    if marks.get("task") is True:  # nbgrader's fourth kind, which a person grades
        return role == MANUAL
    grade, solution, locked = FLAGS[role]
    same = marks.get("grade") is grade and marks.get("solution") is solution
    return same and (role != GIVEN or marks.get("locked") is locked)


def _has_points(marks: dict, points: float) -> bool:
    """Say whether a cell's metadata has the release's points."""
    found = marks.get("points")
    return isinstance(found, int | float) and found == points


def _of_own_cells(alignment: _Alignment) -> Iterator[str]:
    """Yield what was mended in the learner's own cells and in text."""
    text = [one.found for one in alignment.wanted if one.cell.role == TEXT and one.found]
    answers = {wanted.id for wanted in alignment.answers}
    for cell in sorted([*alignment.free, *text], key=lambda cell: cell.position):
        it = f"Cell {cell.position}"
        yield from (words.format(it=it) for words in _oddities(cell))
        if cell.grade_id not in answers and _pretends(cell):
            identity = _printable(cell.grade_id)
            yield f"{it} had the grade id '{identity}'; it was kept as a cell of your own."


def _pretends(cell: Found) -> bool:
    """Say whether a cell's metadata claims that it is one of the assignment's."""
    flags = any(cell.marks.get(flag) is True for flag in ("grade", "solution", "locked"))
    return flags and bool(cell.grade_id)


def _printable(text: str) -> str:
    """Return a learner's word, short and without anything that steers a terminal."""
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in text[:60])
