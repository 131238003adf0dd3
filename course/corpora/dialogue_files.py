"""Files of conversations: a conversation a line, or ChatterBot's YAML."""

import re
from pathlib import Path

from course.corpora.lines import read_lines
from course.corpora.pairs import decode, read_bytes
from course.corpora.turns import Conversation, Dialogues, alternating
from course.errors import CourseError

END_OF_TURN = "__eou__"
HEADING = "# "
YAML = (".yml", ".yaml")

# Files that were cut into tokens have spaces where nobody types any: "I don ’ t know ."
_APOSTROPHE = re.compile(r"(?<=\w) ?[’'] ?(?=(?:s|t|d|m|re|ve|ll)\b)", re.IGNORECASE)
_BEFORE_MARK = re.compile(r" +(?=[.,;:!?…])")


def read_dialogue_file(path: str | Path) -> Dialogues:
    """Read a file with a conversation in each line.

    Its turns are parted by `__eou__`, which may stand behind the last one as well, or by tabs. Two
    speakers take turns. A line that begins with `# ` and has neither is a heading, and left out.
    Spaces that tokenizing has put before marks and around apostrophes go.

    Args:
        path: of the file, UTF-8.

    Raises:
        CourseError: there is no such file, it cannot be read, a line has neither `__eou__` nor a
            tab, or no line has two turns.
    """
    path, talks, lone = Path(path), [], 0
    for number, line in enumerate(read_lines(path, "a file of dialogues"), start=1):
        if not line.strip() or _is_heading(line):
            continue
        talk = alternating([_untokenized(text) for text in _turns(line, path, number)])
        if len(talk) > 1:
            talks.append(talk)
        lone += len(talk) < 2
    return _found(talks, lone, f"the file {path}", "a turn __eou__ its reply, in each line")


def _is_heading(line: str) -> bool:
    """Say whether a line is no conversation, and is not meant to be one."""
    return line.startswith(HEADING) and END_OF_TURN not in line and "\t" not in line


def _turns(line: str, path: Path, number: int) -> list[str]:
    """Cut a line into the turns of a conversation."""
    mark = END_OF_TURN if END_OF_TURN in line else "\t"
    if mark not in line:
        start = repr(line[:40] + "…" * (len(line) > 40))
        raise CourseError(
            f"{path}, line {number:,}: neither {END_OF_TURN} nor a tab in {start}: part the turns "
            "of a conversation by one of them"
        )
    return line.split(mark)


def _untokenized(text: str) -> str:
    """Take out the spaces that tokenizing has put in."""
    return _BEFORE_MARK.sub("", _APOSTROPHE.sub("'", text)).strip()


def read_yaml(path: str | Path) -> Dialogues:
    """Read conversations in ChatterBot's form: a list `conversations` of lists of turns.

    Args:
        path: of a file, or of a folder of files that end in `.yml` or `.yaml`.

    Raises:
        CourseError: there is no such file, one is no YAML or has another form, or there is no
            conversation of two turns.
    """
    path = Path(path)
    files = sorted(file for file in path.rglob("*") if file.suffix in YAML) or [path]
    listed = [talk for file in files for talk in _listed(file)]
    lists = [talk for talk in listed if _is_list(talk)]
    found = [alternating(texts) for texts in lists]
    talks = [talk for talk in found if len(talk) > 1]
    kind = "the folder" if path.is_dir() else "the file"
    odd, lone = len(listed) - len(lists), len(found) - len(talks)
    return _found(talks, lone, f"{kind} {path}", "a list named conversations, of lists", odd)


def _is_list(talk: object) -> bool:
    """Say whether something is a list of sentences."""
    return isinstance(talk, list) and all(isinstance(text, str) for text in talk)


def _listed(file: Path) -> list:
    """Return what stands in the list of conversations of one YAML file."""
    import yaml

    # Of the base loader every scalar is a string: "Yes" is no truth value, and nothing is built.
    # The one written in C is faster and can be made to crash by lists within lists.
    try:
        data = yaml.load(decode(read_bytes(file, "a YAML file"), str(file)), yaml.BaseLoader)
    except RecursionError:
        raise CourseError(f"{file}: there are too many lists within lists in it") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1:,}" if mark else ""
        problem = getattr(error, "problem", None) or "it cannot be read"
        raise CourseError(f"{file}{line}: this is no YAML: {problem}") from None
    talks = data.get("conversations") if isinstance(data, dict) else None
    if not isinstance(talks, list):
        raise CourseError(f"{file}: there is no list named conversations in it")
    return talks


def _found(talks: list[Conversation], lone: int, origin: str, form: str, odd: int = 0) -> Dialogues:
    """Return conversations, or say that there are none."""
    if not talks:
        raise CourseError(f"{origin} holds no conversation of two turns: it should have {form}")
    counts = ((lone, "of a single turn"), (odd, "in another form"))
    left_out = tuple(f"{count:,} {what}" for count, what in counts if count)
    return Dialogues(talks, origin, left_out=left_out)
