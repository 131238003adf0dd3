"""Calls between two processes that do not trust each other: data by value, the rest by handle.

The checker holds one end of a socket, the learner's process the other. What crosses is JSON and the
raw bytes of arrays, with every size bounded; nothing is ever unpickled. Either side can call what
the other has handed out, so a test may pass its own function to a learner's.
"""

from autograder.wire.errors import Interrupted, RemoteError
from autograder.wire.frames import Frames, Gone, WireError
from autograder.wire.handles import make_handle, number_of
from autograder.wire.packing import Packer
from autograder.wire.peer import Peer, on_lent, refuse

__all__ = [
    "Frames",
    "Gone",
    "Interrupted",
    "Packer",
    "Peer",
    "RemoteError",
    "WireError",
    "make_handle",
    "number_of",
    "on_lent",
    "refuse",
]
