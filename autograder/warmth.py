"""Keeps a warm process at hand, and replaces it when it has met something hostile."""

from __future__ import annotations

import atexit
import threading
from contextlib import suppress

from autograder.plan import Plan, imports
from autograder.sandbox import bubblewrap
from autograder.sandbox.launch import Warm

_kept: dict[int, Warm] = {}  # by thread: some clusters grade in several


def warm(plan: Plan) -> Warm | None:
    """Return a warm process that has imported what an assignment imports.

    None where there are no walls between it and its children: then each submission starts cold.
    """
    if bubblewrap.level() == "limits":
        return None
    modules = tuple(imports(plan))
    kept = _kept.get(threading.get_ident())
    if kept is None or kept.modules != modules:
        cool()
        kept = _kept[threading.get_ident()] = Warm(modules)
    try:
        kept.wait()
    except OSError:
        cool()
        return None
    return kept


def cool() -> None:
    """End this thread's warm process; the next submission starts a new one."""
    kept = _kept.pop(threading.get_ident(), None)
    if kept:
        kept.close()


@atexit.register
def _cool_all() -> None:
    """End all of them."""
    for kept in _kept.values():
        with suppress(OSError):
            kept.close()
