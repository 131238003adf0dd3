"""Releasing an assignment: what learners get, what is refused, and what the tests must catch."""

import os
import shutil
import sqlite3
import subprocess
import sys
import sysconfig
from pathlib import Path

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nbgrader.api import Gradebook
from nbgrader.preprocessors import ClearSolutions
from nbgrader.utils import compute_checksum

from autograder import authoring, mutants, release
from autograder.classroom import Classroom
from autograder.mutants import Mutant
from autograder.plan import make_plan
from autograder.runner import run
from course.errors import CourseError
from tools import notebooks

ROOT = Path(__file__).parents[1]
NAME = "03_shift"

SOURCE = '''\
# %% [markdown]
# # Teacher forcing (6 points)
# Three tasks.

# %% locked="setup"
import numpy as np

from course import checks

START = 1
rows = np.array([[4, 5, 6], [7, 8, 2]])

# %% [markdown]
# ## 1. The shift (3 points)

# %% solution="shift"
def shift(rows):
    """Puts START before each row, and drops its last token."""
    ### BEGIN SOLUTION
    first = np.full((len(rows), 1), START)
    return np.concatenate([first, rows[:, :-1]], axis=1)
    ### END SOLUTION

# %% tests="shift_shape" points=1
checks.shape("shift(rows)", shift(rows), (2, 3), "No row gets longer.")

# %% tests="shift_tokens" points=2
checks.equal("shift(rows)", shift(rows), [[1, 4, 5], [1, 7, 8]], "Which token comes first?")
### BEGIN HIDDEN TESTS
other = np.array([[9, 8, 7, 2]])
checks.equal("another shift", shift(other), [[1, 9, 8, 7]], "Which token comes first?")
### END HIDDEN TESTS

# %% [markdown]
# ## 2. The count (2 points)
# ### What counts

# %% solution="count"
def count(rows):
    ### BEGIN SOLUTION
    return int((rows != 0).sum())
    ### END SOLUTION

# %% tests="count_works" points=2
checks.equal("count(rows)", count(rows), 6, "Count the tokens.")
checks.equal("count of padded rows", count(np.array([[4, 0], [5, 2]])), 3, "Padding is no token.")

# %% [markdown]
# ## 3. Why (1 point)

# %% [markdown] manual="why" points=1
# ### BEGIN SOLUTION
# Because the decoder must not see what it has to predict.
# ### END SOLUTION
'''

MUTANTS = '''\
"""Wrong answers."""

from autograder.mutants import Mutant

MUTANTS = [
    Mutant("shift forgotten", 3, "first", {"shift": "def shift(rows):\\n    return rows"}),
    Mutant(
        "start added, nothing dropped",
        2,
        "longer",
        {"shift": "def shift(rows):\\n    return np.insert(rows, 0, START, axis=1)"},
    ),
    Mutant("rows reversed", 3, "first", {"shift": "def shift(rows):\\n    return rows[:, ::-1]"}),
    Mutant("padding counted", 3, "padding", {"count": "def count(rows):\\n    return rows.size"}),
    Mutant("rows counted", 3, "tokens", {"count": "def count(rows):\\n    return len(rows)"}),
    Mutant("return forgotten", 3, "count", {"count": "def count(rows):\\n    rows.size"}),
]
'''


def write_course(root: Path) -> Classroom:
    """A course with one assignment, as an author leaves it."""
    shutil.copy(ROOT / "nbgrader_config.py", root)
    folder = root / "solutions" / NAME
    folder.mkdir(parents=True)
    (folder / "shift.py").write_text(SOURCE, encoding="utf-8")
    (folder / "mutants.py").write_text(MUTANTS, encoding="utf-8")
    notebooks.write(root)
    return Classroom.open(root)


@pytest.fixture
def course(tmp_path: Path) -> Classroom:
    return write_course(tmp_path)


@pytest.fixture(scope="module")
def once(tmp_path_factory) -> Path:
    """A course whose assignment is released; nbgrader takes seconds to make a gradebook."""
    course = write_course(tmp_path_factory.mktemp("once"))
    release.release(course, [NAME], check=False)
    return course.root


