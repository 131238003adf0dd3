"""Many submissions, each graded once: from a student's file to an outcome in the journal."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable
from concurrent.futures import BrokenExecutor
from dataclasses import asdict, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from autograder import __version__
from autograder import outcome as words
from autograder.crew import Unfit
from autograder.dispatch import Dispatch
from autograder.outcome import Outcome, Task
from autograder.plan import Plan
from autograder.units import Plans, Refused, Unit

if TYPE_CHECKING:
    from autograder.crew import Crew
    from autograder.journal import Entry, Journal
    from autograder.runner import Result
    from autograder.sandbox import Limits

OVERDUE = 300  # seconds after a notebook's own limit until its process is given up
LARGEST = 256 * 2**20  # characters of an answer; the runner cuts outputs long before
SOURCES = Path(__file__).parent
NOT_KEYS = ("hidden",)  # what a limit says of this machine and not of the submission

# Takes a submission's bytes, a plan and limits as JSON; returns a runner.Result as JSON.
Job = Callable[[bytes, str, str], str]


class Graded(NamedTuple):
    """One submission of a batch.

    Attributes:
        unit: what was graded.
        entry: what it came to.
        fresh: whether that was not known before.
    """

    unit: Unit
    entry: Entry
    fresh: bool


class Watcher:
    """Somebody who sees how it goes; this one looks away."""

    def started(self, unit: Unit) -> None:
        """A submission's turn has come."""

    def finished(self, unit: Unit, outcome: Outcome, fresh: bool) -> None:
        """A submission is done; not fresh if that was known before."""

    def puzzled(self, unit: Unit, error: Exception) -> None:
        """The grader itself failed on a submission, twice."""

    def tick(self) -> None:
        """A moment has passed."""


def grade_one(submission: bytes, plan: str, limits: str) -> str:
    """Grade one submission, wherever this runs: bytes and text in, text out.

    Raises:
        Unfit: a sandbox is required, and this machine has none.
        RuntimeError: the grader failed.
    """
    from autograder import runner, sandbox

    fields = json.loads(limits)
    fields["hidden"] = tuple(fields["hidden"])
    if fields["require_sandbox"] and sandbox.level() == "limits":
        raise Unfit(f"--require-sandbox: {sandbox.explain()}")
    try:
        return runner.run(submission, Plan.from_json(plan), runner.Limits(**fields)).to_json()
    except Exception as error:
        # One that can be sent to another process: not every exception can.
        raise RuntimeError(f"{type(error).__name__}: {error}") from None


def grade(
    units: Iterable[Unit],
    plans: Plans,
    crew: Crew,
    limits: Limits,
    journal: Journal,
    watcher: Watcher | None = None,
    job: Job = grade_one,
) -> list[Graded]:
    """Grade submissions; those that the journal knows are not graded again.

    Args:
        units: what there is to grade.
        plans: of their notebooks.
        crew: who does the work. It is not stopped.
        limits: for each submission.
        journal: where each outcome is kept before it counts.
        watcher: who sees how it goes.
        job: what to do with a submission.

    Returns:
        What each submission came to, sorted: the order of completion leaves no trace.

    Raises:
        CourseError: the disk is full, or the crew as a whole fails. What is done is journaled.
    """
    desk = _Desk(plans, limits, crew.level(), journal, watcher or Watcher())
    dispatch = Dispatch(
        crew=crew,
        job=job,
        prepare=desk.prepare,
        read=desk.read,
        patience=limits.timeout + OVERDUE,
        started=desk.watcher.started,
        tick=desk.watcher.tick,
    )
    # By assignment: a worker that has imported what one needs keeps it for the next submission.
    ordered = sorted(units, key=lambda unit: (unit.assignment, unit.notebook, unit.student))
    for unit, answer in dispatch.run(ordered):
        desk.keep(unit, answer)
    return sorted(desk.done, key=lambda graded: graded.unit)


