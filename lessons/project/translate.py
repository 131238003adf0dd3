"""Step 3 of 3: translate typed sentences with the model that train.py saved."""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

from course import decoding
from course.errors import CourseError
from course.models.seq2seq import Seq2Seq


def typed() -> Iterator[str]:
    """Yield typed lines until the input ends, or Ctrl-C."""
    prompt = "a sentence, or Ctrl-D to end: " if sys.stdin.isatty() else ""
    while True:
        try:
            yield input(prompt)
        except (EOFError, KeyboardInterrupt):
            return


def translate(model: Seq2Seq, sentence: str) -> str:
    """Return a translation, and the words that the model does not know."""
    unknown = model.source.unknown(sentence)
    note = f" (not known: {', '.join(unknown)})" if unknown else ""
    return decoding.translate(model, [sentence], search="beam")[0] + note


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="the one that train.py was given")
    parser.add_argument("sentences", nargs="*", help="typed ones if there are none here")
    options = parser.parse_args()
    try:
        if not (options.folder / "model").is_dir():
            raise CourseError(f"no model yet: run `python train.py {options.folder}` first")
        model = Seq2Seq.load(options.folder / "model")
        for sentence in options.sentences or typed():
            print(translate(model, sentence))
    except CourseError as error:
        sys.exit(f"translate: {error}")
