"""Calls between two processes that do not trust each other: plain data by value, the rest by handle.

The checker holds one end of a socket, the learner's process the other. What crosses is JSON and the
raw bytes of arrays, with every size bounded; nothing is ever unpickled. Either side can call what
the other has handed out, so a test may pass its own function to a learner's.
"""

from __future__ import annotations

import builtins
import json
import socket
import struct
from collections.abc import Callable
from typing import Any, NoReturn

import numpy as np

MOST_BYTES = 64 * 2**20
MOST_BLOBS = 10_000
DEEPEST = 60
MOST_NESTED_CALLS = 40
LONGEST_MESSAGE = 400
ARRAY_KINDS = "biufcUS"
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
        if total > MOST_BYTES or len(blobs) > MOST_BLOBS:
            raise WireError(f"more than {MOST_BYTES // 2**20} MB at once")
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
        if length > MOST_BYTES or count > MOST_BLOBS:
            raise WireError(f"more than {MOST_BYTES // 2**20} MB at once")
        sizes = [SIZE.unpack(self._exactly(SIZE.size))[0] for _ in range(count)]
        if length + sum(sizes) > MOST_BYTES:
            raise WireError(f"more than {MOST_BYTES // 2**20} MB at once")
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


class Packer:
    """Turns values into what can be sent, and back.

    Args:
        lend: keeps an object that cannot be copied, and returns a description of it.
        borrow: returns a handle for such a description of the other side's object.
        own: returns our own object for a number that we once gave out.
        number_of: returns the number of a handle on the other side's object, None for all else.
    """

    def __init__(
        self,
        lend: Callable[[object], dict],
        borrow: Callable[[dict], object],
        own: Callable[[int], object],
        number_of: Callable[[object], int | None],
    ) -> None:
        self.lend, self.borrow, self.own, self.number_of = lend, borrow, own, number_of

    def pack(self, value: object) -> tuple[Any, list[bytes]]:
        """Return a value as JSON and blobs."""
        blobs: list[bytes] = []
        return self._pack(value, blobs, 0), blobs

    def _pack(self, value: object, blobs: list[bytes], depth: int) -> Any:
        """Pack one value. Only exact types go by value: a subclass may lie about itself."""
        if depth > DEEPEST:
            raise WireError(f"lists nested more than {DEEPEST} deep")
        kind = type(value)
        if value is None or kind in (bool, str, float):
            return value
        if kind is int:
            return value if abs(value) < 2**53 else {"int": hex(value)}
        if value is Ellipsis:
            return {"ellipsis": 0}
        if kind in (list, tuple, set, frozenset):
            items = [self._pack(item, blobs, depth + 1) for item in value]
            return items if kind is list else {kind.__name__: items}
        if kind is dict:
            return {"dict": [self._pack(list(item), blobs, depth + 1) for item in value.items()]}
        return self._pack_bytes(value, kind, blobs, depth)

    def _pack_bytes(self, value: Any, kind: type, blobs: list[bytes], depth: int) -> Any:
        """Pack what needs more than JSON, or lend it."""
        if kind is bytes:
            return {"bytes": _add(blobs, value)}
        if kind is complex:
            return {"complex": [value.real, value.imag]}
        if kind is slice:
            ends = [value.start, value.stop, value.step]
            return {"slice": [self._pack(end, blobs, depth + 1) for end in ends]}
        array = kind is np.ndarray
        if (array or isinstance(value, np.generic)) and value.dtype.kind in ARRAY_KINDS:
            plain = np.ascontiguousarray(value)
            blob = _add(blobs, plain.tobytes())
            name = "array" if array else "scalar"
            return {name: blob, "dtype": value.dtype.str, "shape": list(np.shape(value))}
        if kind in (type, np.dtype) or isinstance(value, np.dtype):
            name = _dtype_name(value)
            if name:
                return {"dtype": name, "type": kind is type}
        number = self.number_of(value)
        return {"own": number} if number is not None else {"lent": self.lend(value)}

    def unpack(self, packed: Any, blobs: list[bytes]) -> Any:
        """Return the value of what `pack` made on the other side.

        Raises:
            WireError: it is not what `pack` makes.
        """
        try:
            return self._unpack(packed, blobs)
        except (KeyError, TypeError, ValueError, IndexError, OverflowError, RecursionError):
            raise WireError("data that cannot be read") from None

    def _unpack(self, packed: Any, blobs: list[bytes]) -> Any:
        """Unpack one value."""
        if isinstance(packed, list):
            return [self._unpack(item, blobs) for item in packed]
        if not isinstance(packed, dict):
            return packed
        if "dtype" in packed:
            return _unpack_array(packed, blobs)
        ((kind, value),) = packed.items()
        if kind in ("tuple", "set", "frozenset", "slice"):
            return getattr(builtins, kind)(*_as_arguments(kind, self._unpack(value, blobs)))
        simple = {"int": lambda: int(value, 16), "complex": lambda: complex(*value)}
        simple |= {"ellipsis": lambda: Ellipsis, "bytes": lambda: blobs[value]}
        simple |= {"dict": lambda: dict(self._unpack(pair, blobs) for pair in value)}
        simple |= {"own": lambda: self.own(value), "lent": lambda: self.borrow(value)}
        return simple[kind]()


