"""`course train translator | parity | writer | treebank | chat`."""

from pathlib import Path
from types import ModuleType
from typing import Any

import typer

from course.cli import (
    chat_settings,
    chat_train,
    parity,
    parity_settings,
    places,
    saved,
    translator,
    translator_settings,
    treebank,
    treebank_settings,
    writer,
    writer_settings,
)
from course.cli import options as o
from course.cli.guard import note

app = typer.Typer(
    help="Train a model.",
    epilog="Example: course train translator --help",
    rich_markup_mode=None,
)


@app.callback()
def train() -> None:
    """Train a model."""


@app.command(
    "translator",
    epilog="Example: course train translator --pairs spa.txt --limit 20000 --save model",
)
def train_translator(
    pairs: o.Pairs = None,
    corpus: o.CorpusName = None,
    source_file: o.SourceFile = None,
    target_file: o.TargetFile = None,
    reverse: o.Reverse = False,
    limit: o.Limit = None,
    sample: o.Sample = None,
    max_length: o.MaxLength = None,
    skip_bad: o.SkipBad = False,
    size: o.TranslatorSizeName = None,
    level: o.LevelName = None,
    source_text: o.SourceTextName = None,
    min_count: o.MinCount = None,
    attention: o.AttentionName = None,
    one_way: o.OneWay = False,
    input_feeding: o.InputFeeding = False,
    cell: o.CellName = None,
    embedding: o.Embedding = None,
    embeddings: o.Embeddings = None,
    dropout: o.Dropout = None,
    units: o.Units = None,
    layers: o.Layers = None,
    label_smoothing: o.LabelSmoothing = None,
    samples: o.Samples = None,
    epochs: o.Epochs = None,
    batch: o.Batch = None,
    optimizer: o.OptimizerName = None,
    learning_rate: o.Rate = None,
    patience: o.Patience = None,
    seed: o.Seed = None,
    save: o.Save = None,
    resume: o.Resume = False,
    distribute: o.DistributeName = None,
) -> None:
    """Train a translator on sentence pairs and say how good it is.

    Progress goes to standard error. At the end standard output has masked accuracy, perplexity and
    BLEU on source sentences that training has not seen, at most 2,000, and a few of their
    translations. What is not said is chosen for the level: 256 units in 1 layer; words have
    embeddings of 128, dropout 0.2, batches of 128 and a learning rate of 4e-3, characters one-hot
    inputs, no dropout, batches of 64 and 8e-3; 12 epochs, ended after 3 that brought nothing. With
    attention the embeddings have 256 numbers, dropout is 0.2 and the rate 2e-3. COURSE_FAST=1 makes
    everything small.
    """
    options = locals()
    places.check(pairs, corpus, source_file, target_file)
    _run(translator, translator_settings, **options)


@app.command("parity", epilog="Example: course train parity --task count --save model")
def train_parity(
    task: o.TaskName = None,
    length: o.Length = None,
    strings: o.Strings = None,
    cell: o.SimpleName = None,
    units: o.Units = None,
    epochs: o.Epochs = None,
    batch: o.Batch = None,
    learning_rate: o.Rate = None,
    seed: o.Seed = None,
    save: o.Save = None,
    resume: o.Resume = False,
    distribute: o.DistributeName = None,
) -> None:
    """Train a small net to say whether a bit string has an even or an odd number of ones.

    Progress goes to standard error. At the end standard output has the share of unseen strings that
    it gets right, at the length it was trained on and at others, and a few of them.
    """
    _run(parity, parity_settings, **locals())


@app.command("writer", epilog="Example: course train writer --book 1342 --save book")
def train_writer(
    book: o.BookName = None,
    continued: o.Continue = None,
    size: o.SizeName = None,
    level: o.LevelName = None,
    cell: o.RecurrentName = None,
    embedding: o.Width = None,
    dropout: o.Dropout = None,
    units: o.Units = None,
    layers: o.Layers = None,
    min_count: o.MinCount = None,
    epochs: o.Epochs = None,
    batch: o.Batch = None,
    steps: o.Steps = None,
    optimizer: o.OptimizerName = None,
    learning_rate: o.Rate = None,
    patience: o.Patience = None,
    seed: o.Seed = None,
    save: o.Save = None,
    resume: o.Resume = False,
    distribute: o.DistributeName = None,
) -> None:
    """Train a language model on a book; `course write` lets it write.

    Progress goes to standard error. At the end standard output has the perplexity on chapters that
    training has not seen, beside those of n-gram counts of the same text, and a sample.
    """
    _run(writer, writer_settings, **locals())


