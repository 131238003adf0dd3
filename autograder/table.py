"""How grading goes, to look at: a live table on a terminal, a line a submission elsewhere.

Names of students come from their folders: they are shown as text, never as markup or escapes.
"""

from __future__ import annotations

import sys
import time
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from autograder.batch import Watcher
from autograder.outcome import GRADED, MISSING, REPAIRED, STATUSES, Outcome
from autograder.units import Unit

if TYPE_CHECKING:
    from rich.console import Console, Group
    from rich.table import Table

JOINERS = "\u200c\u200d"  # Persian names and some emoji need them; they move no text
STYLES = {GRADED: "green", REPAIRED: "cyan", MISSING: "dim"}  # all others are red
COLUMNS = ("student", "assignment", "outcome", "points", "seconds")
AROUND = 7  # lines of the live table that are no rows
NAMED = 5  # students that the summary names for each outcome


def clean(text: str) -> str:
    """Return a text in one line, without whatever could move, hide or colour other text."""
    return "".join(
        sign if sign.isprintable() or sign in JOINERS else " " if sign.isspace() else "\ufffd"
        for sign in text
    )


def points(outcome: Outcome) -> str:
    """Return what an outcome brings: nothing for a missing one, which is not zero."""
    if outcome.status == MISSING:
        return ""
    by_hand = " + by hand" if outcome.needs_a_person else ""
    return f"{outcome.points:g}/{outcome.max_points:g}{by_hand}"


