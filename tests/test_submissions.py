"""Every submission that a grader must survive, in one batch with good ones between them."""

import contextlib
import io
import os
import secrets
import socket
import subprocess
import sys
import threading
import zipfile
from dataclasses import dataclass

import psutil
import pytest

from autograder import feedback, gradebook, grading, records, warmth
from autograder.classroom import Classroom
from autograder.collect import collect
from autograder.outcome import NOT_ATTEMPTED, STATUSES, Outcome, checked
from autograder.plan import make_plan
from autograder.runner import run
from autograder.sandbox import Limits, bubblewrap
from course.errors import CourseError
from tests.submissions import ASSIGNMENT, CASES, NOTEBOOK, Baits, right
from tests.submissions.case import FILE, STUBS, answered, source, written
from tests.submissions.classroom import hand_in, make_course
from tests.submissions.running import OUTLIVING
from tests.submissions.walls import PROBES

QUICK = {"timeout": 15, "cell_timeout": 3, "memory": 600, "scratch": 64}
WALLS = bubblewrap.level() != "limits"
FITTING = [case for case in CASES if WALLS or not case.walls]
POSIX = pytest.mark.skipif(os.name == "nt", reason="signals, links and Unix sockets")
pytestmark = POSIX

# Those that need no walls to be survived, one of each kind.
BARE = [
    "while True",
    "swallows the interrupt",
    "a list that grows",
    "os._exit",
    "kills itself",
    "a segmentation fault",
    "stderr chatter",
    "nan",
    "equal to everything",
    "helpers redefined",
    "says it is done",
]


@dataclass
class Graded:
    """What a batch came to: its outcomes by student, the good ones, what it printed."""

    baits: Baits
    secret: str
    classroom: Classroom
    good: list[str]
    outcomes: dict[str, Outcome]
    printed: str

    def notebook(self, student: str) -> str:
        """The executed notebook, as text; empty if there is none."""
        path = self.classroom.autograded / student / ASSIGNMENT / FILE
        return path.read_text(encoding="utf-8") if path.exists() else ""

    def told(self, student: str) -> str:
        """All that a learner is told in words."""
        outcome = self.outcomes[student]
        messages = (task.message for task in outcome.tasks)
        return "\n".join([*outcome.repairs, *outcome.notes, *messages])


@pytest.fixture(scope="module")
def baits(tmp_path_factory):
    """The instructor's folders with a secret in each, and a server that tells it."""
    course, home = tmp_path_factory.mktemp("course"), tmp_path_factory.mktemp("home")
    make_course(course)
    secret = secrets.token_hex(16)
    for path in (
        home / ".ssh" / "id_ed25519",
        course / "classroom" / "roster.csv",
        course / "solutions" / ASSIGNMENT / "notes.md",
        course / "classroom" / "submitted" / "another" / "notes.txt",
    ):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(secret)
    with telling(secret) as port, unix_bait(course / "bait.sock") as callers:
        yield Baits(course, home, port, own_address()), secret, callers


@contextlib.contextmanager
def telling(secret):
    """A server that sends a secret to whoever connects; gives its port."""

    def serve():
        with contextlib.suppress(OSError):
            while True:
                client, _ = server.accept()
                with client:
                    client.sendall(secret.encode())

    with socket.create_server(("", 0)) as server:
        threading.Thread(target=serve, daemon=True).start()
        yield server.getsockname()[1]


@contextlib.contextmanager
def unix_bait(path):
    """A socket in the file system that nobody has to connect to; gives a list of who did."""
    callers = []

    def serve():
        with contextlib.suppress(OSError):
            while True:
                callers.append(server.accept())

    with socket.socket(socket.AF_UNIX) as server:
        server.bind(os.path.relpath(path))  # such an address has room for a hundred characters
        server.listen()
        threading.Thread(target=serve, daemon=True).start()
        yield callers


def own_address():
    """An address of this machine that is not localhost's, if it has one."""
    found = (one for each in psutil.net_if_addrs().values() for one in each)
    inet = [one.address for one in found if one.family == socket.AF_INET]
    return next((one for one in inet if not one.startswith("127.")), "127.0.0.1")


@pytest.fixture(scope="module")
def secretive(baits):
    """The environment of somebody who grades: a home folder and a token."""
    places, secret, _ = baits
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(places.home))
        patch.setenv("UPLOAD_TOKEN", secret)
        yield


@pytest.fixture(scope="module")
def batch(baits, secretive):
    """All cases, graded by two workers in one batch."""
    places, secret, _ = baits
    classroom = Classroom.open(places.course)
    gradebook.enrol([{"student": "enrolled", "last_name": secret}], classroom)
    good = hand_in(places, FITTING)
    hidden = tuple(map(str, (classroom.sources, classroom.work)))
    order = grading.Order([ASSIGNMENT], Limits(hidden=hidden, **QUICK), workers=2)
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
        grading.run(classroom, order)
    found = records.load_outcomes(classroom)
    outcomes = {outcome.student: outcome for outcome in found}
    assert len(outcomes) == len(found)
    return Graded(places, secret, classroom, good, outcomes, printed.getvalue())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.student)
def test_a_case_has_the_outcome_that_it_deserves(batch, case):
    if case not in FITTING:
        pytest.skip("needs bubblewrap")
    outcome, told = batch.outcomes[case.student], batch.told(case.student)
    assert outcome.status == case.status and outcome.points in (case.points, case.instead), told
    spoken = told.casefold()
    assert [word for word in case.says if word.casefold() not in spoken] == [], told
    everything = told + batch.notebook(case.student)
    assert [word for word in (*case.never, batch.secret) if word in everything] == []


