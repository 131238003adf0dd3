"""Several replicas: the same training as one with the same whole batch."""

import json
import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from course import replicas
from course.batches import PAD
from course.cli import main
from tests.refusing import refusal

ROOT = Path(__file__).parents[1]
MODELS = ("translator", "language")
STEPS_APART = 1e-4  # of a loss, after 50 steps


def start(way, model, **more):
    environment = os.environ | {"PYTHONPATH": str(ROOT), "TF_NUM_INTRAOP_THREADS": "1"} | more
    command = [sys.executable, "-m", "tests.replica_run", way, model]
    return subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def said(process):
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0, err[-2000:]
    return json.loads(out.splitlines()[-1])


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def configs(ports, workers=2):
    cluster = {"worker": [f"127.0.0.1:{port}" for port in ports]}
    for index in range(workers):
        yield json.dumps({"cluster": cluster, "task": {"type": "worker", "index": index}})


@pytest.fixture(scope="module", params=MODELS)
def one(request):
    return request.param, said(start("one", request.param))


def alike(found, one):
    assert np.shape(found["losses"]) == (2, 2)
    np.testing.assert_allclose(found["losses"], one["losses"], atol=STEPS_APART, rtol=0)
    assert found["judged"] == pytest.approx(one["judged"], abs=STEPS_APART)
    assert one["losses"][1][1] < one["losses"][0][1] - 0.01  # it learns at all
    assert found["weights"] == pytest.approx(one["weights"], rel=1e-3)


def test_two_devices_train_as_one(one):
    found = said(start("mirrored", one[0]))
    assert found["replicas"] == 2 and found["chief"]
    alike(found, one[1])


def test_two_workers_on_localhost_train_as_one(one):
    ports = free_port(), free_port()
    both = [start("multiworker", one[0], TF_CONFIG=config) for config in configs(ports)]
    found = [said(process) for process in both]
    assert [worker["chief"] for worker in found] == [True, False]
    for worker in found:
        assert worker["replicas"] == 2
        alike(worker, one[1])
    assert found[0]["weights"] == found[1]["weights"]


def test_no_row_is_lost_and_none_is_dealt_twice():
    class Two:
        num_replicas_in_sync = 2

        def experimental_distribute_values_from_function(self, share):
            contexts = [type("Context", (), {"replica_id_in_sync_group": n}) for n in (0, 1)]
            return [share(context).numpy() for context in contexts]

    rows = np.arange(1, 36).reshape(7, 5)
    (parts,) = replicas.dealer(Two())([rows])
    assert parts[0].shape == parts[1].shape == (4, 5)
    dealt = np.concatenate(parts)
    real = dealt[(dealt != PAD).any(axis=1)]
    assert sorted(map(tuple, real)) == sorted(map(tuple, rows))


@pytest.mark.parametrize(
    "config",
    [
        "",
        "here",
        "[]",
        '{"cluster": {"worker": ["a:1"]}}',
        '{"cluster": {"worker": ["a:1"]}, "task": {"type": "worker", "index": 1}}',
    ],
)
def test_a_bad_config_is_refused(config, monkeypatch):
    monkeypatch.setenv("TF_CONFIG", config)

    def enter():
        with replicas.scope("multiworker"):
            pass

    assert '{"cluster": {"worker": ["host-a' in refusal(enter)


def test_what_is_not_there_is_refused():
    def enter(name):
        with replicas.scope(name):
            pass

    assert "mirrored, multiworker, tpu" in refusal(enter, "magic")
    assert "no TPU was found" in refusal(enter, "tpu")
    with replicas.scope(None):
        assert replicas.is_chief(None)


def test_the_command_trains_on_two_workers(tmp_path):
    def train(config, *more):
        environment = os.environ | {"PYTHONPATH": str(ROOT), "COURSE_FAST": "1"} | config
        command = [sys.executable, "-m", "course", "train", "translator", "--dropout", "0", *more]
        streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        return subprocess.Popen(command, env=environment, encoding="utf-8", **streams)

    def losses(process):
        _, err = process.communicate(timeout=300)
        assert process.returncode == 0, err[-2000:]
        found = re.findall(r"^epoch \d/2 .* valid loss ([\d.]+)", err, re.MULTILINE)
        assert len(found) == 2
        return found

    alone = losses(train({}, "--save", str(tmp_path / "alone")))
    folder = tmp_path / "both"
    multi = ("--distribute", "multiworker", "--save", str(folder))
    ports = free_port(), free_port()
    both = [train({"TF_CONFIG": config}, *multi) for config in configs(ports)]
    assert [losses(process) for process in both] == [alone, alone]
    names = sorted(file.name for file in folder.iterdir() if file.suffix == ".json")
    assert names == sorted(file.name for file in (tmp_path / "alone").glob("*.json"))


def test_the_command_refuses_a_missing_config_in_a_line(capsys, monkeypatch):
    monkeypatch.delenv("TF_CONFIG", raising=False)
    monkeypatch.setenv("COURSE_FAST", "1")
    assert main(["train", "parity", "--distribute", "multiworker"]) == 2
    assert "needs the environment variable TF_CONFIG" in capsys.readouterr().err.splitlines()[-1]
