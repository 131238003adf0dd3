"""All real pairs to batches at character level: seconds and bytes, ours and the tutorials' way.

Each way runs in processes of its own, in turn, so that its greatest memory is its own. The
tutorials' one-hot arrays of all pairs would not fit into this machine: theirs get 10,000.
"""

import statistics

from benchmarks.commands import printed
from course import runtime

PAIRS, THEIRS, ROUNDS = runtime.pick(118_964, 2_000), runtime.pick(10_000, 500), 5
OURS = """
import json, time
from course.cli.saved import peak_memory
from course import corpora, text
from course.batches import PairBatches
before, began = peak_memory(), time.perf_counter()
pairs = corpora.load_pairs("spa-eng", limit={count}, say=None)
tokenizer = text.tokenizer("character")
codecs = [text.Codec.fit(side, tokenizer) for side in zip(*pairs, strict=True)]
data = PairBatches.encode(pairs, *codecs, batch=64, buckets=5)
for _ in data.shuffled(0, 1):
    pass
seconds = time.perf_counter() - began
print(json.dumps([seconds, peak_memory() - before, data.nbytes, len(pairs)]))
"""
TUTORIAL = """
import json, time
import numpy as np
from course.cli.saved import peak_memory
from course import corpora
from benchmarks.tutorial import _numbers, _rows
before, began = peak_memory(), time.perf_counter()
pairs = corpora.load_pairs("spa-eng", limit={count}, say=None)
arrays = []
for side in zip(*pairs, strict=True):
    arrays.append(_rows(side, _numbers(side), max(map(len, side))))
arrays.append(np.roll(arrays[1], -1, axis=1))
seconds = time.perf_counter() - began
print(json.dumps([seconds, peak_memory() - before, sum(a.nbytes for a in arrays), len(pairs)]))
"""


def run() -> dict:
    """Return the seconds, the memory and the size of the arrays of both, and a pair's share."""
    ways = {"ours": (OURS, PAIRS), "theirs": (TUTORIAL, THEIRS)}
    found: dict[str, list] = {name: [] for name in ways}
    for _ in range(ROUNDS):
        for name, (program, count) in ways.items():
            found[name].append(printed(program.format(count=count)))
    results = {}
    for name, rows in found.items():
        seconds, most, size = (
            statistics.median(column) for column in list(zip(*rows, strict=True))[:3]
        )
        pairs = rows[0][3]
        results |= {
            f"{name}: pairs": pairs,
            f"{name}: seconds": round(seconds, 2),
            f"{name}: greatest memory beyond the imports, MB": round(most / 1e6),
            f"{name}: arrays, MB": round(size / 1e6, 1),
            f"{name}: microseconds a pair": round(seconds / pairs * 1e6),
            f"{name}: bytes a pair": round(size / pairs),
        }
    ratio = results["theirs: bytes a pair"] / results["ours: bytes a pair"]
    return results | {"bytes a pair, theirs to ours": round(ratio)}
