"""What runs inside the sandbox: an ipykernel that answers one more kind of message.

python -m autograder.sandbox.kernel '{"connection": …, "wire": 5, …}'
"""

from __future__ import annotations

import json
import os
import resource
import signal
import socket
import subprocess
import sys
from functools import partial
from pathlib import Path

from ipykernel.ipkernel import IPythonKernel
from ipykernel.kernelapp import IPKernelApp
from IPython.core.interactiveshell import InteractiveShell

from autograder.sandbox.agent import Agent, seed

CHECK = "check_request"
OPEN_FILES = 1024


class SandboxKernel(IPythonKernel):
    """An IPython kernel that lets the checker call what a learner has defined."""

    msg_types = [*IPythonKernel.msg_types, CHECK]  # noqa: RUF012 (as in the class above)
    agent: Agent | None = None
    seeds: int | None = None

    async def check_request(self, stream, ident, parent) -> None:
        """Answer the checker until it is done with its cell."""
        if self.agent is not None:
            self.agent.serve()
        if stream:
            self.session.send(stream, "check_reply", {"status": "ok"}, parent, ident)

    async def execute_request(self, stream, ident, parent) -> None:
        """Run a cell; TensorFlow's random numbers are seeded in the cell after its import."""
        if self.seeds is not None and "tensorflow" in sys.modules:
            seed(self.seeds)
            self.seeds = None
        await super().execute_request(stream, ident, parent)


def main(settings: dict) -> None:
    """Run the kernel until it is killed.

    Args:
        settings: "connection", Jupyter's connection info; "wire", the number of the socket to the
            checker; "home", the working folder; "scratch", the most megabytes of a file; "seed".
    """
    home = Path(settings["home"])
    home.mkdir(parents=True, exist_ok=True)
    os.chdir(home)
    _limit(settings["scratch"] * 2**20)
    file = Path(settings["connection"]["ip"]).with_suffix(".json")
    file.write_text(json.dumps(settings["connection"]))
    _nowhere()
    SandboxKernel.seeds = settings["seed"]
    application = IPKernelApp.instance(
        connection_file=str(file), kernel_class=SandboxKernel, quiet=True, log_level=50
    )
    application.config.HistoryManager.hist_file = ":memory:"
    application.initialize([])
    application.shell.system = partial(_system, application.shell)
    sock = socket.socket(fileno=settings["wire"])
    application.kernel.agent = Agent(sock, application.shell.user_ns)
    seed(settings["seed"])
    application.start()


def _system(shell: InteractiveShell, command: str) -> None:
    """Run `!command` without a terminal: there is none in here."""
    words = shell.var_expand(command, depth=1)
    done = subprocess.run(words, shell=True, capture_output=True, text=True, errors="replace")
    print(done.stdout + done.stderr, end="")
    shell.user_ns["_exit_code"] = done.returncode


def _limit(largest_file: int) -> None:
    """Limit what the operating system counts by the process; none of it can be raised again."""
    for limit, value in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, largest_file),
        (resource.RLIMIT_NOFILE, OPEN_FILES),
    ):
        _, hard = resource.getrlimit(limit)
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(limit, (value, value))
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # a file too large is an OSError, not a death


def _nowhere() -> None:
    """Send the process' own output to nowhere; a cell's goes over the kernel's sockets."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nowhere, number)
    os.close(nowhere)


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
