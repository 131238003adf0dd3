"""The walls, tried from inside by real kernels."""

import os
import socket
from contextlib import suppress

import pytest

from autograder.sandbox import Limits, bubblewrap, launch
from autograder.sandbox.limits import Watch
from autograder.sandbox.session import Died, Session
from course import doctor

walls = pytest.mark.skipif(bubblewrap.level() == "limits", reason="needs bubblewrap")
pytestmark = walls


@pytest.fixture(scope="module")
def warm():
    process = launch.Warm(("numpy",))
    yield process
    process.close()


@pytest.fixture(params=["forked", "cold"])
def session(request, warm):
    ours, theirs = socket.socketpair()
    with ours, theirs:
        opened = Session(Limits(scratch=8), theirs, warm if request.param == "forked" else None)
        assert isinstance(opened.sandbox, launch.Forked) == (request.param == "forked")
        yield opened
        opened.close()


def said(session, source, seconds=10):
    """Run a cell; return what it printed, or the error's name."""
    run = session.execute(source, seconds)
    return run.error or "".join(output.get("text", "") for output in run.outputs).strip()


def test_the_environment_holds_no_secret(session, monkeypatch):
    assert "HOME=/tmp/home" in said(session, "!env")
    monkeypatch.setenv("SECRET_TOKEN", "bait")
    assert "bait" not in said(session, "!env; cat /proc/*/environ")
    names = said(session, "import os; print(*os.environ)").split()
    assert not [name for name in names if "TOKEN" in name or "KEY" in name or "COURSE" in name]


def test_the_disk_is_read_only_but_for_a_scratch_folder(session):
    for place in ("/", "/usr", "/dev", "/etc", bubblewrap.packages()[0]):
        assert said(session, f"open({place!r} + '/x', 'w')") == "OSError"
    assert said(session, "open('x', 'w').write('x'); print(open('x').read())") == "x"


@pytest.mark.parametrize("folder", ["/tmp", "/dev/shm", "/run"])
def test_the_scratch_folder_is_limited(session, folder):
    fill = f"""
for number in range(100):
    open(f"{folder}/{{number}}", "wb").write(bytes(2**20))
"""
    assert said(session, fill) == "OSError"
    assert said(session, "print(1)") == "1"


def test_nothing_else_is_seen(session):
    seen = said(session, "import os; print(*sorted(os.listdir('/')))").split()
    assert set(seen) <= {
        *"bin dev etc lib lib32 lib64 libx32 proc run sbin sys tmp usr".split()
    } | {path.split("/")[1] for path in bubblewrap.visible()}
    project = os.path.dirname(bubblewrap.packages()[0])
    assert said(session, f"print(*sorted(os.listdir({project!r})))").split() in (
        ["autograder", "course"],
        [".venv", "autograder", "course"],
    )
    assert said(session, "print(os.path.exists(os.path.expanduser('~/.ssh')))") == "False"


def test_there_is_no_network(session):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        connect = "import socket; socket.create_connection(({!r}, {}), 2)"
        for host in ("127.0.0.1", "192.0.2.1", "::1"):
            error = said(session, connect.format(host, port))
            assert error in ("ConnectionRefusedError", "OSError")
        assert said(session, connect.format("example.org", 80)) == "gaierror"


@pytest.mark.parametrize(
    "call",
    [
        "unshare(0x10000000)",
        "mount(b'x', b'/tmp', b'tmpfs', 0, None)",
        "memfd_create(b'x', 0)",
        "shmget(0, 10**6, 0o1600)",
        "ptrace(16, 1, 0, 0)",
        "socket(40, 1, 0)",
        "socket(17, 3, 0)",
    ],
)
def test_calls_that_get_around_the_walls_are_refused(session, call):
    assert said(session, f"import ctypes; print(ctypes.CDLL(None).{call})") == "-1"


def test_processes_and_threads_can_be_made(session):
    assert (
        said(session, "import os; pid = os.fork() or os._exit(3); print(os.wait()[1] >> 8)") == "3"
    )
    threads = "import threading; t = threading.Thread(target=print, args=[7]); t.start(); t.join()"
    assert said(session, threads) == "7"


