"""Keeps one warm process for this one, and replaces it when it has met something hostile."""

from __future__ import annotations

import atexit
import threading
from contextlib import suppress

from autograder.plan import Plan, imports
from autograder.sandbox import bubblewrap
from autograder.sandbox.launch import Warm

_lock = threading.RLock()
_kept: dict[tuple[str, ...], Warm] = {}


def warm(plan: Plan) -> Warm | None:
    """Return a warm process that has imported what an assignment imports.

    None where there are no walls between it and its children: then each submission starts cold.
    """
    if bubblewrap.level() == "limits":
        return None
    modules = tuple(imports(plan))
    with _lock:
        if modules not in _kept:
            cool()  # one at a time: each holds TensorFlow
            _kept[modules] = Warm(modules)
        try:
            _kept[modules].wait()
        except OSError:
            cool()
            return None
        return _kept[modules]


def cool() -> None:
    """End the warm process; the next submission starts a new one."""
    with _lock:
        while _kept:
            with suppress(OSError):
                _kept.popitem()[1].close()


atexit.register(cool)
