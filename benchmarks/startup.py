"""How long `import course` takes, in a fresh interpreter."""

import subprocess
import sys

import numpy as np

PROGRAM = """
import sys, time
began = time.perf_counter()
import course
print(time.perf_counter() - began, "tensorflow" in sys.modules)
"""


def run(rounds: int = 9) -> dict:
    """Return the median seconds of an import, and whether TensorFlow came with it."""
    answers = [
        subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
        for _ in range(rounds)
    ]
    seconds, loaded = zip(*(answer.stdout.split() for answer in answers), strict=True)
    return {
        "median seconds": round(float(np.median([float(s) for s in seconds])), 4),
        "TensorFlow loaded": "True" in loaded,
    }
