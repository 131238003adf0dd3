"""The main job on real input: 20,000 Tatoeba pairs at word level, then a few typed sentences."""

import tempfile

from benchmarks.commands import measure
from course import corpora

TYPED = ["I am tired.", "Where is my book?", "She doesn't like coffee.", "We saw a unicorn."]


def run() -> dict:
    """Return seconds, memory and output of training and of translating."""
    pairs = str(corpora.path("spa-eng"))
    with tempfile.TemporaryDirectory() as folder:
        options = ["--pairs", pairs, "--limit", "20000", "--save", folder]
        trained = measure("course", "train", "translator", *options)
        translated = measure("course", "translate", "--model", folder, *TYPED)
    return {"train": trained, "translate": translated}
