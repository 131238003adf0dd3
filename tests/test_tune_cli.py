"""`course tune translator`: real trials, in one process and in two, stopped and gone on with."""

import os
import re
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from course.cli import main, trials, tune_page
from tests.refusing import refusal

ROOT = Path(__file__).parents[1]
POSIX = pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
FEW = ("--limit", "300")


def environment():
    return os.environ | {"PYTHONPATH": str(ROOT), "COURSE_FAST": "1"}


def start(folder, *arguments, **popen):
    command = [sys.executable, "-m", "course", "tune", "translator", *map(str, arguments)]
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen(
        command, env=environment(), cwd=folder, encoding="utf-8", **streams, **popen
    )


def course(folder, *arguments):
    """Run the real command; return its output, what it noted, and its exit code."""
    process = start(folder, *arguments)
    out, err = process.communicate(timeout=300)
    return out, err, process.returncode


@pytest.fixture(scope="module")
def tuned(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tuned")
    options = (*FEW, "--trials", 3, "--storage", "sqlite:///trials.db", "--report", "page.html")
    return folder, options, course(folder, *options)


def test_it_reports_the_best_trial_and_what_trains_with_it(tuned):
    _, _, (out, err, code) = tuned
    assert code == 0, err
    lines = re.findall(r"^trial (\d): valid loss ([\d.]+), \d+ s \((.+)\)$", err, re.MULTILINE)
    assert [int(number) for number, _, _ in lines] == [1, 2, 3]
    best = min(lines, key=lambda line: float(line[1]))
    assert f"best valid loss    {best[1]} nats a token (trial {best[0]})" in out
    command = next(line for line in out.splitlines() if line.startswith("course train"))
    assert "--limit 300" in command and "--save model" in command
    drawn = dict(re.findall(r"(\w+) (\S+)", best[2]))
    for name, value in drawn.items():
        if (name, value) != ("max_length", "0"):
            assert f"--{name.replace('_', '-')} {value}" in command


def test_what_it_prints_can_be_typed(tuned, monkeypatch):
    folder, _, (out, _, _) = tuned
    command = next(line for line in out.splitlines() if line.startswith("course train"))
    monkeypatch.setenv("COURSE_FAST", "1")
    monkeypatch.chdir(folder)
    assert main(shlex.split(command)[1:]) == 0
    assert (folder / "model" / "model.json").exists()


def test_the_page_has_each_trial_and_its_pictures_are_described(tuned):
    folder, _, _ = tuned
    page = (folder / "page.html").read_text(encoding="utf-8")
    assert page.count("<tr>") + page.count("<tr class=best>") == 4
    pictures = re.findall(r'<img [^>]*alt="([^"]+)"', page)
    assert len(pictures) == page.count("<img") == 1 + len(trials.SPACE)
    assert "http" not in re.sub(r"base64,[^\"]+", "", page)


def test_the_same_command_goes_on(tuned):
    folder, options, _ = tuned
    out, err, code = course(folder, *options[:3], 4, *options[4:])
    assert code == 0, err
    assert "4 trials wanted, 3 there" in err
    assert re.findall(r"^trial (\d+):", err, re.MULTILINE) == ["4"]
    assert out.startswith("trials             4")


def test_other_options_are_refused(tuned):
    folder, options, _ = tuned
    for more, what in (
        (("--limit", 200), "another corpus"),
        (("--cell", "gru"), "another search space"),
        (("--dropout", "0.3"), "another set of options"),
    ):
        _, err, code = course(folder, *options, *more)
        assert code == 2 and what in err and len(err.splitlines()) == 1


def test_two_processes_share_a_study(tmp_path):
    options = (*FEW, "--workers", 2, "--storage", "sqlite:///trials.db")
    out, err, code = course(tmp_path, "--trials", 5, *options)
    assert code == 0, err
    assert out.startswith("trials             5")
    drawn = re.findall(r"^trial \d: .* s \((.+)\)$", err, re.MULTILINE)
    assert len(drawn) == len(set(drawn)) == 5


@POSIX
def test_ctrl_c_leaves_what_was_found(tmp_path):
    heed = {"preexec_fn": lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)}
    options = (*FEW, "--trials", 50, "--storage", "sqlite:///trials.db")
    process = start(tmp_path, *options, **heed)
    for line in process.stderr:
        if line.startswith("trial 2:"):
            break
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130 and out == ""
    last = err.splitlines()[-1]
    assert re.search(
        r"interrupted; sqlite:///trials.db keeps \d+ trials, and the same command", last
    )
    assert "Traceback" not in err
    assert not (tmp_path / "tuning.html").exists()
    count = int(re.search(r"keeps (\d+)", last)[1])
    out, err, code = course(tmp_path, *options[:3], count + 1, *options[4:])
    assert code == 0 and out.startswith(f"trials             {count + 1}"), err


