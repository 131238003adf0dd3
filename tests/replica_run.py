"""A training of 50 steps in a process of its own: `python -m tests.replica_run WAY MODEL`.

WAY is one, mirrored (two logical devices) or multiworker; it prints what it came to as JSON.
"""

import json
import sys

import numpy as np

from course import objectives, replicas, text, training
from course.backend import tf
from course.batches import PairBatches
from course.corpora import load_pairs
from course.models.language import Config as LanguageConfig
from course.models.language import LanguageModel
from course.models.seq2seq import Config, Seq2Seq
from course.streams import StreamBatches

STEPS = {"steps": 50, "epochs": 2}
RATE = {"learning_rate": 0.01, "schedule": "constant", "xla": False, "show": False}


def translator():
    """A translator on batches of 21, which two cannot share evenly, with a last one of 7."""
    pairs = list(load_pairs(limit=525 - 14, say=None))
    codecs = [text.Codec.fit(side, text.tokenizer("word")) for side in zip(*pairs, strict=True)]
    train = PairBatches.encode(pairs, *codecs, batch=21, buckets=1)
    assert len(train) == STEPS["steps"] / STEPS["epochs"]
    sizes = [len(codec.vocabulary) for codec in codecs]
    return Seq2Seq(Config(*sizes, units=16, embedding=8), *codecs), train, {}


def language():
    """A language model whose state is carried on, with the sum over steps as its loss."""
    ids = np.random.default_rng(0).integers(4, 30, 8 * 5 * 25 + 1)
    model = LanguageModel(LanguageConfig(30, units=(12,), embedding=6))
    return model, StreamBatches(ids, batch=8, steps=5), {"objective": objectives.summed_over_steps}


def main(way, kind):
    """Train and print the losses, a sum of the weights, and whether this is the chief."""
    if way == "mirrored":
        two = [tf.config.LogicalDeviceConfiguration()] * 2
        tf.config.set_logical_device_configuration(tf.config.list_physical_devices("CPU")[0], two)
    with replicas.scope(None if way == "one" else way):
        model, train, options = {"translator": translator, "language": language}[kind]()
    history = training.fit(model, train, train, epochs=STEPS["epochs"], **RATE, **options)
    judged, strategy = training.evaluate(model, train), replicas.strategy_of(model)
    said = {
        "losses": [[epoch.loss, epoch.valid_loss] for epoch in history.epochs],
        "judged": judged["loss"],
        "weights": {name: float(np.abs(w).sum()) for name, w in model.get_weights().items()},
        "replicas": strategy.num_replicas_in_sync if strategy else 1,
        "chief": replicas.is_chief(strategy),
    }
    print(json.dumps(said))


if __name__ == "__main__":
    main(*sys.argv[1:])