@pytest.fixture
def released(once: Path, tmp_path: Path) -> Classroom:
    """A copy of it to work on."""
    shutil.copytree(once, tmp_path, dirs_exist_ok=True)
    return Classroom.open(tmp_path)


def change(course: Classroom, *changes: tuple[str, str]) -> None:
    """Edit the percent source, and write its notebook anew."""
    path = course.sources / NAME / "shift.py"
    text = path.read_text(encoding="utf-8")
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")
    notebooks.write(course.root)


def refused(course: Classroom, **options) -> str:
    """What a release is refused with: one line."""
    with pytest.raises(CourseError) as error:
        release.release(course, [NAME], **{"check": False, **options})
    assert "\n" not in str(error.value)
    return str(error.value)


def source(course: Classroom) -> bytes:
    return (course.sources / NAME / "shift.ipynb").read_bytes()


def plan(course: Classroom):
    return make_plan(source(course), NAME, "shift", course.config)


def exercise(course: Classroom) -> Path:
    return course.releases / NAME / "shift.ipynb"


def graded_cells(course: Classroom) -> dict[str, nbformat.NotebookNode]:
    notebook = nbformat.read(exercise(course), as_version=4)
    nbformat.validate(notebook)
    return {
        cell.metadata.nbgrader.grade_id: cell
        for cell in notebook.cells
        if "nbgrader" in cell.metadata
    }


def litter(course: Classroom) -> None:
    """Leave beside the notebook whatever an author might, and one file for learners."""
    folder = course.sources / NAME
    for path in (
        *("x.py", "answers.json", "solution.npz", "notes.md", "README", ".secret", "file.txt"),
        *("files.json", "f/a.csv", "reference/right.ipynb", "__pycache__/shift.cpython-311.pyc"),
        *(".ipynb_checkpoints/shift-checkpoint.ipynb", "files/.ipynb_checkpoints/a.csv"),
        *("files/rows.csv", "files/more/words.txt"),
    ):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text("4,5\n", encoding="utf-8")


def files(folder: Path) -> list[str]:
    return sorted(
        path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()
    )


class TestWhatLearnersGet:
    def test_an_assignment_whose_tests_catch_its_mutants_is_released(self, course):
        assert release.release(course, [NAME]) == [NAME]
        assert files(course.releases) == [f"{NAME}/shift.ipynb"]

    def test_stubs_stand_where_solutions_stood_and_hidden_tests_are_gone(self, released):
        cells = graded_cells(released)
        assert cells["count"].source == "def count(rows):\n    ...  # your code here"
        assert cells["why"].source == "*Your answer here.*"
        assert "other" not in cells["shift_tokens"].source
        assert cells["shift_tokens"].source.startswith('checks.equal("shift(rows)"')

    def test_cells_carry_nbgraders_checksums_and_locks(self, released):
        for cell in graded_cells(released).values():
            assert cell.metadata.nbgrader.checksum == compute_checksum(cell)
            assert cell.metadata.deletable is False
            assert cell.metadata.get("editable", True) is not cell.metadata.nbgrader.locked

    def test_releasing_twice_gives_the_same_bytes_and_the_source_cells_ids(self, released):
        first = exercise(released).read_bytes()
        release.release(released, [NAME], check=False)
        assert exercise(released).read_bytes() == first
        assert files(released.releases) == [f"{NAME}/shift.ipynb"]
        written = nbformat.reads(source(released).decode(), as_version=4)
        given = nbformat.reads(first.decode(), as_version=4)
        assert [cell.id for cell in given.cells] == [cell.id for cell in written.cells]

    def test_nothing_but_notebooks_and_data_leaves_the_folder(self, released):
        litter(released)
        release.release(released, [NAME], check=False)
        wanted = ["files/more/words.txt", "files/rows.csv", "shift.ipynb"]
        assert files(released.releases / NAME) == wanted

    def test_plain_nbgrader_writes_the_same(self, released):
        litter(released)
        release.release(released, [NAME], check=False)
        ours = exercise(released).read_bytes(), files(released.releases / NAME)
        shutil.rmtree(released.releases)
        scripts = sysconfig.get_path("scripts")
        subprocess.run(
            [sys.executable, "-m", "nbgrader", "generate_assignment", NAME],
            cwd=released.root,
            env={**os.environ, "PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}"},
            check=True,
            capture_output=True,
        )
        written = [path for path in files(released.releases / NAME) if ".ipynb_ch" not in path]
        assert (exercise(released).read_bytes(), written) == ours

    def test_the_gradebook_knows_the_tasks_and_their_points(self, released):
        with Gradebook(released.gradebook) as gradebook:
            cells = gradebook.find_notebook("shift", NAME).grade_cells
            points = {cell.name: cell.max_score for cell in cells}
        assert points == {"shift_shape": 1, "shift_tokens": 2, "count_works": 2, "why": 1}

    def test_nbgrader_finds_alembic_without_an_activated_environment(self, course, monkeypatch):
        monkeypatch.setenv("PATH", "/usr/bin:/bin")
        release.release(course, [NAME], check=False)
        assert os.environ["PATH"] == "/usr/bin:/bin"


