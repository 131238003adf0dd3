"""What grading one submission comes to: an `Outcome`, which travels as JSON checked by a schema."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from functools import cache
from importlib.resources import files

import fastjsonschema

from course.errors import CourseError

GRADED, REPAIRED, TIMED_OUT, OUT_OF_MEMORY, DIED, UNREADABLE, MISSING = STATUSES = (
    "graded",
    "repaired",
    "timed out",
    "out of memory",
    "died",
    "unreadable",
    "missing",
)
PASSED, PARTLY, FAILED, NOT_ATTEMPTED, NOT_RUN, MANUAL = VERDICTS = (
    "passed",
    "partly",
    "failed",
    "not attempted",
    "not run",
    "manual",
)


@dataclass
class Task:
    """One graded cell.

    Attributes:
        id: its grade id.
        points: what the submission gets; None where a person decides.
        max_points: what can be had.
        verdict: one of VERDICTS.
        message: one line for the learner: the first failing check's; empty if it passed.
    """

    id: str
    points: float | None
    max_points: float
    verdict: str
    message: str = ""


@dataclass
class Outcome:
    """One graded notebook. All but `measured` is the same each time it is graded.

    Attributes:
        student: as the folder in `classroom/submitted` is named.
        assignment: as `03_teacher_forcing`.
        notebook: without `.ipynb`.
        status: one of STATUSES.
        tasks: one for each graded cell of the release, in its order.
        repairs: a sentence for each thing that was mended.
        notes: a sentence for each thing that went wrong: a limit that was met, an error in a cell.
        sandbox: "bubblewrap" or "limits".
        submission: the SHA-256 of the submission's bytes; empty if there were none.
        release: the SHA-256 of the source notebook.
        version: the autograder's.
        seed: what random numbers started from.
        measured: "seconds" and "peak_memory" in bytes: how it went this time.
    """

    student: str
    assignment: str
    notebook: str
    status: str
    tasks: list[Task]
    repairs: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    sandbox: str = ""
    submission: str = ""
    release: str = ""
    version: str = ""
    seed: int = 0
    measured: dict[str, float] = field(default_factory=dict)

    @property
    def points(self) -> float:
        """The points so far; a manual task counts nothing until a person has graded it."""
        return sum(task.points or 0.0 for task in self.tasks)

    @property
    def max_points(self) -> float:
        """The most that can be had."""
        return sum(task.max_points for task in self.tasks)

    @property
    def needs_a_person(self) -> bool:
        """Whether a task waits for a manual grade."""
        return any(task.verdict == MANUAL for task in self.tasks)

    def to_dict(self) -> dict:
        """Return plain data that fits the schema.

        Raises:
            CourseError: it does not fit, as a score that is not finite.
        """
        fields = asdict(self)
        fields["points"], fields["max_points"] = self.points, self.max_points
        return checked(fields)

    def verdict(self) -> str:
        """Return what does not depend on how fast the machine was, as JSON with sorted keys."""
        fields = {key: value for key, value in self.to_dict().items() if key != "measured"}
        return json.dumps(fields, sort_keys=True, ensure_ascii=False)

    @classmethod
    def from_dict(cls, fields: dict) -> Outcome:
        """Return the outcome that `to_dict` wrote.

        Raises:
            CourseError: the data does not fit the schema.
        """
        known = {key: value for key, value in checked(fields).items() if key not in _DERIVED}
        return cls(**{**known, "tasks": [Task(**task) for task in known["tasks"]]})


ESCAPES = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")
LONGEST = 900


def one_line(text: str) -> str:
    """Return a text as one line that any page and any terminal can show, cut short if need be."""
    words = " ".join(ESCAPES.sub("", text).split())
    line = "".join(c if c.isprintable() else "�" for c in words)
    return line if len(line) <= LONGEST else line[: LONGEST - 1] + "…"


_DERIVED = ("points", "max_points")


def checked(fields: dict) -> dict:
    """Return an outcome's fields if they fit the schema and no score exceeds its maximum.

    Raises:
        CourseError: they do not.
    """
    try:
        _validator()(fields)
    except fastjsonschema.JsonSchemaValueException as error:
        raise CourseError(f"outcome refused: {error.message[:200]}") from None
    for task in fields["tasks"]:
        # Written so that nan, which JSON Schema lets through, fails too.
        if task["points"] is not None and not 0 <= task["points"] <= task["max_points"]:
            raise CourseError(
                f"outcome refused: {task['points']} points for {task['id']!r}, "
                f"not between 0 and {task['max_points']}"
            )
    return fields


@cache
def _validator() -> Callable[[dict], object]:
    """Return what checks data against the schema."""
    text = files("autograder").joinpath("outcome.schema.json").read_text(encoding="utf-8")
    return fastjsonschema.compile(json.loads(text))
