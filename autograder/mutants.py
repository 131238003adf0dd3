"""Proves that an assignment's tests give right answers full marks and wrong ones what they deserve.

An assignment's folder holds `mutants.py` with a list `MUTANTS`. All submissions here are made from
the release, as a learner's would be, and never hold a hidden test.
"""

from __future__ import annotations

import math
import runpy
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from autograder.outcome import FAILED, GRADED, NOT_ATTEMPTED, PARTLY, PASSED, Outcome, Task
from autograder.plan import ANSWER, MANUAL, Plan
from course.errors import CourseError

if TYPE_CHECKING:
    from nbformat import NotebookNode
    from traitlets.config import Config

FILE, LIST, AT_LEAST = "mutants.py", "MUTANTS", 6


@dataclass(frozen=True)
class Mutant:
    """A plausible wrong answer, listed in an assignment's `mutants.py`.

    Attributes:
        name: the mistake in a few words.
        points: what it deserves.
        says: a word or phrase that the message of a failed task must contain.
        answers: the wrong source of each answer cell that differs, by its grade id.
    """

    name: str
    points: float
    says: str
    answers: dict[str, str] = field(default_factory=dict)


def load(folder: Path) -> list[Mutant]:
    """Return the mutants that an assignment's folder lists.

    Args:
        folder: in `solutions/`.

    Raises:
        CourseError: there is no `mutants.py`, it cannot be run, or it has no list of mutants.
    """
    path, before = Path(folder) / FILE, list(sys.path)
    if not path.is_file():
        raise CourseError(f"{path}: missing; list at least {AT_LEAST} plausible wrong answers")
    try:
        found = runpy.run_path(str(path), run_name="mutants").get(LIST)
    except (Exception, SystemExit) as error:  # the file is Python: it can raise anything
        reason = " ".join(str(error).split())
        raise CourseError(f"{path}: {type(error).__name__}: {reason}") from None
    finally:
        sys.path[:] = before
    if not isinstance(found, list | tuple) or not all(isinstance(each, Mutant) for each in found):
        raise CourseError(f"{path}: needs a list {LIST} of autograder.mutants.Mutant")
    return list(found)


def released(source: bytes, config: Config | None = None) -> NotebookNode:
    """Return the notebook that a learner gets, as nbgrader releases it, without its gradebook.

    Args:
        source: the notebook in `solutions/`, as bytes.
        config: nbgrader's configuration, for its marks and stubs.
    """
    import nbformat
    from nbgrader.converters import GenerateAssignment
    from nbgrader.preprocessors import SaveCells

    notebook, resources = nbformat.reads(source.decode(), as_version=4), {}
    for step in GenerateAssignment(config=config).preprocessors:
        if step is not SaveCells:
            notebook, resources = step(config=config)(notebook, resources)
    return notebook


def references(source: bytes, config: Config | None = None) -> dict[str, str]:
    """Return a source notebook's reference answers by grade id, without the marks around them.

    Args:
        source: the notebook in `solutions/`, as bytes.
        config: nbgrader's configuration, for its marks.
    """
    import nbformat
    from nbgrader.preprocessors import ClearSolutions

    clear = ClearSolutions(config=config)
    marks = clear.begin_solution_delimeter, clear.end_solution_delimeter
    return {
        cell.metadata.nbgrader.grade_id: "\n".join(
            line for line in cell.source.split("\n") if not any(mark in line for mark in marks)
        )
        for cell in nbformat.reads(source.decode(), as_version=4).cells
        if cell.metadata.get("nbgrader", {}).get("solution")
    }


def blank(source: bytes, config: Config | None = None) -> bytes:
    """Return the release of a source notebook as a learner who did nothing hands it in."""
    return filled(source, {}, config)


def right(source: bytes, config: Config | None = None) -> bytes:
    """Return the release of a source notebook with the reference answers filled in."""
    return filled(source, references(source, config), config)


def mutated(source: bytes, mutant: Mutant, config: Config | None = None) -> bytes:
    """Return the release of a source notebook with a mutant's answers, and otherwise right ones.

    Raises:
        KeyError: the mutant answers a cell that is no answer cell of this notebook.
    """
    return filled(source, references(source, config) | mutant.answers, config)


def filled(source: bytes, answers: dict[str, str], config: Config | None = None) -> bytes:
    """Return the release of a source notebook with answers written into it.

    Args:
        source: the notebook in `solutions/`, as bytes.
        answers: the source of answer cells, by grade id.
        config: nbgrader's configuration, for its marks and stubs.

    Raises:
        KeyError: there is no answer cell of that id.
    """
    import nbformat

    notebook = released(source, config)
    cells = {
        cell.metadata.nbgrader.grade_id: cell
        for cell in notebook.cells
        if cell.metadata.get("nbgrader", {}).get("solution")
    }
    for identity, answer in answers.items():
        cells[identity].source = answer
    return (nbformat.writes(notebook).rstrip("\n") + "\n").encode()