class TestFiles:
    def test_what_is_no_data_is_refused(self, course):
        litter(course)
        (course.sources / NAME / "files" / "helper.py").write_text("answer = 1")
        assert "helper.py: files/ goes to learners" in refused(course)

    @pytest.mark.parametrize("place", ["files/secret.csv", "files/more", "files"])
    def test_a_link_is_refused(self, course, place, tmp_path):
        (tmp_path / "elsewhere").mkdir()
        link = course.sources / NAME / place
        link.parent.mkdir(exist_ok=True)
        link.symlink_to(tmp_path / "elsewhere")
        assert f"{Path(place).name}: a link" in refused(course)

    def test_an_unknown_assignment_is_refused(self, course):
        with pytest.raises(CourseError, match=f"no assignment '04'.*there are: {NAME}"):
            release.release(course, [NAME, "04"], check=False)
        assert not course.releases.exists()


MARKS = {
    "no region": (
        ("    ### BEGIN SOLUTION\n    return int", "    return int"),
        (".sum())\n    ### END SOLUTION\n", ".sum())\n"),
        "'count': no solution between",
    ),
    "empty region": (("    return int((rows != 0).sum())\n", ""), "'count': no solution between"),
    "no end": (
        (".sum())\n    ### END SOLUTION\n", ".sum())\n"),
        "'count': 'BEGIN SOLUTION' has no",
    ),
    "no beginning": (
        ("    ### BEGIN SOLUTION\n    return int", "    return int"),
        "'count': '### END SOLUTION' stands alone",
    ),
    "nested": (
        ("    return int", "    ### BEGIN SOLUTION\n    return int"),
        "'count': '### BEGIN SOLUTION' stands alone",
    ),
    "solution in tests": (
        ("other =", "### BEGIN SOLUTION\n### END SOLUTION\nother ="),
        "'shift_tokens': 'BEGIN SOLUTION' belongs in an answer cell",
    ),
    "solution in given code": (
        ("START = 1\n", "### BEGIN SOLUTION\nSTART = 1\n### END SOLUTION\n"),
        "'setup': 'BEGIN SOLUTION' belongs in an answer cell",
    ),
    "hidden tests in an answer": (
        ("    return int", "    ### BEGIN HIDDEN TESTS\n    ### END HIDDEN TESTS\n    return int"),
        "'count': 'BEGIN HIDDEN TESTS' belongs in a cell of graded tests",
    ),
    "hidden tests not ended": (
        ("### END HIDDEN TESTS\n", ""),
        "'shift_tokens': 'BEGIN HIDDEN TESTS' has no 'END HIDDEN TESTS'",
    ),
    "hidden tests in prose": (
        ("# Three tasks.", "# ### BEGIN HIDDEN TESTS\n# ### END HIDDEN TESTS"),
        "number 1, '# Teacher forcing (6 points)\\n",
    ),
    "a region that ends another block": (
        ("    ### BEGIN SOLUTION\n    return int", "### BEGIN SOLUTION\n    return int"),
        "'count': without its solution this is no Python",
    ),
    "points missing": (
        ('tests="count_works" points=2', 'tests="count_works"'),
        "'count_works' needs",
    ),
}

