"""JupyterLab as a learner has it, started for tests and driven in a browser."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import quote

import nbformat

from tools import notebooks

ROOT = Path(__file__).parents[2]
TOKEN = "a-token-for-tests"
THEMES = {"light": "JupyterLab Light", "dark": "JupyterLab Dark"}
HEIGHT, TALL = 1000, 1700  # pixels of the window; any demo fits into a tall one
PATIENCE = 120  # seconds for a slow machine: TensorFlow, a model, a sentence
SWITCHES = [
    "--ServerApp.open_browser=False",
    "--ServerApp.port_retries=0",
    "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    "--LabApp.extension_manager=readonly",
    "--LabApp.expose_app_in_browser=True",  # so that a test can ask whether cells have run
]
KERNELSPEC = {"name": "python3", "display_name": "Python 3", "language": "python"}

RUN_ALL = """async () => {
    const panel = window.jupyterapp.shell.currentWidget;
    await panel.context.ready;
    await panel.sessionContext.ready;
    await window.jupyterapp.commands.execute('notebook:run-all-cells');
}"""
START = """async source => {
    const panel = window.jupyterapp.shell.currentWidget;
    panel.content.activeCellIndex = panel.content.widgets.length - 1;
    await window.jupyterapp.commands.execute('notebook:insert-cell-below');
    panel.content.activeCell.model.sharedModel.setSource(source);
    window.ran = window.jupyterapp.commands.execute('notebook:run-cell');
}"""
PRINTED = """() => window.jupyterapp.shell.currentWidget.content.activeCell.model.sharedModel
    .toJSON().outputs.map(output => [output.text || ''].flat().join('')).join('')"""
CELLS = "() => window.jupyterapp.shell.currentWidget.content.model.sharedModel.cells.length"
CONTENT = "() => JSON.stringify(window.jupyterapp.shell.currentWidget.content.model)"
KEEP = """cells => {
    const model = window.jupyterapp.shell.currentWidget.content.model.sharedModel;
    if (model.cells.length > cells) model.deleteCellRange(cells, model.cells.length);
}"""
LAID_OUT = """() => new Promise(resolve => {
    const panel = () => document.querySelector('.jp-NotebookPanel:not(.lm-mod-hidden)')
        .getBoundingClientRect();
    const fits = () => panel().right <= innerWidth && panel().right > innerWidth - 80;
    setTimeout(() => requestAnimationFrame(() => resolve(fits())), 200);
})"""
HIDDEN = """() => {
    const panel = document.querySelector('.jp-NotebookPanel:not(.lm-mod-hidden)');
    const scrolls = panel.querySelector('.jp-WindowedPanel-outer');
    scrolls.scrollTop = 0;
    const last = [...panel.querySelectorAll('.jp-Cell')].pop().getBoundingClientRect();
    return Math.max(0, Math.ceil(last.bottom - scrolls.getBoundingClientRect().bottom) + 20);
}"""
FAILURES = """() => window.jupyterapp.shell.currentWidget.content.model.sharedModel.cells
    .flatMap(cell => cell.toJSON().outputs || [])
    .filter(output => output.output_type === 'error')
    .map(output => output.traceback.join('\\n'))"""


class Lab:
    """A running JupyterLab.

    Attributes:
        folder: what its file browser shows; notebooks are put here.
        address: where it answers.
    """

    def __init__(self, folder: Path, port: int) -> None:
        self.folder, self.address = folder, f"http://127.0.0.1:{port}"

    def notebook(self, name: str, *sources: str) -> str:
        """Write a notebook of code cells; return its name."""
        cells = [nbformat.v4.new_code_cell(source) for source in sources]
        notebook = nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": KERNELSPEC})
        nbformat.write(notebook, self.folder / name)
        return name

    def lesson(self, source: Path) -> str:
        """Write the notebook that a lesson's source stands for; return its name."""
        name = f"{source.stem}.ipynb"
        (self.folder / name).write_text(notebooks.as_json(notebooks.build(source)), "utf-8")
        return name

    @contextmanager
    def opened(
        self, browser, name: str, *, width: int = 1300, theme: str = "light"
    ) -> Iterator["Sheet"]:
        """Open a notebook in a window of its own; its kernel ends with it."""
        window = browser.new_context(viewport={"width": width, "height": HEIGHT})
        sheet = Sheet(window.new_page())
        try:
            space = f"{Path(name).stem}-{width}-{theme}"  # no layout is shared with other tests
            sheet.page.goto(
                f"{self.address}/lab/workspaces/{space}/tree/{quote(name)}?token={TOKEN}",
                timeout=1000 * PATIENCE,
            )
            sheet.settle(width, theme)
            yield sheet
        finally:
            window.close()
            self.end_kernels(name)

    def end_kernels(self, name: str | None = None) -> None:
        """End the kernel of a notebook, or all; each holds some hundred megabytes."""
        for session in self.ask("sessions"):
            if name in (None, session["path"]):
                self.ask(f"sessions/{session['id']}", "DELETE")

    def ask(self, path: str, method: str = "GET") -> object:
        """Ask the server; return what it answers."""
        headers = {"Authorization": f"token {TOKEN}"}
        request = urllib.request.Request(
            f"{self.address}/api/{path}", method=method, headers=headers
        )
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            body = answer.read()
        return json.loads(body) if body else None


