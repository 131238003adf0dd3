"""A progress bar that is at home in a terminal, in a notebook and in a log file."""

import sys
import time


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

    def update(self, epoch, done, total, nll, right, tokens, seconds) -> None:
        """Show how far an epoch has come.

        Args:
            epoch: its number.
            done: batches done.
            total: batches in all.
            nll: negative log-likelihood so far, in nats.
            right: right guesses so far.
            tokens: target tokens so far.
            seconds: time so far.
        """

    def line(self, text: str) -> None:
        """Show a line that stays."""

    def close(self) -> None:
        """Clear what does not stay."""


class Log(Silent):
    """Writes a line an epoch to standard error."""

    def line(self, text: str) -> None:
        """Show a line that stays."""
        print(text, file=sys.stderr, flush=True)


class TerminalBar(Log):
    """One moving line on a terminal, with a line that stays for each epoch."""

    def __init__(self) -> None:
        """Start with an empty line."""
        self._shown_at = 0.0

    def update(self, epoch, done, total, nll, right, tokens, seconds) -> None:
        """Redraw the moving line, at most ten times a second."""
        if done < total and time.perf_counter() - self._shown_at < 0.1:
            return
        self._shown_at = time.perf_counter()
        self._show(describe(epoch, done, total, nll, right, tokens, seconds))

    def _show(self, text: str) -> None:
        sys.stderr.write(f"\r\x1b[K{text}")
        sys.stderr.flush()

    def line(self, text: str) -> None:
        """Put a line in place of the moving one."""
        sys.stderr.write(f"\r\x1b[K{text}\n")
        sys.stderr.flush()

    def close(self) -> None:
        """Clear the moving line."""
        self._show("")


class NotebookBar(TerminalBar):
    """The same in one output of a notebook cell; the last lines stay when it is exported."""

    def __init__(self) -> None:
        """Open an output that later calls rewrite."""
        from IPython.display import display

        super().__init__()
        self._lines, self._moving = [], ""
        self._handle = display(self._bundle(), raw=True, display_id=True)

    def _bundle(self) -> dict[str, str]:
        return {"text/plain": "\n".join([*self._lines, self._moving]).rstrip()}

    def _show(self, text: str) -> None:
        self._moving = text
        self._handle.update(self._bundle(), raw=True)

    def line(self, text: str) -> None:
        """Add a line that stays."""
        self._lines.append(text)
        self._show("")


def describe(epoch, done, total, nll, right, tokens, seconds) -> str:
    """Put the state of an epoch in one line; arguments as for `Silent.update`."""
    filled = round(20 * done / total)
    left = seconds / done * (total - done)
    return (
        f"epoch {epoch}  [{'█' * filled}{'·' * (20 - filled)}]  loss {nll / tokens:.3f}  "
        f"accuracy {right / tokens:.3f}  {tokens / seconds:,.0f} tokens/s  {left:.0f} s left"
    )


def _in_notebook() -> bool:
    """Say whether a Jupyter kernel shows what we display."""
    shell = sys.modules.get("IPython") and sys.modules["IPython"].get_ipython()
    return shell is not None and hasattr(shell, "kernel")