SHOWN = {
    "in given code": (
        ("START = 1\n", "START = 1\nfirst = np.full((len(rows), 1), START)\n"),
        "'setup' shows a line of the solution of 'shift': 'first = np.full(",
    ),
    "in visible tests": (
        ('checks.shape("', 'first = np.full((len(rows), 1), START)\nchecks.shape("'),
        "'shift_shape' shows a line of the solution of 'shift'",
    ),
    "whole, in prose": (
        ("# ### What counts", "# Write `return int((rows != 0).sum())`."),
        "'## 2. The count (2 points)\\nWri', shows a line of the solution of 'count'",
    ),
    "in metadata": (
        ('locked="setup"', 'locked="setup" note="return int((rows != 0).sum())"'),
        "'setup' shows a line of the solution of 'count'",
    ),
}

POINTS = {
    "title": (("(6 points)", "(5 points)"), "'Teacher forcing (5 points)', but the cells below it"),
    "task": (
        ("(3 points)", "(2 points)"),
        "'1. The shift (2 points)', but the cells below it have 3",
    ),
    "cell": (('"shift_shape" points=1', '"shift_shape" points=2'), "have 7"),
    "part of a task": (
        ("### What counts", "### What counts (1 point)"),
        "'What counts (1 point)', but the cells below it have 2",
    ),
    "no title": (("# # Teacher forcing (6 points)\n", ""), "must begin with its only title"),
    "title without points": ((" (6 points)", ""), "must begin with its only title"),
    "two titles": (("# ## 3. Why", "# # 3. Why"), "must begin with its only title"),
    "task without points": (
        ("2. The count (2 points)", "2. The count"),
        "'count_works' is below no heading of a task",
    ),
    "nothing for something": (
        ("(3 points)", "(2 points)"),
        ("(6 points)", "(5 points)"),
        ('"shift_shape" points=1', '"shift_shape" points=0'),
        "'shift_shape' has 0 points",
    ),
}