@app.command("treebank", epilog="Example: course train treebank --data ptb --save model")
def train_treebank(
    data: o.DataName = None,
    config: o.ConfigName = None,
    embedding: o.Width = None,
    units: o.Widths = None,
    dropout: o.Dropout = None,
    samples: o.Samples = None,
    epochs: o.Epochs = None,
    batch: o.Batch = None,
    steps: o.Steps = None,
    optimizer: o.OptimizerName = None,
    learning_rate: o.Rate = None,
    seed: o.Seed = None,
    save: o.Save = None,
    resume: o.Resume = False,
    distribute: o.DistributeName = None,
) -> None:
    """Train a language model on a treebank; `course perplexity` asks it about other text.

    The log on standard error has the perplexity so far and the speed at each tenth of an epoch. At
    the end standard output has the perplexity of train, valid and test, each token counted once,
    beside that of n-gram counts.
    """
    _run(treebank, treebank_settings, **locals())


@app.command("chat", epilog="Example: course train chat --data messages --anonymize --save bot")
def train_chat(
    data: o.Talks = None,
    format: o.FormatName = None,
    config: o.ChatConfigName = None,
    speaker: o.Speaker = None,
    within: o.Within = None,
    groups: o.Groups = False,
    emoji: o.EmojiName = None,
    anonymize: o.Anonymize = False,
    context: o.Context = None,
    longest_reply: o.LongestReply = None,
    min_count: o.MinCount = None,
    attention: o.AttentionName = None,
    one_way: o.OneWay = False,
    cell: o.CellName = None,
    layers: o.Layers = None,
    units: o.Units = None,
    embedding: o.Width = None,
    word2vec: o.Word2Vec = False,
    dropout: o.Dropout = None,
    samples: o.Samples = None,
    epochs: o.Epochs = None,
    batch: o.Batch = None,
    optimizer: o.OptimizerName = None,
    learning_rate: o.Rate = None,
    patience: o.Patience = None,
    seed: o.Seed = None,
    tensorboard: o.TensorBoard = None,
    save: o.Save = None,
    resume: o.Resume = False,
    distribute: o.DistributeName = None,
) -> None:
    """Train a chatbot on conversations; `course chat` talks with it.

    Nothing leaves this machine. Progress goes to standard error. At the end standard output has the
    perplexity on replies that training has not seen, beside that of n-gram counts, and how varied
    the model's own replies are.
    """
    _run(chat_train, chat_settings, **locals())


def _run(
    trainer: ModuleType,
    settings: ModuleType,
    save: Path | None,
    resume: bool,
    distribute: o.Distribute | None,
    **options: Any,
) -> None:
    """Settle what a run depends on, and train.

    Args:
        trainer: has `train`.
        settings: has `chosen` and `of_saved_run`.
        save: the model's folder; None to write nothing.
        resume: go on with the run in `save`.
        distribute: the devices or machines that share the batches; None for one device.
        options: values by the options' names; None where nothing was said.
    """
    given = {name: value for name, value in options.items() if value is not None}
    if resume and save is None:
        raise typer.BadParameter("needs --save DIR, the run to go on from", param_hint="--resume")
    if save is not None:
        saved.check_folder(save)
    shared = distribute and distribute.value
    if resume:
        trainer.train(settings.of_saved_run(save, given), save, True, shared)
    else:
        _warn_of_earlier(save)
        trainer.train(settings.chosen(given), save, False, shared)


def _warn_of_earlier(save: Path | None) -> None:
    """Say that a new run will replace the one in its folder."""
    if run := saved.run_in(save):
        learnt = (run.get("about") or {}).get("provenance", "unknown")
        note(f"{save} holds an earlier run ({learnt}): replaced when the first epoch is over")
