"""Conversations by name or by file: the door for lesson 10.

It reads a Messenger export, a plain file of dialogues or ChatterBot's YAML, or gives the dialogues
that ship. What it reads stays on this machine.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from course.corpora.dialogue_files import YAML, read_dialogue_file, read_yaml
from course.corpora.load import SHIPS, Row
from course.corpora.messenger import WITHIN, read_messenger
from course.corpora.registry import COURSE_LICENCE
from course.corpora.turns import Dialogues
from course.errors import CourseError

FORMATS = ("messenger", "dialogue", "yaml")
WREN = "Wren"
SHIPPED_FILE = Path(__file__).parent / "shipped" / "dialogues.txt"
EXPORT = Path(__file__).parent / "shipped" / "messenger"


def load_dialogues(
    path: str | Path | None = None,
    format: str | None = None,
    *,
    within: float = WITHIN,
    groups: bool = False,
    say: Callable[[str], object] | None = print,
) -> Dialogues:
    """Return conversations: those of a file or a folder, or those that ship with the course.

    Args:
        path: a plain file of dialogues, a YAML file or a folder of them, or an unpacked Messenger
            export; None for the conversations with Wren that ship.
        format: "messenger", "dialogue" or "yaml"; None to tell by the name.
        within: minutes that a reply in a Messenger export may take.
        groups: read Messenger threads of more than two people as well.
        say: is told of each file of an export that cannot be read; None for silence.

    Raises:
        CourseError: there is no such form, the file is bad, or it holds no conversation.
    """
    if path is None:
        return _shipped()
    path = Path(path)
    format = format or _format_of(path)
    if format not in FORMATS:
        raise CourseError(f"no format {format!r}: choose {', '.join(FORMATS)}")
    if format == "messenger":
        return read_messenger(path, within=within, groups=groups, say=say)
    return read_yaml(path) if format == "yaml" else read_dialogue_file(path)


def available_dialogues() -> list[Row]:
    """List the conversations that ship."""
    return [Row("dialogues", "English, conversations with Wren", SHIPS, COURSE_LICENCE)]


def _format_of(path: Path) -> str:
    """Tell a form by the name of a file, or by what is in a folder."""
    if path.is_dir():
        found = any(file.suffix in YAML for file in path.iterdir())
        return "yaml" if found else "messenger"
    return "yaml" if path.suffix in YAML else "dialogue"


def _shipped() -> Dialogues:
    """Return the conversations that come with the course; Wren is the second speaker of each."""
    found = read_dialogue_file(SHIPPED_FILE)
    named = [
        tuple(turn._replace(speaker={"A": "you", "B": WREN}[turn.speaker]) for turn in talk)
        for talk in found
    ]
    origin = "conversations with Wren, which come with the course"
    return replace(found, conversations=named, origin=origin, licence=COURSE_LICENCE)
