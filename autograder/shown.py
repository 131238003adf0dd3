"""What of a learner's notebook may be shown to a person: text without tricks, and checked pictures.

An output can hold scripts, terminal escapes, characters that reverse what is read, or a picture of
a gigapixel. Feedback pages and the formgrader get none of it.
"""

from __future__ import annotations

import base64
import binascii
import re
import struct
from collections.abc import Collection
from dataclasses import dataclass

from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

LONGEST_TEXT = 8_000
LONGEST_MARKDOWN = 20_000
MOST_OUTPUTS = 50
LARGEST_PICTURE = 1_000_000
MOST_PIXELS = 40_000_000

# Terminal escapes: a string to the terminal, a control sequence, any other two characters.
_ESCAPES = re.compile(
    r"\x1b[\]P^_X][^\x07\x1b\n]{0,2000}(?:\x07|\x1b\\)?"
    r"|\x1b\[[0-?]*[ -/]*[@-~]?"
    r"|\x1b[ -/]*[0-~]?"
)
_OVERWRITTEN = re.compile(r"^[^\n]*\r(?=[^\r\n])", re.MULTILINE)
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_UNWRITABLE = re.compile(r"[\ud800-\udfff\ufffe\uffff]")
_BIDI = re.compile(r"[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_CELL_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_LINK = re.compile(r"https?://|mailto:|#", re.IGNORECASE)


@dataclass(frozen=True)
class Picture:
    """A PNG or JPEG image of reasonable size."""

    kind: str
    data: bytes
    width: int
    height: int

    @property
    def base64(self) -> str:
        """The image as text."""
        return base64.b64encode(self.data).decode()


def plain(text: object) -> str:
    """Return text as a person may read it: no escapes, no control characters, no reversed reading.

    Args:
        text: a string, or a list of strings as notebooks have it; anything else is no text.
    """
    text = "".join(map(_string, text)) if isinstance(text, list) else _string(text)
    text = _OVERWRITTEN.sub("", _ESCAPES.sub("", text))
    text = _UNWRITABLE.sub("\ufffd", _CONTROLS.sub("", text))
    return _BIDI.sub(lambda found: f"⟨U+{ord(found[0]):04X}⟩", text)


def shortened(text: str, limit: int = LONGEST_TEXT) -> str:
    """Return a text's beginning and end, with a note of what is left out between them."""
    if len(text) <= limit:
        return text
    head, tail = text[: limit * 3 // 4], text[-(limit // 4) :]
    return f"{head}\n… {len(text) - len(head) - len(tail):,} characters left out …\n{tail}"


def picture(data: object) -> Picture | None:
    """Return the picture in an output's `data`; None if there is none that is safe to show."""
    if not isinstance(data, dict):
        return None
    for kind, measure in (("image/png", _png_size), ("image/jpeg", _jpeg_size)):
        raw = _decoded(data.get(kind))
        size = measure(raw) if raw else None
        if size and 0 < size[0] * size[1] <= MOST_PIXELS:
            return Picture(kind, raw, *size)
    return None


def pictures(attachments: object) -> dict[str, Picture]:
    """Return the pictures that were pasted into a cell, by name; only those safe to show."""
    if not isinstance(attachments, dict):
        return {}
    found = {name: picture(data) for name, data in attachments.items()}
    return {name: one for name, one in found.items() if one}


def output_text(output: dict) -> str:
    """Return an output as text; empty if it has none."""
    kind = output.get("output_type")
    if kind == "stream":
        return plain(output.get("text"))
    if kind == "error":
        lines = output.get("traceback")
        lines = [_string(line) for line in lines] if isinstance(lines, list) else []
        return plain("\n".join(lines)) or plain([output.get("ename"), ": ", output.get("evalue")])
    data = output.get("data")
    return plain(data.get("text/plain")) if isinstance(data, dict) else ""


def harmless(notebook: dict) -> dict:
    """Return a notebook that nbgrader's formgrader can show without running anything in it.

    The formgrader puts HTML and scripts from outputs and Markdown into its own page, where they
    could press its buttons: a learner's notebook could grade itself.
    """
    return {
        "cells": [_harmless_cell(*numbered) for numbered in enumerate(notebook.get("cells", []))],
        "metadata": {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def is_plain_markdown(source: str, pasted: Collection[str] = ()) -> bool:
    """Say whether Markdown becomes nothing but text, tables and links to the web.

    Args:
        source: a cell's.
        pasted: the names of the pictures in the cell itself, which may be shown too.
    """
    watcher = _Watcher(escape=False)
    watcher.allowed = {f"attachment:{name}" for name in pasted}
    try:
        MarkdownWithMath(renderer=watcher).render(source)
    except RecursionError:
        return False
    return watcher.fine


class _Watcher(IPythonRenderer):
    """Renders as nbconvert does, and notices what a browser would do more with than show."""

    fine = True
    allowed: Collection[str] = ()

    def block_html(self, html: str) -> str:
        """Notice HTML on its own."""
        self.fine = False
        return ""

    inline_html = block_mermaidjs = block_html

    def image(self, text: str, url: str, title: str | None = None) -> str:
        """Notice a picture, which a browser would fetch from wherever it is."""
        self.fine = self.fine and url in self.allowed
        return ""

    def link(self, text: str, url: str, title: str | None = None) -> str:
        """Notice a link that is none to the web."""
        self.fine = bool(self.fine and _LINK.match(url))
        return ""


def _harmless_cell(number: int, cell: dict) -> dict:
    """Return a cell of which nothing is live."""
    source = _UNWRITABLE.sub("\ufffd", _string(cell.get("source")))
    marks = cell.get("metadata", {}).get("nbgrader")
    identity = cell["id"] if _CELL_ID.fullmatch(_string(cell.get("id"))) else f"cell-{number}"
    kept = {"id": identity, "metadata": {"nbgrader": marks} if marks else {}}
    if cell.get("cell_type") == "code":
        outputs = [_harmless_output(output) for output in cell.get("outputs", [])[:MOST_OUTPUTS]]
        code = {"cell_type": "code", "execution_count": None, "outputs": outputs, "source": source}
        return kept | code
    pasted = pictures(cell.get("attachments"))
    if len(source) > LONGEST_MARKDOWN or not is_plain_markdown(source, pasted):
        source = _fenced(source)
    attachments = {name: {found.kind: found.base64} for name, found in pasted.items()}
    shown = {"cell_type": "markdown", "source": source}
    return kept | shown | ({"attachments": attachments} if attachments else {})


def _harmless_output(output: dict) -> dict:
    """Return an output as a picture or as text."""
    found = picture(output.get("data"))
    if found:
        data = {found.kind: found.base64}
        return {"output_type": "display_data", "data": data, "metadata": {}}
    text = shortened(output_text(output)) or "(an output that is neither text nor a picture)"
    name = "stderr" if output.get("output_type") == "error" else output.get("name")
    return {"output_type": "stream", "name": name if name == "stderr" else "stdout", "text": text}


def _fenced(source: str) -> str:
    """Return Markdown that shows its source as it is."""
    longest = max((len(run) for run in re.findall(r"`+", source)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}text\n{source}\n{fence}"


def _string(value: object) -> str:
    """Return a value if it is text."""
    return value if isinstance(value, str) else ""


def _decoded(text: object) -> bytes:
    """Return the bytes of an image in base64; none if it is none, or too large."""
    text = "".join(map(_string, text)) if isinstance(text, list) else _string(text)
    if len(text) > LARGEST_PICTURE * 3 // 2:
        return b""
    try:
        raw = base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        return b""
    return raw if len(raw) <= LARGEST_PICTURE else b""


def _png_size(raw: bytes) -> tuple[int, int] | None:
    """Return a PNG's width and height; None if this is no PNG."""
    if raw[:8] != b"\x89PNG\r\n\x1a\n" or raw[12:16] != b"IHDR" or len(raw) < 33:
        return None
    return struct.unpack(">II", raw[16:24])


def _jpeg_size(raw: bytes) -> tuple[int, int] | None:
    """Return a JPEG's width and height, from the header of its first frame; None if it has none."""
    place = 2
    while raw[:3] == b"\xff\xd8\xff" and place + 9 <= len(raw) and raw[place] == 0xFF:
        marker, length = raw[place + 1], int.from_bytes(raw[place + 2 : place + 4], "big")
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack(">HH", raw[place + 5 : place + 9])
            return width, height
        place += 2 + length
    return None