@POSIX
def test_a_killed_search_goes_on(tmp_path):
    options = (*FEW, "--trials", 4, "--storage", "sqlite:///trials.db")
    process = start(tmp_path, *options)
    for line in process.stderr:
        if line.startswith("trial 1:"):
            break
    process.kill()
    process.communicate(timeout=60)
    out, err, code = course(tmp_path, *options)
    assert code == 0 and out.startswith("trials             4"), err


@POSIX
def test_a_process_that_dies_ends_the_search_in_a_line(tmp_path):
    process = start(tmp_path, *FEW, "--trials", 50, "--storage", "sqlite:///trials.db")
    for line in process.stderr:
        if line.startswith("trial 1:"):
            break
    workers = [
        child
        for child in psutil.Process(process.pid).children(recursive=True)
        if "spawn_main" in " ".join(child.cmdline())
    ]
    assert len(workers) == 1
    workers[0].kill()
    out, err = process.communicate(timeout=60)
    assert process.returncode == 2 and out == ""
    assert "ended with exit code -9" in err.splitlines()[-1] and "Traceback" not in err


def test_a_given_option_stays_as_it_is():
    assert "cell" not in trials.space({"cell": "gru"})
    settings = trials.settings_of({"cell": "gru", "limit": 9}, {"units": 24, "epochs": 3})
    assert (settings.cell, settings.units, settings.epochs, settings.patience) == ("gru", 24, 3, 3)


def test_every_trial_is_judged_by_the_same_sentences(monkeypatch):
    monkeypatch.setenv("COURSE_FAST", "1")
    data = trials.prepare({"limit": 300})
    short = trials.batches(data, trials.settings_of({}, {"max_length": 5, "epochs": 1}))
    longest = (short.source.lengths.max(), short.target.lengths.max() - 2)
    assert max(longest) <= 5 and len(short.source) < len(data.train)
    whole = trials.batches(data, trials.settings_of({}, {"max_length": 0, "epochs": 1}))
    assert len(whole.source) == len(data.train)
    none = trials.settings_of({}, {"max_length": 1, "epochs": 1})
    assert "no pair has at most 1 tokens" in refusal(trials.batches, data, none)


def test_a_page_is_not_written_over_something_else(tmp_path):
    other = tmp_path / "thesis.html"
    other.write_text("<h1>Mine</h1>", encoding="utf-8")
    assert "something else" in refusal(tune_page.check, other)
    assert "no folder" in refusal(tune_page.check, tmp_path / "none" / "page.html")
    assert other.read_text(encoding="utf-8") == "<h1>Mine</h1>"


@pytest.mark.parametrize(
    "arguments, what",
    [
        (["--trials", "0"], "must lie between 1"),
        (["--trials", "2", "--workers", "0"], "must lie between 1"),
        (["--trials", "2", "--storage", "trials.db"], "sqlite:///trials.db"),
        (["--trials", "2", "--sampler", "magic"], "'magic' is not one of"),
        (["--trials", "2", "--pairs", "none.txt"], "none.txt"),
        ([], "missing option '--trials'"),
    ],
)
def test_bad_input_gets_one_line(arguments, what, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["tune", "translator", *arguments]) == 2
    err = capsys.readouterr().err
    assert what in err and len(err.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []
