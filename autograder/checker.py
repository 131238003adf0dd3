"""Runs graded test cells out of the learner's reach, on proxies for the learner's names.

Whatever runs in the learner's process can disarm an assertion there. So test cells run here: a
name that they do not define themselves is asked for over a wire, plain data comes by value, and
anything else as a handle that equals nothing. Comparisons happen on this side.

    python -m autograder.checker CONTROL WIRE
"""

from __future__ import annotations

import ast
import builtins
import contextlib
import io
import linecache
import math
import os
import random
import re
import resource
import socket
import sys
from collections.abc import Iterator
from types import CodeType
from typing import Any

import numpy as np
import psutil

from autograder.outcome import FAILED, NOT_ATTEMPTED, NOT_RUN, PARTLY, PASSED, one_line
from autograder.plan import bound
from autograder.wire import (
    Frames,
    Gone,
    Interrupted,
    Peer,
    RemoteError,
    WireError,
    make_handle,
    number_of,
    on_lent,
    refuse,
)
from course.checks import NotAttempted, NotYet

MODULE = "exercise"  # where the classes of test cells say they come from
MOST_PRINTED = 20_000
MOST_SECONDS = 3_600  # of the processor
MOST_MEMORY = 1_000 * 2**20
BEGIN, END = "BEGIN HIDDEN TESTS", "END HIDDEN TESTS"
DRAWS = frozenset(
    "bytes choice exponential gumbel integers multinomial normal permutation permuted random "
    "shuffle standard_normal uniform".split()
)


def main(control: socket.socket, wire: socket.socket) -> None:
    """Run the cells that the runner sends until it hangs up.

    Args:
        control: connected to the runner.
        wire: connected to the learner's process.
    """
    _limit_itself()
    runner, checker = Frames(control), Checker(wire)
    with contextlib.suppress(Gone):
        runner.send({"pid": os.getpid()}, [])
        while True:
            request, _ = runner.receive()
            runner.send(checker.check(**request), [])


def _limit_itself() -> None:
    """Limit what this process can take on top of what it has: data from a learner may be large."""
    used = psutil.Process().memory_info()
    limit = getattr(used, "data", used.rss) + MOST_MEMORY
    with contextlib.suppress(ValueError, OSError):  # a lower limit is there already
        resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
        resource.setrlimit(resource.RLIMIT_CPU, (MOST_SECONDS, MOST_SECONDS))


class Names(dict):
    """The names of the test cells; what they do not define is the learner's.

    Attributes:
        reserved: names that a cell of the checker's binds, or would have if it had not failed; they
            are never the learner's.
    """

    def __init__(self, peer: Peer) -> None:
        super().__init__(__name__=MODULE, __builtins__=builtins)
        self.peer, self.reserved = peer, set()

    def __missing__(self, name: str) -> Any:
        """Ask the learner's process; a built-in name is never the learner's."""
        trusted = name in self.reserved or hasattr(builtins, name)
        if trusted or not self.peer.ask("has", name):
            raise KeyError(name)
        return self.peer.ask("name", name)


class Checker:
    """The trusted end of the wire, and the names that its cells define.

    Args:
        wire: connected to the learner's process.
    """

    def __init__(self, wire: socket.socket) -> None:
        self.peer = Peer(wire, self._answer, make_handle, number_of)
        self.names = Names(self.peer)
        self.hidden_run = False

    def check(self, cell: str, source: str, points: float, seed: int) -> dict:
        """Run one cell.

        Args:
            cell: its id.
            source: with its hidden tests.
            points: what it is worth.
            seed: what random numbers start from.

        Returns:
            "verdict", "points", "message", "printed", and the "missing" name if that was the end.
        """
        printed = _Bounded()
        result = {"verdict": PASSED, "points": points, "message": "", "missing": ""}
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
            try:
                self._seed(seed, bool(points))
                result |= _score(self._run(cell, source), points)
            except BaseException as error:
                result |= {"points": 0.0, **_explain(error, cell, source, self.hidden_run)}
            self.hidden_run |= any(hidden_lines(source))
            self.names.reserved |= set(bound(source))
            self._done()
        return {**result, "printed": printed.getvalue()}

    def _seed(self, seed: int, both: bool) -> None:
        """Start random numbers; what is given must not depend on the learner's side."""
        random.seed(seed)
        np.random.seed(seed)
        if both:
            self.peer.ask("seed", seed)

    def _run(self, cell: str, source: str) -> object:
        """Run a cell; returns the value of its last line if that is an expression."""
        linecache.cache[cell] = (len(source), None, source.splitlines(keepends=True), cell)
        tree = ast.parse(source, cell)
        last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
        exec(_compiled(tree, cell), self.names)
        return eval(_compiled(ast.Expression(last.value), cell), self.names) if last else None

    def _done(self) -> None:
        """Tell the learner's process that the cell is over, if it is still there."""
        self.peer.depth = 0
        with contextlib.suppress(WireError, RemoteError):
            self.peer.ask("done")

    def _answer(self, operation: str, arguments: list) -> object:
        """Let the learner's code use what a test has handed to it, and nothing else."""
        target, *rest = arguments
        if operation == "attribute" and not _open(target, str(rest[0])):
            return refuse(str(rest[0]))
        if operation not in ("attribute", "call") and type(target).__module__ not in OPEN:
            return refuse(operation)
        return on_lent(operation, target, rest)


OPEN = (MODULE, "builtins", "numpy")


def _open(target: object, name: str) -> bool:
    """Say whether an attribute may be read: of a test's own object, or a generator's draws."""
    if isinstance(target, np.random.Generator):
        return name in DRAWS
    return type(target).__module__ == MODULE and not name.startswith("_")


def _compiled(tree: ast.AST, cell: str) -> CodeType:
    """Compile part of a cell."""
    mode = "eval" if isinstance(tree, ast.Expression) else "exec"
    return compile(tree, cell, mode, dont_inherit=True)


class _Bounded(io.StringIO):
    """Keeps the beginning of what is printed."""

    def write(self, text: str) -> int:
        """Write what there is room for."""
        super().write(text[: max(0, MOST_PRINTED - self.tell())])
        return len(text)


def _score(value: object, points: float) -> dict:
    """Return what the value of a cell's last line is worth.

    None is full marks, as a test that raised nothing. A number is a score; anything else, and a
    number that is not finite or out of bounds, is refused.
    """
    if value is None:
        return {}
    number = type(value) in (int, float) or isinstance(value, np.integer | np.floating)
    if not number or not math.isfinite(value) or not 0 <= value <= points:
        shown = f"{float(value):g}" if number else f"a value of type {_type_name(value)}"
        message = f"The score came out as {shown}, not as a number between 0 and {points:g}."
        return {"verdict": FAILED, "points": 0.0, "message": message}
    verdict = PASSED if value == points else PARTLY if value > 0 else FAILED
    partly = ": partly right" if value else ""
    message = "" if value == points else f"{float(value):g} of {points:g} points{partly}."
    return {"verdict": verdict, "points": float(value), "message": message}


def _type_name(value: object) -> str:
    """Name a value's type; a handle's is the learner's."""
    return repr(value)[1:-1] if number_of(value) is not None else type(value).__name__


def _explain(error: BaseException, cell: str, source: str, hidden_run: bool) -> dict:
    """Say in one line for the learner why a cell did not pass, without what is hidden in it.

    Once hidden tests have run, the learner's code has seen their data, and its words may quote it.
    """
    line = _line(error, cell)
    hidden = line in set(hidden_lines(source))
    if isinstance(error, NotAttempted):
        return _verdict(NOT_ATTEMPTED, str(error))
    if isinstance(error, NotYet):
        return _verdict(FAILED, str(error))
    if isinstance(error, Interrupted):
        return _verdict(FAILED, "your code took too long here and was stopped.")
    if isinstance(error, NotImplementedError):
        return _verdict(NOT_ATTEMPTED, "not attempted yet.")
    if isinstance(error, RemoteError):
        return _verdict(FAILED, _raised(error, hidden, hidden_run))
    if isinstance(error, Gone):
        return _verdict(NOT_RUN, "your code ended the notebook's process here.")
    if isinstance(error, WireError):
        return _verdict(FAILED, f"your code returned something that cannot be read: {error}.")
    if isinstance(error, NameError):
        return _missing(error)
    return _verdict(FAILED, _other(error, hidden, source, line))


def _verdict(verdict: str, message: str) -> dict:
    """Return a verdict with its message in one line."""
    return {"verdict": verdict, "message": one_line(message)}


def _raised(error: RemoteError, hidden: bool, hidden_run: bool) -> str:
    """Say what the learner's code raised; its words may quote data that is hidden."""
    article = "an" if error.kind[:1] in "AEIOU" else "a"
    if hidden:
        return f"your code raised {article} {error.kind} when called with other data."
    text = f": {error.text}" if error.text and not hidden_run else ""
    return f"your code raised {article} {error.kind}{text}."


def _missing(error: NameError) -> dict:
    """Say that a name is not there."""
    name = error.name or next(iter(re.findall("'(.*?)'", str(error))), "?")
    return {**_verdict(NOT_ATTEMPTED, f"{name} is not defined yet."), "missing": name}


def _other(error: BaseException, hidden: bool, source: str, line: int) -> str:
    """Say what an assertion or a check that stumbled over the learner's result means."""
    text = str(error)
    if isinstance(error, AssertionError) and text:
        return text
    if hidden:
        return "a further check, with other data, did not pass."
    if isinstance(error, AssertionError):
        return f"this does not hold: {source.splitlines()[line - 1].strip()}"
    return f"your result could not be used: {type(error).__name__}: {text}"


def _line(error: BaseException, cell: str) -> int:
    """Return the line of the cell where an error left it; 0 if it never was in it."""
    trace = error.__traceback__
    while trace:
        if trace.tb_frame.f_code.co_filename == cell:
            return trace.tb_lineno
        trace = trace.tb_next
    return 0


def hidden_lines(source: str) -> Iterator[int]:
    """Yield the numbers of a cell's hidden lines, from 1."""
    hidden = False
    for number, line in enumerate(source.splitlines(), 1):
        hidden = (hidden or BEGIN in line) and END not in line
        if hidden:
            yield number


if __name__ == "__main__":
    main(*(socket.socket(fileno=int(number)) for number in sys.argv[1:3]))
