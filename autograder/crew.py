"""Who does the work: processes on this machine, or the workers of a Dask cluster."""

from __future__ import annotations

import logging
import os
import shutil
import signal
import tempfile
import threading
import time
import warnings
from collections.abc import Callable
from concurrent.futures import (
    BrokenExecutor,
    CancelledError,
    Executor,
    Future,
    ProcessPoolExecutor,
)
from contextlib import suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from select import select
from typing import TYPE_CHECKING, Any

from course.errors import CourseError

if TYPE_CHECKING:
    from multiprocessing.context import SpawnProcess

PULSE = 120  # seconds until somebody who does nothing else has answered
GRACE = 5  # seconds in which a process that is sent home has gone
CONNECT = 15  # seconds in which a scheduler answers
ALONE = 60  # seconds that a cluster may be without any worker
LOST = ("KilledWorker", "FutureCancelledError", "FutureLostError")  # as Dask calls it
KEPT = "what is graded is kept: the same command with --resume goes on"


class Unfit(CourseError):
    """A worker cannot do any job at all."""


class Crew:
    """An executor that can be renewed after it broke.

    Attributes:
        executor: the present one.
    """

    def __init__(self, make: Callable[[], Executor], width: int) -> None:
        """Start an executor.

        Args:
            make: returns a new one.
            width: how many jobs it does at a time.
        """
        self._make, self._width = make, width
        self.executor = make()

    @property
    def width(self) -> int:
        """How many jobs are done at a time."""
        return self._width

    def submit(self, function: Callable, *arguments: Any) -> Future:
        """Hand out a job."""
        return self.executor.submit(function, *arguments)

    def warm(self, plan: str) -> None:
        """Prepare for an assignment, if that is worth anything."""

    def renew(self) -> None:
        """Give up whatever is being done, and start with a new executor."""
        self.stop()
        self.executor = self._make()

    def stop(self) -> None:
        """Give up whatever is being done; nothing if that has been said before."""
        self.executor.shutdown(wait=False, cancel_futures=True)

    def level(self) -> str:
        """Return how submissions are locked in: "bubblewrap", or "limits" wherever one is not."""
        return sandbox_level()

    def diagnosed(self, error: Exception) -> Exception:
        """Return a job's error; BrokenExecutor where its process was lost, for whatever reason."""
        lost = isinstance(error, CancelledError) or type(error).__name__ in LOST
        return BrokenExecutor(str(error)) if lost else error

    def check(self) -> None:
        """Make sure that it is not the crew that fails.

        Raises:
            CourseError: nobody does even the smallest job.
        """
        try:
            self.submit(_pulse).result(PULSE)
        except Exception as error:
            reason = f"{type(error).__name__}: {error}".strip(": ")
            raise CourseError(f"the processes that grade do not work ({reason}); {KEPT}") from None


class Processes(Crew):
    """Processes on this machine, which end when this process does, whatever ends it."""

    def __init__(self, workers: int) -> None:
        """Prepare a number of processes; they start with their first jobs."""
        super().__init__(self._pool, workers)

    def warm(self, plan: str) -> None:
        """Let each process import what an assignment imports, while this one does other things."""
        for _ in range(self._width):
            self.submit(_warm, plan)

    def stop(self) -> None:
        """Kill the processes, and all that they have started; remove their temporary files."""
        workers = list((getattr(self.executor, "_processes", None) or {}).values())
        self._lifeline.close()
        _bury(workers)
        _shut_down(self.executor)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _pool(self) -> ProcessPoolExecutor:
        """Return a new executor whose processes live as long as the other end of a pipe is open."""
        # A fork would take over this process' threads and files; a new interpreter does not.
        context = get_context("spawn")
        heard, self._lifeline = context.Pipe(duplex=False)
        # Whoever is killed cannot tidy up: all temporary files of these processes lie in here.
        self._folder = tempfile.mkdtemp(prefix="unrolled-")
        return ProcessPoolExecutor(
            self._width, context, initializer=_enlist, initargs=(heard, self._folder)
        )


def _shut_down(executor: ProcessPoolExecutor) -> None:
    """Shut an executor down whose processes are dead, and wait until it is.

    Up to Python 3.11.4 it would wait for ever where a large submission was being written into the
    pipe to them: nobody reads it any more. So we do.
    """
    queue, manager = executor._call_queue, executor._executor_manager_thread
    executor.shutdown(wait=False, cancel_futures=True)
    if manager is None:
        return
    if os.name != "nt" and queue is not None:
        with suppress(OSError):  # the pipe is closed: nobody waits for it
            _drain(os.dup(queue._reader.fileno()), manager)
    manager.join()


def _drain(pipe: int, manager: threading.Thread) -> None:
    """Read what is written into a pipe, and forget it, until a thread ends."""
    try:
        while manager.is_alive():
            ready, _, _ = select([pipe], [], [], 0.02)
            if ready and not os.read(pipe, 1 << 20):
                return
    finally:
        os.close(pipe)


def sandbox_level() -> str:
    """Return how the machine that this runs on locks submissions in."""
    from autograder import sandbox

    return sandbox.level()


def _bury(workers: list[SpawnProcess]) -> None:
    """Wait for processes that have been sent home; kill one that cannot hear it.

    In C code that does not let go of Python's lock, no thread of the process ever runs.
    """
    end = time.monotonic() + GRACE
    remaining = {worker.sentinel: worker for worker in workers}
    while remaining and (left := end - time.monotonic()) > 0:
        for gone in wait(list(remaining), left):
            del remaining[gone]
    for worker in remaining.values():
        _kill_below(worker.pid)
        worker.kill()


