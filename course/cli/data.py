"""`course data list | fetch | path | gazette`."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from course import corpora
from course.cli import options as o
from course.cli.guard import note
from course.corpora import tarball, treebank
from course.errors import CourseError

NOVELLA = "novella"

app = typer.Typer(
    help="List the corpora and books that the course knows, download one, or say where it lies.",
    epilog="Example: course data fetch spa-eng",
    rich_markup_mode=None,
)

Name = Annotated[
    str,
    typer.Argument(help="A name that `course data list` shows, or a number of Project Gutenberg."),
]


@app.command("list", epilog="Example: course data list")
def list_() -> None:
    """List corpora and books: those on this machine first, then those that can be fetched."""
    rows = corpora.available() + corpora.available_treebanks() + corpora.available_books()
    # Python's sort is stable: within each half the order stays.
    rows.sort(key=lambda row: not (row.here or row.name == "spa-eng"))
    widths = [max(len(getattr(row, column)) for row in rows) for column in ("name", "title")]
    for row in rows:
        print(f"{row.name:{widths[0]}}  {row.title:{widths[1]}}  {row.where}")


@app.command(epilog="Example: course data fetch fra-eng, or course data fetch 1342")
def fetch(
    name: Name,
    force: Annotated[bool, typer.Option("--force", help="Download it even if it is here.")] = False,
) -> None:
    """Download a corpus or a book into the cache, check it, and print its path."""
    told = []
    # On a terminal a wait is explained while it lasts; elsewhere a failure stays one line.
    say = note if sys.stderr.isatty() else told.append
    number = corpora.number_of(name)
    if name == NOVELLA:
        raise CourseError(f"{name} comes with the course: there is nothing to fetch")
    elif name == tarball.NAME:
        file = tarball.fetch(force, say)
    elif number is None:
        file = corpora.fetch(name, force, say)
    else:
        file = corpora.fetch_book(number, force, say)
    for line in told:
        note(line)
    print(file)


@app.command(epilog='Example: head "$(course data path everyday)"')
def path(name: Name) -> None:
    """Print the path of a corpus or a book that is on this machine."""
    number = corpora.number_of(name)
    if name == NOVELLA:
        print(corpora.NOVELLA)
    elif name == tarball.NAME:
        print(tarball.folder())
    else:
        print(corpora.path(name) if number is None else corpora.book_path(number))


@app.command(epilog="Example: course data gazette my-gazette --tokens 1000000")
def gazette(
    folder: Annotated[Path, typer.Argument(help="Where the three files go.")],
    tokens: Annotated[
        int, typer.Option(metavar="N", min=100, max=100_000_000, help="To learn from, about.")
    ] = treebank.GAZETTE["train"],
    seed: o.DrawSeed = 0,
) -> None:
    """Write a corpus whose true perplexity is known, in the form of the Penn Treebank's files."""
    made = treebank.make_gazette(seed=seed, train=tokens)
    for file in treebank.write_treebank(made, folder, "gazette"):
        print(file)
    note(made.source)
    note(f"on an endless text of this kind no model has a perplexity below {made.floor:.3f}")
