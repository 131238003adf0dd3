"""What the two set-up commands stand on: Makefile, environment, lower bounds and lock."""

import os
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.version import Version

ROOT = Path(__file__).resolve().parent.parent
TARGETS = "lab test demo notebooks check lessons lint bench models clean".split()
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
BOUNDS = PROJECT["dependencies"] + PROJECT["optional-dependencies"]["dev"]
PLATFORMS = [
    {"sys_platform": "linux", "os_name": "posix", "platform_system": "Linux"},
    {"sys_platform": "darwin", "os_name": "posix", "platform_system": "Darwin"},
    {"sys_platform": "win32", "os_name": "nt", "platform_system": "Windows"},
]
needs_make = pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")


def lines(name: str) -> list[str]:
    return (ROOT / name).read_text(encoding="utf-8").splitlines()


def locked(python: str, platform: dict[str, str]) -> dict[str, Version]:
    """The versions that the lock holds for one Python on one platform."""
    environment = default_environment() | platform
    environment |= {"python_version": python, "python_full_version": f"{python}.9"}
    wanted = [Requirement(line) for line in lines("requirements.lock") if line[0] not in "# "]
    return {
        item.name: Version(str(item.specifier).removeprefix("=="))
        for item in wanted
        if item.marker is None or item.marker.evaluate(environment)
    }


def make(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs make as from a terminal, even where the tests were started by make."""
    inherited = {"MAKEFLAGS", "MAKELEVEL", "MFLAGS", "ARGS", "PYTHON"}
    environment = {name: value for name, value in os.environ.items() if name not in inherited}
    command = ["make", *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)


@needs_make
@pytest.mark.parametrize("arguments", [[], ["help"]])
def test_help_lists_the_targets(arguments):
    listed = [line.split()[1:] for line in make(*arguments).stdout.splitlines()]
    assert [words[0] for words in listed] == TARGETS
    assert all(len(words) > 3 for words in listed)


@needs_make
def test_the_readme_shows_the_help_as_it_is():
    shown = subprocess.run(["make", "-s", "help"], cwd=ROOT, capture_output=True, text=True).stdout
    assert shown in (ROOT / "README.md").read_text(encoding="utf-8")


def test_options_are_passed_through():
    shown = make("-n", "lab", "ARGS=--no-browser --port 8890").stdout
    assert "lessons/00_start_here.ipynb" in shown
    assert "--no-browser --port 8890" in shown


@needs_make
def test_an_unknown_python_is_one_clear_line(tmp_path):
    for name in ("Makefile", "pyproject.toml", "requirements.lock"):
        shutil.copy(ROOT / name, tmp_path)
    seen = make("-C", str(tmp_path), "check", "PYTHON=no-such-python")
    said = [line for line in seen.stderr.splitlines() if not line.startswith("make")]
    assert seen.returncode != 0
    assert said == [
        "no-such-python: not found; install Python 3.11 or later, or say make PYTHON=..."
    ]


def test_conda_and_pip_agree_on_python():
    (python,) = re.findall(r"- python=(\S+)", "\n".join(lines("environment.yml")))
    assert SpecifierSet(PROJECT["requires-python"]).contains(f"{python}.0")


def test_conda_installs_the_locked_set():
    told = [line.split("#")[0].strip(" -") for line in lines("environment.yml")]
    assert "c requirements.lock" in told
    assert "e ." in told


@pytest.mark.parametrize("python", ["3.11", "3.12", "3.13"])
@pytest.mark.parametrize("platform", PLATFORMS, ids=lambda platform: platform["sys_platform"])
def test_the_lock_satisfies_the_lower_bounds(python, platform):
    versions = locked(python, platform)
    for bound in map(Requirement, BOUNDS):
        assert bound.specifier.contains(versions[bound.name]), bound


def test_bounds_are_lower_bounds_only():
    operators = {part.operator for bound in BOUNDS for part in Requirement(bound).specifier}
    assert operators == {">="}


def test_the_lock_names_no_host_and_says_how_to_renew_it():
    text = "\n".join(lines("requirements.lock"))
    assert "make lock" in text
    assert "://" not in text and "--" not in text


def test_each_dependency_says_why_it_is_there():
    bare = re.compile(r'^\s+"[\w-]+>=[^"]*",\s*$')
    assert [line for line in lines("pyproject.toml") if bare.match(line)] == []
    items = [line for line in lines("environment.yml") if line.strip().startswith("- ")]
    assert [line for line in items if "#" not in line and line.strip() != "- pip:"] == []


@pytest.mark.parametrize("folder", ["lessons", "exercises", "solutions", "autograder"])
def test_each_room_says_what_belongs_there(folder):
    assert len((ROOT / folder / "README.md").read_text(encoding="utf-8")) > 100
