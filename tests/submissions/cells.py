"""What became of the cells."""

from collections.abc import Callable

from autograder.outcome import REPAIRED
from tests.submissions.case import WRONG, Case, cell, changed, marks, own

TESTS = "numbers_are_places"
HELPER = "def divided(rows):\n    return rows / rows.sum(axis=1, keepdims=True)\n"


def without(name: str) -> Callable[[dict], None]:
    """Return what deletes a cell."""

    def change(notebook: dict) -> None:
        notebook["cells"].remove(cell(notebook, name))

    return change


def doubled(name: str, source: str | None = None) -> Callable[[dict], None]:
    """Return what copies a cell below itself, with another source if one is given."""

    def change(notebook: dict) -> None:
        found = cell(notebook, name)
        place = notebook["cells"].index(found)
        copy = {**found, "id": "copied"} | ({} if source is None else {"source": source})
        notebook["cells"].insert(place + 1, copy)

    return change


def edited(name: str, source: str) -> Callable[[dict], None]:
    """Return what changes a cell's source."""

    def change(notebook: dict) -> None:
        cell(notebook, name)["source"] = source

    return change


def marked(name: str, **fields: object) -> Callable[[dict], None]:
    """Return what changes nbgrader's metadata of a cell."""

    def change(notebook: dict) -> None:
        marks(cell(notebook, name)).update(fields)

    return change


def as_text(name: str) -> Callable[[dict], None]:
    """Return what turns a code cell into Markdown."""

    def change(notebook: dict) -> None:
        found = cell(notebook, name)
        found["cell_type"] = "markdown"
        del found["outputs"], found["execution_count"]

    return change


def stripped(notebook: dict) -> None:
    """Take away all metadata, as some editors do, and the cells' ids."""
    for one in notebook["cells"]:
        one["metadata"] = {}
        one.pop("id", None)


def one_stripped(notebook: dict) -> None:
    """Take away one cell's metadata."""
    cell(notebook, TESTS)["metadata"] = {}


def replaced(value: object) -> Callable[[dict], None]:
    """Return what puts something else in the place of nbgrader's metadata."""

    def change(notebook: dict) -> None:
        cell(notebook, "number")["metadata"]["nbgrader"] = value

    return change


def swapped(left: str, right: str) -> Callable[[dict], None]:
    """Return what swaps two grade ids."""

    def change(notebook: dict) -> None:
        one, other = cell(notebook, left), cell(notebook, right)
        marks(one)["grade_id"], marks(other)["grade_id"] = right, left

    return change


def split(notebook: dict, marked_too: bool = False) -> None:
    """Cut an answer in two, as JupyterLab's command does."""
    found = cell(notebook, "shares")
    place = notebook["cells"].index(found)
    found["source"] = HELPER
    rest = own("def shares(rows):\n    return divided(rows)")
    if marked_too:
        rest["metadata"] = found["metadata"]
    notebook["cells"].insert(place + 1, rest)


BACK = ("put back as released",)
KEPT = ("recognised all the same",)

CASES = [
    Case("a test deleted", changed(without(TESTS)), 10, REPAIRED, BACK),
    Case("a failing test deleted", changed(without(TESTS), **WRONG), 0, REPAIRED, BACK),
    Case("an answer deleted", changed(without("number")), 8, REPAIRED, ("blank one was put back",)),
    Case("a given cell deleted", changed(without("setup")), 10, REPAIRED, BACK),
    Case("a test doubled", changed(doubled(TESTS)), 10, REPAIRED, ("there twice",)),
    Case(
        "a test doubled and disarmed",
        changed(doubled(TESTS, "pass"), **WRONG),
        0,
        REPAIRED,
        (TESTS,),
    ),
    Case(
        "an answer doubled",
        changed(doubled("number"), number=WRONG["number"]),
        8,
        REPAIRED,
        ("there twice",),
    ),
    Case(
        "an answer doubled, the last one right",
        changed(
            doubled("number", "def number(words):\n    return dict(zip(words, range(9)))"),
            number=WRONG["number"],
        ),
        10,
        REPAIRED,
        ("your last work was kept",),
    ),
    Case("a given cell doubled", changed(doubled("setup")), 10, REPAIRED, ("there twice",)),
    Case(
        "reordered",
        changed(lambda notebook: notebook["cells"].reverse()),
        10,
        REPAIRED,
        ("in another order",),
    ),
    Case("an answer split", changed(split), 10),
    Case(
        "an answer split, both marked",
        changed(lambda notebook: split(notebook, True)),
        10,
        REPAIRED,
        ("spread over several cells",),
    ),
    Case("an answer as text", changed(as_text("number")), 10, REPAIRED, ("turned into text",)),
    Case("a test as text", changed(as_text(TESTS)), 10, REPAIRED, ("turned into text",)),
    Case(
        "a failing test as text",
        changed(as_text(TESTS), **WRONG),
        0,
        REPAIRED,
        ("turned into text",),
    ),
    Case("a given cell edited", changed(edited("setup", "counts = 1")), 10, REPAIRED, BACK),
    Case("a given helper edited", changed(edited("table", "near = print")), 10, REPAIRED, BACK),
    Case("a test edited", changed(edited(TESTS, "pass"), **WRONG), 0, REPAIRED, BACK),
    Case("metadata stripped", changed(stripped), 10, REPAIRED, ("no grading metadata",)),
    Case("metadata of a test stripped", changed(one_stripped), 10, REPAIRED, KEPT),
    Case("schema version 3 as text", changed(marked(TESTS, schema_version="3")), 10, REPAIRED),
    Case("schema version null", changed(marked(TESTS, schema_version=None)), 10, REPAIRED),
    Case("schema version 99", changed(marked(TESTS, schema_version=99)), 10, REPAIRED),
    Case("metadata a list", changed(replaced([1, {"a": None}])), 10, REPAIRED, KEPT),
    Case("metadata a number", changed(replaced(10**400)), 10, REPAIRED, KEPT),
    Case(
        "points edited",
        changed(marked(TESTS, points=1000), **WRONG),
        0,
        REPAIRED,
        ("those of the release count",),
    ),
    Case("points no number", changed(marked(TESTS, points=[])), 10, REPAIRED, ("the release",)),
    Case(
        "ids of answers swapped",
        changed(swapped("shares", "each")),
        10,
        REPAIRED,
        ("wrong grade id",),
    ),
    Case(
        "ids of tests swapped",
        changed(swapped("shares_of_other_counts", TESTS)),
        10,
        REPAIRED,
        ("wrong grade id",),
    ),
    Case(
        "ids of a failing and a passing test swapped",
        changed(swapped("shares_of_other_counts", TESTS), number=WRONG["number"]),
        8,
        REPAIRED,
        ("wrong grade id",),
    ),
    Case("a grade id a list", changed(marked(TESTS, grade_id=["x"])), 10, REPAIRED),
]