def duration(seconds: float) -> str:
    """Return a time as a person says it."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def subject(item: Unit | Outcome) -> str:
    """Return an assignment's name; its notebook's too where that is another."""
    own = item.assignment.endswith(item.notebook)
    return clean(item.assignment if own else f"{item.assignment}/{item.notebook}")


class Lines(Watcher):
    """Writes a line for each submission that is done."""

    def __init__(self, units: list[Unit]) -> None:
        self._widths = (
            max((len(clean(unit.student)) for unit in units), default=0),
            max((len(subject(unit)) for unit in units), default=0),
            max(map(len, STATUSES)),
        )

    def finished(self, unit: Unit, outcome: Outcome, fresh: bool) -> None:
        """Write the line."""
        row = _row(unit, outcome, fresh)
        start = "  ".join(f"{text:{width}}" for text, width in zip(row, self._widths, strict=False))
        print("  ".join([start, *row[3:]]).rstrip(), flush=True)

    def puzzled(self, unit: Unit, error: Exception) -> None:
        """Say on standard error what an instructor can do nothing about, but must know."""
        print(_puzzle(unit, error), file=sys.stderr, flush=True)


class Live(Watcher):
    """A table that moves: what is being graded, and as much of what is done as fits."""

    def __init__(self, units: list[Unit], console: Console) -> None:
        from rich.live import Live as Screen

        self._total, self._console = len(units), console
        self._running: dict[Unit, float] = {}
        self._latest: deque[tuple[str, ...]] = deque(maxlen=100)
        self._counts: Counter[str] = Counter()
        self._began, self._ran = time.monotonic(), 0
        self._screen = Screen(
            self.frame(), console=console, auto_refresh=False, transient=True,
            vertical_overflow="crop",
        )  # fmt: skip

    def __enter__(self) -> Live:
        self._screen.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._screen.stop()

    def started(self, unit: Unit) -> None:
        """Show a submission as running."""
        self._running[unit] = time.monotonic()

    def finished(self, unit: Unit, outcome: Outcome, fresh: bool) -> None:
        """Show a submission as done."""
        self._ran += self._running.pop(unit, None) is not None
        self._counts[outcome.status] += 1
        self._latest.append(_row(unit, outcome, fresh))

    def puzzled(self, unit: Unit, error: Exception) -> None:
        """Write a line that stays above the table."""
        self._console.print(_puzzle(unit, error), markup=False, highlight=False)

    def tick(self) -> None:
        """Draw."""
        self._screen.update(self.frame(), refresh=True)

    def frame(self) -> Group:
        """Return the table as it is now, no higher than the terminal."""
        from rich.console import Group
        from rich.text import Text

        room = max(2, self._console.height - AROUND)
        running = list(self._running.items())[: max(1, room - 2)]
        latest = list(self._latest)[len(running) - room :]
        table, now = _table(), time.monotonic()
        for row in latest:
            table.add_row(*_cells(row))
        for unit, since in running:
            row = (clean(unit.student), subject(unit), "running", "", f"{now - since:.0f} s")
            table.add_row(*_cells(row))
        return Group(table, Text(self._footer()))

    def _footer(self) -> str:
        """Return the counts, and how long it will take."""
        done = sum(self._counts.values())
        parts = [f"{done} of {self._total}", f"{len(self._running)} running"]
        if self._ran:
            each = (time.monotonic() - self._began) / self._ran
            parts.append(f"about {duration(each * (self._total - done))} left")
        parts += [f"{count} {status}" for status, count in self._counts.items()]
        return " · ".join(parts)


@contextmanager
def watching(units: list[Unit]) -> Iterator[Watcher]:
    """Give the watcher that suits the place where standard output goes to."""
    if not sys.stdout.isatty():
        yield Lines(units)
        return
    from rich.console import Console

    with Live(units, Console()) as live:
        yield live


def show(outcomes: list[Outcome]) -> None:
    """Print a table with a row for each outcome; nothing where there was a line for each."""
    if sys.stdout.isatty():
        from rich.console import Console

        table = _table()
        for outcome in outcomes:
            table.add_row(*_cells(_row(outcome, outcome, fresh=True)))
        Console().print(table)


def summary(outcomes: list[Outcome], before: int, seconds: float) -> str:
    """Return how many there are of each outcome, and who has one that needs looking at.

    Args:
        outcomes: of the batch.
        before: how many of them were known from the journal.
        seconds: how long the batch took.
    """
    counts = Counter(outcome.status for outcome in outcomes)
    lines = [
        f"{status:14}{counts[status]:5}  {_who(status, outcomes)}".rstrip()
        for status in STATUSES
        if counts[status]
    ]
    earlier = f", {before} of them graded before" if before else ""
    noun = "submission" if len(outcomes) == 1 else "submissions"
    lines.append(f"{len(outcomes)} {noun}{earlier}, in {duration(seconds)}")
    return "\n".join(lines)


def _who(status: str, outcomes: Iterable[Outcome]) -> str:
    """Return the names of students with an outcome that is not the usual one."""
    if status in (GRADED, REPAIRED):
        return ""
    names = sorted({clean(one.student) for one in outcomes if one.status == status})
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more


def _row(item: Unit | Outcome, outcome: Outcome, fresh: bool) -> tuple[str, ...]:
    """Return a finished submission's row."""
    seconds = outcome.measured.get("seconds")
    took = "before" if not fresh else "" if seconds is None else f"{seconds:.1f} s"
    return clean(item.student), subject(item), outcome.status, points(outcome), took


def _table() -> Table:
    """Return an empty table."""
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD)
    for name in COLUMNS:
        right = name in ("points", "seconds")
        table.add_column(name, justify="right" if right else "left", no_wrap=True)
    return table


def _cells(row: tuple[str, ...]) -> list:
    """Return a row as rich's text, which takes no markup."""
    from rich.text import Text

    style = STYLES.get(row[2], "" if row[2] == "running" else "red")
    return [Text(text, style=style if place == 2 else "") for place, text in enumerate(row)]


def _puzzle(unit: Unit, error: Exception) -> str:
    """Say in a line that the grader failed."""
    reason = clean(f"{type(error).__name__}: {error}")[:500]
    return f"{clean(unit.student)}, {subject(unit)}: the grader itself failed: {reason}"
