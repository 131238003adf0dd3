"""A submitted file as cells, whatever wrote it; what each cell is meant to be, `repair` finds out.

A learner wrote these bytes, and they may be anything. What comes out is plain, of bounded size
where it is not source, and can be encoded as UTF-8.
"""

from __future__ import annotations

import codecs
import gc
import json
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property

CODE, MARKDOWN = "code", "markdown"

LARGEST = 100 * 2**20  # bytes: parsed JSON takes up to 25 times the memory of its text
MOST_CELLS = 2000
SAVED = 4_000_000  # characters of outputs and pasted pictures that are kept of a notebook
MOST_OUTPUTS = 100  # of a cell
LONGEST_TEXT = 20_000  # characters of an output
LONGEST_LINE = 1000  # characters of a name or a line of a traceback
MOST_LINES = 100  # of a traceback
LONGEST_WORK = 200_000  # characters: no one writes more into a cell; more is not looked at
COMPARED = 4000  # characters of a source that are compared by their words

# The file formats that are handed in by mistake, by how they begin.
OTHER_FILES = {
    "PK\x03\x04": "a zip file",
    "%PDF": "a PDF",
    "<": "an HTML page",
    "\ufffdPNG": "a picture",  # its first byte is no UTF-8
}
BYTE_ORDER_MARKS = {  # UTF-32 first: its mark begins like that of UTF-16
    codecs.BOM_UTF32_LE: "UTF-32",
    codecs.BOM_UTF32_BE: "UTF-32",
    codecs.BOM_UTF16_LE: "UTF-16",
    codecs.BOM_UTF16_BE: "UTF-16",
    codecs.BOM_UTF8: "UTF-8-sig",
}
PICTURES = ("image/png", "image/jpeg")

DEFINED = re.compile(r"^(?:async[ \t]+)?(?:def|class)[ \t]+(\w+)", re.MULTILINE)
ASSIGNED = re.compile(r"^(\w+(?:[ \t]*,[ \t]*\w+)*)[ \t]*(?::[^=\n]*)?=(?!=)", re.MULTILINE)
UNUSABLE = re.compile("[\0\ud800-\udfff]")  # no program may hold NUL; a lone half is no character
BASE64 = re.compile(r"[A-Za-z0-9+/=\s]*")


class Unreadable(ValueError):
    """A submission that is no notebook. The message goes on from "The file is no notebook: "."""


@dataclass(eq=False)
class Content:
    """A cell's source, and what it can be recognised by."""

    source: str

    @cached_property
    def text(self) -> str:
        """The source without what no one sees: spaces at line ends, blank lines around it."""
        if len(self.source) > LONGEST_WORK:
            return self.source
        return "\n".join(line.rstrip() for line in self.source.split("\n")).strip("\n")

    @cached_property
    def functions(self) -> frozenset[str]:
        """The functions and classes that it defines at the top level, even if it does not parse."""
        return frozenset(DEFINED.findall(self.source[:LONGEST_WORK]))

    @cached_property
    def names(self) -> frozenset[str]:
        """Its functions and classes, and the variables that it assigns at the top level."""
        assigned = " ".join(ASSIGNED.findall(self.source[:LONGEST_WORK]))
        return self.functions.union(re.findall(r"\w+", assigned))

    @cached_property
    def words(self) -> Counter[str]:
        """How often each word occurs in the beginning of its source."""
        return Counter(re.findall(r"\w+", self.source[:COMPARED]))

    @cached_property
    def length(self) -> int:
        """The number of these words."""
        return self.words.total()

    @property
    def heading(self) -> str:
        """Its first line if that is a Markdown heading, or else nothing."""
        first = self.text.partition("\n")[0]
        return first if first.startswith("#") else ""

    def likeness(self, other: Content) -> float:
        """Return the share of words that two sources have in common, from 0 to 1."""
        common = self.words.keys() & other.words.keys()
        shared = sum(min(self.words[word], other.words[word]) for word in common)
        return 2 * shared / ((self.length + other.length) or 1)

    def share_of(self, other: Content) -> float:
        """Return how much of the other's vocabulary occurs in this source, from 0 to 1."""
        return len(self.words.keys() & other.words.keys()) / (len(other.words) or 1)


@dataclass(eq=False)
class Found(Content):
    """One cell of a submission.

    Attributes:
        position: in the submission, from 1.
        kind: CODE or MARKDOWN.
        marks: nbgrader's metadata; empty if it is missing or no object.
        cell_id: the notebook's own id of it; "" if there is none.
        outputs: the saved ones, plain nbformat 4, bounded.
        attachments: pictures pasted into a Markdown cell: file name -> type -> base64.
        whole: False if the source held something other than text.
        clean: False if characters were taken out of the source.
    """

    position: int = 0
    kind: str = CODE
    marks: dict = field(default_factory=dict)
    cell_id: str = ""
    outputs: list[dict] = field(default_factory=list)
    attachments: dict[str, dict[str, str]] = field(default_factory=dict)
    whole: bool = True
    clean: bool = True

    @property
    def grade_id(self) -> str:
        """Its grade id as handed in, or nothing."""
        identity = self.marks.get("grade_id")
        return identity if isinstance(identity, str) else ""


