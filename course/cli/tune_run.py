"""The processes that work at one study, and what is seen of them meanwhile."""

import os
import queue
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from multiprocessing import get_context, parent_process
from tempfile import TemporaryDirectory
from typing import Any

from course.cli.guard import Interrupted, note
from course.errors import CourseError

AT_ONCE = 10  # trials of a process, before a fresh one takes its place
LOOK = 0.5  # seconds between two looks at the trials of other processes
NAME = "translator"
THREADS = ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS")


@dataclass(frozen=True)
class Task:
    """What a search depends on.

    Attributes:
        given: options of the translator that all trials share, by their names.
        trials: of the study in all.
        sampler: what draws.
        prune: give up bad trials early.
        seed: of the draws, and of the trainings.
        storage: a database; None for none that is kept.
    """

    given: dict[str, Any]
    trials: int
    sampler: str
    prune: bool
    seed: int
    storage: str | None


def search(task: Task, workers: int) -> Any:
    """Fill a study with trials, in processes of their own; return it.

    Raises:
        CourseError: the input is bad, the storage cannot be used, or a process died.
        Interrupted: Ctrl-C; the message says what was kept.
    """
    from course import tuning

    with TemporaryDirectory(prefix="course-tune-") as folder:
        shared = replace(task, storage=task.storage or f"sqlite:///{folder}/trials.db")
        study, data = _open(shared)
        there = len(tuning.counted(study))
        note(f"{data.provenance}; {len(data.train):,} pairs to learn from")
        note(f"{task.trials} trials wanted, {there} there; {task.sampler}, {_processes(workers)}")
        try:
            with _watched(study, task.trials) as look:
                _fill(shared, study, workers, look)
        except KeyboardInterrupt:
            raise Interrupted(_what_was_kept(task, study)) from None
        return tuning.copied(study)


def _open(task: Task) -> tuple:
    """Prepare the pairs, and open the study of them."""
    from course import tuning
    from course.cli import trials

    data = trials.prepare(task.given)
    places = ("pairs", "source_file", "target_file")
    same = {name: value for name, value in task.given.items() if name not in places}
    about = {"corpus": data.fingerprint, "set of options": repr(sorted(same.items()))}
    return tuning.open_study(NAME, task.storage, trials.space(task.given), about), data


def _fill(task: Task, study: Any, workers: int, look: Callable) -> None:
    """Let processes do trials, in several goes, until there are enough, or a grid has no more.

    What a trial compiled stays in its process: so none does more than a few. And a process that
    died elsewhere leaves a trial that counts as under way for a minute.
    """
    from course import tuning

    before = -1
    while before < len(tuning.counted(study)) < task.trials:
        before = len(tuning.counted(study))
        _go(task, study, min(workers, task.trials - before), look)


def _go(task: Task, study: Any, workers: int, look: Callable) -> None:
    """Start some processes and wait for all of them; stop them all when anything goes wrong."""
    from course import tuning

    context = get_context("spawn")
    said = context.Queue()
    processes = [
        context.Process(target=_work, args=(task, worker, said)) for worker in range(workers)
    ]
    share = max(1, (os.cpu_count() or 1) // workers)
    with _environment(dict.fromkeys(THREADS, str(share))):
        for process in processes:
            process.start()
    try:
        _await(processes, said, look)
    finally:
        for process in processes:
            process.terminate()
            process.join()
        tuning.drop(study, {tuning.process_name(process.pid) for process in processes})
    look()


def _work(task: Task, worker: int, said: Any) -> None:
    """Do a few trials, in a process of its own; Ctrl-C is for the one that started it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    from course import tuning
    from course.cli import trials

    try:
        study, data = _open(task)
        tuning.search(
            trials.objective(task.given, data),
            trials.space(task.given),
            task.trials,
            sampler=task.sampler,
            seed=task.seed,
            worker=worker,
            prune=task.prune,
            most=AT_ONCE,
            study=study,
            on_trial=_stop_if_left,
        )
    except CourseError as error:
        said.put(str(error))


def _stop_if_left(study: Any) -> None:
    """Do no more trials once the process that started this one is gone."""
    if not parent_process().is_alive():
        study.stop()


def _await(processes: list, said: Any, look: Callable) -> None:
    """Wait until all processes have ended, looking at the trials meanwhile.

    Raises:
        CourseError: one of them met bad input, or died.
    """
    while any(process.is_alive() for process in processes):
        time.sleep(LOOK)
        look()
        for process in processes:
            if process.exitcode:
                raise CourseError(
                    f"a process that trained ended with exit code {process.exitcode}: was there "
                    "memory enough? Try fewer --workers, or a smaller --batch"
                )
    with suppress(queue.Empty):
        raise CourseError(said.get(timeout=0.1))


@contextmanager
def _environment(values: dict[str, str]) -> Iterator[None]:
    """Set environment variables for the processes that begin meanwhile."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update({name: before[name] or value for name, value in values.items()})
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name)
            if value is not None:
                os.environ[name] = value


@contextmanager
def _watched(study: Any, wanted: int) -> Iterator[Any]:
    """Give a function that says which trials have ended since it was last called."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    from course import tuning

    console = Console(stderr=True, highlight=False)
    columns = "trials", BarColumn(20), TextColumn("{task.completed}/{task.total}")
    seen = {trial.number for trial in tuning.counted(study)}
    shown = sys.stderr.isatty()
    with Progress(*columns, TimeRemainingColumn(), console=console, disable=not shown) as bar:
        moving = bar.add_task("trials", total=wanted, completed=len(seen))

        def look(*_: object) -> None:
            for trial in tuning.counted(study):
                if trial.number not in seen:
                    seen.add(trial.number)
                    console.print(_line(trial), markup=False, soft_wrap=True)
            bar.update(moving, completed=min(len(seen), wanted))

        yield look


def _line(trial: Any) -> str:
    """Say in a line how a trial ended."""
    from course.cli.tune_page import shown

    drawn = "  ".join(f"{name} {shown(value)}" for name, value in trial.params.items())
    end = f"valid loss {trial.value:.3f}" if trial.state.name == "COMPLETE" else _given_up(trial)
    return f"trial {trial.number + 1}: {end}, {trial.duration.total_seconds():.0f} s ({drawn})"


def _given_up(trial: Any) -> str:
    """Say when a trial was given up."""
    if not trial.intermediate_values:
        return "given up: the loss is no number"
    epoch, loss = max(trial.intermediate_values.items())
    return f"given up after epoch {epoch} at {loss:.3f}"


def _processes(workers: int) -> str:
    """Say how many processes train."""
    return "one process" if workers == 1 else f"{workers} processes"


def _what_was_kept(task: Task, study: Any) -> str:
    """Say after Ctrl-C how to go on."""
    from course import tuning

    if not task.storage:
        return "interrupted; nothing was saved, as there was no --storage"
    count = len(tuning.counted(study))
    return f"interrupted; {task.storage} keeps {count} trials, and the same command goes on"
