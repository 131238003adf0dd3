import importlib.metadata
import os
import subprocess
import sys

import pytest

from course import doctor
from course.doctor import Finding, examine, report, try_tensorflow

GOOD = "print('[\"2.99.0\", 11.0, 0, 1.25]')"


@pytest.fixture(autouse=True)
def apart(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("COURSE_DATA", raising=False)


@pytest.fixture
def findings(monkeypatch):
    """Examine this machine, with a quick stand-in for TensorFlow's process."""
    quick = try_tensorflow

    def look() -> dict[str, Finding]:
        monkeypatch.setattr(doctor, "try_tensorflow", lambda: quick(GOOD))
        return {finding.name: finding for finding in examine()}

    return look


def test_this_machine_is_examined(findings):
    found = findings()
    for name in ("Python", "numpy", "tensorflow", "cores", "memory", "home", "cache", "sandbox"):
        assert found[name].value
    assert found["Python"].ok and found["numpy"].ok and found["cache"].ok
    assert found["corpus shipped"].value == "with the course"
    assert all(finding.ok == (finding.advice is None) for finding in found.values())


def test_tensorflow_really_multiplies():
    finding = try_tensorflow()
    assert finding.ok, finding.value
    assert finding.value.startswith("imports and multiplies in ")


@pytest.mark.parametrize(
    ("program", "value"),
    [
        ("import os; os.kill(os.getpid(), 9)", "fails: stopped by SIGKILL"),
        ("import no_such_module", "fails: ModuleNotFoundError: No module named 'no_such_module'"),
        ("raise SystemExit(3)", "fails: exit code 3"),
        ("import time; time.sleep(60)", "no answer within 0.5 s"),
        (GOOD.replace("11.0", "12.0"), "2.99.0 says that 1·3 + 2·4 = 12.0"),
    ],
)
def test_tensorflow_that_fails_is_a_finding(program, value):
    finding = try_tensorflow(program, patience=0.5 if "sleep" in program else 60)
    assert finding.value == value
    assert not finding.ok and finding.advice


def test_lower_bounds_are_those_of_the_project():
    python, packages = doctor._needs()
    assert python == "3.11"
    assert packages["tensorflow"] == "2.18"
    assert "pytest" not in packages  # only what a learner needs


def test_installed_metadata_comes_first(monkeypatch):
    class Installed(dict):
        def get_all(self, name):
            return ["numpy>=99", "toy", "pytest>=8; extra == 'dev'"]

    installed = Installed({"Requires-Python": ">=3.99"})
    monkeypatch.setattr(importlib.metadata, "metadata", lambda name: installed)
    assert doctor._needs() == ("3.99", {"numpy": "99", "toy": ""})
    found = {finding.name: finding for finding in doctor._versions()}
    assert found["Python"].value.endswith("too old: 3.99 or later is needed")
    assert "too old: 99 or later" in found["numpy"].value and not found["numpy"].ok
    assert found["toy"].value.startswith("missing")
    assert found["toy"].advice.endswith("pip install --upgrade toy")


@pytest.mark.parametrize(
    ("version", "bound", "ok"),
    [
        ("2.18.0", "2.18", True),
        ("2.18", "2.18.0", True),
        ("2.9.1", "2.18", False),
        ("10.0", "9.9.9", True),
        ("2.18.0rc1", "2.18", True),
        ("5.9.7", "5.9.8", False),
        ("1.0", "", True),
    ],
)
def test_versions_are_compared_as_numbers(version, bound, ok):
    assert doctor._version("toy", version, bound, "advice").ok is ok


def test_container_with_too_little_memory(findings, monkeypatch, tmp_path):
    limit = tmp_path / "memory.max"
    monkeypatch.setattr(doctor, "CGROUP_LIMITS", (limit,))
    limit.write_text("1000000000\n")
    memory = findings()["memory"]
    assert not memory.ok and "of 1.0 GB available (limit of this container" in memory.value
    limit.write_text(f"{2 * 1024**3}\n")
    assert findings()["memory"].ok
    limit.write_text("max\n")
    assert "container" not in findings()["memory"].value


def test_cache_that_cannot_be_written(findings, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path / "file" / "cache"))
    cache = findings()["cache"]
    assert not cache.ok and "set COURSE_CACHE" in cache.advice


def test_corpora_and_their_folder(findings, monkeypatch, tmp_path):
    monkeypatch.setenv("COURSE_DATA", str(tmp_path / "data"))
    assert not findings()["COURSE_DATA"].ok
    file = tmp_path / "data" / "spa-eng" / "spa.txt"
    file.parent.mkdir(parents=True)
    file.write_text("Go.\tVe.\n")
    found = findings()
    assert "COURSE_DATA" not in found
    assert found["corpus spa-eng"].value == f"COURSE_DATA: {file}"


@pytest.mark.skipif(os.name == "nt", reason="needs programs that are shell scripts")
@pytest.mark.parametrize(
    ("script", "level"),
    [
        (None, "limits only; bubblewrap, if installed"),
        ("exit 0", "bubblewrap: a read-only disk"),
        ("echo 'No permissions' >&2; exit 1", "limits only; bubblewrap does not start here (No p"),
    ],
)
def test_sandbox_level_is_told_and_never_an_error(findings, monkeypatch, tmp_path, script, level):
    if script:
        program = tmp_path / "bwrap"
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    sandbox = findings()["sandbox"]
    assert sandbox.ok and sandbox.value.startswith(level)


def test_report_is_aligned_and_ends_with_a_verdict():
    lines = report([Finding("a", "1"), Finding("long", "2", False, "mend it")]).splitlines()
    assert lines == [
        "ok  a     1",
        "NO  long  2",
        "          -> mend it",
        "",
        "1 of 2 need attention",
    ]
    assert report([Finding("a", "1")]).endswith("\nready")


def test_doctor_imports_without_tensorflow():
    program = "import sys, course.doctor; print('tensorflow' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert run.stdout == "False\n", run.stderr
