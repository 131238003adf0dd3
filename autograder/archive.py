"""Reads what a learner or a stranger has zipped, and refuses what could do harm.

Nothing is unpacked to disk under a name from the archive: an entry is read into memory, and the
caller decides where it goes.

A whole archive is refused (CourseError) if it climbs out of its folder (`..`, an absolute path, a
drive letter, a backslash), holds a link or a device, is encrypted, names an entry twice, lets
entries overlap, has too many, or would be too large altogether. One file that is too large, or
that unpacks to suspiciously much, is refused alone: in a class's download it is one learner's,
and the others shall not wait for it. A zip inside the zip counts as a folder, one level deep.
"""

from __future__ import annotations

import io
import os
import re
import stat
import struct
import time
import unicodedata
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import BinaryIO

from autograder.names import shown
from course.errors import CourseError

MB = 2**20
_ENCRYPTED = 0x1 | 0x40 | 0x2000  # the old way, the strong way, a hidden directory
_UTF8 = 0x800
_END, _END64 = struct.Struct("<4s4H2LH"), struct.Struct("<4sQ2H2L4Q")
_LOCATOR = 20  # bytes of the record between the two


@dataclass(frozen=True)
class Limits:
    """How much an archive may hold.

    Attributes:
        entries: files and folders.
        total: bytes, unpacked.
        file: bytes of one file, unpacked.
        ratio: unpacked to packed, for a file or an archive above `unsuspicious` bytes.
        unsuspicious: saved outputs pack well; below this many bytes they may.
    """

    entries: int = 20_000
    total: int = 8192 * MB
    file: int = 200 * MB
    ratio: float = 100
    unsuspicious: int = 64 * MB


@dataclass(frozen=True)
class Entry:
    """A file in an archive or a folder.

    Attributes:
        path: names from the top down; a zip inside the zip counts as a folder.
        size: bytes.
        time: when it was changed, as the archive says: seconds since 1970; 0 if it does not.
        read: returns its bytes; CourseError if it is refused.
        refused: why it cannot be read; empty if it can.
    """

    path: tuple[str, ...]
    size: int
    time: float
    read: Callable[[], bytes] = field(repr=False, compare=False)
    refused: str = ""

    @property
    def place(self) -> str:
        """Its path for a message."""
        return shown("/".join(self.path))


@contextmanager
def opened(path: Path, limits: Limits | None = None) -> Iterator[list[Entry]]:
    """Open a folder or a zip and give its files, those of the zips inside it included.

    Args:
        path: the folder, or the zip.
        limits: how much it may hold.

    Raises:
        CourseError: there is none, it is neither, or it is refused.
    """
    limits = limits or Limits()
    if path.is_dir():
        yield [inner for entry in _folder(path, limits) for inner in _inside(entry, limits)]
    elif path.is_file():
        with path.open("rb") as file:
            entries = _zipped(file, str(path), limits)
            yield [inner for entry in entries for inner in _inside(entry, limits)]
    else:
        raise CourseError(f"{path}: no such folder or zip")


def _inside(entry: Entry, limits: Limits) -> list[Entry]:
    """Return the files in a zip that lies in an archive, or the entry itself if it is no zip."""
    if entry.refused or not entry.path[-1].casefold().endswith(".zip"):
        return [entry]
    try:
        inner = _zipped(io.BytesIO(entry.read()), entry.place, limits)
    except CourseError as error:
        return [_refuse(entry, str(error).removeprefix(f"{entry.place}: "))]
    return [_inner(entry, file, limits) for file in inner]


def _inner(outer: Entry, entry: Entry, limits: Limits) -> Entry:
    """Return the entry of a file in an inner zip, which is not kept in memory until it is read."""

    def read() -> bytes:
        again = _zipped(io.BytesIO(outer.read()), outer.place, limits)
        return next(file for file in again if file.path == entry.path).read()

    path = outer.path + entry.path
    return replace(entry, path=path, read=entry.read if entry.refused else read)


def _refuse(entry: Entry, reason: str) -> Entry:
    """Return an entry that cannot be read."""

    def read() -> bytes:
        raise CourseError(f"{entry.place}: {reason}")

    return replace(entry, read=read, refused=reason)


