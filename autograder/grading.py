"""One run of `autograder grade`: from the names of assignments to gradebook and summary."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import groupby
from typing import TYPE_CHECKING

from autograder import __version__, batch, journal, table, units
from autograder.crew import Cluster, Crew, Processes
from course.cli.guard import Interrupted, note
from course.errors import CourseError

if TYPE_CHECKING:
    from autograder.batch import Graded
    from autograder.classroom import Classroom
    from autograder.journal import Entry, Journal
    from autograder.sandbox import Limits
    from autograder.units import Plans, Unit

BUBBLEWRAP = "bubblewrap"
MEGABYTE = 2**20
TOGETHER = 16  # students whose executed notebooks are held in memory while they are recorded


@dataclass(frozen=True)
class Order:
    """What is to be graded, and how.

    Attributes:
        assignments: their full names.
        limits: for each submission.
        workers: processes on this machine; None for as many as it can feed.
        scheduler: the address of a Dask scheduler, whose workers are used instead.
        resume: whether to go on with the last batch.
        only: a student who alone is graded.
        again: the command that goes on after an interruption.
    """

    assignments: list[str]
    limits: Limits
    workers: int | None = None
    scheduler: str | None = None
    resume: bool = False
    only: str | None = None
    again: str = "autograder grade --resume"


def run(classroom: Classroom, order: Order, job: batch.Job = batch.grade_one) -> None:
    """Grade, record and sum up.

    Args:
        classroom: the instructor's folders.
        order: what is to be done.
        job: what grades one submission.

    Raises:
        CourseError: there is nothing to grade, the sandbox that is required is not there, another
            batch is at work, or disk, gradebook or cluster fail. What is graded is kept.
        Interrupted: Ctrl-C. What is graded is kept.
    """
    began = time.monotonic()
    with _hired(order) as crew:
        walls = _walls(crew, order.limits.require_sandbox)
        limits = replace(order.limits, hidden=_private(classroom))
        plans = units.make_plans(classroom, order.assignments)
        asked = _asked(classroom, plans, order.only)
        crew.warm(plans[min((unit.assignment, unit.notebook) for unit in asked)].to_json())
        with (
            journal.opened(classroom.work / "journal", order.resume) as log,
            _resumable(log, order),
        ):
            _say_what_is_anew(log, asked, limits, order)
            _register(classroom, plans, asked)
            print(walls, flush=True)
            with table.watching(asked) as watcher:
                graded = batch.grade(asked, plans, crew, limits, log, watcher, job)
            _record(classroom, graded, log, order)
    outcomes = [one.entry.outcome for one in graded]
    table.show(outcomes)
    before = sum(not one.fresh for one in graded)
    print(table.summary(outcomes, before, time.monotonic() - began))


@contextmanager
def _hired(order: Order) -> Iterator[Crew]:
    """Give the crew that an order asks for, and send it home at the end, whatever happened."""
    if order.scheduler:
        crew: Crew = Cluster(order.scheduler)
    else:
        crew = Processes(order.workers or _room(order.limits.memory))
    try:
        yield crew
    finally:
        crew.stop()


def _room(memory: int) -> int:
    """Return how many submissions this machine can run at a time; each may take some megabytes."""
    import psutil

    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return max(1, min(cores or 1, psutil.virtual_memory().total // (memory * MEGABYTE)))


def _private(classroom: Classroom) -> tuple[str, ...]:
    """Return the folders that no submission may see, wherever they lie."""
    return str(classroom.sources), str(classroom.work)


def _walls(crew: Crew, required: bool) -> str:
    """Return the line that says how well learners' code is locked in.

    Raises:
        CourseError: bubblewrap is required, and is not everywhere.
    """
    if isinstance(crew, Cluster):
        return _walls_of_cluster(crew, required)
    from autograder import sandbox

    if required and sandbox.level() != BUBBLEWRAP:
        raise CourseError(f"--require-sandbox: {sandbox.explain()}")
    return sandbox.explain()


def _walls_of_cluster(crew: Cluster, required: bool) -> str:
    """Return the same line for the workers of a cluster."""
    said = {worker: json.loads(text) for worker, text in crew.survey(abilities).items()}
    here = __version__, batch.grader()
    for worker, their in said.items():
        if (their["version"], their["grader"]) != here:
            code = "" if their["version"] != __version__ else ", of other code"
            theirs = their["version"]
            raise CourseError(f"{worker}: autograder {theirs} there{code}, {__version__} here")
    bare = sorted(worker for worker in said if said[worker]["level"] != BUBBLEWRAP)
    if required and bare:
        raise CourseError(f"--require-sandbox: {bare[0]}: {said[bare[0]]['words']}")
    where = f"{len(bare)} of {len(said)} workers only have limits" if bare else BUBBLEWRAP
    return f"Sandbox: {where} ({len(said)} workers)"


def abilities() -> str:
    """Say, as JSON, what the machine that this runs on offers."""
    from autograder import sandbox

    told = {"version": __version__, "grader": batch.grader()}
    return json.dumps({**told, "level": sandbox.level(), "words": sandbox.explain()})


def _asked(classroom: Classroom, plans: Plans, only: str | None) -> list[Unit]:
    """Return what there is to grade.

    Raises:
        CourseError: there is nothing.
    """
    for folder in units.strange_folders(classroom):
        note(f"autograder: {classroom.submitted}: left out {folder}, whose name is no text")
    found = units.find(classroom, plans, _enrolled(classroom))
    if not found:
        names = ", ".join(sorted({assignment for assignment, _ in plans}))
        raise CourseError(f"nobody has handed in {names}; `autograder collect PATH` first")
    chosen = [unit for unit in found if only in (None, unit.student)]
    if not chosen:
        raise CourseError(f"no student {only!r}; `autograder status` shows who has handed in")
    return chosen


def _enrolled(classroom: Classroom) -> list[str]:
    """Return the students whom the gradebook knows."""
    from autograder import database

    if not database.exists(classroom):
        return []
    with database.opened(classroom) as opened:
        return [student.id for student in opened.book.students]


def _say_what_is_anew(log: Journal, asked: list[Unit], limits: Limits, order: Order) -> None:
    """Say why nothing of an earlier run can be used, where it had other limits or other code."""
    names = {unit.name for unit in asked}
    before = [key for key in log.known() if _about(key) in names] if order.resume else []
    ours = batch.circumstances(limits)
    unlike = [key for key in before if any(key[name] != ours[name] for name in ours)]
    if not before or len(unlike) < len(before):
        return
    last = unlike[-1]
    if last["grader"] != ours["grader"]:
        why = "was made by other code of the autograder"
    else:
        flags = _flags(last["limits"], ours["limits"])
        why = f"had other limits; to go on with it: {' '.join(['--resume', *flags])}"
    note(f"autograder: everything is graded anew: the run before {why}")


def _about(key: dict) -> tuple[str, str, str]:
    """Return what a line of the journal is about."""
    return key["student"], key["assignment"], key["notebook"]


def _flags(theirs: dict, ours: dict) -> list[str]:
    """Return the options that give another run's limits, those that differ from ours."""
    differ = [name for name in ("timeout", "memory", "seed") if theirs[name] != ours[name]]
    flags = [f"--{name} {theirs[name]:g}" for name in differ]
    if theirs["require_sandbox"] != ours["require_sandbox"]:
        flags.append("--require-sandbox" if theirs["require_sandbox"] else "(no --require-sandbox)")
    return flags


