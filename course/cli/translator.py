"""Training a translator from the command line: its model, its training, its report."""

import random
import time
from collections.abc import Iterator
from dataclasses import asdict, replace
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from course import metrics, text
from course.batches import Batch, PairBatches
from course.cli import saved, size, translator_size
from course.cli.guard import Interrupted, note
from course.cli.saved import replicated
from course.cli.translator_data import HELD_OUT as HELD_OUT
from course.cli.translator_data import Data, first_embeddings, prepare
from course.cli.translator_settings import Settings
from course.cli.translator_size import parameters

SHOWN = 5  # sentences held out, with their translations, at the end
LONG = 1_000  # training steps; a run of more is told its size before
WARMUP = 0.2  # of a run's training steps, at most


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
        CourseError: the input is bad, or the model cannot be saved.
        Interrupted: Ctrl-C; the message says what was kept.
    """
    began, before = time.perf_counter(), saved.run_in(save)
    data, first = prepare(settings), None
    if resume:
        wrong = "the sentence pairs are not those"
        saved.check_fingerprint(save, before, data.fingerprint, wrong)
    elif settings.embeddings:
        first, found = first_embeddings(settings, data.source.vocabulary)
        settings = replace(settings, embedding=first.shape[1])
    settings = settings.with_epochs(len(data.batches))
    translator_size.check(settings, data)
    _introduce(settings, data)
    if first is not None:
        note(f"{settings.embeddings}: vectors for {found:,} of the {len(first):,} source tokens")
    try:
        with replicated(distribute):
            model = build(settings, data, first)
        best = fit(model, settings, data, save, resume)
        _report(model, best, data, settings.seed)
    except KeyboardInterrupt:
        raise Interrupted(saved.what_was_kept(save, before, "translate")) from None
    saved.report_cost(began)


def _introduce(settings: Settings, data: Data) -> None:
    """Say what is trained on what, before the first epoch."""
    sizes = len(data.source.vocabulary), len(data.target.vocabulary)
    count = parameters(settings, *sizes)
    note(data.provenance)
    note(
        f"{len(data.train):,} pairs to learn from, {len(data.held_out):,} held out; "
        f"{sizes[0]:,} source and {sizes[1]:,} target {settings.level}s"
    )
    note(f"{_shape(settings)}: {count:,} parameters")
    smallest = min(bucket.batch for bucket in data.batches.buckets)
    if smallest < settings.batch:
        note(f"batches of long sentences have fewer pairs, at least {smallest:,}: for the memory")
    steps = settings.epochs * (settings.steps or len(data.batches))
    if steps > LONG:
        step = translator_size.step_bytes(settings, data.batches.buckets, sizes[1])
        needed = step + size.BYTES_A_PARAMETER * count
        note(
            f"{steps:,} training steps of {settings.batch:,} pairs at most; model and step take "
            f"about {needed / 1e9:.1f} GB"
        )


def _shape(settings: Settings) -> str:
    """Say what kind of model is trained."""
    shape = f"{settings.layers} × {settings.units} {settings.cell.upper()} units on each side"
    if settings.attention != "none":
        ways = "one way" if settings.one_way else "both ways"
        fed = " with input feeding" if settings.input_feeding else ""
        shape += f", read {ways}, {settings.attention} attention{fed}"
    inputs = f"embeddings of {settings.embedding}" if settings.embedding else "one-hot inputs"
    return f"{shape}, {inputs}"


def build(settings: Settings, data: Data, first: np.ndarray | None = None):
    """Return an untrained model of the shape that the settings say.

    Args:
        settings: the shape.
        data: has the codecs.
        first: embeddings of the source side to begin with, (tokens, width); None for random ones.
    """
    model = (_plain if settings.attention == "none" else _attentive)(settings, data)
    if first is not None:
        model.layer("encoder_input").set_weights([first])
    return model


def _shaped(settings: Settings, data: Data) -> dict:
    """Return what the shapes of both kinds of model have in common."""
    return {
        "source_size": len(data.source.vocabulary),
        "target_size": len(data.target.vocabulary),
        "units": settings.units,
        "cell": settings.cell,
        "layers": settings.layers,
        "embedding": settings.embedding or None,
        "dropout": settings.dropout,
        "seed": settings.seed,
    }


def _plain(settings: Settings, data: Data):
    """Return an untrained model that sees the encoder's last states only."""
    from course.models.seq2seq import Config, Seq2Seq

    return Seq2Seq(Config(**_shaped(settings, data)), data.source, data.target)


