"""`course train treebank`, `course perplexity`, `course data gazette`; one small model for all."""

import math
import re
import shutil
import signal
import subprocess
import sys

import numpy as np
import pytest
import test_cli
from test_cli import POSIX, call, environment, refusal

from course.cli import guard, options, treebank, treebank_settings
from course.corpora.treebank import SPLITS, make_gazette, read_treebank
from course.models import storage
from course.models.ngram import NGram
from course.streams import running_ids

course, untouchable = test_cli.course, test_cli.untouchable
no_tensorflow = test_cli.no_tensorflow

TRAIN = ("train", "treebank")


@pytest.fixture
def corpus(tmp_path):
    """A folder of three small splits; test has a token that train has not."""
    place = tmp_path / "corpus"
    place.mkdir()
    line = " the <unk> fell N points \n it rose \n"
    for split, times in zip(SPLITS, (60, 5, 5), strict=True):
        place.joinpath(f"my.{split}.txt").write_text(line * times)
    with place.joinpath("my.test.txt").open("a") as file:
        file.write(" the zebra rose \n")
    return place


# Usage


@pytest.mark.parametrize("command", [TRAIN, ("perplexity",), ("data", "gazette")], ids=" ".join)
def test_every_command_has_help_with_an_example(no_tensorflow, command):
    out, err, code = call(*command, "--help")
    assert (err, code) == ("", 0)
    assert f"Usage: course {' '.join(command)}" in out and "Example: course" in out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([*TRAIN, "--config", "huge"], "'huge' is not one of 'classic', 'tuned', 'large', 'small'"),
        (
            [*TRAIN, "--units", "256,x"],
            "--units is '256,x': give a width from 1",
        ),
        ([*TRAIN, "--units", ""], "--units is '': give a width from 1"),
        ([*TRAIN, "--optimizer", "adam"], "--optimizer adam needs a --learning-rate beside it"),
        ([*TRAIN, "--data", "nowhere"], "nowhere is no folder"),
        ([*TRAIN, "--resume"], "--resume: needs --save DIR"),
        (["perplexity", "--model", "none", "a.txt"], "no model folder none"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_bad_usage_is_one_line(course, arguments, words):
    assert words in refusal(course(*arguments))


def test_bad_splits_are_refused(course, corpus):
    save = ("--save", "model")
    corpus.joinpath("my.valid.txt").rename(corpus / "held-out.txt")
    assert "has no file for valid" in refusal(course(*TRAIN, "--data", corpus, *save))
    corpus.joinpath("held-out.txt").rename(corpus / "my.valid.txt")
    corpus.joinpath("my.train.txt").write_text("a b\n")
    line = refusal(course(*TRAIN, "--data", corpus, *save))
    assert "train has 3 tokens, and a batch needs 8 at least" in line
    corpus.joinpath("my.train.txt").write_text("")
    assert "my.train.txt is empty" in refusal(course(*TRAIN, "--data", corpus, *save))
    assert not corpus.parent.joinpath("model").exists()


def test_too_large_a_model_is_refused(course, corpus):
    assert "too large" in refusal(course(*TRAIN, "--data", corpus, "--units", "4096,4096"))


# Settings


def test_the_classic_configuration_is_the_published_one(monkeypatch):
    settings = treebank_settings.chosen({"config": options.Config.classic})
    assert (settings.embedding, settings.units, settings.cell) == (200, (256, 128), "lstm")
    assert (settings.batch, settings.steps, settings.epochs, settings.flat) == (60, 20, 15, 5)
    assert (settings.optimizer, settings.learning_rate, settings.clip) == ("sgd", 1.0, 5.0)
    assert settings.summed and settings.spread == 0.1 and not settings.tied
    assert treebank_settings.chosen({}) == settings
    assert treebank_settings.chosen({"units": "7, 8"}).units == (7, 8)
    monkeypatch.setenv("COURSE_FAST", "1")
    assert treebank_settings.chosen({}).units == (16,)


def test_the_configurations_are_those_of_the_option():
    assert set(options.Config) == set(treebank_settings.CONFIGS)
    for name in options.Config:
        assert treebank_settings.chosen({"config": name}).config == name


# With a small model, trained once


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A model of three epochs of the gazette's beginning: its folder, and what was said."""
    folder = tmp_path_factory.mktemp("trained") / "model"
    return folder, call(*TRAIN, "--data", "gazette", "--epochs", 3, "--save", folder)


@pytest.fixture
def copy(trained, tmp_path):
    return shutil.copytree(trained[0], tmp_path / "copy")


def figure(out, name):
    return float(re.search(rf"^{name} +([\d,.]+)", out, re.MULTILINE)[1].replace(",", ""))


def splits():
    """The ids of what the small model was trained on."""
    made = make_gazette()
    parts = {split: getattr(made, split)[:600] for split in SPLITS}
    codec = type(made)(**parts, origin="here").codec
    return {split: running_ids(lines, codec) for split, lines in parts.items()}, codec


def test_training_reports(trained):
    folder, (out, err, code) = trained
    assert code == 0, err
    lines = err.splitlines()
    assert lines[0].startswith("the gazette, which the course generates: ")
    tenths = re.findall(r"^epoch +(\d\.\d)  perplexity +[\d.]+ +[\d,]+ words/s$", err, re.M)
    assert tenths[-1] == "3.0" and "0.5" in tenths and len(tenths) >= 15
    ids, codec = splits()
    from course.models.language import LanguageModel

    model = LanguageModel.load(folder)
    assert model.codec == codec
    for split in SPLITS:
        assert figure(out, split) == pytest.approx(model.perplexity(ids[split]), rel=1e-3)
    counted = NGram(ids["train"], len(codec.vocabulary), 5).perplexity(ids["test"])
    assert figure(out, "test, 5-grams") == pytest.approx(counted, rel=1e-3)
    assert figure(out, "floor") == pytest.approx(make_gazette().floor, rel=1e-3)
    assert figure(out, "test") > figure(out, "floor")


def test_what_is_new_in_test_is_counted(corpus):
    _, err, code = call(*TRAIN, "--data", corpus)
    assert code == 0, err
    assert "test: 1 tokens are not in train and read as <unk>, as zebra" in err


@POSIX
def test_killed_and_resumed_it_ends_at_the_same_perplexity(trained, tmp_path):
    folder = tmp_path / "model"
    command = [*TRAIN, "--data", "gazette", "--epochs", "3", "--save", str(folder)]
    process = subprocess.Popen(
        [sys.executable, "-m", "course", *command],
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    for line in iter(process.stderr.readline, ""):
        if line.startswith("epoch   1.1"):  # the first epoch is saved, the second has begun
            break
    process.send_signal(signal.SIGKILL)
    process.communicate()
    out, err, code = call(*TRAIN, "--save", folder, "--resume")
    assert code == 0, err
    assert "epoch 1/3" not in err and "epoch 3/3" in err
    for split in SPLITS:
        assert figure(out, split) == figure(trained[1][0], split)
    expected, found = (storage.load_arrays(each, "model")[0] for each in (trained[0], folder))
    for key, array in expected.items():
        np.testing.assert_array_equal(found[key], array, err_msg=key)


class Taken(Exception):
    """Ends a run where training would begin."""


def test_the_classic_recipe_reaches_the_training(monkeypatch):
    from course import objectives, training

    given = {}

    def fit(model, train, valid, **options):
        given.update(options, batches=len(train), shape=(train.batch, train.steps))
        raise Taken

    monkeypatch.setattr(training, "fit", fit)
    classic = treebank_settings.CONFIGS["classic"]
    with pytest.raises(Taken):
        treebank.train(treebank_settings.Settings(data="gazette", **classic), None)
    assert given["objective"] is objectives.summed_over_steps and given["shape"] == (60, 20)
    names = ("optimizer", "clip", "epochs", "warmup")
    assert [given[name] for name in names] == ["sgd", 5.0, 15, 0]
    rates = [float(given["schedule"](epoch * given["batches"])) for epoch in (0, 4, 5, 14)]
    assert rates == [1.0, 1.0, 0.5, 2.0**-10]


def test_resume_refuses_another_configuration(course, copy, corpus):
    resume = [*TRAIN, "--save", copy, "--resume"]
    assert "--config is tuned, but the run in" in refusal(course(*resume, "--config", "tuned"))
    assert "--units is (32,), but the run in" in refusal(course(*resume, "--units", "32"))
    assert "--batch is 9, but the run in" in refusal(course(*resume, "--batch", 9))
    line = refusal(course(*resume, "--data", corpus))
    assert "the treebank is not that of the run in" in line


def test_ctrl_c_says_what_was_kept(copy, monkeypatch):
    before = {path.name: path.read_bytes() for path in copy.iterdir()}

    def interrupt(self, seed, epoch):
        raise KeyboardInterrupt

    monkeypatch.setattr(treebank.StreamBatches, "shuffled", interrupt)
    out, err, code = call(*TRAIN, "--data", "gazette", "--save", copy, "--seed", 5)
    assert (out, code) == ("", guard.INTERRUPTED)
    first, *_, last = err.splitlines()
    assert first.startswith(f"{copy} holds an earlier run (the gazette, which the course generates")
    assert last.endswith(f"nothing was saved; {copy} is as it was")
    assert {path.name: path.read_bytes() for path in copy.iterdir()} == before


# Perplexity


def test_a_files_perplexity_is_that_of_the_report(trained, tmp_path):
    folder, (out, _, _) = trained
    file = tmp_path / "test.txt"
    lines, (_, codec) = make_gazette().test[:600], splits()
    file.write_text("".join(f" {line} \n" for line in lines))
    said, err, code = call("perplexity", "--model", folder, file)
    assert code == 0
    unknown = int(re.search(r"tokens +[\d,]+, (\d+) unknown", said)[1])
    assert unknown == sum(len(codec.unknown(line)) for line in lines)
    assert err.startswith("not in the vocabulary, read as unknown: ") and unknown
    assert figure(said, "perplexity") == pytest.approx(figure(out, "test"), rel=1e-3)
    bits = figure(said, "bits a token")
    assert bits == pytest.approx(math.log2(figure(said, "perplexity")), abs=1e-2)


def test_several_files_are_judged_one_by_one(trained, tmp_path):
    files = [tmp_path / name for name in ("a.txt", "b.txt")]
    for file, words in zip(files, ("the steamer", "N tons of N tons"), strict=True):
        file.write_text(f"{words}\n")
    alone = [call("perplexity", "--model", trained[0], file)[0] for file in files]
    both, _, code = call("perplexity", "--model", trained[0], *files)
    assert code == 0 and alone[0] != alone[1]
    assert both == "".join(f"{file}\n{said}" for file, said in zip(files, alone, strict=True))


def test_each_token_and_its_surprisal(trained, tmp_path):
    file = tmp_path / "a.txt"
    file.write_text("the steamer zzz\n\nN tons\n")
    out, err, code = call("perplexity", "--tokens", "--model", trained[0], file)
    rows = [line.split("\t") for line in out.splitlines()]
    assert code == 0
    names = ["the", "steamer", "<unk>", "<eos>", "<eos>", "N", "tons", "<eos>"]
    assert [token for token, _ in rows] == names
    mean = np.mean([float(bits) for _, bits in rows])
    assert figure(err, "bits a token") == pytest.approx(mean, abs=1e-3)
    assert "8, 1 unknown" in err and "read as unknown: zzz" in err


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"", "a.txt is empty"), (b" \n \n", "a.txt is empty"), (b"a \xff", "is not UTF-8")],
)
def test_bad_text_is_refused(course, trained, tmp_path, content, words):
    tmp_path.joinpath("a.txt").write_bytes(content)
    assert words in refusal(course("perplexity", "--model", trained[0], "a.txt"))
    assert "no such file" in refusal(course("perplexity", "--model", trained[0], "b.txt"))


