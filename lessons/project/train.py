"""Step 2 of 3: train on the folder that prepare.py wrote, and save the model in it."""

import argparse
import json
import sys
from itertools import islice
from pathlib import Path

from course import batches, corpora, decoding, metrics, runtime, text, training
from course.errors import CourseError
from course.models.seq2seq import Config, Seq2Seq

UNITS = runtime.pick(256, 16)  # the latent dimension
EMBEDDING = runtime.pick(128, 16)  # numbers a token is read as; None for one-hot rows
BATCH = 64
EPOCHS = runtime.pick(10, 1)
RATE = 0.004


class Few:
    """The first batches of an epoch, the same ones in every epoch."""

    def __init__(self, data: batches.PairBatches, steps: int) -> None:
        """Keep at most so many steps."""
        self.data, self.steps = data, min(steps, len(data))

    def __len__(self) -> int:
        """Count the batches."""
        return self.steps

    def shuffled(self, seed: int, epoch: int = 0) -> islice:
        """Yield the batches."""
        return islice(self.data.shuffled(seed), self.steps)


def load(folder: Path) -> tuple:
    """Return the pairs to learn from, those held out, and the codecs of both sides."""
    if not (folder / "codecs.json").is_file():
        raise CourseError(f"{folder} is not prepared: run `python prepare.py {folder}` first")
    train, held_out = (corpora.read_pairs(folder / f"{n}.tsv") for n in ("train", "held_out"))
    try:
        found = json.loads((folder / "codecs.json").read_text(encoding="utf-8"))
        return train, held_out, *(text.Codec.from_dict(found[side]) for side in (0, 1))
    except (LookupError, TypeError, ValueError):
        raise CourseError(f"{folder} was not written by prepare.py: run it again") from None


def say_costs(model: Seq2Seq, data: batches.PairBatches) -> None:
    """Time a few steps, and say what all of them will take; the model is left as it was."""
    before, few = model.get_weights(), Few(data, 8)
    first, passing = training.fit(model, few, epochs=2, show=False).column("seconds")
    model.set_weights(before)
    count = model.training_model.count_params()
    seconds = max(0, first - passing) + passing / len(few) * len(data) * EPOCHS
    memory = (5 * 4 * count + data.nbytes) / 1e6  # weight, gradient, Adam's two, the best epoch's
    print(f"{count:,} parameters; with the ids {memory:,.0f} MB beside TensorFlow's own")
    print(f"training will take about {seconds / 60:.1f} minutes")


def train(folder: Path) -> None:
    """Train, save, and show ten translations to judge by hand."""
    pairs, held_out, *codecs = load(folder)
    data, valid = (
        batches.PairBatches.encode(part, *codecs, batch=BATCH, buckets=2)
        for part in (pairs, held_out)
    )
    sizes = (len(codec.vocabulary) for codec in codecs)
    model = Seq2Seq(Config(*sizes, units=UNITS, embedding=EMBEDDING), *codecs)
    say_costs(model, data)
    history = training.fit(model, data, valid, epochs=EPOCHS, learning_rate=RATE)
    if history.stopped == "diverged":
        raise CourseError("the loss is no number any more: set a smaller RATE")
    model.save(folder / "model")
    sources, references = metrics.references_by_source(held_out)
    said = decoding.translate(model, sources[:500])
    print(f"BLEU {metrics.bleu(said, references[:500]):.1f} on {len(said)} held-out sentences")
    for source, translation, reference in islice(zip(sources, said, references, strict=False), 10):
        print(f"{source} -> {translation} ({reference[0]})")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="written by prepare.py")
    try:
        train(parser.parse_args().folder)
    except (CourseError, OSError) as error:
        sys.exit(f"train: {error}")