def _folder(top: Path, limits: Limits) -> list[Entry]:
    """Return the files in a folder, sorted.

    Raises:
        CourseError: there is a link or a special file, or there are too many.
    """
    found: list[Entry] = []
    for folder, folders, names in os.walk(top, onerror=_raise):
        folders.sort()
        for name in sorted(folders + names):
            path = Path(folder, name)
            status = path.lstat()
            _check_kind(status.st_mode, str(path))
            if stat.S_ISREG(status.st_mode):
                found.append(_plain(top, path, status, limits))
        if len(found) > limits.entries:
            raise CourseError(f"{top}: more than {limits.entries} files; is this the right folder?")
    return found


def _raise(error: OSError) -> None:
    """Let a folder that cannot be read be an error, and not empty."""
    raise error


def _plain(top: Path, path: Path, status: os.stat_result, limits: Limits) -> Entry:
    """Return the entry of a file in a folder."""

    def read() -> bytes:
        # Opened without following, should a link have taken its place since it was looked at.
        number = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
        with os.fdopen(number, "rb") as file:
            return file.read(limits.file)

    parts = tuple(unicodedata.normalize("NFC", part) for part in path.relative_to(top).parts)
    entry = Entry(parts, status.st_size, status.st_mtime, read)
    return _refuse(entry, _too_large(entry.size, limits)) if entry.size > limits.file else entry


def _check_kind(mode: int, place: str) -> None:
    """Refuse what is neither a file nor a folder."""
    kind = stat.S_IFMT(mode)
    if kind == stat.S_IFLNK:
        raise CourseError(f"{shown(place)}: a link, which could lead anywhere; remove it")
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise CourseError(f"{shown(place)}: neither a file nor a folder; remove it")


def _zipped(file: BinaryIO, place: str, limits: Limits) -> list[Entry]:
    """Return the files in a zip, sorted; they can be read while it is open."""
    size = file.seek(0, io.SEEK_END)
    _check_directory(file, place, limits)
    with _explained(place):
        archive = zipfile.ZipFile(file)
        infos = archive.infolist()
        _check_archive(infos, place, size, limits)
        entries = [_unpacked(archive, info, place, limits) for info in infos if not info.is_dir()]
    return sorted(entries, key=lambda entry: entry.path)


@contextmanager
def _explained(place: str) -> Iterator[None]:
    """Say in a line what is wrong with a zip; zipfile raises whatever it meets."""
    try:
        yield
    except CourseError:
        raise
    except Exception as error:
        reason = shown(str(error) or type(error).__name__)
        raise CourseError(f"{place}: not a zip that can be read ({reason})") from None


def _check_directory(file: BinaryIO, place: str, limits: Limits) -> None:
    """Refuse a table of contents that is too long, before it is read into memory."""
    length = file.seek(0, io.SEEK_END)
    file.seek(max(0, length - _END.size - 0xFFFF - _LOCATOR - _END64.size))
    tail = file.read()
    at = tail.rfind(b"PK\5\6")
    if at < 0 or at + _END.size > len(tail):
        raise CourseError(f"{place}: not a zip; give a folder or a zip of submissions")
    size = _END.unpack_from(tail, at)[5]
    if size == 0xFFFFFFFF and at >= _LOCATOR + _END64.size:
        size = _END64.unpack_from(tail, at - _LOCATOR - _END64.size)[8]
    if size > limits.entries * 300:  # bytes an entry; 46 and its name are usual
        raise CourseError(f"{place}: more than {limits.entries} entries, which is too many")


def _check_archive(infos: list[zipfile.ZipInfo], place: str, size: int, limits: Limits) -> None:
    """Refuse an archive as a whole."""
    if len(infos) > limits.entries:
        raise CourseError(f"{place}: {len(infos)} entries; at most {limits.entries} are allowed")
    paths = [_path(info, place) for info in infos]
    doubled = next(_twice(paths), None)
    if doubled:
        raise CourseError(f"{place}: holds {shown('/'.join(doubled))} twice; which one is meant?")
    for info in infos:
        _check_kind(info.external_attr >> 16, f"{place}: {info.filename}")
        if info.flag_bits & _ENCRYPTED:
            raise CourseError(f"{place}: {shown(info.filename)} is encrypted; zip it without")
    _check_overlap(infos, place)
    _check_total(infos, place, size, limits)


