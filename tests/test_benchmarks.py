"""The benchmarks' own tools: the page of results, and that each name runs something."""

import importlib
import json

import pytest

import benchmarks.__main__ as command
from benchmarks import commands, page, timing
from course import corpora

RESULT = {"ours: seconds": 1234.5, "machine": {"cores": 2, "python": "3"}, "date": "2026-11-24"}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "performance.md"


def test_a_section_is_replaced_and_the_others_stay(path):
    page.put("writer", "a writer", RESULT, path)
    page.put("best", "the best", RESULT | {"odd | name": "a | b"}, path)
    before = path.read_text(encoding="utf-8")
    assert before.index("## best") < before.index("## writer")
    assert "| ours: seconds | 1,234.5 |" in before and "a \\| b" in before
    page.put("writer", "a writer", RESULT | {"ours: seconds": 7}, path)
    after = path.read_text(encoding="utf-8")
    assert after == before[: before.index("## writer")] + before[
        before.index("## writer") :
    ].replace("1,234.5", "7")
    page.put("writer", "a writer", RESULT | {"ours: seconds": 7}, path)
    assert path.read_text(encoding="utf-8") == after


def test_what_is_long_stays_in_the_json_file(path):
    page.put("best", "the best", RESULT | {"curve": list(range(100))}, path)
    assert "curve" not in path.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", command.NAMES)
def test_each_name_has_a_benchmark_that_says_what_it_is(name):
    pytest.importorskip("psutil")
    module = importlib.import_module(f"benchmarks.{name}")
    assert callable(module.run) and module.__doc__ and module.run.__doc__


def test_an_unknown_name_is_refused_in_a_line(capsys):
    assert command.main(["magic"]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_a_result_is_written_as_json(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_FAST", "1")
    monkeypatch.chdir(tmp_path)
    assert command.main(["startup"]) == 0
    result = json.loads((tmp_path / "build" / "benchmarks" / "startup.json").read_text())
    assert result["date"] and result["machine"]["cores"] and len(result) > 2


def test_ways_are_run_in_turn_and_the_first_round_does_not_count():
    seen = []
    found = timing.medians({"a": lambda: seen.append("a"), "b": lambda: seen.append("b")}, 2)
    assert seen == list("ababab") and set(found) == {"a", "b"}


def test_a_program_that_fails_is_not_a_result():
    assert commands.printed("print([1, 2.5])") == [1, 2.5]
    with pytest.raises(RuntimeError, match="boom"):
        commands.printed("raise ValueError('boom')")


@pytest.mark.skipif(
    bool(corpora.load_pairs("spa-eng", limit=1, say=None).advice), reason="needs spa-eng"
)
def test_preparing_in_fast_mode(monkeypatch):
    monkeypatch.setenv("COURSE_FAST", "1")
    from benchmarks import preparing

    for name in ("PAIRS", "THEIRS"):
        monkeypatch.setattr(preparing, name, 300)
    monkeypatch.setattr(preparing, "ROUNDS", 1)
    found = preparing.run()
    assert found["ours: pairs"] == found["theirs: pairs"] == 300
    assert found["bytes a pair, theirs to ours"] > 10
