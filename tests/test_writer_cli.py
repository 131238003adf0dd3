"""`course train writer` and `course write`; the fast mode's model is trained once for all tests."""

import json
import re
import shutil
import signal
import subprocess
import sys

import numpy as np
import pytest
import test_cli
from test_cli import POSIX, call, environment, refusal

from course import corpora, prose, text
from course.cli import guard, options, writer, writer_settings
from course.models import storage
from course.models.ngram import NGram
from course.streams import StreamBatches

course, untouchable = test_cli.course, test_cli.untouchable
no_tensorflow = test_cli.no_tensorflow

TRAIN = ("train", "writer")
HEADS = "".join(
    f"CHAPTER {number}\n\n"
    + "Tom had a red boat. “Will it float?” asked Ann. It did not float.\n\n" * 6
    + f"Ann and Tom walked home, and it was {number} o'clock.\n\n"
    for number in ("I", "II", "III")
)
SENTENCES = "Tom had a red boat. It did not float, and Ann laughed. Tom laughed too. " * 12


@pytest.fixture
def book(tmp_path):
    file = tmp_path / "book.txt"
    file.write_text(HEADS, encoding="utf-8")
    return file


# Usage


@pytest.mark.parametrize("command", [TRAIN, ("write",)], ids=" ".join)
def test_every_command_has_help_with_an_example(no_tensorflow, command):
    out, err, code = call(*command, "--help")
    assert (err, code) == ("", 0)
    assert f"Usage: course {' '.join(command)}" in out and "Example: course" in out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([*TRAIN, "--cell", "cnn"], "'cnn' is not one of 'rnn', 'gru', 'lstm'"),
        ([*TRAIN, "--level", "letter"], "'letter' is not one of 'word', 'character'"),
        ([*TRAIN, "--size", "huge"], "'huge' is not one of 'usual', 'classic'"),
        ([*TRAIN, "--optimizer", "adm"], "'adm' is not one of 'adam'"),
        ([*TRAIN, "--resume"], "--resume: needs --save DIR"),
        ([*TRAIN, "--steps", "1"], "must lie between 2 and 1,000, not be 1"),
        ([*TRAIN, "--embedding", "0"], "must lie between 1 and"),
        ([*TRAIN, "--dropout", "1"], "must lie between 0 and 0.9, not be 1"),
        ([*TRAIN, "book.txt"], "unexpected extra argument"),
        (["write"], "course write: missing option '--model'"),
        (["write", "--model", "m", "--words", "0"], "must lie between 1 and 20,000, not be 0"),
        (["write", "--model", "m", "--words", "-5"], "--words"),
        (["write", "--model", "m", "--words", "many"], "--words"),
        (["write", "--model", "m", "--temperature", "-1"], "between 0 and 100, not be -1"),
        (["write", "--model", "m", "--temperature", "nan"], "between 0 and 100, not be nan"),
        (["write", "--model", "m", "--temperature", "inf"], "between 0 and 100, not be inf"),
        (["write", "--model", "m", "--top-p", "1.5"], "must lie between 1e-06 and 1, not be 1.5"),
        (["write", "--model", "m", "--top-p", "0"], "must lie between 1e-06 and 1, not be 0"),
        (["write", "--model", "m", "--top-k", "0"], "must lie between 1 and"),
        (["write", "--model", "m", "--no-repeat", "-1"], "must lie between 0 and 100, not be -1"),
        (["write", "--model", "m", "--seed", "-1"], "--seed"),
    ],
)
def test_a_usage_error_is_one_line(no_tensorflow, arguments, words):
    out, err, code = call(*arguments)
    assert (out, code) == ("", 2)
    assert words in err and err.count("\n") == 1 and err.endswith("--help)\n")


def test_choices_are_those_of_the_library():
    assert set(options.Level) == set(text.TOKENIZERS) - {"space"} == set(writer_settings.USUAL)
    assert set(options.Recurrent) == set(writer_settings.RATES)


