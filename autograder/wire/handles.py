"""Handles: what stands for an object that stays on the other side."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograder.wire.peer import Peer, refuse


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
        return any(own == item for own in self)  # compared on this side

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
        """Call the object where it is."""
        return self._ask("call", list(arguments), named)


def make_handle(peer: Peer, description: dict) -> Handle:
    """Return a handle on an object of the other side's."""
    return (CallableHandle if description["callable"] is True else Handle)(peer, description)


def number_of(value: object) -> int | None:
    """Return the number of the object behind a handle; None for anything else."""
    return object.__getattribute__(value, "_number") if isinstance(value, Handle) else None
