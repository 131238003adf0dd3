"""The trials of `course tune translator`: what is drawn, and one training with it."""

import gc
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from course import runtime
from course.batches import PairBatches
from course.cli import translator, translator_data, translator_settings, translator_size
from course.cli.translator_data import Data
from course.cli.translator_settings import Settings
from course.errors import CourseError
from course.tuning import Range, Space

SPACE: Space = {
    "units": Range(64, 384, step=32),
    "layers": (1, 2),
    "cell": ("gru", "lstm"),
    "max_length": (6, 10, 0),
    "batch": (32, 64, 128),
    "epochs": Range(2, 8, step=1),
    "learning_rate": Range(5e-4, 2e-2, log=True),
}
FAST_SPACE: Space = SPACE | {"units": Range(8, 24, step=8), "epochs": Range(1, 3, step=1)}


def space(given: dict[str, Any]) -> Space:
    """Return what is drawn: everything that was not given."""
    whole = runtime.pick(SPACE, FAST_SPACE)
    return {name: values for name, values in whole.items() if name not in given}


def objective(given: dict[str, Any], data: Data) -> Callable:
    """Return what trains a translator with some settings and judges it.

    Args:
        given: options by their names, the same for all trials.
        data: all pairs that may be learnt from, and those that every trial is judged by.
    """

    def trial(drawn: dict[str, Any], report: Callable) -> float:
        settings = settings_of(given, drawn)
        shorter = replace(data, batches=batches(data, settings))
        translator_size.check(settings, shorter)
        model = translator.build(settings, shorter)
        long = settings.epochs * len(shorter.batches) > translator.LONG
        best = translator.fit(model, settings, shorter, xla=long, show=False, on_epoch=report)
        return best.valid_loss

    def alone(drawn: dict[str, Any], report: Callable) -> float:
        try:
            return trial(drawn, report)
        finally:
            _forget()

    return alone


def settings_of(given: dict[str, Any], drawn: dict[str, Any]) -> Settings:
    """Return the settings of a trial; it ends after the epochs that it drew."""
    patience = {"patience": given.get("patience", drawn.get("epochs", given.get("epochs")))}
    return translator_settings.chosen(given | drawn | patience)


def batches(data: Data, settings: Settings) -> PairBatches:
    """Return the pairs that a trial learns from: those short enough on both sides.

    Raises:
        CourseError: none is.
    """
    most = settings.max_length or np.inf
    sides = data.batches.source.lengths, data.batches.target.lengths - 2  # START and END
    short = np.flatnonzero((sides[0] <= most) & (sides[1] <= most))
    if not len(short):
        raise CourseError(f"no pair has at most {most} tokens a side: allow a greater --max-length")
    pairs, codecs = [data.train[row] for row in short], [data.source, data.target]
    shapes = settings.buckets, settings.source_buckets
    return translator_data.in_batches(pairs, codecs, settings, *shapes)


def prepare(given: dict[str, Any]) -> Data:
    """Load and split the pairs, as the first of all trials."""
    return translator_data.prepare(translator_settings.chosen(given))


def _forget() -> None:
    """Free what the last trial compiled."""
    from course.backend import keras

    keras.backend.clear_session()
    gc.collect()
