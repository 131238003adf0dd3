"""Exceptions that cross the wire: by the name of their built-in type and a short text."""

from __future__ import annotations

import builtins

LONGEST = 400


class RemoteError(Exception):
    """An exception on the other side.

    Attributes:
        kind: the name of its nearest built-in type.
        text: its message, cut short.
    """

    kind, text = "Exception", ""


class Interrupted(RemoteError):
    """The other side was stopped because its time was up."""


def remote_error(kind: str, text: str) -> RemoteError:
    """Return an exception that `except` catches like the built-in one of that name."""
    base = getattr(builtins, kind, None)
    if kind in ("KeyboardInterrupt", "SystemExit", "GeneratorExit"):
        error: RemoteError = Interrupted(text) if kind == "KeyboardInterrupt" else RemoteError(text)
    elif isinstance(base, type) and issubclass(base, Exception):
        error = _remote_type(base)(text)
    else:
        kind, error = "Exception", RemoteError(text)
    error.kind, error.text = kind, text
    return error


def _remote_type(base: type[Exception]) -> type[RemoteError]:
    """Return a type that is both a `RemoteError` and a built-in error.

    An assertion stays an ordinary error: only the checker's own assertions speak to learners. The
    Unicode errors want five arguments, and StopIteration would end a loop of the checker's.
    """
    if issubclass(base, AssertionError | StopIteration | StopAsyncIteration | UnicodeError):
        base = ValueError if issubclass(base, UnicodeError) else RuntimeError
    try:
        made = type(base.__name__, (RemoteError, base), {})
        made("x")
        return made
    except TypeError:  # a built-in error whose layout does not mix
        return RemoteError


def described(error: BaseException) -> dict[str, str]:
    """Return an exception as its nearest built-in name and a short text."""
    kinds = (kind.__name__ for kind in type(error).__mro__ if kind.__module__ == "builtins")
    try:
        text = str(error)[:LONGEST]
    except BaseException:  # its own __str__ fails, or tries to end the process
        text = ""
    return {"error": next(kinds, "Exception"), "text": text}