class TestRefused:
    @pytest.mark.parametrize("case", [*MARKS, *SHOWN, *POINTS])
    def test_a_mistake_is_refused_and_its_cell_named(self, course, case):
        *changes, message = {**MARKS, **SHOWN, **POINTS}[case]
        change(course, *changes)
        assert message in refused(course)
        assert not course.releases.exists()

    @pytest.mark.parametrize(
        "changes",
        [
            [
                ("(2 points)", "(0 points)"),
                ("(6 points)", "(4 points)"),
                ('works" points=2', 'works" points=0'),
            ],
            [("# Three tasks.", "# ```\n# # no title\n# ```")],
            [("# ### What counts", "# Call `np.full((len(rows), 1), START)`.")],
            [("return int((rows", "import numpy as np\n    return int((rows")],
        ],
        ids=["stated as 0", "a comment in a code block", "a line in prose", "commonplace lines"],
    )
    def test_what_only_looks_like_a_mistake_is_released(self, released, changes):
        change(released, *changes)
        assert release.release(released, [NAME], check=False) == [NAME]

    def test_a_notebook_older_than_its_percent_source_is_refused(self, course):
        path = course.sources / NAME / "shift.py"
        path.write_text(SOURCE.replace("START = 1", "START = 2"), encoding="utf-8")
        assert "differs from shift.py first in cell 2" in refused(course)

    def test_what_is_no_notebook_is_refused(self, course):
        (course.sources / NAME / "shift.py").unlink()
        (course.sources / NAME / "shift.ipynb").write_text("[1, 2]")
        assert "shift.ipynb: not a notebook" in refused(course)

    def test_a_stub_line_that_the_solution_lacks_is_refused(self, course):
        written = nbformat.reads(source(course).decode(), as_version=4)
        given = mutants.released(source(course), course.config)
        authoring.check_release(plan(course), written, given, course.config)
        given.cells[3].source = given.cells[3].source.replace("(rows)", "(ids)")
        with pytest.raises(CourseError, match=r"'shift': its stub has 'def shift\(ids\):'"):
            authoring.check_release(plan(course), written, given, course.config)

    def test_a_cell_that_nbgrader_was_told_to_add_is_refused(self, course):
        header = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("# Welcome")])
        nbformat.write(header, course.root / "header.ipynb")
        course.config.IncludeHeaderFooter.header = str(course.root / "header.ipynb")
        assert "shift.ipynb: the release has other cells than its source" in refused(course)

    def test_a_mark_or_an_unseen_attachment_that_is_left_is_refused(self, course):
        written = nbformat.reads(source(course).decode(), as_version=4)
        for left, message in (
            ({"attachments": {"answer.png": {"image/png": "aGk="}}}, "'why': the attached"),
            ({"metadata": {"note": "BEGIN HIDDEN TESTS"}}, "is left in the release"),
        ):
            given = mutants.released(source(course), course.config)
            given.cells[-1].update(nbformat.from_dict(left))
            with pytest.raises(CourseError, match=message):
                authoring.check_release(plan(course), written, given, course.config)

    def test_a_refused_release_leaves_the_old_one_and_the_gradebook_as_they_were(self, released):
        before = exercise(released).read_bytes()
        with Gradebook(released.gradebook) as gradebook:
            gradebook.add_student("ada")
            gradebook.add_submission(NAME, "ada")
        change(released, ('tests="shift_shape"', 'tests="shift_length"'))
        assert "there are submissions associated with it" in refused(released)
        assert exercise(released).read_bytes() == before
        assert files(released.releases) == [f"{NAME}/shift.ipynb"]
        assert sorted(path.name for path in released.releases.iterdir()) == [NAME]
        with Gradebook(released.gradebook) as gradebook:
            assert gradebook.find_grade_cell("shift_shape", "shift", NAME).max_score == 1

    def test_a_gradebook_that_cannot_be_written_is_named(self, released):
        before = exercise(released).read_bytes()
        change(released, ("# Three tasks.", "# Only three tasks."))
        path = released.gradebook.removeprefix("sqlite:///")
        with sqlite3.connect(path) as lock:
            lock.execute("BEGIN EXCLUSIVE")
            assert "database is locked" in refused(released)
        assert exercise(released).read_bytes() == before

    def test_all_are_checked_before_one_is_written(self, course):
        shutil.copytree(course.sources / NAME, course.sources / "04_other")
        change(course, ("(6 points)", "(5 points)"))
        with pytest.raises(CourseError):
            release.release(course, ["04_other", NAME], check=False)
        assert not course.releases.exists()


class TestProof:
    def test_an_assignment_without_mutants_is_refused(self, course):
        (course.sources / NAME / "mutants.py").unlink()
        assert "mutants.py: missing; list at least 6" in refused(course, check=True)

    def test_six_mutants_are_needed(self, course):
        path = course.sources / NAME / "mutants.py"
        path.write_text(MUTANTS + "MUTANTS.pop()\n", encoding="utf-8")
        assert "5 mutants, and 6 are needed" in refused(course, check=True)

    def test_a_mutant_that_the_tests_do_not_catch_is_refused(self, course):
        line = 'checks.equal("count of padded rows", count(np.array([[4, 0], [5, 2]])), 3, "Padding'
        change(course, (f'{line} is no token.")\n', ""))
        message = refused(course, check=True)
        assert "mutant 'padding counted': 5 points, and it declares 3" in message
        assert "no failed task says 'padding': every task passes" in message

    def test_a_right_answer_that_its_tests_refuse_is_refused(self, course):
        change(course, ("(rows != 0).sum()", "(rows != 0).sum() + 1"))
        assert "the right answer gets 0 of 2 for 'count_works', failed:" in refused(
            course, check=True
        )

    def test_a_blank_notebook_that_gets_points_is_refused(self, course):
        change(course, ('shift(rows), (2, 3), "No row gets longer."', "rows, (2, 3)"))
        message = refused(course, check=True)
        assert "a blank notebook gets 1 of 1 for 'shift_shape', passed" in message

    def test_a_blank_notebook_that_looks_wrong_is_refused(self, course):
        change(course, ("count(rows), 6,", "count(rows) + 0, 6,"))
        message = refused(course, check=True)
        assert "a blank notebook gets 0 of 2 for 'count_works', failed" in message
        assert "it should be 'not attempted'" in message


class TestMutants:
    def test_submissions_hold_the_visible_tests_alone(self, course):
        mutant = mutants.load(course.sources / NAME)[0]
        for made in (
            mutants.right(source(course), course.config),
            mutants.blank(source(course), course.config),
            mutants.mutated(source(course), mutant, course.config),
        ):
            nbformat.validate(nbformat.reads(made.decode(), as_version=4))
            assert b"other" not in made
            assert b"HIDDEN" not in made
            assert b"SOLUTION" not in made

    def test_a_blank_notebook_is_the_release_byte_for_byte(self, released):
        assert mutants.blank(source(released), released.config) == exercise(released).read_bytes()

    def test_a_right_answer_holds_the_reference_and_a_mutant_its_own(self, course):
        mutant = mutants.load(course.sources / NAME)[3]
        right = mutants.references(source(course), course.config)
        assert right["count"] == "def count(rows):\n    return int((rows != 0).sum())"
        made = nbformat.reads(
            mutants.mutated(source(course), mutant, course.config).decode(), as_version=4
        )
        sources = {
            cell.metadata.get("nbgrader", {}).get("grade_id"): cell.source for cell in made.cells
        }
        assert sources["shift"] == right["shift"]
        assert sources["count"] == "def count(rows):\n    return rows.size"

    def test_as_declared_means_no_problem_and_an_executors_map_gives_the_same(self, course):
        listed, graded = mutants.load(course.sources / NAME), []

        def several(function, *arguments):
            graded.append(len(arguments[0]))
            return map(function, *arguments)

        found = mutants.verify(plan(course), source(course), listed, run, course.config, several)
        assert found == []
        assert graded == [8]

    def test_what_is_not_as_declared_is_said(self, course):
        answers = {"count": "def count(rows):\n    return len(rows)"}
        wrong = [Mutant("too dear", 4, "tokens", answers), Mutant("mute", 3, "axis", answers)]
        first, second = mutants.verify(plan(course), source(course), wrong, run, course.config)
        assert first.startswith("mutant 'too dear': 3 points, and it declares 4: gets 0 of 2")
        assert second.startswith("mutant 'mute': no failed task says 'axis': gets 0 of 2")

    @pytest.mark.parametrize(
        ("mutant", "problem"),
        [
            (
                Mutant("m", 3, "x", {"cuont": ""}),
                "no answer cell 'cuont' in shift; there are: shift",
            ),
            (Mutant("m", 3, "x", {"count_works": ""}), "no answer cell 'count_works'"),
            (Mutant("m", 3, "x"), "it changes no answer"),
            (Mutant("m", 3, " ", {"count": ""}), "`says` is empty"),
            (Mutant("m", 5, "x", {"count": ""}), "5 points are not from 0 up to less than 5"),
            (Mutant("m", float("nan"), "x", {"count": ""}), "nan points are not"),
        ],
    )
    def test_what_cannot_prove_anything_is_said_before_grading(self, course, mutant, problem):
        found = mutants.verify(plan(course), source(course), [mutant], never, course.config)
        assert len(found) == 1
        assert found[0].startswith(f"mutant 'm': {problem}")

    def test_two_of_a_name_are_told_apart_by_nobody(self, course):
        listed = [Mutant("m", points, "x", {"count": ""}) for points in (2, 3)]
        found = mutants.verify(plan(course), source(course), listed, never, course.config)
        assert found == ["two mutants are called 'm'; give each its own name"]

    def test_loading_leaves_no_trace(self, course):
        path = course.sources / NAME / "mutants.py"
        path.write_text(f"import sys\nsys.path.insert(0, '/nowhere')\n{MUTANTS}", encoding="utf-8")
        before = list(sys.path), set(sys.modules)
        assert [mutant.points for mutant in mutants.load(path.parent)] == [3, 2, 3, 3, 3, 3]
        assert (list(sys.path), set(sys.modules)) == before
        assert not (path.parent / "__pycache__").exists()

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("MUTANTS = [", "SyntaxError"),
            ("raise KeyError('gone')", "KeyError: 'gone'"),
            ("import sys; sys.exit(3)", "SystemExit: 3"),
            ("", "needs a list MUTANTS"),
            ("MUTANTS = [('name', 3)]", "needs a list MUTANTS"),
        ],
    )
    def test_a_file_that_lists_none_is_refused_in_a_line(self, course, text, message):
        path = course.sources / NAME / "mutants.py"
        path.write_text(text)
        with pytest.raises(CourseError) as error:
            mutants.load(path.parent)
        assert str(error.value).startswith(f"{path}: {message}")
        assert "\n" not in str(error.value)


