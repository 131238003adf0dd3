"""Whatever goes wrong ends with one line on standard error, and no traceback."""

import io
import os
import sys
from collections.abc import Callable

import typer

from course.errors import CourseError

FINE, BUG, BAD_INPUT, INTERRUPTED, PIPE_CLOSED = 0, 1, 2, 130, 141

# Typer names one kind of usage error in public; the kind above it takes in all of them.
UsageError = typer.BadParameter.__base__


class Interrupted(KeyboardInterrupt):
    """Ctrl-C, with a line that says what was kept."""


def guarded(run: Callable[[], object], name: str = "course") -> int:
    """Run a command and turn its exceptions into a line and an exit code.

    Args:
        run: the command.
        name: of the command, to begin the line with.

    Returns:
        The exit code.
    """
    try:
        _speak_utf8()
        run()
        sys.stdout.flush()
        return FINE
    except typer.Exit as done:
        return done.exit_code
    except UsageError as error:
        return _end(_usage(error, name), BAD_INPUT)
    except CourseError as error:
        return _end(f"{name}: {error}", BAD_INPUT)
    except KeyboardInterrupt as stop:
        return _end(f"{name}: {str(stop) or 'interrupted; nothing was saved'}", INTERRUPTED)
    except BrokenPipeError:
        _close(sys.stdout, sys.stderr)
        return PIPE_CLOSED
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        return _end(f"{name}: {place}{error.strerror or error}", BAD_INPUT, sys.stdout)
    except Exception as error:
        if os.environ.get("COURSE_DEBUG", "0") not in ("", "0"):
            raise
        return _end(f"{name}: {_surprise(error)}", BUG)


def note(text: str) -> None:
    """Write a line to standard error, where it is not in the way of the output."""
    print(text, file=sys.stderr, flush=True)


def _usage(error: Exception, name: str) -> str:
    """Say in a line what is wrong with the way a command was typed."""
    command = error.ctx.command_path if error.ctx else name
    text = error.format_message().replace("Value error, ", "").rstrip(". ")
    return f"{command}: {text[:1].lower()}{text[1:]} (see {command} --help)"


def _surprise(error: Exception) -> str:
    """Say in a line what nobody foresaw."""
    kind = type(error).__name__
    if kind in ("MemoryError", "ResourceExhaustedError"):
        return "not enough memory: try a smaller --batch or fewer --units"
    return f"this should not have happened: {kind}: {error} (COURSE_DEBUG=1 shows where)"


def _end(line: str, code: int, *broken: io.IOBase) -> int:
    """Write the last line, in one piece, and return the exit code."""
    try:
        note(" ".join(line.split()))
    except OSError:
        _close(sys.stderr)
    _close(*broken)
    return code


def _close(*streams: io.IOBase) -> None:
    """Send to nowhere what a stream still holds, or Python would complain when it exits."""
    for stream in streams:
        try:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, stream.fileno())
            os.close(nowhere)
        except (OSError, ValueError):  # a stream without a file, as in a test
            pass


def _speak_utf8() -> None:
    """Write Spanish on every terminal."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
