"""Whatever is handed in becomes the release's cells with the learner's answers, or is refused."""

import codecs
import json
import shutil
from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from pathlib import Path

import nbformat
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from nbgrader.nbgraderformat.v3 import MetadataValidatorV3

from autograder import reading
from autograder.classroom import Classroom
from autograder.generate import generate
from autograder.plan import ANSWER, GIVEN, MANUAL, TESTS, TEXT, Plan, make_plan
from autograder.repair import ELSEWHERE, OWN, Cell, Repaired, Unreadable, repair, to_notebook
from tools import notebooks

ROOT = Path(__file__).resolve().parent.parent

SOURCE = '''\
# %% [markdown]
# # Shifting
# A decoder's input is its target, one step later.

# %% locked="setup"
START = 1
ROWS = [[4, 5, 6], [7, 8]]

# %% [markdown]
# ## One row
# Write the function.

# %% solution="shift"
def shift(ids, start):
    """Return the ids one step later, behind the start token."""
    ### BEGIN SOLUTION
    return [start, *ids[:-1]]
    ### END SOLUTION

# %% tests="shift_works" points=2
assert shift(ROWS[0], START) == [1, 4, 5], "the start token comes first"
### BEGIN HIDDEN TESTS
assert shift([9, 9], 3) == [3, 9]
### END HIDDEN TESTS

# %% [markdown]
# ## All rows

# %% solution="lengths"
### BEGIN SOLUTION
lengths = [len(row) for row in ROWS]
### END SOLUTION

# %% solution="longest"
def longest(rows):
    """Return the longest row."""
    ### BEGIN SOLUTION
    return max(rows, key=len)
    ### END SOLUTION

# %% tests="rows_measured" points=3
assert lengths == [3, 2]
assert longest(ROWS) == ROWS[0], "measure each row with len"

# %% [markdown] manual="why" points=1.5
# Because a decoder must not see the token that it predicts.
'''

SHIFT = "def shift(ids, start):\n    moved = [start, *ids]\n    return moved[:-1]"
LENGTHS = "lengths = list(map(len, ROWS))"
LONGEST = "def longest(rows):\n    return sorted(rows, key=len)[-1]"
WHY = "It would only copy. שלום 🙂"
ANSWERS = {"shift": SHIFT, "lengths": LENGTHS, "longest": LONGEST, "why": WHY}
BLANK_SHIFT = (
    'def shift(ids, start):\n    """Return the ids one step later, behind the start token."""\n'
    "    ...  # your code here"
)
FULL = 5.0  # of 6.5: a person grades the rest


def make(root: Path, source: str) -> Classroom:
    """A classroom with one assignment, its notebook made from a percent source."""
    shutil.copy(ROOT / "nbgrader_config.py", root)
    folder = root / "solutions" / "03_shifting"
    folder.mkdir(parents=True)
    (folder / "shifting.py").write_text(source, encoding="utf-8")
    notebook = notebooks.build(folder / "shifting.py")
    (folder / "shifting.ipynb").write_text(notebooks.as_json(notebook), encoding="utf-8")
    return Classroom.open(root)


def plan_of(classroom: Classroom) -> Plan:
    path = classroom.sources / "03_shifting" / "shifting.ipynb"
    return make_plan(path.read_bytes(), "03_shifting", "shifting", classroom.config)


@pytest.fixture(scope="module")
def classroom(tmp_path_factory) -> Classroom:
    return make(tmp_path_factory.mktemp("course"), SOURCE)


@pytest.fixture(scope="module")
def plan(classroom) -> Plan:
    return plan_of(classroom)


@pytest.fixture(scope="module")
def released(classroom) -> bytes:
    """What nbgrader gives to learners."""
    return generate(classroom, "03_shifting")["shifting.ipynb"]


@pytest.fixture
def blank(released) -> dict:
    return json.loads(released)


@pytest.fixture
def right(blank) -> dict:
    """A release in which a learner has answered everything."""
    for identity, source in ANSWERS.items():
        at(blank, identity)["source"] = source
    return blank


def grade_id(cell: dict) -> str:
    return cell["metadata"].get("nbgrader", {}).get("grade_id", "")


def at(notebook: dict, identity: str) -> dict:
    return next(cell for cell in notebook["cells"] if grade_id(cell) == identity)


def place(notebook: dict, identity: str) -> int:
    return [grade_id(cell) for cell in notebook["cells"]].index(identity)


def code(source: str, **fields: object) -> dict:
    """A cell as a learner adds it."""
    return {"cell_type": "code", "metadata": {}, "source": source, "outputs": [], **fields}


def text(source: str) -> dict:
    return {"cell_type": "markdown", "metadata": {}, "source": source}


def add(notebook: dict, after: str, *cells: dict) -> None:
    where = place(notebook, after) + 1
    notebook["cells"][where:where] = cells


def strip(notebook: dict) -> None:
    for cell in notebook["cells"]:
        cell["metadata"] = {}
        cell.pop("id", None)


def as_bytes(notebook: object) -> bytes:
    return json.dumps(notebook).encode()


def mended(notebook: object, plan: Plan) -> Repaired:
    """Repair a notebook, and check what must hold of every result."""
    repaired = repair(notebook if isinstance(notebook, bytes) else as_bytes(notebook), plan)
    assert_sound(repaired, plan)
    return repaired


def assert_sound(repaired: Repaired, plan: Plan) -> None:
    """A valid notebook with the release's graded cells in order, and nothing left to repair."""
    graded = [cell for cell in repaired.cells if cell.role not in (OWN, TEXT)]
    wanted = [cell for cell in plan.cells if cell.role != TEXT]
    assert [(c.id, c.kind, c.role) for c in graded] == [(w.id, w.kind, w.role) for w in wanted]
    locked = [(w.id, w.released) for w in wanted if w.locked]
    assert [(c.id, c.source) for c in graded if c.role in (TESTS, GIVEN)] == locked
    assert all(line == " ".join(line.split()) and line[-1] == "." for line in repaired.repairs)
    written = to_notebook(repaired, plan)
    assert_valid(written)
    again = repair(as_bytes(written), plan)
    assert (again.cells, again.repairs) == (repaired.cells, [])


