"""Notebooks from their percent-format sources: `python -m tools.notebooks write | check | run`.

A source is a `.py` file with `# %%` cells, and needs no header. The `.ipynb` beside it is generated
from it alone: equal sources give equal bytes, without outputs.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NoReturn

import jupytext
import nbformat
from nbformat import NotebookNode

from tools.execution import execute, export
from tools.graded import spell_out

ROOT = Path(__file__).resolve().parent.parent
LESSONS = "lessons"
FOLDERS = (LESSONS, "solutions/*")
METADATA = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


class Problem(Exception):
    """Something that the author can mend; its text is one line."""


def sources(root: Path, folders: Iterable[str] = FOLDERS) -> list[Path]:
    """Lists the notebooks' sources: the `.py` files that have a cell marker."""
    found = [path for folder in folders for path in sorted(root.glob(f"{folder}/*.py"))]
    return [path for path in found if "\n# %%" in "\n" + read(path)]


def read(path: Path) -> str:
    """Reads UTF-8 text, whatever ends its lines.

    Raises:
        Problem: The file is not UTF-8.
    """
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise Problem(f"{path}: not UTF-8 at byte {error.start}") from None


def build(source: Path) -> NotebookNode:
    """Makes the notebook that a source stands for, with stable cell ids and no outputs."""
    notebook = jupytext.reads(read(source), fmt="py:percent")
    notebook.metadata = nbformat.from_dict(METADATA)
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    for cell, identity in zip(notebook.cells, cell_ids(notebook.cells), strict=True):
        cell.id = identity
        spell_out(cell)
    return notebook


def cell_ids(cells: Iterable[NotebookNode]) -> Iterator[str]:
    """Derives an id from each cell's type and text, and its count among equal cells.

    Editing, inserting or moving a cell changes no other cell's id, equal cells excepted.
    """
    seen: Counter[str] = Counter()
    for cell in cells:
        content = f"{cell.cell_type}\n{cell.source}"
        seen[content] += 1
        yield hashlib.sha256(f"{seen[content]}\n{content}".encode()).hexdigest()[:12]


def as_json(notebook: NotebookNode) -> str:
    """Writes a notebook as text: sorted keys, a newline at the end."""
    return nbformat.writes(notebook).rstrip("\n") + "\n"


def write(root: Path) -> int:
    """Writes each notebook that is missing or differs from its source; returns the exit status."""
    found, changed = sources(root), 0
    for source in found:
        target, text = source.with_suffix(".ipynb"), as_json(build(source))
        if not target.exists() or target.read_bytes() != text.encode():
            target.write_bytes(text.encode())
            print(f"wrote {target.relative_to(root)}")
            changed += 1
    print(f"{changed} of {len(found)} notebooks written")
    return 0


def check(root: Path) -> int:
    """Prints a line for each difference between sources and notebooks; 1 if there is one."""
    problems = list(orphans(root))
    for source in sources(root):
        target = source.with_suffix(".ipynb")
        problems += [f"{target.relative_to(root)}: {why}" for why in differences(source, target)]
    for problem in problems:
        print(problem, file=sys.stderr)
    if problems:
        print("`make notebooks` writes notebooks anew from their sources", file=sys.stderr)
    else:
        print(f"{len(sources(root))} notebooks match their sources")
    return int(bool(problems))


def orphans(root: Path) -> Iterator[str]:
    """Yields a line for each notebook that has no source."""
    known = {source.with_suffix(".ipynb") for source in sources(root)}
    for folder in FOLDERS:
        for path in sorted(set(root.glob(f"{folder}/*.ipynb")) - known):
            yield f"{path.relative_to(root)}: no source {path.stem}.py with `# %%` cells beside it"


def differences(source: Path, target: Path) -> Iterator[str]:
    """Yields what separates a notebook on disk from the one that its source stands for."""
    if not target.exists():
        yield "missing"
        return
    wanted, text = build(source), read(target)
    if text == as_json(wanted):
        return
    try:
        found = nbformat.reads(text, as_version=4)
        dirty = [number for number, cell in enumerate(found.cells, 1) if strip(cell)]
    except Exception as error:
        yield f"not a notebook ({type(error).__name__})"
        return
    if dirty:
        yield f"saved outputs in cell {', '.join(map(str, dirty))}"
    if as_json(found) != as_json(wanted):
        yield f"differs from {source.name} {where(found, wanted)}"


