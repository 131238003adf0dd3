"""Trains the two translators that ship in `course/pretrained/`, and writes their cards.

`make models` trains both; `make models ARGS=words` trains one.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from course import corpora, metrics, pretrained, text
from course.batches import PairBatches, split_by_source
from course.errors import CourseError
from tools import cards

if TYPE_CHECKING:
    from course.models.seq2seq import Seq2Seq

Pairs = list[tuple[str, str]]

SHARE = 0.1  # of the source sentences, held out
KEPT_OUT = "Is my wallet in the kitchen?"  # lesson 00 asks for it, so neither model may know it
ASKED = (KEPT_OUT, "Where are my keys?", "My sister is tired.", "They don't drink coffee.")


@dataclass(frozen=True)
class Plan:
    """What one of the models depends on.

    Attributes:
        level: "word" or "character".
        cell: "gru" or "lstm".
        units: width of the hidden state.
        embedding: width of the embeddings.
        epochs: passes over the sentences.
        longest: characters that a sentence may have, on either side; None for all sentences.
        learning_rate: the highest one; it falls to nothing as a cosine.
        batch: sentence pairs a batch.
        buckets: shapes of batches.
        limit: pairs to take from the corpus; None for all.
        seed: draws the held-out sentences, the first weights and the order of the batches.
    """

    level: str
    cell: str
    units: int
    embedding: int
    epochs: int
    longest: int | None = None
    learning_rate: float = 8e-3
    batch: int = 64
    buckets: int = 4
    limit: int | None = None
    seed: int = 0


PLANS = {
    "words": Plan("word", "gru", units=216, embedding=64, epochs=12),
    "characters": Plan("character", "lstm", units=264, embedding=32, epochs=24, longest=40),
}


@dataclass(frozen=True)
class Data:
    """The sentence pairs of a plan: where they come from, and both parts of the split."""

    provenance: str
    train: Pairs
    held_out: Pairs

    @property
    def fingerprint(self) -> str:
        """SHA-256 of all pairs, part by part: another corpus or another split has another one."""
        lines = ["\t".join(pair) for part in (self.train, self.held_out) for pair in part]
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def data(plan: Plan) -> Data:
    """Load and split the sentence pairs that a plan asks for.

    Returns:
        The pairs to learn from and those held out; no source sentence stands on both sides.
    """
    corpus = corpora.load_pairs("grammar", limit=plan.limit)
    fitting = [pair for pair in corpus if _fits(pair, plan.longest)]
    train, held_out = split_by_source(fitting, SHARE, plan.seed, key=str.lower)
    kept_out = [pair for pair in train if pair[0] == KEPT_OUT]
    train = [pair for pair in train if pair[0] != KEPT_OUT]
    return Data(corpus.source, train, held_out + kept_out)


def _fits(pair: tuple[str, str], longest: int | None) -> bool:
    """Say whether both sentences are short enough."""
    return longest is None or max(map(len, pair)) <= longest


def train(name: str, plan: Plan, folder: Path) -> None:
    """Train a model, measure it, and write it with its card.

    Args:
        name: of the model, as its card has it.
        plan: what it depends on.
        folder: replaced when all is done, and not before.

    Raises:
        CourseError: it cannot be written.
    """
    pairs = data(plan)
    model = _fit(plan, pairs)
    model.about = describe(name, plan, pairs) | {
        "parameters": model.training_model.count_params(),
        "figures": measure(model, pairs.held_out, plan.batch),
        "examples": examples(model),
    }
    model.save(folder)
    (folder / "README.md").write_text(cards.card(model.about), encoding="utf-8")


def _fit(plan: Plan, pairs: Data) -> Seq2Seq:
    """Build a model and train it; it ends with the weights of its best epoch."""
    from course import training
    from course.models.seq2seq import Config, Seq2Seq

    # A typed sentence may begin with a small letter; an answer is to begin with a capital one.
    tokenizers = text.tokenizer(plan.level, lower=True), text.tokenizer(plan.level)
    sides = zip(*pairs.train, strict=True)
    codecs = [text.Codec.fit(*side) for side in zip(sides, tokenizers, strict=True)]
    sizes = [len(codec.vocabulary) for codec in codecs]
    shape = {"cell": plan.cell, "units": plan.units, "embedding": plan.embedding}
    model = Seq2Seq(Config(*sizes, **shape, seed=plan.seed), *codecs)
    batches = PairBatches.encode(pairs.train, *codecs, batch=plan.batch, buckets=plan.buckets)
    judged = PairBatches.encode(pairs.held_out, *codecs, batch=plan.batch, buckets=2)
    options = {"epochs": plan.epochs, "learning_rate": plan.learning_rate, "seed": plan.seed}
    training.fit(model, batches, judged, **options)
    return model


def describe(name: str, plan: Plan, pairs: Data) -> dict:
    """Return what is known before training: plain data, for the manifest and the card."""
    return {
        "name": name,
        "command": f"make models ARGS={name}",
        "provenance": pairs.provenance,
        "fingerprint": pairs.fingerprint,
        "pairs": {"train": len(pairs.train), "held_out": len(pairs.held_out)},
        "longest": max(len(_tokens(plan, source)) for source, _ in pairs.train),
        "plan": asdict(plan),
    }


def _tokens(plan: Plan, sentence: str) -> list[str]:
    """Cut a source sentence into the tokens that the model reads."""
    return text.tokenizer(plan.level, lower=True).tokens(sentence)


def measure(model: Seq2Seq, held_out: Pairs, batch: int = 64) -> dict[str, float]:
    """Measure a model on sentences that it was not trained on, and on hand-written ones.

    Args:
        model: a translator.
        held_out: sentence pairs.
        batch: pairs that are judged at once.

    Returns:
        BLEU of greedy translations, the share of them that are the reference word for word, the
        accuracy and the perplexity of single tokens under teacher forcing, and BLEU on the
        hand-written sentences.
    """
    from course import decoding, training

    sources, references = metrics.references_by_source(held_out)
    translations = decoding.translate(model, sources)
    right = [said in known for said, known in zip(translations, references, strict=True)]
    judged = PairBatches.encode(held_out, model.source, model.target, batch=batch, buckets=2)
    tokens = training.evaluate(model, judged)
    figures = {
        "bleu": metrics.bleu(translations, references),
        "exact": sum(right) / len(right),
        "token_accuracy": tokens["accuracy"],
        "perplexity": tokens["perplexity"],
        "everyday_bleu": everyday_bleu(model),
    }
    return {name: round(figure, 4) for name, figure in figures.items()}


def everyday_bleu(model: Seq2Seq) -> float:
    """Return the BLEU on the hand-written sentences that ship, which no grammar made."""
    from course import decoding

    sources, references = metrics.references_by_source(corpora.load_pairs("everyday"))
    return metrics.bleu(decoding.translate(model, sources), references)


def examples(model: Seq2Seq) -> list[list[str]]:
    """Return some sentences, each with what the model makes of it."""
    from course import decoding

    return [list(pair) for pair in zip(ASKED, decoding.translate(model, ASKED), strict=True)]
