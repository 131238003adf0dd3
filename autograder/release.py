"""From `solutions/` to `exercises/`, through nbgrader; what would give a solution away is refused.

Learners get the notebooks, and the data in the folder `files/` beside them. Whatever else lies in
an assignment's folder stays there: percent sources, wrong answers, notes.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from autograder import mutants
from autograder.authoring import (
    check_marks,
    check_names,
    check_points,
    check_release,
)
from autograder.classroom import Classroom
from autograder.generate import content, generate
from autograder.plan import Plan, make_plan, read_notebook
from course.errors import CourseError


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
    for name, files in ready.items():
        with _replacing(classroom.releases / name, files):
            generate(classroom, name, recorded=True)
    return list(ready)


def examined(classroom: Classroom, name: str) -> dict[str, bytes]:
    """Return what a release would write, by path, if nothing but its mutants can be wrong with it.

    Raises:
        CourseError: a notebook is older than its percent source, its marks or its points are
            wrong, or a solution would show.
    """
    plans = [_checked_plan(classroom, path) for path in classroom.notebooks(name)]
    written = generate(classroom, name)
    for plan in plans:
        label = f"{name}/{plan.notebook}.ipynb"
        source = read_notebook((classroom.sources / label).read_bytes(), label)
        given = read_notebook(written[f"{plan.notebook}.ipynb"], label)
        check_release(plan, source, given, classroom.config)
    return written


def stale(classroom: Classroom, name: str) -> list[str]:
    """Return a line for each file in `exercises/` that is not what a release would write.

    Raises:
        CourseError: there is no such assignment, or nbgrader refuses it.
    """
    return _differences(classroom, name, generate(classroom, name))


def _differences(classroom: Classroom, name: str, wanted: dict[str, bytes]) -> list[str]:
    """Return a line for each file of a release that is not as wanted."""
    found = content(classroom.releases / name)
    reasons = {path: "not part of the release" for path in found if path not in wanted}
    for path in wanted:
        if path not in found:
            reasons[path] = "missing"
        elif not _same(path, wanted[path], found[path]):
            reasons[path] = "differs from what a release would write"
    return [
        f"{classroom.releases.name}/{name}/{path}: {why}; `autograder release {name}`"
        for path, why in sorted(reasons.items())
    ]


def check(classroom: Classroom) -> list[str]:
    """Return a line for each reason why `exercises/` is not what releasing all would write."""
    problems, known = [], classroom.assignments()
    for name in known:
        try:
            problems += _differences(classroom, name, examined(classroom, name))
        except CourseError as error:
            problems.append(str(error))
    released = sorted({path.parent.name for path in classroom.releases.glob("*/*.ipynb")})
    problems += [
        f"{classroom.releases.name}/{name}: there is no {classroom.sources.name}/{name}; delete it"
        for name in released
        if name not in known
    ]
    return problems


def _checked_plan(classroom: Classroom, path: Path) -> Plan:
    """Return the plan of a source notebook whose marks and points are in order."""
    label = f"{path.parent.name}/{path.name}"
    _check_fresh(path, label)
    source = path.read_bytes()
    check_marks(read_notebook(source, label), label, classroom.config)
    plan = make_plan(source, path.parent.name, path.stem, classroom.config)
    check_points(plan)
    check_names(plan)
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


@contextmanager
def _replacing(target: Path, files: dict[str, bytes]) -> Iterator[None]:
    """Write a folder beside another, and swap the two if nothing fails until then."""
    fresh, old = (target.with_name(f".{target.name}.{state}") for state in ("new", "old"))
    shutil.rmtree(fresh, ignore_errors=True)
    try:
        for path, data in files.items():
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


def _same(path: str, wanted: bytes, found: bytes) -> bool:
    """Whether two files say the same; a notebook may do so in other bytes."""
    if wanted == found or not path.endswith(".ipynb"):
        return wanted == found
    try:
        return json.loads(wanted) == json.loads(found)
    except ValueError:
        return False


def main(arguments: list[str] | None = None) -> int:
    """Run `python -m autograder.release check`: 0 if all is up to date, 1 if not, 2 otherwise."""
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
