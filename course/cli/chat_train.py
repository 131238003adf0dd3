"""Training a chatbot from the command line: its model and its training."""

import time
from dataclasses import asdict
from pathlib import Path

import numpy as np

from course.batches import PairBatches
from course.cli import saved, size, translator_size
from course.cli.chat_data import Data, prepare
from course.cli.chat_settings import Settings
from course.cli.guard import Interrupted, note
from course.cli.saved import replicated

WARMUP = 0.2  # of a run's training steps, at most
WORD2VEC_EPOCHS = 10
# Settings that are the model's own, by the same name.
SAME = "units cell layers embedding tied direct input_feeding dropout word_dropout seed".split()


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
        wrong = "the conversations are not those"
        saved.check_fingerprint(save, before, data.fingerprint, wrong)
    settings, batches = data.settings, data.batches
    _check_size(settings, data, batches[0])
    _introduce(settings, data)
    try:
        with replicated(distribute):
            model = _build(settings, data)
        best = _fit(model, settings, data, batches, save, resume)
        from course.cli import chat_report

        chat_report.report(model, best, settings, data)
    except KeyboardInterrupt:
        raise Interrupted(saved.what_was_kept(save, before, "chat")) from None
    saved.report_cost(began)


def _check_size(settings: Settings, data: Data, learnt: PairBatches) -> None:
    """Refuse a model or a batch that cannot fit into this machine's memory."""
    logits = settings.samples or len(data.codec.vocabulary)
    size.check_memory(
        translator_size.step_bytes(settings, learnt.buckets, logits),
        f"a batch of {settings.batch:,}",
        "a smaller --batch, or fewer --units",
    )
    size.check_parameters(_parameters(settings, len(data.codec.vocabulary)))


def _parameters(settings: Settings, tokens: int) -> int:
    """Count the weights of a model that is not there yet; both sides have one table."""
    wide = settings.embedding
    count = translator_size.parameters(settings, tokens, tokens) - tokens * wide
    if settings.direct and settings.attention != "last":
        count += wide * (settings.units + wide)
    return count if settings.tied else count + tokens * wide


def _introduce(settings: Settings, data: Data) -> None:
    """Say what is trained on what, before the first epoch."""
    note(data.dialogues.source)
    parts = (len(part.kept) for part in (data.train, data.valid, data.test))
    learnt, *held_out = (f"{count:,}" for count in parts)
    note(
        f"{learnt} exchanges to learn from, {' and '.join(held_out)} held out; "
        f"{len(data.codec.vocabulary):,} words; epochs: {settings.epochs} at most"
    )
    sight = "no attention" if settings.attention == "last" else f"{settings.attention} attention"
    shape = f"{settings.layers} × {settings.units} {settings.cell.upper()} units on each side"
    count = _parameters(settings, len(data.codec.vocabulary))
    note(f"{shape}, {sight}, embeddings of {settings.embedding}: {count:,} parameters")


def _build(settings: Settings, data: Data):
    """Return an untrained model of the shape that the settings say."""
    from course.models.chatbot import Chatbot

    model = Chatbot.of(
        data.codec,
        attention=None if settings.attention == "last" else settings.attention,
        bidirectional=not settings.one_way,
        **{name: getattr(settings, name) for name in SAME},
    )
    if settings.word2vec:
        model.layer("encoder_input").set_weights([_first_embeddings(settings, data)])
    return model


def _first_embeddings(settings: Settings, data: Data):
    """Learn the embeddings that a model begins with: float32 (tokens, embedding)."""
    from course import vectors

    tokens = data.codec.tokenizer.tokens
    texts = {text for one in data.train.kept for text in (*one.said, one.reply)}
    sentences = [tokens(text) for text in sorted(texts)]
    width, seed = settings.embedding, settings.seed
    found = vectors.word2vec(sentences, width, epochs=WORD2VEC_EPOCHS, seed=seed)
    rows, known = found.rows(data.codec.vocabulary, seed)
    note(f"word2vec: vectors for {known:,} of the {len(rows):,} words")
    # Little text gives vectors that all point one way; and tied weights want rows of length 1.
    rows -= rows.mean(axis=0)
    return rows / np.linalg.norm(rows, axis=1).mean()


def _fit(model, settings: Settings, data: Data, batches: tuple, save: Path | None, resume: bool):
    """Train a model, and leave it with its best weights; return its best epoch."""
    from course import objectives, training

    model.about = {
        "options": asdict(settings),
        "provenance": data.dialogues.source,
        "fingerprint": data.fingerprint,
        "capitals": data.capitals,
    }
    learnt, judged = batches
    steps = settings.epochs * len(learnt)
    history = training.fit(
        model,
        learnt,
        judged if settings.patience else None,
        epochs=settings.epochs,
        optimizer=settings.optimizer,
        learning_rate=settings.learning_rate,
        schedule=settings.schedule,
        warmup=min(settings.warmup, int(steps * WARMUP)),
        objective=objectives.sampled(settings.samples, settings.seed) if settings.samples else None,
        patience=settings.patience or None,
        seed=settings.seed,
        folder=save,
        resume=resume,
        # A short run does not earn back what compiling costs.
        xla=settings.patience > 0,
        tensorboard=settings.tensorboard,
    )
    saved.check_fit(history)
    return history.best
