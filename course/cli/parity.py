"""Training a net on the parity of bit strings from the command line."""

import math
import random
import time
from dataclasses import asdict
from pathlib import Path

import numpy as np

from course import runtime
from course.cli import saved, size
from course.cli.guard import Interrupted, note
from course.cli.parity_settings import Settings
from course.cli.saved import replicated
from course.corpora import bits

LONGER = (100, 200, 500)
JUDGED, JUDGED_FAST = 10_000, 200
SHOWN, SHOWN_BITS = 3, 60


def train(
    settings: Settings, save: Path | None, resume: bool = False, distribute: str | None = None
) -> None:
    """Train, keep the best model, and report.

    Args:
        settings: what the run depends on.
        save: the model's folder; None to write nothing.
        resume: go on with the run in `save`.
        distribute: over which replicas, by a name of `course.replicas`; None for one device.

    Raises:
        CourseError: it would not fit into memory, or the model cannot be saved.
        Interrupted: Ctrl-C; the message says what was kept.
    """
    began, before = time.perf_counter(), saved.run_in(save)
    _check_memory(settings)
    judged_strings = runtime.pick(JUDGED, JUDGED_FAST)
    strings, judged = bits.split(settings.strings, judged_strings, settings.length, settings.seed)
    _introduce(settings, len(judged))
    try:
        model = _fit(settings, strings, judged, save, resume, distribute)
        _report(model, settings, judged)
    except KeyboardInterrupt:
        raise Interrupted(saved.what_was_kept(save, before)) from None
    saved.report_cost(began)


def _check_memory(settings: Settings) -> None:
    """Refuse strings or a batch that cannot fit into this machine's memory."""
    labels = bits.label_count(settings.task, settings.length)
    # A string is kept as bits, ids and labels, and drawn as numbers of 8 bytes.
    corpus = settings.strings * settings.length * 17
    states = settings.batch * settings.length
    step = size.step_bytes(settings.cell, settings.units, states, logits=states * labels)
    weights = size.recurrent_parameters(settings.cell, 0, settings.units)
    size.check_memory(
        corpus + step + size.BYTES_A_PARAMETER * weights,
        "this run",
        "fewer --strings, a smaller --batch or --length, or fewer --units",
    )


def _introduce(settings: Settings, judged: int) -> None:
    """Say what is trained on what, before the first epoch."""
    asked = {"running": "even or odd after every bit", "count": "how many ones after the last bit"}
    note(
        f"{settings.strings:,} random strings of {settings.length} bits to learn from, {judged:,} "
        f"others held out; asked: {asked[settings.task]}"
    )


def _fit(
    settings: Settings,
    strings: np.ndarray,
    judged: np.ndarray,
    save: Path | None,
    resume: bool,
    distribute: str | None,
):
    """Build the model and train it; return it with its best weights."""
    from course import training
    from course.models.tagger import Config, Tagger

    labels = bits.label_count(settings.task, settings.length)
    shape = {"units": settings.units, "cell": settings.cell, "every_step": settings.every_step}
    config = Config(bits.INPUTS, labels, **shape, activation="relu", seed=settings.seed)
    with replicated(distribute):
        model = Tagger(config)
    model.about = {"options": asdict(settings)}
    count = sum(math.prod(weight.shape) for weight in model.trainable_variables)
    note(f"{settings.units} {settings.cell.upper()} units: {count:,} parameters")
    history = training.fit(
        model,
        *(_labelled(settings, part) for part in (strings, judged)),
        epochs=settings.epochs,
        learning_rate=settings.learning_rate,
        seed=settings.seed,
        folder=save,
        resume=resume,
    )
    saved.check_fit(history)
    return model


def _labelled(settings: Settings, strings: np.ndarray) -> bits.Labelled:
    """Return some strings with what is asked of them."""
    labels = bits.TASKS[settings.task](strings)
    asked = labels if settings.every_step else labels[:, -1:]
    return bits.Labelled(bits.ids(strings), asked, settings.batch)


def _report(model, settings: Settings, judged: np.ndarray) -> None:
    """Print how many strings the model gets right, at the length it knows and at others.

    Args:
        model: a trained tagger.
        settings: what it was trained on.
        judged: strings of the training's length that it has not seen.
    """
    tests = {settings.length: judged}
    for length in LONGER:
        draws = np.random.default_rng((settings.seed, length, 1))
        tests.setdefault(length, bits.draw(runtime.pick(JUDGED, JUDGED_FAST), length, draws))
    print("right, of strings that training has not seen:")
    for length, strings in tests.items():
        predicted, true = _answers(model, settings, strings)
        right = f"parity {np.mean(predicted % 2 == true % 2):8.2%}"
        if settings.task == "count":
            right += f"   sum {np.mean(predicted == true):8.2%}"
        print(f"{length:5} bits         {right}   ({len(strings):,} strings)")
    shown = random.Random(settings.seed).sample(range(len(judged)), min(SHOWN, len(judged)))
    for string in judged[sorted(shown)]:
        predicted, true = (_say(a[0], settings) for a in _answers(model, settings, string[None]))
        print(f"  {_written(string)} -> {predicted} (true: {true})")


def _answers(model, settings: Settings, strings: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return what the model says of whole strings, and what is true: int (strings,) each."""
    rows = max(1, min(1_000, 50_000_000 // (strings.shape[1] * settings.units)))
    labels = model.predict(bits.ids(strings), rows), bits.TASKS[settings.task](strings)
    return tuple(rows[:, -1] - 1 for rows in labels)


def _say(answer: int, settings: Settings) -> str:
    """Put an answer in words."""
    parity = ("even", "odd")[answer % 2]
    return parity if settings.task == "running" else f"{answer} ones, {parity}"


def _written(string: np.ndarray) -> str:
    """Write a string of bits, a long one shortened in the middle."""
    digits = "".join(map(str, string))
    half = SHOWN_BITS // 2
    return digits if len(digits) <= SHOWN_BITS else f"{digits[:half]}…{digits[-half:]}"
