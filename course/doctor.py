"""Is this machine ready? `course doctor` and lesson 00 ask.

Everything here runs on a machine that is not ready as well: packages are imported late, and
TensorFlow in a process of its own, so that a crash there is a finding and not the end.
"""

import importlib.metadata
import json
import os
import platform
import re
import shutil
import signal
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from course import corpora

GIGABYTE = 1e9
LEAST_MEMORY = 2 * GIGABYTE  # a lesson takes up to 1.5 GB, JupyterLab and the system the rest
LEAST_DISK = GIGABYTE // 2
MENDS = "run `make lab`, or pip install --upgrade"

TENSORFLOW = """
import json, os, time
start = time.perf_counter()
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import tensorflow as tf
product = tf.linalg.matmul([[1.0, 2.0]], [[3.0], [4.0]]).numpy().item()
gpus = len(tf.config.list_physical_devices("GPU"))
seconds = time.perf_counter() - start
print(json.dumps([tf.__version__, product, gpus, seconds]))
"""

CGROUP_LIMITS = (
    Path("/sys/fs/cgroup/memory.max"),
    Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
)


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        name: what was looked at.
        value: what was found.
        ok: whether the course can work with it.
        advice: what to do about it; None if it is ok.
    """

    name: str
    value: str
    ok: bool = True
    advice: str | None = None


def examine() -> list[Finding]:
    """Look at this machine; the look at TensorFlow takes some seconds.

    Returns:
        The findings, from Python upwards.
    """
    return [
        *_versions(),
        Finding("cores", str(_cores())),
        _memory(),
        *_disk(),
        try_tensorflow(),
        *_corpora(),
        Finding("sandbox", _sandbox()),
    ]


def report(findings: list[Finding]) -> str:
    """Return findings as plain text: a line each, advice below the line it belongs to."""
    width = max(len(finding.name) for finding in findings)
    lines = []
    for finding in findings:
        lines.append(f"{'ok' if finding.ok else 'NO':4}{finding.name:{width}}  {finding.value}")
        if finding.advice:
            lines.append(f"{'':4}{'':{width}}  -> {finding.advice}")
    bad = sum(not finding.ok for finding in findings)
    verdict = f"{bad} of {len(findings)} need attention" if bad else "ready"
    return "\n".join([*lines, "", verdict])


def _versions() -> Iterator[Finding]:
    """Compare Python and the packages with what the course says it needs."""
    python, packages = _needs()
    yield _version("Python", platform.python_version(), python, "install a newer Python")
    for package, bound in packages.items():
        try:
            version = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            version = None
        yield _version(package, version, bound, f"{MENDS} {package}")


def _version(name: str, version: str | None, bound: str, advice: str) -> Finding:
    """Compare a version with its lower bound."""
    if version is None:
        return Finding(name, f"missing, {bound} or later is needed", False, advice)
    if _release(version) < _release(bound):
        return Finding(name, f"{version}, too old: {bound} or later is needed", False, advice)
    return Finding(name, f"{version} ({bound} or later is needed)" if bound else version)


def _release(version: str) -> list[int]:
    """Return the numbers of a version, without what marks a pre-release."""
    numbers = [int(number) for number in re.findall(r"\d+", re.match(r"[\d.]*", version)[0])]
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return numbers


def _needs() -> tuple[str, dict[str, str]]:
    """Return the lower bounds of Python and of each package the course depends on."""
    python, requirements = _metadata()
    bounds = {}
    for requirement in requirements:
        name = re.match(r"[\w.-]+", requirement)[0]
        if "extra ==" not in requirement:
            bounds[name] = _lower_bound(requirement)
    return _lower_bound(python), bounds


def _lower_bound(requirement: str) -> str:
    """Return "2.18" for "tensorflow>=2.18", and nothing if there is no bound."""
    bound = re.search(r">=\s*([\w.]+)", requirement)
    return bound[1] if bound else ""


def _metadata() -> tuple[str, list[str]]:
    """Return what the installed course requires; in a checkout, what its pyproject.toml says."""
    project = Path(__file__).parents[1] / "pyproject.toml"
    try:
        metadata = importlib.metadata.metadata("unrolled")
        return metadata["Requires-Python"] or "", metadata.get_all("Requires-Dist") or []
    except importlib.metadata.PackageNotFoundError:
        if not project.is_file():
            return "", []
        table = tomllib.loads(project.read_text(encoding="utf-8"))["project"]
        return table["requires-python"], table["dependencies"]


def _cores() -> int:
    """Count the cores that this process may use, which can be fewer than the machine has."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _memory() -> Finding:
    """Look at the memory of the machine, or of the container if that has less."""
    try:
        import psutil
    except ImportError:
        return Finding("memory", "unknown without psutil", False, f"{MENDS} psutil")
    memory = psutil.virtual_memory()
    total = min(memory.total, _cgroup_limit())
    value = f"{_gigabytes(min(memory.available, total))} of {_gigabytes(total)} available"
    if total < memory.total:
        value += f" (limit of this container; the machine has {_gigabytes(memory.total)})"
    # A hair of slack: a machine sold with 2 GB shows a little less, a Binder exactly 2 GiB.
    if total < 0.95 * LEAST_MEMORY:
        advice = f"the lessons need a machine with {_gigabytes(LEAST_MEMORY)}; try one on Binder"
        return Finding("memory", value, False, advice)
    return Finding("memory", value)


