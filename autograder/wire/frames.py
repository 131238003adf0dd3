"""Whole messages over a socket, their sizes bounded before anything is read."""

from __future__ import annotations

import json
import socket
import struct
from typing import Any

MOST_BYTES = 64 * 2**20
MOST_TEXT = 8 * 2**20  # JSON takes many times its size once it is read
MOST_BLOBS = 10_000
FRAME = struct.Struct(">II")
SIZE = struct.Struct(">I")


class WireError(Exception):
    """The other side sent what nobody agreed on, or too much of it."""


class Gone(WireError):
    """The other side hung up."""


class Frames:
    """Whole messages over a socket: a JSON value and some byte strings each."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock

    def send(self, value: object, blobs: list[bytes]) -> None:
        """Send one message.

        Raises:
            WireError: it is too large.
            Gone: nobody listens.
        """
        text = json.dumps(value).encode()
        total = len(text) + sum(map(len, blobs))
        _check_size(len(text), len(blobs), total)
        sizes = b"".join(SIZE.pack(len(blob)) for blob in blobs)
        try:
            self.sock.sendall(FRAME.pack(len(text), len(blobs)) + sizes + text + b"".join(blobs))
        except OSError as error:
            raise Gone(str(error)) from None

    def receive(self) -> tuple[Any, list[bytes]]:
        """Wait for one message.

        Raises:
            WireError: it is too large, or not JSON.
            Gone: the other side hung up.
        """
        length, count = FRAME.unpack(self._exactly(FRAME.size))
        _check_size(length, count, length)
        sizes = [SIZE.unpack(self._exactly(SIZE.size))[0] for _ in range(count)]
        _check_size(length, count, length + sum(sizes))
        text = self._exactly(length)
        blobs = [self._exactly(size) for size in sizes]
        try:
            return json.loads(text), blobs
        except (ValueError, RecursionError):
            raise WireError("not JSON") from None

    def _exactly(self, size: int) -> bytes:
        """Read so many bytes."""
        parts = bytearray()
        while len(parts) < size:
            try:
                part = self.sock.recv(min(size - len(parts), 2**20))
            except OSError as error:
                raise Gone(str(error)) from None
            if not part:
                raise Gone("hung up")
            parts += part
        return bytes(parts)


def _check_size(text: int, blobs: int, total: int) -> None:
    """Refuse a message that is too large."""
    if total > MOST_BYTES or text > MOST_TEXT or blobs > MOST_BLOBS:
        raise WireError(f"more than {MOST_BYTES // 2**20} MB at once")