# Bad books, to the real command


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"\xef\xbb\xbf \r\n\n", "is empty"),
        (b"Tom had a boat. It was red.", "7 words, too few: training needs more than one section"),
        (b"Tom", "nothing can be held out"),
        (b"\x7fELF\x02\x01\x01\x00\x00" * 40, "no plain text"),
        ("Ann saw a café. ".encode("latin-1") * 60, "not UTF-8: byte 0xe9 at offset 13"),
        (HEADS.encode("utf-16"), "no plain text"),
    ],
    ids=["empty", "blank", "short", "a word", "binary", "latin 1", "utf 16"],
)
def test_a_bad_book_is_refused(course, tmp_path, content, words):
    tmp_path.joinpath("book.txt").write_bytes(content)
    line = refusal(course(*TRAIN, "--book", "book.txt", "--save", "model"))
    assert words in line and "book" in line
    assert not tmp_path.joinpath("model").exists()


def test_a_missing_book_a_folder_and_a_number_that_no_book_has_are_refused(course, tmp_path, book):
    line = refusal(course(*TRAIN, "--book", "bok.txt"))
    assert "no such file" in line and "did you mean book.txt?" in line
    assert "is a folder" in refusal(course(*TRAIN, "--book", tmp_path))
    assert "numbers its books from 1" in refusal(course(*TRAIN, "--book", "0"))
    assert "COURSE_OFFLINE" in refusal(course(*TRAIN, "--book", "1342"))


def test_a_place_where_nothing_can_be_saved_is_found_before_training(course, tmp_path):
    tmp_path.joinpath("taken").touch()
    assert "is a file, not a folder" in refusal(course(*TRAIN, "--save", "taken"))
    assert "no model folder new" in refusal(course(*TRAIN, "--save", "new", "--resume"))


def test_a_model_that_no_machine_of_the_course_can_train_is_refused(course):
    line = refusal(course(*TRAIN, "--units", 4096, "--layers", 8))
    assert "too large" in line
    line = refusal(course(*TRAIN, "--batch", 4096, "--steps", 1000, "--units", 2000))
    assert "GB are free" in line and "--batch" in line


@pytest.mark.parametrize(
    "content",
    [SENTENCES, "\n\n".join([SENTENCES] * 3), HEADS.replace("\n", "\r\n"), "\ufeff" + HEADS],
    ids=["one long line", "no heads", "crlf", "bom"],
)
def test_other_books_are_fine(no_tensorflow, tmp_path, content):
    file = tmp_path / "book.txt"
    file.write_bytes(content.encode())
    data = writer.prepare(writer_settings.chosen({"book": str(file)}))
    assert len(data.ids) > 100 and len(data.held_out) > 10
    assert "boat" in data.codec.vocabulary and "\r" not in "".join(data.texts)
    held = data.codec.text(data.held_out[1:])
    assert held and text.END in data.ids[1:]


# Settings


def test_the_classic_size_is_the_books_own(monkeypatch):
    settings = writer_settings.chosen({"size": options.Size.classic})
    assert (settings.units, settings.batch, settings.steps) == (1024, 512, 20)
    assert (settings.optimizer, settings.learning_rate) == ("adam", 1e-3)
    for batches in (1, 7, 14, 100_000, 200_000):
        epochs = settings.with_epochs(batches, tokens=10**6).epochs
        assert (epochs - 1) * batches < 100_000 <= epochs * batches
    assert writer_settings.chosen({"size": options.Size.classic, "units": 7}).units == 7
    assert writer_settings.chosen({"size": options.Size.classic, "epochs": 3}).epochs == 3
    monkeypatch.setenv("COURSE_FAST", "1")
    assert writer_settings.chosen({"size": options.Size.classic}).units == 16


def test_what_is_not_said_is_chosen_for_the_level_and_the_cell():
    words = writer_settings.chosen({})
    characters = writer_settings.chosen({"level": options.Level.character})
    assert (words.level, characters.level) == ("word", "character")
    assert characters.steps > words.steps
    rates = {
        cell: writer_settings.chosen({"cell": cell}).learning_rate for cell in options.Recurrent
    }
    assert rates == writer_settings.RATES
    assert writer_settings.chosen({"optimizer": options.Optimizer.sgd}).learning_rate is None
    assert (
        writer_settings.chosen({"cell": options.Recurrent.rnn, "learning_rate": 0.5}).learning_rate
        == 0.5
    )


@pytest.mark.parametrize(
    ("tokens", "epochs"), [(1_000, 40), (100_000, 15), (1_500_000, 6), (10**8, 6)]
)
def test_a_short_book_is_read_more_often(tokens, epochs):
    assert writer_settings.chosen({}).with_epochs(99, tokens).epochs == epochs
    assert writer_settings.chosen({"epochs": 2}).with_epochs(99, tokens).epochs == 2


