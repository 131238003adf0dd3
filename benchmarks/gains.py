"""What each step from the classic treebank model to the tuned one gains, in short runs.

Each run has everything of the one before it, and the schedule falls within its few epochs; only
the validation text is looked at.
"""

import math
import tempfile
from pathlib import Path

from course.cli import treebank
from course.cli.treebank_settings import CONFIGS, Settings

EPOCHS = 3
ADAM = {
    "optimizer": "adam",
    "learning_rate": 5e-3,
    "flat": 0,
    "warmup": 400,
    "clip": 1.0,
    "summed": False,
    "spread": 0.0,
}
STEPS = {
    "classic": {},
    "Adam, a cosine, the mean over steps": ADAM,
    "batches of 20 x 35": {"batch": 20, "steps": 35},
    "a softmax of 2,000": {"samples": 2_000},
    "tied embeddings, one LSTM of 512": {"tied": True, "embedding": 256, "units": (512,)},
    "dropout 0.4": {"dropout": 0.4},
}


def run() -> dict:
    """Return the valid perplexity after each epoch of each run."""
    return {f"valid, {name}": valid(name) for name in STEPS}


def valid(last: str) -> list[float]:
    """Train with the steps up to one of them; return the valid perplexity after each epoch.

    Args:
        last: a name of `STEPS`.
    """
    names = list(STEPS)
    options = dict(CONFIGS["classic"]) | {"epochs": EPOCHS}
    for name in names[: names.index(last) + 1]:
        options |= STEPS[name]
    settings = Settings(**options)
    data = treebank.prepare(settings)
    model = treebank.build(settings, data)
    with tempfile.TemporaryDirectory() as folder:
        history = treebank.fit(model, settings, data, Path(folder), resume=False)
    return [round(math.exp(epoch.valid_loss), 1) for epoch in history.epochs]
