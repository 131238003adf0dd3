"""Several ways to do the same, timed side by side."""

import time
from collections.abc import Callable

import numpy as np


def medians(ways: dict[str, Callable], rounds: int) -> dict[str, float]:
    """Run all ways in turn, a warm-up and then `rounds` times; return median seconds."""
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for round_ in range(rounds + 1):
        for name, way in ways.items():
            began = time.perf_counter()
            way()
            if round_:
                seconds[name].append(time.perf_counter() - began)
    return {name: float(np.median(values)) for name, values in seconds.items()}