def _twice(paths: list[tuple[str, ...]]) -> Iterator[tuple[str, ...]]:
    """Yield paths that are there a second time."""
    seen: set[tuple[str, ...]] = set()
    for path in paths:
        if path in seen:
            yield path
        seen.add(path)


def _check_overlap(infos: list[zipfile.ZipInfo], place: str) -> None:
    """Refuse entries that share bytes: so a few packed bytes become endless files."""
    ordered = sorted(infos, key=lambda info: info.header_offset)
    for one, following in pairwise(ordered):
        if one.header_offset + 30 + one.compress_size > following.header_offset:
            raise CourseError(f"{place}: a bomb: its entries overlap")


def _check_total(infos: list[zipfile.ZipInfo], place: str, size: int, limits: Limits) -> None:
    """Refuse an archive that is too large without the files that are refused alone."""
    total = sum(info.file_size for info in infos)
    sound = sum(info.file_size for info in infos if not _suspicious(info, limits))
    packed_well = sound > max(16 * limits.unsuspicious, limits.ratio * size)
    if sound > limits.total or packed_well or (total > limits.unsuspicious and not sound):
        raise CourseError(
            f"{place}: a bomb: {size} bytes unpack to {total}; at most {limits.total} are "
            f"allowed, {limits.file} a file, and {limits.ratio:g} times what was packed"
        )


def _suspicious(info: zipfile.ZipInfo, limits: Limits) -> str:
    """Return why one file is refused; empty if it is not."""
    if info.file_size > limits.file:
        return _too_large(info.file_size, limits)
    packed = max(info.compress_size, 1)
    if info.file_size > limits.unsuspicious and info.file_size > limits.ratio * packed:
        return f"{packed} bytes that unpack to {info.file_size}: a bomb?"
    return ""


def _too_large(size: int, limits: Limits) -> str:
    """Say that a file is too large."""
    return f"{size} bytes; at most {limits.file} are allowed"


def _unpacked(archive: zipfile.ZipFile, info: zipfile.ZipInfo, place: str, limits: Limits) -> Entry:
    """Return the entry of a file in a zip."""
    path = _path(info, place)
    label = shown("/".join(path))

    def read() -> bytes:
        with _explained(label), archive.open(info) as file:
            # The table of contents can lie about the size; what is read is what counts.
            data = file.read(limits.file + 1)
        if len(data) > limits.file:
            raise CourseError(f"{label}: {_too_large(len(data), limits)}")
        return data

    entry = Entry(path, info.file_size, _changed(info), read)
    reason = _suspicious(info, limits)
    return _refuse(entry, reason) if reason else entry


def _path(info: zipfile.ZipInfo, place: str) -> tuple[str, ...]:
    """Return an entry's path, or refuse one that leads out of its folder."""
    name = _decoded(info)
    parts = name.split("/")
    outside = name.startswith("/") or re.match(r"[A-Za-z]:", name) or ".." in parts
    if outside or "\\" in name or "\0" in name or not name.strip("/."):
        raise CourseError(f"{place}: {shown(name)!r} leads out of its folder; nothing was read")
    return tuple(unicodedata.normalize("NFC", part) for part in parts if part not in ("", "."))


def _decoded(info: zipfile.ZipInfo) -> str:
    """Return an entry's name; many programs write UTF-8 without saying so."""
    name = info.orig_filename
    if info.flag_bits & _UTF8:
        return name
    try:
        return name.encode("cp437").decode()
    except UnicodeError:
        return name


def _changed(info: zipfile.ZipInfo) -> float:
    """Return when an entry was changed, in seconds since 1970; 0 if the zip does not say."""
    if info.date_time <= (1980, 1, 1, 0, 0, 0):
        return 0.0
    try:
        return time.mktime((*info.date_time, 0, 0, -1))
    except (ValueError, OverflowError):
        return 0.0
