"""The walls around a submission: bubblewrap's namespaces, and the few folders seen from inside.

Nothing is seen that is not named here: Python, its packages, the two packages of this project and
the system's libraries, all read-only. What can be written lies in memory, is limited in size, and
ends with the run.
"""

from __future__ import annotations

import json
import os
import select
import shutil
import signal
import site
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import IO

from autograder.sandbox import seccomp
from autograder.sandbox.limits import MEGABYTE, Limits

SCRATCH, RUN = "/tmp", "/run"
HOME = f"{SCRATCH}/home"
SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
SETTINGS = ("ld.so.cache", "ld.so.conf", "ld.so.conf.d", "localtime", "fonts", "alternatives")
SYSTEM_SETTINGS = ("/proc/sys", "/proc/irq", "/proc/bus", "/proc/sysrq-trigger")
DEVICES = ("null", "zero", "full", "random", "urandom")
UNSHARED = ("user", "ipc", "pid", "net", "uts", "cgroup-try")
PATIENCE = 10.0
LEARNER = "1000"  # who a submission is in its own eyes


def packages() -> list[str]:
    """Return the folders of the two packages of this project."""
    import autograder
    import course

    return [str(Path(module.__file__).resolve().parent) for module in (course, autograder)]


def environment(home: str = HOME) -> dict[str, str]:
    """Return the environment of a submission: nothing of the instructor's.

    One thread each: submissions run side by side, and sums come out the same.
    """
    roots = dict.fromkeys(str(Path(package).parent) for package in packages())
    return {
        "HOME": home,
        "IPYTHONDIR": f"{home}/.ipython",
        "JUPYTER_PLATFORM_DIRS": "1",
        "LANG": "C.UTF-8",
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "MPLCONFIGDIR": f"{home}/.matplotlib",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONHASHSEED": "0",
        "PYTHONPATH": os.pathsep.join(roots),
        "PYTHONUNBUFFERED": "1",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "TF_NUM_INTEROP_THREADS": "1",
        "TF_NUM_INTRAOP_THREADS": "1",
        "TMPDIR": str(Path(home).parent),
        "USER": "learner",
    }


def arguments(limits: Limits) -> list[str]:
    """Return bubblewrap's arguments, up to the program to run."""
    scratch = str(limits.scratch * MEGABYTE)
    words = [
        _program() or "bwrap",
        "--die-with-parent",
        "--new-session",
        "--as-pid-1",
        "--clearenv",
    ]
    words += [f"--unshare-{name}" for name in UNSHARED]
    words += ["--uid", LEARNER, "--gid", LEARNER, "--hostname", "sandbox"]
    for name, value in environment().items():
        words += ["--setenv", name, value]
    words += [
        "--proc",
        "/proc",
        *_kernel_settings(),
        *_devices(),
        "--size",
        scratch,
        "--tmpfs",
        "/dev/shm",
    ]
    words += ["--remount-ro", "/dev", "--size", scratch, "--tmpfs", SCRATCH]
    words += ["--size", str(MEGABYTE), "--tmpfs", RUN]
    for path in visible():
        words += _show(path)
    for path in limits.hidden:
        if any(Path(path).is_relative_to(shown) for shown in visible()):
            words += ["--tmpfs", path, "--remount-ro", path]
    return [*words, "--dir", HOME, "--chdir", HOME, "--remount-ro", "/"]


def visible() -> list[str]:
    """Return the folders and files that are seen from inside, read-only."""
    pythons = [sys.prefix, sys.exec_prefix, sys.base_prefix, sys.base_exec_prefix]
    pythons += [str(Path(sys.executable).resolve().parent.parent), *site.getsitepackages()]
    settings = [f"/etc/{name}" for name in SETTINGS]
    wanted = [*SYSTEM, *settings, "/sys/devices/system/cpu", *pythons, *packages()]
    return [path for path in dict.fromkeys(wanted) if os.path.lexists(path) and path != "/"]


def _kernel_settings() -> list[str]:
    """Return the arguments that keep the system's settings from being changed, even by root."""
    found = [path for path in SYSTEM_SETTINGS if os.path.exists(path)]
    return [word for path in found for word in ("--ro-bind", path, path)]


def _devices() -> list[str]:
    """Return the arguments for the few devices that programs need.

    Not bubblewrap's own `--dev`: its terminals make a second user namespace inside the first, and a
    process from outside cannot join both.
    """
    words = ["--tmpfs", "/dev", "--symlink", "/proc/self/fd", "/dev/fd"]
    for name in DEVICES:
        words += ["--dev-bind", f"/dev/{name}", f"/dev/{name}"]
    return words


def _show(path: str) -> list[str]:
    """Return the arguments that show a path inside: a link as a link, the rest read-only."""
    if Path(path).is_symlink() and path in SYSTEM:
        return ["--symlink", os.readlink(path), path]
    return ["--ro-bind", path, path]


