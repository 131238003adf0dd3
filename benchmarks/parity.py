"""Parity of 50-bit strings: `course train parity` from start to report, and a book's own run.

The book's run: 24 ReLU units, the sum of the bits as a class from 0 to 50, asked once at the end,
100,000 strings, batches of 1,000, Adam at 0.001, 100 epochs. Keras' own `fit` is timed for a few of
them; ours makes all, on real strings and on the faulty draw, and is judged on both kinds.
"""

import re
import time

import numpy as np

from benchmarks.commands import measure
from course import runtime, training
from course.backend import keras
from course.corpora import bits
from course.models.tagger import Config, Tagger

SEEDS, LENGTH, UNITS, BATCH = range(runtime.pick(5, 1)), 50, 24, 1_000
STRINGS, JUDGED = runtime.pick(100_000, 5_000), 10_000
EPOCHS, TIMED = runtime.pick(100, 3), runtime.pick(5, 2)


def run() -> dict:
    """Return seconds and shares right: of the command for five seeds, and of the book's run."""
    strings, judged = bits.split(STRINGS, JUDGED, LENGTH)
    theirs = keras_seconds(strings)
    result = commands()
    result["the book's run by Keras' fit: seconds an epoch"] = [round(s, 2) for s in theirs]
    whole = float(np.median(theirs)) * EPOCHS
    result[f"the same: minutes of {EPOCHS} epochs, extrapolated"] = round(whole / 60, 1)
    tests = {"real": judged, "faulty": bits.draw_faulty(JUDGED, LENGTH, seed=1)}
    for name, learnt in (("real", strings), ("faulty", bits.draw_faulty(STRINGS, LENGTH))):
        result[f"the book's run by our fit, {name} strings"] = book(learnt, tests)
    return result


def commands() -> dict:
    """Run `course train parity` for each seed; return its seconds and what it gets right."""
    runs = [measure("course", "train", "parity", f"--seed={seed}") for seed in SEEDS]
    columns = {}
    for output in ("\n".join(run["output"]) for run in runs):
        for length, share in re.findall(r"(\d+) bits +parity +([\d.]+)%", output):
            columns.setdefault(f"% right of 10,000 unseen, {length} bits", []).append(float(share))
    return {key: [run[key] for run in runs] for key in ("seconds", "greatest memory, MB")} | columns


def keras_seconds(strings: np.ndarray) -> list[float]:
    """Return the seconds of some epochs of Keras' `fit`, without the first, which compiles."""
    layers = [
        keras.Input((LENGTH, 1)),
        keras.layers.SimpleRNN(UNITS, activation="relu"),
        keras.layers.Dense(LENGTH + 1, activation="softmax"),
    ]
    model, seconds = keras.Sequential(layers), []
    model.compile(keras.optimizers.Adam(1e-3), "sparse_categorical_crossentropy")
    inputs, sums = strings[..., None].astype(np.float32), strings.sum(axis=1)
    for _ in range(1 + TIMED):
        began = time.perf_counter()
        model.fit(inputs, sums, batch_size=BATCH, verbose=0)
        seconds.append(time.perf_counter() - began)
    return seconds[1:]


def book(learnt: np.ndarray, tests: dict[str, np.ndarray]) -> dict:
    """Make the book's run with our `fit`; return its seconds and what it gets right.

    Args:
        learnt: strings to learn from, (strings, length).
        tests: strings to judge by, by the name of their kind.
    """
    labels = bits.label_count("count", LENGTH)
    model = Tagger(Config(bits.INPUTS, labels, UNITS, "rnn", "relu", every_step=False))
    data = bits.Labelled(bits.ids(learnt), bits.count_labels(learnt)[:, -1:], BATCH)
    began, options = time.perf_counter(), {"schedule": "constant", "clip": None}
    training.fit(model, data, epochs=EPOCHS, learning_rate=1e-3, show=False, **options)
    found = {"seconds": round(time.perf_counter() - began)}
    for name, strings in tests.items():
        predicted, sums = model.predict(bits.ids(strings))[:, -1] - 1, strings.sum(axis=1)
        found[f"% sums right, {name} strings"] = _share(predicted == sums)
        found[f"% parities right, {name} strings"] = _share(predicted % 2 == sums % 2)
    return found


def _share(right: np.ndarray) -> float:
    """Return how many per cent are right."""
    return round(100 * float(right.mean()), 2)
