import contextlib
import functools
import http.server
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import zipfile
from pathlib import Path

import pytest

from course import corpora, text
from course.cli import guard, main, options, saved, translator, translator_settings
from course.models import storage

ROOT = Path(__file__).parents[1]
POSIX = pytest.mark.skipif(os.name == "nt", reason="signals and limits of POSIX")

GOOD = "Hi.\tHola.\nGo.\tVe.\nGo on.\tSigue.\n"
# Everything that is not an error in one file: BOM, CRLF, blank lines, a third column.
MIXED = "\ufeff\r\n" + "".join(
    f"I see {n} {noun}.\tVeo {n} {sustantivo}.\tattribution\r\n\r\n"
    for n in range(2, 14)
    for noun, sustantivo in (("cats", "gatos"), ("dogs", "perros"), ("red cars", "coches rojos"))
)
SMALL = {"COURSE_FAST": "1", "COURSE_OFFLINE": "1", "COURSE_DATA": ""}


@pytest.fixture(scope="module")
def untouchable(tmp_path_factory):
    """A folder whose TensorFlow cannot be imported: whoever tries exits with code 1."""
    folder = tmp_path_factory.mktemp("untouchable")
    for name in ("tensorflow", "keras"):
        folder.joinpath(f"{name}.py").write_text("raise AssertionError('imported too early')\n")
    return folder


def environment(*first, **more):
    path = os.pathsep.join([*map(str, first), str(ROOT)])
    return {**os.environ, **SMALL, "no_proxy": "*", "PYTHONPATH": path} | more


@pytest.fixture
def course(untouchable, tmp_path):
    """Runs the real command where TensorFlow must not be needed."""

    def run(*arguments, stdin=b"", **more):
        return subprocess.run(
            [sys.executable, "-m", "course", *map(str, arguments)],
            cwd=tmp_path,
            env=environment(untouchable, COURSE_CACHE=str(tmp_path / "cache"), **more),
            input=stdin,
            capture_output=True,
            timeout=60,
        )

    return run


def refusal(run):
    """Check that a command was refused in one line, and return the line."""
    line = run.stderr.decode()
    assert (run.returncode, run.stdout) == (2, b""), line
    assert line.endswith("\n") and line.count("\n") == 1 and line.startswith("course"), line
    assert "Traceback" not in line
    return line


# The command in this process: stdout, stderr, exit code.
def call(*arguments, stdin=None, **env):
    out, err = io.StringIO(), io.StringIO()
    typed = io.TextIOWrapper(io.BytesIO(stdin or b""))
    with pytest.MonkeyPatch.context() as patch:
        for name, value in (SMALL | env).items():
            patch.setenv(name, value)
        patch.setattr(sys, "stdin", typed)
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = main([str(argument) for argument in arguments])
    return out.getvalue(), err.getvalue(), code


@pytest.fixture
def no_tensorflow(monkeypatch):
    for name in ("tensorflow", "keras"):
        monkeypatch.setitem(sys.modules, name, None)


# Usage


@pytest.mark.parametrize(
    "command",
    [
        [],
        ["doctor"],
        ["data"],
        ["data", "list"],
        ["data", "fetch"],
        ["data", "path"],
        ["train"],
        ["train", "translator"],
        ["translate"],
    ],
    ids=" ".join,
)
def test_every_command_has_help_with_an_example(no_tensorflow, command):
    out, err, code = call(*command, "--help")
    assert (err, code) == ("", 0)
    assert "Usage: course" in out and "Example: " in out


def test_without_a_command_the_help_is_shown(no_tensorflow):
    assert call() == call("--help")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nope"], "no such command 'nope'"),
        (["train"], "course train: missing command"),
        (["train", "translator", "--limt", "3"], "course train translator: no such option: --limt"),
        (["train", "translator", "--limit"], "'--limit' requires an argument"),
        (["train", "translator", "--level", "wrd"], "'wrd' is not one of 'word', 'character'"),
        (["train", "translator", "--cell", "rnn"], "'rnn' is not one of 'lstm', 'gru'"),
        (["train", "translator", "--optimizer", "adm"], "'adm' is not one of 'adam'"),
        (["train", "translator", "--resume"], "--resume: needs --save DIR"),
        (["train", "translator", "--pairs", "a", "--corpus", "b"], "a file or the name of a"),
        (["train", "translator", "word"], "unexpected extra argument"),
        (["translate"], "course translate: missing option '--model'"),
        (["data", "fetch"], "course data fetch: missing argument 'name'"),
    ],
)
def test_a_usage_error_is_one_line(no_tensorflow, arguments, words):
    out, err, code = call(*arguments)
    assert (out, code) == ("", 2)
    assert words in err and err.count("\n") == 1 and err.endswith("--help)\n")


