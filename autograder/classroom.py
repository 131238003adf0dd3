"""Where everything lies: the folders and the gradebook that `nbgrader_config.py` names."""

from __future__ import annotations

import os
import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from traitlets.config import Config
from traitlets.config.loader import PyFileConfigLoader

from course.errors import CourseError

CONFIG = "nbgrader_config.py"


@dataclass(frozen=True)
class Classroom:
    """An instructor's folders, each an absolute path.

    Attributes:
        root: the folder that holds `nbgrader_config.py`.
        config: what that file says, for nbgrader's own classes.
        sources: what an instructor writes, `solutions/`.
        releases: what learners get, `exercises/`.
        submitted: `STUDENT/ASSIGNMENT/NOTEBOOK.ipynb`, as collected.
        autograded: the same tree, repaired and run; nbgrader's formgrader shows it.
        feedback: the same tree, one HTML page for each notebook.
        gradebook: the database's URL.
        work: journals, older submissions and whatever else is nobody's but ours.
    """

    root: Path
    config: Config
    sources: Path
    releases: Path
    submitted: Path
    autograded: Path
    feedback: Path
    gradebook: str
    work: Path

    @classmethod
    def open(cls, start: Path | None = None) -> Classroom:
        """Return the classroom of a folder or of the nearest one above it that has a config file.

        Args:
            start: where to look first; the current folder if not given.

        Raises:
            CourseError: there is no config file there, or it cannot be read.
        """
        start = (start or Path.cwd()).absolute()
        for folder in (start, *start.parents):
            if (folder / CONFIG).is_file():
                return cls._of(folder)
        raise CourseError(f"{start}: no {CONFIG} here or above; go to the course's folder")

    @classmethod
    def _of(cls, root: Path) -> Classroom:
        """Read a folder's config file."""
        try:
            config = PyFileConfigLoader(CONFIG, path=str(root)).load_config()
        except Exception as error:  # the file is Python: it can raise anything
            reason = " ".join(str(error).split()) or type(error).__name__
            raise CourseError(f"{root / CONFIG}: {reason}") from None
        from nbgrader.coursedir import CourseDirectory  # late: it takes a second

        folders = CourseDirectory(config=config)
        base = Path(folders.root or root)
        submitted = base / folders.submitted_directory
        return cls(
            root=root,
            config=config,
            sources=base / folders.source_directory,
            releases=base / folders.release_directory,
            submitted=submitted,
            autograded=base / folders.autograded_directory,
            feedback=base / folders.feedback_directory,
            gradebook=folders.db_url,
            work=submitted.parent,
        )

    def assignments(self) -> list[str]:
        """Return the names of the assignments that have a source notebook, sorted."""
        return sorted({path.parent.name for path in self.sources.glob("*/*.ipynb")})

    def notebooks(self, assignment: str) -> list[Path]:
        """Return an assignment's source notebooks, sorted.

        Raises:
            CourseError: there is no such assignment.
        """
        found = sorted((self.sources / assignment).glob("*.ipynb"))
        if not found:
            known = ", ".join(self.assignments()) or "none yet"
            raise CourseError(f"no assignment {assignment!r} in {self.sources}; there are: {known}")
        return found

    def students(self) -> list[str]:
        """Return the students who have submitted anything, sorted."""
        if not self.submitted.is_dir():
            return []
        return sorted(path.name for path in self.submitted.iterdir() if path.is_dir())


@contextmanager
def own_programs() -> Iterator[None]:
    """Let nbgrader find `alembic`, which it starts by name, without an activated environment."""
    before = os.environ.get("PATH", "")
    os.environ["PATH"] = os.pathsep.join([sysconfig.get_path("scripts"), before])
    try:
        yield
    finally:
        os.environ["PATH"] = before