def assert_valid(written: dict) -> None:
    """By nbformat's and by nbgrader's rules, and as UTF-8."""
    json.dumps(written, ensure_ascii=False, allow_nan=False).encode()
    notebook = nbformat.from_dict(written)
    nbformat.validate(notebook)
    MetadataValidatorV3().validate_nb(notebook)


def sources(repaired: Repaired) -> dict[str, str]:
    return {cell.id: cell.source for cell in repaired.cells if cell.id}


def answers(repaired: Repaired) -> dict[str, str]:
    return {c.id: c.source for c in repaired.cells if c.role in (ANSWER, MANUAL)}


def order(repaired: Repaired) -> list[str]:
    """The ids of graded cells, and the source of the learner's own."""
    return [cell.id or cell.source for cell in repaired.cells if cell.role != TEXT]


def points(repaired: Repaired, plan: Plan) -> float:
    """What the whole of the tests gives, with all cells run in order; own cells may fail."""
    names: dict = {}
    total = 0.0
    for cell in repaired.cells:
        if cell.kind == "code":
            wanted = plan.cell(cell.id) if cell.role == TESTS else None
            try:
                exec(wanted.tests if wanted else cell.source, names)
            except Exception:
                continue
            total += wanted.points if wanted else 0
    return total


def test_the_release_needs_no_repair(released, plan):
    repaired = mended(released, plan)
    assert repaired.repairs == [] and repaired.lost == {}
    assert sources(repaired) == {cell.id: cell.released for cell in plan.cells}
    assert points(repaired, plan) == 0


def test_answers_are_carried_and_nothing_is_said(right, plan):
    repaired = mended(right, plan)
    assert repaired.repairs == [] and repaired.lost == {}
    assert answers(repaired) == ANSWERS
    assert points(repaired, plan) == FULL


def test_an_instructors_own_solution_needs_no_repair(classroom, plan):
    source = (classroom.sources / "03_shifting" / "shifting.ipynb").read_bytes()
    repaired = mended(source, plan)
    assert repaired.repairs == []
    assert points(repaired, plan) == FULL


def run_by_jupyter(notebook: dict) -> None:
    for count, cell in enumerate(notebook["cells"], 1):
        if cell["cell_type"] == "code":
            cell["execution_count"] = count
            cell["outputs"] = [{"output_type": "stream", "name": "stdout", "text": ["hi\n"]}]
            cell["metadata"] |= {"collapsed": True, "trusted": True, "tags": ["x"]}


def through_colab(notebook: dict) -> None:
    for number, cell in enumerate(notebook["cells"]):
        cell.pop("id", None)
        cell["metadata"] |= {"id": f"x{number}", "outputId": "1", "executionInfo": {"status": "ok"}}
    notebook["metadata"]["colab"] = {"provenance": []}


def with_crlf(notebook: dict) -> None:
    for cell in notebook["cells"]:
        cell["source"] = "".join(cell["source"]).replace("\n", "\r\n")


def with_blanks_at_line_ends(notebook: dict) -> None:
    for cell in notebook["cells"]:
        cell["source"] = "".join(cell["source"]).replace("\n", "  \n") + "\n"


def without_fields(notebook: dict) -> None:
    for cell in notebook["cells"]:
        for name in ("outputs", "execution_count", "id"):
            cell.pop(name, None)


def without_cell_metadata_on_text(notebook: dict) -> None:
    for cell in notebook["cells"]:
        if not grade_id(cell):
            del cell["metadata"]


def with_equal_cell_ids(notebook: dict) -> None:
    for cell in notebook["cells"]:
        cell["id"] = "same"


def unlocked(notebook: dict) -> None:
    for cell in notebook["cells"]:
        cell["metadata"].pop("editable", None)
        cell["metadata"].pop("deletable", None)


def with_text_edited(notebook: dict) -> None:
    notebook["cells"][0]["source"] = "# My notes"
    notebook["cells"][2]["source"] = "## One row\nDone, and it took an hour."


def with_text_deleted(notebook: dict) -> None:
    notebook["cells"] = [c for c in notebook["cells"] if grade_id(c)]


NORMAL = (
    run_by_jupyter,
    through_colab,
    with_crlf,
    with_blanks_at_line_ends,
    without_fields,
    without_cell_metadata_on_text,
    with_equal_cell_ids,
    unlocked,
    with_text_edited,
    with_text_deleted,
)


@pytest.mark.parametrize("change", NORMAL, ids=lambda change: change.__name__)
def test_what_editors_and_learners_do_is_no_repair(right, plan, change):
    change(right)
    repaired = mended(right, plan)
    assert repaired.repairs == []
    assert points(repaired, plan) == FULL


@pytest.mark.parametrize("layout", [{"indent": 4}, {"ensure_ascii": False}, {"sort_keys": True}])
def test_the_layout_of_the_json_does_not_matter(right, plan, layout):
    assert mended(json.dumps(right, **layout).encode(), plan) == mended(right, plan)


def test_crlf_between_the_lines_of_the_file_is_no_repair(right, plan):
    assert mended(json.dumps(right, indent=1).replace("\n", "\r\n").encode(), plan).repairs == []


def test_edited_text_keeps_its_place_and_its_words(right, plan):
    with_text_edited(right)
    kept = [cell for cell in mended(right, plan).cells if cell.role == TEXT]
    assert [cell.source for cell in kept][:2] == [c["source"] for c in right["cells"][0:3:2]]


def test_edited_text_is_recognised_by_its_heading_without_ids(right, plan):
    with_text_edited(right)
    without_fields(right)
    roles = {cell.source: cell.role for cell in mended(right, plan).cells}
    assert roles["## One row\nDone, and it took an hour."] == TEXT
    assert roles["# My notes"] == OWN