@pytest.mark.parametrize("value", ["0", "-3", "1e3", "many", "10" * 10, "9" * 5000, ""])
@pytest.mark.parametrize("option", ["limit", "sample", "epochs", "units", "batch", "layers"])
def test_counts_that_make_no_sense_are_refused(no_tensorflow, option, value):
    out, err, code = call("train", "translator", f"--{option}={value}")
    assert (out, code) == ("", 2)
    assert f"invalid value for '--{option}'" in err and err.count("\n") == 1


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("learning-rate", "0"),
        ("learning-rate", "nan"),
        ("learning-rate", "inf"),
        ("dropout", "1"),
        ("dropout", "-0.1"),
        ("embedding", "-1"),
        ("seed", "-1"),
        ("seed", str(2**70)),
        ("patience", "0"),
        ("min-count", "0"),
    ],
)
def test_other_numbers_that_make_no_sense_are_refused(no_tensorflow, option, value):
    out, err, code = call("train", "translator", f"--{option}={value}")
    assert (out, code) == ("", 2)
    assert f"--{option}" in err and err.count("\n") == 1


@pytest.mark.parametrize("option", ["beam", "max-tokens"])
def test_translate_refuses_counts_that_make_no_sense(no_tensorflow, option):
    out, err, code = call("translate", "--model", "m", f"--{option}=0", "Hi.")
    assert (out, code) == ("", 2)
    assert "must lie between 1 and" in err and err.count("\n") == 1


def test_choices_are_those_of_the_library():
    assert set(options.Level) == set(text.TOKENIZERS) - {"space"} == set(translator_settings.USUAL)
    # Not imported: course.optimizers would import TensorFlow.
    source = ROOT.joinpath("course", "optimizers.py").read_text(encoding="utf-8")
    assert all(f'    "{name}": (keras.optimizers.' in source for name in options.Optimizer)


# Bad input, to the real command


def test_bad_options_are_answered_without_tensorflow(course):
    assert "must lie between 1 and 100,000,000, not be 0" in refusal(
        course("train", "translator", "--limit", "0")
    )


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"\n \r\n\n", "nothing but blank lines"),
        (GOOD.encode() + b"no tab\n", "line 4: no tab in 'no tab'; should be source<TAB>target (-"),
        (b"Hi.\tHola.\nA\tcaf\xe9\n", "not UTF-8: byte 0xe9 at offset 15, in line 2"),
        (b"Hi.\tHola.\n", "at least two different source sentences"),
    ],
    ids=["empty", "blank", "no tab", "latin 1", "one pair"],
)
def test_a_bad_file_is_refused(course, tmp_path, content, words):
    tmp_path.joinpath("pairs.txt").write_bytes(content)
    line = refusal(course("train", "translator", "--pairs", "pairs.txt", "--save", "model"))
    assert words in line
    assert not tmp_path.joinpath("model").exists()


def test_a_missing_file_and_a_folder_are_refused(course, tmp_path):
    tmp_path.joinpath("spa.txt").touch()
    line = refusal(course("train", "translator", "--pairs", "spa.tx"))
    assert "no such file" in line and "did you mean spa.txt?" in line
    assert "is a folder" in refusal(course("train", "translator", "--pairs", tmp_path))


def test_a_place_where_nothing_can_be_saved_is_found_before_training(course, tmp_path):
    tmp_path.joinpath("taken").touch()
    line = refusal(course("train", "translator", "--save", "taken"))
    assert "is a file, not a folder" in line
    line = refusal(course("train", "translator", "--save", "new", "--resume"))
    assert "no model folder new" in line


def test_an_unknown_corpus_is_refused_with_the_nearest_name(course):
    assert "did you mean 'spa-eng'?" in refusal(course("train", "translator", "--corpus", "spaeng"))
    assert "did you mean 'fra-eng'?" in refusal(course("data", "fetch", "fra-egn"))


