"""Names of people: as folders, for comparing, and for showing on a terminal."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Mapping

LONGEST = 100  # bytes of a folder's name; file systems allow 255, and paths have a limit too

# Windows will not have these as names, with or without an extension.
_PORTS = {f"{port}{n}" for port in ("com", "lpt") for n in range(10)}
_DEVICES = {"con", "prn", "aux", "nul"} | _PORTS


def shown(text: str, longest: int = 120) -> str:
    """Return text that is safe in a line on a terminal: no escapes, no line breaks, not endless."""
    plain = "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)
    return plain if len(plain) <= longest else plain[: longest - 1] + "…"


def squashed(text: str) -> str:
    """Return a name without case, spaces and punctuation, as Canvas writes it into file names.

    Accents stay, in one form: "José" typed as five characters equals "José" typed as four.
    """
    folded = unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())
    return "".join(char for char in folded if char.isalnum() or unicodedata.combining(char))


def word_orders(name: str) -> set[str]:
    """Return a name squashed in each order that a file may have it in.

    "Lee, Ann Mary" and "Ann Mary Lee" have one in common.
    """
    words = [word for word in re.split(r"[\s,]+", name) if squashed(word)]
    turned = (words[at:] + words[:at] for at in range(len(words)))
    return {squashed("".join(order)) for order in turned}


def safe_name(text: str) -> str:
    """Return a name for a folder: letters and digits of any script, and `_ . - @ +`.

    The same name comes back for a safe name. Different names can end up the same; `folders`
    tells them apart.

    Args:
        text: any name, as `Smith, "Bob" / ../etc`.
    """
    words = _normal("".join(_allowed(char) for char in _normal(text)))
    # A leading dot hides a folder, a leading dash is an option, a last dot is lost on Windows.
    name = re.sub(r"_+", "_", words).lstrip("._-+@").rstrip("._")
    if not name or name.split(".")[0].casefold() in _DEVICES:
        name = f"student_{name}".rstrip("_")
    return name if len(name.encode()) <= LONGEST else _shortened(name)


def folders(names: Iterable[str], taken: Mapping[str, str]) -> dict[str, str]:
    """Return a folder for each name, no two the same even where upper and lower case are one.

    Args:
        names: as they were written.
        taken: the folders that exist, each with the name whose folder it is.
    """
    owners = {_key(folder): _normal(name) for folder, name in taken.items()}
    found = {_normal(name): folder for folder, name in taken.items()}
    for name in sorted({_normal(name) for name in names} - set(found)):
        folder = safe_name(name)
        if owners.get(_key(folder), name) != name:
            folder = f"{_cut(folder, LONGEST - 9)}-{_digest(name)}"
        owners[_key(folder)], found[name] = name, folder
    return {name: found[_normal(name)] for name in names}


def _allowed(char: str) -> str:
    """Return a character, an underscore in its place, or nothing for an invisible one."""
    kind = unicodedata.category(char)
    if kind == "Cf":  # among them the marks that turn the direction of writing
        return ""
    return char if kind[0] in "LMN" or char in "_.-@+" else "_"


def _shortened(name: str) -> str:
    """Return the beginning of a name, with a digest of the whole."""
    return f"{_cut(name, LONGEST - 9)}-{_digest(name)}"


def _cut(name: str, size: int) -> str:
    """Return as much of a name as fits into a number of bytes, whole characters only."""
    return name.encode()[:size].decode(errors="ignore").rstrip("._")


def _digest(name: str) -> str:
    """Return eight characters that differ for different names."""
    return hashlib.sha256(name.encode(errors="surrogatepass")).hexdigest()[:8]


def _normal(name: str) -> str:
    """Return a name in one form of writing accents."""
    return unicodedata.normalize("NFC", name)


def _key(folder: str) -> str:
    """Return what a file system that ignores case compares."""
    return _normal(_normal(folder).casefold())
