"""From `solutions/` to `exercises/`, through nbgrader; what would give a solution away is refused.

Learners get the notebooks, and the data in the folder `files/` beside them. Whatever else lies in
an assignment's folder stays there: percent sources, wrong answers, notes.
"""

from __future__ import annotations

import ast
import copy
import json
import logging
import os
import re
import shutil
import sys
import sysconfig
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from autograder import mutants
from autograder.classroom import Classroom
from autograder.plan import ANSWER, MANUAL, TESTS, Plan, PlanCell, make_plan
from course.errors import CourseError

if TYPE_CHECKING:
    from nbformat import NotebookNode
    from traitlets.config import Config

FILES = "files"
DATA = (".csv", ".gif", ".jpeg", ".jpg", ".json", ".png", ".svg", ".tsv", ".txt")
LEFTOVERS = (".ipynb_checkpoints", "__pycache__", ".DS_Store")

HEADING = re.compile(r"(#{1,6})\s+(.*)")
STATED = re.compile(r"\((\d+(?:\.\d+)?) points?\)[\s#]*$")
FENCE = re.compile(r"\s*(```|~~~)")
# Lines that give nothing away, wherever they stand: imports, heads of blocks, `return name`.
COMMONPLACE = re.compile(r"(import|from)\s.*|.*:|(return|yield)\s+[\w, ]+|.{,12}")


@dataclass(frozen=True)
class Marks:
    """The two lines around what is taken out of a release, and where they may stand."""

    begin: str
    end: str
    roles: tuple[str, ...]
    where: str


@dataclass(frozen=True)
class Heading:
    """A Markdown heading; `points` is None if it states none."""

    level: int
    text: str
    points: float | None


def release(
    classroom: Classroom,
    names: Iterable[str],
    check: bool = True,
    run: Callable | None = None,
    map: Callable = map,
) -> list[str]:
    """Write the exercises of assignments and record them in the gradebook, once all have passed.

    Args:
        classroom: the instructor's folders.
        names: of assignments.
        check: whether to grade a right, a blank and each wrong answer first; that takes a while.
        run: what grades one of them; `autograder.runner.run` if not given.
        map: an executor's, to grade several at once.

    Returns:
        The names of what was released.

    Raises:
        CourseError: an assignment would give something away, its points do not add up, its tests
            do not catch what they should, or nbgrader refuses. The old release stays as it was.
    """
    ready = {name: examined(classroom, name) for name in names}
    for name in ready if check else ():
        _prove(classroom, name, run, map)
    for name, content in ready.items():
        with _replacing(classroom.releases / name, content):
            _generate(classroom, name, recorded=True)
    return list(ready)


def examined(classroom: Classroom, name: str) -> dict[str, bytes]:
    """Return what a release would write, by path, if nothing but its mutants can be wrong with it.

    Raises:
        CourseError: a notebook is older than its percent source, its marks or its points are
            wrong, or a solution would show.
    """
    plans = [_checked_plan(classroom, path) for path in classroom.notebooks(name)]
    content = _generate(classroom, name)
    for plan in plans:
        label = f"{name}/{plan.notebook}.ipynb"
        source = _notebook((classroom.sources / label).read_bytes(), label)
        given = _notebook(content[f"{plan.notebook}.ipynb"], label)
        check_release(plan, source, given, classroom.config)
    return content


def stale(classroom: Classroom, name: str) -> list[str]:
    """Return a line for each file in `exercises/` that is not what a release would write.

    Raises:
        CourseError: there is no such assignment, or nbgrader refuses it.
    """
    wanted, folder = _generate(classroom, name), classroom.releases / name
    found = _content(folder)
    reasons = {path: "not part of the release" for path in found if path not in wanted}
    for path in wanted:
        if path not in found:
            reasons[path] = "missing"
        elif not _same(path, wanted[path], found[path]):
            reasons[path] = "differs from what a release would write"
    return [
        f"{(folder / path).relative_to(classroom.root)}: {why}; `autograder release {name}`"
        for path, why in sorted(reasons.items())
    ]


def check(classroom: Classroom) -> list[str]:
    """Return a line for each reason why `exercises/` is not what releasing all would write."""
    problems, known = [], classroom.assignments()
    for name in known:
        try:
            examined(classroom, name)
            problems += stale(classroom, name)
        except CourseError as error:
            problems.append(str(error))
    for notebook in sorted(classroom.releases.glob("*/*.ipynb")):
        if notebook.parent.name not in known:
            problems.append(
                f"{notebook.relative_to(classroom.root)}: its source is gone; delete it"
            )
    return problems