def verify(
    plan: Plan,
    source: bytes,
    mutants: list[Mutant],
    run: Callable[[bytes, Plan], object],
    config: Config | None = None,
    map: Callable = map,
) -> list[str]:
    """Grade the right answer, a blank one and each mutant; say what is not as declared.

    Args:
        plan: of the source notebook.
        source: the notebook in `solutions/`, as bytes.
        mutants: those that answer cells of this notebook.
        run: `autograder.runner.run`, or what takes and returns the same.
        config: nbgrader's configuration, for its marks and stubs.
        map: an executor's, to grade several at once.

    Returns:
        A line for each problem; none if all is as declared.
    """
    problems = declared_wrong(plan, mutants)
    if problems:
        return problems
    submissions = [right(source, config), blank(source, config)]
    submissions += [mutated(source, mutant, config) for mutant in mutants]
    results = list(map(run, submissions, [plan] * len(submissions)))
    first, second, *others = [result.outcome for result in results]
    problems = right_wrong(plan, first) + blank_wrong(plan, second)
    for mutant, outcome in zip(mutants, others, strict=True):
        problems += mutant_wrong(plan, mutant, outcome)
    return problems


def declared_wrong(plan: Plan, mutants: list[Mutant]) -> list[str]:
    """Return a line for each mutant that cannot prove anything, whatever the tests are."""
    names = [mutant.name for mutant in mutants]
    doubled = sorted({name for name in names if names.count(name) > 1})
    problems = [f"two mutants are called {name!r}; give each its own name" for name in doubled]
    for mutant in mutants:
        problems += [f"mutant {mutant.name!r}: {fault}" for fault in _faults(plan, mutant)]
    return problems


def _faults(plan: Plan, mutant: Mutant) -> Iterator[str]:
    """Yield what is wrong with a mutant's declaration."""
    known = answer_ids(plan)
    yield from (
        f"no answer cell {identity!r} in {plan.notebook}; there are: {', '.join(known)}"
        for identity in mutant.answers
        if identity not in known
    )
    if not mutant.answers:
        yield "it changes no answer"
    if not str(mutant.says).strip():
        yield "`says` is empty, which every message contains"
    most = _reachable(plan)
    if not 0 <= mutant.points < most:
        yield f"{mutant.points:g} points are not from 0 up to less than {most:g}"


def answer_ids(plan: Plan) -> list[str]:
    """Return the grade ids of the cells that a learner fills in."""
    return [cell.id for cell in plan.cells if cell.role in (ANSWER, MANUAL)]


def _reachable(plan: Plan) -> float:
    """Return the points that can be had without a person."""
    return sum(cell.points for cell in plan.tasks if cell.role != MANUAL)


def right_wrong(plan: Plan, outcome: Outcome) -> list[str]:
    """Return a line for each task of the right answer that does not get full marks."""
    problems = _not_graded("the right answer", plan, outcome)
    for task in _by_machine(plan, outcome):
        if task.verdict != PASSED or task.points != task.max_points:
            problems.append(f"the right answer {_got(task)}")
    return problems


def blank_wrong(plan: Plan, outcome: Outcome) -> list[str]:
    """Return a line for each task of a blank notebook that is not 0 and "not attempted"."""
    problems = _not_graded("a blank notebook", plan, outcome)
    for task in _by_machine(plan, outcome):
        if task.verdict != NOT_ATTEMPTED or task.points != 0:
            problems.append(f"a blank notebook {_got(task)}; it should be {NOT_ATTEMPTED!r}")
    return problems


def mutant_wrong(plan: Plan, mutant: Mutant, outcome: Outcome) -> list[str]:
    """Return a line for each thing about a graded mutant that is not as it declares."""
    name, problems = f"mutant {mutant.name!r}", []
    lost = [task for task in _by_machine(plan, outcome) if task.verdict != PASSED]
    why = "; ".join(_got(task) for task in lost) or "every task passes"
    if not math.isclose(outcome.points, mutant.points, abs_tol=1e-9):
        declared = f"it declares {mutant.points:g}"
        problems.append(f"{name}: {outcome.points:g} points, and {declared}: {why}")
    messages = [task.message for task in lost if task.verdict in (FAILED, PARTLY, NOT_ATTEMPTED)]
    if not any(mutant.says.casefold() in message.casefold() for message in messages):
        problems.append(f"{name}: no failed task says {mutant.says!r}: {why}")
    return problems


def _by_machine(plan: Plan, outcome: Outcome) -> list[Task]:
    """Return the tasks that wait for nobody."""
    manual = [cell.id for cell in plan.tasks if cell.role == MANUAL]
    return [task for task in outcome.tasks if task.id not in manual]


def _not_graded(name: str, plan: Plan, outcome: Outcome) -> list[str]:
    """Return a line if a notebook made from the release was not graded as it is, and whole."""
    if outcome.status != GRADED:
        why = "; ".join([*outcome.repairs, *outcome.notes]) or "no reason given"
        return [f"{name} is {outcome.status!r}: {why}"]
    tasks, wanted = [task.id for task in outcome.tasks], [cell.id for cell in plan.tasks]
    return [] if tasks == wanted else [f"{name} has the tasks {tasks}, and the plan {wanted}"]


def _got(task: Task) -> str:
    """Say in a line what a task came to."""
    points = f"gets {task.points or 0:g} of {task.max_points:g} for {task.id!r}"
    return f"{points}, {task.verdict}{': ' if task.message else ''}{task.message}"