@dataclass
class Submission:
    """A submission's cells, and a sentence for each oddity of the file."""

    cells: list[Found]
    remarks: list[str]


class _Budget:
    """How many characters may still be kept."""

    def __init__(self, left: int):
        self.left = left

    def allows(self, size: int) -> bool:
        """Take a number of characters if they are left; say whether they were."""
        if size > self.left:
            return False
        self.left -= size
        return True


def read(submission: bytes) -> Submission:
    """Return a submission's cells.

    Args:
        submission: a file's bytes.

    Raises:
        Unreadable: it is no notebook; nothing else is raised.
    """
    if len(submission) > LARGEST:
        size = f"{len(submission) // 2**20} MB, more than {LARGEST // 2**20}"
        raise Unreadable(f"it has {size}; clear its outputs, save it and hand it in again")
    text, remarks = _decoded(submission)
    notebook = _parsed(text)
    cells, old = _raw_cells(notebook)
    if old:
        remarks.append("The notebook was in an old format (nbformat 3); it was converted.")
    if len(cells) > MOST_CELLS:
        remarks.append(f"The notebook had {len(cells)} cells; only the first {MOST_CELLS} count.")
    return Submission(list(_found(cells[:MOST_CELLS], remarks)), remarks)


def _decoded(submission: bytes) -> tuple[str, list[str]]:
    """Return the file's text, and a sentence if it was not plain UTF-8."""
    encoding, remarks = _encoding(submission), []
    if encoding == "UTF-8-sig":
        remarks.append("The file began with a byte order mark; it was read all the same.")
    elif encoding != "UTF-8":
        remarks.append(f"The file was saved as {encoding[:6]}; it was read all the same.")
    try:
        text = submission.decode(encoding)
    except UnicodeDecodeError:
        text = submission.decode(encoding, errors="replace")
        remarks.append("Some bytes of the file were no characters; each was replaced by a �.")
    return text.strip("\ufeff\0 \t\r\n"), remarks


def _encoding(submission: bytes) -> str:
    """Return how a file is encoded: by its mark, or by where the zeros of its first brace are."""
    for mark, encoding in BYTE_ORDER_MARKS.items():
        if submission.startswith(mark):
            return encoding
    if submission[:2] == b"\0{":
        return "UTF-16-BE"
    return "UTF-16-LE" if submission[:2] == b"{\0" else "UTF-8"


def _parsed(text: str) -> object:
    """Return what the JSON says."""
    if not text:
        raise Unreadable("it is empty")
    if text[0] not in "{[":
        what = (words for start, words in OTHER_FILES.items() if text.startswith(start))
        raise Unreadable(f"it is {next(what, 'not JSON, as notebooks are')}")
    try:
        return _json(text)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise Unreadable(f"its JSON is cut off or broken at {place}") from None
    except RecursionError:
        raise Unreadable("its JSON is nested too deeply") from None
    except MemoryError:
        raise Unreadable("it takes more memory than there is") from None


def _json(text: str) -> object:
    """Parse JSON, with line ends in its texts and with integers of any length."""
    with _no_collection():
        try:
            return json.loads(text, strict=False)
        except json.JSONDecodeError:
            raise
        except ValueError:  # an integer of more digits than Python converts
            return json.loads(text, strict=False, parse_int=float)


@contextmanager
def _no_collection() -> Iterator[None]:
    """Let no garbage be looked for: JSON makes none, and among millions of lists it takes long."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def _raw_cells(notebook: object) -> tuple[list, bool]:
    """Return a notebook's cells as they are, and whether its format is the old one."""
    if not isinstance(notebook, dict):
        raise Unreadable("it is a JSON list")
    cells, worksheets = notebook.get("cells"), notebook.get("worksheets")
    if isinstance(cells, list):
        return cells, False
    if not isinstance(worksheets, list):
        raise Unreadable("it is JSON without a list of cells")
    sheets = [sheet.get("cells") for sheet in worksheets if isinstance(sheet, dict)]
    return [cell for sheet in sheets if isinstance(sheet, list) for cell in sheet], True


def _found(cells: list, remarks: list[str]) -> Iterator[Found]:
    """Yield each cell that is one; add a sentence for each that is not."""
    budget = _Budget(SAVED)
    for position, cell in enumerate(cells, 1):
        if isinstance(cell, dict):
            yield _cell(cell, position, budget)
        else:
            remarks.append(f"Entry {position} of the notebook was no cell; it was left out.")


