import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from course.cli import guard, main, options, parity, parity_settings
from course.corpora import bits
from course.models import storage

ROOT = Path(__file__).parents[1]
POSIX = pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")


def environment(**more):
    return os.environ | {"PYTHONPATH": str(ROOT), "COURSE_FAST": "1"} | more


def start(*arguments, **popen):
    command = [sys.executable, "-m", "course", "train", "parity", *map(str, arguments)]
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen(command, env=environment(), encoding="utf-8", **streams, **popen)


def course(*arguments):
    """Run the real command; return its output, what it noted, and its exit code."""
    process = start(*arguments)
    out, err = process.communicate(timeout=300)
    return out, err, process.returncode


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A running-parity run of a few seconds that learns its task: folder, and what was said."""
    folder = tmp_path_factory.mktemp("trained") / "model"
    options = "--strings 6000 --length 8 --cell gru --units 16 --learning-rate 0.02 --batch 50"
    return folder, course(*options.split(), "--save", folder)


def shares(out, what):
    """The shares right that a report gives, by length."""
    found = re.findall(rf"^ *(\d+) bits .*{what} +([\d.]+)%", out, re.MULTILINE)
    return {int(length): float(share) for length, share in found}


def test_training_reports(trained):
    out, err, code = trained[1]
    assert code == 0, err
    lines = err.splitlines()
    assert lines[0].startswith("6,000 random strings of 8 bits to learn from, ")
    assert lines[1] == "16 GRU units: 1,059 parameters"
    assert [line.split()[:2] for line in lines[2:]] == [["epoch", "1/2"], ["epoch", "2/2"]]
    right = shares(out, "parity")
    assert list(right) == [8, 100, 200, 500] and right[8] == 100
    assert "sum" not in out
    assert re.search(r"\ntime +\d+ s\npeak memory +\d+\.\d\d GB\n$", out)


def test_shown_strings_have_the_true_parity(trained):
    shown = re.findall(r"^  ([01]+) -> (\w+) \(true: (\w+)\)$", trained[1][0], re.MULTILINE)
    assert len(shown) == parity.SHOWN
    for string, predicted, true in shown:
        assert len(string) == 8 and predicted == true == ("even", "odd")[string.count("1") % 2]


def test_the_saved_model_answers(trained):
    from course.models.tagger import Tagger

    model = Tagger.load(trained[0])
    assert model.about["options"]["length"] == 8
    strings = bits.draw(100, 8)
    answers = bits.parity(model.predict(bits.ids(strings)))
    np.testing.assert_array_equal(answers, strings.sum(axis=1) % 2)


def test_the_counting_task_reports_sums():
    out, err, code = course("--task", "count", "--length", 5, "--epochs", 1, "--cell", "rnn")
    assert code == 0, err
    assert list(shares(out, "sum")) == list(shares(out, "parity")) == [5, 100, 200, 500]
    shown = re.findall(r"^  ([01]{5}) -> \d+ ones, \w+ \(true: (\d) ones, (\w+)\)$", out, re.M)
    assert len(shown) == parity.SHOWN
    for string, ones, even_or_odd in shown:
        assert int(ones) == string.count("1")
        assert even_or_odd == ("even", "odd")[string.count("1") % 2]


@POSIX
def test_an_interrupted_run_goes_on_as_if_nothing_had_been(tmp_path):
    def heed_ctrl_c():
        signal.signal(signal.SIGINT, signal.SIG_DFL)

    more = ["--strings", 2_000, "--length", 6, "--batch", 10, "--epochs", 4]
    whole, halved = tmp_path / "whole", tmp_path / "halved"
    expected = course(*more, "--save", whole)
    assert expected[2] == 0, expected[1]

    process = start(*more, "--save", halved, preexec_fn=heed_ctrl_c)
    epochs = (line for line in iter(process.stderr.readline, "") if line.startswith("epoch "))
    assert [next(epochs).split()[1] for _ in range(2)] == ["1/4", "2/4"]
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=180)
    assert (process.returncode, out) == (guard.INTERRUPTED, "")
    last = err.splitlines()[-1]
    assert last.startswith(f"course: interrupted; {halved} keeps the best model of ")
    assert last.endswith(f"epochs: go on with --save {halved} --resume")

    resumed = course("--save", halved, "--resume")
    assert resumed[2] == 0, resumed[1]
    for name in ("model", "training"):
        arrays, others = (storage.load_arrays(folder, name)[0] for folder in (whole, halved))
        assert arrays.keys() == others.keys()
        for key, array in arrays.items():
            np.testing.assert_array_equal(others[key], array)
    assert resumed[0].splitlines()[:-2] == expected[0].splitlines()[:-2]


@pytest.fixture
def refused(monkeypatch, capsys):
    """Runs the command in this process, where it must end with one line, without TensorFlow."""
    for name in ("tensorflow", "keras"):
        monkeypatch.setitem(sys.modules, name, None)

    def run(*arguments):
        code = main(["train", "parity", *map(str, arguments)])
        out, err = capsys.readouterr()
        assert (out, code) == ("", 2), err
        assert err.startswith("course") and err.count("\n") == 1
        return err

    return run


def test_resume_refuses_another_run(trained, refused):
    line = refused("--save", trained[0], "--resume", "--length", 9)
    assert "--length is 9, but the run in" in line


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--task", "sum"], "'sum' is not one of 'running', 'count'"),
        (["--cell", "mlp"], "'mlp' is not one of 'rnn', 'gru', 'lstm'"),
        (["--length", "1"], "'--length': must lie between 2 and 10,000, not be 1"),
        (["--strings", "0"], "must lie between 1 and"),
        (["--learning-rate", "nan"], "must lie between"),
        (["--batch", "many"], "'--batch'"),
        (["--resume"], "--resume: needs --save DIR"),
        (["--save", __file__], "is a file, not a folder"),
        (["--save", "nowhere", "--resume"], "no model folder nowhere"),
        (["--strings", "100000000", "--length", "10000"], "GB are free: choose fewer --strings"),
        (["--units", "4096", "--length", "10000", "--batch", "4096"], "fewer --units"),
    ],
)
def test_bad_input_is_one_line(refused, arguments, says):
    assert says in refused(*arguments)


def test_a_folder_of_another_trainer_is_refused(refused, tmp_path):
    about = {"kind": "training", "about": {"options": {"book": "shipped"}}}
    storage.save_arrays(tmp_path, "training", {}, about)
    line = refused("--save", tmp_path, "--resume")
    assert "holds no run of `course train parity`" in line


def test_what_is_not_said_is_chosen(monkeypatch):
    usual = parity_settings.chosen({})
    assert (usual.task, usual.length, usual.cell, usual.units) == ("running", 50, "rnn", 24)
    assert parity_settings.chosen({"task": options.Task.count}).cell == "gru"
    assert parity_settings.chosen({"length": 7, "learning_rate": 0.5}).learning_rate == 0.5
    monkeypatch.setenv("COURSE_FAST", "1")
    assert parity_settings.chosen({}).strings < usual.strings
    assert parity_settings.chosen({"strings": 12}).strings == 12


def test_long_strings_are_shortened():
    written = parity._written(np.ones(500, np.int8))
    assert written == "1" * 30 + "…" + "1" * 30
