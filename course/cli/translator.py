"""Training a translator from the command line: its data, its training, its report."""

import hashlib
import random
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from course import corpora, metrics, text
from course.batches import PairBatches, split_by_source
from course.cli import saved, size
from course.cli.guard import Interrupted, note
from course.cli.translator_settings import Settings
from course.errors import CourseError

HELD_OUT = 0.1  # share of the source sentences that training does not see
SHOWN = 5  # of them, with their translations, at the end
FEW_PAIRS = 1_000  # from that on words that occur once are left out, if not told otherwise


@dataclass(frozen=True)
class Data:
    """Sentence pairs, split, and the codecs of the half that is learnt from."""

    provenance: str
    fingerprint: str
    train: list[tuple[str, str]]
    held_out: list[tuple[str, str]]
    source: text.Codec
    target: text.Codec
    batches: PairBatches
    judged: PairBatches


def train(settings: Settings, save: Path | None, resume: bool = False) -> None:
    """Train, keep the best model, and report.

    Args:
        settings: what the run depends on.
        save: the model's folder; None to write nothing.
        resume: go on with the run in `save`.

    Raises:
        CourseError: the input is bad, or the model cannot be saved.
        Interrupted: Ctrl-C; the message says what was kept.
    """
    began = time.perf_counter()
    before = saved.run_in(save)
    data = prepare(settings)
    _check_memory(settings, data)
    if resume:
        wrong = "the sentence pairs are not those"
        saved.check_fingerprint(save, before, data.fingerprint, wrong)
    count = parameters(settings, len(data.source.vocabulary), len(data.target.vocabulary))
    size.check_parameters(count)
    _introduce(settings, data, count)
    try:
        model, best = _fit(settings, data, save, resume)
        _report(model, best, data, settings.seed)
    except KeyboardInterrupt:
        raise Interrupted(saved.what_was_kept(save, before, "translate")) from None
    saved.report_cost(began)


def prepare(settings: Settings) -> Data:
    """Load the pairs, split them, build both vocabularies, encode; no TensorFlow yet."""
    pairs = _load(settings)
    train, held_out = split_by_source(pairs, HELD_OUT, settings.seed, key=text.unify)
    tokenizer = text.tokenizer(settings.level)
    usual = 2 if settings.level == "word" and len(train) >= FEW_PAIRS else 1
    rare = settings.min_count or usual
    codecs = [text.Codec.fit(side, tokenizer, min_count=rare) for side in zip(*train, strict=True)]
    batch, buckets = settings.batch, settings.buckets
    batches = PairBatches.encode(train, *codecs, batch=batch, buckets=buckets)
    # Each shape is compiled anew; judging is quick, so fewer shapes with more padding serve it.
    judged = PairBatches.encode(held_out, *codecs, batch=batch, buckets=min(2, buckets))
    joined = "\n".join("\t".join(pair) for pair in pairs)
    fingerprint = hashlib.sha256(joined.encode("utf-8", "surrogatepass")).hexdigest()
    return Data(pairs.source, fingerprint, train, held_out, *codecs, batches, judged)


def _load(settings: Settings) -> corpora.SentencePairs:
    """Load the sentence pairs, with errors in the words of the command line."""
    try:
        return corpora.load_pairs(
            settings.corpus,
            path=settings.pairs,
            limit=settings.limit,
            sample=settings.sample,
            seed=settings.seed,
            skip_bad=settings.skip_bad,
            say=None,
        )
    except CourseError as error:
        raise CourseError(str(error).replace("skip_bad", "--skip-bad")) from error


def parameters(settings: Settings, source_size: int, target_size: int) -> int:
    """Count the weights of a model that is not there yet.

    Args:
        settings: its shape.
        source_size: tokens of the source vocabulary.
        target_size: tokens of the target vocabulary.
    """
    units, wide = settings.units, settings.embedding
    biases = {"lstm": 1, "gru": 2}[settings.cell]
    total = (units + 1) * target_size
    for tokens in (source_size, target_size):
        layers = [wide or tokens] + [units] * (settings.layers - 1)
        total += tokens * wide
        total += sum(size.recurrent_parameters(settings.cell, m, units, biases) for m in layers)
    return total


def _check_memory(settings: Settings, data: Data) -> None:
    """Refuse a batch whose training step cannot fit into this machine's memory."""
    source, target = (
        int(rows.lengths.max()) for rows in (data.batches.source, data.batches.target)
    )
    states = settings.batch * (source + target) * settings.layers
    logits = settings.batch * target * len(data.target.vocabulary)
    size.check_memory(
        size.step_bytes(settings.cell, settings.units, states, logits),
        f"a batch of {settings.batch:,}",
        "a smaller --batch, or fewer --units",
    )


def _introduce(settings: Settings, data: Data, count: int) -> None:
    """Say what is trained on what, before the first epoch."""
    kind = f"{settings.layers} × {settings.units} {settings.cell.upper()} units on each side"
    inputs = f"embeddings of {settings.embedding}" if settings.embedding else "one-hot inputs"
    note(data.provenance)
    note(
        f"{len(data.train):,} pairs to learn from, {len(data.held_out):,} held out; "
        f"{len(data.source.vocabulary):,} source and {len(data.target.vocabulary):,} target "
        f"{settings.level}s"
    )
    note(f"{kind}, {inputs}: {count:,} parameters")


def _fit(settings: Settings, data: Data, save: Path | None, resume: bool):
    """Build the model and train it; return it with its best weights, and its best epoch."""
    from course import training

    model = _build(settings, data)
    model.about = {
        "options": asdict(settings),
        "provenance": data.provenance,
        "fingerprint": data.fingerprint,
        "longest": int(data.batches.source.lengths.max()),
    }
    history = training.fit(
        model,
        data.batches,
        data.judged,
        epochs=settings.epochs,
        optimizer=settings.optimizer,
        learning_rate=settings.learning_rate,
        patience=settings.patience,
        seed=settings.seed,
        folder=save,
        resume=resume,
    )
    saved.check_fit(history)
    return model, history.best


def _build(settings: Settings, data: Data):
    """Return an untrained model of the size that the settings say."""
    from course.models.seq2seq import Config, Seq2Seq

    config = Config(
        len(data.source.vocabulary),
        len(data.target.vocabulary),
        units=settings.units,
        cell=settings.cell,
        layers=settings.layers,
        embedding=settings.embedding or None,
        dropout=settings.dropout,
        seed=settings.seed,
    )
    return Seq2Seq(config, data.source, data.target)


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
