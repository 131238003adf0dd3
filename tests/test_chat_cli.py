"""`course train chat` and `course chat`; the fast mode's model is trained once for all tests."""

import re
import shutil

import numpy as np
import pytest
import test_cli
from test_cli import call, refusal

from course import exchanges
from course.cli import chat_data, chat_settings, options
from course.corpora import messenger
from course.corpora.dialogues import EXPORT, FORMATS, load_dialogues
from course.messages import EMOJI_CHOICES
from course.models import storage
from course.text import UNK

course, untouchable = test_cli.course, test_cli.untouchable
no_tensorflow = test_cli.no_tensorflow

TRAIN = ("train", "chat")
PLAIN = "".join(
    f"Is shop number {n} open?__eou__Number {n} is open.__eou__Thanks.__eou__You're welcome {n}.\n"
    for n in range(40)
)


# Usage


@pytest.mark.parametrize("command", [TRAIN, ("chat",)], ids=" ".join)
def test_every_command_has_help_with_an_example(no_tensorflow, command):
    out, err, code = call(*command, "--help")
    assert (err, code) == ("", 0)
    assert f"Usage: course {' '.join(command)}" in out and "Example: course" in out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([*TRAIN, "--format", "html"], "'html' is not one of 'messenger', 'dialogue', 'yaml'"),
        ([*TRAIN, "--emoji", "no"], "'no' is not one of 'keep', 'drop', 'token'"),
        ([*TRAIN, "--config", "huge"], "'huge' is not one of 'usual', 'classic'"),
        ([*TRAIN, "--context", "0"], "must lie between 1 and 20, not be 0"),
        ([*TRAIN, "--within", "-1"], "must lie between 0.1 and 100,000, not be -1"),
        ([*TRAIN, "--resume"], "--resume: needs --save DIR"),
        (["chat"], "course chat: missing option '--model'"),
        (["chat", "--model", "m", "--replies", "0", "Hi"], "must lie between 1 and 10,000"),
        (["chat", "--model", "m", "--replies", "3"], "--replies: needs a first sentence"),
        (["chat", "--model", "m", "--temperature", "nan"], "between 0 and 100, not be nan"),
        (["chat", "--model", "m", "--first-k", "0"], "must lie between 1 and 1,000,000"),
        (["chat", "--model", "m", "--max-words", "0"], "must lie between 1 and 1,000"),
    ],
)
def test_a_usage_error_is_one_line(no_tensorflow, arguments, words):
    out, err, code = call(*arguments)
    assert (out, code) == ("", 2)
    assert words in err and err.count("\n") == 1


def test_choices_are_those_of_the_library():
    assert tuple(options.Format) == FORMATS
    assert tuple(options.Emoji) == EMOJI_CHOICES
    assert set(options.ChatConfig) == set(chat_settings.CONFIGS)


# Bad data, to the real command


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "holds no conversation of two turns"),
        ("Hello.\n", "line 1: neither __eou__ nor a tab in 'Hello.'"),
        ("Hello.__eou__\n", "holds no conversation of two turns"),
        ("Hello.\tHi!\n", "1 conversations, 1 of them unlike each other, are too few"),
        ("Hi!\tHello.\n" * 30, "1 conversations, 1 of them unlike each other, are too few"),
    ],
)
def test_bad_dialogues_are_refused(course, tmp_path, content, words):
    tmp_path.joinpath("talks.txt").write_text(content, encoding="utf-8")
    assert words in refusal(course(*TRAIN, "--data", "talks.txt", "--save", "model"))
    assert not tmp_path.joinpath("model").exists()


def test_what_is_no_export_is_refused(course, tmp_path):
    tmp_path.joinpath("photos").mkdir()
    line = refusal(course(*TRAIN, "--data", "photos"))
    assert "is no Messenger export: there is no message_1.json in it" in line
    assert "no such file" in refusal(course(*TRAIN, "--data", "nowhere.txt"))
    line = refusal(course(*TRAIN, "--data", "nowhere", "--format", "messenger"))
    assert "is not there: give the folder of the unpacked Messenger export" in line