def _checked_plan(classroom: Classroom, path: Path) -> Plan:
    """Return the plan of a source notebook whose marks and points are in order."""
    label = f"{path.parent.name}/{path.name}"
    _check_fresh(path, label)
    source = path.read_bytes()
    check_marks(_notebook(source, label), label, classroom.config)
    plan = make_plan(source, path.parent.name, path.stem, classroom.config)
    check_points(plan)
    return plan


def _check_fresh(path: Path, label: str) -> None:
    """Refuse a notebook that differs from the percent source beside it."""
    source = path.with_suffix(".py")
    try:
        from tools.notebooks import Problem, differences
    except ImportError:  # installed from a wheel, which has no tools
        return
    try:
        found = next(differences(source, path), None) if source.is_file() else None
    except Problem as error:
        raise CourseError(str(error)) from None
    if found:
        raise CourseError(f"{label}: {found}; `make notebooks` writes it anew")


def _notebook(text: bytes, label: str) -> NotebookNode:
    """Return a notebook's bytes as a notebook."""
    import nbformat

    try:
        return nbformat.reads(text.decode(), as_version=4)
    except Exception as error:  # nbformat raises whatever it meets
        raise CourseError(f"{label}: not a notebook ({type(error).__name__})") from None


def check_marks(notebook: NotebookNode, label: str, config: Config | None = None) -> None:
    """Refuse marks of solutions and hidden tests that are unbalanced or in a cell of another kind.

    Args:
        notebook: an assignment's source.
        label: what to call it in the message.
        config: nbgrader's configuration, for its marks.

    Raises:
        CourseError: there are such marks; the message names the cell.
    """
    for number, cell in enumerate(notebook.cells, 1):
        called = f"{label}: the cell {_called(cell, number)}"
        for marks in _marks(config):
            try:
                inside, _ = split(cell.source, marks)
            except ValueError as error:
                raise CourseError(f"{called}: {error}") from None
            if inside is not None and _role(cell) not in marks.roles:
                raise CourseError(f"{called}: {marks.begin!r} belongs in {marks.where}")


def _called(cell: dict, number: int) -> str:
    """Return what an author finds a cell by."""
    name = cell.metadata.get("nbgrader", {}).get("grade_id")
    return repr(name) if name else f"number {number}, {cell.source[:30]!r},"


def _role(cell: dict) -> str:
    """Return a cell's role, as far as marks depend on it."""
    from nbgrader.utils import is_grade, is_solution, is_task

    if is_task(cell) or (is_grade(cell) and is_solution(cell)):
        return MANUAL
    return TESTS if is_grade(cell) else ANSWER if is_solution(cell) else ""


def _marks(config: Config | None) -> list[Marks]:
    """Return the marks that nbgrader goes by; those of solutions come first."""
    from nbgrader.preprocessors import ClearHiddenTests, ClearMarkScheme, ClearSolutions

    answers, tests = ClearSolutions(config=config), ClearHiddenTests(config=config)
    scheme = ClearMarkScheme(config=config)
    pairs = (
        (answers.begin_solution_delimeter, answers.end_solution_delimeter),
        (tests.begin_test_delimeter, tests.end_test_delimeter),
        (scheme.begin_mark_scheme_delimeter, scheme.end_mark_scheme_delimeter),
    )
    places = (
        ((ANSWER, MANUAL), "an answer cell"),
        ((TESTS,), "a cell of graded tests"),
        ((MANUAL,), "a cell that a person grades"),
    )
    return [Marks(*pair, *place) for pair, place in zip(pairs, places, strict=True)]


def split(source: str, marks: Marks) -> tuple[list[str] | None, list[str]]:
    """Return the lines inside and outside of the marked regions; None if there is no region.

    Args:
        source: of a cell.
        marks: the lines that begin and end a region.

    Raises:
        ValueError: a region is not ended, not begun, or begun twice.
    """
    inside, outside, open_, regions = [], [], False, 0
    for line in source.split("\n"):
        begins, ends = marks.begin in line, marks.end in line
        if (begins and open_) or (ends and not open_):
            raise ValueError(f"{line.strip()!r} stands alone")
        open_, regions = (open_ or begins) and not ends, regions + begins
        if not begins and not ends:
            (inside if open_ else outside).append(line)
    if open_:
        raise ValueError(f"{marks.begin!r} has no {marks.end!r}")
    return (inside if regions else None), outside


