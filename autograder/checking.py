"""The checker's process, as the runner sees it: started, asked, hurried, ended."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from contextlib import suppress

from autograder.sandbox.bubblewrap import environment
from autograder.sandbox.launch import Warm
from autograder.sandbox.session import GRACE, Broken, Died, Session
from autograder.wire import Frames, Gone


class CheckerProcess:
    """The checker, in a process of its own.

    Args:
        wire: the checker's end of the socket to the learner's process.
        warm: a process to fork it from; a cold start if not given.
    """

    def __init__(self, wire: socket.socket, warm: Warm | None) -> None:
        self.control, theirs = socket.socketpair()
        self.process = None
        with theirs:
            files = (theirs.fileno(), wire.fileno())
            if not self._forked(warm, files):
                self.process = self._start(files)
        self.frames, self.pid = Frames(self.control), 0

    def _forked(self, warm: Warm | None, files: tuple[int, int]) -> bool:
        """Fork it from a warm process, if there is one that still answers."""
        with suppress(OSError):
            if warm is not None:
                warm.fork({"kind": "checker"}, *files)
                return True
        return False

    def _start(self, files: tuple[int, int]) -> subprocess.Popen:
        """Start it cold."""
        command = [sys.executable, "-m", "autograder.checker", *map(str, files)]
        return subprocess.Popen(
            command, pass_fds=files, env=environment(), stdin=subprocess.DEVNULL
        )

    def __enter__(self) -> CheckerProcess:
        return self

    def __exit__(self, *error: object) -> None:
        self.control.close()
        if self.pid:
            with suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
        if self.process:
            self.process.kill()
            self.process.wait()

    def check(self, request: dict, seconds: float, session: Session) -> dict:
        """Let it run one cell; when time is up, interrupt the learner's code, then kill it.

        Raises:
            Died: not even that helped.
            Broken: the checker itself has ended.
        """
        try:
            self.pid = self.pid or self.frames.receive()[0]["pid"]
            self.frames.send(request, [])
            late = not self._answers(seconds)
            if late:
                session.sandbox.interrupt()
                if not self._answers(GRACE):
                    session.sandbox.kill()
                    if not self._answers(GRACE):
                        raise Died("the tests did not end")
            return {**self.frames.receive()[0], "late": late}
        except Gone:
            raise Broken("the checker ended") from None

    def _answers(self, seconds: float) -> bool:
        """Wait so long for an answer."""
        self.control.settimeout(seconds)
        try:
            self.control.recv(1, socket.MSG_PEEK)
            return True
        except TimeoutError:
            return False
        finally:
            self.control.settimeout(None)
