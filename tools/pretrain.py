"""Trains the three translators that ship in `course/pretrained/`, and writes their cards.

`make models` trains all; `make models ARGS=words` trains one.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from course import corpora, metrics, pretrained, text
from course.batches import PairBatches, split_by_source
from course.cli.guard import guarded, note
from course.corpora import grammar
from course.pretrained import card

if TYPE_CHECKING:
    from course.models.attentive import Attentive
    from course.models.seq2seq import Seq2Seq

    Translator = Seq2Seq | Attentive

Pairs = Sequence[tuple[str, str]]

SHARE = 0.1  # of the source sentences, held out
KEPT_OUT = "Is my wallet in the kitchen?"  # lesson 00 asks for it, so no model may have seen it
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
        attention: "multiplicative" or "additive"; None for a decoder that does not look back.
        dropout: share of the embeddings and of the outputs that training drops.
        pairs: sentence pairs that the grammar makes; 20,000 are the corpus that lessons load.
        most_characters: pairs with a longer sentence are left out; None for none.
        learning_rate: the highest one; it falls to nothing as a cosine.
        batch: sentence pairs a batch.
        buckets: shapes of batches.
        seed: draws the held-out sentences, the first weights and the order of the batches.
    """

    level: str
    cell: str
    units: int
    embedding: int
    epochs: int
    attention: str | None = None
    dropout: float = 0.0
    pairs: int = 20_000
    most_characters: int | None = None
    learning_rate: float = 8e-3
    batch: int = 64
    buckets: int = 4
    seed: int = 0


