"""A writer on a real novel: perplexity against n-gram counts, time, memory, share of the limit.

Each token costs six operations for each weight of a matrix product: a multiplication and an
addition forward, and twice that backward. The limit is the rate of NumPy's float32 matrix products.
"""

import re
import tempfile

from benchmarks.commands import measure
from benchmarks.machine import matrix_rate
from course import corpora
from course.models import storage

NUMBER = 1342  # Pride and Prejudice
START = "It was a truth"


def run() -> dict:
    """Train on the book by the command's own defaults, write a chapter, return what both print."""
    corpora.book_path(NUMBER)  # one line if it is not here
    with tempfile.TemporaryDirectory() as folder:
        before = matrix_rate()
        trained = measure("course", "train", "writer", "--book", str(NUMBER), "--save", folder)
        rates = (before, matrix_rate())
        written = measure("course", "write", "--model", folder, "--start", START)
        operations = 6 * _weights(folder)
    speed = _number("tokens a second", trained["output"])
    share = speed * operations / 1e9 / (sum(rates) / 2)
    return {
        "train": trained,
        "write": written,
        "operations a token": operations,
        "matrix product before and after, GFLOP/s": [round(rate) for rate in rates],
        "share of the matrix products' rate": round(share, 2),
    }


def _weights(folder: str) -> int:
    """Count the weights that a token is multiplied by: recurrent layers and the output."""
    arrays, _ = storage.load_arrays(folder, "model")
    # The embeddings are looked up as inputs, and multiplied by as tied output weights.
    return sum(array.size for array in arrays.values() if array.ndim == 2 and min(array.shape) > 2)


def _number(name: str, lines: list[str]) -> float:
    """Read a figure of the report."""
    line = next(line for line in lines if line.startswith(name))
    return float(re.search(r"[\d,.]+", line)[0].replace(",", ""))