def test_a_speaker_that_nobody_is_is_refused(course, tmp_path):
    tmp_path.joinpath("talks.txt").write_text(PLAIN, encoding="utf-8")
    line = refusal(course(*TRAIN, "--data", "talks.txt", "--speaker", "Bob"))
    assert "Bob replies to nobody: the speakers are A, B" in line


def test_a_model_that_no_machine_of_the_course_can_train_is_refused(course):
    line = refusal(course(*TRAIN, "--units", 4096, "--layers", 8))
    assert "too large" in line or "GB are free" in line


def test_a_folder_that_holds_no_chatbot_is_refused(course, tmp_path):
    storage.save_arrays(tmp_path / "other", "model", {"a": np.zeros(1)}, {"kind": "seq2seq"})
    line = refusal(course("chat", "--model", "other"))
    assert "holds a 'seq2seq' model, not a chatbot" in line
    assert "no model folder nowhere" in refusal(course("chat", "--model", "nowhere"))


# Settings and data


def test_the_classic_configuration_is_the_published_one():
    settings = chat_settings.chosen({"config": options.ChatConfig.classic}).suited(90_000)
    assert (settings.cell, settings.layers, settings.units, settings.embedding) == (
        ("lstm", 3, 1_024, 1_024)
    )
    assert (settings.batch, settings.learning_rate, settings.shares) == (
        34,
        1e-4,
        (0.7, 0.15, 0.15),
    )
    assert (settings.attention, settings.one_way, settings.tied) == ("last", True, False)


def test_few_exchanges_are_learnt_by_heart_and_many_are_not():
    few, many = (chat_settings.chosen({}).suited(count) for count in (1_000, 60_000))
    assert few.patience == 0 < many.patience and few.samples == 0 < many.samples
    assert few.epochs > many.epochs and few.batch < many.batch
    own = chat_settings.chosen({"epochs": 3, "patience": 2, "batch": 7}).suited(1_000)
    assert (own.epochs, own.patience, own.batch) == (3, 2, 7)


def test_another_optimizer_has_its_own_rate():
    settings = chat_settings.chosen({"optimizer": options.Optimizer.rmsprop}).suited(1_000)
    assert settings.learning_rate is None


def test_of_the_conversations_that_ship_wrens_replies_are_learnt():
    data = chat_data.prepare(chat_settings.chosen({}))
    wrens = {turn.text for talk in load_dialogues() for turn in talk if turn.speaker == "Wren"}
    assert {one.reply for one in data.train.kept} <= wrens
    assert max(len(one.said) for one in data.train.kept) == 5


def test_no_conversation_stands_on_two_sides():
    data = chat_data.prepare(chat_settings.chosen({}))
    sides = [{one.source for one in part.kept} for part in (data.train, data.valid, data.test)]
    assert not sides[0] & sides[1] and not sides[0] & sides[2] and not sides[1] & sides[2]


def test_the_token_between_turns_is_known(tmp_path):
    file = tmp_path / "talks.txt"
    file.write_text(PLAIN, encoding="utf-8")
    for rare in (1, 4):
        data = chat_data.prepare(chat_settings.chosen({"data": file, "min_count": rare}))
        assert data.codec.ids(exchanges.END_OF_TURN) != [UNK]


def test_anonymized_no_name_and_no_number_is_left(tmp_path):
    data = chat_data.prepare(
        chat_settings.chosen({"data": EXPORT, "anonymize": True, "emoji": options.Emoji.token})
    )
    names = {part.lower() for name in load_dialogues(EXPORT).speakers for part in name.split()}
    assert not names & set(data.codec.vocabulary.tokens)
    assert not any(
        character.isdigit() for token in data.codec.vocabulary.tokens for character in token
    )
    assert "__name__" in data.codec.vocabulary


