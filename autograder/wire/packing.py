"""Plain data as JSON and the raw bytes of arrays; anything else is lent by number."""

from __future__ import annotations

import builtins
from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.wire.frames import WireError

DEEPEST = 60
ARRAY_KINDS = "biufcUS"
WHOLE = slice(None)
# How to get at what an object of a subclass holds, past whatever the subclass has changed.
PLAIN = {
    int: int.__pos__,
    float: float.__pos__,
    complex: complex.__pos__,
    str: lambda value: str.__getitem__(value, WHOLE),
    bytes: lambda value: bytes.__getitem__(value, WHOLE),
    list: lambda value: list.__getitem__(value, WHOLE),
    tuple: lambda value: tuple.__getitem__(value, WHOLE),
    dict: dict.copy,
    set: lambda value: set(set.__iter__(value)),
    frozenset: lambda value: frozenset(frozenset.__iter__(value)),
    np.ndarray: lambda value: np.array(value, subok=False),
}


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
        """Pack one value."""
        if depth > DEEPEST:
            raise WireError(f"lists nested more than {DEEPEST} deep")
        value = _plain(value)
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


def _plain(value: Any) -> Any:
    """Return what an object of a subclass of plain data holds, whatever it says of itself."""
    kind = type(value)
    if kind in PLAIN or kind is bool or issubclass(kind, np.generic):
        return value
    base = next((base for base in PLAIN if issubclass(kind, base)), None)
    return value if base is None else PLAIN[base](value)


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
