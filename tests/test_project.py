"""The three scripts of the learner's own project, run as a learner runs them."""

import contextlib
import io
import os
import runpy
import subprocess
import sys

import pytest

from course import corpora
from tools.notebooks import ROOT

SCRIPTS = ROOT / "lessons" / "project"


def run(script, *arguments, typed="", check=True):
    environment = {**os.environ, "COURSE_FAST": "1", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, SCRIPTS / f"{script}.py", *map(str, arguments)],
        input=typed, capture_output=True, env=environment, encoding="utf-8",
    )  # fmt: skip
    if check:
        assert done.returncode == 0, done.stderr
        return done.stdout
    return done


def complaint(script, *arguments):
    """What Python would print to standard error at the end of a script, here without a process."""
    file = SCRIPTS / f"{script}.py"
    said = io.StringIO()
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(said):
        patch.setattr(sys, "argv", [str(file), *map(str, arguments)])
        with pytest.raises(SystemExit) as stopped:
            runpy.run_path(str(file), run_name="__main__")
    assert not said.getvalue()
    [line] = stopped.value.code.splitlines()
    return line


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    folder = tmp_path_factory.mktemp("own") / "project"
    return folder, run("prepare", folder), run("train", folder)


def test_the_corpus_that_ships_goes_the_whole_way(project):
    folder, prepared, trained = project
    assert "shipped" in prepared and "'<unk>': 3" in prepared and "token 50" in prepared
    assert "minutes" in trained and "MB" in trained and "BLEU" in trained
    assert trained.count(" -> ") == 10
    said = run("translate", folder, "I am happy.", "The xylophone is here.")
    assert len(said.splitlines()) == 2
    assert "not known: xylophone" in said


def test_typed_sentences_are_translated_as_those_on_the_command_line(project):
    sentences = ["I am happy.", "Where is the cat?"]
    as_arguments = run("translate", project[0], *sentences)
    assert run("translate", project[0], typed="\n".join(sentences)) == as_arguments


def test_no_source_sentence_stands_on_both_sides(project):
    train, held_out = (corpora.read_pairs(project[0] / f"{n}.tsv") for n in ("train", "held_out"))
    assert not {source for source, _ in train} & {source for source, _ in held_out}


def test_two_aligned_files_give_the_same_as_one_of_pairs(tmp_path):
    pairs = [(f"{word} sleeps.", f"{word} duerme.") for word in ("Ana", "Tom", "Eva", "Leo", "Mia")]
    columns = [tmp_path / "talk.en", tmp_path / "talk.es"]
    for column, side in zip(columns, zip(*pairs, strict=True), strict=True):
        column.write_text("\n".join(side) + "\n", encoding="utf-8")
    file = tmp_path / "talk.tsv"
    file.write_text("".join(f"{a}\t{b}\n" for a, b in pairs), encoding="utf-8")
    run("prepare", tmp_path / "one", "--pairs", file)
    run("prepare", tmp_path / "two", "--aligned", *columns)
    for name in ("train.tsv", "held_out.tsv", "codecs.json"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_a_bad_file_gives_one_line(tmp_path):
    bad, short = tmp_path / "bad.tsv", tmp_path / "short.txt"
    bad.write_text("no tab here\n", encoding="utf-8")
    short.write_text("one\ntwo\n", encoding="utf-8")
    assert "line 1" in complaint("prepare", tmp_path / "p", "--pairs", bad)
    done = run("prepare", tmp_path / "p", "--pairs", bad, check=False)
    assert done.returncode == 1 and not done.stdout and len(done.stderr.splitlines()) == 1
    assert "no such file" in complaint("prepare", tmp_path / "p", "--pairs", tmp_path / "gone")
    assert "lines" in complaint("prepare", tmp_path / "p", "--aligned", bad, short)
    assert "is a file: name a folder" in complaint("prepare", bad)
    assert not (tmp_path / "p").exists()


def test_bad_lines_are_left_out_if_asked_for(tmp_path):
    pairs = tmp_path / "pairs.tsv"
    good = "".join(f"I see {n} cats.\tVeo {n} gatos.\n" for n in range(20))
    pairs.write_text("no tab here\n" + good, encoding="utf-8")
    said = run("prepare", tmp_path / "p", "--pairs", pairs, "--skip-bad")
    assert "(1 bad lines skipped)" in said and "18 pairs to learn from, 2 held out" in said


def test_steps_in_the_wrong_order_give_one_line(tmp_path, project):
    gone = tmp_path / "gone"
    assert f"run `python prepare.py {gone}` first" in complaint("train", gone)
    assert f"run `python train.py {gone}` first" in complaint("translate", gone, "Hello.")
    for name in ("train.tsv", "held_out.tsv"):
        (tmp_path / name).write_bytes((project[0] / name).read_bytes())
    (tmp_path / "codecs.json").write_text("[{}]", encoding="utf-8")
    assert "prepare.py" in complaint("train", tmp_path)