def never(submission, plan):
    """Grade nothing: what a list that is refused unread must not ask for."""
    raise AssertionError("graded")


class TestStale:
    def test_what_was_released_is_not_stale(self, released):
        assert release.stale(released, NAME) == []
        assert release.check(released) == []

    def test_what_was_never_released_is_missing(self, course):
        line = f"exercises/{NAME}/shift.ipynb: missing; `autograder release {NAME}`"
        assert release.stale(course, NAME) == [line]

    def test_other_content_is_stale_and_other_spelling_is_not(self, released):
        notebook = nbformat.read(exercise(released), as_version=4)
        exercise(released).write_text(nbformat.writes(notebook, indent=4), encoding="utf-8")
        assert release.stale(released, NAME) == []
        notebook.cells[1].source += "\nEND = 2"
        exercise(released).write_text(nbformat.writes(notebook), encoding="utf-8")
        assert "shift.ipynb: differs" in release.stale(released, NAME)[0]

    def test_data_is_compared_and_what_does_not_belong_is_named(self, released):
        litter(released)
        release.release(released, [NAME], check=False)
        (released.releases / NAME / "files" / "rows.csv").write_text("4,6\n")
        (released.releases / NAME / "answers.json").write_text("{}")
        extra, differs = release.stale(released, NAME)
        assert f"{NAME}/answers.json: not part of the release" in extra
        assert f"{NAME}/files/rows.csv: differs" in differs

    def test_an_exercise_without_a_source_is_named(self, released):
        shutil.copytree(released.releases / NAME, released.releases / "09_gone")
        assert release.check(released) == [
            "exercises/09_gone: there is no solutions/09_gone; delete it"
        ]

    def test_the_command_says_so_with_its_exit_code(self, released, monkeypatch, capsys):
        monkeypatch.chdir(released.root)
        exercise(released).unlink()
        assert release.main(["check"]) == 1
        assert "shift.ipynb: missing" in capsys.readouterr().err
        release.release(released, [NAME], check=False)
        assert release.main(["check"]) == 0
        assert capsys.readouterr().out == "1 exercises are what a release would write\n"
        change(released, ("(6 points)", "(5 points)"))
        assert release.main(["check"]) == 1
        assert "but the cells below it have 6" in capsys.readouterr().err
        assert release.main(["chekc"]) == 2

    def test_a_check_writes_nothing(self, course):
        release.check(course)
        assert not course.releases.exists()
        assert not list(course.work.iterdir())


LINES = st.lists(
    st.sampled_from(["x = 1", "    y = 2", "", "### BEGIN SOLUTION", "    ### END SOLUTION"])
)


@given(lines=LINES)
def test_regions_are_read_as_nbgrader_reads_them(lines):
    marks, text = authoring.marks_of(None)[0], "\n".join(lines)
    cell = nbformat.v4.new_code_cell(text, metadata={"nbgrader": {"solution": True}})
    clear = ClearSolutions(code_stub={"python": "STUB"})
    try:
        inside, outside = authoring.split(text, marks)
    except ValueError:
        return
    left = clear._replace_solution_region(cell, "python")
    assert left == (inside is not None)
    kept = [line for line in cell.source.split("\n") if line.strip() != "STUB"]
    assert kept == outside