def _cell(cell: dict, position: int, budget: _Budget) -> Found:
    """Return one cell; a cell of an unknown type is text, so that it does not run."""
    raw, whole = _joined(cell.get("source", cell.get("input")))
    source = UNUSABLE.sub(_usable, raw.replace("\r\n", "\n").replace("\r", "\n"))
    kind = CODE if cell.get("cell_type") == CODE else MARKDOWN
    if cell.get("cell_type") == "heading":  # nbformat 3's
        source = f"{'#' * _level(cell.get('level'))} {source}"
    metadata, identity = cell.get("metadata"), cell.get("id")
    marks = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    return Found(
        source,
        position=position,
        kind=kind,
        marks=marks if isinstance(marks, dict) else {},
        cell_id=identity if isinstance(identity, str) else "",
        outputs=list(_outputs(cell.get("outputs"), budget)) if kind == CODE else [],
        attachments=_attachments(cell.get("attachments"), budget) if kind == MARKDOWN else {},
        whole=whole,
        clean=not UNUSABLE.search(raw),
    )


def _level(level: object) -> int:
    """Return a heading's level."""
    return level if level in range(1, 7) and isinstance(level, int) else 1


def _joined(value: object) -> tuple[str, bool]:
    """Return a text that may be a list of lines, and whether there was nothing else in it."""
    if value is None or isinstance(value, str):
        return value or "", True
    if not isinstance(value, list):
        return "", False
    lines = [line for line in value if isinstance(line, str)]
    return "".join(lines), len(lines) == len(value)


def _usable(character: re.Match) -> str:
    """Return what stands for a character that cannot be used: nothing for NUL."""
    return "" if character[0] == "\0" else "\ufffd"


def _short(value: object, limit: int = LONGEST_LINE) -> str:
    """Return a text that is usable and not too long."""
    text = _joined(value)[0]
    text = text if len(text) <= limit else f"{text[: limit - 1]}…"
    return UNUSABLE.sub(_usable, text)


def _outputs(outputs: object, budget: _Budget) -> Iterator[dict]:
    """Yield a cell's outputs, as long as there is room for them."""
    for output in outputs[:MOST_OUTPUTS] if isinstance(outputs, list) else ():
        plain = _output(output) if isinstance(output, dict) else None
        if plain and budget.allows(len(json.dumps(plain))):
            yield plain


def _output(output: dict) -> dict | None:
    """Return one output in nbformat 4's words, or None if it is of no known type."""
    match output.get("output_type"):
        case "stream":
            name = "stderr" if "stderr" in (output.get("name"), output.get("stream")) else "stdout"
            text = _short(output.get("text"), LONGEST_TEXT)
            return {"output_type": "stream", "name": name, "text": text}
        case "error" | "pyerr":
            return {"output_type": "error", **_error(output)}
        case "display_data":
            data = _data(output)
            return data and {"output_type": "display_data", "data": data, "metadata": {}}
        case "execute_result" | "pyout":
            data = _data(output)
            result = {"output_type": "execute_result", "data": data, "metadata": {}}
            return data and {**result, "execution_count": None}
    return None


def _error(output: dict) -> dict:
    """Return an error's name, message and traceback."""
    lines = output.get("traceback")
    lines = lines[:MOST_LINES] if isinstance(lines, list) else []
    traceback = [_short(line) for line in lines]
    return {
        "ename": _short(output.get("ename")),
        "evalue": _short(output.get("evalue")),
        "traceback": traceback,
    }


def _data(output: dict) -> dict[str, str]:
    """Return what an output shows, as text and pictures; no HTML, and nothing that could run."""
    data = output.get("data")
    if not isinstance(data, dict):  # nbformat 3 has it in the output itself
        names = {"text": "text/plain", "png": "image/png", "jpeg": "image/jpeg"}
        data = {full: output[name] for name, full in names.items() if name in output}
    text = {"text/plain": _short(data["text/plain"], LONGEST_TEXT)} if "text/plain" in data else {}
    return {**text, **_pictures(data)}


def _pictures(data: dict) -> dict[str, str]:
    """Return the pictures of a bundle of data, base64."""
    found = {name: _joined(data[name])[0] for name in PICTURES if name in data}
    fits = {name: text for name, text in found.items() if 0 < len(text) <= SAVED}
    return {name: text for name, text in fits.items() if BASE64.fullmatch(text)}


def _attachments(attachments: object, budget: _Budget) -> dict[str, dict[str, str]]:
    """Return the pictures that were pasted into a cell, as long as there is room for them."""
    kept = {}
    for name, data in attachments.items() if isinstance(attachments, dict) else ():
        pictures = _pictures(data) if isinstance(data, dict) else {}
        if pictures and budget.allows(sum(map(len, pictures.values()), len(name))):
            kept[_short(name)] = pictures
    return kept
