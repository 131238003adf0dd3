"""A warm process: it has imported what an assignment imports, and forks for each submission.

It runs no learner's code and holds nothing secret: its environment is a submission's own. A child
first enters the namespaces of a sandbox that bubblewrap has set up, then gives up all rights, and
only then starts the kernel. In there it sees neither the zygote nor a sibling: other process ids,
other mounts, another user namespace.

    python -m autograder.sandbox.zygote SOCKET MODULE…
"""

from __future__ import annotations

import array
import ctypes
import gc
import importlib
import json
import os
import signal
import socket
import struct
import sys
from contextlib import suppress

from autograder.sandbox import seccomp
from autograder.sandbox.bubblewrap import environment

CLONE_NEWUSER = 0x10000000
# Mounts, cgroup, host name, IPC, process ids, network.
NAMESPACES = (0x00020000, 0x02000000, 0x04000000, 0x08000000, 0x20000000, 0x40000000)
PR_SET_PDEATHSIG, PR_SET_NO_NEW_PRIVS, PR_CAPBSET_DROP = 1, 38, 24
PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 22, 2
CAPABILITY_VERSION_3 = 0x20080522
KERNEL, CHECKER = "kernel", "checker"
LARGEST_REQUEST = 65_536
# What every kernel imports when it starts.
PRELOADED = (
    "autograder.checker",
    "autograder.sandbox.kernel",
    "IPython.core.completerlib",
    "IPython.core.oinspect",
    "IPython.extensions.storemagic",
    "ipykernel.debugger",
    "sqlite3",
    "tornado.queues",
)

libc = ctypes.CDLL(None, use_errno=True)


def main(sock: socket.socket, modules: list[str]) -> None:
    """Import modules, then fork for each request until the other side hangs up.

    Args:
        sock: where requests come from; their files are sent along.
        modules: what to import; one that cannot be imported is left to the learner to miss.
    """
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    for name in (*PRELOADED, *modules):
        with suppress(Exception):
            importlib.import_module(name)
    gc.collect()
    gc.freeze()  # children share these pages
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    sock.send(b"ready")
    while True:
        message, files, _, _ = socket.recv_fds(sock, LARGEST_REQUEST, 4)
        if not message:
            return
        with suppress(OSError):  # no more processes: the files are closed, and nobody answers
            if os.fork() == 0:
                sock.close()
                os._exit(_child(json.loads(message), list(files)))
        for file in files:
            os.close(file)


def _child(request: dict, files: list[int]) -> int:
    """Become what the request asks for; returns the exit status."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    try:
        if request["kind"] == CHECKER:
            from autograder import checker

            libc.prctl(PR_SET_PDEATHSIG, 0)  # it ends when the runner hangs up
            checker.main(*(socket.socket(fileno=file) for file in files))
            return 0
        return _enter(request, *files)
    except BaseException:  # the runner sees that nobody answers
        return 1


def _enter(request: dict, wire: int, report: int) -> int:
    """Enter a sandbox, fork the kernel there, and report its process id and how it ended.

    Joining a process-id namespace takes effect for children only, hence the second fork.
    """
    join(request["init"])
    pid = os.fork()
    if pid == 0:
        os.close(report)
        os.setsid()
        drop_rights()
        filter_calls(seccomp.program())
        os.environ.clear()
        os.environ.update(environment())
        from autograder.sandbox import kernel

        kernel.main({**request["settings"], "wire": wire})
        os._exit(0)
    os.close(wire)
    os.write(report, f"{pid}\n".encode())
    _, status = os.waitpid(pid, 0)
    os.write(report, f"{os.waitstatus_to_exitcode(status)}\n".encode())
    return 0


def join(init: int) -> None:
    """Enter all namespaces of a process, the user's first: it gives the right to the rest.

    Raises:
        OSError: the system does not allow it.
    """
    process = os.pidfd_open(init)
    for kind in (CLONE_NEWUSER, *NAMESPACES):
        if libc.setns(process, kind):
            error = ctypes.get_errno()
            raise OSError(error, os.strerror(error), f"setns {kind:#x}")
    os.close(process)


def drop_rights() -> None:
    """Give up every capability in the namespace, and the way to new ones.

    Raises:
        OSError: the system does not allow it.
    """
    for capability in range(64):
        libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)
    header = array.array("I", [CAPABILITY_VERSION_3, 0])
    nothing = array.array("I", [0] * 6)
    done = libc.capset(*(ctypes.c_void_p(part.buffer_info()[0]) for part in (header, nothing)))
    if done or libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "rights not dropped")


def filter_calls(program: bytes) -> None:
    """Put a filter on system calls in force for this process and its children.

    Args:
        program: the filter; nothing happens if it is empty.

    Raises:
        OSError: the system does not allow it.
    """
    if not program:
        return
    lines = ctypes.create_string_buffer(program, len(program))
    count = len(program) // seccomp.INSTRUCTION.size
    described = ctypes.create_string_buffer(struct.pack("@HP", count, ctypes.addressof(lines)))
    if libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, described, 0, 0):
        raise OSError(ctypes.get_errno(), "system calls not filtered")


if __name__ == "__main__":
    main(socket.socket(fileno=int(sys.argv[1])), sys.argv[2:])
