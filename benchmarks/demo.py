"""`make demo` as a user runs it."""

from benchmarks.commands import measure


def run() -> dict:
    """Return seconds, memory and what it prints."""
    return measure("course.demo")