def _cgroup_limit() -> float:
    """Return the bytes that a container may use; infinity where there is no limit."""
    for file in CGROUP_LIMITS:
        try:
            return int(file.read_text())
        except (OSError, ValueError):  # no such file, or "max"
            continue
    return float("inf")


def _disk() -> Iterator[Finding]:
    """Look at the free space of the home folder, and at the cache, which must be writable."""
    home = Path.home()
    yield _space("home", home, home)
    try:
        cache = corpora.cache_folder()
    except ImportError:
        yield Finding("cache", "unknown without platformdirs", False, f"{MENDS} platformdirs")
        return
    place = _existing(cache)
    if place.is_dir() and os.access(place, os.W_OK | os.X_OK):
        yield _space("cache", place, cache)
    else:
        advice = "downloads have nowhere to go: set COURSE_CACHE to a folder of yours"
        yield Finding("cache", f"{cache} is not writable", False, advice)


def _existing(path: Path) -> Path:
    """Return a path, or the nearest folder above it that exists."""
    return next((place for place in (path, *path.absolute().parents) if place.exists()), path)


def _space(name: str, place: Path, shown: Path) -> Finding:
    """Look at the free space of a folder's disk."""
    try:
        free = shutil.disk_usage(_existing(place)).free
    except OSError as error:
        return Finding(name, f"unknown space in {shown} ({error.strerror})")
    if free < LEAST_DISK:
        advice = f"models and corpora need {_gigabytes(LEAST_DISK)}: make room on this disk"
        return Finding(name, f"{_gigabytes(free)} free in {shown}", False, advice)
    return Finding(name, f"{_gigabytes(free)} free in {shown}")


def _gigabytes(size: float) -> str:
    """Return bytes as gigabytes with one decimal."""
    return f"{size / GIGABYTE:,.1f} GB"


def try_tensorflow(program: str = TENSORFLOW, patience: float = 180.0) -> Finding:
    """Let TensorFlow multiply two matrices in a process of its own.

    Args:
        program: Python that prints a JSON list: version, product, number of GPUs, seconds.
        patience: seconds until it is stopped.
    """
    advice = f"{MENDS} tensorflow; its wheels need a 64-bit system, on Intel and AMD with AVX"
    try:
        run = subprocess.run(
            [sys.executable, "-c", program],
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=patience,
        )
    except subprocess.TimeoutExpired:
        return Finding("TensorFlow", f"no answer within {patience:g} s", False, advice)
    if run.returncode:
        return Finding("TensorFlow", f"fails: {_last_words(run)}", False, advice)
    try:
        version, product, gpus, seconds = json.loads(run.stdout.splitlines()[-1])
    except (ValueError, IndexError):
        return Finding("TensorFlow", f"odd answer: {run.stdout[-60:]!r}", False, advice)
    if product != 11:
        return Finding("TensorFlow", f"{version} says that 1·3 + 2·4 = {product}", False, advice)
    gpu = f"{gpus} GPU" if gpus else "no GPU, the course needs none"
    return Finding("TensorFlow", f"imports and multiplies in {seconds:.1f} s; {gpu}")


def _last_words(run: subprocess.CompletedProcess) -> str:
    """Say in one line how a process ended that did not end well."""
    if run.returncode < 0:
        return f"stopped by {signal.Signals(-run.returncode).name}"
    lines = run.stderr.strip().splitlines()
    return lines[-1] if lines else f"exit code {run.returncode}"


def _corpora() -> Iterator[Finding]:
    """List the corpora that can be loaded without a network."""
    folder = corpora.data_folder()
    if folder and not folder.is_dir():
        advice = "set COURSE_DATA to a folder that exists, or unset it"
        yield Finding("COURSE_DATA", f"there is no folder {folder}", False, advice)
    try:
        rows = [row for row in corpora.available() if row.here]
    except ImportError:  # of platformdirs, which is a finding already
        return
    for row in rows:
        yield Finding(f"corpus {row.name}", row.where)


def _sandbox() -> str:
    """Say how closely the autograder can lock a submission in.

    Only an instructor needs it, and every level grades; so no level is an error.
    """
    program = shutil.which("bwrap")
    if program is None:
        return "limits only; bubblewrap, if installed, adds a read-only disk and no network"
    command = [program, "--ro-bind", "/", "/", "--dev", "/dev", "--unshare-all", "true"]
    try:
        run = subprocess.run(command, capture_output=True, text=True, timeout=10)
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"limits only; bubblewrap does not start here ({type(error).__name__})"
    if run.returncode:
        return f"limits only; bubblewrap does not start here ({_last_words(run)})"
    return "bubblewrap: a read-only disk, no network, limits"