def check_points(plan: Plan) -> None:
    """Refuse points in headings that are not the sum of the graded cells below them.

    The title and the heading of each task state theirs: `## The shift (3 points)`.

    Raises:
        CourseError: they differ, or a graded cell has no heading that states its points.
    """
    label, outline = f"{plan.assignment}/{plan.notebook}.ipynb", list(_outline(plan))
    titles = [item for item in outline if isinstance(item, Heading) and item.level == 1]
    if len(titles) != 1 or outline[0] is not titles[0] or titles[0].points is None:
        raise CourseError(f"{label}: must begin with its only title, as in `# Title (10 points)`")
    for place, item in enumerate(outline):
        if isinstance(item, Heading):
            _check_sum(item, outline[place + 1 :], label)
        else:
            _check_stated(item, outline[:place], label)


def _outline(plan: Plan) -> Iterator[Heading | PlanCell]:
    """Yield the headings and the graded cells of a release, in order."""
    for cell in plan.cells:
        if cell.kind == "markdown":
            yield from _headings(cell.released)
        if cell.role in (TESTS, MANUAL):
            yield cell


def _headings(text: str) -> Iterator[Heading]:
    """Yield the headings of a Markdown cell; a comment in a code block is none."""
    fenced = False
    for line in text.split("\n"):
        fenced ^= bool(FENCE.match(line))
        found = None if fenced else HEADING.match(line)
        if found:
            stated = STATED.search(found[2])
            yield Heading(len(found[1]), found[2], float(stated[1]) if stated else None)


def _check_sum(heading: Heading, after: list[Heading | PlanCell], label: str) -> None:
    """Refuse a heading that does not state the sum of its section."""
    section = takewhile(lambda item: not _ends(item, heading), after)
    total = sum(item.points for item in section if isinstance(item, PlanCell))
    if heading.points is not None and heading.points != total:
        raise CourseError(f"{label}: {heading.text!r}, but the cells below it have {total:g}")


def _ends(item: Heading | PlanCell, heading: Heading) -> bool:
    """Whether an item ends the section that a heading begins."""
    return isinstance(item, Heading) and item.level <= heading.level


def _check_stated(cell: PlanCell, before: list[Heading | PlanCell], label: str) -> None:
    """Refuse a graded cell that is in no task, or worth nothing without a heading that says so."""
    above: list[Heading] = []
    for item in before:
        if isinstance(item, Heading):
            above = [*(outer for outer in above if outer.level < item.level), item]
    stating = [heading for heading in above if heading.points is not None]
    if len(stating) < 2:
        where = "is below no heading of a task, as in `## The shift (3 points)`"
        raise CourseError(f"{label}: the cell {cell.id!r} {where}")
    if not cell.points and stating[-1].points:
        raise CourseError(
            f"{label}: the cell {cell.id!r} has 0 points; only `(0 points)` allows it"
        )


def check_release(
    plan: Plan, source: NotebookNode, released: NotebookNode, config: Config | None = None
) -> None:
    """Refuse a release whose stubs are not in the solution, or that shows part of a solution.

    Args:
        plan: of the source.
        source: the notebook in `solutions/`.
        released: what nbgrader made of it.
        config: nbgrader's configuration, for its marks and stubs.

    Raises:
        CourseError: it is such a release; the message names the cell.
    """
    label = f"{plan.assignment}/{plan.notebook}.ipynb"
    if len(source.cells) != len(released.cells):
        raise CourseError(f"{label}: the release has other cells than its source")
    secret, shown = {}, set()
    for cell, full, given in zip(plan.cells, source.cells, released.cells, strict=True):
        called = f"{label}: the cell {cell.id!r}"
        if cell.role == ANSWER:
            inside, outside = _check_answer(full, given, called, config)
            secret |= {line.strip(): cell.id for line in inside if _telling(line)}
            shown |= {line.strip() for line in outside}
        if set(given.get("attachments", {})) - set(
            re.findall(r"attachment:([^)\s]+)", given.source)
        ):
            raise CourseError(f"{called}: an attached file that its text does not show; delete it")
    _check_hidden({line: of for line, of in secret.items() if line not in shown}, released, label)
    _check_unmarked(released, label, config)


def _check_answer(
    full: dict, given: dict, called: str, config: Config | None
) -> tuple[list[str], list[str]]:
    """Refuse an answer cell without a solution, or whose stub the solution lacks; return both."""
    inside, outside = split(full.source, _marks(config)[0])
    if inside is None or not "".join(inside).strip():
        raise CourseError(f"{called}: no solution between {' and '.join(_solution_marks(config))}")
    stub = [line for line in given.source.split("\n") if line.strip() not in _stubs(given, config)]
    whole = iter(full.source.split("\n"))
    lost = next((line for line in stub if line not in whole), None)
    if lost is not None:
        raise CourseError(f"{called}: its stub has {lost.strip()!r}, and its solution has not")
    if _is_python(full.source) and not _is_python(given.source):
        raise CourseError(f"{called}: without its solution this is no Python; mind the indentation")
    return inside, outside


