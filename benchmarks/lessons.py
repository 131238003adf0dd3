"""Every lesson in normal mode, one after the other: seconds and greatest memory of its kernel."""

import time
from pathlib import Path

from course import runtime
from tools import execution, notebooks

LIMITS = {"seconds": 180, "MiB": 1_536}
TIMEOUT = 600


def run() -> dict:
    """Return both for each lesson, their sum, and how many are over a limit."""
    results, total, over = {}, 0.0, []
    for source in notebooks.sources(notebooks.ROOT, [notebooks.LESSONS]):
        if runtime.fast_mode() and source.stem > "01":
            continue
        seconds, memory = timed(source)
        print(f"{source.stem}: {seconds:.0f} s, {memory} MiB", flush=True)
        results[source.stem] = f"{seconds:.0f} s, {memory:,} MiB"
        total += seconds
        if seconds > LIMITS["seconds"] or memory > LIMITS["MiB"]:
            over.append(source.stem)
    return results | {"all, minutes": round(total / 60, 1), "over a limit": over or "none"}


def timed(source: Path) -> tuple[float, int]:
    """Execute a lesson; return its seconds and its kernel's greatest memory in MiB.

    Raises:
        RuntimeError: one of its cells failed.
    """
    began = time.perf_counter()
    peak, error = execution.execute(notebooks.build(source), source.parent, TIMEOUT)
    if error:
        raise RuntimeError(f"{source.stem}: {error}")
    return time.perf_counter() - began, round(peak / 2**20)
