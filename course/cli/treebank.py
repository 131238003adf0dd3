"""Training a language model on a treebank from the command line."""

import hashlib
import math
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from course import text
from course.cli import saved, size
from course.cli.guard import Interrupted, note
from course.cli.saved import replicated
from course.cli.treebank_settings import NAMED, Settings
from course.corpora.treebank import SPLITS, Treebank, load_treebank
from course.errors import CourseError
from course.models.ngram import NGram
from course.progress import Progress
from course.streams import StreamBatches, running_ids

JUDGED_ROWS = 10  # streams of the validation text after each epoch; the report reads it as one
REPORTED = 10  # lines of the log in an epoch
ORDER = 5  # of the n-grams that the model is compared with


@dataclass(frozen=True)
class Data:
    """A treebank, and its splits as ids."""

    treebank: Treebank
    ids: dict[str, np.ndarray]

    @property
    def codec(self) -> text.Codec:
        """Its tokens and their ids."""
        return self.treebank.codec

    @property
    def fingerprint(self) -> str:
        """The SHA-256 of the three splits."""
        digest = hashlib.sha256()
        for split in SPLITS:
            digest.update("\n".join([*getattr(self.treebank, split), ""]).encode())
        return digest.hexdigest()


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
    data = prepare(settings)
    if resume:
        saved.check_fingerprint(save, before, data.fingerprint, "the treebank is not that")
    _check_size(settings, len(data.codec.vocabulary))
    _introduce(settings, data)
    try:
        with replicated(distribute):
            model = build(settings, data)
        history = fit(model, settings, data, save, resume)
        _report(model, history, settings, data)
    except KeyboardInterrupt:
        raise Interrupted(saved.what_was_kept(save, before, "perplexity")) from None
    saved.report_cost(began)


def prepare(settings: Settings) -> Data:
    """Load the treebank and encode it; no TensorFlow yet.

    Raises:
        CourseError: there is no such treebank, or it is too short.
    """
    named = settings.data in NAMED
    where = {"name": settings.data} if named else {"path": settings.data}
    treebank = load_treebank(**where, say=note)
    if settings.lines:
        parts = {split: getattr(treebank, split)[: settings.lines] for split in SPLITS}
        treebank = replace(treebank, **parts)
    ids = {split: running_ids(getattr(treebank, split), treebank.codec) for split in SPLITS}
    for split, needed in (("train", settings.batch), ("valid", JUDGED_ROWS)):
        if len(ids[split]) - 1 < needed:
            advice = ", or a smaller --batch" if split == "train" else ""
            raise CourseError(
                f"{treebank.origin}: {split} has {len(ids[split]) - 1:,} tokens, and a batch needs "
                f"{needed:,} at least: give more text{advice}"
            )
    return Data(treebank, ids)


def _introduce(settings: Settings, data: Data) -> None:
    """Say what is trained on what, before the first epoch."""
    note(data.treebank.source)
    vocabulary = data.codec.vocabulary
    for split in ("valid", "test"):
        tokens = [token for line in getattr(data.treebank, split) for token in line.split()]
        if new := [token for token in tokens if token not in vocabulary]:
            shown = " ".join(list(dict.fromkeys(new))[:5])
            note(f"{split}: {len(new):,} tokens are not in train and read as <unk>, as {shown}")
    note(f"{len(vocabulary) - 2:,} types, <eos> and <unk> among them; epochs: {settings.epochs}")
    if settings.samples:
        note("perplexity in training is over the sampled tokens, in the report over all")
    if data.treebank.floor and settings.config == "classic":
        note("for the gazette, --config small is enough")


def _check_size(settings: Settings, tokens: int) -> None:
    """Refuse a model or a batch that cannot fit into this machine's memory."""
    rows = settings.embedding + (0 if settings.tied else settings.units[-1])
    widths, batch = (settings.embedding, *settings.units), (settings.batch, settings.steps)
    logits = settings.samples or tokens
    size.check_language_model(settings.cell, widths, tokens * rows, batch, logits)


def build(settings: Settings, data: Data):
    """Return an untrained model of the shape that the settings say."""
    from course.models.language import Config, LanguageModel

    names = ("units", "cell", "embedding", "tied", "dropout", "spread", "seed")
    shape = {name: getattr(settings, name) for name in names}
    model = LanguageModel(Config(len(data.codec.vocabulary), **shape), data.codec)
    count = sum(math.prod(weight.shape) for weight in model.trainable_variables)
    units = " + ".join(map(str, settings.units))
    note(f"{settings.config}: {units} {settings.cell.upper()} units, {count:,} parameters")
    return model


def fit(model, settings: Settings, data: Data, save: Path | None, resume: bool):
    """Train a model, and leave it with its best weights; return the history."""
    from course import objectives, optimizers, training

    model.about = {
        "options": asdict(settings),
        "provenance": data.treebank.source,
        "fingerprint": data.fingerprint,
    }
    train = StreamBatches(data.ids["train"], batch=settings.batch, steps=settings.steps)
    objective = objectives.summed_over_steps if settings.summed else None
    if settings.samples:
        objective = objectives.sampled(settings.samples, settings.seed, settings.summed)
    schedule, rate = "cosine", settings.learning_rate
    if settings.flat:
        schedule = optimizers.decaying(
            rate, settings.flat, settings.epochs, len(train), settings.decay
        )
    history = training.fit(
        model,
        train,
        StreamBatches(data.ids["valid"], batch=JUDGED_ROWS, steps=settings.steps),
        epochs=settings.epochs,
        optimizer=settings.optimizer,
        learning_rate=rate,
        schedule=schedule,
        warmup=settings.warmup,
        clip=settings.clip,
        objective=objective,
        seed=settings.seed,
        folder=save,
        resume=resume,
        on_progress=_Log(),
    )
    saved.check_fit(history)
    return history


class _Log:
    """Writes a line at each tenth of an epoch: the perplexity so far in it, and the speed."""

    def __init__(self) -> None:
        self._epoch, self._tenths = 0, 0

    def __call__(self, now: Progress) -> None:
        """Take a report of `training.fit`."""
        if now.epoch != self._epoch:
            self._epoch, self._tenths = now.epoch, 0
        tenths = REPORTED * now.done // now.total
        if tenths > self._tenths:
            self._tenths = tenths
            perplexity = math.exp(min(now.nll / now.tokens, 700))
            speed = now.tokens / now.seconds
            at = now.epoch - 1 + tenths / REPORTED
            note(f"epoch {at:5.1f}  perplexity {perplexity:8.1f}  {speed:7,.0f} words/s")


def _report(model, history, settings: Settings, data: Data) -> None:
    """Print the perplexity of each split, beside what counting gives and the floor."""
    best = history.best
    print(f"perplexity of the model of epoch {best.epoch}, each token of a split counted once:")
    for split in SPLITS:
        perplexity = model.perplexity(data.ids[split])
        print(f"{split:<19}{perplexity:10.2f}   {math.log2(perplexity):.3f} bits a token")
    if not settings.samples:
        running = math.exp(min(history.epochs[-1].loss, 700))
        print(f"{'train, running':<19}{running:10.2f}   the mean over the last epoch")
    counted = NGram(data.ids["train"], len(data.codec.vocabulary), ORDER)
    print(f"{f'test, {ORDER}-grams':<19}{counted.perplexity(data.ids['test']):10.2f}   Kneser-Ney")
    if data.treebank.floor:
        print(f"{'floor':<19}{data.treebank.floor:10.2f}   the source's own, on an endless text")
    speed = float(np.median(history.column("tokens_per_second")))
    print(f"words a second     {speed:,.0f} in training")
