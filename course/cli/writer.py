"""Training a writer from the command line: its book, its training, its report."""

import hashlib
import math
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from course import corpora, prose, text
from course.cli import saved, size
from course.cli.guard import Interrupted, note
from course.cli.saved import replicated
from course.cli.writer_settings import Settings
from course.errors import CourseError
from course.models.ngram import NGram
from course.streams import StreamBatches, running_ids

HELD_OUT = 0.1  # share of the book's words, in whole chapters
JUDGED_ROWS = 4  # streams of the held-out text: each begins without knowing what stood before it
ORDERS = {"word": (1, 2, 3), "character": (1, 3, 6)}
NAMES = {1: "unigram", 2: "bigram", 3: "trigram"}
SHOWN = {"words": 60, "temperature": 0.8}


@dataclass(frozen=True)
class Data:
    """A book as running text, split by chapters, and its codec."""

    book: corpora.Book
    codec: text.Codec
    texts: list[str]
    ids: np.ndarray
    held_out: np.ndarray

    @property
    def fingerprint(self) -> str:
        """The SHA-256 of the book's text."""
        return fingerprint(self.book)


def fingerprint(book: corpora.Book) -> str:
    """Return the SHA-256 of a book's text, by which it is known again."""
    joined = "\n".join(prose.chapter_text(chapter.paragraphs) for chapter in book.chapters)
    return hashlib.sha256(joined.encode("utf-8", "surrogatepass")).hexdigest()


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
    # A run that went on from another model has all it needs in its own folder by now.
    source = save if resume and settings.continued else settings.continued
    data = prepare(settings, source)
    if resume:
        saved.check_fingerprint(save, before, data.fingerprint, "the book is not that")
    batches = StreamBatches(data.ids, batch=settings.batch, steps=settings.steps)
    settings = settings.with_epochs(len(batches), batches.tokens)
    _check_size(settings, len(data.codec.vocabulary))
    _introduce(settings, data)
    try:
        with replicated(distribute):
            model = _build(settings, data, source)
        history = _fit(model, settings, data, batches, save, resume)
        _report(model, history, settings, data)
    except KeyboardInterrupt:
        raise Interrupted(saved.what_was_kept(save, before, "write")) from None
    saved.report_cost(began)


def prepare(settings: Settings, source: str | Path | None = None) -> Data:
    """Load the book, hold chapters out, build the vocabulary, encode; no TensorFlow yet.

    Args:
        settings: what the run depends on.
        source: the folder of a model whose vocabulary is used instead.

    Raises:
        CourseError: there is no such book, or it is too short to learn from.
    """
    book = corpora.load_book(settings.book, say=note)
    train, held_out = texts_of(book, settings)
    if source is None:
        lower = settings.level == "word"
        tokenizer = text.tokenizer(settings.level, lower=lower)
        rare = settings.min_count or (2 if settings.level == "word" else 1)
        codec = text.Codec.fit(train, tokenizer, min_count=rare)
    else:
        _, codec = saved.language_model(source)
    ids, judged = (running_ids(texts, codec) for texts in (train, held_out))
    if len(ids) <= settings.steps or len(judged) < 2:
        raise CourseError(
            f"{book.name}, {book.origin}, has {book.words:,} words, too few: training needs more "
            f"than one section of {settings.steps} tokens (--steps), and a chapter to hold out"
        )
    return Data(book, codec, train, ids, judged)


def texts_of(book: corpora.Book, settings: Settings) -> tuple[list[str], list[str]]:
    """Return the chapters that are learnt from and those held out, each as one text."""
    parts = corpora.split_book(book, HELD_OUT, settings.seed)
    most = settings.chapters or None
    train, held_out = ([prose.chapter_text(c.paragraphs) for c in part[:most]] for part in parts)
    return train, held_out


def _introduce(settings: Settings, data: Data) -> None:
    """Say what is trained on what, before the first epoch."""
    note(data.book.source)
    unknown = float((data.held_out == text.UNK).mean())
    note(
        f"{len(data.ids) - 1:,} tokens to learn from, {len(data.held_out) - 1:,} held out, "
        f"{unknown:.1%} of them unknown; {len(data.codec.vocabulary):,} {settings.level}s"
    )


def _fit(
    model, settings: Settings, data: Data, batches: StreamBatches, save: Path | None, resume: bool
):
    """Train a model, and leave it with its best weights; return the history."""
    from course import training

    earlier = [] if resume else [model.about[key] for key in ("provenance",) if key in model.about]
    model.about = {
        "earlier": model.about.get("earlier", []) + earlier,
        "options": asdict(settings),
        "provenance": data.book.source,
        "fingerprint": data.fingerprint,
        "capitals": model.about.get("capitals", {}) | prose.capitals(data.texts),
    }
    history = training.fit(
        model,
        batches,
        StreamBatches(data.held_out, batch=JUDGED_ROWS, steps=settings.steps),
        epochs=settings.epochs,
        optimizer=settings.optimizer,
        learning_rate=settings.learning_rate,
        patience=settings.patience,
        seed=settings.seed,
        folder=save,
        resume=resume,
    )
    saved.check_fit(history)
    return history


def _build(settings: Settings, data: Data, source: str | Path | None):
    """Return an untrained model of the size that the settings say, or the one to go on from."""
    from course.models.language import Config, LanguageModel

    if source is not None:
        model = LanguageModel.load(source)
    else:
        config = Config(
            len(data.codec.vocabulary),
            units=(settings.units,) * settings.layers,
            cell=settings.cell,
            embedding=settings.embedding,
            dropout=settings.dropout,
            seed=settings.seed,
        )
        model = LanguageModel(config, data.codec)
    count = sum(math.prod(weight.shape) for weight in model.trainable_variables)
    units = " + ".join(map(str, model.config.units))
    kind = f"{units} {model.config.cell.upper()} units"
    note(f"{kind}: {count:,} parameters, epochs: {settings.epochs}")
    return model


def _check_size(settings: Settings, tokens: int) -> None:
    """Refuse a model or a batch that cannot fit into this machine's memory."""
    widths = (settings.embedding, *[settings.units] * settings.layers)
    rows, batch = tokens * settings.embedding, (settings.batch, settings.steps)
    size.check_language_model(settings.cell, widths, rows, batch, tokens)


def _report(model, history, settings: Settings, data: Data) -> None:
    """Print how well a model does on the chapters held out, beside what counting does."""
    from course.decoding import writing

    best, tokens = history.best, len(data.codec.vocabulary)
    print(f"perplexity on {len(data.held_out) - 1:,} tokens that training has not seen:")
    for order in ORDERS[model.codec.tokenizer.level]:
        name = NAMES.get(order, f"{order}-gram") + (", Kneser-Ney" if order > 1 else "")
        print(f"{name:<22}{NGram(data.ids, tokens, order).perplexity(data.held_out):10.2f}")
    print(f"{'this model':<22}{math.exp(best.valid_loss):10.2f} (epoch {best.epoch})")
    speed = float(np.median(history.column("tokens_per_second")))
    print(f"tokens a second    {speed:,.0f} in training")
    print(writing.write(model, seed=settings.seed, **SHOWN).text)
