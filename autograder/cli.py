"""The command line: `autograder release | collect | grade | feedback | status | export | …`.

Commands import what they need when their turn comes: `autograder --help` is quick. Bad input gets
one line and exit code 2; `course.cli.guard` sees to that.
"""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterable, Iterator
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from course.cli import guard
from course.cli.options import between
from course.errors import CourseError

if TYPE_CHECKING:
    from autograder.classroom import Classroom
    from autograder.roster import Roster

app = typer.Typer(
    name="autograder",
    help="Release assignments, collect what learners made of them, grade it, give it back.",
    epilog="Example: autograder grade 03 --workers 4",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


class Target(StrEnum):
    """Where a file of grades goes."""

    csv = "csv"
    canvas = "canvas"
    moodle = "moodle"
    gradescope = "gradescope"


def _number(letter: str, least: float, most: float, meaning: str):
    """Describe an option that takes a number."""
    check = between(least, most)
    return typer.Option(metavar=letter, callback=check, help=meaning, show_default=False)


def _path(letter: str, meaning: str):
    """Describe an option that takes a path."""
    return typer.Option(metavar=letter, help=meaning, show_default=False)


Names = Annotated[
    list[str] | None,
    typer.Argument(metavar="NAME", help="Assignments, as 03_teacher_forcing or just 03."),
]
All = Annotated[bool, typer.Option("--all", help="All assignments.")]
Assignment = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="The assignment, as 03_teacher_forcing or just 03.",
                 show_default=False),
]  # fmt: skip


@app.command(epilog="Example: autograder release 03")
def release(names: Names = None, all_: All = False) -> None:
    """Write the learners' notebooks of assignments into `exercises/`.

    Refused are assignments whose solutions would show, whose points do not add up, or whose tests
    do not give right, blank and wrong answers the points that they deserve.
    """
    chosen, classroom = _chosen(names, all_)
    from autograder.release import release

    for name in release(classroom, chosen):
        print(f"released {name}")


@app.command(epilog="Example: autograder collect submissions.zip --roster class.csv")
def collect(
    path: Annotated[
        Path, typer.Argument(metavar="PATH", help="A folder, or a zip from Canvas or Moodle.")
    ],
    assignment: Assignment = None,
    roster: Annotated[
        Path | None, _path("FILE", "The class, as a CSV file; usually the one given last.")
    ] = None,
) -> None:
    """Take in submissions: the newest counts, older ones are kept.

    A roster has a line for each student, and in its first line the names of its columns:
    student_id, and of name, first_name, last_name, email, login, sis_id, canvas_id and moodle_id
    those that you know. A gradebook exported by Canvas and Moodle's grading worksheet are rosters
    as they are. The roster is kept and used the next time too; its students become known to the
    gradebook: who of them hands in nothing is missing.

    The exit code is 1 if nothing could be placed.
    """
    from autograder import collect as collecting
    from autograder import roster as rosters

    classroom = _classroom()
    name = _full(classroom, [assignment])[0] if assignment else None
    listed = roster or rosters.kept(classroom)
    people = rosters.Roster.read(listed) if listed else None
    collected = collecting.collect(path, classroom, assignment=name, roster=people)
    if listed and not roster:
        _warn([f"students as in {listed}, the roster given last (without one: delete it)"])
    _warn([*collected.notes, *(f"not placed: {line}" for line in collected.problems)])
    if not collected.placements:
        _warn([f"{path}: {collected.nothing()}"])
        raise typer.Exit(1)
    if people and roster:
        rosters.keep(roster, classroom)
        _enrol(people, classroom)
    if collected.late:
        print(f"late: {_list(f'{one.student} ({one.assignment})' for one in collected.late)}")
    print(collected.summary())