def test_own_cells_stay_where_they_are(right, plan):
    add(right, "setup", code("first = 1"), text("a note"))
    add(right, "shift_works", code("second = 2"))
    right["cells"].insert(0, code("top = 0"))
    right["cells"] += [code(""), code("...  # your code here")]
    repaired = mended(right, plan)
    assert repaired.repairs == []
    assert order(repaired) == [
        *("top = 0", "setup", "first = 1", "a note", "shift", "shift_works", "second = 2"),
        *("lengths", "longest", "rows_measured", "why", "", "...  # your code here"),
    ]


def test_an_experiment_further_down_is_not_taken_for_the_answer(right, plan):
    right["cells"].append(code("def shift(ids, start):\n    return None"))
    repaired = mended(right, plan)
    assert repaired.repairs == []
    assert answers(repaired)["shift"] == SHIFT


def test_a_note_that_quotes_a_function_is_not_taken_for_the_answer(right, plan):
    at(right, "shift")["source"] = BLANK_SHIFT
    right["cells"].append(text(SHIFT))
    repaired = mended(right, plan)
    assert repaired.repairs == []
    assert answers(repaired)["shift"] == BLANK_SHIFT


def test_code_is_taken_for_the_answer_before_a_note_that_quotes_it(right, plan):
    right["cells"].remove(at(right, "shift"))
    right["cells"] += [code(SHIFT), text(SHIFT)]
    found = [(cell.role, cell.kind) for cell in mended(right, plan).cells if cell.source == SHIFT]
    assert found == [(ANSWER, "code"), (OWN, "markdown")]


def test_what_an_answer_cell_holds_stays_its_answer_if_no_other_needs_it(right, plan):
    at(right, "shift")["source"] = LONGEST
    at(right, "longest")["source"] = "def biggest(rows):\n    return rows[0]"
    repaired = mended(right, plan)
    assert repaired.repairs == []
    assert answers(repaired)["shift"] == LONGEST


def test_an_answer_in_the_wrong_cell_is_left_where_a_learner_put_it(right, plan):
    at(right, "shift")["source"] = LONGEST
    at(right, "longest")["source"] = plan.cell("longest").released
    repaired = mended(right, plan)
    assert repaired.repairs == []
    assert answers(repaired)["shift"] == LONGEST


def test_an_experiment_is_not_taken_for_the_answer_without_metadata_either(right, plan):
    right["cells"].append(code("def shift(ids, start):\n    return None"))
    strip(right)
    assert answers(mended(right, plan))["shift"] == SHIFT


def test_work_is_taken_before_a_blank_cell_without_metadata_either(right, plan):
    at(right, "shift")["source"] = BLANK_SHIFT
    right["cells"].append(code(SHIFT))
    strip(right)
    assert answers(mended(right, plan))["shift"] == SHIFT


def drop(*ids: str) -> Callable:
    def change(notebook: dict) -> None:
        notebook["cells"] = [cell for cell in notebook["cells"] if grade_id(cell) not in ids]

    return change


def write(identity: str, source: object) -> Callable:
    return lambda notebook: at(notebook, identity).update(source=source)


def mark(identity: str, **marks: object) -> Callable:
    return lambda notebook: at(notebook, identity)["metadata"]["nbgrader"].update(marks)


def metadata(identity: str, value: object) -> Callable:
    return lambda notebook: at(notebook, identity).update(metadata=value)


def double(identity: str, **fields: object) -> Callable:
    """A second cell at the end, with other fields."""
    return lambda notebook: notebook["cells"].append({**deepcopy(at(notebook, identity)), **fields})


def double_before(identity: str, **fields: object) -> Callable:
    def change(notebook: dict) -> None:
        copy = {**deepcopy(at(notebook, identity)), **fields}
        notebook["cells"].insert(place(notebook, identity), copy)

    return change


def retype(identity: str, kind: str) -> Callable:
    return lambda notebook: at(notebook, identity).update(cell_type=kind)


def swap(one: str, two: str) -> Callable:
    def change(notebook: dict) -> None:
        first, second = at(notebook, one), at(notebook, two)
        first["metadata"], second["metadata"] = second["metadata"], first["metadata"]

    return change


def move(identity: str, to: int) -> Callable:
    def change(notebook: dict) -> None:
        cell = notebook["cells"].pop(place(notebook, identity))
        notebook["cells"].insert(to, cell)

    return change


def replaced(identity: str, *cells: dict) -> Callable:
    """Cells without metadata in the place of one."""

    def change(notebook: dict) -> None:
        where = place(notebook, identity)
        notebook["cells"][where : where + 1] = cells

    return change


def split(identity: str, *parts: str) -> Callable:
    """As JupyterLab splits a cell: each part has the metadata."""

    def change(notebook: dict) -> None:
        where, cell = place(notebook, identity), at(notebook, identity)
        copies = [{**deepcopy(cell), "source": part} for part in parts]
        notebook["cells"][where : where + 1] = copies

    return change


def all_of(*changes: Callable) -> Callable:
    return lambda notebook: [change(notebook) for change in changes] and None


TESTS_OF = "The tests of task 'shift_works'"
RECOGNISED = (
    "The answer cell 'shift' had no usable grading metadata; it was recognised all the same."
)
CHANGED = "The grading metadata of the answer cell 'shift' had been changed; it was put back."
STRIPPED = "The notebook had no grading metadata; its cells were recognised all the same."
REORDERED = "The cells were in another order; they were run in the assignment's order."
UNUSABLE = (
    "The answer cell 'shift' held characters that no program may hold; they were left out or "
    "replaced."
)
SPREAD = "The answer cell 'shift' was spread over several cells; all of them were kept."
LAST_WORK = "The answer cell 'shift' was there twice; your last work was kept."


def case(change: Callable, *said: str, left: float = FULL) -> tuple:
    """What happens to a right notebook, the sentences, and the points that are left."""
    return change, list(said), left