def _as_arguments(kind: str, items: list) -> list:
    """Return what to call a type with: slices take their ends, the others one list."""
    return items if kind == "slice" else [items]


def _add(blobs: list[bytes], blob: bytes) -> int:
    """Append a byte string and return its place."""
    blobs.append(blob)
    return len(blobs) - 1


def _dtype_name(value: Any) -> str:
    """Return the name of a NumPy type that is safe to name; empty for anything else."""
    try:
        dtype = np.dtype(value) if isinstance(value, np.dtype) or value in _NUMBERS else None
    except TypeError:
        return ""
    return dtype.str if dtype is not None and dtype.kind in ARRAY_KINDS else ""


_NUMBERS = frozenset(np.sctypeDict.values()) - {np.void, np.object_}


def _unpack_array(packed: dict, blobs: list[bytes]) -> Any:
    """Return an array, a NumPy number or a NumPy type."""
    dtype = np.dtype(str(packed["dtype"]))
    if dtype.kind not in ARRAY_KINDS:
        raise ValueError("not plain numbers")
    if "type" in packed:
        return dtype.type if packed["type"] else dtype
    blob = blobs[packed.get("array", packed.get("scalar"))]
    array = np.frombuffer(bytearray(blob), dtype).reshape(packed["shape"])
    return array if "array" in packed else array[()]


class RemoteError(Exception):
    """An exception on the other side.

    Attributes:
        kind: the name of its nearest built-in type.
        text: its message, cut short.
    """

    kind, text = "Exception", ""


class Interrupted(RemoteError):
    """The other side was stopped because its time was up."""


def remote_error(kind: str, text: str) -> RemoteError:
    """Return an exception that `except` catches like the built-in one of that name."""
    base = getattr(builtins, kind, None)
    if kind in ("KeyboardInterrupt", "SystemExit", "GeneratorExit"):
        error: RemoteError = Interrupted(text) if kind == "KeyboardInterrupt" else RemoteError(text)
    elif isinstance(base, type) and issubclass(base, Exception):
        error = _remote_type(base)(text)
    else:
        kind, error = "Exception", RemoteError(text)
    error.kind, error.text = kind, text
    return error


