"""What a submission may use, and the watch that stops it when it takes more."""

from __future__ import annotations

import threading
from dataclasses import dataclass

import psutil

MEGABYTE = 2**20
FLOOD = 600 * MEGABYTE  # that a submission's messages may take out here


@dataclass(frozen=True)
class Limits:
    """How much one submission may take.

    Attributes:
        timeout: seconds for the whole notebook.
        cell_timeout: seconds for one cell, of the learner's or of tests.
        memory: megabytes of resident memory, child processes included.
        processes: processes alive at once.
        scratch: megabytes that it may write.
        output: bytes of output that are kept for one cell.
        seed: what random numbers start from.
        require_sandbox: refuse to run without bubblewrap.
        hidden: folders that must not be seen even where they lie inside a folder that is.
    """

    timeout: float = 300.0
    cell_timeout: float = 60.0
    memory: int = 2048
    processes: int = 64
    scratch: int = 128
    output: int = 400_000
    seed: int = 0
    require_sandbox: bool = False
    hidden: tuple[str, ...] = ()


class Watch(threading.Thread):
    """Looks at a running sandbox many times a second; kills it when it takes too much.

    Resident memory is looked at and not limited by the kernel, because a limit on address space
    breaks TensorFlow, which reserves far more than it uses.

    Attributes:
        peak: the most resident memory seen, in bytes.
        reason: why the sandbox was killed; empty if it was not.
    """

    def __init__(self, sandbox, limits: Limits, interval: float = 0.03) -> None:
        super().__init__(daemon=True, name="watch")
        self.sandbox, self.limits, self.interval = sandbox, limits, interval
        self.peak, self.reason = 0, ""
        self.done = threading.Event()

    def run(self) -> None:
        """Look until the run is over or has to be stopped."""
        own = psutil.Process()
        before = own.memory_info().rss
        try:
            while not self.reason and not self.done.wait(self.interval):
                memory, processes, written = self.sandbox.usage()
                self.peak = max(self.peak, memory)
                flood = own.memory_info().rss - before > FLOOD
                self.reason = "flood" if flood else self._excess(memory, processes, written)
        finally:  # nothing runs unwatched
            if not self.done.is_set():
                self.sandbox.kill()

    def _excess(self, memory: int, processes: int, written: int) -> str:
        """Say which limit is exceeded; nothing if none is."""
        if memory > self.limits.memory * MEGABYTE:
            return "memory"
        if processes > self.limits.processes:
            return "processes"
        return "scratch" if written > self.limits.scratch * MEGABYTE else ""

    def stop(self) -> None:
        """Look no longer."""
        self.done.set()
        self.join()
