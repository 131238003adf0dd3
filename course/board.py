"""Figures of a training run, written as TensorBoard reads them.

TensorFlow writes the files by itself; to look at them, `pip install tensorboard` and
`tensorboard --logdir DIR`.
"""

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from course.backend import tf
from course.errors import CourseError


def writer(folder: str | Path | None) -> Callable[[Any], None]:
    """Return what writes the figures of an epoch, a dataclass with its number in `epoch`.

    Args:
        folder: made if it is missing; None to write nothing.

    Raises:
        CourseError: the folder cannot be written to.
    """
    if folder is None:
        return lambda epoch: None
    try:
        Path(folder).mkdir(parents=True, exist_ok=True)
        file = tf.summary.create_file_writer(str(folder))
    except (OSError, tf.errors.OpError) as error:
        raise CourseError(f"cannot write to {folder}: {error}") from error

    def write(epoch: Any) -> None:
        figures = {name: value for name, value in asdict(epoch).items() if value is not None}
        step = figures.pop("epoch")
        with file.as_default():
            for name, value in figures.items():
                tf.summary.write(name, tf.constant(value, tf.float32), step, _scalar(name))
        file.flush()

    return write


def _scalar(name: str):
    """Say to TensorBoard that a figure is a number, to be drawn as a curve."""
    metadata = tf.compat.v1.SummaryMetadata(display_name=name)
    metadata.plugin_data.plugin_name = "scalars"
    return metadata
