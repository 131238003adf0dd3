"""A chatbot: training on what ships, a reply in the terminal, 500 turns, a large export.

The time of a reply is that of `course chat` itself, from the end of the line that is typed to the
end of the line that is answered.
"""

import json
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

from benchmarks.commands import measure
from course.corpora import messenger
from course.corpora.dialogues import load_dialogues

TURNS = 500
SETTLED = 50  # turns until memory is first looked at
FILES, MESSAGES = 200, 500  # of each


def run() -> dict:
    """Return what training prints, what a conversation costs, and seconds of reading an export."""
    with tempfile.TemporaryDirectory() as folder:
        trained = measure("course", "train", "chat", "--save", folder)
        talked = talk(folder)
    return {"train": trained, **talked, "seconds to read the export": round(read(), 2)}


def talk(folder: str) -> dict:
    """Hold a conversation of 500 turns in the terminal."""
    said = [turn.text for talk in load_dialogues() for turn in talk if turn.speaker == "you"]
    command = [sys.executable, "-m", "course", "chat", "--model", folder]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    milliseconds, memory = [], []
    with subprocess.Popen(command, text=True, bufsize=1, **pipes) as process:
        for turn in range(TURNS):
            began = time.perf_counter()
            process.stdin.write(f"{said[turn % len(said)]}\n")
            process.stdout.readline()
            milliseconds.append(1000 * (time.perf_counter() - began))
            memory.append(psutil.Process(process.pid).memory_info().rss / 2**20)
        process.stdin.close()
    after = sorted(milliseconds[1:])
    return {
        "milliseconds of the first reply": round(milliseconds[0]),
        "milliseconds after it, median": round(statistics.median(after), 1),
        "milliseconds after it, 99th percentile": round(after[int(0.99 * len(after))], 1),
        f"MiB after {SETTLED} turns and after {TURNS}": [round(memory[SETTLED]), round(memory[-1])],
    }


def read() -> float:
    """Return the seconds of reading an export of 200 files and 100,000 messages."""
    rng = random.Random(0)
    with tempfile.TemporaryDirectory() as folder:
        for number in range(FILES):
            rows = [
                {
                    "sender_name": rng.choice("AB"),
                    "timestamp_ms": 60_000 * n,
                    "content": f"WÃ¶rter {n}",
                }
                for n in range(MESSAGES)
            ]
            place = Path(folder, "messages", "inbox", f"thread_{number}")
            place.mkdir(parents=True)
            people = [{"name": name} for name in "AB"]
            data = json.dumps({"participants": people, "messages": rows[::-1]})
            (place / "message_1.json").write_text(data)
        began = time.perf_counter()
        messenger.read_messenger(folder)
        return time.perf_counter() - began
