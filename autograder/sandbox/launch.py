"""Starts a submission's kernel: forked from a warm process, in a cage, or with limits only."""

from __future__ import annotations

import json
import os
import select
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
from contextlib import suppress

import psutil

from autograder.sandbox import bubblewrap
from autograder.sandbox.bubblewrap import HOME, RUN, Cage, environment
from autograder.sandbox.limits import Limits

KERNEL = "autograder.sandbox.kernel"
# Process 1 is deaf to signals from its own: the kernel must be its child, to die as it should.
PARENT = ["/bin/sh", "-c", '"$@"; exit $?', "sh"]
PLACEHOLDER = ["/bin/sh", "-c", "echo ready; exec sleep infinity"]
ADDRESS = f"{RUN}/k"
PATIENCE, STARTING = 20.0, 60.0
HEARTBEAT = 5  # the number of its socket


class Warm:
    """A zygote that has imported some modules, on our side of its socket.

    Args:
        modules: what it imports.
    """

    def __init__(self, modules: tuple[str, ...]) -> None:
        self.modules = modules
        self.home = tempfile.mkdtemp(prefix="unrolled-")
        self.sock, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "autograder.sandbox.zygote", str(theirs.fileno()), *modules],
                pass_fds=(theirs.fileno(),),
                env=environment(self.home),
                cwd=self.home,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        self.ready = False

    def wait(self) -> None:
        """Wait until it has imported everything.

        Raises:
            OSError: it died before that.
        """
        self.ready = self.ready or self.sock.recv(16) == b"ready"
        if not self.ready or self.process.poll() is not None:
            raise ConnectionError("the warm process has ended")

    def fork(self, request: dict, *files: int) -> None:
        """Ask for a child; the files go to it."""
        self.wait()
        socket.send_fds(self.sock, [json.dumps(request).encode()], files)

    def close(self) -> None:
        """End it."""
        self.sock.close()
        self.process.kill()
        self.process.wait()
        shutil.rmtree(self.home, ignore_errors=True)


class Sandbox:
    """A running kernel and what is known about it from outside.

    Attributes:
        pid: the kernel's process id, out here.
        address: the beginning of the paths of its sockets, out here.
    """

    pid: int
    address: str

    def wait(self) -> None:
        """Wait until the kernel listens: the heartbeat's socket is the last that it makes."""

        def listening() -> bool:
            with suppress(OSError):
                return stat.S_ISSOCK(os.lstat(f"{self.address}-{HEARTBEAT}").st_mode)
            return not self.alive()

        _soon(listening, STARTING)

    def interrupt(self) -> None:
        """Interrupt the cell that runs."""
        with suppress(OSError):
            os.kill(self.pid, signal.SIGINT)

    def usage(self) -> tuple[int, int, int]:
        """Return bytes of resident memory, number of processes, bytes written."""
        raise NotImplementedError

    def alive(self) -> bool:
        """Say whether the kernel still runs."""
        raise NotImplementedError

    def exit_code(self) -> int | None:
        """Return how the kernel ended, a signal as a negative number; None if nobody knows."""
        raise NotImplementedError

    def kill(self) -> None:
        """End every process in it at once."""
        raise NotImplementedError

    def close(self) -> None:
        """End it and remove what it leaves."""
        self.kill()


class Caged(Sandbox):
    """A kernel that bubblewrap has started."""

    def __init__(self, connection: dict, wire: int, limits: Limits) -> None:
        settings = {**_settings(connection, limits), "wire": wire}
        program = [*PARENT, sys.executable, "-m", KERNEL, json.dumps(settings)]
        self.cage = Cage(program, limits, (wire,))
        self.address = self.cage.root + ADDRESS
        self.pid = _soon(self.cage.first_child, PATIENCE) or self.cage.init

    def usage(self) -> tuple[int, int, int]:
        """Return what all processes in the cage take."""
        return self.cage.usage()

    def alive(self) -> bool:
        """Say whether the kernel still runs."""
        return self.cage.alive()

    def exit_code(self) -> int | None:
        """Return how the kernel ended; bubblewrap adds 128 to a signal's number."""
        code = self.cage.process.poll()
        return 128 - code if code is not None and code > 128 else code

    def kill(self) -> None:
        """End the cage."""
        self.cage.kill()


