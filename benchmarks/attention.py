"""What attention costs: decoding with and without it, and time against the length of the source.

Vocabularies of real words, untrained weights, and END ruled out, so that every model says equally
many tokens. Ways are interleaved, medians.
"""

from collections.abc import Callable

import numpy as np

from benchmarks.timing import medians
from course import decoding, runtime
from course.models.attentive import Attentive, Config
from course.models.seq2seq import Config as PlainConfig
from course.models.seq2seq import Seq2Seq
from course.text import END

SIZE, UNITS, TOKENS, ROUNDS = runtime.pick(10_000, 500), 256, 10, 9
SENTENCES, LENGTHS = runtime.pick(1_024, 64), (5, 10, 20, 40, 80)


def run() -> dict:
    """Return sentences a second of each kind, ratios, and milliseconds by source length."""
    models = _models()
    sources = _sources(8, SENTENCES)
    rates = {
        name: SENTENCES / seconds
        for name, seconds in medians(
            {n: _way(m, sources) for n, m in models.items()}, ROUNDS
        ).items()
    }
    plain = rates["Seq2Seq, GRU, no attention"]
    found = {f"{name}: sentences a second": round(rate) for name, rate in rates.items()}
    found |= {f"{name}: ratio to plain": round(rate / plain, 2) for name, rate in rates.items()}
    return found | _by_length(models)


def _models() -> dict:
    """Return untrained models of one size."""
    shape = {"units": UNITS, "embedding": UNITS}
    models = {
        "Seq2Seq, GRU, no attention": Seq2Seq(PlainConfig(SIZE, SIZE, cell="gru", **shape)),
        "Seq2Seq, LSTM, no attention": Seq2Seq(PlainConfig(SIZE, SIZE, cell="lstm", **shape)),
    }
    for kind in (None, "multiplicative", "additive"):
        models[f"Attentive, {kind or 'no attention'}"] = Attentive(
            Config(SIZE, SIZE, attention=kind, **shape)
        )
    return models


def _sources(length: int, count: int) -> list[np.ndarray]:
    """Draw sentences of one length."""
    return list(np.random.default_rng(length).integers(4, SIZE, (count, length)))


def _way(model, sources: list) -> Callable:
    """Return a search of a fixed number of tokens."""
    return lambda: decoding.greedy(model, sources, max_tokens=TOKENS, forbid=[END])


def _by_length(models: dict) -> dict:
    """Return milliseconds for 64 sentences and 10 tokens each, by source length."""
    found = {}
    for length in LENGTHS:
        sources = _sources(length, 64)
        seconds = medians({name: _way(model, sources) for name, model in models.items()}, ROUNDS)
        for name, value in seconds.items():
            found[f"{length} source tokens, {name}: ms"] = round(1000 * value, 1)
    return found
