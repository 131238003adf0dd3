"""Short cell headers for exercises, spelled out as nbgrader's metadata.

A header `# %% solution="shift"` marks a learner's answer, `# %% tests="shift_works" points=2`
graded tests of it, `# %% locked="setup"` what is given and read-only, and `# %% [markdown]
manual="why" points=1` an answer that a person grades. The names are grade ids, each its own.
"""

from __future__ import annotations

from nbformat import NotebookNode

# What nbgrader calls (grade, solution, locked).
KINDS = {
    "solution": (False, True, False),
    "tests": (True, False, True),
    "locked": (False, False, True),
    "manual": (True, True, False),
}


def spell_out(cell: NotebookNode) -> None:
    """Replaces a short header's keys in a cell's metadata by nbgrader's."""
    for kind, (grade, solution, locked) in KINDS.items():
        name = cell.metadata.pop(kind, None)
        if name is None:
            continue
        cell.metadata["nbgrader"] = {
            "grade": grade,
            "grade_id": name,
            "locked": locked,
            "schema_version": 3,
            "solution": solution,
            "task": False,
        }
        if grade:
            cell.metadata["nbgrader"]["points"] = cell.metadata.pop("points", None)
