"""Where the time of a computation goes, by TensorFlow's own profiler.

The profiler writes a protocol buffer that TensorBoard draws; here its events are summed up by kind
of operation. Lesson 11 reads the sums.
"""

import tempfile
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from course.backend import tf
from course.errors import CourseError


class Spent(NamedTuple):
    """What the operations of one kind took.

    Attributes:
        seconds: of all of them, over all threads.
        calls: how many there were.
    """

    seconds: float
    calls: int


def operations(work: Callable[[], object]) -> dict[str, Spent]:
    """Run something under the profiler, and sum up its operations by their kind.

    Args:
        work: calls compiled functions, and waits for their results.

    Returns:
        What each kind of operation took, the longest first, by its name in TensorFlow. Programs
        compiled by XLA have none: their operations are melted together.

    Raises:
        CourseError: this TensorFlow keeps its profiles in a form that is not known here.
    """
    spent: dict[str, list[float]] = defaultdict(list)
    for name, seconds in _events(work):
        spent[name].append(seconds)
    sums = {name: Spent(sum(times), len(times)) for name, times in spent.items()}
    return dict(sorted(sums.items(), key=lambda item: -item[1].seconds))


def _events(work: Callable[[], object]) -> list[tuple[str, float]]:
    """Return the kind and the seconds of each operation that ran."""
    try:
        from tensorflow.tsl.profiler.protobuf.xplane_pb2 import XSpace
    except ImportError as error:
        raise CourseError("the profile of this TensorFlow cannot be read") from error
    with tempfile.TemporaryDirectory() as folder:
        tf.profiler.experimental.start(folder)
        try:
            work()
        finally:
            tf.profiler.experimental.stop()
        files = list(Path(folder).rglob("*.xplane.pb"))
        space = XSpace.FromString(files[0].read_bytes()) if files else XSpace()
    return [event for plane in space.planes for event in _of_plane(plane)]


def _of_plane(plane) -> list[tuple[str, float]]:
    """Return the operations of one device or host, as `_events`."""
    found = []
    for line in plane.lines:
        for event in line.events:
            # An operation is called place:Kind; the runtime's own work Class::Method, or otherwise.
            place, _, kind = plane.event_metadata[event.metadata_id].name.partition(":")
            if place and kind.isidentifier() and not kind.startswith("__"):
                found.append((kind, event.duration_ps / 1e12))
    return found
