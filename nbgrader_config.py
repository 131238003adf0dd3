"""Points nbgrader's own words at this course's folders.

Read by every nbgrader command, and by JupyterLab, when started in the project's root.
"""

import glob
import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent
CLASSROOM = ROOT / "classroom"
CLASSROOM.mkdir(exist_ok=True)  # SQLite makes a file, but not the folder around it

c = get_config()  # noqa: F821 (nbgrader hands this function to the file)

c.CourseDirectory.course_id = "unrolled"
c.CourseDirectory.root = str(ROOT)

# What is in git: an instructor's sources, and what learners get.
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "exercises"

# What is not: an instructor's working state.
c.CourseDirectory.submitted_directory = "classroom/submitted"
c.CourseDirectory.autograded_directory = "classroom/autograded"
c.CourseDirectory.feedback_directory = "classroom/feedback"
c.CourseDirectory.solution_directory = "classroom/solution"
c.CourseDirectory.db_url = f"sqlite:///{(CLASSROOM / 'gradebook.db').as_posix()}"

# An assignment's folder holds solutions: releasing copies its notebooks and its folder `files/`,
# and nothing else. nbgrader takes patterns of what to leave out, so: each name that is not `files`.
NOT_FILES = [f"{'files'[:n]}[!{'files'[n]}]*" for n in range(5)]
NOT_FILES += ["files"[:n] for n in range(1, 5)] + ["files?*", ".*"]
SOURCE = os.path.join(glob.escape(str(ROOT)), "solutions", ".", "*")  # as nbgrader spells it
c.CourseDirectory.ignore = [".ipynb_checkpoints", "*.pyc", "__pycache__", "feedback", "*.py"]
c.CourseDirectory.ignore += [os.path.join(SOURCE, name) for name in NOT_FILES]

# A blank answer is an ellipsis: a function without one returns None, which the checks call
# "not attempted"; an exception would only look like a bug.
c.ClearSolutions.code_stub = {"python": "...  # your code here"}
c.ClearSolutions.text_stub = "*Your answer here.*"