def _register(classroom: Classroom, plans: Plans, asked: list[Unit]) -> None:
    """Make the assignments known to the gradebook: what it refuses is better known beforehand."""
    from autograder import gradebook

    for name in sorted({(unit.assignment, unit.notebook) for unit in asked}):
        source = classroom.sources / name[0] / f"{name[1]}.ipynb"
        gradebook.register(plans[name], classroom, source)


def _record(classroom: Classroom, graded: list[Graded], log: Journal, order: Order) -> None:
    """Write results to the gradebook and to disk."""
    try:
        for some in _portions(graded):
            _record_some(classroom, [one.entry for one in some], log)
        log.settle({one.unit.name for one in graded})
    except CourseError as error:
        raise CourseError(f"{error}; nothing graded is lost: {order.again}") from None


def _portions(graded: list[Graded]) -> Iterator[list[Graded]]:
    """Yield the results of a few whole students at a time."""
    students = [list(group) for _, group in groupby(graded, key=lambda one: one.unit.student)]
    for start in range(0, len(students), TOGETHER):
        yield [one for student in students[start : start + TOGETHER] for one in student]


def _record_some(classroom: Classroom, entries: list[Entry], log: Journal) -> None:
    """Write a few results."""
    from autograder import gradebook, records

    results = [(entry.outcome, log.notebook(entry)) for entry in entries]
    for remark in gradebook.record(results, classroom):
        note(f"autograder: {table.clean(remark)}")
    for entry in entries:
        records.save_outcome(entry.outcome, classroom)


@contextmanager
def _resumable(log: Journal, order: Order) -> Iterator[None]:
    """Say after Ctrl-C what is kept, and how to go on."""
    try:
        yield
    except KeyboardInterrupt:
        kept = f"{len(log)} graded notebooks are kept; go on with: {order.again}"
        raise Interrupted(f"stopped; {kept}") from None