def test_a_model_that_no_machine_of_the_course_can_train_is_refused(no_tensorflow):
    out, err, code = call("train", "translator", "--units", "4096", "--layers", "8", "--limit=50")
    assert (out, code) == ("", 2)
    assert "too large" in err and err.count("\n") == 1


# Data


def test_list_has_what_is_here_and_spa_eng_first(no_tensorflow, tmp_path):
    file = tmp_path / "fra-eng" / "fra.txt"
    file.parent.mkdir()
    file.write_text(GOOD)
    out, err, code = call("data", "list", COURSE_DATA=str(tmp_path))
    names = [line.split()[0] for line in out.splitlines()]
    assert (err, code) == ("", 0)
    assert set(names[:5]) == {"shipped", "everyday", "grammar", "spa-eng", "fra-eng"}
    assert names[5:7] == ["gazette", "novella"] and "ptb" in names
    assert len(names) == len(corpora.CORPORA) + 3
    assert f"COURSE_DATA: {file}" in out


def test_path_prints_a_file(no_tensorflow):
    out, err, code = call("data", "path", "everyday")
    assert (err, code) == ("", 0)
    assert Path(out.rstrip("\n")).is_file()
    assert call("data", "path", "spa-eng", COURSE_CACHE="/nowhere")[2] == 2


def test_without_network_a_download_says_how_to_fetch_later(course):
    mirror = "http://127.0.0.1:9/nobody"
    line = refusal(course("data", "fetch", "spa-eng", COURSE_OFFLINE="0", COURSE_MIRROR=mirror))
    assert "no network" in line and "'shipped' needs no network" in line
    assert "course data fetch spa-eng" in line


def test_without_network_training_says_what_it_uses_instead(monkeypatch, tmp_path):
    monkeypatch.setenv("COURSE_OFFLINE", "1")
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path))
    monkeypatch.delenv("COURSE_DATA", raising=False)
    data = translator.prepare(translator_settings.chosen({"corpus": "spa-eng", "limit": 400}))
    assert data.provenance.startswith("the corpus that ships with the course, in place of spa-eng")
    assert data.provenance.endswith("to get it: course data fetch spa-eng")


def test_a_download_with_a_wrong_checksum_is_refused_and_not_kept(course, tmp_path):
    served = tmp_path / "served"
    served.mkdir()
    with zipfile.ZipFile(served / "spa-eng.zip", "w") as bundle:
        bundle.writestr("spa-eng/spa.txt", GOOD)
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(served))
    handler.func.log_message = lambda *arguments: None
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        mirror = f"http://127.0.0.1:{server.server_port}"
        run = course("data", "fetch", "spa-eng", COURSE_OFFLINE="0", COURSE_MIRROR=mirror)
        server.shutdown()
    assert "SHA-256" in refusal(run)
    assert not list(tmp_path.joinpath("cache").rglob("*.txt"))


def test_a_closed_pipe_is_silent(untouchable):
    read, write = os.pipe()
    os.close(read)
    command = [sys.executable, "-m", "course", "data", "list"]
    env = environment(untouchable)
    run = subprocess.run(command, env=env, stdout=write, stderr=subprocess.PIPE, timeout=60)
    os.close(write)
    assert (run.returncode, run.stderr) == (guard.PIPE_CLOSED, b"")


# Settings


def test_what_is_not_said_is_chosen_for_the_level(monkeypatch):
    words, characters = (
        translator_settings.chosen({}),
        translator_settings.chosen({"level": options.Level.character}),
    )
    assert (words.level, words.min_count) == ("word", 0)
    assert (characters.embedding, characters.min_count) == (0, 0)
    assert translator_settings.chosen({"optimizer": options.Optimizer.sgd}).learning_rate is None
    assert translator_settings.chosen({"units": 7, "learning_rate": 0.5}).units == 7
    monkeypatch.setenv("COURSE_FAST", "1")
    assert translator_settings.chosen({}).limit == translator_settings.FAST_PAIRS
    assert translator_settings.chosen({"sample": 9, "units": 7}).limit is None


