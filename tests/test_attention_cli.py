"""What `course train translator` has beside the plain model: attention, directions, sizes."""

import json
import shutil
import signal

import numpy as np
import pytest
import test_cli
from test_cli import POSIX, call, refusal, training

from course import text
from course.cli import guard, translator, translator_data
from course.cli import translator_settings as settings_of
from course.models import storage

course, untouchable = test_cli.course, test_cli.untouchable
no_tensorflow = test_cli.no_tensorflow

TRAIN = ("train", "translator")
LOOKING = ("--attention", "additive")
ENGLISH = [f"I see {n} {noun}." for n in range(2, 14) for noun in ("cats", "dogs", "red cars")]
SPANISH = [
    f"¿Veo {n} {noun}?" for n in range(2, 14) for noun in ("gatos", "perros", "camiónes rojos")
]


def written(path, lines):
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def pairs(tmp_path_factory):
    lines = map("\t".join, zip(ENGLISH, SPANISH, strict=True))
    return written(tmp_path_factory.mktemp("pairs") / "pairs.txt", lines)


@pytest.fixture
def files(tmp_path):
    english, spanish = written(tmp_path / "en", ENGLISH), written(tmp_path / "es", SPANISH)
    return ["--source-file", english, "--target-file", spanish]


def card(folder):
    return json.loads(folder.joinpath("model.json").read_text(encoding="utf-8"))


# Bad input, to the real command


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--attention", "foo"], "'foo' is not one of 'none', 'last', 'additive', 'multi"),
        (["--size", "classic"], "'classic' is not one of 'usual', 'tutorial', 'book', 'best'"),
        (["--source-text", "upper"], "'upper' is not one of 'as-is', 'lower', 'plain'"),
        (["--source-file", "en"], "--target-file: comes with the other"),
        (["--target-file", "es"], "--source-file: comes with the other"),
        (["--source-file", "a", "--target-file", "b", "--pairs", "c"], "--pairs: give a file or"),
        (["--source-file", "a", "--target-file", "b", "--corpus", "c"], "--pairs: give a file or"),
        (["--label-smoothing", "1.5", *LOOKING], "must lie between 0 and 0.9, not be 1.5"),
        (["--label-smoothing", "nan", *LOOKING], "must lie between 0 and 0.9, not be nan"),
        (["--samples", "0", *LOOKING], "must lie between 2 and 100,000, not be 0"),
        (["--max-length", "0"], "must lie between 1 and 10,000, not be 0"),
    ],
)
def test_a_usage_error_is_one_line(no_tensorflow, arguments, words):
    out, err, code = call(*TRAIN, *arguments)
    assert (out, code) == ("", 2)
    assert words in err.replace("'--", "--").replace("':", ":") and err.count("\n") == 1


@pytest.mark.parametrize(
    "option", [["--samples", 9], ["--label-smoothing", 0.1], ["--input-feeding"], ["--one-way"]]
)
@pytest.mark.parametrize("size", [[], ["--size", "best", "--attention", "none"]])
def test_what_needs_attention_says_so(no_tensorflow, option, size):
    out, err, code = call(*TRAIN, *option, *size)
    assert (out, code) == ("", 2)
    assert f"{option[0]} needs attention: add --attention" in err and err.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--embedding", 0, *LOOKING], "a model with attention has embeddings"),
        (["--embedding", 0, "--embeddings", "v"], "--embedding 0 is for one-hot inputs"),
        (["--samples", 9, "--label-smoothing", 0.1, *LOOKING], "needs the full softmax"),
        (["--max-length", 1], "no pair has at most 1 tokens a side; the shortest needs"),
        (["--embeddings", "no.txt"], "no such file"),
        (["--size", "best", "--resume", "--save", "m"], "--size: the run in m has its own"),
    ],
)
def test_options_that_do_not_fit_are_refused(no_tensorflow, arguments, words):
    out, err, code = call(*TRAIN, *arguments)
    assert (out, code) == ("", 2)
    assert words in err.splitlines()[-1] and "Traceback" not in err


def test_files_of_different_lengths_are_refused_without_tensorflow(course, files, tmp_path):
    written(tmp_path / "es", SPANISH[:-2])
    assert "en has 36 lines, but" in refusal(course(*TRAIN, *files, "--save", "model"))
    assert not tmp_path.joinpath("model").exists()


@pytest.mark.parametrize(
    ("lines", "more", "words"),
    [
        (["cats 1 2", "dogs 1 two"], [], "line 2: 'two' stands where a number should be"),
        (["zebra 1 2", "yak 1 2"], [], "none of the"),
        (["cats 1 2"], ["--embedding", 3], "--embedding is 3, but the vectors in"),
    ],
)
def test_bad_vectors_are_refused(no_tensorflow, pairs, tmp_path, lines, more, words):
    vectors = written(tmp_path / "vectors.txt", lines)
    out, err, code = call(*TRAIN, "--pairs", pairs, "--embeddings", vectors, *more)
    assert (out, code) == ("", 2)
    assert words in err and "vectors.txt" in err and err.count("\n") == 1


# With small models


@pytest.fixture(scope="module")
def trained(pairs, tmp_path_factory):
    """A reversed model with attention: its folder, and what the command said."""
    folder = tmp_path_factory.mktemp("trained") / "model"
    given = [*LOOKING, "--reverse", "--source-text", "plain", "--max-length", 7, "--epochs", 1]
    return folder, call(*TRAIN, "--pairs", pairs, "--save", folder, *given)


