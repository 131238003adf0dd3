"""Spanish to English on all Tatoeba pairs of at most 15 tokens, with attention and without it.

Both are trained by the named configuration `best`, on the same budget, and judged by `course
evaluate` on 2,000 source sentences that training has not seen, with all their references.
"""

import tempfile
from pathlib import Path

from benchmarks.commands import measure
from course import corpora

TRAIN = ("train", "translator", "--size", "best", "--reverse")


def run() -> dict:
    """Return what training and judging print, of each kind."""
    pairs = str(corpora.path("spa-eng"))
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        for kind in ("multiplicative", "last"):
            place = str(Path(folder) / kind)
            options = ["--pairs", pairs, "--attention", kind, "--save", place]
            found[f"{kind}: train"] = measure("course", *TRAIN, *options)
            for search in ([], ["--beam", "5"]):
                judged = measure("course", "evaluate", "--model", place, "--pairs", pairs, *search)
                found[f"{kind}: evaluate {' '.join(search) or 'greedy'}"] = judged
    return found