def strip(cell: NotebookNode) -> bool:
    """Takes outputs and execution count out of a cell; says whether there were any."""
    if cell.cell_type != "code":
        return False
    had = bool(cell.outputs) or cell.execution_count is not None
    cell.outputs, cell.execution_count = [], None
    return had


def where(found: NotebookNode, wanted: NotebookNode) -> str:
    """Names the first cell in which two notebooks differ."""
    for number, (ours, theirs) in enumerate(zip(found.cells, wanted.cells, strict=False), 1):
        if ours != theirs:
            return f"first in cell {number}"
    if len(found.cells) != len(wanted.cells):
        return f"in the number of cells: {len(found.cells)}, not {len(wanted.cells)}"
    return "outside the cells"


def run(root: Path, names: list[str], html: Path | None, timeout: int) -> int:
    """Executes lessons and prints seconds and peak memory for each; 1 if a cell failed."""
    chosen = select(root, names)
    if not chosen:
        print("no lessons yet")
        return 0
    if html:
        html.mkdir(parents=True, exist_ok=True)
    failed = [source for source in chosen if not run_one(root, source, html, timeout)]
    print(f"{len(chosen) - len(failed)} of {len(chosen)} ran to the end")
    return int(bool(failed))


def select(root: Path, names: list[str]) -> list[Path]:
    """Finds the sources that names mean: a path, or how a file name begins. None means all lessons.

    Raises:
        Problem: A name fits nothing.
    """
    if not names:
        return sources(root, [LESSONS])
    chosen: list[Path] = []
    for name in names:
        start = Path(name).name.removesuffix(".py").removesuffix(".ipynb")
        fits = [source for source in sources(root) if source.stem.startswith(start)]
        if not fits or not start:
            known = ", ".join(source.stem for source in sources(root)) or "none yet"
            raise Problem(f"no lesson {name!r}; there are: {known}")
        chosen += [source for source in fits if source not in chosen]
    return chosen


def run_one(root: Path, source: Path, html: Path | None, timeout: int) -> bool:
    """Executes one notebook in memory, in its own folder; prints a line; says whether it ran."""
    started, notebook = time.perf_counter(), build(source)
    peak, error = execute(notebook, source.parent, timeout)
    seconds = time.perf_counter() - started
    state = "FAIL" if error else "ok"
    name = source.relative_to(root).with_suffix("").as_posix()
    print(f"{state:4} {name:32} {seconds:6.1f} s {peak / 2**20:6.0f} MiB", flush=True)
    if error:
        print(f"     {name}: {error}", file=sys.stderr, flush=True)
    elif html:
        export(notebook, html / f"{source.stem}.html")
    return not error


class Parser(argparse.ArgumentParser):
    """Says what is wrong with the arguments in one line."""

    def error(self, message: str) -> NoReturn:
        """Prints the message alone, without the usage."""
        self.exit(2, f"notebooks: {message}\n")


def seconds(text: str) -> int:
    """Reads a number of seconds above 0."""
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds above 0")
    return int(text)


def parser() -> argparse.ArgumentParser:
    """Describes the command line."""
    top = Parser(prog="notebooks", description=__doc__.partition("\n")[0])
    commands = top.add_subparsers(dest="command", required=True)
    commands.add_parser("write", help="write each notebook anew from its source")
    commands.add_parser("check", help="say where a notebook differs from its source")
    run = commands.add_parser("run", help="execute lessons top to bottom")
    run.add_argument("names", nargs="*", metavar="NAME", help="such as 03 (default: all)")
    run.add_argument("--html", type=Path, metavar="DIR", help="also write pages with outputs")
    run.add_argument("--timeout", type=seconds, default=600, help="seconds a cell (600)")
    return top


def main(arguments: list[str] | None = None, root: Path = ROOT) -> int:
    """Runs one command; returns 0, 1 for a difference or a failed cell, 2 for anything else."""
    options = vars(parser().parse_args(arguments))
    command = {"write": write, "check": check, "run": run}[options.pop("command")]
    try:
        return command(root, **options)
    except Problem as problem:
        print(f"notebooks: {problem}", file=sys.stderr)
    except OSError as error:
        print(f"notebooks: {error.filename}: {error.strerror}", file=sys.stderr)
    except KeyboardInterrupt:
        print("notebooks: stopped", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
