"""Decoding speed at character level and 256 units, interleaved, medians.

Both models have weights of one short training, since untrained ones stop nowhere. Ours decodes all
distinct source sentences of the first 10,000 lines; the tutorials' way decodes a few of them.
"""

from collections.abc import Callable

import numpy as np

from benchmarks.real_pairs import first_pairs
from benchmarks.timing import medians
from benchmarks.tutorial import BATCH, Tutorial
from course import decoding, metrics, runtime, text, training
from course.batches import PairBatches
from course.models.seq2seq import Config, Seq2Seq

PAIRS, UNITS, ROUNDS = runtime.pick(10_000, 500), 256, 5


def run() -> dict:
    """Return sentences a second of each way, and the ratios to one `predict` a token."""
    train, held_out = first_pairs(PAIRS)
    model, peer = _ours(train), _theirs(train, held_out)
    sources = metrics.references_by_source([*train, *held_out])[0]
    rng = np.random.default_rng(0)
    some = [sources[n] for n in rng.choice(len(sources), 200, replace=False)]
    ways: dict[str, tuple[Callable, int]] = {
        "greedy, batches of 256": (lambda: decoding.translate(model, sources), len(sources)),
        "beam 5, batches of 64": (
            lambda: decoding.translate(model, sources[::5], search="beam"),
            len(sources[::5]),
        ),
        "greedy, one at a time": (lambda: [decoding.translate(model, [s]) for s in some], 200),
        "predict once a token": (lambda: [peer.translate(s) for s in some[:2]], 2),
    }
    rates = _rates(ways)
    slowest = rates["predict once a token"]
    ratios = {f"{name}: ratio to predict": round(rate / slowest) for name, rate in rates.items()}
    return {f"{name}: sentences a second": round(rate, 2) for name, rate in rates.items()} | ratios


def _rates(ways: dict[str, tuple[Callable, int]]) -> dict[str, float]:
    """Time all ways side by side; return how many sentences each does a second."""
    seconds = medians({name: way for name, (way, _) in ways.items()}, ROUNDS)
    return {name: count / seconds[name] for name, (_, count) in ways.items()}


def _ours(train: list) -> Seq2Seq:
    """Train ours for three epochs."""
    tokenizer = text.tokenizer("character")
    codecs = [text.Codec.fit(side, tokenizer) for side in zip(*train, strict=True)]
    data = PairBatches.encode(train, *codecs, batch=64, buckets=2)
    model = Seq2Seq(Config(*(len(codec.vocabulary) for codec in codecs), units=UNITS), *codecs)
    training.fit(model, data, epochs=3, learning_rate=8e-3, show=False)
    return model


def _theirs(train: list, held_out: list) -> Tutorial:
    """Train theirs for three epochs."""
    peer = Tutorial([*train, *held_out])
    *inputs, target_out, _ = peer.arrays(train)
    peer.model.compile("rmsprop", "categorical_crossentropy")
    peer.model.fit(inputs, target_out, batch_size=BATCH, epochs=3, verbose=0)
    return peer