# With a small model, trained once


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A model of two epochs: its folder, and what the command said."""
    folder = tmp_path_factory.mktemp("trained") / "bot"
    return folder, call(*TRAIN, "--save", folder)


def test_training_reports(trained):
    _, (out, err, code) = trained
    assert code == 0, err
    assert err.startswith("conversations with Wren, which come with the course")
    assert re.search(r"\d+ exchanges to learn from, \d+ and \d+ held out; [\d,]+ words", err)
    for name in ("valid", "test", "greedy", "sampling", "beam of 5", "people", "time"):
        assert f"\n{name} " in out
    assert re.search(r"learnt by heart +[\d.]+% of \d+ training questions", out)
    assert re.search(r"right subject +[\d.]+% of the greedy", out)
    assert len(re.findall(r"^  .+ -> .+ \(reference: .+\)$", out, re.MULTILINE)) == 5


def test_it_talks_to_itself_the_same_way_each_time(trained):
    spoken = call("chat", "--model", trained[0], "--replies", 5, "Hello, who are you?")
    out, _err, code = spoken
    assert code == 0
    lines = out.splitlines()
    assert lines[0] == "> Hello, who are you?" and len(lines) == 6
    assert all(line.startswith("  ") and len(line.split()) <= 30 for line in lines[1:])
    assert spoken == call("chat", "--model", trained[0], "--replies", 5, "Hello, who are you?")


def test_a_conversation_line_by_line(trained):
    typed = "Hello.\n/why\n\n/history\n/reset\n/history\n/why\n/what\nIs it \x1b[2J raining?\n"
    out, err, code = call("chat", "--model", trained[0], stdin=typed.encode())
    assert code == 0
    assert re.search(r"^ *[\d.]+%  .", out, re.MULTILINE) and "word by word:" in out
    assert "you: Hello." in out and out.count("you: ") == 1
    assert "forgotten" in err and "no reply yet" in err and "no command /what" in err
    assert "\x1b" not in out + err


def test_a_line_that_is_no_text_ends_nothing(trained):
    out, err, code = call("chat", "--model", trained[0], stdin=b"\xff\xfe\n\x00\nHello.\n")
    assert code == 0 and "no word in this message" in err and out.strip()


def test_a_beam_and_the_classic_knobs_can_be_asked_for(trained):
    base = ("chat", "--model", trained[0], "--replies", 1, "Hello.")
    for knobs in (("--beam", 3, "--diversity", 1), ("--first-k", 3, "--top-k", 2)):
        assert call(*base, *knobs)[2] == 0


def test_resumed_it_goes_on_where_it_stopped(trained, tmp_path):
    folder = shutil.copytree(trained[0], tmp_path / "bot")
    out, err, code = call(*TRAIN, "--save", folder, "--resume", "--epochs", 3)
    assert code == 0, err
    assert "epoch 3/3" in err and "epoch 2/3" not in err and "learnt by heart" in out
    assert (
        "--units is 32, but the run in"
        in call(*TRAIN, "--save", folder, "--resume", "--units", 32)[1]
    )
    assert "leave it out" in call(*TRAIN, "--save", folder, "--resume", "--config", "usual")[1]


@pytest.mark.parametrize(
    "shape",
    [("--word2vec",), ("--attention", "none", "--layers", "2"), ("--cell", "lstm", "--one-way")],
    ids=" ".join,
)
def test_other_shapes_are_trained(shape, tmp_path):
    file = tmp_path / "talks.txt"
    file.write_text(PLAIN, encoding="utf-8")
    out, err, code = call(*TRAIN, "--data", file, "--epochs", 1, *shape)
    assert code == 0, err
    assert "right subject" not in out and "perplexity of replies" in out


def test_an_export_is_trained_on_as_it_lies(tmp_path):
    board = tmp_path / "board"
    out, err, code = call(
        *TRAIN, "--data", EXPORT, "--anonymize", "--save", tmp_path / "bot", "--tensorboard", board
    )
    assert code == 0, err
    assert "private: yours to keep" in err and messenger.NO_WORDS in err
    assert any(board.iterdir()) and "perplexity of replies" in out
