"""A Messenger export: the JSON of "Download your information". It is read here and goes nowhere.

Each thread is a folder, `messages/inbox/NAME_1a2b/message_1.json` and so on, the newest messages
first. The export writes UTF-8 as if each byte were a character; `repaired` undoes that.
"""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple

from course.corpora.turns import Conversation, Dialogues, Turn, joined
from course.errors import CourseError

WITHIN = 60  # minutes until a reply
STRANGERS = {"message_requests", "filtered_threads"}  # folders of what nobody asked for
UNREADABLE = (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError)
NO_WORDS, NOTICES = "messages without words", "reactions and other notices"

_NUMBERED = re.compile(r"message_(\d+)\.json")
# An emoji holds something beyond ASCII: "Reacted badly to my message" is a person's own sentence.
_REACTION = re.compile(r"Reacted (?=\S*[^\x00-\x7f])\S+ to .{0,100}\bmessage ?")
# What Messenger writes in a person's name, in English: it stands behind the name, or behind "You".
_NOTICE = re.compile(
    r"(?:unsent a message"
    r"|sent an? (?:attachment|link|(?:live )?location|voice message|sticker|GIF|photo|video)"
    r"|(?:named the group|created a poll) .*"
    r"|changed the (?:chat |group )?(?:theme|photo|name|colou?r)\b.*"
    r"|set the (?:nickname|emoji|quick reaction)\b.*"
    r"|(?:added|removed) .* (?:to|from) the group"
    r"|left the group|pinned a message|called you"
    r"|(?:started|joined|missed|ended) (?:a|the|your) (?:video )?(?:call|chat))\.?",
    re.DOTALL,
)


class Message(NamedTuple):
    """One message: when it was sent, in milliseconds since 1970, and by whom."""

    time: int
    speaker: str
    text: str


def read_messenger(
    folder: str | Path,
    *,
    within: float = WITHIN,
    groups: bool = False,
    say: Callable[[str], object] | None = print,
) -> Dialogues:
    """Read the conversations of an export.

    Several messages in a row by one person are one turn. A pause ends a conversation: what comes
    after it is no reply. Reactions, calls, deleted messages and what has no words, as a shared link
    or a photo, are left out and counted. Message requests are not read.

    Args:
        folder: the unpacked export, its `messages/inbox`, or one thread.
        within: minutes that a reply may take.
        groups: read threads of more than two people as well.
        say: is told of each file that cannot be read; None for silence.

    Raises:
        CourseError: there is no such folder, no message file in it, none that can be read, or no
            message that was answered in time.
    """
    threads, counts = _threads(Path(folder)), Counter()
    talks: list[Conversation] = []
    for files in threads.values():
        messages, people = _thread(files, counts, say or (lambda line: None))
        speakers = len({message.speaker for message in messages})
        if max(people, speakers) > 2 and not groups:  # who left a group is no participant
            counts["group chats"] += 1
        elif speakers == 1:
            counts["threads with a single speaker"] += 1
        else:
            talks += _conversations(messages, within * 60_000)
    left_out = tuple(f"{count:,} {what}" for what, count in sorted(counts.items()))
    found = Dialogues(talks, f"the Messenger export {folder}", "private: yours to keep", left_out)
    if not talks:
        raise CourseError(
            f"{found.source.partition(';')[0]}: nobody answered within {within:g} minutes"
        )
    return found


def _threads(folder: Path) -> dict[Path, list[Path]]:
    """Return the message files of each thread below a folder, the newest first."""
    if not folder.is_dir():
        what = "is a file" if folder.exists() else "is not there"
        raise CourseError(f"{folder} {what}: give the folder of the unpacked Messenger export")
    threads: dict[Path, list[Path]] = {}
    for file in sorted(folder.rglob("message_*.json"), key=_number):
        strange = STRANGERS & set(file.relative_to(folder).parts)
        if _NUMBERED.fullmatch(file.name) and not strange:
            threads.setdefault(file.parent, []).append(file)
    if not threads:
        raise CourseError(
            f"{folder} is no Messenger export: there is no message_1.json in it; ask for JSON, not "
            "HTML, when you download your information"
        )
    return dict(sorted(threads.items()))


