"""A filter on system calls: what no notebook needs, and what would get around the walls.

Refused are namespaces and mounts of a submission's own (inside them it would have rights again, and
disks in memory without a limit), memory that belongs to no process and so is not watched, ways into
other processes, large and seldom-used parts of the kernel, and all sockets but the usual ones. The
program is in the kernel's own form, as `prctl` and `bwrap --seccomp` take it: instructions of a
16-bit code, two 8-bit jumps and a 32-bit value.

Reference: Linux, Documentation/userspace-api/seccomp_filter.rst.
"""

from __future__ import annotations

import errno
import platform
import struct
from socket import AF_INET, AF_INET6, AF_UNIX

INSTRUCTION = struct.Struct("=HBBI")
LOAD, JUMP_EQUAL, JUMP_AT_LEAST, JUMP_BITS, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
NUMBER, ARCHITECTURE, FIRST_ARGUMENT = 0, 4, 16  # where they lie in the data that a filter sees
KILL, REFUSE, ALLOW = 0x80000000, 0x00050000, 0x7FFF0000
AF_NETLINK = 16  # looking up a host's name asks it for interfaces
NEW_NAMESPACES = 0x7E020000  # of `clone`: mounts, cgroup, host name, IPC, users, processes, network
OTHER_ABI = 0x40000000  # numbers of x86-64's 32-bit twin

# The audit number of each architecture, and its numbers of system calls.
ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
CALLS = {
    "x86_64": {
        "clone": 56, "clone3": 435, "socket": 41, "memfd_create": 319,
        "refused": {
            "unshare": 272, "setns": 308, "mount": 165, "umount2": 166, "pivot_root": 155,
            "open_tree": 428, "move_mount": 429, "fsopen": 430, "fsmount": 432,
            "mount_setattr": 442, "memfd_secret": 447, "shmget": 29, "msgget": 68, "mq_open": 240,
            "ptrace": 101, "process_vm_readv": 310, "process_vm_writev": 311, "bpf": 321,
            "perf_event_open": 298, "userfaultfd": 323, "io_uring_setup": 425, "add_key": 248,
            "request_key": 249, "keyctl": 250,
        },
    },
    "aarch64": {
        "clone": 220, "clone3": 435, "socket": 198, "memfd_create": 279,
        "refused": {
            "unshare": 97, "setns": 268, "mount": 40, "umount2": 39, "pivot_root": 41,
            "open_tree": 428, "move_mount": 429, "fsopen": 430, "fsmount": 432,
            "mount_setattr": 442, "memfd_secret": 447, "shmget": 194, "msgget": 186,
            "mq_open": 180, "ptrace": 117, "process_vm_readv": 270, "process_vm_writev": 271,
            "bpf": 280, "perf_event_open": 241, "userfaultfd": 282, "io_uring_setup": 425,
            "add_key": 217, "request_key": 218, "keyctl": 219,
        },
    },
}  # fmt: skip


def program(machine: str | None = None) -> bytes:
    """Return the filter; empty for an architecture whose numbers are not listed here.

    Args:
        machine: as `platform.machine()` names it; this one if not given.
    """
    machine = machine or platform.machine()
    if machine not in CALLS:
        return b""
    calls, lines = CALLS[machine], _right_architecture(machine)
    for number in calls["refused"].values():
        lines += _if_number(number, [_refuse(errno.EPERM)])
    # As if they did not exist: programs then fall back on older ones.
    for name in ("clone3", "memfd_create"):
        lines += _if_number(calls[name], [_refuse(errno.ENOSYS)])
    lines += _if_number(calls["clone"], _clone())
    lines += _if_number(calls["socket"], _socket())
    return b"".join(INSTRUCTION.pack(*line) for line in [*lines, _return(ALLOW)])


def _right_architecture(machine: str) -> list[tuple]:
    """Kill what calls in another architecture's way, and load the call's number."""
    return [
        (LOAD, 0, 0, ARCHITECTURE),
        (JUMP_EQUAL, 1, 0, ARCHITECTURES[machine]),
        _return(KILL),
        (LOAD, 0, 0, NUMBER),
        (JUMP_AT_LEAST, 0, 1, OTHER_ABI),
        _return(KILL),
    ]


def _if_number(number: int, lines: list[tuple]) -> list[tuple]:
    """Do something if the call has a number; jump over it otherwise."""
    return [(JUMP_EQUAL, 0, len(lines), number), *lines]


def _clone() -> list[tuple]:
    """Refuse children in new namespaces."""
    test = (JUMP_BITS, 0, 1, NEW_NAMESPACES)
    return [(LOAD, 0, 0, FIRST_ARGUMENT), test, _refuse(errno.EPERM), _return(ALLOW)]


def _socket() -> list[tuple]:
    """Refuse sockets of families that a network namespace may not hold."""
    families = (AF_UNIX, AF_INET, AF_INET6, AF_NETLINK)
    tests = [
        (JUMP_EQUAL, len(families) - place, 0, family) for place, family in enumerate(families)
    ]
    return [
        (LOAD, 0, 0, FIRST_ARGUMENT),
        *tests,
        _refuse(errno.EAFNOSUPPORT),
        _return(ALLOW),
    ]


def _refuse(number: int) -> tuple:
    """Make the call fail with an error number."""
    return _return(REFUSE | number)


def _return(value: int) -> tuple:
    """End the filter."""
    return (RETURN, 0, 0, value)