def _warm(plan: str) -> None:
    """Start this process' warm process, and wait for it: another then does the same elsewhere."""
    from autograder import warmth
    from autograder.plan import Plan

    warmth.warm(Plan.from_json(plan))


def _enlist(lifeline: Connection, folder: str) -> None:
    """Prepare a process for its jobs: it ends with its parent, and with nothing left behind."""
    # A terminal's Ctrl-C goes to a whole group of processes. It is the parent's to answer.
    os.setpgrp()
    tempfile.tempdir = folder
    signal.signal(signal.SIGTERM, lambda *_: _end(folder))
    threading.Thread(target=_wait_for_end, args=(lifeline, folder), daemon=True).start()


def _wait_for_end(lifeline: Connection, folder: str) -> None:
    """Wait until the other end of the pipe is closed: on purpose, or because the parent died."""
    with suppress(EOFError, OSError):
        lifeline.recv_bytes()
    _end(folder)


def _end(folder: str) -> None:
    """Kill this process and its descendants; its parent may be dead, so remove the files too."""
    _kill_below(os.getpid())
    shutil.rmtree(folder, ignore_errors=True)
    os._exit(1)


def _kill_below(process_id: int) -> None:
    """Kill the descendants of a process."""
    import psutil

    with suppress(psutil.Error):
        for process in psutil.Process(process_id).children(recursive=True):
            with suppress(psutil.Error):
                process.kill()


def _pulse() -> None:
    """The smallest job that shows whether any can be done: it needs a process and some disk."""
    with tempfile.TemporaryFile() as file:
        file.write(bytes(2**20))


class Cluster(Crew):
    """The workers of a Dask cluster. Each needs the same version of the course."""

    def __init__(self, address: str) -> None:
        """Connect to a scheduler.

        Raises:
            CourseError: Dask is not installed, nobody answers, or a worker cannot grade.
        """
        self._address = address
        self._client = _connect(address)
        self._seen = time.monotonic()
        # Not pure: Dask would take equal arguments for the same job.
        super().__init__(lambda: self._client.get_executor(pure=False), 0)

    @property
    def width(self) -> int:
        """How many jobs the present workers do at a time.

        Raises:
            CourseError: the scheduler is gone, has had no worker for a while, or one that does
                several jobs in one process.
        """
        threads = self._ask(self._client.nthreads)
        crowded = next((worker for worker, count in threads.items() if count > 1), None)
        if crowded:
            # A submission that ends its grader's process would take its neighbours with it.
            raise CourseError(
                f"{crowded}: a worker of {threads[crowded]} threads; "
                "start it with `dask worker --nthreads 1`, and --nworkers for more"
            )
        width = len(threads)
        if width:
            self._seen = time.monotonic()
        elif time.monotonic() - self._seen > ALONE:
            raise CourseError(f"{self._address}: the scheduler has no workers left; {KEPT}")
        return width

    def survey(self, function: Callable[[], str]) -> dict[str, str]:
        """Return what a function says on each worker, by the worker's address.

        Raises:
            CourseError: there are no workers, or one cannot run it.
        """
        try:
            self._client.wait_for_workers(1, timeout=CONNECT)
        except (TimeoutError, OSError):
            raise CourseError(f"{self._address}: the scheduler has no workers") from None
        said = self._ask(lambda: self._client.run(function, on_error="return"))
        for worker, answer in said.items():
            if isinstance(answer, BaseException):
                raise CourseError(
                    f"{worker}: this worker cannot grade ({type(answer).__name__}: {answer}); "
                    "install the same version of the course there"
                )
        return said

    def level(self) -> str:
        """Return the lowest level of the present workers.

        Raises:
            CourseError: there are no workers, or one cannot say.
        """
        levels = set(self.survey(sandbox_level).values())
        return "limits" if "limits" in levels else "bubblewrap"

    def renew(self) -> None:
        """A cluster replaces its workers itself."""

    def stop(self) -> None:
        """Give up what waits. What a worker has begun it ends, and nobody hears of it."""
        with suppress(Exception):
            self._client.close(timeout=5)

    def _ask(self, question: Callable[[], Any]) -> Any:
        """Ask the scheduler."""
        try:
            return question()
        except Exception as error:
            raise CourseError(
                f"{self._address}: the scheduler does not answer ({type(error).__name__}); {KEPT}"
            ) from None


def _connect(address: str):
    """Return a client of a scheduler."""
    try:
        from distributed import Client
    except ImportError:
        raise CourseError(
            "--scheduler needs Dask, which is not installed: pip install 'unrolled[cluster]'"
        ) from None
    _hush()

    class Quiet(Client):
        """A client that only `stop` closes: one that never connected cannot be closed."""

        def __del__(self) -> None:
            pass

    try:
        return Quiet(address, timeout=CONNECT, set_as_default=False)
    except Exception as error:  # OSError, TimeoutError, ValueError for an odd address, and others
        raise CourseError(
            f"{address}: no Dask scheduler answers there ({type(error).__name__}); "
            "start one with `dask scheduler`, or leave --scheduler out"
        ) from None


def _hush() -> None:
    """Keep Dask from telling of a lost connection in fifty lines; we tell it in one."""
    warnings.filterwarnings("ignore", module="distributed")
    for name in list(logging.root.manager.loggerDict):
        if name.startswith("distributed"):  # each has a level of its own
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)
