"""Files of dialogues, YAML, and the door to them."""

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
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


# Nothing that looks like tokenizing, whose spaces go: no mark at the start, and no apostrophe.
LETTERS = st.text(st.characters(categories=("L", "N")), min_size=1, max_size=8)
WORDS = st.one_of(
    LETTERS, st.sampled_from(["#", "😀", "__", "eou", "naïve\u202e", "a.b", "\x1b[m"])
)
SAYINGS = st.lists(WORDS, min_size=1, max_size=5).map(" ".join)
TALKS = st.lists(st.lists(SAYINGS, min_size=2, max_size=5), min_size=1, max_size=5)


@settings(deadline=None)  # other work on the machine must not fail a test
@given(TALKS, st.sampled_from(["__eou__", " __eou__ ", "\t"]), st.sampled_from(["\n", "\r\n"]))
def test_what_is_written_in_the_plain_form_is_read_back(tmp_path_factory, talks, mark, end):
    path = tmp_path_factory.mktemp("plain") / "talks.txt"
    path.write_bytes("".join(mark.join(talk) + end for talk in talks).encode("utf-8"))
    found = read_dialogue_file(path)
    assert [texts(talk) for talk in found] == talks
    assert found.speakers == ["A", "B"]


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
- - a list
  - - within a list
"""


def test_yaml_is_text_whatever_it_looks_like(file):
    found = read_yaml(file(CHATTERBOT, "a.yml"))
    assert [texts(talk) for talk in found] == [["Are you there?", "Yes"], ["1", "2.50", "null"]]
    assert found.left_out == ("1 of a single turn", "2 in another form")


def test_no_tag_of_yaml_builds_anything(file, tmp_path):
    made = tmp_path / "made"
    tagged = f"- - !!python/object/apply:os.mkdir [{made}]\n  - !!python/name:os.system x\n"
    found = read_yaml(file(f"conversations:\n{tagged}- - a\n  - !!int b\n", "a.yml"))
    assert [texts(talk) for talk in found] == [["a", "b"]] and not made.exists()


def test_lists_within_lists_do_not_crash(file):
    depth = 20_000
    with pytest.raises(CourseError, match="too many lists within lists"):
        read_yaml(file("conversations:\n- " + "[" * depth + "]" * depth, "a.yml"))


def test_missing_yaml_is_told(tmp_path, file):
    file("conversations: []", "talks.yml")
    with pytest.raises(CourseError, match=r"did you mean talks\.yml"):
        load_dialogues(tmp_path / "talk.yml")
    (tmp_path / "empty").mkdir()
    with pytest.raises(CourseError, match="empty is a folder"):
        load_dialogues(tmp_path / "empty", "yaml")


def test_a_folder_of_yaml_is_read_whole(file, tmp_path):
    for name in ("b.yml", "a.yaml"):
        file(f"conversations:\n- - from {name}\n  - yes\n", name)
    (tmp_path / "more").mkdir()
    file("conversations:\n- - from below\n  - yes\n", "more/c.yml")
    file("no yaml: [", "d.txt")
    found = load_dialogues(tmp_path)
    assert [talk[0].text for talk in found] == ["from a.yaml", "from b.yml", "from below"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("conversations: [", "this is no YAML"),
        ("a: 1", "no list named conversations"),
        ("- a", "no list named conversations"),
        ("conversations: []", "no conversation of two turns"),
        ("", "no list named conversations"),
        (b"conversations: \xff", "not UTF-8"),
        ("conversations: \x00", "this is no YAML"),
    ],
)
def test_other_yaml_is_refused(file, content, words):
    with pytest.raises(CourseError, match=r"a\.yml") as error:
        load_dialogues(file(content, "a.yml"))
    assert words in str(error.value)


def test_the_form_is_told_by_the_name(file, tmp_path):
    assert len(load_dialogues(file("a\tb"))) == 1
    assert len(load_dialogues(file("a\tb", "talks.yml"), "dialogue")) == 1
    assert load_dialogues(file("conversations: [[a, b]]", "talks.yaml")).speakers == ["A", "B"]
    assert load_dialogues(EXPORT).origin.startswith("the Messenger export")
    with pytest.raises(CourseError, match=r"no such file.*nowhere"):
        load_dialogues(tmp_path / "nowhere")
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
