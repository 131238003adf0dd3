"""The processes that work at one study, and what is seen of them meanwhile."""

import os
import sys
import time
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from multiprocessing import get_context
from tempfile import TemporaryDirectory
from typing import Any

from course.cli.guard import Interrupted, note

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
    """Fill a study with trials, in this process or in several; return it.

    Raises:
        CourseError: the input is bad, or the storage cannot be used.
        Interrupted: Ctrl-C; the message says what was kept.
    """
    from course import tuning

    with TemporaryDirectory(prefix="course-tune-") as folder:
        shared = task
        if workers > 1 and not task.storage:
            shared = replace(task, storage=f"sqlite:///{folder}/trials.db")
        study, data = _open(shared)
        there = len(tuning.counted(study))
        note(f"{data.provenance}; {len(data.train):,} pairs to learn from")
        note(f"{task.trials} trials wanted, {there} there; {task.sampler}, {_processes(workers)}")
        try:
            with _watched(study, task.trials) as look:
                _fill(shared, study, data, workers, look)
        except KeyboardInterrupt:
            raise Interrupted(_what_was_kept(task, study)) from None
        return tuning.copied(study)


def _fill(task: Task, study: Any, data: Any, workers: int, look: Any) -> None:
    """Do trials until there are enough, or a grid has no more.

    A process that died leaves a trial that counts as under way for a minute: so this may take
    more than one go.
    """
    from course import tuning

    before = -1
    while before < len(tuning.counted(study)) < task.trials:
        before = len(tuning.counted(study))
        if workers == 1:
            _work(task, study, data, look)
        else:
            _work_together(task, min(workers, task.trials - before), look)


def _open(task: Task) -> tuple:
    """Prepare the pairs, and open the study of them."""
    from course import tuning
    from course.cli import trials

    data = trials.prepare(task.given)
    places = ("pairs", "source_file", "target_file")
    same = {name: value for name, value in task.given.items() if name not in places}
    about = {"corpus": data.fingerprint, "set of options": repr(sorted(same.items()))}
    return tuning.open_study(NAME, task.storage, trials.space(task.given), about), data


def _work(task: Task, study: Any, data: Any, look: Any, worker: int = 0) -> None:
    """Do trials until there are enough."""
    from course import tuning
    from course.cli import trials

    tuning.search(
        trials.objective(task.given, data),
        trials.space(task.given),
        task.trials,
        sampler=task.sampler,
        seed=task.seed,
        worker=worker,
        prune=task.prune,
        study=study,
        on_trial=look,
    )


def _work_alone(task: Task, worker: int) -> None:
    """Do trials in a process of its own."""
    study, data = _open(task)
    _work(task, study, data, None, worker)


def _work_together(task: Task, workers: int, look: Any) -> None:
    """Do trials in several processes, each with its share of the cores."""
    share = max(1, (os.cpu_count() or 1) // workers)
    with _environment(dict.fromkeys(THREADS, str(share))):
        pool = ProcessPoolExecutor(workers, mp_context=get_context("spawn"))
        with pool:
            futures = [pool.submit(_work_alone, task, worker) for worker in range(workers)]
            _await(futures, look)


def _await(futures: list[Future], look: Any) -> None:
    """Wait for all workers, looking at the trials meanwhile; raise what one of them raised."""
    while not all(future.done() for future in futures):
        for future in futures:
            if future.done():
                future.result()
        look()
        time.sleep(LOOK)
    for future in futures:
        future.result()
    look()


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
