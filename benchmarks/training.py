"""Time to quality: the course's training against the tutorials' way, on the same split.

First 10,000 lines of `spa.txt`, character level, 256 units, one in ten source sentences held out.
The tutorials' model trains for 40 epochs; its best masked validation loss is the mark. Ours trains
before it and after it, and its time counts everything: preparing, building, compiling, validating.
For the tutorials' model the judging in between does not count.
"""

import time

import keras
import numpy as np

from benchmarks.real_pairs import first_pairs
from benchmarks.tutorial import BATCH, Tutorial
from course import runtime, text, training
from course.batches import PairBatches
from course.models.seq2seq import Config, Seq2Seq

PAIRS, UNITS, TUTORIAL_EPOCHS = 10_000, 256, runtime.pick(40, 1)
OURS = {"epochs": runtime.pick(11, 1), "learning_rate": 0.012}
BUCKETS = 3


def run() -> dict:
    """Train ours, theirs, ours again; return the times, the mark and the ratio."""
    train, held_out = first_pairs(PAIRS)
    first = ours(train, held_out)
    theirs = tutorial(train, held_out)
    second = ours(train, held_out)
    mark, theirs_seconds = min(theirs, key=lambda row: row[0])
    reached = [_seconds_until(mark, curve) for curve in (first, second)]
    ratio = theirs_seconds / np.mean(reached) if all(reached) else None
    return {
        "theirs: best masked validation loss": round(mark, 4),
        "theirs: seconds until then": round(theirs_seconds, 1),
        "theirs: seconds an epoch": round(theirs[-1][1] / len(theirs), 1),
        "ours: seconds until that loss": [seconds and round(seconds, 1) for seconds in reached],
        "ours: final masked validation loss": [round(min(first)[0], 4), round(min(second)[0], 4)],
        "ours: seconds in all": [round(first[-1][1], 1), round(second[-1][1], 1)],
        "ratio": ratio and round(float(ratio), 1),
        "curves (loss, seconds)": {"ours": first, "theirs": theirs, "ours again": second},
    }


def _seconds_until(mark: float, curve: list[tuple[float, float]]) -> float | None:
    """Return when a curve first came down to a loss; None if it never did."""
    return next((seconds for loss, seconds in curve if loss <= mark), None)


def ours(train: list, held_out: list) -> list[tuple[float, float]]:
    """Return validation loss and seconds since the start after each epoch."""
    began, curve = time.perf_counter(), []
    tokenizer = text.tokenizer("character")
    codecs = [text.Codec.fit(side, tokenizer) for side in zip(*train, strict=True)]
    data = PairBatches.encode(train, *codecs, batch=64, buckets=BUCKETS)
    valid = PairBatches.encode(held_out, *codecs, batch=256, buckets=1)
    model = Seq2Seq(Config(*(len(codec.vocabulary) for codec in codecs), units=UNITS), *codecs)

    def note(epoch: training.Epoch) -> None:
        curve.append((float(epoch.valid_loss), time.perf_counter() - began))
        print(f"ours {epoch.epoch}: {curve[-1]}", flush=True)

    training.fit(model, data, valid, show=False, on_epoch=note, **OURS)
    return curve


def tutorial(train: list, held_out: list) -> list[tuple[float, float]]:
    """Return masked validation loss and seconds of `fit` so far after each epoch."""
    keras.utils.set_random_seed(0)
    began = time.perf_counter()
    peer = Tutorial([*train, *held_out])
    source, target_in, target_out, _ = peer.arrays(train)
    *judged, judged_out, real = peer.arrays(held_out)
    peer.model.compile("rmsprop", "categorical_crossentropy", metrics=["accuracy"])
    spent, curve = time.perf_counter() - began, []
    for epoch in range(TUTORIAL_EPOCHS):
        began = time.perf_counter()
        peer.model.fit([source, target_in], target_out, batch_size=BATCH, verbose=0)
        spent += time.perf_counter() - began
        shares = peer.model.predict(judged, batch_size=256, verbose=0)
        nll = -np.log(np.maximum((shares * judged_out).sum(-1), 1e-12))
        curve.append((float(nll[real].mean()), spent))
        print(f"theirs {epoch + 1}: {curve[-1]}", flush=True)
    return curve