def _solution_marks(config: Config | None) -> tuple[str, str]:
    """Return the marks around a solution."""
    marks = _marks(config)[0]
    return repr(marks.begin), repr(marks.end)


def _stubs(cell: dict, config: Config | None) -> list[str]:
    """Return the lines that nbgrader writes in place of a solution."""
    from nbgrader.preprocessors import ClearSolutions

    clear = ClearSolutions(config=config)
    stub = clear.code_stub["python"] if cell.cell_type == "code" else clear.text_stub
    return [line.strip() for line in stub.split("\n")]


def _is_python(source: str) -> bool:
    """Whether a cell is plain Python: a magic is not."""
    try:
        return bool(ast.parse(source))
    except SyntaxError:
        return False


def _telling(line: str) -> bool:
    """Whether a line of a solution gives something away."""
    return not COMMONPLACE.fullmatch(line.strip())


def _check_hidden(secret: dict[str, str], released: NotebookNode, label: str) -> None:
    """Refuse a release in which a line of a solution stands anywhere else."""
    for number, cell in enumerate(released.cells, 1):
        text, code = "\n".join(_texts(cell)), cell.cell_type == "code"
        lines = {line.strip() for line in text.split("\n")}
        shown = next((line for line in secret if line in (lines if code else text)), None)
        if shown:
            where = f"the cell {_called(cell, number)} shows a line of the solution"
            raise CourseError(f"{label}: {where} of {secret[shown]!r}: {shown!r}")


def _texts(node: object) -> Iterator[str]:
    """Yield every text in a cell: its source, metadata, attachments and outputs."""
    if isinstance(node, str):
        yield node
    elif isinstance(node, dict):
        for value in node.values():
            yield from _texts(value)
    elif isinstance(node, list):
        for value in node:
            yield from _texts(value)


def _check_unmarked(released: NotebookNode, label: str, config: Config | None) -> None:
    """Refuse a release in which a mark is left."""
    text = "\n".join(_texts(released))
    for marks in _marks(config):
        left = next((mark for mark in (marks.begin, marks.end) if mark in text), None)
        if left:
            raise CourseError(f"{label}: {left!r} is left in the release")


def _prove(classroom: Classroom, name: str, run: Callable | None, map: Callable) -> None:
    """Refuse an assignment whose tests do not give each answer what it deserves."""
    if run is None:
        from autograder.runner import run
    folder, config = classroom.sources / name, classroom.config
    listed = mutants.load(folder)
    if len(listed) < mutants.AT_LEAST:
        wanted = f"{len(listed)} mutants, and {mutants.AT_LEAST} are needed"
        raise CourseError(f"{folder / mutants.FILE}: {wanted}")
    sources = {path.stem: path.read_bytes() for path in classroom.notebooks(name)}
    plans = [make_plan(source, name, stem, config) for stem, source in sources.items()]
    problems = []
    for plan in plans:
        mine = [mutant for mutant in listed if _owner(mutant, plans) is plan]
        problems += mutants.verify(plan, sources[plan.notebook], mine, run, config, map)
    if problems:
        raise CourseError(f"{name}: {'; '.join(problems)}")


def _owner(mutant: mutants.Mutant, plans: list[Plan]) -> Plan:
    """Return the plan of the notebook that a mutant answers; the first if it answers none."""
    known = (plan for plan in plans if mutant.answers.keys() & {*mutants.answer_ids(plan)})
    return next(known, plans[0])


def _generate(classroom: Classroom, name: str, recorded: bool = False) -> dict[str, bytes]:
    """Run nbgrader's generate_assignment in a temporary folder and return what it wrote, by path."""
    with TemporaryDirectory() as folder, _programs_on_path():
        course = Path(folder).resolve()
        for path, origin in _wares(classroom, name).items():
            target = course / "source" / name / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(origin.read_bytes())
        _convert(_config(classroom, name, course, recorded), name)
        return _content(course / "release" / name)


