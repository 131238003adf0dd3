"""Run benchmarks by name: `python -m benchmarks [NAME …]`; all of them without a name."""

import importlib
import json
import sys
import time
from pathlib import Path

from benchmarks import machine, page
from course import runtime
from course.errors import CourseError

NAMES = {
    "attention": "what attention costs: decoding with it and without, by source length",
    "chat": "a chatbot: training on what ships, a reply in the terminal, 500 turns, an export",
    "best": "Spanish to English on all short real pairs, with attention and without (an hour)",
    "startup": "seconds until `import course` returns, and what it loads",
    "gates": "why the fast path squashes its gates by one tanh",
    "decoding": "sentences a second: greedy and beam against `predict` once a token",
    "demo": "`make demo`: seconds and BLEU",
    "gains": "what each step from the classic treebank model to the tuned one gains (an hour)",
    "growth": "what a token costs with 10,000 real pairs, 30,000 and all (10 minutes)",
    "grading": "twelve submissions that import TensorFlow: nbgrader autograde against ours",
    "replicas": "a training step of two workers on this machine, beside one of one",
    "survival": "hostile and broken submissions: nbgrader autograde against ours (15 minutes)",
    "lessons": "every lesson in normal mode: seconds and memory (20 minutes)",
    "language": "words a second of the classic treebank model: ours, Keras, PyTorch",
    "parity": "`course train parity` on five seeds, and a book's run of 100 epochs (20 minutes)",
    "preparing": "all real pairs to batches: seconds and bytes, beside one-hot arrays",
    "real": "`course train translator` on 20,000 real pairs: seconds, memory, BLEU",
    "widgets": "milliseconds from a click to the new picture, memory of 500 steps (10 minutes)",
    "writer": "`course train writer` on a real novel: perplexity, seconds, share of the limit",
    "training": "time to the tutorials' best validation loss, 10,000 real pairs (20 minutes)",
}
RESULTS = Path("build") / "benchmarks"


def main(names: list[str]) -> int:
    """Run the benchmarks named and write what each returns as JSON."""
    unknown = [name for name in names if name not in NAMES]
    if unknown:
        print(f"no benchmark {unknown[0]!r}: choose among {', '.join(NAMES)}", file=sys.stderr)
        return 2
    for name in names or NAMES:
        print(f"== {name}: {NAMES[name]}", flush=True)
        facts = machine.facts()
        try:
            result = importlib.import_module(f"benchmarks.{name}").run()
        except CourseError as error:
            print(f"benchmarks {name}: {error}", file=sys.stderr)
            return 2
        result |= {"machine": facts, "date": time.strftime("%Y-%m-%d")}
        for key, value in result.items():
            print(f"{key}: {value}", flush=True)
        RESULTS.mkdir(parents=True, exist_ok=True)
        (RESULTS / f"{name}.json").write_text(json.dumps(result, indent=1), encoding="utf-8")
        if not runtime.fast_mode():
            page.put(name, NAMES[name], result)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