@cache
def _program() -> str | None:
    """Return where bubblewrap is; None if it is not installed."""
    return shutil.which("bwrap")


@cache
def problem() -> str:
    """Say why there are no walls here; nothing if they stand."""
    if _program() is None:
        return "bubblewrap is not installed"
    try:
        with _filter() as calls:
            command = [
                *arguments(Limits()),
                *_filtered(calls),
                sys.executable,
                "-c",
                "import course",
            ]
            files, told = (calls.fileno(),), {"capture_output": True, "text": True}
            run = subprocess.run(command, pass_fds=files, env={}, timeout=30, **told)
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"bubblewrap does not start here ({type(error).__name__})"
    lines = run.stderr.strip().splitlines()
    return f"bubblewrap does not work here ({lines[-1] if lines else run.returncode})" * bool(
        run.returncode
    )


def level() -> str:
    """Return how submissions are locked in: "bubblewrap" or "limits"."""
    return "limits" if problem() else "bubblewrap"


def explain() -> str:
    """Say in one line how submissions are locked in."""
    if problem():
        return f"Sandbox: limits only, {problem()}; code can reach your files and the network."
    return "Sandbox: bubblewrap; no network, a read-only disk, limits on time and memory."


def _filter() -> IO[bytes]:
    """Return an open file that holds the filter on system calls; it may be empty."""
    file = tempfile.TemporaryFile()  # noqa: SIM115 (the caller closes it)
    file.write(seccomp.program())
    file.seek(0)
    return file


def _filtered(file: IO[bytes]) -> list[str]:
    """Return the arguments that put the filter in force."""
    return ["--seccomp", str(file.fileno())] if seccomp.program() else []


class Cage:
    """One bubblewrap with a program in it.

    The program is process 1 in there, with no helper of bubblewrap's that a filter would not bind.

    Attributes:
        init: its process id, out here. When it ends, all in there end.
        root: where the files in there are seen from out here.
    """

    def __init__(
        self,
        program: list[str],
        limits: Limits,
        files: tuple[int, ...] = (),
        output: int = subprocess.DEVNULL,
    ) -> None:
        told, tell = os.pipe()
        calls = _filter()
        try:
            command = [
                *arguments(limits),
                "--info-fd",
                str(tell),
                *_filtered(calls),
                "--",
                *program,
            ]
            self.process = subprocess.Popen(
                command,
                env={},  # process 1 in there is bubblewrap: its environment can be read
                pass_fds=(tell, calls.fileno(), *files),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.DEVNULL,
            )
        finally:
            os.close(tell)
            calls.close()
        with os.fdopen(told) as report:
            text = report.read()
        self.init = json.loads(text)["child-pid"] if text.strip() else self.process.pid
        self.handle, self.ending = os.pidfd_open(self.init), threading.Lock()
        self.root = f"/proc/{self.init}/root"

    def first_child(self) -> int | None:
        """Return the process id, out here, of the first child of process 1 in there."""
        try:
            children = Path(f"/proc/{self.init}/task/{self.init}/children").read_text().split()
        except OSError:
            return None
        return int(children[0]) if children else None

    def usage(self) -> tuple[int, int, int]:
        """Return bytes of resident memory, number of processes, and bytes written.

        The disks in memory limit themselves, but not their number of files: each counts as 1 kB.
        """
        page, memory, processes = os.sysconf("SC_PAGE_SIZE"), 0, 0
        for statm in self._each("statm"):
            memory, processes = memory + int(statm.split()[1]) * page, processes + 1
        return memory, processes, sum(map(self._files, ("/tmp", "/dev/shm"))) * 1024

    def _files(self, folder: str) -> int:
        """Return the number of files on one of the disks in memory."""
        try:
            disk = os.statvfs(self.root + folder)
        except OSError:  # it is over
            return 0
        return disk.f_files - disk.f_ffree

    def _each(self, file: str) -> Iterator[str]:
        """Yield a file of each process in there."""
        try:
            numbers = [name for name in os.listdir(f"{self.root}/proc") if name.isdigit()]
        except OSError:  # it is over
            return
        for number in numbers:
            try:
                yield Path(f"{self.root}/proc/{number}/{file}").read_text()
            except OSError:  # this one is over
                continue

    def alive(self) -> bool:
        """Say whether it still runs."""
        return self.process.poll() is None

    def kill(self) -> None:
        """End every process in there, and wait until they have ended."""
        with self.ending:
            if self.handle is None:
                return
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(self.handle, signal.SIGKILL)
            over = select.poll()
            over.register(self.handle, select.POLLIN)
            over.poll(PATIENCE * 1000)
            os.close(self.handle)
            self.handle = None
            self.process.kill()
            self.process.wait()
