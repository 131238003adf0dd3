"""Look for good settings: a space, a sampler, and trials that are given up where it pays.

A trial is one training with one choice of settings. Optuna draws the settings, keeps the trials in
a study, and lets several processes or machines work at one study through its storage. Lesson 11
compares the ways to draw.
"""

import math
import os
import platform
import warnings
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import optuna

from course.errors import CourseError
from course.tuning.samplers import SAMPLERS, make_sampler, seed_of
from course.tuning.space import Range, Space, suggest

if TYPE_CHECKING:
    from course.training import Epoch

__all__ = [
    "SAMPLERS",
    "Range",
    "Space",
    "best",
    "best_so_far",
    "copied",
    "counted",
    "open_study",
    "search",
]

STARTUP = 5  # trials that run to their end, before any is given up
FREE = 1  # epochs of each trial after which it is not given up yet
HEARTBEAT = 30  # seconds between two signs of life of a trial in a storage
COUNTED = ("COMPLETE", "PRUNED")  # trials that are over and say something of the space

Report = Callable[["Epoch"], None]
Objective = Callable[[dict[str, Any], Report], float]


def search(
    objective: Objective,
    space: Space,
    trials: int,
    *,
    sampler: str = "tpe",
    seed: int = 0,
    worker: int = 0,
    prune: bool = True,
    most: int | None = None,
    study: optuna.Study | None = None,
    on_trial: Callable[[optuna.Study], None] | None = None,
) -> optuna.Study:
    """Try settings until a study has a number of trials.

    Args:
        objective: takes settings by name, and a function to call after each epoch, which ends the
            trial if it does worse than most did; returns the validation loss.
        space: what the settings are drawn from.
        trials: in the study in all, those that were there before counted.
        sampler: one of `SAMPLERS`.
        seed: of the draws.
        worker: which of several processes on one study this is; each draws for itself.
        prune: give up trials whose loss is above the median of the others' after as many epochs.
        most: trials of this call; any number if None.
        study: to go on with, as `open_study` gives one; a new one in memory if None.
        on_trial: called with the study after each trial.

    Returns:
        The study: `best_params`, `best_value`, `trials`.

    Raises:
        CourseError: a setting makes no sense, or the sampler needs what is not installed.
    """
    if trials < 1:
        raise CourseError(f"trials must be at least 1, not {trials}")
    study = study or open_study("in memory", None, space)
    # A study that goes on must not draw again what it drew.
    draws = seed if sampler == "grid" else seed_of(seed, worker, len(study.get_trials()))
    study.sampler = make_sampler(sampler, space, trials, draws)
    study.pruner = _pruner(prune)

    def run(trial: optuna.Trial) -> float:
        trial.set_user_attr("process", process_name())
        return _judged(objective(suggest(trial, space), _reporter(trial)))

    def tell(study: optuna.Study, trial: object) -> None:
        if on_trial:
            on_trial(study)
        if len(counted(study)) + _running(study) >= trials:
            study.stop()

    if len(counted(study)) < trials and not _exhausted(study):
        study.optimize(run, n_trials=most, callbacks=[tell])
    return study


def open_study(
    name: str, storage: str | None, space: Space, about: Mapping[str, str] | None = None
) -> optuna.Study:
    """Open a study, or make it if the storage has none of that name.

    Args:
        name: of the study.
        storage: a database as SQLAlchemy names it, as `sqlite:///trials.db`; None for memory.
        space: what its trials draw from.
        about: what they are trained on, by which a study knows them again.

    Raises:
        CourseError: the storage cannot be used, or holds a study of something else.
    """
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        kept = None if storage is None else _database(storage)
        study = optuna.create_study(study_name=name, storage=kept, load_if_exists=True)
    except CourseError:
        raise
    except Exception as error:  # each database has its own errors
        raise CourseError(f"--storage {storage}: {_first_line(error)}") from error
    wanted, known = {"search space": repr(dict(space)), **(about or {})}, study.user_attrs
    for key, value in wanted.items():
        if known.get(key, value) != value:
            raise CourseError(
                f"the study in {storage} has another {key}: take another --storage, or the same "
                "options as before"
            )
        study.set_user_attr(key, value)
    return study


