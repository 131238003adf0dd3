"""`make demo`: in two minutes from the corpus that ships to a translator, and five translations."""

import sys

from course import runtime
from course.cli import guard, translator
from course.cli.translator_settings import Settings

PAIRS = runtime.pick(None, 500)  # the first so many; None for all
UNITS = runtime.pick(160, 16)
EMBEDDING = runtime.pick(96, 16)
EPOCHS = runtime.pick(3, 1)
BATCH = 64
LEARNING_RATE = 8e-3
BUCKETS = runtime.pick(2, 1)


def main() -> int:
    """Train a translator on the corpus that ships and say how good it is.

    Returns:
        The exit code.
    """
    settings = Settings(
        limit=PAIRS,
        cell="gru",  # on these sentences it learns in fewer epochs than an LSTM
        units=UNITS,
        embedding=EMBEDDING,
        dropout=0.0,
        min_count=1,
        epochs=EPOCHS,
        batch=BATCH,
        learning_rate=LEARNING_RATE,
        patience=EPOCHS,
        buckets=BUCKETS,
    )
    return guard.guarded(lambda: translator.train(settings, save=None), name="demo")


if __name__ == "__main__":
    sys.exit(main())
