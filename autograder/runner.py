"""One notebook in, one Outcome out: repair, run in a sandbox, check outside it.

A pure function of its bytes: it knows no student and no folder, so it runs anywhere.
"""

from __future__ import annotations

import builtins
import hashlib
import json
import re
import socket
import time
from contextlib import suppress
from dataclasses import dataclass, field

from autograder import warmth
from autograder.checking import CheckerProcess
from autograder.outcome import (
    DIED,
    FAILED,
    GRADED,
    MANUAL,
    MISSING,
    NOT_ATTEMPTED,
    NOT_RUN,
    OUT_OF_MEMORY,
    PASSED,
    REPAIRED,
    TIMED_OUT,
    UNREADABLE,
    Outcome,
    Task,
    one_line,
)
from autograder.plan import ANSWER, GIVEN, TESTS, Plan, PlanCell
from autograder.plan import MANUAL as BY_HAND
from autograder.repair import ROLES, Cell, Repaired, Unreadable, repair, to_notebook
from autograder.sandbox import Limits, bubblewrap
from autograder.sandbox.limits import Watch
from autograder.sandbox.session import Broken, Died, Run, Session, clean
from course.errors import CourseError

__all__ = ["Limits", "Result", "run"]

MOST_NOTES = 100
REASONS = {
    "memory": (OUT_OF_MEMORY, "The notebook took more than {memory} MB of memory and was stopped"),
    "processes": (DIED, "The notebook started more than {processes} processes and was stopped"),
    "flood": (DIED, "The notebook sent more messages than can be read and was stopped"),
    "scratch": (DIED, "The notebook wrote more than {scratch} MB and was stopped"),
}
FILE = re.compile(r"(?:/\S*/)?\b\d+\.py\b")  # what IPython calls a cell in an error's words


@dataclass
class Result:
    """What grading one notebook gives.

    Attributes:
        outcome: without a student's name.
        notebook: repaired and executed, as nbformat 4; None if there was nothing to run.
    """

    outcome: Outcome
    notebook: dict | None

    def to_json(self) -> str:
        """Return it as text."""
        return json.dumps({"outcome": self.outcome.to_dict(), "notebook": self.notebook})

    @classmethod
    def from_json(cls, text: str) -> Result:
        """Return the result that `to_json` wrote.

        Raises:
            CourseError: the outcome does not fit its schema.
        """
        fields = json.loads(text)
        return cls(Outcome.from_dict(fields["outcome"]), fields["notebook"])


def run(submission: bytes | None, plan: Plan, limits: Limits | None = None) -> Result:
    """Grade one notebook.

    Args:
        submission: the notebook's bytes; None if there is none.
        plan: of the assignment.
        limits: what it may use.

    Raises:
        CourseError: a sandbox is required and there is none here.
        Broken: the grader's own side failed, as on a machine without memory; try again.
    """
    limits, started = limits or Limits(), time.perf_counter()
    if limits.require_sandbox and bubblewrap.level() == "limits":
        raise CourseError(f"no sandbox: {bubblewrap.problem()}; install it or grade without walls")
    outcome = _blank(submission, plan, limits)
    if submission is None:
        return Result(_nothing(outcome, plan, MISSING, "No notebook was handed in."), None)
    try:
        repaired = repair(submission, plan)
    except Unreadable as error:
        return Result(
            _nothing(outcome, plan, UNREADABLE, f"The file is no notebook: {error}."), None
        )
    outcome.repairs = list(repaired.repairs)
    grading = Grading(plan, repaired, limits, outcome)
    grading.run()
    outcome.measured["seconds"] = round(time.perf_counter() - started, 3)
    return Result(outcome, grading.notebook())


def _blank(submission: bytes | None, plan: Plan, limits: Limits) -> Outcome:
    """Return an outcome in which nothing has happened yet."""
    from autograder import __version__

    return Outcome(
        student="",
        assignment=plan.assignment,
        notebook=plan.notebook,
        status=GRADED,
        tasks=[],
        sandbox=bubblewrap.level(),
        submission=hashlib.sha256(submission).hexdigest() if submission is not None else "",
        release=plan.sha256,
        version=__version__,
        seed=limits.seed,
    )


def _nothing(outcome: Outcome, plan: Plan, status: str, note: str) -> Outcome:
    """Return the outcome of a submission that cannot be run."""
    outcome.status, outcome.notes = status, [note]
    outcome.tasks = [Task(cell.id, 0.0, cell.points, NOT_RUN, note) for cell in plan.tasks]
    return outcome


