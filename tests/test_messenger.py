"""A Messenger export is read back as it was written, and what nobody typed is left out."""

import json
import random
from itertools import accumulate

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course.corpora import messenger
from course.corpora.dialogues import EXPORT
from course.corpora.messenger import NO_WORDS, NOTICES, read_messenger, repaired
from course.corpora.turns import Turn
from course.errors import CourseError

ANNA, BEN, EVA = "Anna Ärendt", "Ben 😀 Okafor", "Eva"
MINUTE = 60_000


def mis_encoded(value):
    """Write each byte of a text's UTF-8 as a character, as the export does."""
    if isinstance(value, str):
        return value.encode("utf-8").decode("latin-1")
    if isinstance(value, dict):
        return {key: mis_encoded(part) for key, part in value.items()}
    return [mis_encoded(part) for part in value] if isinstance(value, list) else value


def message(speaker, text, minute, **more):
    said = {} if text is None else {"content": text}
    common = {"type": "Generic", "is_geoblocked_for_viewer": False}
    return {"sender_name": speaker, "timestamp_ms": int(minute * MINUTE)} | said | common | more


def write_thread(folder, messages, people=(ANNA, BEN), files=1):
    """Write a thread's messages, given the oldest first, newest first over some files."""
    folder.mkdir(parents=True)
    newest, size = messages[::-1], -(-len(messages) // files) or 1
    for number in range(files):
        data = {
            "participants": [{"name": name} for name in people],
            "messages": newest[number * size : (number + 1) * size],
            "title": people[0],
            "magic_words": [],
        }
        text = json.dumps(mis_encoded(data))
        (folder / f"message_{number + 1}.json").write_text(text, encoding="ascii")


def inbox(tmp_path, *messages, **options):
    folder = tmp_path / "messages" / "inbox"
    write_thread(folder / "ben_1a2b", list(messages), **options)
    return tmp_path


def answered(thread, within):
    """Cut a thread of (speaker, text, minute) into conversations, in the plainest way."""
    talks, last = [], None
    for speaker, text, minute in thread:
        words = text.strip()
        if not words or messenger.is_notice(words, speaker):
            continue
        if last is None or minute - last > within:
            talks.append([])
        if talks[-1] and talks[-1][-1][0] == speaker:
            words = f"{talks[-1].pop()[1]} {words}"
        talks[-1].append((speaker, words))
        last = minute
    return [talk for talk in talks if len(talk) > 1]


# Beside any letters: emoji, joined ones too, right-to-left text, control and direction characters.
PIECES = st.sampled_from(
    ["👩‍🚀", "שלום", "مرحبا", "naïve", "\u202e", "\x1b[31m", "\x00", "ÃŸ", "a\nb", "𝔘"]
)
TEXTS = st.lists(st.one_of(PIECES, st.text(max_size=12)), max_size=4).map(" ".join)
PAUSES = st.integers(0, 90)  # minutes since the message before; 0 is a tie
THREADS = st.lists(
    st.lists(st.tuples(st.sampled_from([ANNA, BEN]), TEXTS, PAUSES), min_size=1, max_size=20),
    min_size=1,
    max_size=4,
)


@settings(max_examples=150, deadline=None)
@given(THREADS, st.integers(1, 12), st.integers(1, 80), st.randoms(use_true_random=False))
def test_an_export_is_read_back_as_it_was_written(tmp_path_factory, threads, files, within, rng):
    folder, expected = tmp_path_factory.mktemp("export"), {}
    for number, thread in zip(rng.sample(range(100, 1_000), len(threads)), threads, strict=True):
        minutes = accumulate(pause for _, _, pause in thread)
        timed = [
            (who, text, minute) for (who, text, _), minute in zip(thread, minutes, strict=True)
        ]
        write_thread(folder / f"ben_{number}", [message(*said) for said in timed], files=files)
        expected[number] = answered(timed, within)
    wanted = [tuple(talk) for number in sorted(expected) for talk in expected[number]]
    if wanted:
        assert list(read_messenger(folder, within=within)) == wanted
    else:
        with pytest.raises(CourseError, match=f"nobody answered within {within} minutes"):
            read_messenger(folder, within=within)


@given(st.text())
def test_repairing_undoes_the_exports_encoding(text):
    text = text.encode("utf-8", "ignore").decode()
    assert repaired(mis_encoded(text)) == text


@pytest.mark.parametrize("text", ["plain", "naïve", "😀 mended before", "ÿ", "שלום", "half \ud83d"])
def test_what_is_no_such_encoding_stays_as_it_is(text):
    assert repaired(text) == text


def test_an_export_that_was_repaired_before_is_read_alike(tmp_path):
    folder = inbox(tmp_path, message(ANNA, "Grüße 😀", 0), message(BEN, "Hello.", 1))
    before = list(read_messenger(folder))
    [file] = folder.rglob("*.json")
    data = file.read_bytes().decode("unicode-escape").encode("latin-1")
    assert "Grüße 😀" in data.decode("utf-8")
    file.write_bytes(data)
    assert list(read_messenger(folder)) == before


def test_the_export_its_inbox_and_one_thread_are_read_alike(tmp_path):
    folder = inbox(tmp_path, message(ANNA, "Hi!", 0), message(BEN, "Hello.", 1))
    for part in ("", "messages", "messages/inbox", "messages/inbox/ben_1a2b"):
        assert list(read_messenger(folder / part)) == [(Turn(ANNA, "Hi!"), Turn(BEN, "Hello."))]


def test_several_messages_in_a_row_are_one_turn(tmp_path):
    rows = [message(ANNA, "Hi!", 0), message(ANNA, "Are you there?", 1), message(BEN, "Yes.", 2)]
    assert read_messenger(inbox(tmp_path, *rows))[0] == (
        (Turn(ANNA, "Hi! Are you there?"), Turn(BEN, "Yes."))
    )


def test_the_tenth_file_is_older_than_the_ninth(tmp_path):
    rows = [message((ANNA, BEN)[place % 2], f"{place}", 0) for place in range(12)]
    [talk] = read_messenger(inbox(tmp_path, *rows, files=12))
    assert [turn.text for turn in talk] == [f"{place}" for place in range(12)]


def test_a_late_reply_is_none_and_begins_a_conversation(tmp_path):
    rows = [message(ANNA, "Hi!", 0), message(BEN, "Hello.", 61), message(ANNA, "At last.", 62)]
    folder = inbox(tmp_path, *rows)
    assert [len(talk) for talk in read_messenger(folder)] == [2]
    assert [len(talk) for talk in read_messenger(folder, within=61)] == [3]


@pytest.mark.parametrize(
    ("row", "counted"),
    [
        (message(BEN, "Reacted ❤ to your message ", 1), NOTICES),
        (message(BEN, "Reacted 😆 to Anna's message ", 1), NOTICES),
        (message(BEN, f"{BEN} unsent a message.", 1), NOTICES),
        (message(BEN, "Ben named the group Lake.", 1), NOTICES),
        (message(BEN, "You sent an attachment.", 1), NOTICES),
        (message(BEN, None, 1, photos=[{"uri": "a.jpg"}]), NO_WORDS),
        (message(BEN, "", 1), NO_WORDS),
        (message(BEN, " \u00a0 ", 1), NO_WORDS),
        (message(BEN, "http://x.org", 1, share={"link": "http://x.org"}), "shared links"),
        (message(BEN, "Ben called you.", 1, type="Call", call_duration=9), "calls"),
        (message(BEN, "Ben missed your call.", 1, call_duration=0), "calls"),
        (message(BEN, "gone", 1, is_unsent=True), "deleted messages"),
        (message(BEN, "joined", 1, type="Subscribe"), NOTICES),
        ({"sender_name": BEN, "content": "when?"}, "messages in another form"),
        ("no message", "messages in another form"),
    ],
)
def test_what_nobody_typed_is_left_out_and_counted(tmp_path, row, counted):
    rows = [message(ANNA, "Hi!", 0), row, message(BEN, "Hello.", 2)]
    found = read_messenger(inbox(tmp_path, *rows))
    assert list(found) == [(Turn(ANNA, "Hi!"), Turn(BEN, "Hello."))]
    assert found.left_out == (f"1 {counted}",)


def test_what_was_typed_with_a_link_is_kept(tmp_path):
    link = {"share": {"link": "http://x.org/é"}}
    rows = [message(ANNA, "Look at http://x.org/é please", 0, **link), message(BEN, "Nice.", 1)]
    assert read_messenger(inbox(tmp_path, *rows))[0][0].text == "Look at   please"


@pytest.mark.parametrize(
    "text", ["You called me a star", "Ben is here", "Reacted badly to my message"]
)
def test_what_only_looks_like_a_notice_is_kept(text):
    assert not messenger.is_notice(text, BEN)


def test_group_chats_are_chosen_or_left_out(tmp_path):
    rows = [message(name, f"I am {name}", place) for place, name in enumerate((ANNA, BEN, EVA))]
    folder = inbox(tmp_path, *rows, people=(ANNA, BEN, EVA))
    write_thread(folder / "messages" / "inbox" / "ben_2", rows[:2])
    assert [len(talk) for talk in read_messenger(folder)] == [2]
    assert sorted(len(talk) for talk in read_messenger(folder, groups=True)) == [2, 3]


def test_a_group_that_somebody_left_is_a_group(tmp_path):
    rows = [message(name, f"I am {name}", place) for place, name in enumerate((ANNA, BEN, EVA))]
    folder = inbox(tmp_path, *rows, people=(ANNA, BEN))
    assert [len(talk) for talk in read_messenger(folder, groups=True)] == [3]
    with pytest.raises(CourseError, match="1 group chats"):
        read_messenger(folder)


def test_a_silent_third_person_makes_a_group(tmp_path):
    rows = [message(ANNA, "Hi!", 0), message(BEN, "Hello.", 1)]
    with pytest.raises(CourseError, match="1 group chats"):
        read_messenger(inbox(tmp_path, *rows, people=(ANNA, BEN, EVA)))


def test_a_single_speaker_has_nobody_to_answer(tmp_path):
    folder = inbox(tmp_path, message(ANNA, "Hello?", 0), message(ANNA, "Anybody?", 1))
    with pytest.raises(CourseError, match=r"1 threads with a single speaker\): nobody answered"):
        read_messenger(folder)


def test_a_reply_that_never_came_in_time_is_an_error_with_the_limit(tmp_path):
    folder = inbox(tmp_path, message(ANNA, "Hello?", 0), message(BEN, "Yes?", 999))
    with pytest.raises(CourseError, match="nobody answered within 5 minutes"):
        read_messenger(folder, within=5)


def test_a_very_long_message_is_read(tmp_path):
    long = "word " * 2_000 + "😀"  # over 10,000 characters
    rows = [message(ANNA, long, 0), message(BEN, "Too long.", 1)]
    assert read_messenger(inbox(tmp_path, *rows))[0][0].text == long


def test_a_file_that_is_cut_off_is_named_and_the_rest_is_read(tmp_path):
    folder = inbox(tmp_path, message(ANNA, "Hi!", 0), message(BEN, "Hello.", 1))
    bad = folder / "messages" / "inbox" / "eva_3"
    write_thread(bad, [message(EVA, "Hi!", 0), message(ANNA, "Hello.", 1)])
    file = bad / "message_1.json"
    file.write_bytes(file.read_bytes()[:90])
    told = []
    found = read_messenger(folder, say=told.append)
    assert len(found) == 1 and "1 files that cannot be read" in found.left_out
    assert len(told) == 1 and str(file) in told[0] and "cut off in line 1" in told[0]


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", b"[1, 2]", b"{}", b"[" * 100_000])
def test_no_file_of_messages_ends_the_reading(tmp_path, content):
    folder = inbox(tmp_path, message(ANNA, "Hi!", 0), message(BEN, "Hello.", 1))
    folder.joinpath("messages", "inbox", "ben_1a2b", "message_2.json").write_bytes(content)
    told = []
    assert len(read_messenger(folder, say=told.append)) == 1
    assert len(told) == 1 and "message_2.json is skipped" in told[0]


def test_a_bad_file_is_told_on_the_screen_unless_nobody_asks(tmp_path, capsys):
    folder = inbox(tmp_path, message(ANNA, "Hi!", 0), message(BEN, "Hello.", 1))
    (folder / "message_1.json").write_text("<html>")
    read_messenger(folder, say=None)
    assert capsys.readouterr().out == ""
    read_messenger(folder)
    assert "message_1.json is skipped: the JSON is broken" in capsys.readouterr().out


def test_other_json_beside_the_messages_is_not_touched(tmp_path):
    folder = inbox(tmp_path, message(ANNA, "Hi!", 0), message(BEN, "Hello.", 1))
    for name in ("autofill_information.json", "message_old.json", "message_1.json.bak"):
        (folder / name).write_text("no JSON")
    assert read_messenger(folder, say=pytest.fail).left_out == ()


def test_folders_without_messages_are_refused(tmp_path):
    with pytest.raises(CourseError, match="is no Messenger export"):
        read_messenger(tmp_path)
    with pytest.raises(CourseError, match="is not there"):
        read_messenger(tmp_path / "nowhere")
    (tmp_path / "file").touch()
    with pytest.raises(CourseError, match="is a file"):
        read_messenger(tmp_path / "file")


def test_requests_of_strangers_are_read_only_if_they_are_named(tmp_path):
    folder = inbox(tmp_path, message(ANNA, "Hi!", 0), message(BEN, "Hello.", 1))
    spam = [message(EVA, "Win a prize!", 0), message(ANNA, "No.", 1)]
    requests = folder / "messages" / "message_requests"
    write_thread(requests / "eva_9", spam)
    assert read_messenger(folder).speakers == [ANNA, BEN]
    assert read_messenger(requests).speakers == [EVA, ANNA]


def test_participants_need_not_be_named(tmp_path):
    folder = inbox(tmp_path, message(ANNA, "Hi!", 0), message(BEN, "Hello.", 1))
    [file] = folder.rglob("*.json")
    file.write_text(json.dumps(json.loads(file.read_bytes()) | {"participants": None}))
    assert read_messenger(folder, say=pytest.fail).left_out == ()


def test_a_large_export_is_read_whole(tmp_path):
    rng = random.Random(0)
    for number in range(200):
        rows = [message(rng.choice((ANNA, BEN)), f"Wörter {n} 😀", n) for n in range(500)]
        write_thread(tmp_path / "inbox" / f"thread_{number}", rows)
    found = read_messenger(tmp_path)
    assert len(found) == 200
    assert sum(turn.text.count("Wörter") for talk in found for turn in talk) == 100_000


class TestSample:
    """The made-up export that ships."""

    def test_it_has_everything_that_an_export_has(self):
        found = read_messenger(EXPORT, say=pytest.fail)
        assert found.left_out == (
            "1 calls",
            "1 deleted messages",
            "1 group chats",
            f"1 {NO_WORDS}",
            f"2 {NOTICES}",
            "1 shared links",
        )
        assert found.speakers == ["Mira Okafor", "Jonas Lindström", "Tess Varga"]
        text = " ".join(turn.text for talk in found for turn in talk)
        assert "בוקר טוב" in text and "🍲" in text and "café" in text

    def test_its_group_has_three_speakers(self):
        found = read_messenger(EXPORT, groups=True)
        assert max(len({turn.speaker for turn in talk}) for talk in found) == 3
        assert len(found) == len(read_messenger(EXPORT)) + 2

    def test_its_long_pauses_end_conversations(self):
        turns = [sum(map(len, read_messenger(EXPORT, within=minutes))) for minutes in (60, 1_000)]
        assert turns[0] < turns[1]
        assert len(read_messenger(EXPORT, within=1e9)) == 2  # one of each thread

    def test_its_files_are_mis_encoded(self):
        files = sorted(EXPORT.rglob("message_*.json"))
        assert len(files) >= 4
        assert all(file.read_bytes().isascii() for file in files)
        assert all("\\u00" in file.read_text("ascii") for file in files)