def test_the_card_remembers(trained):
    folder, (out, err, code) = trained
    assert code == 0, err
    assert "read both ways, additive attention" in err and "\nBLEU " in out
    about = card(folder)
    remembered = {"reverse": True, "source_text": "plain", "max_length": 7, "attention": "additive"}
    assert about["kind"] == "attentive"
    assert remembered.items() <= about["about"]["options"].items()
    count = sum(array.size for array in storage.load_arrays(folder, "model")[0].values())
    assert f": {count:,} parameters" in err


def test_translate_need_not_be_told(trained):
    typed = ["¿Veo 3 gatos?", "veo 3 gatos"]
    out, err, code = call("translate", "--model", trained[0], *typed)
    assert (code, out.count("\n")) == (0, 2)
    assert err == ""  # neither capitals nor ¿ make a word unknown
    assert "not in the vocabulary: cats" in call("translate", "--model", trained[0], "cats")[1]


@pytest.mark.parametrize(
    "more",
    [
        "--label-smoothing 0.1 --one-way --cell lstm",
        "--input-feeding --samples 4 --level character",
    ],
)
def test_aligned_files_train_every_kind(files, tmp_path, more):
    small = ["--limit", 12, "--epochs", 1, "--units", 5, "--embedding", 4]
    more = ["--attention", "multiplicative", *more.split(), "--save", tmp_path / "model"]
    _, err, code = call(*TRAIN, *files, *small, *more)
    assert code == 0, err
    assert "multiplicative attention" in err and "12" in err.splitlines()[0]
    out, err, code = call("translate", "--model", tmp_path / "model", "I see 3 cats.", "")
    assert code == 0 and out.count("\n") == 2


@pytest.mark.parametrize("kind", ["none", "multiplicative"])
def test_vectors_are_where_training_begins(pairs, kind):
    given = {"pairs": pairs, "attention": kind, "units": 6, "embedding": 2}
    settings, first = settings_of.chosen(given), None
    data = translator_data.prepare(settings)
    first = np.arange(2.0 * len(data.source.vocabulary)).reshape(-1, 2)
    model = translator.build(settings, data, first)
    assert np.array_equal(model.layer("encoder_input").get_weights()[0], first)


def test_a_file_of_vectors_decides_the_width(pairs, tmp_path):
    vectors = written(tmp_path / "vectors.txt", ["2 3", "cats 1 2 3", "dogs 4 5 6"])
    train = [*TRAIN, "--pairs", pairs, "--embeddings", vectors, "--save", tmp_path / "model"]
    _, err, code = call(*train, "--epochs", 1, "--learning-rate", 1e-9)
    assert code == 0, err
    assert "vectors.txt: vectors for 2 of the " in err and "embeddings of 3:" in err
    codec = text.Codec.from_dict(card(tmp_path / "model")["source"])
    arrays, _ = storage.load_arrays(tmp_path / "model", "model")
    [table] = [array for name, array in arrays.items() if name.startswith("encoder_input")]
    assert np.allclose(table[codec.ids("dogs")], [[4, 5, 6]], atol=1e-5)
    # The run goes on without the file.
    vectors.unlink()
    resumed = call(*TRAIN, "--save", tmp_path / "model", "--resume", "--epochs", 2)
    assert resumed[2] == 0 and "epoch 2/2" in resumed[1]


def test_resume_refuses_what_does_not_fit(trained, no_tensorflow, tmp_path):
    resume = [*TRAIN, "--save", trained[0], "--resume"]
    for more, words in [
        (["--attention", "none"], "--attention is none, but the run in"),
        (["--input-feeding"], "--input-feeding is True, but the run in"),
        (["--max-length", 9], "--max-length is 9, but the run in"),
        (["--source-text", "lower"], "--source-text is lower, but the run in"),
        (["--size", "book"], "--size: the run in"),
    ]:
        out, err, code = call(*resume, *more)
        assert (out, code) == ("", 2)
        assert words in err and err.count("\n") == 1


def test_resume_refuses_the_other_direction(pairs, no_tensorflow, tmp_path):
    options = settings_of.chosen({"pairs": pairs, "units": 5}).__dict__
    manifest = {"kind": "training", "about": {"options": options}}
    storage.save_arrays(tmp_path, "training", {"last/x": np.zeros(1)}, manifest)
    out, err, code = call(*TRAIN, "--save", tmp_path, "--resume", "--reverse")
    assert (out, code) == ("", 2)
    assert "--reverse is True, but the run in" in err and err.count("\n") == 1


@POSIX
def test_resume_goes_on_and_ctrl_c_leaves_a_model_that_translates(trained, tmp_path):
    def heed_ctrl_c():
        signal.signal(signal.SIGINT, signal.SIG_DFL)

    copy = shutil.copytree(trained[0], tmp_path / "copy")
    more = ["--resume", "--epochs", 9999, "--patience", 9999]
    process = training(copy, *more, preexec_fn=heed_ctrl_c)
    epochs = (line for line in iter(process.stderr.readline, "") if line.startswith("epoch "))
    # The first of them is saved by the time that the second is over.
    assert [next(epochs).split()[1] for _ in range(2)] == ["2/9999", "3/9999"]
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=180)
    assert (process.returncode, out) == (guard.INTERRUPTED, "")
    assert err.splitlines()[-1].startswith(f"course: interrupted; {copy} keeps ")
    assert "Traceback" not in err
    assert call("translate", "--model", copy, "veo 3 gatos")[2] == 0
