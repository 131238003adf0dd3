"""`make demo`: in two minutes from the corpus that ships to a translator, and five translations."""

import sys

from course import runtime
from course.cli import guard, translator
from course.cli.settings import Settings

PAIRS = runtime.pick(None, 500)  # the first so many; None for all
UNITS = runtime.pick(128, 16)
EMBEDDING = runtime.pick(64, 16)
DROPOUT = 0.1
EPOCHS = runtime.pick(6, 1)
BATCH = 128
LEARNING_RATE = 6e-3
BUCKETS = runtime.pick(3, 1)


def main() -> int:
    """Train a translator on the corpus that ships and say how good it is.

    Returns:
        The exit code.
    """
    settings = Settings(
        limit=PAIRS,
        units=UNITS,
        embedding=EMBEDDING,
        dropout=DROPOUT,
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