@app.command(epilog="Example: autograder grade 03 --workers 4 --require-sandbox")
def grade(
    context: typer.Context,
    names: Names = None,
    all_: All = False,
    workers: Annotated[
        int | None, _number("N", 1, 512, "Submissions at a time; usually one a core.")
    ] = None,
    scheduler: Annotated[
        str | None,
        typer.Option(metavar="ADDRESS", help="Use the workers of a Dask cluster: tcp://HOST:PORT.",
                     show_default=False),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the last run, whatever ended it.")
    ] = False,
    only: Annotated[
        str | None,
        typer.Option(metavar="STUDENT", help="Grade one student.", show_default=False),
    ] = None,
    require_sandbox: Annotated[
        bool, typer.Option("--require-sandbox", help="Refuse to run where bubblewrap is missing.")
    ] = False,
    timeout: Annotated[
        float | None, _number("S", 1, 86_400, "Seconds for a notebook; usually 300.")
    ] = None,
    memory: Annotated[
        int | None, _number("MB", 64, 1_048_576, "Megabytes for a notebook; usually 2048.")
    ] = None,
    seed: Annotated[
        int | None, _number("S", 0, 2**31 - 1, "Starts the random numbers; usually 0.")
    ] = None,
) -> None:  # fmt: skip
    """Grade what was collected: repair, run, score, record.

    The exit code is 0 when every submission has an outcome, whatever the outcomes are.
    """
    if workers is not None and scheduler is not None:
        raise typer.BadParameter("a cluster has its own", param_hint="--workers")
    chosen, classroom = _chosen(names, all_)
    from autograder import grading
    from autograder.sandbox import Limits

    wanted = {"timeout": timeout, "memory": memory, "seed": seed}
    limits = Limits(
        require_sandbox=require_sandbox,
        **{name: value for name, value in wanted.items() if value is not None},
    )
    again = _again(context.obj)
    order = grading.Order(chosen, limits, workers, scheduler, resume, only, again)
    grading.run(classroom, order)


@app.command(epilog="Example: autograder feedback 03")
def feedback(names: Names = None) -> None:
    """Write a page for each student; without a name, for all assignments that are graded."""
    from autograder.feedback import write_feedback

    classroom = _classroom()
    pages = 0
    for name in _full(classroom, names) if names else [None]:
        pages += len(write_feedback(classroom, name))
    _warn_of_newer(classroom, _full(classroom, names) if names else None)
    print(f"{pages} {'page' if pages == 1 else 'pages'} in {classroom.feedback}")


@app.command(epilog="Example: autograder status 03 --json")
def status(
    names: Names = None,
    as_json: Annotated[bool, typer.Option("--json", help="Everything, for programs.")] = False,
) -> None:
    """Show who handed in what, what it came to, and what had to be mended."""
    from autograder import status as state
    from autograder.units import resolve

    classroom = _classroom()
    known = state.known(classroom)
    found = state.rows(classroom, resolve(names, known) if names else known)
    _warn(state.interrupted(classroom))
    if as_json:
        state.print_json(found)
    elif found:
        state.print_rows(found)
    else:
        print("nothing has been handed in yet; `autograder collect PATH`")


@app.command(epilog="Example: autograder export --to canvas --template gradebook.csv")
def export(
    to: Annotated[Target, typer.Option(help="Whose format.", show_default=False)],
    template: Annotated[
        Path | None, _path("FILE", "A file downloaded from there, to be filled in.")
    ] = None,
    output: Annotated[Path | None, _path("PATH", "Where to write it.")] = None,
    assignment: Assignment = None,
) -> None:
    """Write grades for another system. Who handed in nothing gets no grade there, and not 0."""
    from autograder import marks
    from autograder.database import NOTHING
    from autograder.exports import export

    classroom = _classroom()
    name = _full(classroom, [assignment])[0] if assignment else None
    grades = marks.grades(classroom, name)
    if not grades:
        raise CourseError(NOTHING)
    made = export(to.value, grades, template)
    _warn(made.warnings)
    _warn_of_newer(classroom, [name] if name else None)
    for path in _written(made.files, output, classroom):
        print(path)


@app.command(epilog="Example: autograder formgrade --port 5001")
def formgrade(
    port: Annotated[int | None, _number("P", 0, 65_535, "Where it listens; usually 8888.")] = None,
) -> None:
    """Open nbgrader's formgrader on the same gradebook, to look and to grade by hand."""
    from autograder.formgrade import serve

    serve(_classroom(), port)


