"""nbgrader's formgrader, in JupyterLab, on a classroom's gradebook.

Two of its buttons are refused. "Autograde" would run a submission without a sandbox, as the
instructor. "Generate feedback" would put nbgrader's pages in the place of ours.
"""

from __future__ import annotations

import json
import os
from importlib.util import find_spec

from jupyter_server.base.handlers import JupyterHandler
from jupyter_server.serverapp import ServerApp
from jupyter_server.utils import url_path_join
from tornado import web

from autograder.classroom import Classroom, own_programs
from course.errors import CourseError

PORT = 8888
NEEDED = ("jupyterlab", "nbgrader.server_extensions.formgrader")
REFUSED = {
    r"/formgrader/api/submission/[^/]+/[^/]+/autograde": (
        "This button would run the submission without a sandbox, as you. "
        "In a terminal, `autograder grade` runs it safely."
    ),
    r"/formgrader/api/assignment/[^/]+/(?:[^/]+/)?generate_feedback": (
        "This button would replace the feedback pages by nbgrader's, with what was printed while "
        "grading. In a terminal, `autograder feedback` writes them."
    ),
}


def serve(classroom: Classroom, port: int | None = None, browser: bool = True) -> None:
    """Open the formgrader and serve it until it is stopped, as with Ctrl-C.

    Args:
        classroom: whose gradebook.
        port: where it listens, on this machine only; the next free one if it is taken.
        browser: whether to open a browser. Without one, the address is printed, with its token.

    Raises:
        CourseError: JupyterLab or nbgrader's extension is not installed.
    """
    for name in NEEDED:
        if not _is_installed(name):
            raise CourseError(f"{name} is not installed here; `pip install 'nbgrader>=0.9.6'`")
    from jupyterlab.labapp import LabApp

    os.chdir(classroom.root)  # nbgrader reads its configuration from the current folder
    with own_programs():
        LabApp.launch_instance(arguments(classroom, port, browser))


def arguments(classroom: Classroom, port: int | None = None, browser: bool = True) -> list[str]:
    """Return JupyterLab's arguments; what is said of `serve` holds."""
    extensions = (__name__, NEEDED[-1])
    return [
        f"--ServerApp.root_dir={classroom.root}",
        f"--ServerApp.port={PORT if port is None else port}",
        f"--ServerApp.open_browser={browser}",
        *(f"--ServerApp.jpserver_extensions={name}=True" for name in extensions),
        "--LabApp.default_url=/formgrader",
        # Nothing here phones home.
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
        "--LabApp.extension_manager=readonly",
        *(["--allow-root"] if _is_root() else []),
    ]


def _is_installed(name: str) -> bool:
    """Say whether a module can be imported."""
    try:
        return find_spec(name) is not None
    except ModuleNotFoundError:  # the package around it
        return False


def _is_root() -> bool:
    """Say whether this is root, as in a container; Jupyter wants to be told that it is meant."""
    return hasattr(os, "geteuid") and os.geteuid() == 0


class _Refusing(JupyterHandler):
    """Answers a button of the formgrader with a reason."""

    def initialize(self, reason: str) -> None:
        """Take the reason."""
        self.reason = reason

    @web.authenticated
    def post(self) -> None:
        """Answer as nbgrader does when something fails: in JSON that is not called so."""
        self.finish(json.dumps({"success": False, "error": self.reason}))


def _load_jupyter_server_extension(server: ServerApp) -> None:
    """Put the refusals before nbgrader's own handlers; extensions are loaded by name."""
    base = server.web_app.settings["base_url"]
    refusals = [
        (url_path_join(base, pattern), _Refusing, {"reason": reason})
        for pattern, reason in REFUSED.items()
    ]
    server.web_app.add_handlers(".*$", refusals)
