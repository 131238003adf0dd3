"""Runs and their folders: what they were trained with, how they ended, what is left of them."""

import math
import os
import time
import zipfile
from collections.abc import Set
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from course.errors import CourseError
from course.models import storage
from course.text import Codec

if TYPE_CHECKING:
    from course.training import History

Settings = TypeVar("Settings")


def check_folder(folder: Path) -> None:
    """Find out before a long training whether its model can be saved.

    Raises:
        CourseError: the folder is a file, or nothing may be written there.
    """
    place = next(place for place in (folder, *folder.absolute().parents) if place.exists())
    if not place.is_dir():
        raise CourseError(f"cannot save to {folder}: {place} is a file, not a folder")
    if not os.access(place, os.W_OK | os.X_OK):
        raise CourseError(f"cannot save to {folder}: {place} is not writable")


def plain(given: dict[str, Any]) -> dict[str, Any]:
    """Return values that a JSON file holds as they are, in place of those of the options."""
    return {name: getattr(value, "value", value) for name, value in given.items()}


def settings_of(
    kind: type[Settings], folder: Path, given: dict[str, Any], may_differ: Set[str]
) -> Settings:
    """Return the settings of the run in a folder, with what may differ replaced.

    Args:
        kind: the dataclass of the settings; its `command` names what trains such a run.
        folder: where the run was saved.
        given: plain values by the options' names.
        may_differ: the names of those that may have another value.

    Raises:
        CourseError: there is no such run, or one of the options does not fit it.
    """
    try:
        saved = kind(**storage.read_manifest(folder, "training")["about"]["options"])
    except (KeyError, TypeError) as error:
        raise CourseError(f"{folder} holds no run of `{kind.command}`") from error
    for name, value in given.items():
        if name not in may_differ and value != getattr(saved, name):
            # `continue` can not be the name of a field.
            option = "--" + {"continued": "continue"}.get(name, name).replace("_", "-")
            raise CourseError(
                f"{option} is {value}, but the run in {folder} has {getattr(saved, name)}: leave "
                f"{option} out, or train anew without --resume"
            )
    return replace(saved, **given)


def check_fingerprint(save: Path, run: dict, fingerprint: str, wrong: str) -> None:
    """Refuse to go on with a run on other data.

    Args:
        save: the run's folder.
        run: its manifest.
        fingerprint: of the data that is there now.
        wrong: how the message begins, as "the book is not that".

    Raises:
        CourseError: the run has another fingerprint.
    """
    about = run["about"]
    if about.get("fingerprint") != fingerprint:
        raise CourseError(
            f"{wrong} of the run in {save} ({about.get('provenance', 'unknown')}): train anew "
            "without --resume"
        )


def model_manifest(folder: Path) -> dict:
    """Read the manifest of a saved model whose weights can be read, without reading them.

    Raises:
        CourseError: the folder holds no model, or half of one.
    """
    manifest = storage.read_manifest(folder, "model")
    try:
        zipfile.ZipFile(folder / manifest["weights"]).close()
    except (OSError, KeyError, TypeError, ValueError, zipfile.BadZipFile):
        # Loading says what is wrong, or finds what another process has saved in between.
        _, manifest = storage.load_arrays(folder, "model")
    return manifest


def language_model(folder: str | Path) -> tuple[dict, Codec]:
    """Read the shape and the vocabulary of a saved language model, without TensorFlow.

    Raises:
        CourseError: the folder holds no such model, half of one, or one without a vocabulary.
    """
    manifest = model_manifest(Path(folder))
    if manifest.get("kind") != "language":
        raise CourseError(f"{folder} holds a {manifest.get('kind')!r} model, not a language model")
    try:
        return manifest["config"], Codec.from_dict(manifest["codec"])
    except (KeyError, TypeError, AttributeError) as error:
        raise CourseError(f"the model in {folder} has no vocabulary: it cannot write") from error


def run_in(folder: Path | None) -> dict | None:
    """Return the manifest of the training run in a folder, if it holds one."""
    try:
        return None if folder is None else storage.read_manifest(folder, "training")
    except CourseError:
        return None


def check_fit(history: "History") -> None:
    """Find out whether a training came to its end.

    Raises:
        KeyboardInterrupt: Ctrl-C ended it.
        CourseError: no epoch has a loss that is a number.
    """
    if history.stopped == "interrupted":
        raise KeyboardInterrupt
    best = history.best
    if not math.isfinite(best.loss if best.valid_loss is None else best.valid_loss):
        raise CourseError("the loss is no number any more: try a smaller --learning-rate")


def what_was_kept(save: Path | None, before: dict | None, use: str | None = None) -> str:
    """Say after Ctrl-C what can be gone on from.

    Args:
        save: the model's folder, if there is one.
        before: what `run_in` gave of it before the training.
        use: the command that takes the model, as "translate", if there is one.
    """
    if save is None:
        return "interrupted; nothing was saved, as there was no --save"
    after = run_in(save)
    if after == before:
        still = f"; {save} is as it was" if before else ""
        return f"interrupted before the first epoch was over; nothing was saved{still}"
    epochs = len(after["history"]["epochs"])
    used = f"{use} with --model {save}, or " if use else ""
    return (
        f"interrupted; {save} keeps the best model of {epochs} epochs: {used}go on with --save "
        f"{save} --resume"
    )


def replicated(distribute: str | None) -> AbstractContextManager:
    """Let a model that is built meanwhile be trained on several devices or machines.

    Args:
        distribute: a name of `course.replicas`; None for one device.

    Raises:
        CourseError: what it needs is not there.
    """
    if distribute is None:
        return nullcontext()
    from course import replicas

    return replicas.scope(distribute)


def report_cost(began: float) -> None:
    """Print what a run took.

    Args:
        began: `time.perf_counter()` at its start.
    """
    print(f"time               {time.perf_counter() - began:.0f} s")
    print(f"peak memory        {peak_memory() / 1e9:.2f} GB")


def peak_memory() -> float:
    """Return the most memory that this process has had, in bytes."""
    try:
        import resource
    except ImportError:  # Windows
        import psutil

        return psutil.Process().memory_info().peak_wset
    import sys

    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
