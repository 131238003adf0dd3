"""nbgrader's formgrader on our gradebook, in a real browser."""

import json
import os
import signal
import socket
import subprocess
import sys
import time

import nbformat
import pytest
from browsing import chromium
from nbgrader.api import Gradebook
from small_class import ASSIGNMENT, NOTEBOOK, ROOT, SmallClass

from autograder import formgrade, gradebook
from course.errors import CourseError

SERVE = """
import sys
from pathlib import Path
from autograder.classroom import Classroom
from autograder.formgrade import serve
serve(Classroom.open(Path(sys.argv[1])), int(sys.argv[2]), browser=False)
"""
TRICKS = ("<script>window.ran = 1</script>", "<img src=x onerror='window.ran = 2'>")


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """A class of two, graded; ben's notebook wants to grade itself."""
    small = SmallClass(tmp_path_factory.mktemp("formgrader"))
    small.register()
    notebook = submission(small, "Because it is one step on.")
    small.hand_in("ana", notebook)
    results = [(small.outcome("ana", shift=0.0), notebook)]
    hostile = submission(small, "Because <b>it is so</b>." + "".join(TRICKS))
    data = {"text/html": TRICKS[0], "application/javascript": "window.ran = 3"}
    hostile.cells[3].outputs.append(nbformat.v4.new_output("display_data", data=data))
    small.hand_in("ben", hostile)
    results.append((small.outcome("ben"), hostile))
    gradebook.record(results, small.classroom)
    small.results = results
    return small


def submission(small, why: str) -> nbformat.NotebookNode:
    """What a learner made of the release."""
    notebook = small.released()
    notebook.cells[3].source = "def shift(value):\n    return value + 2"
    notebook.cells[3].outputs = [nbformat.v4.new_output("stream", text="saved output\n")]
    notebook.cells[-1].source = why
    return notebook


@pytest.fixture(scope="module")
def browser():
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def address(small, browser, tmp_path_factory):
    """A running formgrader, with nobody's settings and no programs on its path."""
    settings = tmp_path_factory.mktemp("jupyter")
    environment = {
        **os.environ,
        "PATH": os.defpath,
        "PYTHONPATH": str(ROOT),
        "IPYTHONDIR": str(settings / "ipython"),
        **{f"JUPYTER_{kind}_DIR": str(settings / kind) for kind in ("CONFIG", "DATA", "RUNTIME")},
    }
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    command = [sys.executable, "-c", SERVE, str(small.classroom.root), port]
    log = (settings / "log").open("wb")
    server = subprocess.Popen(command, env=environment, stdout=log, stderr=log, cwd=settings)
    try:
        yield started(server, settings)
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(60)
        log.close()


def started(server, settings) -> dict:
    """Wait until Jupyter has written where it listens."""
    while server.poll() is None:
        for path in (settings / "RUNTIME").glob("jpserver-*.json"):
            about = json.loads(path.read_text() or "{}")
            if about and listens(about["port"]):
                return about
        time.sleep(0.2)
    raise AssertionError((settings / "log").read_text())


