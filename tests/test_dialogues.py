"""Files of dialogues, YAML, and the door to them."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course.corpora.dialogue_files import read_dialogue_file, read_yaml
from course.corpora.dialogues import EXPORT, WREN, load_dialogues
from course.corpora.turns import Dialogues, alternating
from course.errors import CourseError

REAL = Path(os.environ.get("COURSE_DATA") or "nowhere", "dialog")
needs_corpora = pytest.mark.skipif(not REAL.is_dir(), reason="needs COURSE_DATA/dialog")


def texts(talk):
    return [turn.text for turn in talk]


@pytest.fixture
def file(tmp_path):
    def write(content, name="talks.txt"):
        path = tmp_path / name
        path.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
        return path

    return write


@pytest.mark.parametrize(
    "line",
    [
        "Hello. __eou__ Hi! __eou__ Bye.",
        "Hello. __eou__ Hi! __eou__ Bye. __eou__",
        "Hello.__eou__Hi!__eou__Bye.",
        "Hello.\tHi!\tBye.",
        "Hello . __eou__ Hi ! __eou__  Bye . __eou__ ",
    ],
)
def test_a_line_is_a_conversation(file, line):
    [talk] = read_dialogue_file(file(f"{line}\n"))
    assert texts(talk) == ["Hello.", "Hi!", "Bye."]
    assert [turn.speaker for turn in talk] == ["A", "B", "A"]


@pytest.mark.parametrize(
    ("tokens", "text"),
    [
        ("I don ’ t know .", "I don't know."),
        ("It ’ s Anna ' s .", "It's Anna's."),
        ("we 'll see , won't we ?", "we'll see, won't we?"),
        ("rock ’ n ’ roll", "rock ’ n ’ roll"),
        ("Wait … what ?", "Wait… what?"),
    ],
)
def test_spaces_of_tokenizing_go(file, tokens, text):
    assert read_dialogue_file(file(f"{tokens}__eou__x"))[0][0].text == text


def test_other_line_ends_and_marks_are_fine(file):
    found = read_dialogue_file(file("\ufeffa\tb\r\n\r\n# a heading: with words\r\nc\u2028d\te\r\n"))
    assert [texts(talk) for talk in found] == [["a", "b"], ["c\u2028d", "e"]]


def test_conversations_of_a_single_turn_are_counted(file):
    found = read_dialogue_file(file("a\tb\nalone __eou__\n__eou__ \n"))
    assert len(found) == 1 and found.left_out == ("2 of a single turn",)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("a\tb\nno mark here\n", "line 2: neither __eou__ nor a tab in 'no mark here'"),
        ("", "holds no conversation of two turns"),
        ("alone __eou__\n", "holds no conversation of two turns"),
        (b"a\tb\n\xff\t\n", "line 2: byte 0xff is not UTF-8"),
    ],
)
def test_bad_files_are_one_line(file, content, words):
    with pytest.raises(CourseError, match=r"talks\.txt") as error:
        read_dialogue_file(file(content))
    assert words in str(error.value)


def test_a_missing_file_and_a_folder_are_told(tmp_path, file):
    file("a\tb")
    with pytest.raises(CourseError, match=r"did you mean talks\.txt"):
        read_dialogue_file(tmp_path / "talk.txt")
    with pytest.raises(CourseError, match="is a folder"):
        read_dialogue_file(tmp_path)


PLAIN = st.text(st.characters(codec="utf-8", exclude_characters="\n\r\t’'"), min_size=1).map(
    lambda text: " ".join(text.replace("_", "").split())
)


@given(
    st.lists(
        st.lists(PLAIN.filter(lambda text: text and text[0].isalnum()), min_size=2), min_size=1
    )
)
def test_what_is_written_in_the_plain_form_is_read_back(tmp_path_factory, talks):
    path = tmp_path_factory.mktemp("plain") / "talks.txt"
    talks = [[text for text in talk if " ." not in text and " ," not in text] for talk in talks]
    lines = [" __eou__ ".join(talk) for talk in talks if len(talk) > 1]
    path.write_text("\n".join([*lines, "first __eou__ last"]), encoding="utf-8", newline="\n")
    found = read_dialogue_file(path)
    expected = [list(talk) for talk in talks if len(talk) > 1]
    tidy = [[mark_free(text) for text in talk] for talk in expected]
    assert [texts(talk) for talk in found][:-1] == tidy


def mark_free(text):
    """Take out a space before a mark, as reading does."""
    for mark in ".,;:!?…":
        while f" {mark}" in text:
            text = text.replace(f" {mark}", mark)
    return text


CHATTERBOT = """categories:
- tests
conversations:
- - Are you there?
  - Yes
- - 1
  - 2.50
  - null
- not a list
- - alone
- - !!python/object/apply:os.system ['true']
  - x
"""


def test_yaml_is_text_whatever_it_looks_like(file):
    found = read_yaml(file(CHATTERBOT, "a.yml"))
    assert [texts(talk) for talk in found] == [["Are you there?", "Yes"], ["1", "2.50", "null"]]
    assert found.left_out == ("1 of a single turn", "2 in another form")


def test_a_folder_of_yaml_is_read_whole(file, tmp_path):
    for name in ("b.yml", "a.yaml"):
        file(f"conversations:\n- - from {name}\n  - yes\n", name)
    file("no yaml: [", "c.txt")
    assert [talk[0].text for talk in load_dialogues(tmp_path)] == ["from a.yaml", "from b.yml"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("conversations: [", "this is no YAML"),
        ("a: 1", "no list named conversations"),
        ("- a", "no list named conversations"),
        ("conversations: []", "no conversation of two turns"),
        ("", "no list named conversations"),
    ],
)
def test_other_yaml_is_refused(file, content, words):
    with pytest.raises(CourseError, match=r"a\.yml") as error:
        load_dialogues(file(content, "a.yml"))
    assert words in str(error.value)


def test_the_form_is_told_by_the_name(file, tmp_path):
    assert len(load_dialogues(file("a\tb"))) == 1
    assert len(load_dialogues(file("a\tb", "talks.yml"), "dialogue")) == 1
    assert load_dialogues(EXPORT).origin.startswith("the Messenger export")
    with pytest.raises(CourseError, match="no format 'html': choose messenger, dialogue, yaml"):
        load_dialogues(tmp_path, "html")


def test_those_that_ship_are_with_wren():
    found = load_dialogues()
    assert set(found.speakers) == {"you", WREN}
    assert {talk[0].speaker for talk in found} == {"you"}
    assert "CC BY 4.0" in found.source


def test_what_is_shown_of_dialogues_is_where_they_come_from():
    found = Dialogues([alternating(["a secret", "b"])], "a test", left_out=("3 calls",))
    assert "secret" not in repr(found)
    assert found.source == (
        "a test: 1 conversations of 2 turns (left out: 3 calls); licence not known to the course"
    )


@needs_corpora
def test_the_real_dailydialog_is_read_whole():
    found = load_dialogues(REAL / "dailydialog" / "dialogues_text.txt")
    assert (len(found), sum(map(len, found))) == (13_118, 102_980)
    assert not any(" ’ t " in turn.text for talk in found for turn in talk)


@needs_corpora
def test_the_real_chatterbot_corpus_is_read_whole():
    found = load_dialogues(REAL / "chatterbot-english")
    assert len(found) == 2_025 and found.left_out == ("1 in another form",)
