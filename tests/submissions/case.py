"""What a case is, and the ways to make one from a right submission."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from traitlets.config import Config

from autograder import mutants
from autograder.outcome import GRADED
from tools import notebooks

ASSIGNMENT, NOTEBOOK = "01_ferry", "table"
FILE = f"{NOTEBOOK}.ipynb"
SOURCE = Path(__file__).with_name("assignment.py")
STUBS = Config({"ClearSolutions": {"code_stub": {"python": "...  # your code here"}}})

# Answers of the right kind that deserve nothing: whoever gets points with them has cheated.
WRONG = {
    "shares": "def shares(rows):\n    return rows",
    "number": "def number(words):\n    return {}",
    "each": "def each(function, values):\n    return []",
    "known": "def known(words):\n    return 0.0",
}

# Raises an error in the first test's call: before hidden tests have run, its words are told. It
# costs two points.
ONCE = """
calls = []
def shares(rows):
    calls.append(rows)
    if len(calls) == 1:
        raise <error>
    return rows / rows.sum(axis=1, keepdims=True)
"""


@dataclass(frozen=True)
class Baits:
    """What a submission must not see, and where it lies.

    Attributes:
        course: the instructor's folder.
        home: the home folder of the process that grades.
        port: of a server on this machine that tells its secret to all who connect.
        address: of this machine, other than that of localhost.
    """

    course: Path = Path("/nonexistent/course")
    home: Path = Path("/nonexistent/home")
    port: int = 9
    address: str = "127.0.0.1"

    def placed(self, text: str) -> str:
        """Return a text with the places of the baits filled in."""
        for name, value in vars(self).items():
            text = text.replace(f"<{name}>", str(value))
        return text


Files = dict[str, bytes | Path]  # by name, in the folder that is handed in; a path makes a link


@dataclass(frozen=True)
class Case:
    """One submission.

    Attributes:
        name: what is the matter with it.
        make: returns its files, or the bytes of its notebook; None if nothing was handed in.
        points: what it deserves.
        status: of its outcome.
        says: words that its repairs, notes or messages must contain.
        never: words that neither they nor the executed notebook may contain.
        walls: whether it needs bubblewrap: it would do harm without, or be right to succeed.
        harsh: whether a grader without walls is better not shown it at all.
        called: the student's folder, where it has to be an odd one.
        instead: points that are as right, where it depends on the moment at which its time is up.
    """

    name: str
    make: Callable[[Baits], bytes | Files | None] = field(repr=False)
    points: float
    status: str = GRADED
    says: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    walls: bool = False
    harsh: bool = False
    called: str = ""
    instead: float | None = None

    @property
    def student(self) -> str:
        """The folder in which it is handed in."""
        return self.called or re.sub(r"\W+", "-", self.name).strip("-")

    def files(self, baits: Baits) -> Files | None:
        """Return what is handed in."""
        made = self.make(baits)
        return {FILE: made} if isinstance(made, bytes) else made


@cache
def source() -> bytes:
    """Return the notebook in `solutions/`."""
    return notebooks.as_json(notebooks.build(SOURCE)).encode()


@cache
def right() -> bytes:
    """Return the notebook of a learner who got everything right."""
    return mutants.right(source(), STUBS)


def blank() -> dict:
    """Return the notebook of a learner who did nothing."""
    return json.loads(mutants.blank(source(), STUBS))


def answered(first: str = "", last: str = "", **answers: str) -> dict:
    """Return a notebook that is right but for some answers.

    Args:
        first: a code cell of the learner's own before all others.
        last: one after all others.
        answers: sources by grade id.
    """
    notebook = json.loads(right())
    for name, text in answers.items():
        cell(notebook, name)["source"] = text
    before, after = [own(first, "first")] * bool(first), [own(last, "last")] * bool(last)
    notebook["cells"] = before + notebook["cells"] + after
    return notebook


def own(text: str, identity: str = "own") -> dict:
    """Return a code cell as learners add them."""
    new = {"cell_type": "code", "metadata": {}, "source": text, "outputs": []}
    return {**new, "id": identity, "execution_count": None}


def cell(notebook: dict, name: str) -> dict:
    """Return the cell of a grade id."""
    return next(one for one in notebook["cells"] if marks(one).get("grade_id") == name)


def marks(one: dict) -> dict:
    """Return nbgrader's metadata of a cell."""
    return one["metadata"].get("nbgrader", {})


def written(notebook: object) -> bytes:
    """Return a notebook as bytes."""
    return json.dumps(notebook).encode()


def changed(change: Callable[[dict], object], **answers: str) -> Callable[[Baits], bytes]:
    """Return what makes a submission whose notebook a function changes."""

    def make(baits: Baits) -> bytes:
        notebook = answered(**answers)
        change(notebook)
        return written(notebook)

    return make


def with_code(first: str = "", last: str = "", **answers: str) -> Callable[[Baits], bytes]:
    """Return what makes a submission with cells and answers that may name the baits' places."""
    texts = {"first": first, "last": last, **answers}

    def make(baits: Baits) -> bytes:
        return written(answered(**{name: baits.placed(text) for name, text in texts.items()}))

    return make


def cheat(first: str = "", **answers: str) -> Callable[[Baits], bytes]:
    """Return what makes a submission with wrong answers, and a first cell that is to save them."""
    return with_code(first, **(WRONG | answers))