def counted(study: optuna.Study) -> list[optuna.trial.FrozenTrial]:
    """Return the trials that are over, those given up early among them."""
    return [trial for trial in study.get_trials(deepcopy=False) if trial.state.name in COUNTED]


def copied(study: optuna.Study) -> optuna.Study:
    """Return a study in memory with the same trials, which needs the storage no longer."""
    copy = optuna.create_study()
    copy.add_trials([trial for trial in study.get_trials() if trial.state.is_finished()])
    return copy


def best(study: optuna.Study) -> optuna.trial.FrozenTrial:
    """Return the trial with the lowest loss, among those that ran to their end.

    Raises:
        CourseError: none did.
    """
    whole = [trial for trial in counted(study) if trial.state.name == "COMPLETE"]
    if not whole:
        raise CourseError("no trial came to its end: allow more trials, or a smaller learning rate")
    return min(whole, key=lambda trial: trial.value)


def best_so_far(study: optuna.Study) -> list[float]:
    """Return the lowest loss after each trial that is over; infinity before the first whole one."""
    lowest, losses = math.inf, []
    for trial in counted(study):
        if trial.state.name == "COMPLETE":
            lowest = min(lowest, trial.value)
        losses.append(lowest)
    return losses


def process_name(pid: int | None = None) -> str:
    """Return what a trial calls the process that is at it; this one, or another of this machine."""
    return f"{platform.node()}:{os.getpid() if pid is None else pid}"


def drop(study: optuna.Study, processes: set[str]) -> None:
    """Give up the trials that some processes were at when they were stopped."""
    for trial in study.get_trials(states=(optuna.trial.TrialState.RUNNING,)):
        if trial.user_attrs.get("process") in processes:
            study.tell(trial.number, state=optuna.trial.TrialState.FAIL)


def _running(study: optuna.Study) -> int:
    """Count the trials that other processes are at."""
    return len(study.get_trials(deepcopy=False, states=(optuna.trial.TrialState.RUNNING,)))


def _exhausted(study: optuna.Study) -> bool:
    """Say whether a grid has no point left."""
    grid = isinstance(study.sampler, optuna.samplers.GridSampler)
    return grid and study.sampler.is_exhausted(study)


def _pruner(prune: bool) -> optuna.pruners.BasePruner:
    """Return what says which trials are given up."""
    if not prune:
        return optuna.pruners.NopPruner()
    return optuna.pruners.MedianPruner(n_startup_trials=STARTUP, n_warmup_steps=FREE + 1)


def _reporter(trial: optuna.Trial) -> Report:
    """Return what a training calls after each epoch."""

    def report(epoch: "Epoch") -> None:
        trial.report(_judged(epoch.valid_loss), epoch.epoch)
        if trial.should_prune():
            raise optuna.TrialPruned

    return report


def _judged(loss: float | None) -> float:
    """Return the loss of a trial.

    Raises:
        TrialPruned: it is no number; such a trial counts as given up, and as worse than others.
    """
    if loss is None or not math.isfinite(loss):
        raise optuna.TrialPruned
    return float(loss)


def _database(storage: str) -> optuna.storages.RDBStorage:
    """Connect to a storage; a trial whose process has died is no longer waited for."""
    if "://" not in storage:
        raise CourseError(
            f"--storage {storage} names no database: for a file say sqlite:///{storage}"
        )
    with warnings.catch_warnings(category=optuna.exceptions.ExperimentalWarning, action="ignore"):
        return optuna.storages.RDBStorage(storage, heartbeat_interval=HEARTBEAT)


def _first_line(error: Exception) -> str:
    """Return what an error says, in a line."""
    return str(error).strip().partition("\n")[0] or type(error).__name__