def _number(file: Path) -> int:
    """Return the number in a file's name."""
    found = _NUMBERED.fullmatch(file.name)
    return int(found[1]) if found else 0


def _thread(files: Iterable[Path], counts: Counter, say: Callable) -> tuple[list[Message], int]:
    """Read a thread's messages, the oldest first, and count its people."""
    rows, people = [], 0
    for file in files:
        try:
            data = json.loads(file.read_bytes())
            rows += data["messages"]
            people = max(people, len(data.get("participants") or ()))
        except UNREADABLE as error:
            counts["files that cannot be read"] += 1
            say(f"{file} is skipped: {_fault(error)}")
    found = [message for row in rows if (message := _message(row, counts))]
    # Of messages at the same moment the one that stands further down is the older.
    return sorted(reversed(found), key=lambda message: message.time), people


def _fault(error: Exception) -> str:
    """Say what is wrong with a message file."""
    if isinstance(error, OSError):
        return error.strerror or str(error)
    if isinstance(error, json.JSONDecodeError):
        return f"the JSON is broken or cut off in line {error.lineno:,}"
    if isinstance(error, UnicodeDecodeError):
        return "this is no JSON"
    return "there is no list named messages in it"


def _message(row: Any, counts: Counter) -> Message | None:
    """Return what somebody typed; None, and count, if a message is something else."""
    try:
        kind, time, text = _kind(row), int(row["timestamp_ms"]), row.get("content", "")
    except (AttributeError, KeyError, TypeError, ValueError, OverflowError):
        kind = "messages in another form"
    if not kind:
        speaker = repaired(str(row.get("sender_name") or "somebody"))
        text = _without_link(repaired(str(text)), row.get("share")).strip()
        empty = "shared links" if row.get("share") else NO_WORDS
        kind = NOTICES if is_notice(text, speaker) else "" if text else empty
    if kind:
        counts[kind] += 1
        return None
    return Message(time, speaker, text)


def is_notice(text: str, speaker: str) -> bool:
    """Say whether Messenger wrote a text in its speaker's name."""
    names = "|".join(map(re.escape, ("You", speaker, *speaker.split()[:1])))
    said = re.match(rf"(?:{names}) ", text)
    return bool(_REACTION.fullmatch(text) or (said and _NOTICE.fullmatch(text, said.end())))


def _without_link(text: str, share: Any) -> str:
    """Take a shared link out of the text that it was shared with."""
    link = share.get("link") if isinstance(share, dict) else None
    return text.replace(repaired(link), " ") if isinstance(link, str) and link else text


def _kind(row: dict) -> str:
    """Say what a message is if it is no text; else return an empty string."""
    if row.get("is_unsent"):
        return "deleted messages"
    if "call_duration" in row or row.get("type") == "Call":
        return "calls"
    if row.get("type") in ("Subscribe", "Unsubscribe"):
        return NOTICES
    return "" if row.get("content") else NO_WORDS


def repaired(text: str) -> str:
    """Undo the export's encoding: each character is a byte of UTF-8.

    A text that is no such text, as one that was repaired already, is returned as it is.
    """
    if text.isascii():
        return text
    try:
        return text.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return text


def _conversations(messages: list[Message], within: float) -> list[Conversation]:
    """Cut a thread where nobody answered in time; keep what has two turns."""
    talks, current = [], []
    for message in messages:
        if current and message.time - current[-1].time > within:
            talks.append(current)
            current = []
        current.append(message)
    turns = ([Turn(said.speaker, said.text) for said in talk] for talk in [*talks, current])
    return [talk for own in turns if len(talk := joined(own)) > 1]