def test_one_token_repeated_is_fine(trained, tmp_path):
    file = tmp_path / "a.txt"
    file.write_text("the " * 700)
    out, _, code = call("perplexity", "--model", trained[0], file)
    assert code == 0 and "701, 0 unknown" in out and figure(out, "perplexity") > 1


def test_a_writers_model_reads_plain_text(tmp_path):
    assert call("train", "writer", "--save", tmp_path / "book")[2] == 0
    file = tmp_path / "a.txt"
    file.write_text("It was late. The ferry had gone, and nobody rang the bell.\n")
    out, _, code = call("perplexity", "--model", tmp_path / "book", file)
    assert code == 0 and figure(out, "perplexity") > 1


def test_a_translator_is_refused(course, tmp_path):
    from course.models.seq2seq import Config, Seq2Seq

    Seq2Seq(Config(9, 9, units=4)).save(tmp_path / "pairs")
    tmp_path.joinpath("a.txt").write_text("a\n")
    line = refusal(course("perplexity", "--model", "pairs", "a.txt"))
    assert "not a language model" in line


# The gazette


def test_the_gazette_is_written_and_read(no_tensorflow, tmp_path):
    out, err, code = call("data", "gazette", tmp_path / "g", "--tokens", 1000, "--seed", 2)
    assert code == 0
    assert [line.rpartition("/")[2] for line in out.splitlines()] == [
        f"gazette.{split}.txt" for split in SPLITS
    ]
    read = read_treebank(tmp_path / "g")
    made = make_gazette(train=1000, seed=2)
    assert (read.train, read.valid, read.test) == (made.train, made.valid, made.test)
    assert f"below {made.floor:.3f}" in err
    again, err, code = call("data", "gazette", tmp_path / "g", "--tokens", 1000)
    assert (again, code) == ("", guard.BAD_INPUT)
    assert "is there already" in err and len(err.splitlines()) == 1


def test_the_list_names_both(no_tensorflow):
    out, _, code = call("data", "list")
    assert code == 0
    rows = {line.split()[0]: line for line in out.splitlines()}
    assert rows["gazette"].endswith("with the course")
    assert "Penn Treebank" in rows["ptb"]
    assert (
        "ptb is not here; to download it: course data fetch ptb" in call("data", "path", "ptb")[1]
    )