class Sheet:
    """A notebook in a window.

    Attributes:
        page: Playwright's page.
        complaints: errors in the browser's console, and dialogs that opened by themselves.
        strangers: addresses on other machines that the page asked for.
    """

    def __init__(self, page) -> None:
        self.page, self.complaints, self.strangers = page, [], []
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", self._heard)
        page.on("dialog", self._dialog)
        page.route(lambda address: "//127.0.0.1:" not in address, self._stranger)

    def settle(self, width: int, theme: str) -> None:
        """Wait for the notebook, take the theme, and give the notebook the whole width."""
        self.page.wait_for_function(
            "() => window.jupyterapp?.shell?.currentWidget?.content?.widgets?.length > 0",
            timeout=1000 * PATIENCE,
        )
        self.page.evaluate("() => window.jupyterapp.restored")
        self.dress(width, theme)

    def dress(self, width: int, theme: str, height: int = HEIGHT) -> None:
        """Take a size and a theme; a narrow window has no file browser."""
        self.page.set_viewport_size({"width": width, "height": height})
        self.command("apputils:change-theme", theme=THEMES[theme])
        light = str(theme == "light").lower()
        self.page.wait_for_selector(f"body[data-jp-theme-light='{light}']", state="attached")
        if width < 800 and self.page.locator("#jp-left-stack").is_visible():
            self.command("application:toggle-left-area")
        self.page.wait_for_function(LAID_OUT, timeout=1000 * PATIENCE)

    def command(self, name: str, **arguments: object) -> None:
        """Run one of JupyterLab's commands, as a menu would."""
        self.page.evaluate(
            "([name, arguments]) => window.jupyterapp.commands.execute(name, arguments)",
            [name, arguments],
        )

    def run_all(self) -> None:
        """Run all cells and wait for the last one.

        Raises:
            AssertionError: a cell failed; its traceback is the message.
        """
        self.page.evaluate(RUN_ALL)
        failures = self.page.evaluate(FAILURES)
        assert not failures, "\n\n".join(failures)

    def run(self, source: str) -> str:
        """Run code in a new last cell, as a learner would; return what it printed.

        Raises:
            AssertionError: a cell failed; its traceback is the message.
        """
        self.start(source)
        self.page.evaluate("() => window.ran")
        failures = self.page.evaluate(FAILURES)
        assert not failures, "\n\n".join(failures)
        return self.page.evaluate(PRINTED)

    def saved(self) -> nbformat.NotebookNode:
        """Return the notebook as it would be saved, with its outputs."""
        return nbformat.reads(self.page.evaluate(CONTENT), as_version=4)

    def start(self, source: str) -> None:
        """Run code in a new last cell and do not wait for it."""
        self.page.evaluate(START, source)

    def keep(self, cells: int) -> None:
        """Delete all cells but the first few."""
        self.page.evaluate(KEEP, cells)

    def cells(self) -> int:
        """Count the cells."""
        return self.page.evaluate(CELLS)

    def busy(self) -> bool:
        """Whether a cell runs."""
        return (
            self.page.evaluate(
                "() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.status"
            )
            == "busy"
        )

    def demos(self):
        """Return the demos on the page, in their order."""
        return self.page.locator(".unrolled.widget-vbox")

    def picture(self, path: Path) -> Path:
        """Keep a picture of the whole notebook, in a window as high as it needs."""
        size = self.page.viewport_size
        hidden = self.page.evaluate(HIDDEN)
        self.page.set_viewport_size({**size, "height": size["height"] + hidden})
        self.page.wait_for_function(LAID_OUT, timeout=1000 * PATIENCE)
        self.page.screenshot(path=path)
        self.page.set_viewport_size(size)
        return path

    def _heard(self, message: SimpleNamespace) -> None:
        if message.type == "error":
            self.complaints.append(message.text)

    def _dialog(self, dialog: SimpleNamespace) -> None:
        self.complaints.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def _stranger(self, route: SimpleNamespace) -> None:
        self.strangers.append(route.request.url)
        route.abort()


@contextmanager
def running(folder: Path) -> Iterator[Lab]:
    """Start JupyterLab with nobody's settings; it ends with the context."""
    port, notebooks = free_port(), folder / "notebooks"
    notebooks.mkdir(parents=True)
    command = [sys.executable, "-m", "jupyterlab", *SWITCHES]
    command += [f"--ServerApp.port={port}", f"--IdentityProvider.token={TOKEN}"]
    command += [f"--ServerApp.root_dir={notebooks}"]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        command.append("--allow-root")  # a container
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(
            command, env=environment(folder), stdout=log, stderr=log, cwd=notebooks
        )
        lab = Lab(notebooks, port)
        try:
            wait_for(lambda: answers(lab, server), "JupyterLab")
            yield lab
            lab.end_kernels()
        finally:
            server.terminate()
            server.wait()


def environment(folder: Path) -> dict[str, str]:
    """Return an environment in which no user's settings play and `course` is this project's."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("JUPYTER", "IPYTHON"))
    }
    places = {f"JUPYTER_{kind}_DIR": str(folder / kind) for kind in ("CONFIG", "DATA", "RUNTIME")}
    news = folder / "CONFIG/lab/user-settings/@jupyterlab/apputils-extension"
    news.mkdir(parents=True)
    (news / "notification.jupyterlab-settings").write_text('{"fetchNews": "false"}')
    own = {"HOME": str(folder), "IPYTHONDIR": str(folder / "ipython"), "PYTHONPATH": str(ROOT)}
    own["COURSE_FAST"] = "1"  # the browser is on trial here, and not how well a model learns
    return kept | places | own


def free_port() -> int:
    """Return a port that nobody uses."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def answers(lab: Lab, server: subprocess.Popen) -> bool:
    """Whether the server answers yet."""
    assert server.poll() is None, "JupyterLab ended: see its log"
    try:
        lab.ask("status")
    except (urllib.error.URLError, ConnectionError):
        return False
    return True


def wait_for(condition: Callable[[], bool], what: str, seconds: float = PATIENCE) -> None:
    """Wait until something holds.

    Raises:
        AssertionError: it did not come.
    """
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"{what} did not come in {seconds:g} seconds"
        time.sleep(0.05)
