"""Whole commands: seconds, greatest memory, and what they print."""

import json
import subprocess
import sys
import time

import psutil


def measure(*arguments: str) -> dict:
    """Run `python -m` with some arguments.

    Returns:
        Seconds from start to end, the process' greatest resident memory in MB, and its output.
    """
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", *arguments], stdout=subprocess.PIPE, text=True, encoding="utf-8"
    )
    watched, greatest = psutil.Process(process.pid), 0
    while process.poll() is None:
        try:
            greatest = max(greatest, watched.memory_info().rss)
        except psutil.NoSuchProcess:
            break
        time.sleep(0.2)
    output = process.stdout.read()
    return {
        "seconds": round(time.perf_counter() - began, 1),
        "greatest memory, MB": round(greatest / 1e6),
        "exit code": process.wait(),
        "output": output.splitlines(),
    }


def printed(program: str) -> list[float]:
    """Run a program in a process of its own, and read the JSON that it prints.

    Raises:
        RuntimeError: it failed; the message is what it said.
    """
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(done.stderr)
    return json.loads(done.stdout)
