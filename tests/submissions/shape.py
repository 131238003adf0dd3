"""What the file is."""

import json

import nbformat

from autograder.outcome import MISSING, REPAIRED, UNREADABLE
from tests.submissions.case import (
    FILE,
    Baits,
    Case,
    answered,
    blank,
    cell,
    changed,
    right,
    with_code,
    written,
)

LARGE = 50 * 10**6


def old(baits: Baits) -> bytes:
    """The right notebook as IPython 2 would have written it."""
    notebook = nbformat.reads(right().decode(), as_version=4)
    return nbformat.writes(notebook, version=3).encode()


def without_outputs(notebook: dict) -> None:
    """Leave out the keys that hold outputs."""
    for one in notebook["cells"]:
        one.pop("outputs", None)
        one.pop("execution_count", None)


def with_much_saved(notebook: dict) -> None:
    """Save 50 MB of outputs."""
    text = {"output_type": "stream", "name": "stdout", "text": "x" * (LARGE // 50) + "\n"}
    cell(notebook, "shares")["outputs"] = [text] * 50


def with_crlf(baits: Baits) -> bytes:
    """Windows' line ends, in the file and in the cells."""
    notebook = json.loads(right())
    for one in notebook["cells"]:
        one["source"] = "".join(one["source"]).replace("\n", "\r\n")
    return json.dumps(notebook, indent=1).replace("\n", "\r\n").encode()


def html(baits: Baits) -> dict[str, bytes]:
    """A page beside the notebook."""
    return {FILE: right(), "table.html": b"<script>alert(1)</script>", "notes (1).txt": b"\0"}


CASES = [
    Case("unchanged", lambda _: written(blank()), 0, says=("not attempted yet",)),
    Case("right", lambda _: right(), 10),
    Case("empty file", lambda _: b"", 0, UNREADABLE, ("it is empty",)),
    Case("no cells", changed(lambda one: one["cells"].clear()), 0, REPAIRED, ("no cell",)),
    Case("cut-off JSON", lambda _: right()[: len(right()) // 2], 0, UNREADABLE, ("cut off",)),
    Case("a JSON list", lambda _: b"[1, 2]", 0, UNREADABLE, ("a JSON list",)),
    Case("a PDF", lambda _: b"%PDF-1.7 \xff", 0, UNREADABLE, ("a PDF",)),
    Case("JSON nested for ever", lambda _: b'{"cells":' + b"[" * 10**6, 0, UNREADABLE, ("JSON",)),
    Case("nbformat 3", old, 10, REPAIRED, ("old format",)),
    Case("cells without outputs", changed(without_outputs), 10),
    Case("BOM", lambda _: b"\xef\xbb\xbf" + right(), 10, REPAIRED, ("byte order mark",)),
    Case("UTF-16", lambda _: right().decode().encode("utf-16"), 10, REPAIRED, ("UTF-16",)),
    Case("CRLF", with_crlf, 10),
    Case("emoji", with_code("print('⛴️ 🇪🇸')", known="ñandú = 2.0\nknown = lambda words: ñandú"), 10),
    Case("right to left", with_code("# \u202eمرحبا\u202c\nשלום = 'مرحبا'\nprint(שלום)"), 10),
    Case(
        "NUL in a cell",
        changed(lambda one: None, last="print('a\0b')"),
        10,
        REPAIRED,
        ("characters that no program may hold",),
    ),
    Case("half a character", with_code("print('\ud83d')"), 10, REPAIRED, ("no program may hold",)),
    Case("50 MB of saved outputs", changed(with_much_saved), 10),
    Case("renamed", lambda _: {"mine (2).ipynb": right()}, 10, REPAIRED, ("'mine (2).ipynb'",)),
    Case("two notebooks", lambda _: {FILE: right(), "copy.ipynb": written(blank())}, 10),
    Case(
        "two notebooks of other names",
        lambda _: {"a.ipynb": written({"cells": []}), "b.ipynb": right()},
        10,
        REPAIRED,
        ("of 2 notebooks the one that fits best",),
    ),
    Case("missing notebook", lambda _: {"table.py": b"pass"}, 0, MISSING, ("No notebook",)),
    Case("empty folder", lambda _: {}, 0, MISSING, ("No notebook",)),
    Case("nothing handed in", lambda _: None, 0, MISSING, ("No notebook",)),
    Case("html beside it", html, 10),
    Case("a comma in the name", lambda _: right(), 10, called="Ferry, Ana"),
    Case("a quote in the name", lambda _: right(), 10, called='Ana "la" d\'Ulldecona'),
    Case("a leading equals sign", lambda _: right(), 10, called="=HYPERLINK(1)"),
    Case("wrong all over", lambda _: written(answered(known="known = 1")), 8, says=("TypeError",)),
]