def _attentive(settings: Settings, data: Data):
    """Return an untrained model with attention."""
    from course.models.attentive import Attentive, Config

    config = Config(
        **_shaped(settings, data),
        attention=None if settings.attention == "last" else settings.attention,
        bidirectional=not settings.one_way,
        input_feeding=settings.input_feeding,
    )
    return Attentive(config, data.source, data.target)


def fit(
    model,
    settings: Settings,
    data: Data,
    save: Path | None = None,
    resume: bool = False,
    **options: Any,
):
    """Train a model, and leave it with its best weights; return its best epoch.

    Args:
        model: as `build` makes it.
        settings: what the run depends on.
        data: as `prepare` gives it.
        save: the model's folder; None to write nothing.
        resume: go on with the run in `save`.
        options: more of those of `training.fit`.

    Raises:
        KeyboardInterrupt: Ctrl-C ended it.
        CourseError: the loss is no number any more.
    """
    from course import training

    model.about = {
        "options": asdict(settings),
        "provenance": data.provenance,
        "fingerprint": data.fingerprint,
        "longest": int(data.batches.source.lengths.max()),
    }
    batches = _Portions(data.batches, settings.steps) if settings.steps else data.batches
    most = int(settings.epochs * len(batches) * WARMUP)
    history = training.fit(
        model,
        batches,
        data.judged,
        epochs=settings.epochs,
        optimizer=settings.optimizer,
        learning_rate=settings.learning_rate,
        schedule=settings.schedule,
        warmup=min(settings.warmup, most),
        objective=_objective(settings),
        patience=settings.patience,
        seed=settings.seed,
        folder=save,
        resume=resume,
        **options,
    )
    saved.check_fit(history)
    return history.best


class _Portions:
    """Batches of which an epoch has so many only, drawn anew each time."""

    def __init__(self, batches: PairBatches, steps: int) -> None:
        """Take `steps` batches an epoch; more than there are is all of them."""
        self.batches, self.steps = batches, min(steps, len(batches))

    def __len__(self) -> int:
        """Count the batches of an epoch."""
        return self.steps

    def shuffled(self, seed: int, epoch: int = 0) -> Iterator[Batch]:
        """Yield the batches of an epoch in an order drawn from the seed and the epoch."""
        return islice(self.batches.shuffled(seed, epoch), self.steps)


def _objective(settings: Settings):
    """Return what training makes small; None for the cross-entropy."""
    from course import objectives

    if settings.samples:
        return objectives.sampled(settings.samples, settings.seed)
    return objectives.smoothed(settings.label_smoothing) if settings.label_smoothing else None


def _report(model, best, data: Data, seed: int) -> None:
    """Print how well a model does on the sentences held out.

    Args:
        model: a trained translator.
        best: the epoch that its weights are of.
        data: what it was trained on.
        seed: draws the sentences that are shown.
    """
    from course import decoding

    sources, references = metrics.references_by_source(data.held_out)
    note(f"translating {len(sources):,} sentences that training has not seen")
    translations = decoding.translate(model, sources)
    hidden = _unknown_share(data)
    print(f"on {len(sources):,} source sentences that training has not seen (epoch {best.epoch}):")
    print(f"masked accuracy    {best.valid_accuracy:.3f}{hidden}")
    print(f"perplexity         {metrics.perplexity(best.valid_loss, 1):.2f}{hidden}")
    print(f"BLEU               {metrics.bleu(translations, references):.1f}")
    shown = random.Random(seed).sample(range(len(sources)), min(SHOWN, len(sources)))
    for place in sorted(shown):
        print(f"  {sources[place]} -> {translations[place]} (reference: {references[place][0]})")


def _unknown_share(data: Data) -> str:
    """Say how many of the target tokens held out count as one and the same unknown token."""
    targets = [data.target.ids(target) for _, target in data.held_out]
    unknown = sum(ids.count(text.UNK) for ids in targets)
    tokens = sum(len(ids) + 1 for ids in targets)  # END is a token to predict as well
    return f" ({unknown / tokens:.1%} of the tokens are <unk>)" if unknown else ""