def test_settings_of_the_system_cannot_be_changed(session):
    for name in ("kernel/core_pattern", "kernel/hostname", "vm/overcommit_memory"):
        assert said(session, f"open('/proc/sys/{name}', 'r+')") in ("OSError", "PermissionError")


def test_a_path_that_leads_out_is_not_followed(session, tmp_path):
    bait = tmp_path / "k"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(bait))
        server.listen()
        server.settimeout(1)
        escape = f"""
import os, gc, zmq
for name in os.listdir('/run'):
    os.remove('/run/' + name)
    os.symlink({str(bait)!r}, '/run/' + name)
os.closerange(5, 200)
"""
        with suppress(Died):
            said(session, escape, 1)
        session.close()
        with pytest.raises(TimeoutError):
            server.accept()


def test_there_are_no_rights_to_gain(session):
    status = said(session, "print(open('/proc/self/status').read())")
    fields = dict(line.split(":\t", 1) for line in status.splitlines())
    assert int(fields["CapEff"], 16) == int(fields["CapPrm"], 16) == 0
    assert fields["NoNewPrivs"] == "1"
    assert said(session, "import os; print(os.getuid())") == bubblewrap.LEARNER
    assert said(session, "os.setuid(0)") in ("PermissionError", "OSError")
    assert said(session, "!mount -t tmpfs x /usr && echo mounted") != "mounted"


def test_siblings_and_the_warm_process_are_out_of_reach(session, warm):
    ours, theirs = socket.socketpair()
    with ours, theirs:
        other = Session(Limits(), theirs, warm)
        try:
            said(other, "secret = open('/tmp/secret', 'w'); secret.write('x'); secret.close()")
            assert said(session, "import os; print(os.path.exists('/tmp/secret'))") == "False"
            count = "print(sum(name.isdigit() for name in os.listdir('/proc')))"
            assert int(said(session, count)) <= 3
            assert said(session, f"os.kill({other.sandbox.pid}, 9)") == "ProcessLookupError"
            assert said(session, f"os.kill({warm.process.pid}, 9)") == "ProcessLookupError"
            with suppress(Died):  # of what it has done to itself
                said(session, "os.kill(-1, 9)")
            assert said(other, "print('alive')") == "alive"
            assert warm.process.poll() is None
        finally:
            other.close()


def test_a_dead_kernel_is_noticed_and_says_how(session):
    with pytest.raises(Died):
        session.execute("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", 10)
    assert session.sandbox.exit_code() in (-11, None)


def test_a_swallowed_interrupt_ends_in_a_kill(session):
    stubborn = """
while True:
    try:
        while True:
            pass
    except BaseException:
        pass
"""
    with pytest.raises(Died):
        session.execute(stubborn, 0.5)
    assert not session.sandbox.alive()


def test_too_many_processes_are_stopped(session):
    watch = Watch(session.sandbox, Limits(processes=20))
    watch.start()
    bomb = "import os, time\nwhile True:\n    os.fork() or time.sleep(9)"
    with pytest.raises(Died):
        session.execute(bomb, 10)
    watch.stop()
    assert watch.reason == "processes"


def test_when_the_sandbox_is_closed_nothing_of_it_runs_on(session):
    said(session, "import subprocess; subprocess.Popen(['sleep', '1000'], start_new_session=True)")
    cage = session.sandbox.cage
    assert cage.usage()[1] >= 2
    session.sandbox.close()
    assert cage.usage() == (0, 0, 0)


def test_a_forked_kernel_starts_when_it_cannot_be_cold(warm):
    warm.wait()
    broken = launch.Warm(("numpy",))
    broken.process.kill()
    ours, theirs = socket.socketpair()
    with ours, theirs:
        opened = Session(Limits(), theirs, broken)
        assert type(opened.sandbox) is launch.Caged
        assert said(opened, "print(1)") == "1"
        opened.close()
    broken.close()


def test_the_doctor_says_the_same():
    found = {finding.name: finding for finding in doctor.examine()}["sandbox"]
    assert found.value.startswith("bubblewrap")
