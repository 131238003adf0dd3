"""What two workers on this machine cost: the same 50 steps as one worker with the whole batch.

They share the cores and talk through localhost, so nothing can be gained here; what is measured is
what the talking costs. Each run is of processes of its own, in turn.
"""

import json
import os
import socket
import statistics
import subprocess
import sys

from course import runtime

ROUNDS, STEPS = runtime.pick(5, 1), runtime.pick(50, 5)
PROGRAM = f"""
import json, time
from course import corpora, objectives, replicas, text, training
from course.batches import PairBatches
from course.models.seq2seq import Config, Seq2Seq
from course.optimizers import make_optimizer
pairs = list(corpora.load_pairs(limit=5_000, say=None))
codecs = [text.Codec.fit(side, text.tokenizer("word")) for side in zip(*pairs, strict=True)]
data = PairBatches.encode(pairs, *codecs, batch=128, buckets=1)
with replicas.scope(WAY):
    sizes = [len(codec.vocabulary) for codec in codecs]
    model = Seq2Seq(Config(*sizes, units=256, embedding=128), *codecs)
strategy = replicas.strategy_of(model)
deal, batch = replicas.dealer(strategy), next(iter(data))
with strategy.scope() if strategy else replicas.scope(None):
    optimizer = make_optimizer("adam", 1e-3, "constant", 1.0, 1)
    optimizer.build(model.trainable_variables)
step = training.train_step(model, optimizer, objectives.cross_entropy, False)
for count in (3, {STEPS}):
    began = time.perf_counter()
    for _ in range(count):
        sums = step(None, *deal(batch))[1]
    loss = float(sums[0]) / float(sums[2])
    seconds = time.perf_counter() - began
weights = sum(variable.numpy().size for variable in model.trainable_variables)
print(json.dumps([seconds / {STEPS}, loss, weights]))
"""


def run() -> dict:
    """Return seconds a step of one worker, of two, and of one with half of the cores."""
    found: dict[str, list] = {"one worker": [], "one worker, one core": [], "two workers": []}
    for _ in range(ROUNDS):
        found["one worker"].append(_said([_start(None, {})])[0])
        found["one worker, one core"].append(_said([_start(None, _cores(1))])[0])
        both = [_start("multiworker", _cores(1) | config) for config in _configs()]
        found["two workers"].append(_said(both)[0])
    steps = {name: statistics.median(row[0] for row in rows) for name, rows in found.items()}
    results = {f"{name}: milliseconds a step": round(1e3 * s, 1) for name, s in steps.items()}
    losses = {name: rows[0][1] for name, rows in found.items()}
    return results | {
        "two workers to one, times": round(steps["two workers"] / steps["one worker"], 2),
        "loss after the last step, apart": abs(losses["two workers"] - losses["one worker"]),
        "weights": found["one worker"][0][2],
        "megabytes that each sends a step, at least": round(found["one worker"][0][2] * 4 / 1e6, 1),
    }


def _cores(count: int) -> dict[str, str]:
    """Return what makes TensorFlow work on so many cores."""
    return {name: str(count) for name in ("TF_NUM_INTRAOP_THREADS", "OMP_NUM_THREADS")}


def _configs() -> list[dict[str, str]]:
    """Return the `TF_CONFIG` of each of two workers on this machine."""
    cluster = {"worker": [f"127.0.0.1:{_free_port()}" for _ in range(2)]}
    tasks = [{"type": "worker", "index": index} for index in range(2)]
    return [{"TF_CONFIG": json.dumps({"cluster": cluster, "task": task})} for task in tasks]


def _free_port() -> int:
    """Return a port that nobody listens at."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def _start(way: str | None, more: dict[str, str]) -> subprocess.Popen:
    """Start a worker."""
    command = [sys.executable, "-c", PROGRAM.replace("WAY", repr(way))]
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen(command, env=os.environ | more, **streams)


def _said(workers: list[subprocess.Popen]) -> list[list[float]]:
    """Wait for the workers, and read what they print."""
    found = []
    for worker in workers:
        out, err = worker.communicate()
        if worker.returncode:
            raise RuntimeError(err)
        found.append(json.loads(out.splitlines()[-1]))
    return found