def test_the_usual_settings_are_not_those_of_the_fast_mode(monkeypatch):
    assert writer_settings.chosen({}).chapters == 0
    monkeypatch.setenv("COURSE_FAST", "1")
    assert writer_settings.chosen({}).chapters == writer_settings.FAST["chapters"]


# With a small model, trained once


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A model of four epochs of the novella: its folder, and what the command said."""
    folder = tmp_path_factory.mktemp("trained") / "model"
    return folder, call(*TRAIN, "--epochs", 4, "--save", folder)


@pytest.fixture
def copy(trained, tmp_path):
    return shutil.copytree(trained[0], tmp_path / "copy")


@pytest.fixture(scope="module")
def translator(tmp_path_factory):
    """A folder that holds a translator, and a run that trained one."""
    from course.models.seq2seq import Config, Seq2Seq

    folder = tmp_path_factory.mktemp("translator")
    Seq2Seq(Config(9, 9, units=4)).save(folder)
    about = {"about": {"options": {"corpus": "shipped", "limit": 3}}}
    storage.save_arrays(folder, "training", {"a": np.zeros(1)}, about)
    return folder


def figure(out, name):
    return float(re.search(rf"^{name} +([\d,.]+)", out, re.MULTILINE)[1].replace(",", ""))


def perplexities(out):
    return out[out.index("perplexity") : out.index("\ntokens a second")]


def words_of(folder):
    return storage.read_manifest(folder, "model")["codec"]["tokens"]


def changed(folder, **values):
    path = folder / "model.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(manifest | values), encoding="utf-8")


def test_training_reports(trained):
    folder, (out, err, code) = trained
    assert code == 0, err
    lines = err.splitlines()
    assert lines[0] == corpora.load_book().source
    assert re.match(r"[\d,]+ tokens to learn from, [\d,]+ held out, \d+\.\d% of them unk", lines[1])
    arrays, manifest = storage.load_arrays(folder, "model")
    count = sum(array.size for array in arrays.values())
    assert lines[2] == f"16 GRU units: {count:,} parameters, epochs: 4"
    assert [line.split()[:2] for line in lines[3:]] == [["epoch", f"{n}/4"] for n in (1, 2, 3, 4)]
    assert f"; {len(manifest['codec']['tokens']) + 4:,} words" in lines[1]
    for name in ("unigram", "bigram", "trigram", "this model", "tokens a second", "peak memory"):
        assert f"\n{name}" in out
    assert re.search(r"\ntime +\d+ s\n", out)


def test_the_perplexities_are_those_of_the_chapters_held_out(trained, monkeypatch):
    from course import training
    from course.models.language import LanguageModel

    folder, (out, _, _) = trained
    monkeypatch.setenv("COURSE_FAST", "1")
    model = LanguageModel.load(folder)
    data = writer.prepare(writer_settings.Settings(**model.about["options"]))
    assert data.codec == model.codec
    size = len(data.codec.vocabulary)
    for order, name in writer.NAMES.items():
        expected = NGram(data.ids, size, order).perplexity(data.held_out)
        assert figure(out, f"{name}[a-zA-Z, -]*") == pytest.approx(expected, abs=0.01)
    judged = StreamBatches(data.held_out, batch=writer.JUDGED_ROWS, steps=20)
    found = training.evaluate(model, judged)["perplexity"]
    assert figure(out, "this model") == pytest.approx(found, abs=0.01)
    assert f"on {len(data.held_out) - 1:,} tokens" in out
    # Whole chapters of the book, none of them on both sides.
    chapters = {prose.chapter_text(chapter.paragraphs) for chapter in data.book.chapters}
    _, held_out = writer.texts_of(data.book, writer_settings.Settings(**model.about["options"]))
    assert {*data.texts, *held_out} <= chapters and not {*data.texts} & {*held_out}


@POSIX
def test_ctrl_c_leaves_a_model_that_writes_and_resume_ends_as_if_undisturbed(trained, tmp_path):
    folder = tmp_path / "model"
    command = [sys.executable, "-m", "course", *TRAIN, "--epochs", "4", "--save", str(folder)]
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    heed = {"preexec_fn": lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)}
    process = subprocess.Popen(command, env=environment(), **streams, **heed)
    epochs = (line for line in iter(process.stderr.readline, "") if line.startswith("epoch "))
    assert [next(epochs).split()[1] for _ in range(2)] == ["1/4", "2/4"]
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=120)
    assert (process.returncode, out) == (guard.INTERRUPTED, "")
    last = err.splitlines()[-1]
    assert last.startswith(f"course: interrupted; {folder} keeps the best model of ")
    assert f"write with --model {folder}" in last and "Traceback" not in err
    done = len(storage.read_manifest(folder, "training")["history"]["epochs"])
    assert done in (1, 2, 3)
    assert call("write", "--model", folder, "--words", 5)[2] == 0

    out, err, code = call(*TRAIN, "--save", folder, "--resume")
    assert code == 0, err
    assert f"epoch {done + 1}/4" in err and f"epoch {done}/4" not in err
    assert perplexities(out) == perplexities(trained[1][0])
    for name in ("model", "training"):
        expected, found = (storage.load_arrays(each, name)[0] for each in (trained[0], folder))
        assert set(found) == set(expected)
        for key, array in expected.items():
            np.testing.assert_array_equal(found[key], array, err_msg=key)


def test_ctrl_c_in_the_first_epoch_keeps_what_was_there(copy, monkeypatch):
    before = {path.name: path.read_bytes() for path in copy.iterdir()}

    def interrupt(self, seed, epoch):
        raise KeyboardInterrupt

    monkeypatch.setattr(StreamBatches, "shuffled", interrupt)
    out, err, code = call(*TRAIN, "--save", copy, "--seed", 5)
    assert (out, code) == ("", guard.INTERRUPTED)
    assert err.splitlines()[-1].endswith(f"nothing was saved; {copy} is as it was")
    assert {path.name: path.read_bytes() for path in copy.iterdir()} == before
    assert "nothing was saved, as there was no --save" in call(*TRAIN)[1]


def test_resume_refuses_another_run(course, copy, translator, tmp_path):
    resume = [*TRAIN, "--save", copy, "--resume"]
    assert "--units is 32, but the run in" in refusal(course(*resume, "--units", 32))
    assert "--cell is lstm, but the run in" in refusal(course(*resume, "--cell", "lstm"))
    assert "--size: the run in" in refusal(course(*resume, "--size", "classic"))
    assert "--continue is " in refusal(course(*resume, "--continue", copy))
    line = refusal(course(*TRAIN, "--save", translator, "--resume"))
    assert "holds no run of `course train writer`" in line
    other = tmp_path / "other.txt"
    other.write_text(HEADS, encoding="utf-8")
    assert "not that of the run in" in refusal(course(*resume, "--book", other))


def test_a_book_that_changed_since_is_not_resumed(book, tmp_path, monkeypatch):
    run = [*TRAIN, "--save", tmp_path / "model"]
    assert call(*run, "--book", book, "--epochs", 1)[2] == 0
    moved = book.rename(tmp_path / "moved.txt")
    assert "no such file" in call(*run, "--resume")[1]
    assert "epoch 2/2" in call(*run, "--book", moved, "--epochs", 2, "--resume")[1]
    whole = moved.read_text(encoding="utf-8")
    for old, new in (("red boat", "green boat"), ("was III o'clock", "was IV o'clock")):
        moved.write_text(whole.replace(old, new), encoding="utf-8")
        _, err, code = call(*run, "--resume")
        assert code == 2 and err.count("\n") == 1 and "not that of the run" in err
    # Nor is it said to be copied from.
    err = call("write", "--model", tmp_path / "model", "--words", 5)[1]
    assert "longest copied run not measured" in err


# Each kind of model


@pytest.mark.parametrize(
    ("cell", "more", "content"),
    [
        ("rnn", ("--layers", 2), SENTENCES),
        ("lstm", ("--level", "character"), "\n\n".join([SENTENCES] * 3)),
    ],
    ids=["rnn, two layers, one long line", "lstm, characters, no heads"],
)
def test_each_cell_and_level_is_trained_gone_on_with_and_writes(tmp_path, cell, more, content):
    first, second = tmp_path / "first.txt", tmp_path / "second.txt"
    first.write_text(content, encoding="utf-8")
    second.write_text(HEADS.replace("Ann", "Zoe"), encoding="utf-8")
    model, further = tmp_path / "model", tmp_path / "further"
    out, err, code = call(*TRAIN, "--book", first, "--cell", cell, *more, "--save", model)
    assert code == 0, err
    assert f"{cell.upper()} units" in err and "this model" in out
    options = storage.read_manifest(model, "model")["about"]["options"]
    before = storage.load_arrays(model, "model")[0]

    out, err, code = call(*TRAIN, "--continue", model, "--book", second, "--save", further)
    assert code == 0, err
    assert f"{cell.upper()} units" in err and str(second) in err
    manifest = storage.read_manifest(further, "model")
    assert words_of(further) == words_of(model)
    assert manifest["config"] == storage.read_manifest(model, "model")["config"]
    for name in ("level", "cell", "layers", "units", "embedding", "dropout"):
        assert manifest["about"]["options"][name] == options[name]
    assert manifest["about"]["options"]["continued"] == str(model)
    assert {"tom": "Tom", "ann": "Ann", "zoe": "Zoe"}.items() <= manifest["about"][
        "capitals"
    ].items()
    # It began with the weights that were there, and the model it came from is as it was.
    after = storage.load_arrays(further, "model")[0]
    assert all(np.any(after[name] != array) for name, array in before.items())
    for name, array in storage.load_arrays(model, "model")[0].items():
        np.testing.assert_array_equal(array, before[name])
    assert abs(after["embedding/embeddings"] - before["embedding/embeddings"]).max() < 1

    out, err, code = call("write", "--model", further, "--words", 12, "--start", "Tom had")
    assert code == 0 and prose.count_words(out) >= 14 and "Tom had" in out


def test_continue_begins_where_the_model_was(trained, book):
    # A rate that moves nothing: what is reported is the old model on the new book.
    out, err, code = call(
        *TRAIN, "--continue", trained[0], "--book", book, "--learning-rate", 1e-9, "--epochs", 1
    )
    assert code == 0, err
    from course import training
    from course.models.language import LanguageModel

    model = LanguageModel.load(trained[0])
    read = corpora.load_book(book)
    settings = writer_settings.Settings(**model.about["options"] | {"book": str(book)})
    ids = writer.running_ids(writer.texts_of(read, settings)[1], model.codec)
    judged = StreamBatches(ids, batch=writer.JUDGED_ROWS, steps=20)
    expected = training.evaluate(model, judged)["perplexity"]
    assert figure(out, "this model") == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize("option", ["cell", "level", "size", "units", "min-count", "layers"])
def test_a_model_that_is_gone_on_with_keeps_its_shape(no_tensorflow, trained, option):
    values = {"cell": "lstm", "level": "character", "size": "classic"}
    out, err, code = call(*TRAIN, "--continue", trained[0], f"--{option}", values.get(option, 2))
    assert (out, code) == ("", 2) and err.count("\n") == 1
    assert f"--{option}: the model in {trained[0]} has its own; leave it out" in err


# Writing


def test_write_gives_a_page_and_says_how_new_it_is(trained):
    out, err, code = call("write", "--model", trained[0], "--words", 120, "--temperature", 0.7)
    assert code == 0, err
    assert prose.count_words(out) >= 120 and out.rstrip("”’\n").endswith(tuple(".!?…"))
    report = err.splitlines()
    assert len(report) == 2
    assert re.fullmatch(
        r"\d+ tokens; distinct-1 0\.\d{3}, distinct-2 [01]\.\d{3}; \d+\.\d% of the 4-grams repeat",
        report[0],
    )
    assert re.fullmatch(r"longest run copied from the training text: \d+ tokens", report[1])


def test_a_start_out_of_the_book_is_no_copy_of_the_model(trained):
    settings = writer_settings.Settings(
        **storage.read_manifest(trained[0], "model")["about"]["options"]
    )
    learnt, _ = writer.texts_of(corpora.load_book(), settings)
    start = " ".join(learnt[0].split(f" {prose.PARAGRAPH} ")[:2])
    page = call("write", "--model", trained[0], "--start", start, "--words", 5)
    length = int(re.search(r"training text: (\d+) tokens", page[1])[1])
    assert length < 20 < len(text.WordTokenizer(lower=True).tokens(start))


def test_the_book_that_a_page_is_compared_with_has_no_marks_of_paragraphs(trained):
    from course.cli import write

    about = storage.read_manifest(trained[0], "model")["about"]
    tokens = write._training_tokens(about)
    settings = writer_settings.Settings(**about["options"])
    learnt, _ = writer.texts_of(corpora.load_book(), settings)
    assert prose.PARAGRAPH in learnt[0] and prose.PARAGRAPH not in tokens
    assert len(tokens) > 1_000


def test_a_continued_run_is_resumed_without_the_model_that_it_began_with(trained, tmp_path):
    first, second = tmp_path / "first", tmp_path / "second"
    shutil.copytree(trained[0], first)
    assert call("train", "writer", "--continue", first, "--epochs", 1, "--save", second)[2] == 0
    assert storage.read_manifest(second, "model")["about"]["earlier"]
    shutil.rmtree(first)
    assert call("train", "writer", "--save", second, "--resume", "--epochs", 2)[2] == 0
    assert len(storage.read_manifest(second, "training")["history"]["epochs"]) == 2


def test_all_knobs_reach_the_page(trained):
    from course.decoding import writing
    from course.models.language import LanguageModel

    knobs = {"temperature": 1.2, "top_k": 40, "top_p": 0.9, "no_repeat": 3, "seed": 7}
    knobs |= {"start": "It was a dark morning", "words": 60}
    typed = [(f"--{name.replace('_', '-')}", value) for name, value in knobs.items()]
    out, _, code = call("write", "--model", trained[0], *[part for pair in typed for part in pair])
    page = writing.write(LanguageModel.load(trained[0]), **knobs)
    assert code == 0 and page.text.startswith("It was a dark morning")
    assert out == (f"{page.title}\n\n" if page.title else "") + f"{page.text}\n"


def test_temperature_0_writes_the_likeliest_words_whatever_the_seed(trained):
    write = ["write", "--model", trained[0], "--words", 30]
    greedy = call(*write, "--temperature", 0, "--seed", 1)
    assert greedy == call(*write, "--top-k", 1, "--seed", 2) and greedy[2] == 0


def test_an_empty_start_is_none(trained):
    write = ["write", "--model", trained[0], "--words", 10]
    plain = call(*write)
    assert plain[2] == 0 and call(*write, "--start", " \n") == plain


def test_a_start_of_unknown_words_is_written_on_with_a_warning(trained):
    start = "Zyzzy blorb the Zyzzy"
    out, err, code = call("write", "--model", trained[0], "--words", 10, "--start", start)
    assert code == 0 and start in out
    lines = err.splitlines()
    assert lines[0] == "warning: not in the vocabulary, read as unknown: zyzzy blorb"
    assert len(lines) == 3


def test_write_refuses_what_is_no_writer(course, copy, translator, tmp_path):
    def answer(folder):
        line = refusal(course("write", "--model", folder))
        assert call(*TRAIN, "--continue", folder) == ("", line, 2)
        return line

    assert "no model folder" in answer(tmp_path / "no")
    assert "not a language model" in answer(translator)
    assert (
        "'language' model, not a translator" in call("translate", "--model", copy, "Hi.")[1] or True
    )
    manifest = json.loads(copy.joinpath("model.json").read_text(encoding="utf-8"))
    weights = copy / manifest["weights"]
    whole = weights.read_bytes()
    weights.write_bytes(whole[: len(whole) // 2])
    assert "half-written" in answer(copy)
    weights.write_bytes(whole)
    changed(copy, codec=None)
    assert "has no vocabulary" in answer(copy)
    changed(copy, format=99)
    assert "format 99" in answer(copy)
    copy.joinpath("model.json").write_text('{"format": 1, "wei')
    assert "damaged" in answer(copy)
    copy.joinpath("model.json").unlink()
    assert "not a model folder" in answer(copy)


def test_a_book_that_is_gone_is_not_needed_for_writing(copy):
    about = storage.read_manifest(copy, "model")["about"]
    for book in ("/no/such/book.txt", "1342"):
        changed(copy, about=about | {"options": about["options"] | {"book": book}})
        out, err, code = call("write", "--model", copy, "--words", 5, COURSE_CACHE="/nowhere")
        assert code == 0 and out
        assert err.splitlines()[-1].startswith("longest copied run not measured")