def listens(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture
def tab(browser, address):
    tab = browser.new_page()
    tab.set_default_timeout(60_000)
    tab.route("https://**", lambda route: route.abort())  # the formgrader asks for MathJax
    tab.goto(f"{address['url']}?token={address['token']}")
    yield tab
    tab.close()


def visit(tab, address, path: str):
    tab.goto(f"{address['url']}formgrader/{path}")


def opened(tab, small, address, student: str):
    """Open a student's notebook."""
    with Gradebook(small.classroom.gradebook) as book:
        notebook = book.find_submission_notebook(NOTEBOOK, ASSIGNMENT, student).id
    visit(tab, address, f"submissions/{notebook}/")
    tab.wait_for_function("formgrader.grades.loaded && formgrader.comments.loaded")


def test_it_opens_on_the_assignments(tab, address):
    assert tab.url == f"{address['url']}formgrader/manage_assignments"
    row = tab.locator("#main-table tr", has_text=ASSIGNMENT)
    row.wait_for()
    assert row.locator(".num-submissions").inner_text().strip() == "2"


def test_it_lists_the_students_with_their_scores(tab, address):
    visit(tab, address, f"manage_submissions/{ASSIGNMENT}")
    for student, score in {"ana": "3 / 6", "ben": "5 / 6"}.items():
        row = tab.locator("#main-table tr", has_text=student)
        row.wait_for()
        assert score in row.inner_text()
        assert "needs manual grading" in row.inner_text()


def test_it_shows_a_students_notebook_and_why_points_are_missing(tab, small, address):
    opened(tab, small, address, "ana")
    text = tab.inner_text("#notebook")
    assert "return value + 2" in text
    assert "saved output" in text
    assert "Because it is one step on." in text
    assert tab.locator("#shift_works").get_attribute("placeholder") == "0"
    assert tab.locator("#shift_twice").get_attribute("placeholder") == "3"
    comment = tab.evaluate("formgrader.comments.findWhere({name: 'shift'}).get('auto_comment')")
    assert comment == "shift_works: one step too short. Hint: count again."


def test_what_a_person_types_survives_a_regrade(tab, small, address):
    opened(tab, small, address, "ana")
    typed = {"shift_works": "1.5", "why": "1", "shift_works_extra_credit": "0.5"}
    for name, points in typed.items():
        with tab.expect_response(lambda answer: answer.request.method == "PUT") as saved:
            tab.fill(f"#{name}", points)
            tab.locator(f"#{name}").blur()
        assert saved.value.ok
    with tab.expect_response(lambda answer: answer.request.method == "PUT"):
        tab.fill("#shift-comment", "Nearly.")
        tab.locator("#shift-comment").blur()
    assert gradebook.record(small.results, small.classroom) == []
    opened(tab, small, address, "ana")
    assert {name: tab.input_value(f"#{name}") for name in typed} == typed
    assert tab.input_value("#shift-comment") == "Nearly."
    assert tab.locator(".needs_manual_grade").count() == 0
    ana = gradebook.grades(small.classroom)[0]
    assert (ana.score, ana.waits) == (6.0, False)


def test_a_learners_notebook_cannot_act_in_the_instructors_browser(tab, small, address):
    opened(tab, small, address, "ben")
    assert tab.evaluate("window.ran === undefined")
    text = tab.inner_text("#notebook")
    assert "Because <b>it is so</b>." in text
    assert all(trick in text for trick in TRICKS)


@pytest.mark.parametrize(
    ("path", "column", "says"),
    [
        (f"manage_submissions/{ASSIGNMENT}", ".autograde", "without a sandbox"),
        (f"manage_submissions/{ASSIGNMENT}", ".generate-feedback", "`autograder feedback`"),
        ("manage_assignments", ".generate-feedback", "`autograder feedback`"),
    ],
)
def test_buttons_that_would_undo_our_walls_are_refused(tab, small, address, path, column, says):
    before = sorted(small.classroom.work.rglob("*"))
    visit(tab, address, path)
    row = tab.locator("#main-table tr", has_text="ben" if "submissions" in path else ASSIGNMENT)
    row.locator(f"{column} a").click()
    tab.locator(".modal-body", has_text=says).wait_for()
    assert sorted(small.classroom.work.rglob("*")) == before


def test_who_is_not_logged_in_sees_nothing(browser, address):
    with browser.new_context() as stranger:
        tab = stranger.new_page()
        tab.goto(f"{address['url']}formgrader/manage_assignments")
        assert "/login" in tab.url
        assert ASSIGNMENT not in tab.content()


def test_a_missing_extension_is_one_line(small, monkeypatch):
    monkeypatch.setattr(formgrade, "NEEDED", ("jupyterlab", "nbgrader.server_extensions.formgone"))
    with pytest.raises(CourseError, match=r"formgone is not installed here; `pip install"):
        formgrade.serve(small.classroom)
    monkeypatch.setattr(formgrade, "NEEDED", ("no_such_package.part",))
    with pytest.raises(CourseError, match=r"no_such_package\.part is not installed"):
        formgrade.serve(small.classroom)