CASES = {
    "test deleted": case(
        drop("shift_works"), f"{TESTS_OF} were missing; they were put back as released."
    ),
    "locked cell deleted": case(
        drop("setup"), "The given cell 'setup' was missing; it was put back as released."
    ),
    "answer deleted": case(
        drop("shift"),
        "The answer cell 'shift' was missing; the blank one was put back.",
        left=FULL - 2,
    ),
    "answer emptied": case(
        write("shift", " \n"),
        "The answer cell 'shift' was empty; the blank one was put back.",
        left=FULL - 2,
    ),
    "manual answer deleted": case(
        drop("why"), "The answer cell 'why' was missing; the blank one was put back."
    ),
    "test edited": case(
        write("shift_works", "assert True"),
        f"{TESTS_OF} had been edited; they were put back as released.",
    ),
    "test emptied": case(
        write("shift_works", ""), f"{TESTS_OF} had been edited; they were put back as released."
    ),
    "locked cell edited": case(
        write("setup", "START = 2\nROWS = []"),
        "The given cell 'setup' had been edited; it was put back as released.",
    ),
    "test doubled": case(
        double("shift_works"), f"{TESTS_OF} were there twice; one copy was kept, as released."
    ),
    "test trebled": case(
        all_of(double("shift_works"), double_before("shift_works")),
        f"{TESTS_OF} were there 3 times; one copy was kept, as released.",
    ),
    "test doubled, the first copy edited": case(
        double_before("shift_works", source="assert shift(ROWS[0], START) == [1, 4, 5]  # why?"),
        f"{TESTS_OF} were there twice; one copy was kept, as released.",
    ),
    "locked cell doubled, without its metadata": case(
        double("setup", metadata={}),
        "The given cell 'setup' was there twice; one copy was kept, as released.",
    ),
    "locked cell doubled, the first without its metadata": case(
        double_before("setup", metadata={}),
        "The given cell 'setup' was there twice; one copy was kept, as released.",
    ),
    "answer doubled, wrong first": case(
        double_before("shift", source="def shift(ids, start):\n    return ids"), LAST_WORK
    ),
    "answer doubled, blank last": case(double("shift", source=BLANK_SHIFT), LAST_WORK),
    "answer doubled, empty last": case(double("shift", source=""), LAST_WORK),
    "answer doubled, right last": case(
        all_of(double("shift"), write("shift", "def shift(ids, start):\n    return ids")),
        REORDERED,
        LAST_WORK,
    ),
    "answer doubled, blank last and without metadata": case(
        double("shift", source=BLANK_SHIFT, metadata={}), LAST_WORK
    ),
    "answer doubled, the last in pieces": case(
        double("shift", source=[SHIFT.replace("ids", "i"), 7]), LAST_WORK
    ),
    "manual answer doubled, with other signs": case(
        double_before("why", source="It would only copy! שלום"), LAST_WORK.replace("shift", "why")
    ),
    "answer in another cell": case(
        all_of(write("shift", BLANK_SHIFT), lambda notebook: notebook["cells"].append(code(SHIFT))),
        "The answer cell 'shift' was blank; the cell that holds its answer took its place.",
    ),
    "answer in another cell, its own deleted": case(
        all_of(drop("shift"), lambda notebook: notebook["cells"].append(code(SHIFT))),
        REORDERED,
        RECOGNISED,
    ),
    "two answers in one cell": case(
        all_of(write("shift", f"{SHIFT}\n\n{LONGEST}"), drop("longest")),
        "The answer cell 'longest' was missing; what it asks for is in another cell, "
        "which was kept.",
    ),
    "split by JupyterLab, a helper first": case(
        split("shift", "def join(*parts):\n    return [x for p in parts for x in p]", SHIFT), SPREAD
    ),
    "split by JupyterLab, a trial last": case(
        split("shift", SHIFT, "print(shift([1, 2, 3], 7))"), SPREAD
    ),
    "split, the second half without metadata": case(
        all_of(
            write("lengths", "lengths = []"),
            lambda notebook: add(
                notebook, "lengths", code("for row in ROWS:\n    lengths.append(len(row))")
            ),
        )
    ),
    "answer retyped to text": case(
        retype("shift", "markdown"),
        "The answer cell 'shift' had been turned into text; it was made code again.",
    ),
    "answer retyped to raw": case(
        retype("shift", "raw"),
        "The answer cell 'shift' had been turned into text; it was made code again.",
    ),
    "test retyped": case(
        retype("shift_works", "markdown"),
        f"{TESTS_OF} had been turned into text; they were made code again.",
    ),
    "manual answer retyped": case(
        retype("why", "code"),
        "The answer cell 'why' had been turned into code; it was made text again.",
    ),
    "tests moved to the top": case(move("rows_measured", 0), REORDERED),
    "answer moved to the end": case(move("shift", 99), REORDERED),
    "answers' ids swapped": case(
        swap("shift", "longest"),
        "The answer cell 'shift' had a wrong grade id; it was recognised by content.",
        "The answer cell 'longest' had a wrong grade id; it was recognised by content.",
    ),
    "tests' ids swapped": case(
        swap("shift_works", "rows_measured"),
        f"{TESTS_OF} had a wrong grade id; they were recognised by content.",
        "The tests of task 'rows_measured' had a wrong grade id; they were recognised by content.",
    ),
    "ids of a test and its answer swapped": case(
        swap("shift_works", "shift"),
        "The answer cell 'shift' had a wrong grade id; it was recognised by content.",
        f"{TESTS_OF} had a wrong grade id; they were recognised by content.",
    ),
    "points edited": case(
        mark("shift_works", points=100),
        "The points of the tests of task 'shift_works' had been changed; those of the release "
        "count.",
    ),
    "points of no number": case(
        mark("why", points="all"),
        "The points of the answer cell 'why' had been changed; those of the release count.",
    ),
    "schema version a text": case(mark("shift", schema_version="3"), CHANGED),
    "schema version null": case(mark("shift", schema_version=None), CHANGED),
    "schema version 99": case(mark("shift", schema_version=99), CHANGED),
    "answer marked as a test": case(mark("shift", grade=True, solution=False), CHANGED),
    "flags of no truth value": case(mark("shift", solution="yes"), CHANGED),
    "locked cell marked as any other": case(
        mark("setup", locked=False), CHANGED.replace("answer cell 'shift'", "given cell 'setup'")
    ),
    "a task of nbgrader's fourth kind": case(
        mark("why", task=True, grade=False, solution=False, locked=True)
    ),
    "nbgrader a list": case(metadata("shift", {"nbgrader": [1]}), RECOGNISED),
    "nbgrader a text": case(metadata("shift", {"nbgrader": "shift"}), RECOGNISED),
    "nbgrader empty, as after de-duplication": case(
        metadata("shift", {"nbgrader": {}}), RECOGNISED
    ),
    "metadata null": case(metadata("shift", None), RECOGNISED),
    "metadata a list": case(metadata("shift", ["nbgrader"]), RECOGNISED),
    "grade id a number": case(
        mark("shift", grade_id=3),
        "The answer cell 'shift' had a wrong grade id; it was recognised by content.",
    ),
    "a function renamed, without metadata": case(
        replaced("longest", code('def longer(rows):\n    """Return the longest row."""\n    pass')),
        RECOGNISED.replace("shift", "longest"),
        left=FULL - 3,
    ),
    "metadata lost of an answer without a name": case(
        metadata("lengths", {}), RECOGNISED.replace("shift", "lengths")
    ),
    "metadata lost of an answer in text": case(
        metadata("why", {}), RECOGNISED.replace("shift", "why")
    ),
    "an unknown grade id": case(
        lambda notebook: add(
            notebook,
            "setup",
            code("x = 1", metadata={"nbgrader": {"grade_id": "ex\x1b[2J1", "solution": True}}),
        ),
        "Cell 3 had the grade id 'ex�[2J1'; it was kept as a cell of your own.",
    ),
    "the grade id of a given cell on an own one": case(
        lambda notebook: add(
            notebook, "setup", code("x = 1", metadata=at(notebook, "setup")["metadata"])
        ),
        "Cell 3 had the grade id 'setup'; it was kept as a cell of your own.",
    ),
    "NUL in an answer": case(write("shift", SHIFT.replace("moved", "mo\0ved")), UNUSABLE),
    "half an emoji in a comment": case(write("shift", f"{SHIFT}  # \ud83d"), UNUSABLE),
    "NUL in an own cell": case(
        lambda notebook: add(notebook, "setup", text("a\0b")),
        "Cell 3 held characters that no program may hold; they were left out or replaced.",
    ),
    "a number among the lines": case(
        write("shift", [*SHIFT.splitlines(keepends=True), 7]),
        "The answer cell 'shift' held something other than text, which was left out.",
    ),
    "entries that are no cells": case(
        lambda notebook: notebook["cells"].extend([None, "cell"]),
        "Entry 11 of the notebook was no cell; it was left out.",
        "Entry 12 of the notebook was no cell; it was left out.",
    ),
    "all metadata stripped": case(strip, STRIPPED),
    "all metadata stripped, and a test edited": case(
        all_of(
            write("shift_works", 'assert shift(ROWS[0], START), "the start comes first"'), strip
        ),
        STRIPPED,
        f"{TESTS_OF} had been edited; they were put back as released.",
    ),
    "all metadata stripped, and the answers in another order": case(
        all_of(move("longest", 0), strip), STRIPPED, REORDERED
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_damaged_notebook_is_mended_and_the_learner_reads_how(right, plan, case):
    change, said, left = CASES[case]
    change(right)
    repaired = mended(right, plan)
    assert repaired.repairs == said
    assert repaired.lost == {}
    assert points(repaired, plan) == left


def test_sentences_come_in_the_releases_order(right, plan):
    for change in (drop("why"), drop("setup"), write("shift_works", ""), drop("lengths")):
        change(right)
    named = [line.split("'")[1] for line in mended(right, plan).repairs]
    assert named == ["setup", "shift_works", "lengths", "why"]


def test_what_is_in_another_cell_is_not_undone_by_a_blank_one(right, plan):
    write("shift", f"{SHIFT}\n\n{LONGEST}")(right)
    drop("longest")(right)
    assert answers(mended(right, plan))["longest"] == ELSEWHERE


def test_a_variable_that_is_set_elsewhere_is_not_undone_either(twice):
    plan, notebook = twice
    write("first", "")(notebook)
    plan = replace(plan, cells=plan.cells[:2])
    notebook["cells"][:] = [code("result = 1"), *notebook["cells"][:2]]
    repaired = mended(notebook, plan)
    assert repaired.repairs == [
        "The answer cell 'first' was empty; what it asks for is in another cell, which was kept."
    ]
    assert points(repaired, plan) == 1


def test_a_split_answer_keeps_its_parts_in_order(right, plan):
    split("shift", "from itertools import chain", SHIFT, "shift([1], 2)")(right)
    repaired = mended(right, plan)
    assert order(repaired)[1:4] == ["from itertools import chain", "shift", "shift([1], 2)"]


def test_two_functions_of_one_answer_in_two_cells_are_both_kept(tmp_path):
    source = """\
# %% solution="codec"
def encode(text):
    ### BEGIN SOLUTION
    return [ord(letter) for letter in text]
    ### END SOLUTION
def decode(ids):
    ### BEGIN SOLUTION
    return "".join(chr(i) for i in ids)
    ### END SOLUTION

# %% tests="codec_works" points=1
assert decode(encode("si")) == "si"
"""
    plan = plan_of(make(tmp_path, source))
    notebook = to_notebook(repair(b'{"cells": []}', plan), plan)
    halves = "def encode(text):\n    return list(text)", "def decode(ids):\n    return ''.join(ids)"
    split("codec", *halves)(notebook)
    repaired = mended(notebook, plan)
    assert repaired.repairs == [SPREAD.replace("shift", "codec")]
    assert points(repaired, plan) == 1


def test_own_cells_follow_the_cell_that_they_followed(right, plan):
    add(right, "shift", code("after_shift = 1"))
    where = place(right, "shift")
    pair = right["cells"][where : where + 2]
    right["cells"] = right["cells"][:where] + right["cells"][where + 2 :] + pair
    assert order(mended(right, plan))[:3] == ["setup", "shift", "after_shift = 1"]


def test_raw_cells_do_not_run(right, plan):
    right["cells"].append({"cell_type": "raw", "metadata": {}, "source": "1 / 0"})
    right["cells"].append({"cell_type": ["code"], "metadata": {}, "source": "1 / 0"})
    assert [cell.kind for cell in mended(right, plan).cells[-2:]] == ["markdown"] * 2


@pytest.mark.parametrize("source", [7, {"a": 1}, [[]], True])
@pytest.mark.parametrize(
    ("answer", "task", "cost"),
    [("shift", "shift_works", 2), ("lengths", "rows_measured", 3), ("why", "why", 0)],
)
def test_an_answer_that_is_no_text_is_lost_and_nothing_else(
    right, plan, source, answer, task, cost
):
    write(answer, source)(right)
    repaired = mended(right, plan)
    assert repaired.lost == {task: f"The answer cell '{answer}' held something other than text."}
    assert points(repaired, plan) == FULL - cost


def test_an_answer_that_is_no_text_is_not_lost_if_it_was_written_again(right, plan):
    double_before("shift", source=7)(right)
    repaired = mended(right, plan)
    assert repaired.lost == {} and answers(repaired)["shift"] == SHIFT


# Two answers that must define the same name, and nothing but metadata tells which is which.

TWICE = """\
# %% solution="first"
### BEGIN SOLUTION
result = 1
### END SOLUTION

# %% tests="first_right" points=1
assert result == 1

# %% solution="second"
### BEGIN SOLUTION
result = 2
### END SOLUTION

# %% tests="second_right" points=1
assert result == 2
"""


@pytest.fixture
def twice(tmp_path) -> tuple[Plan, dict]:
    source = TWICE.replace("### BEGIN", "result = ...\n### BEGIN")
    plan = plan_of(make(tmp_path, source))
    notebook = to_notebook(repair(b'{"cells": []}', plan), plan)
    write("first", "result = 1")(notebook)
    write("second", "result = 2")(notebook)
    return plan, notebook


def test_answers_of_one_name_are_told_apart_by_their_neighbours(twice):
    plan, notebook = twice
    strip(notebook)
    repaired = mended(notebook, plan)
    assert repaired.lost == {}
    assert points(repaired, plan) == 2


def test_answers_of_one_name_that_nothing_tells_apart_are_lost(twice):
    plan, notebook = twice
    strip(notebook)
    notebook["cells"] = [notebook["cells"][i] for i in (1, 3, 0, 2)]
    repaired = mended(notebook, plan)
    assert list(repaired.lost) == ["first_right", "second_right"]
    assert repaired.lost["first_right"] == (
        "Nothing tells which cell is the answer 'first': its metadata is missing."
    )


def as_nbformat_3(notebook: dict) -> dict:
    cells = []
    for cell in notebook["cells"]:
        old = {"cell_type": cell["cell_type"], "metadata": cell["metadata"]}
        name = "input" if cell["cell_type"] == "code" else "source"
        if cell["cell_type"] == "code":
            old |= {"language": "python", "collapsed": False, "prompt_number": 1}
            shown = {"output_type": "pyout", "prompt_number": 1, "text": ["3"], "metadata": {}}
            old["outputs"] = [shown, {"output_type": "stream", "stream": "stderr", "text": "hm"}]
        cells.append({**old, name: cell["source"]})
    cells[0] = {"cell_type": "heading", "level": 2, "metadata": {}, "source": ["Shifting"]}
    return {
        "metadata": {"name": ""},
        "nbformat": 3,
        "nbformat_minor": 0,
        "worksheets": [{"cells": cells, "metadata": {}}],
    }


def test_nbformat_3_is_read_and_said(right, plan):
    old = as_nbformat_3(right)
    nbformat.validate(nbformat.from_dict(old), version=3)
    repaired = mended(old, plan)
    assert repaired.repairs == ["The notebook was in an old format (nbformat 3); it was converted."]
    assert points(repaired, plan) == FULL
    assert repaired.cells[0].source == "## Shifting"
    result, stream = repaired.cells[1].outputs
    assert result["data"] == {"text/plain": "3"}
    assert (stream["name"], stream["text"]) == ("stderr", "hm")


BOM = ["The file began with a byte order mark; it was read all the same."]
UTF_16 = ["The file was saved as UTF-16; it was read all the same."]


@pytest.mark.parametrize(
    ("mark", "encoding", "said"),
    [
        (codecs.BOM_UTF8, "utf-8", BOM),
        (codecs.BOM_UTF16_LE, "utf-16-le", UTF_16),
        (codecs.BOM_UTF16_BE, "utf-16-be", UTF_16),
        (b"", "utf-16-le", UTF_16),
        (b"", "utf-16-be", UTF_16),
        (codecs.BOM_UTF32_LE, "utf-32-le", [UTF_16[0].replace("16", "32")]),
    ],
)
def test_an_odd_encoding_is_read_and_said(right, plan, mark, encoding, said):
    text = json.dumps(right, ensure_ascii=False)
    repaired = mended(mark + text.encode(encoding), plan)
    assert repaired.repairs == said
    assert answers(repaired) == ANSWERS


def test_bytes_that_are_no_characters_cost_only_themselves(right, plan):
    write("why", "caf\u00e9")(right)
    data = json.dumps(right, ensure_ascii=False).encode("latin-1")
    repaired = mended(data, plan)
    assert repaired.repairs == [
        "Some bytes of the file were no characters; each was replaced by a \ufffd."
    ]
    assert answers(repaired) == {**ANSWERS, "why": "caf\ufffd"}


def test_a_notebook_without_cells_becomes_the_release(plan):
    repaired = mended({"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}, plan)
    assert repaired.repairs == [
        "There was no cell of this assignment; all were put back as released, without answers."
    ]
    assert sources(repaired) == {c.id: c.released for c in plan.cells if c.role != TEXT}


def test_another_assignments_notebook_is_said_in_one_sentence(plan):
    repaired = mended({"cells": [code("total = 3"), text("notes")]}, plan)
    assert repaired.repairs == [
        "No cell of the notebook belongs to this assignment; all were put back as released, "
        "without answers."
    ]
    assert order(repaired)[:2] == ["total = 3", "notes"]


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "it is empty"),
        (b" \n\0", "it is empty"),
        (b"\xef\xbb\xbf", "it is empty"),
        (b"[]", "it is a JSON list"),
        (b"{}", "it is JSON without a list of cells"),
        (b'{"cells": null, "nbformat": 4}', "it is JSON without a list of cells"),
        (b'{"worksheets": {}}', "it is JSON without a list of cells"),
        (b"null", "it is not JSON, as notebooks are"),
        (b"print(1)", "it is not JSON, as notebooks are"),
        (b"%PDF-1.7", "it is a PDF"),
        (b"PK\x03\x04\x14\0", "it is a zip file"),
        (b"\x89PNG\r\n\x1a\n", "it is a picture"),
        (b"\n<!DOCTYPE html><html>", "it is an HTML page"),
        (b"[" * 100_000, "its JSON is nested too deeply"),
        (b'{"cells": [1', "its JSON is cut off or broken at line 1, column 13"),
        (b'{"cells": []} {}', "its JSON is cut off or broken at line 1, column 15"),
    ],
)
def test_what_is_no_notebook_is_refused_in_one_line(plan, data, why):
    with pytest.raises(Unreadable) as error:
        repair(data, plan)
    assert str(error.value) == why


def test_a_notebook_that_is_cut_off_anywhere_is_refused(right, plan):
    data = as_bytes(right)
    for end in range(1, len(data), 97):
        with pytest.raises(Unreadable, match="cut off or broken at line 1"):
            repair(data[:end], plan)


def test_a_file_that_is_too_large_is_refused_before_it_is_parsed(plan, monkeypatch):
    monkeypatch.setattr(reading, "LARGEST", 2**20)
    with pytest.raises(Unreadable, match=r"it has 2 MB, more than 1; clear its outputs"):
        repair(b"[" * 2**21, plan)


def test_numbers_of_any_size_and_none_are_read(right, plan):
    right["metadata"] = {"a": float("nan"), "b": float("inf"), "c": "DIGITS"}
    data = json.dumps(right).replace('"DIGITS"', "9" * 10_000).encode()
    assert mended(data, plan).repairs == []


def test_texts_may_hold_line_ends_and_tabs_as_they_are(right, plan):
    write("shift", SHIFT.replace("    ", "\t"))(right)
    data = as_bytes(right).replace(rb"\n", b"\n").replace(rb"\t", b"\t")
    assert points(mended(data, plan), plan) == FULL


def test_a_file_may_end_in_zeros(right, plan):
    assert mended(as_bytes(right) + b"\0" * 512, plan).repairs == []


def test_only_so_many_cells_are_read(right, plan):
    right["cells"] += [code(f"x{n} = 1") for n in range(reading.MOST_CELLS)]
    repaired = mended(right, plan)
    total = reading.MOST_CELLS + 10
    assert repaired.repairs == [
        f"The notebook had {total} cells; only the first {reading.MOST_CELLS} count."
    ]


def test_there_are_no_more_sentences_than_anyone_reads(right, plan):
    own = {"nbgrader": {"grade_id": "x", "solution": True}}
    right["cells"] += [code("", metadata=own) for _ in range(300)]
    said = repair(as_bytes(right), plan).repairs
    assert len(said) == 200
    assert said[-1] == "There were 101 more repairs like these."


def saved(right: dict, plan: Plan, *outputs: object) -> list[dict]:
    at(right, "shift")["outputs"] = list(outputs)
    repaired = mended(right, plan)
    assert repaired.repairs == []
    return next(cell.outputs for cell in repaired.cells if cell.id == "shift")


def test_outputs_are_kept_as_text_and_pictures(right, plan):
    stream = {"output_type": "stream", "name": "stderr", "text": "chatter"}
    error = {"output_type": "error", "ename": "E", "evalue": "no", "traceback": ["a", "b"]}
    data = {"text/plain": "<p>", "text/html": "<script>", "image/png": "iVBORw0KGgo="}
    shown = {"output_type": "display_data", "data": data, "metadata": {"image/png": {"width": 9}}}
    kept = saved(right, plan, stream, error, shown)
    assert kept[:2] == [stream, error]
    assert kept[2]["data"] == {"text/plain": "<p>", "image/png": "iVBORw0KGgo="}


@pytest.mark.parametrize(
    "output",
    [
        7,
        None,
        {},
        {"output_type": "update_display_data", "data": {"text/plain": "x"}},
        {"output_type": "display_data", "data": {"application/javascript": "alert(1)"}},
        {"output_type": "display_data", "data": {"image/png": '" onerror="alert(1)'}},
        {"output_type": "display_data", "data": {"image/png": {"a": 1}}},
        {"output_type": "display_data", "data": 3},
    ],
)
def test_outputs_that_are_no_text_or_picture_are_left_out(right, plan, output):
    assert saved(right, plan, output) == []


def test_fifty_megabytes_of_outputs_become_a_few(right, plan):
    stream = {"output_type": "stream", "name": "stdout", "text": "x" * 10_000_000}
    lines = {"output_type": "stream", "name": "stdout", "text": ["x\n"] * 2_000_000}
    picture = {"output_type": "display_data", "data": {"image/png": "A" * 3_000_000}}
    kept = saved(right, plan, stream, lines, *[picture] * 4, stream)
    assert [len(json.dumps(output)) for output in kept] == pytest.approx(
        [20_000, 20_000 * 1.5, 3_000_000, 20_000], rel=0.01
    )


def test_a_hundred_thousand_outputs_become_a_hundred(right, plan):
    one = {"output_type": "stream", "name": "stdout", "text": "1\n"}
    assert len(saved(right, plan, *[one] * 100_000)) == reading.MOST_OUTPUTS


def test_pictures_pasted_into_an_answer_are_kept(right, plan):
    picture = {"image.png": {"image/png": "iVBORw0KGgo="}}
    at(right, "why")["attachments"] = {**picture, "x.svg": {"image/svg+xml": "<svg/>"}, "y": 3}
    repaired = mended(right, plan)
    assert repaired.cells[-1].attachments == picture
    assert to_notebook(repaired, plan)["cells"][-1]["attachments"] == picture


def test_metadata_is_what_nbgrader_released_but_for_checksums(released, plan):
    written = to_notebook(mended(released, plan), plan)
    for ours, theirs in zip(written["cells"], json.loads(released)["cells"], strict=True):
        wanted = dict(theirs["metadata"].get("nbgrader", {}))
        wanted.pop("checksum", None)
        wanted.pop("cell_type", None)
        assert ours["metadata"].get("nbgrader", {}) == wanted
        assert ours["cell_type"] == theirs["cell_type"]


def test_cell_ids_tell_what_is_what(right, plan):
    add(right, "shift", code("1"), code("1"))
    written = to_notebook(mended(right, plan), plan)
    ids = [cell["id"] for cell in written["cells"]]
    assert ids[3:7] == ["shift", "own-1", "own-2", "shift_works"]


def test_cell_ids_are_unique_and_allowed_whatever_an_author_names(plan):
    ids = ["own-1", "", "a b", "a-b", "x" * 90, "x" * 91]
    cells = [Cell(identity, "markdown", TEXT if identity else OWN, "") for identity in ids]
    written = to_notebook(Repaired(cells), plan)
    assert_valid(written)
    assert len({cell["id"] for cell in written["cells"]}) == len(ids)


EXAMPLES = settings(
    deadline=None,
    max_examples=100,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
SCRAPS = st.sampled_from(
    [
        "",
        SHIFT,
        LENGTHS,
        BLANK_SHIFT,
        "\0",
        "\ud800",
        "code",
        "shift",
        "setup",
        "\x1b[31m",
        "# Shifting",
    ]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | SCRAPS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(SCRAPS, inner, max_size=3),
    max_leaves=5,
)
MARKS = st.fixed_dictionaries(
    {},
    optional={
        "grade_id": st.sampled_from(["shift", "setup", "shift_works", "why", "x", 3, None]) | JSON,
        "schema_version": st.sampled_from([3, "3"]) | JSON,
        "points": st.integers() | JSON,
        "grade": st.booleans() | JSON,
        "solution": st.booleans() | JSON,
        "locked": st.booleans() | JSON,
        "task": st.booleans() | JSON,
    },
)
OUTPUT = st.fixed_dictionaries(
    {
        "output_type": st.sampled_from(
            ["stream", "error", "pyerr", "pyout", "execute_result", "display_data"]
        )
    },
    optional={
        "data": st.dictionaries(st.sampled_from(["text/plain", "image/png"]), JSON) | JSON,
        "text": JSON,
        "png": JSON,
        "name": JSON,
        "stream": JSON,
        "ename": JSON,
        "traceback": JSON,
    },
)
ANY_CELL = st.fixed_dictionaries(
    {},
    optional={
        "cell_type": st.sampled_from(["code", "markdown", "raw", "heading"]) | JSON,
        "source": SCRAPS | JSON,
        "input": JSON,
        "metadata": st.fixed_dictionaries({"nbgrader": MARKS | JSON}) | JSON,
        "id": JSON,
        "level": JSON,
        "outputs": st.lists(OUTPUT | JSON, max_size=3) | JSON,
        "attachments": JSON,
    },
)


@EXAMPLES
@given(data=st.binary() | JSON.map(as_bytes))
def test_any_bytes_are_read_or_refused(plan, data):
    try:
        repaired = repair(data, plan)
    except Unreadable as error:
        assert str(error) and "\n" not in str(error)
    else:
        assert_sound(repaired, plan)


@EXAMPLES
@given(cells=st.lists(ANY_CELL | JSON, max_size=6))
def test_any_cells_are_read_and_mended(plan, cells):
    mended({"cells": cells}, plan)


@EXAMPLES
@given(cells=st.lists(ANY_CELL | JSON, max_size=6))
def test_any_cells_of_the_old_format_are_read_and_mended(plan, cells):
    mended({"worksheets": [{"cells": cells}, None, {"cells": 3}]}, plan)


def answered(released: bytes) -> list[dict]:
    notebook = json.loads(released)
    for identity, source in ANSWERS.items():
        at(notebook, identity)["source"] = source
    return notebook["cells"]


ANY_CELLS = st.sets(st.integers(0, 9))


@EXAMPLES
@given(
    order=st.permutations(range(10)),
    doubled=ANY_CELLS,
    stripped=ANY_CELLS.map(lambda places: places - {6, 9}),  # by nothing else can these be told
)
def test_answers_survive_any_order_doubling_and_loss_of_metadata(
    plan, released, order, doubled, stripped
):
    cells = answered(released)
    for index in stripped:
        cells[index]["metadata"] = {}
    cells = [deepcopy(cells[i]) for n in order for i in [n] * (1 + (n in doubled))]
    repaired = mended({"cells": cells}, plan)
    assert answers(repaired) == ANSWERS
    assert points(repaired, plan) == FULL


@EXAMPLES
@given(emptied=ANY_CELLS, stripped=ANY_CELLS)
def test_answers_survive_any_loss_of_metadata_in_place(plan, released, emptied, stripped):
    cells = answered(released)
    for index in emptied:
        cells[index]["metadata"] = {"nbgrader": {}}
    for index in stripped:
        del cells[index]["metadata"]
    repaired = mended({"cells": cells}, plan)
    assert answers(repaired) == ANSWERS
    assert points(repaired, plan) == FULL
