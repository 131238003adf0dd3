"""Hands out jobs, a few at a time, and finds out whose fault it is when a process dies."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    CancelledError,
    Executor,
    Future,
    wait,
)
from dataclasses import dataclass
from itertools import islice
from typing import Any, Generic, TypeVar

from autograder.crew import Crew, Unfit

SPARE = 2  # jobs that wait for a worker, so that no worker waits for a job
TRIES = 2  # until a failure is taken for the job's own
TICK = 0.25  # seconds between two looks at the clock

Item = TypeVar("Item")
Answers = Iterator[tuple[Item, Any]]


@dataclass
class Flight(Generic[Item]):
    """A job that has been handed out.

    Attributes:
        item: what it is about.
        failures: how often it has failed by its own fault.
        alone: whether nothing runs beside it, because it is under suspicion.
        executor: who has it.
        began: when its turn came, in seconds; None before.
    """

    item: Item
    failures: int
    alone: bool
    executor: Executor
    began: float | None = None


@dataclass
class Dispatch(Generic[Item]):
    """Many jobs over a crew. A job that fails is tried once more, at the end and alone.

    When a process dies, an executor cannot say which job killed it: all jobs in flight are lost,
    and all are under suspicion. Alone, each shows what it is; what others did does not count.

    Attributes:
        crew: who does the jobs.
        job: the function that is called for each item.
        prepare: returns the job's arguments; None if there is nothing to do.
        read: returns what an answer means; an exception makes the job a failed one.
        patience: seconds until a job's process is given up.
        started: hears of each item whose turn has come.
        tick: is called several times a second.
    """

    crew: Crew
    job: Callable[..., Any]
    prepare: Callable[[Item], tuple | None]
    read: Callable[[Item, Any], Any]
    patience: float
    started: Callable[[Item], None]
    tick: Callable[[], None]

    def run(self, items: Iterable[Item]) -> Answers:
        """Yield each item with what its answer means, in the order of completion.

        An item whose job fails twice comes with the exception. Items are taken, and their arguments
        prepared, only when there is room: no more than a few are held in memory.

        Raises:
            CourseError: not a job but the crew as a whole fails.
        """
        self._waiting = deque(items)
        self._suspects: deque[tuple[Item, int]] = deque()  # with their failures
        self._flights: dict[Future, Flight[Item]] = {}  # in the order of handing out
        while self._waiting or self._suspects or self._flights:
            width = self.crew.width
            yield from self._hand_out(width)
            self._note_starts(width)
            yield from self._landed()
            yield from self._overdue(width)
            self.tick()

    def _hand_out(self, width: int) -> Answers:
        """Hand out as many jobs as keep everybody busy; suspects last, one at a time."""
        while self._waiting and len(self._flights) < width + SPARE:
            yield from self._start(self._waiting.popleft())
        while self._suspects and not self._waiting and not self._flights:
            yield from self._start(*self._suspects.popleft(), alone=True)

    def _start(self, item: Item, failures: int = 0, alone: bool = False) -> Answers:
        """Hand out one job."""
        arguments = self.prepare(item)
        if arguments is None:
            return
        flight = Flight(item, failures, alone, self.crew.executor)
        try:
            self._flights[self.crew.submit(self.job, *arguments)] = flight
        except BrokenExecutor as error:  # since it was last looked at
            yield from self._failed(flight, error)

    def _note_starts(self, width: int) -> None:
        """Start the clock of those whose turn has come: jobs begin in the order of handing out."""
        for flight in islice(self._flights.values(), width):
            if flight.began is None:
                flight.began = time.monotonic()
                self.started(flight.item)

    def _landed(self) -> Answers:
        """Yield what has been done since the last time."""
        wait(self._flights, TICK, FIRST_COMPLETED)
        for future in [future for future in self._flights if future.done()]:
            flight = self._flights.pop(future)
            try:
                answer = self.read(flight.item, _answer(future))
            except Unfit:
                raise
            except Exception as error:
                yield from self._failed(flight, error)
            else:
                yield flight.item, answer

    def _overdue(self, width: int) -> Answers:
        """Give up the processes of jobs that do not end."""
        now = time.monotonic()
        for future, flight in list(islice(self._flights.items(), width)):
            if flight.began is not None and now - flight.began > self.patience:
                del self._flights[future]
                future.cancel()
                self.crew.renew()
                yield from self._failed(flight, TimeoutError("it did not come to an end"))

    def _failed(self, flight: Flight[Item], error: Exception) -> Answers:
        """Put a job under suspicion, or yield it as failed if this is the second time."""
        error = self.crew.diagnosed(error)
        broken = isinstance(error, BrokenExecutor)
        if broken and flight.executor is self.crew.executor:
            self.crew.renew()
        failures = flight.failures + (flight.alone or not broken)
        if failures < TRIES:
            self._suspects.append((flight.item, failures))
            return
        self.crew.check()
        yield flight.item, error


def _answer(future: Future) -> Any:
    """Return a future's result or raise its exception.

    Not `future.result()`: a Ctrl-C at this moment would be taken for the job's.
    """
    if future.cancelled():
        raise CancelledError
    error = future.exception()
    if error is None:
        return future.result()
    raise error if isinstance(error, Exception) else RuntimeError(repr(error))