def _wares(classroom: Classroom, name: str) -> dict[str, Path]:
    """Return the files that learners should get, by their path in the release."""
    folder = classroom.sources / name
    data = [path for path in sorted((folder / FILES).rglob("*")) if not _left_over(path)]
    for path in (folder / FILES, *classroom.notebooks(name), *data):
        if path.is_symlink():
            raise CourseError(f"{path}: a link; put the file itself there")
    data = [path for path in data if not path.is_dir()]
    odd = next((path for path in data if path.suffix.lower() not in DATA), None)
    if odd:
        raise CourseError(f"{odd}: {FILES}/ goes to learners, and holds only {' '.join(DATA)}")
    return {
        path.relative_to(folder).as_posix(): path for path in (*classroom.notebooks(name), *data)
    }


def _left_over(path: Path) -> bool:
    """Whether a file is what editors and systems leave behind."""
    return any(part in LEFTOVERS for part in path.parts)


def _config(classroom: Classroom, name: str, course: Path, recorded: bool) -> Config:
    """Return the classroom's configuration, turned to a temporary folder for all but its gradebook."""
    config = copy.deepcopy(classroom.config)
    config.CourseDirectory.root = str(course)
    config.CourseDirectory.source_directory = "source"
    config.CourseDirectory.release_directory = "release"
    config.CourseDirectory.db_url = classroom.gradebook
    config.CourseDirectory.assignment_id = name
    config.CourseDirectory.notebook_id = "*"
    config.CourseDirectory.ignore = []
    config.GenerateAssignment.no_database = not recorded
    config.SaveCells.enabled = recorded
    return config


def _convert(config: Config, name: str) -> None:
    """Run nbgrader's converter; a `CourseError` says why it refused."""
    from nbgrader.converters import GenerateAssignment
    from nbgrader.coursedir import CourseDirectory

    converter = GenerateAssignment(coursedir=CourseDirectory(config=config), config=config)
    reasons = _Reasons(logging.ERROR)
    converter.log.addHandler(reasons)
    try:
        converter.start()
    except Exception as error:  # nbgrader raises whatever it meets
        reason = str(reasons.first or error).strip() or type(error).__name__
        raise CourseError(f"{name}: {reason.splitlines()[0]}") from None
    finally:
        converter.log.removeHandler(reasons)


class _Reasons(logging.Handler):
    """Keeps the exception behind nbgrader's first complaint; what it raises says only "see above"."""

    first: BaseException | None = None

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the exception that is being handled while a line is logged."""
        self.first = self.first or sys.exc_info()[1]


@contextmanager
def _programs_on_path() -> Iterator[None]:
    """Let nbgrader find `alembic`, which it starts by name, without an activated environment."""
    before = os.environ.get("PATH", "")
    os.environ["PATH"] = os.pathsep.join([sysconfig.get_path("scripts"), before])
    try:
        yield
    finally:
        os.environ["PATH"] = before


@contextmanager
def _replacing(target: Path, content: dict[str, bytes]) -> Iterator[None]:
    """Write a folder beside another, and swap the two if nothing fails until then."""
    fresh, old = (target.with_name(f".{target.name}.{state}") for state in ("new", "old"))
    shutil.rmtree(fresh, ignore_errors=True)
    try:
        for path, data in content.items():
            (fresh / path).parent.mkdir(parents=True, exist_ok=True)
            (fresh / path).write_bytes(data)
        yield
        shutil.rmtree(old, ignore_errors=True)
        if target.exists():
            target.rename(old)
        fresh.rename(target)
        shutil.rmtree(old, ignore_errors=True)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _content(folder: Path) -> dict[str, bytes]:
    """Return the files of a folder, by path."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not _left_over(path.relative_to(folder))
    }


def _same(path: str, wanted: bytes, found: bytes) -> bool:
    """Whether two files say the same; a notebook may do so in other bytes."""
    if wanted == found or not path.endswith(".ipynb"):
        return wanted == found
    try:
        return json.loads(wanted) == json.loads(found)
    except ValueError:
        return False


def main(arguments: list[str] | None = None) -> int:
    """Run `python -m autograder.release check`: 0 if all is up to date, 1 if not, 2 for the rest."""
    try:
        if (sys.argv[1:] if arguments is None else arguments) != ["check"]:
            raise CourseError("say `python -m autograder.release check`")
        classroom = Classroom.open()
        problems = check(classroom)
    except CourseError as error:
        print(f"release: {error}", file=sys.stderr)
        return 2
    for problem in problems:
        print(problem, file=sys.stderr)
    if not problems:
        print(f"{len(classroom.assignments())} exercises are what a release would write")
    return int(bool(problems))


if __name__ == "__main__":
    sys.exit(main())
