"""Executes a notebook in a kernel, measures its memory, and makes a page of it."""

from __future__ import annotations

import threading
from pathlib import Path

import psutil
from nbclient import NotebookClient
from nbconvert import HTMLExporter
from nbformat import NotebookNode


def execute(notebook: NotebookNode, folder: Path, timeout: int) -> tuple[int, str]:
    """Executes a notebook's cells in a new kernel.

    Args:
        notebook: Gets the outputs.
        folder: Where the kernel starts.
        timeout: Seconds that one cell may take.

    Returns:
        The kernel's peak resident memory in bytes, and what went wrong: empty if nothing did.
    """
    client = NotebookClient(
        notebook,
        timeout=timeout,
        store_widget_state=False,  # a page shows the demos' static twins, and loads no code for it
        resources={"metadata": {"path": str(folder)}},
        extra_arguments=["--HistoryManager.hist_file=:memory:", "--log-level=ERROR"],
    )
    current = [0]
    client.on_cell_start = lambda cell, cell_index: current.__setitem__(0, cell_index)
    with PeakMemory(client) as memory:
        try:
            client.execute()
        except Exception as error:
            cell = notebook.cells[current[0]]
            return memory.peak, f"cell {current[0] + 1} ({first_line(cell.source)}): {cause(error)}"
    return memory.peak, ""


def first_line(text: str) -> str:
    """Returns the first line of a cell, shortened to 40 characters."""
    line = text.strip().partition("\n")[0]
    return line if len(line) <= 40 else line[:39] + "…"


def cause(error: Exception) -> str:
    """Says in one line why a cell failed."""
    kind = getattr(error, "ename", type(error).__name__)
    text = str(getattr(error, "evalue", error)).strip()
    return f"{kind}: {text.partition(chr(10))[0]}" if text else kind


class PeakMemory(threading.Thread):
    """Samples the resident memory of a client's kernel, children counted, while a block runs."""

    def __init__(self, client: NotebookClient, interval: float = 0.1) -> None:
        super().__init__(daemon=True)
        self.client, self.interval, self.peak = client, interval, 0
        self.done = threading.Event()

    def __enter__(self) -> PeakMemory:
        self.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.done.set()
        self.join()

    def run(self) -> None:
        """Takes a sample at each interval until the block ends."""
        while not self.done.wait(self.interval):
            self.peak = max(self.peak, self.sample())

    def sample(self) -> int:
        """Returns the kernel's memory now, in bytes; 0 before it starts and after it ends."""
        process = getattr(getattr(self.client.km, "provisioner", None), "process", None)
        try:
            kernel = psutil.Process(process.pid)
            # A child that imports TensorFlow shares most of it with the kernel: that counts once.
            own = sum(child.memory_full_info().uss for child in kernel.children(recursive=True))
            return kernel.memory_info().rss + own
        except (AttributeError, psutil.Error):
            return 0


def export(notebook: NotebookNode, target: Path) -> None:
    """Writes an executed notebook as an HTML page."""
    page, _ = HTMLExporter().from_notebook_node(notebook)
    target.write_text(page, encoding="utf-8")
