"""A model's folder: a manifest in JSON and one file of weights, replaced whole or not at all.

The manifest names its weights file. New weights are written aside under a new name; then the new
manifest takes the old one's place in one step. Whatever goes wrong before that step (a full disk, a
power cut), the folder still holds the old model.
"""

import contextlib
import json
import os
import uuid
import zipfile
from pathlib import Path

import numpy as np

import course
from course.errors import CourseError

FORMAT = 1


def save_arrays(folder: str | Path, name: str, arrays: dict[str, np.ndarray], about: dict) -> None:
    """Write `name.json` and the arrays that it points to.

    Args:
        folder: made if it is missing.
        name: what is stored, as "model" or "training".
        arrays: the weights by name.
        about: plain data for the manifest.

    Raises:
        CourseError: it cannot be written; what the folder held before is still there.
    """
    folder = Path(folder)
    weights = folder / f"{name}-{uuid.uuid4().hex[:12]}.npz"
    aside = weights.with_suffix(".json.tmp")
    manifest = {"format": FORMAT, "course": course.__version__, "weights": weights.name, **about}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with weights.open("wb") as file:
            np.savez(file, **arrays)
            _to_disk(file)
        with aside.open("w", encoding="utf-8") as file:
            json.dump(manifest, file, ensure_ascii=False, indent=1)
            _to_disk(file)
        os.replace(aside, folder / f"{name}.json")
    except BaseException as error:
        _undo(folder / f"{name}.json", weights, aside)
        if not isinstance(error, OSError):
            raise
        reason = error.strerror or error
        raise CourseError(f"cannot save to {folder}: {reason}; what was there is kept") from error
    _sweep(folder, name, keep=weights)


def load_arrays(folder: str | Path, name: str) -> tuple[dict[str, np.ndarray], dict]:
    """Read what `save_arrays` wrote.

    Returns:
        The arrays by name and the manifest.

    Raises:
        CourseError: the folder is missing, half-written or of another version.
    """
    folder = Path(folder)
    manifest = read_manifest(folder, name)
    if not (folder / str(manifest.get("weights"))).is_file():
        manifest = read_manifest(folder, name)  # another process may have saved in between
    try:
        # Opened here, because NumPy leaves a half-written file open.
        with (
            (folder / manifest["weights"]).open("rb") as file,
            np.load(file, allow_pickle=False) as arrays,
        ):
            return dict(arrays), manifest
    except (OSError, KeyError, TypeError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise CourseError(
            f"the model in {folder} is half-written (its weights cannot be read): train it again"
        ) from error


def read_manifest(folder: Path, name: str) -> dict:
    """Read `name.json` of a model's folder; errors as in `load_arrays`."""
    if not folder.is_dir():
        raise CourseError(f"no model folder {folder}: train one with `course train … --save DIR`")
    path = folder / f"{name}.json"
    if not path.is_file():
        raise CourseError(f"{folder} is not a model folder: it has no {name}.json")
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
        version = manifest["format"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CourseError(f"{path} is damaged: train the model again") from error
    if version != FORMAT:
        raise CourseError(
            f"{folder} holds a model of format {version!r}; this course reads format {FORMAT}: "
            "train it again"
        )
    return manifest


def _undo(manifest: Path, weights: Path, aside: Path) -> None:
    """Remove what an unfinished save left, unless it got as far as its manifest."""
    with contextlib.suppress(OSError):
        if weights.name in manifest.read_text(encoding="utf-8"):
            return
    for leftover in (weights, aside):
        with contextlib.suppress(OSError):
            leftover.unlink(missing_ok=True)


def _to_disk(file) -> None:
    """Push a file through to the disk, so that a rename never outruns its content."""
    file.flush()
    os.fsync(file.fileno())


def _sweep(folder: Path, name: str, keep: Path) -> None:
    """Remove the weights of earlier saves; one that cannot be removed does no harm."""
    for old in folder.glob(f"{name}-{'[0-9a-f]' * 12}.npz"):
        if old != keep:
            with contextlib.suppress(OSError):
                old.unlink()
