"""One end of the wire: it asks, it answers while it waits, and it keeps what it has lent."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any, NoReturn

import numpy as np

from autograder.wire.errors import LONGEST, described, remote_error
from autograder.wire.frames import Frames, Gone, WireError
from autograder.wire.packing import Packer

MOST_NESTED_CALLS = 40


class Peer:
    """One end of the wire: asks the other side, and answers while it waits.

    Args:
        sock: connected to the other side.
        answer: does what the other side asks for: `answer(operation, arguments)`.
        handle: makes a handle of `(peer, description)`.
        number_of: returns the number behind a handle, None for anything else.
    """

    def __init__(
        self,
        sock: socket.socket,
        answer: Callable[[str, list], object],
        handle: Callable[[Peer, dict], object],
        number_of: Callable[[object], int | None],
    ) -> None:
        self.frames, self.answer = Frames(sock), answer
        self.lent: dict[int, object] = {}
        self.depth = self.asked = 0
        self.packer = Packer(
            self._lend, lambda description: handle(self, description), self._own, number_of
        )

    def _lend(self, value: object) -> dict:
        """Keep an object and describe it."""
        number = next((n for n, known in self.lent.items() if known is value), len(self.lent) + 1)
        self.lent[number] = value
        return {
            "number": number,
            "callable": callable(value),
            "type": str(type(value).__name__)[:80],
        }

    def _own(self, number: int) -> object:
        """Return an object that was lent before."""
        return self.lent[number]

    def ask(self, operation: str, *arguments: object) -> Any:
        """Ask the other side and return its answer.

        Raises:
            RemoteError: an exception was raised there.
            WireError: its answer cannot be read.
        """
        if self.depth >= MOST_NESTED_CALLS:
            raise RecursionError("calls go back and forth too deep")
        self.asked += 1
        number = self.asked
        packed, blobs = self.packer.pack([operation, *arguments])
        self.frames.send({"ask": number, "what": packed}, blobs)
        self.depth += 1
        try:
            return self._wait(number)
        finally:
            self.depth -= 1

    def _wait(self, number: int) -> Any:
        """Answer the other side's questions until its own answer comes."""
        while True:
            message, blobs = self.frames.receive()
            if not isinstance(message, dict):
                raise WireError("data that cannot be read")
            if "ask" in message:
                self._reply(message, blobs)
            elif message.get("to") == number:
                return self._result(message, blobs)
            else:
                raise WireError("an answer to no question")

    def _result(self, message: dict, blobs: list[bytes]) -> Any:
        """Return or raise what an answer says."""
        if "error" in message:
            kind, text = str(message["error"]), str(message.get("text", ""))
            raise remote_error(kind[:80], text[:LONGEST])
        return self.packer.unpack(message.get("value"), blobs)

    def _reply(self, message: dict, blobs: list[bytes]) -> None:
        """Do what the other side asks for and send what comes of it."""
        number = message["ask"]
        try:
            operation, *arguments = self.packer.unpack(message.get("what"), blobs)
            packed, parts = self.packer.pack(self.answer(operation, arguments))
            self.frames.send({"to": number, "value": packed}, parts)
        except Gone:
            raise
        except BaseException as error:
            self.frames.send({"to": number, **described(error)}, [])

    def serve(self) -> None:
        """Answer until the other side asks for "done"."""
        while True:
            message, blobs = self.frames.receive()
            if message.get("what") == ["done"]:
                self.frames.send({"to": message["ask"], "value": None}, [])
                return
            self._reply(message, blobs)


def refuse(name: str) -> NoReturn:
    """Raise for an attribute that is nobody's business."""
    raise AttributeError(f"{name!r} cannot be reached from here")


def on_lent(operation: str, target: Any, rest: list) -> object:
    """Do to a lent object what the other side asks for.

    Raises:
        AttributeError: a private attribute, or an operation that does not exist.
    """
    if operation == "call":
        positional, named = rest
        return target(*positional, **named)
    if operation == "attribute":
        return getattr(target, rest[0]) if not rest[0].startswith("_") else refuse(rest[0])
    if operation == "next":
        return [*_next(target)]
    simple = {"item": lambda: target[rest[0]], "len": lambda: len(target)}
    simple |= {"iter": lambda: iter(target)}
    simple |= {"array": lambda: np.array(target), "float": lambda: float(target)}
    simple |= {"int": lambda: int(target)}
    return simple[operation]() if operation in simple else refuse(operation)


def _next(iterator: Any) -> list:
    """Return the next item in a list; an empty list at the end."""
    for item in iterator:
        return [item]
    return []
