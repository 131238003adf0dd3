"""A progress bar that is at home in a terminal, in a notebook and in a log file."""

import sys
import time
from typing import NamedTuple


class Progress(NamedTuple):
    """How far a training run has come.

    Attributes:
        epoch: the number of the present epoch.
        epochs: how many there will be.
        done: batches done in it.
        total: batches an epoch.
        nll: negative log-likelihood in it so far, in nats.
        right: right guesses so far.
        tokens: target tokens so far.
        seconds: time so far.
    """

    epoch: int
    epochs: int
    done: int
    total: int
    nll: float
    right: float
    tokens: float
    seconds: float

    @property
    def seconds_left(self) -> float:
        """The time until the last epoch is over, at the pace of this one."""
        return self.seconds / self.done * (self.total * (self.epochs - self.epoch + 1) - self.done)

    def __str__(self) -> str:
        """Say it in a few words."""
        return (
            f"loss {self.nll / self.tokens:.3f}  accuracy {self.right / self.tokens:.3f}  "
            f"{self.tokens / self.seconds:,.0f} tokens/s  {self.seconds_left:.0f} s left"
        )


def bar(show: bool) -> "Silent":
    """Return the progress bar that suits the place we run in.

    Args:
        show: False for one that says nothing.
    """
    if not show:
        return Silent()
    if _in_notebook():
        return NotebookBar()
    return TerminalBar() if sys.stderr.isatty() else Log()


class Silent:
    """Says nothing; the others say more."""

    def update(self, progress: Progress) -> None:
        """Show how far the run has come."""

    def line(self, text: str) -> None:
        """Show a line that stays."""

    def close(self) -> None:
        """Clear what does not stay."""


class Log(Silent):
    """Writes a line an epoch to standard error."""

    def line(self, text: str) -> None:
        """Show a line that stays."""
        print(text, file=sys.stderr, flush=True)


class TerminalBar(Silent):
    """A moving bar on a terminal, with a line that stays for each epoch."""

    def __init__(self) -> None:
        """Start the bar."""
        from rich.console import Console
        from rich.progress import BarColumn, TextColumn
        from rich.progress import Progress as Bar

        columns = (
            TextColumn("{task.description}"),
            BarColumn(20),
            TextColumn("{task.fields[now]}"),
        )
        self._bar = Bar(*columns, console=Console(stderr=True, highlight=False), transient=True)
        self._task = self._bar.add_task("compiling", total=None, now="")
        self._bar.start()

    def update(self, progress: Progress) -> None:
        """Move the bar."""
        self._bar.update(
            self._task,
            description=f"epoch {progress.epoch}/{progress.epochs}",
            completed=progress.done,
            total=progress.total,
            now=str(progress),
        )

    def line(self, text: str) -> None:
        """Put a line above the bar."""
        self._bar.console.print(text, markup=False, soft_wrap=True)

    def close(self) -> None:
        """Clear the bar."""
        self._bar.stop()


class NotebookBar(Silent):
    """The same in one output of a notebook cell; the lines stay when it is exported."""

    def __init__(self) -> None:
        """Open an output that later calls rewrite."""
        from IPython.display import display

        self._lines, self._moving, self._shown_at = [], "", 0.0
        self._handle = display(self._bundle(), raw=True, display_id=True)

    def update(self, progress: Progress) -> None:
        """Rewrite the last line, at most four times a second."""
        if time.perf_counter() - self._shown_at < 0.25:
            return
        self._shown_at = time.perf_counter()
        filled = round(20 * progress.done / progress.total)
        drawn = f"[{'█' * filled}{'·' * (20 - filled)}]"
        self._show(f"epoch {progress.epoch}/{progress.epochs}  {drawn}  {progress}")

    def line(self, text: str) -> None:
        """Add a line that stays."""
        self._lines.append(text)
        self._show("")

    def close(self) -> None:
        """Take the moving line away."""
        self._show("")

    def _show(self, text: str) -> None:
        self._moving = text
        self._handle.update(self._bundle(), raw=True)

    def _bundle(self) -> dict[str, str]:
        return {"text/plain": "\n".join([*self._lines, self._moving]).rstrip()}


def _in_notebook() -> bool:
    """Say whether a Jupyter kernel shows what we display."""
    shell = sys.modules.get("IPython") and sys.modules["IPython"].get_ipython()
    return shell is not None and hasattr(shell, "kernel")
