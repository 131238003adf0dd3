"""`course data list | fetch | path`."""

import sys
from typing import Annotated

import typer

from course import corpora
from course.cli.guard import note

app = typer.Typer(
    help="List the corpora that the course knows, download one, or say where it lies.",
    epilog="Example: course data fetch spa-eng",
    rich_markup_mode=None,
)

Name = Annotated[str, typer.Argument(help="A name that `course data list` shows.")]


@app.command("list", epilog="Example: course data list")
def list_() -> None:
    """List all corpora: those on this machine first, then those that can be fetched."""
    rows = corpora.available()
    # Python's sort is stable: within each half the order stays.
    rows.sort(key=lambda row: not (row.here or row.name == "spa-eng"))
    widths = [max(len(getattr(row, column)) for row in rows) for column in ("name", "title")]
    for row in rows:
        print(f"{row.name:{widths[0]}}  {row.title:{widths[1]}}  {row.where}")


@app.command(epilog="Example: course data fetch fra-eng")
def fetch(
    name: Name,
    force: Annotated[bool, typer.Option("--force", help="Download it even if it is here.")] = False,
) -> None:
    """Download a corpus into the cache, check it, and print its path."""
    told = []
    # On a terminal a wait is explained while it lasts; elsewhere a failure stays one line.
    say = note if sys.stderr.isatty() else told.append
    file = corpora.fetch(name, force, say)
    for line in told:
        note(line)
    print(file)


@app.command(epilog='Example: head "$(course data path everyday)"')
def path(name: Name) -> None:
    """Print the path of a corpus that is on this machine."""
    print(corpora.path(name))