PLANS = {
    "words": Plan("word", "gru", units=216, embedding=64, epochs=6),
    "characters": Plan(
        "character", "lstm", units=264, embedding=32, epochs=10, pairs=60_000, most_characters=32
    ),
    # Multiplicative attention had no scale yet when this was chosen (docs/measurements.md).
    "attention": Plan(
        "word",
        "gru",
        units=128,
        embedding=64,
        epochs=6,
        attention="additive",
        dropout=0.1,
        learning_rate=4e-3,
    ),
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
    corpus = replace(corpora.load_pairs("grammar"), pairs=grammar.generate(plan.pairs))
    most = plan.most_characters
    pairs = [pair for pair in corpus if most is None or max(map(len, pair)) <= most]
    train, held_out = split_by_source(pairs, SHARE, plan.seed, key=str.lower)
    kept_out = [pair for pair in train if pair[0] == KEPT_OUT]
    train = [pair for pair in train if pair[0] != KEPT_OUT]
    return Data(corpus.source, train, held_out + kept_out)


def train(name: str, plan: Plan, folder: Path) -> Translator:
    """Train a model, measure it, and write it with its card.

    Args:
        name: of the model, as its card has it.
        plan: what it depends on.
        folder: for the model; one that is there is replaced when all is done.

    Raises:
        CourseError: it cannot be written.
    """
    pairs = data(plan)
    model = _fit(plan, pairs)
    model.about = _description(name, plan, pairs, model) | {
        "figures": measure(model, pairs.held_out),
        "examples": examples(model),
    }
    model.save(folder)
    (folder / "README.md").write_text(card.text(model.about), encoding="utf-8")
    return model


def _fit(plan: Plan, pairs: Data) -> Translator:
    """Build a model and train it.

    The held-out sentences do not even choose the epoch, so that they measure what is unseen.
    """
    from course import training

    codecs = _codecs(plan, pairs)
    model = _untrained(plan, codecs)
    batches = PairBatches.encode(pairs.train, *codecs, batch=plan.batch, buckets=plan.buckets)
    options = {"epochs": plan.epochs, "learning_rate": plan.learning_rate, "seed": plan.seed}
    training.fit(model, batches, **options)
    return model


def _untrained(plan: Plan, codecs: tuple[text.Codec, text.Codec]) -> Translator:
    """Build a model with its first weights."""
    from course.models import attentive, seq2seq

    sizes = [len(codec.vocabulary) for codec in codecs]
    shape = {key: getattr(plan, key) for key in ("units", "cell", "embedding", "dropout", "seed")}
    if plan.attention:
        config = attentive.Config(*sizes, **shape, attention=plan.attention)
        return attentive.Attentive(config, *codecs)
    return seq2seq.Seq2Seq(seq2seq.Config(*sizes, **shape), *codecs)


def _codecs(plan: Plan, pairs: Data) -> tuple[text.Codec, text.Codec]:
    """Number the tokens of both sides."""
    source, target = zip(*pairs.train, strict=True)
    # A typed sentence may begin with a small letter; an answer is to begin with a capital one.
    lower, cased = text.tokenizer(plan.level, lower=True), text.tokenizer(plan.level)
    return text.Codec.fit(source, lower), text.Codec.fit(target, cased)


def _description(name: str, plan: Plan, pairs: Data, model: Translator) -> dict:
    """Return what the card says beside the figures: plain data for the manifest."""
    sizes = model.config.source_size, model.config.target_size
    return {
        "name": name,
        "command": f"make models ARGS={name}",
        "provenance": pairs.provenance,
        "fingerprint": pairs.fingerprint,
        "pairs": {"train": len(pairs.train), "held_out": len(pairs.held_out)},
        "vocabulary": {"source_size": sizes[0], "target_size": sizes[1]},
        "parameters": model.training_model.count_params(),
        "longest": max(len(model.source.ids(source)) for source, _ in pairs.train),
        "software": f"TensorFlow {version('tensorflow')}, Keras {version('keras')}",
        "plan": asdict(plan),
    }


def measure(model: Translator, held_out: Pairs) -> dict[str, float]:
    """Measure a model on sentences that it was not trained on, and on hand-written ones.

    Args:
        model: a translator.
        held_out: sentence pairs.

    Returns:
        "bleu" of greedy translations; "exact", the share of them that are in the corpus word for
        word; "token_accuracy" and "perplexity" with the right tokens before each given; and
        "everyday_bleu" on the "everyday" hand-written sentences that ship.
    """
    from course import decoding, training

    sources, references = metrics.references_by_source(held_out)
    translations = decoding.translate(model, sources)
    right = [said in known for said, known in zip(translations, references, strict=True)]
    judged = PairBatches.encode(held_out, model.source, model.target, buckets=2)
    tokens = training.evaluate(model, judged)
    everyday, known = metrics.references_by_source(corpora.load_pairs("everyday"))
    return {
        "bleu": metrics.bleu(translations, references),
        "exact": sum(right) / len(right),
        "token_accuracy": tokens["accuracy"],
        "perplexity": tokens["perplexity"],
        "everyday_bleu": metrics.bleu(decoding.translate(model, everyday), known),
        "everyday": len(everyday),
    }


def examples(model: Translator) -> list[list[str]]:
    """Return some sentences, each with what the model makes of it."""
    from course import decoding

    return [list(pair) for pair in zip(ASKED, decoding.translate(model, ASKED), strict=True)]


def rebuild(names: Sequence[str]) -> None:
    """Train the named models anew, and say of each how good it has become.

    Raises:
        CourseError: a name is none of a model that ships, or a model cannot be written.
    """
    folders = {name: pretrained.folder(name) for name in names}  # all, before minutes of training
    for name, folder in folders.items():
        began = time.perf_counter()
        note(f"{name}: training for some minutes")
        figures = train(name, PLANS[name], folder).about["figures"]
        size = sum(file.stat().st_size for file in folder.iterdir()) / 1e6
        seconds = time.perf_counter() - began
        print(f"{name}: BLEU {figures['bleu']:.1f}, {size:.2f} MB, {seconds:.0f} s", flush=True)


def parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    top = argparse.ArgumentParser(prog="pretrain", description=__doc__.partition("\n")[0])
    names = ", ".join(pretrained.NAMES)
    top.add_argument("names", nargs="*", metavar="NAME", help=f"{names} (default: all)")
    return top


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return its exit code."""
    names = parser().parse_args(arguments).names or pretrained.NAMES
    return guarded(lambda: rebuild(names), name="pretrain")


if __name__ == "__main__":
    sys.exit(main())
