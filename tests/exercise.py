"""A small assignment for the tests of the autograder, and submissions of it."""

import json
from pathlib import Path

from autograder.plan import ANSWER, Plan, make_plan
from tools import notebooks

NAME, NOTEBOOK = "90_sums", "sums"
SOURCE = '''\
# %% [markdown]
# # Exercise 90 · Sums (10 points)

# %% locked="setup"
import numpy as np

from course import checks

WEIGHTS = np.array([1.0, 2.0, 3.0])


class Scale:
    """Multiplies, and counts how often."""

    def __init__(self, factor):
        self.factor, self.calls = factor, 0

    def apply(self, value):
        self.calls += 1
        return self.factor * value


# %% [markdown]
# ## 1. A sum (4 points)

# %% solution="total"
def total(values):
    """Add up."""
    ### BEGIN SOLUTION
    return sum(values)
    ### END SOLUTION

# %% tests="total_adds" points=1
checks.equal("The total", total([1, 2]), 3, hint="add all of them")

# %% tests="total_adds_more" points=3
checks.close("The weighted total", total(WEIGHTS), 6.0)
### BEGIN HIDDEN TESTS
checks.equal("The total of other numbers", total([40, 2]), 42, hint="add all of them")
assert total([]) == 0
### END HIDDEN TESTS

# %% [markdown]
# ## 2. A class is used (3 points)

# %% solution="scaled"
def scaled(scale, values):
    """Apply a scale to each value."""
    ### BEGIN SOLUTION
    return [scale.apply(value) for value in values]
    ### END SOLUTION

# %% tests="scale_is_used" points=3
scale = Scale(3)
checks.equal("The scaled values", scaled(scale, [1, 2]), [3, 6])
checks.equal("How often the scale was used", scale.calls, 2)

# %% [markdown]
# ## 3. A share (2 points)

# %% solution="guess"
def guess(number):
    """Say whether a number is even."""
    ### BEGIN SOLUTION
    return number % 2 == 0
    ### END SOLUTION

# %% tests="guesses_count" points=2
checks.attempted("A guess", guess(0))
2 * np.mean([guess(number) is (number % 2 == 0) for number in range(4)])

# %% [markdown] manual="why" points=1
# ## 4. Why? (1 point)
#
# ### BEGIN SOLUTION
# Because.
# ### END SOLUTION
'''


def source_notebook(folder: Path, text: str = SOURCE) -> bytes:
    """Return the notebook in `solutions/` as bytes."""
    file = folder / f"{NOTEBOOK}.py"
    file.write_text(text, encoding="utf-8")
    return notebooks.as_json(notebooks.build(file)).encode()


def plan_of(folder: Path, text: str = SOURCE) -> Plan:
    """Return the assignment's plan, with the stubs that the course uses."""
    from traitlets.config import Config

    config = Config({"ClearSolutions": {"code_stub": {"python": "...  # your code here"}}})
    return make_plan(source_notebook(folder, text), NAME, NOTEBOOK, config)


def submission(folder: Path, text: str = SOURCE, own: str = "", **answers: str | None) -> bytes:
    """Return the notebook of a learner whose answers are right but for those given.

    Args:
        folder: to build in.
        text: the assignment's source.
        own: a code cell that the learner has added at the end.
        answers: the source of an answer cell by its grade id; None leaves it blank.
    """
    notebook = json.loads(source_notebook(folder, text))
    released = {cell.id: cell for cell in plan_of(folder, text).cells}
    for cell in notebook["cells"]:
        name = cell["metadata"].get("nbgrader", {}).get("grade_id", cell["id"])
        kept = released[name].role == ANSWER and answers.get(name, "") is not None
        cell["source"] = answers.get(name) or (cell["source"] if kept else released[name].released)
    if own:
        notebook["cells"].append(
            {"cell_type": "code", "metadata": {}, "source": own, "outputs": [], "id": "own"}
        )
    return json.dumps(notebook).encode()