def test_doctor_exits_with_1_if_something_needs_attention(monkeypatch):
    from course.doctor import Finding

    monkeypatch.setattr("course.doctor.examine", lambda: [Finding("a", "1")])
    assert call("doctor") == ("ok  a  1\n\nready\n", "", 0)
    monkeypatch.setattr("course.doctor.examine", lambda: [Finding("a", "1", False, "mend it")])
    assert call("doctor")[1:] == ("", 1)


def test_what_nobody_foresaw_is_one_line_too(monkeypatch):
    monkeypatch.setattr("course.doctor.examine", lambda: 1 // 0)
    out, err, code = call("doctor")
    assert (out, code) == ("", 1) and "ZeroDivisionError" in err and err.count("\n") == 1
    monkeypatch.setattr("course.doctor.examine", lambda: "x".y)
    with pytest.raises(AttributeError):
        call("doctor", COURSE_DEBUG="1")


# With a small model, trained once


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A model of one epoch: its folder, its pairs, and what the command said."""
    folder = tmp_path_factory.mktemp("trained")
    pairs = folder / "pairs.txt"
    pairs.write_bytes(MIXED.encode() + b"no tab\r\n")
    train = ["train", "translator", "--pairs", pairs, "--save", folder / "model"]
    return folder / "model", pairs, call(*train, "--skip-bad", "--epochs", 1)


@pytest.fixture
def copy(trained, tmp_path):
    return shutil.copytree(trained[0], tmp_path / "copy")


def test_training_reports(trained):
    out, err, code = trained[2]
    assert code == 0, err
    lines = err.splitlines()
    assert "36 pairs (1 bad lines skipped); licence not known" in lines[0]
    assert "32 pairs to learn from, 4 held out" in lines[1]
    assert lines[3].startswith("epoch 1/1") and lines[4].startswith("translating 4 sentences")
    assert out.startswith("on 4 source sentences that training has not seen")
    for name in ("masked accuracy", "perplexity", "BLEU", "time", "peak memory"):
        assert f"\n{name} " in out
    assert out.count(" -> ") == 4


def test_the_parameters_are_counted_before_the_model_is_there(trained):
    arrays, manifest = storage.load_arrays(trained[0], "model")
    count = sum(array.size for array in arrays.values())
    assert f": {count:,} parameters" in trained[2][1]
    assert manifest["about"]["longest"] == 6


@pytest.mark.parametrize("cell", ["lstm", "gru"])
@pytest.mark.parametrize("embedding", [0, 5])
def test_the_parameters_are_counted_right(cell, embedding):
    from course.models.seq2seq import Config, Seq2Seq

    shape = {"units": 7, "cell": cell, "layers": 2, "embedding": embedding}
    model = Seq2Seq(Config(11, 13, **shape | {"embedding": embedding or None}))
    expected = model.training_model.count_params()
    assert translator.parameters(translator_settings.chosen(shape), 11, 13) == expected


def test_lines_stay_aligned(trained):
    typed = "\ufeffI see 3 cats.\r\n\r\nI see 4 dogs.\n   \nI see 5 dogs.".encode()
    out, err, code = call("translate", "--model", trained[0], stdin=typed)
    assert (err, code) == ("", 0)
    lines = out.split("\n")
    assert len(lines) == 6 and lines[1] == lines[3] == lines[5] == ""
    # The same sentences typed as arguments, and in one chunk or in several.
    sentences = ["I see 3 cats.", "", "I see 4 dogs.", " ", "I see 5 dogs."]
    assert call("translate", "--model", trained[0], *sentences)[0] == out


def test_nothing_typed_gives_nothing(trained):
    assert call("translate", "--model", trained[0]) == ("", "", 0)


def test_strange_sentences_are_translated_with_a_warning(trained):
    sentences = ["Zyzzy blorb", "I see 3 cats. " * 20]
    out, err, code = call("translate", "--model", trained[0], "--max-tokens", 9, *sentences)
    assert code == 0 and out.count("\n") == 2
    assert err.splitlines() == [
        "warning: sentence 1: not in the vocabulary: Zyzzy blorb",
        "warning: sentence 2: 100 tokens, the longest in training had 6",
    ]


def test_many_warnings_are_summed_up(trained):
    typed = "\n".join(f"blorb{n}" for n in range(15)).encode()
    out, err, code = call("translate", "--model", trained[0], "--max-tokens", 2, stdin=typed)
    assert code == 0 and out.count("\n") == 15
    assert err.splitlines()[10:] == ["warning: 5 more sentences like these"]


def test_beam_search_translates(trained):
    out, err, code = call("translate", "--model", trained[0], "--beam", 2, "I see 3 cats.", "")
    assert (err, code) == ("", 0) and out.count("\n") == 2


def test_standard_input_must_be_utf8(course, trained):
    line = refusal(course("translate", "--model", trained[0], stdin=b"Hi.\ncaf\xe9\n"))
    assert "byte 0xe9 at offset 7, in line 2" in line


def test_broken_model_folders_are_refused(course, copy, tmp_path):
    assert "no model folder" in refusal(course("translate", "--model", tmp_path / "no", "Hi."))
    manifest = json.loads(copy.joinpath("model.json").read_text(encoding="utf-8"))
    weights = copy / manifest["weights"]
    whole = weights.read_bytes()

    def answer():
        return refusal(course("translate", "--model", copy, "Hi."))

    weights.write_bytes(whole[: len(whole) // 2])
    assert "half-written" in answer()
    weights.unlink()
    assert "half-written" in answer()
    weights.write_bytes(whole)
    copy.joinpath("model.json").write_text(json.dumps(manifest | {"format": 99}))
    assert "format 99" in answer()
    copy.joinpath("model.json").write_text(json.dumps(manifest | {"source": None}))
    assert "no translator" in answer()
    copy.joinpath("model.json").write_text('{"format": 1, "wei')
    assert "damaged" in answer()
    copy.joinpath("model.json").unlink()
    assert "not a model folder" in answer()


def test_resume_refuses_another_run(course, trained, copy, tmp_path):
    resume = ["train", "translator", "--save", copy, "--resume"]
    assert "--units is 32, but the run in" in refusal(course(*resume, "--units", 32))
    assert "--limit is 5, but the run in" in refusal(course(*resume, "--limit", 5))
    other = tmp_path / "other.txt"
    other.write_text(GOOD)
    assert "not those of the run in" in refusal(course(*resume, "--pairs", other))


def training(folder, *more, **popen):
    command = [sys.executable, "-m", "course", "train", "translator", "--save", folder, *more]
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen(list(map(str, command)), env=environment(), **streams, **popen)


@POSIX
def test_a_full_disk_keeps_the_old_model(trained, copy):
    import resource

    def fill_up():
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))

    sentences = ["I see 3 cats.", "I see 4 red cars."]
    before = call("translate", "--model", copy, *sentences)
    process = training(copy, "--pairs", trained[1], "--skip-bad", "--seed", 5, preexec_fn=fill_up)
    out, err = process.communicate(timeout=180)
    assert (process.returncode, out) == (2, "")
    assert "Traceback" not in err and "Exception" not in err
    assert err.splitlines()[-1].startswith(f"course: cannot save to {copy}: ")
    assert sorted(os.listdir(copy)) == sorted(os.listdir(trained[0]))
    assert call("translate", "--model", copy, *sentences) == before


@POSIX
def test_resume_goes_on_and_ctrl_c_leaves_a_model_that_translates(copy):
    def heed_ctrl_c():
        signal.signal(signal.SIGINT, signal.SIG_DFL)

    more = ["--resume", "--epochs", 9999, "--patience", 9999]
    process = training(copy, *more, preexec_fn=heed_ctrl_c)
    epochs = (line for line in iter(process.stderr.readline, "") if line.startswith("epoch "))
    assert [next(epochs).split()[1] for _ in range(2)] == ["2/9999", "3/9999"]
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (guard.INTERRUPTED, "")
    assert err.splitlines()[-1].startswith(f"course: interrupted; {copy} keeps the best model of ")
    assert "Traceback" not in err
    history = storage.read_manifest(copy, "training")["history"]["epochs"]
    assert [epoch["epoch"] for epoch in history] == list(range(1, len(history) + 1))
    assert call("translate", "--model", copy, "I see 3 cats.")[2] == 0


def test_ctrl_c_without_save_says_that_nothing_was_kept():
    assert "nothing was saved" in saved.what_was_kept(None, None, "translate")
