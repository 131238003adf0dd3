"""What the machine can do, so that a figure can be read beside its limit."""

import importlib.metadata
import os
import platform
import time

import numpy as np


def facts() -> dict:
    """Return cores, versions, load, and the float32 matrix-product rate measured just now."""
    return {
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "tensorflow": importlib.metadata.version("tensorflow"),
        "load": round(os.getloadavg()[0], 1) if hasattr(os, "getloadavg") else None,
        "matrix product, GFLOP/s": round(matrix_rate()),
    }


def matrix_rate(size: int = 1024, rounds: int = 10) -> float:
    """Return the median rate of float32 matrix products of NumPy, in GFLOP a second."""
    left, right = np.random.default_rng(0).random((2, size, size), np.float32)
    seconds = []
    for _ in range(rounds):
        began = time.perf_counter()
        left @ right
        seconds.append(time.perf_counter() - began)
    return 2 * size**3 / float(np.median(seconds)) / 1e9