@dataclass
class Grading:
    """The run of one repaired notebook, and what has come of it so far.

    Attributes:
        plan: of the assignment.
        repaired: the notebook.
        limits: what it may use.
        outcome: is filled in.
    """

    plan: Plan
    repaired: Repaired
    limits: Limits
    outcome: Outcome
    runs: dict[int, Run] = field(default_factory=dict)
    tasks: dict[str, Task] = field(default_factory=dict)
    stopped: dict[str, str] = field(default_factory=dict)
    late: bool = False
    hidden_run: bool = False
    place: int = 0  # of the cell that runs

    def run(self) -> None:
        """Run the cells, and fill in the outcome whatever happens."""
        end, reason = "", ""
        try:
            reason = self._run_all()
        except Died as error:
            end = str(error)
        except Broken:
            warmth.cool()
            raise
        self.outcome.status = self._status(end, reason)
        self.because = next(reversed(self.outcome.notes), "It was not run.")
        self.outcome.notes = _at_most(self.outcome.notes)
        self.outcome.tasks = [self._task(cell) for cell in self.plan.tasks]
        if self.outcome.status in (TIMED_OUT, OUT_OF_MEMORY, DIED):
            warmth.cool()

    def _run_all(self) -> str:
        """Run all cells in one sandbox; returns why the watch had to stop it, if it had."""
        ours, theirs = socket.socketpair()
        warm = warmth.warm(self.plan)
        with ours, theirs, CheckerProcess(ours, warm) as self.checker:
            self.session = Session(self.limits, theirs, warm)
            theirs.close()
            ours.close()
            watch = Watch(self.session.sandbox, self.limits)
            watch.start()
            self.end = time.monotonic() + self.limits.timeout
            try:
                self._run_cells()
            except Died as error:
                if not watch.reason:
                    self.outcome.notes.append(self._death(error))
                    raise
            finally:
                watch.stop()
                self.session.close()
                self.outcome.measured["peak_memory"] = watch.peak
        return watch.reason

    def _death(self, error: Died) -> str:
        """Say how the kernel ended by itself, or why it was killed."""
        if self.late:
            said = "The notebook did not stop when its time was up, so it was ended"
            return f"{said}{self._where()}."
        code = self.session.sandbox.exit_code()
        how = f"signal {-code}" if code is not None and code < 0 else f"exit code {code}"
        return f"The notebook's process ended by itself ({how}){self._where()}."

    def _where(self) -> str:
        """Say which cell was running."""
        return f" while {self._called(self.place)} was running"

    def _run_cells(self) -> None:
        """Run the notebook's cells in order."""
        for place, cell in enumerate(self.repaired.cells):
            if cell.kind != "code" or not cell.source.strip():
                continue
            seconds = min(self.limits.cell_timeout, self.end - time.monotonic())
            if seconds <= 0:
                self._stop_late()
                return
            self.place = place
            self._run_cell(place, cell, seconds)
            if not self.session.sandbox.alive():
                raise Died("the kernel ended")

    def _stop_late(self) -> None:
        """Note that the whole notebook's time is up."""
        self.late = True
        text = f"The notebook ran longer than {self.limits.timeout:g} s; the rest was not run."
        self.outcome.notes.append(text)

    def _run_cell(self, place: int, cell: Cell, seconds: float) -> None:
        """Run one cell: tests out here, what is given on both sides, the rest in the sandbox."""
        if cell.role == TESTS:
            self._test(place, self.plan.cell(cell.id), seconds)
            return
        try:
            self.runs[place] = self.session.execute(cell.source, seconds)
        except Died:
            self.late |= self.session.hurried
            raise
        self._note(place, cell, self.runs[place])
        if cell.role == GIVEN:
            self._give(place, cell, seconds)

    def _called(self, place: int) -> str:
        """Return a cell as the feedback page calls it, to go on with a verb."""
        role = ROLES.get(self.repaired.cells[place].role, "").partition(",")[0]
        return f"cell {place + 1}, {role}," if role else f"cell {place + 1}"

    def _give(self, place: int, cell: Cell, seconds: float) -> None:
        """Let the checker run what is given; it fails there only if it calls the learner's code."""
        verdict = self._check(cell.id, cell.source, 0.0, seconds)
        if verdict["verdict"] != PASSED:
            text = f"what is given in cell {place + 1} could not be set up for the tests"
            self.stopped[cell.id] = f"{text}: {clean(verdict['message'])}"
            self.outcome.notes.append(_sentence(self.stopped[cell.id]))

    def _note(self, place: int, cell: Cell, run: Run) -> None:
        """Note what went wrong in a cell. After hidden tests, words could quote hidden data."""
        name = self._called(place)
        if run.interrupted:
            self.late = True
            most = min(self.limits.cell_timeout, self.limits.timeout)
            text = f"was stopped after {most:g} s"
        elif run.error:
            text = f"stopped with {self._words(run)}"
        else:
            return
        if cell.role == ANSWER:
            self.stopped[cell.id] = f"{name} {text}."
        self.outcome.notes.append(_sentence(f"{name} {text}."))

    def _words(self, run: Run) -> str:
        """Return an exception's name and message, unless they could quote hidden data."""
        if not self.hidden_run:
            said = FILE.sub("your cell", run.text)
            return f"{run.error}: {said}" if said else run.error
        return run.error if isinstance(getattr(builtins, run.error, None), type) else "an exception"

    def _test(self, place: int, cell: PlanCell, seconds: float) -> None:
        """Let the checker run a cell of tests."""
        verdict = self._check(cell.id, cell.tests, cell.points, seconds)
        self.hidden_run |= cell.tests != cell.released
        message = _sentence(clean(self._because(verdict)))
        kind = verdict["verdict"]
        if verdict["missing"] and message != verdict["message"]:
            kind = FAILED
        self.tasks[cell.id] = Task(cell.id, float(verdict["points"]), cell.points, kind, message)
        self.runs[place] = _shown(verdict["printed"], message)

    def _because(self, verdict: dict) -> str:
        """Return a verdict's message; a missing name is the fault of the cell that stopped."""
        if verdict["missing"]:
            return next(iter(reversed(self.stopped.values())), verdict["message"])
        return verdict["message"]

    def _check(self, cell: str, source: str, points: float, seconds: float) -> dict:
        """Let the checker run a cell while the kernel answers it."""
        number = self.session.check()
        request = {"cell": cell, "source": source, "points": points, "seed": self.limits.seed}
        try:
            verdict = self.checker.check(request, seconds, self.session)
        except Died:
            self.late = True
            raise
        with suppress(Died):  # noticed before the next cell; this one's verdict stands
            self.session.finish_check(number)
        self.late |= verdict["late"] or self.session.hurried
        if verdict["late"] and verdict["verdict"] == NOT_RUN:
            verdict |= {"verdict": FAILED, "message": "your code took too long here."}
        return verdict

    def _status(self, end: str, reason: str) -> str:
        """Return the outcome's status, and note what the watch saw."""
        if reason:
            status, text = REASONS[reason]
            self.outcome.notes.append(f"{text.format(**vars(self.limits))}{self._where()}.")
            return status
        if self.late:
            return TIMED_OUT
        if end:
            return DIED
        return REPAIRED if self.outcome.repairs else GRADED

    def _task(self, cell: PlanCell) -> Task:
        """Return what a task came to."""
        if cell.id in self.repaired.lost:
            return Task(cell.id, 0.0, cell.points, FAILED, _sentence(self.repaired.lost[cell.id]))
        if cell.role == BY_HAND:
            return self._by_hand(cell)
        return self.tasks.get(cell.id) or Task(cell.id, 0.0, cell.points, NOT_RUN, self.because)

    def _by_hand(self, cell: PlanCell) -> Task:
        """Return a task that waits for a person, unless nothing was written."""
        source = next((c.source for c in self.repaired.cells if c.id == cell.id), cell.released)
        if source.strip() == cell.released.strip():
            return Task(cell.id, 0.0, cell.points, NOT_ATTEMPTED, "Not attempted yet.")
        return Task(cell.id, None, cell.points, MANUAL)

    def notebook(self) -> dict:
        """Return the notebook as it was run, with the whole of its tests: for an instructor."""
        notebook = to_notebook(self.repaired, self.plan)
        for place, (cell, shown) in enumerate(
            zip(self.repaired.cells, notebook["cells"], strict=True)
        ):
            if cell.role == TESTS:
                shown["source"] = self.plan.cell(cell.id).tests
            if shown["cell_type"] == "code":
                shown["outputs"] = self.runs[place].outputs if place in self.runs else []
        return notebook


def _sentence(text: str) -> str:
    """Return a text as one line that begins with a capital, unless with a name in code."""
    line = one_line(text)
    first = line.partition(" ")[0].rstrip(":,")
    return line if not first.isalpha() else line[:1].upper() + line[1:]


def _at_most(notes: list[str]) -> list[str]:
    """Return the first notes, and how many more there were."""
    if len(notes) <= MOST_NOTES:
        return notes
    return [*notes[:MOST_NOTES], f"There were {len(notes) - MOST_NOTES} more notes like these."]


def _shown(printed: str, message: str) -> Run:
    """Return what a cell of tests shows: what it printed, and why it failed."""
    outputs = [{"output_type": "stream", "name": "stdout", "text": printed}] if printed else []
    if message:
        error = {"ename": "NotYet", "evalue": message, "traceback": [message]}
        outputs.append({"output_type": "error", **error})
    return Run(outputs)