def _remote_type(base: type[Exception]) -> type[RemoteError]:
    """Return a type that is both a `RemoteError` and a built-in error.

    An assertion stays an ordinary error: only the checker's own assertions speak to learners. The
    Unicode errors want five arguments, and StopIteration would end a loop of the checker's.
    """
    if issubclass(base, AssertionError | StopIteration | StopAsyncIteration | UnicodeError):
        base = ValueError if issubclass(base, UnicodeError) else RuntimeError
    try:
        made = type(base.__name__, (RemoteError, base), {})
        made("x")
        return made
    except TypeError:  # a built-in error whose layout does not mix
        return RemoteError


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
            raise remote_error(kind[:80], text[:LONGEST_MESSAGE])
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
            self.frames.send({"to": number, **_described(error)}, [])

    def serve(self) -> None:
        """Answer until the other side asks for "done"."""
        while True:
            message, blobs = self.frames.receive()
            if message.get("what") == ["done"]:
                self.frames.send({"to": message["ask"], "value": None}, [])
                return
            self._reply(message, blobs)


def _described(error: BaseException) -> dict[str, str]:
    """Return an exception as its nearest built-in name and a short text."""
    kinds = (kind.__name__ for kind in type(error).__mro__ if kind.__module__ == "builtins")
    try:
        text = str(error)[:LONGEST_MESSAGE]
    except Exception:  # its own __str__ fails
        text = ""
    return {"error": next(kinds, "Exception"), "text": text}


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
    simple |= {"iter": lambda: iter(target), "in": lambda: rest[0] in target}
    simple |= {"array": lambda: np.array(target), "float": lambda: float(target)}
    simple |= {"int": lambda: int(target), "index": lambda: target.__index__()}
    return simple[operation]() if operation in simple else refuse(operation)


def _next(iterator: Any) -> list:
    """Return the next item in a list; an empty list at the end."""
    for item in iterator:
        return [item]
    return []


class Handle:
    """An object of the other side's. It can be used, but equals nothing and has no truth value."""

    __slots__ = ("_number", "_peer", "_type")
    __hash__ = object.__hash__

    def __init__(self, peer: Peer, description: dict) -> None:
        object.__setattr__(self, "_peer", peer)
        object.__setattr__(self, "_number", int(description["number"]))
        name = "".join(c for c in str(description["type"]) if c.isidentifier() or c.isdigit())
        object.__setattr__(self, "_type", name[:40] or "object")

    def _ask(self, operation: str, *arguments: object) -> Any:
        return self._peer.ask(operation, self, *arguments)

    def __repr__(self) -> str:
        return f"<{self._type}>"

    def __eq__(self, other: object) -> bool:
        return False

    def __ne__(self, other: object) -> bool:
        raise TypeError(f"this is an object of type {self._type}, and cannot be compared")

    def __bool__(self) -> bool:
        raise TypeError(f"this is an object of type {self._type}, neither true nor false")

    def __getattr__(self, name: str) -> Any:
        return refuse(name) if name.startswith("_") else self._ask("attribute", name)

    def __setattr__(self, name: str, value: object) -> None:
        refuse(name)

    def __getitem__(self, key: object) -> Any:
        return self._ask("item", key)

    def __len__(self) -> int:
        return self._ask("len")

    def __contains__(self, item: object) -> bool:
        return self._ask("in", item) is True

    def __iter__(self) -> Any:
        iterator = self._ask("iter")
        while part := self._peer.ask("next", iterator):
            yield part[0]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        array = self._ask("array")
        if type(array) is not np.ndarray:
            raise TypeError(f"this is an object of type {self._type}, and numbers are needed")
        return array if dtype is None else array.astype(dtype)

    def __float__(self) -> float:
        return self._ask("float")

    def __int__(self) -> int:
        return self._ask("int")


class CallableHandle(Handle):
    """A handle that can be called."""

    __slots__ = ()

    def __call__(self, *arguments: object, **named: object) -> Any:
        return self._ask("call", list(arguments), named)


def make_handle(peer: Peer, description: dict) -> Handle:
    """Return a handle on an object of the other side's."""
    return (CallableHandle if description["callable"] is True else Handle)(peer, description)


def number_of(value: object) -> int | None:
    """Return the number of the object behind a handle; None for anything else."""
    return object.__getattribute__(value, "_number") if isinstance(value, Handle) else None
