"""Step 1 of 3: from sentence pairs to a folder that train.py reads; `prepare.py -h` shows how."""

import argparse
import json
import sys
from itertools import islice
from pathlib import Path

from course import batches, corpora, runtime, text
from course.errors import CourseError

LINES = runtime.pick(20_000, 200)  # sentence pairs, drawn at random
LEVEL = "word"  # or "character"
MOST_TOKENS = 15  # longer sentences are left out; characters want more
MIN_COUNT = 2  # rarer tokens become <unk>, if there are a thousand pairs or more
HELD_OUT = 0.1  # share of the source sentences that training does not see


def prepare(folder: Path, pairs: corpora.SentencePairs) -> None:
    """Choose and split the pairs, number their tokens, and write all of it."""
    tokenizer = text.tokenizer(LEVEL)
    chosen = pairs.up_to(MOST_TOKENS, tokenizer).sample(LINES)
    parts = dict(zip(("train", "held_out"), batches.split_by_source(chosen, HELD_OUT), strict=True))
    least = MIN_COUNT if len(parts["train"]) >= 1_000 else 1
    sides = zip(*parts["train"], strict=True)
    source, target = (text.Codec.fit(side, tokenizer, min_count=least) for side in sides)
    if folder.exists() and not folder.is_dir():
        raise CourseError(f"{folder} is a file: name a folder to write to")
    folder.mkdir(parents=True, exist_ok=True)
    for name, part in parts.items():
        lines = "".join(f"{left}\t{right}\n" for left, right in part)
        (folder / f"{name}.tsv").write_text(lines, encoding="utf-8", newline="\n")
    codecs = json.dumps([source.to_dict(), target.to_dict()], ensure_ascii=False)
    (folder / "codecs.json").write_text(codecs, encoding="utf-8")
    print(chosen.source)
    print(f"{len(parts['train']):,} pairs to learn from, {len(parts['held_out']):,} held out")
    show(source.vocabulary, target.vocabulary)


def show(source: text.Vocabulary, target: text.Vocabulary) -> None:
    """Print what there is to see before training."""
    print("features dictionary, first fifty entries:", dict(islice(source.features.items(), 50)))
    print("token 50 of the reverse one:", source.reverse_features.get(50, "there are fewer"))
    print(f"{len(source):,} source and {len(target):,} target {LEVEL}s")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="is written")
    files = parser.add_mutually_exclusive_group()
    files.add_argument("--pairs", type=Path, help="source<TAB>target in each line")
    files.add_argument(
        "--aligned", type=Path, nargs=2, metavar=("SOURCE", "TARGET"), help="line for line"
    )
    parser.add_argument("--skip-bad", action="store_true", help="leave out lines that are no pair")
    options = parser.parse_args()
    try:
        skip, two = options.skip_bad, options.aligned
        prepare(
            options.folder,
            corpora.read_aligned(*two, skip_bad=skip)
            if two
            else corpora.load_pairs(path=options.pairs, skip_bad=skip),
        )
    except (CourseError, OSError) as error:
        sys.exit(f"prepare: {error}")