class Forked(Caged):
    """A kernel that was forked from a warm process into a cage.

    Raises:
        OSError: the child could not enter the cage.
    """

    def __init__(self, warm: Warm, connection: dict, wire: int, limits: Limits) -> None:
        warm.wait()
        self.cage = _empty_cage(limits)
        told, tell = os.pipe()
        self.report = os.fdopen(told)
        settings = _settings(connection, limits)
        request = {"kind": "kernel", "init": self.cage.init, "settings": settings}
        try:
            warm.fork(request, wire, tell)
        except OSError:
            self.close()
            raise
        finally:
            os.close(tell)
        ready, _, _ = select.select([self.report], [], [], PATIENCE)
        line = self.report.readline() if ready else ""
        if not line:
            self.close()
            raise ConnectionError("the warm process could not enter the sandbox")
        self.pid, self.status = int(line), None
        self.address = self.cage.root + ADDRESS
        os.set_blocking(self.report.fileno(), False)

    def alive(self) -> bool:
        """Say whether the kernel still runs."""
        return self.exit_code() is None and self.cage.alive()

    def exit_code(self) -> int | None:
        """Return how the kernel ended, as the child that waited for it has reported."""
        if self.status is None:
            line = self.report.readline()
            self.status = int(line) if line.strip() else None
        return self.status

    def close(self) -> None:
        """End the cage."""
        self.kill()
        self.report.close()


class Bare(Sandbox):
    """A kernel with limits alone: what is left where there is no bubblewrap."""

    def __init__(self, connection: dict, wire: int, limits: Limits) -> None:
        self.folder = tempfile.mkdtemp(prefix="unrolled-")
        home = f"{self.folder}/home"
        self.address = f"{self.folder}/k"
        settings = {**_settings(connection, limits, home, self.address), "wire": wire}
        self.process = subprocess.Popen(
            [sys.executable, "-m", KERNEL, json.dumps(settings)],
            pass_fds=(wire,),
            env=environment(home),
            cwd=self.folder,
            start_new_session=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self.pid = self.process.pid

    def usage(self) -> tuple[int, int, int]:
        """Return what the kernel, its descendants and its folder take."""
        memory, family = 0, self._family()
        for member in family:
            with suppress(psutil.Error):
                memory += member.memory_info().rss
        written = 0
        for folder, _, files in os.walk(self.folder):  # passes over what is gone meanwhile
            for file in files:
                with suppress(OSError):
                    written += os.lstat(os.path.join(folder, file)).st_size
        return memory, len(family), written

    def _family(self) -> list[psutil.Process]:
        """Return the kernel's process and all that descend from it."""
        try:
            kernel = psutil.Process(self.pid)
            return [kernel, *kernel.children(recursive=True)]
        except psutil.Error:
            return []

    def alive(self) -> bool:
        """Say whether the kernel still runs."""
        return self.process.poll() is None

    def exit_code(self) -> int | None:
        """Return how the kernel ended."""
        return self.process.poll()

    def kill(self) -> None:
        """End the kernel, its session and its descendants."""
        for member in self._family():
            with suppress(psutil.Error):
                member.kill()
        with suppress(OSError):
            os.killpg(self.pid, signal.SIGKILL)
        self.process.wait()

    def close(self) -> None:
        """End it and remove its folder."""
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)


def launch(connection: dict, wire: int, limits: Limits, warm: Warm | None = None) -> Sandbox:
    """Start a kernel as closely locked in as this machine can.

    Args:
        connection: Jupyter's connection info, without the address.
        wire: the learner's end of the socket to the checker.
        limits: what it may use.
        warm: a process to fork it from; a cold start if not given.
    """
    if bubblewrap.level() == "limits":
        return Bare(connection, wire, limits)
    if warm is not None:
        with suppress(OSError):
            return Forked(warm, connection, wire, limits)
    return Caged(connection, wire, limits)


def _settings(connection: dict, limits: Limits, home: str = HOME, address: str = ADDRESS) -> dict:
    """Return what the kernel is told."""
    return {
        "connection": {**connection, "transport": "ipc", "ip": address},
        "home": home,
        "scratch": limits.scratch,
        "seed": limits.seed,
    }


def _soon(look, seconds: float = PATIENCE):
    """Return the first true value of a function that is asked again and again, or its last."""
    end = time.monotonic() + seconds
    while not (found := look()) and time.monotonic() < end:
        time.sleep(0.002)
    return found


def _empty_cage(limits: Limits) -> Cage:
    """Return a cage with nothing in it but a sleeper, when its walls stand.

    Raises:
        OSError: they do not.
    """
    told, tell = os.pipe()
    try:
        cage = Cage(PLACEHOLDER, limits, output=tell)
    finally:
        os.close(tell)
    with os.fdopen(told) as line:
        if not line.readline():
            cage.kill()
            raise ConnectionError("the sandbox did not start")
    return cage