def test_good_submissions_keep_full_marks(batch):
    found = [batch.outcomes[student] for student in batch.good]
    assert len(found) > 20
    assert [(one.student, one.status, one.points, one.notes) for one in found] == [
        (student, "graded", 10.0, []) for student in batch.good
    ]
    assert len({one.verdict().replace(one.student, "") for one in found}) == 1


def test_each_submission_has_one_outcome_that_fits_the_schema(batch):
    students = {case.student for case in FITTING} | set(batch.good) | {"another", "enrolled"}
    assert set(batch.outcomes) == students
    for outcome in batch.outcomes.values():
        checked(outcome.to_dict())
        assert outcome.status in STATUSES and outcome.max_points == 10
        assert outcome.sandbox in ("bubblewrap" if WALLS else "limits", "")


def test_the_gradebook_says_the_same(batch):
    grades = {grade.student: grade.score for grade in gradebook.grades(batch.classroom)}
    outcomes = batch.outcomes.items()
    expected = {name: None if one.status == "missing" else one.points for name, one in outcomes}
    assert grades == expected


def test_a_blank_notebook_is_not_called_wrong(batch):
    assert {task.verdict for task in batch.outcomes["unchanged"].tasks} == {NOT_ATTEMPTED}


def test_nothing_reaches_the_terminal_or_the_page_that_moves_or_runs(batch):
    assert "\x1b" not in batch.printed and "\u202e" not in batch.printed
    students = ["markup-in-outputs", "terminal-escapes", "a-forged-result"]
    for path in feedback.write_feedback(batch.classroom, students=students):
        page = path.read_text(encoding="utf-8").lower()
        dangerous = ("<script", "<img src=x", "\x1b", "\x9b", "hidden tests")
        assert [word for word in dangerous if word in page] == []


@pytest.mark.skipif(not WALLS, reason="needs bubblewrap")
def test_nothing_outside_was_changed_and_nothing_lives_on(batch, baits):
    places, secret, callers = baits
    assert [path.name for path in places.home.glob("*left-by*")] == []
    assert (places.home / ".ssh" / "id_ed25519").read_text() == secret
    assert (places.course / "solutions" / ASSIGNMENT / FILE).read_bytes() == source()
    assert "forged" not in os.listdir(places.course / "classroom" / "outcomes" / ASSIGNMENT)
    assert callers == []
    lines = (process.info["cmdline"] or [] for process in psutil.process_iter(["cmdline"]))
    assert [line for line in lines if OUTLIVING in line] == []


@pytest.mark.parametrize("name", PROBES)
def test_a_probe_finds_what_there_are_no_walls_around(batch, name):
    places = batch.baits
    if name == "the network by address" and places.address == "127.0.0.1":
        pytest.skip("this machine has no address but localhost's")
    code = places.placed(PROBES[name]) + "\nprint(probe())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert batch.secret in done.stdout, done.stderr


def test_a_tensor_is_no_score():
    pytest.importorskip("tensorflow")
    known = "import tensorflow as tf\ndef known(words):\n    return tf.constant(2.0)"
    outcome = run(written(answered(known=known)), plan(), Limits(cell_timeout=60)).outcome
    warmth.cool()
    assert (outcome.status, outcome.points) == ("graded", 8.0)
    assert "not as a number between 0 and 2" in outcome.tasks[-1].message


@pytest.fixture
def no_walls(monkeypatch):
    """A machine without bubblewrap."""
    bubblewrap.problem.cache_clear()
    monkeypatch.setattr(bubblewrap, "_program", lambda: None)
    yield
    bubblewrap.problem.cache_clear()


@pytest.mark.parametrize("name", BARE)
def test_without_walls_the_marks_are_the_same(no_walls, name):
    case = next(case for case in CASES if case.name == name)
    outcome = run(case.files(Baits())[FILE], plan(), Limits(**QUICK)).outcome
    assert outcome.sandbox == "limits"
    assert outcome.status == case.status, outcome.notes
    assert outcome.points in (case.points, case.instead), outcome.notes


def plan():
    """The assignment's plan."""
    return make_plan(source(), ASSIGNMENT, NOTEBOOK, STUBS)


@pytest.mark.parametrize(
    "name", ["../../../solutions/01_ferry/table.ipynb", "/tmp/table.ipynb", "C:\\table.ipynb"]
)
def test_a_zip_that_climbs_out_of_its_folder_is_refused(tmp_path, name):
    make_course(tmp_path)
    path = zipped(tmp_path / "hostile.zip", name, b"{}")
    with pytest.raises(CourseError, match="leads out"):
        collect(path, Classroom.open(tmp_path), assignment=ASSIGNMENT)
    assert (tmp_path / "solutions" / ASSIGNMENT / FILE).read_bytes() == source()
    assert list(tmp_path.rglob("submitted/*")) == []


def test_a_zip_bomb_costs_nobody_else_anything(tmp_path):
    make_course(tmp_path)
    path = zipped(tmp_path / "hostile.zip", "bomber/table.ipynb", bytes(100 * 2**20))
    collected = collect(path, Classroom.open(tmp_path), assignment=ASSIGNMENT)
    assert len(collected.placed) == len(collected.problems) == 1
    assert "a bomb" in collected.problems[0]
    folders = [folder.name for folder in (tmp_path / "classroom" / "submitted").iterdir()]
    assert folders == ["good"]


def zipped(path, name, content):
    """Return a zip that holds a good submission and something else."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("good/table.ipynb", right())
        archive.writestr(name, content)
    return path