@app.command(epilog="Example: autograder demo")
def demo() -> None:
    """Make a class of twelve, right, wrong and hostile, and grade it."""
    from autograder.demo import demo

    demo()


def _classroom() -> Classroom:
    """Return the classroom that the current folder belongs to."""
    from autograder.classroom import Classroom

    return Classroom.open()


def _chosen(names: list[str] | None, all_: bool) -> tuple[list[str], Classroom]:
    """Return the assignments that were asked for; one of the two ways to ask must be used."""
    if bool(names) == all_:
        raise typer.BadParameter("name assignments, or say --all", param_hint="NAME")
    classroom = _classroom()
    return classroom.assignments() if all_ else _full(classroom, names), classroom


def _full(classroom: Classroom, names: list[str]) -> list[str]:
    """Return the full names of assignments."""
    from autograder.units import resolve

    return resolve(names, classroom.assignments())


def _enrol(people: Roster, classroom: Classroom) -> None:
    """Make the students of a roster known to the gradebook, by the names of their folders."""
    from autograder import gradebook
    from autograder.placing import Shelf

    folders = Shelf(classroom).folders({student.id for student in people.students})
    about = [
        {
            "student": folders[student.id],
            "first_name": student.first_name,
            "last_name": student.last_name,
            "email": student.email,
            "lms_user_id": student.canvas_id,
        }
        for student in people.students
    ]
    gradebook.enrol(about, classroom)


def _written(files: dict[str, bytes], output: Path | None, classroom: Classroom) -> Iterator[Path]:
    """Write files, and yield where: one may get a name, several go into a folder."""
    from autograder.records import write_whole

    output = output or classroom.work / "exports"
    alone = len(files) == 1 and output.suffix and not output.is_dir()
    for name, content in files.items():
        path = output if alone else output / name
        write_whole(path, content)
        yield path


def _warn_of_newer(classroom: Classroom, names: list[str] | None) -> None:
    """Say in a line whose submissions are newer than what was graded."""
    from autograder import status as state

    newer = [row for row in state.rows(classroom, names or state.known(classroom)) if row.changed]
    if newer:
        count = "1 submission is" if len(newer) == 1 else f"{len(newer)} submissions are"
        who = _list(sorted({row.student for row in newer}))
        again = shlex.join(["autograder", "grade", *sorted({row.assignment for row in newer})])
        _warn([f"{count} newer than what was graded ({who}); grade again: {again}"])


def _list(names: Iterable[str]) -> str:
    """Return names in one line; those of folders are only text."""
    from autograder.table import clean

    return ", ".join(map(clean, dict.fromkeys(names)))


def _warn(lines: Iterable[str]) -> None:
    """Write lines to standard error; names of files and students in them are only text."""
    from autograder.table import clean

    for line in lines:
        guard.note(f"autograder: {clean(line)}")


def _again(typed: list[str]) -> str:
    """Return the command that goes on where this one was interrupted."""
    flag = [] if "--resume" in typed else ["--resume"]
    return shlex.join(["autograder", *typed, *flag])


def main(arguments: list[str] | None = None) -> int:
    """Run a command.

    Args:
        arguments: those after the name of the program; what was typed if None.

    Returns:
        The exit code: 0; 1 if nothing could be collected; 2 for bad input; 130 after Ctrl-C.
    """
    typed = list(sys.argv[1:] if arguments is None else arguments)
    # nbformat imports jsonschema, which compiles a grammar of addresses that no notebook is checked
    # for: three seconds of every command.
    sys.modules.setdefault("rfc3987_syntax", None)

    def run() -> None:
        # Not `app()`: it would answer bad input itself, in several lines.
        command = typer.main.get_command(app)
        with command.make_context("autograder", typed or ["--help"], obj=list(typed)) as context:
            command.invoke(context)

    return guard.guarded(run, name="autograder")
