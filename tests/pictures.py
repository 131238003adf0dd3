"""The smallest pictures, for tests."""

import base64
import struct
import zlib


def png(width: int = 2, height: int = 1) -> bytes:
    """A PNG that a browser shows."""
    rows = zlib.compress(b"".join(b"\0" + b"\xff\0\0" * width for _ in range(height)))
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = _chunk(b"IHDR", header) + _chunk(b"IDAT", rows) + _chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunks


def jpeg(width: int, height: int) -> bytes:
    """The beginning of a JPEG: as much as says how large it is."""
    frame = b"\xff\xc0" + struct.pack(">HBHHB", 11, 8, height, width, 1) + b"\x01\x11\x00"
    return b"\xff\xd8\xff\xe0" + struct.pack(">H", 4) + b"ab" + frame + b"\xff\xd9"


def text_of(raw: bytes) -> str:
    """A picture as a notebook holds it."""
    return base64.b64encode(raw).decode()


def _chunk(name: bytes, data: bytes) -> bytes:
    check = struct.pack(">I", zlib.crc32(name + data))
    return struct.pack(">I", len(data)) + name + data + check