class _Desk:
    """Where submissions go out and outcomes come in."""

    def __init__(
        self, plans: Plans, limits: Limits, level: str, journal: Journal, watcher: Watcher
    ) -> None:
        self.watcher = watcher
        self.done: list[Graded] = []
        self._plans, self._journal = plans, journal
        self._texts = {name: plan.to_json() for name, plan in plans.items()}
        self._limits, self._level = asdict(limits), level
        self._circumstances = circumstances(limits)
        self._keys: dict[Unit, dict] = {}

    def prepare(self, unit: Unit) -> tuple[bytes, str, str] | None:
        """Return a job's arguments, or settle a submission that needs no job."""
        try:
            submission = unit.read()
        except Refused as why:
            return self._settle(unit, words.UNREADABLE, f"Not graded: the notebook {why}.")
        if submission is None:
            return self._settle(unit, words.MISSING, "No notebook was handed in.")
        key = self._keys[unit] = self._key(unit, submission)
        known = self._journal.find(key)
        if known:
            return self._finish(unit, known, fresh=False)
        return submission, self._texts[unit.assignment, unit.notebook], json.dumps(self._limits)

    def read(self, unit: Unit, answer: str) -> Result:
        """Return what a job answered, with the student's name; an exception if it is no answer."""
        from autograder.runner import Result

        if not isinstance(answer, str) or len(answer) > LARGEST:
            raise ValueError("the answer is no text, or too long")
        result = Result.from_json(answer)
        outcome, key = result.outcome, self._keys[unit]
        known = (outcome.assignment, outcome.notebook, outcome.submission)
        if known != (unit.assignment, unit.notebook, key["submission"]):
            raise ValueError(f"the answer is about {known}")
        return replace(result, outcome=_addressed(outcome, unit))

    def keep(self, unit: Unit, answer: Result | Exception) -> None:
        """Journal an outcome; a job that failed twice makes one too."""
        if isinstance(answer, Exception):
            self.watcher.puzzled(unit, answer)
            key = self._keys[unit]
            outcome = self._blank(unit, words.DIED, _apology(answer), key["submission"])
            entry = self._journal.add(key, outcome, None)
        else:
            entry = self._journal.add(self._keys[unit], answer.outcome, answer.notebook)
        self._finish(unit, entry, fresh=True)

    def _settle(self, unit: Unit, status: str, note: str) -> None:
        """Give an outcome without a job. Not journaled: it is found again as fast."""
        from autograder.journal import Entry

        self._finish(unit, Entry(self._blank(unit, status, note)), fresh=True)

    def _finish(self, unit: Unit, entry: Entry, fresh: bool) -> None:
        """Count a submission as done."""
        self._keys.pop(unit, None)
        self.done.append(Graded(unit, entry, fresh))
        self.watcher.finished(unit, entry.outcome, fresh)

    def _key(self, unit: Unit, submission: bytes) -> dict:
        """Return everything that a submission's outcome depends on."""
        text = self._texts[unit.assignment, unit.notebook]
        return {
            "student": unit.student,
            "assignment": unit.assignment,
            "notebook": unit.notebook,
            "found": [*unit.repairs, *unit.notes],
            "submission": hashlib.sha256(submission).hexdigest(),
            "plan": hashlib.sha256(text.encode()).hexdigest(),
            "sandbox": self._level,
            **self._circumstances,
        }

    def _blank(self, unit: Unit, status: str, note: str, submission: str = "") -> Outcome:
        """Return the outcome of a submission of which nothing ran."""
        plan = self._plans[unit.assignment, unit.notebook]
        return Outcome(
            student=unit.student,
            assignment=unit.assignment,
            notebook=unit.notebook,
            status=status,
            tasks=[Task(cell.id, 0.0, cell.points, words.NOT_RUN, note) for cell in plan.tasks],
            repairs=list(unit.repairs),
            notes=[*unit.notes, note],
            submission=submission,
            release=plan.sha256,
            version=__version__,
            seed=self._limits["seed"],
        )


def circumstances(limits: Limits) -> dict:
    """Return what an outcome depends on beside submission, assignment and machine."""
    counted = {name: value for name, value in asdict(limits).items() if name not in NOT_KEYS}
    return {"version": __version__, "grader": grader(), "limits": counted}


@cache
def grader() -> str:
    """Return the SHA-256 of this package's code: one that was mended gives other outcomes."""
    digest = hashlib.sha256()
    for path in sorted(SOURCES.rglob("*.py")):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(SOURCES).as_posix()} {len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest()


def _addressed(outcome: Outcome, unit: Unit) -> Outcome:
    """Return an outcome with what only the batch knows: whose it is, and how the file was found."""
    repaired = unit.repairs and outcome.status == words.GRADED
    return replace(
        outcome,
        student=unit.student,
        status=words.REPAIRED if repaired else outcome.status,
        repairs=[*unit.repairs, *outcome.repairs],
        notes=[*unit.notes, *outcome.notes],
    )


def _apology(error: Exception) -> str:
    """Say to a learner that a job failed twice; an exception's own words may hold hidden tests."""
    if isinstance(error, TimeoutError):
        what = "did not come to an end"
    else:
        what = "ended the grader's process" if isinstance(error, BrokenExecutor) else "failed"
    return f"Grading this notebook {what}, twice, so nothing was graded. Tell your instructor."
