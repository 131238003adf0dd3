"""One conversation with a sandboxed kernel: cells in, bounded outputs out.

What comes over the sockets was written by a process that runs learners' code, so it is read as
data from a stranger: JSON only, bounded, and nothing in it decides a mark.
"""

from __future__ import annotations

import json
import re
import socket
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import zmq
from jupyter_client import BlockingKernelClient, KernelManager

from autograder.sandbox.kernel import CHECK
from autograder.sandbox.launch import Sandbox, Warm
from autograder.sandbox.limits import Limits
from autograder.sandbox.provisioner import SPEC

LARGEST_MESSAGE, MOST_WAITING = 16 * 2**20, 32
GRACE = 3.0  # seconds from an interrupt to a kill
TICK = 0.1
LOST = 1.0  # seconds of silence after which a message is not waited for
STARTING = 60.0
OUTPUTS = ("stream", "display_data", "execute_result", "error")
ADDRESS = re.compile(r"\b0x[0-9a-fA-F]{6,}")


class Died(Exception):
    """The kernel is gone."""


class Broken(RuntimeError):
    """The grader's own side failed, and not the submission: it can be graded again."""


@dataclass
class Run:
    """What came of one cell.

    Attributes:
        outputs: as nbformat has them.
        error: the name of the exception that ended it; empty if none did.
        text: the exception's message.
        interrupted: whether its time was up.
        size: of all outputs, kept or not, in characters of JSON.
    """

    outputs: list[dict] = field(default_factory=list)
    error: str = ""
    text: str = ""
    interrupted: bool = False
    size: int = 0


class Session:
    """A kernel in a sandbox, from its start to its end.

    Args:
        limits: what it may use.
        wire: the kernel's end of the socket to the checker.
        warm: a process to fork it from.

    Attributes:
        hurried: whether a cell's time was up.

    Raises:
        Broken: the kernel did not start.
    """

    def __init__(self, limits: Limits, wire: socket.socket, warm: Warm | None = None) -> None:
        self.limits, self.hurried = limits, False
        self.folder = tempfile.TemporaryDirectory(prefix="unrolled-")
        context = zmq.Context()
        context.setsockopt(zmq.MAXMSGSIZE, LARGEST_MESSAGE)
        context.setsockopt(zmq.RCVHWM, MOST_WAITING)
        context.setsockopt(zmq.LINGER, 0)
        # A path in there could be made to lead anywhere; it is looked up once, before cells run.
        context.setsockopt(zmq.RECONNECT_IVL, -1)
        file = str(Path(self.folder.name, "connection.json"))
        self.manager = KernelManager(transport="ipc", context=context, connection_file=file)
        self.manager._kernel_spec = SPEC
        self.manager.client_class = "jupyter_client.blocking.BlockingKernelClient"
        self.manager.start_kernel(wire=wire.fileno(), limits=limits, warm=warm)
        self.client: BlockingKernelClient = self.manager.client(context=context)
        self.client.start_channels(stdin=False, hb=False, control=False)
        self._wait_until_ready()

    @property
    def sandbox(self) -> Sandbox:
        """The kernel's process, as seen from outside."""
        return self.manager.provisioner.sandbox

    def _wait_until_ready(self) -> None:
        """Ask for kernel info until both channels have spoken."""
        end, heard, asked = time.monotonic() + STARTING, set(), 0.0
        while not {"shell", "iopub"} <= heard:
            if time.monotonic() - asked > 1:
                self.client.kernel_info()
                asked = time.monotonic()
            heard |= {name for name, _ in self._messages(TICK)}
            if not self.sandbox.alive() or time.monotonic() > end:
                self.close()
                raise Broken("the kernel did not start")

    def _messages(self, seconds: float) -> list[tuple[str, dict]]:
        """Return what arrives on either channel; waits so long for the first."""
        channels = {"shell": self.client.shell_channel, "iopub": self.client.iopub_channel}
        poller = zmq.Poller()
        for channel in channels.values():
            poller.register(channel.socket, zmq.POLLIN)
        ready = dict(poller.poll(seconds * 1000))
        found = []
        for name, channel in channels.items():
            if channel.socket in ready:
                try:
                    message = channel.get_msg(timeout=0)
                    parts = (message["parent_header"], message["header"], message["content"])
                    found += [(name, message)] * all(isinstance(part, dict) for part in parts)
                except Exception:  # unsigned, doubled, no JSON: whatever it is, it is no message
                    continue
        return found

    def execute(self, source: str, seconds: float) -> Run:
        """Run a cell.

        Raises:
            Died: the kernel ended, or had to be killed.
        """
        number = self.client.execute(source, allow_stdin=False, stop_on_error=False)
        return self._finish(number, seconds)

    def check(self) -> str:
        """Let the kernel answer the checker; returns the request's number for `finish_check`."""
        message = self.client.session.msg(CHECK, {})
        self.client.shell_channel.send(message)
        return message["header"]["msg_id"]

    def finish_check(self, number: str) -> None:
        """Wait until the kernel has stopped to answer the checker.

        Raises:
            Died: the kernel ended, or had to be killed.
        """
        self._finish(number, GRACE)

    def _finish(self, number: str, seconds: float) -> Run:
        """Collect what a request brings until it is done; interrupt it when its time is up."""
        run, left = Run(), {"shell", "iopub"}
        heard = time.monotonic()
        end = heard + seconds
        while left:
            for name, message in self._messages(TICK):
                if message["parent_header"].get("msg_id") == number:
                    left -= self._take(run, name, message)
                    heard = time.monotonic()
            if left == {"iopub"} and time.monotonic() > heard + LOST:
                break  # the message that says "idle" was lost
            if left and not self.sandbox.alive():
                raise Died("the kernel ended")
            if left and time.monotonic() > end:
                end = self._hurry(run)
        return run

    def _hurry(self, run: Run) -> float:
        """Interrupt a cell and return when to kill it; kill it if it was interrupted before."""
        self.hurried = True
        if run.interrupted:
            self.sandbox.kill()
            raise Died("the kernel did not stop when its time was up")
        run.interrupted = True
        self.sandbox.interrupt()
        return time.monotonic() + GRACE

    def _take(self, run: Run, channel: str, message: dict) -> set[str]:
        """Take what one message brings; returns the channels that are done with the request."""
        content, kind = message["content"], message["header"].get("msg_type")
        if channel == "shell":
            return {"shell"}
        if kind == "status" and content.get("execution_state") == "idle":
            return {"iopub"}
        if kind in OUTPUTS:
            self._keep(run, kind, content)
        return set()

    def _keep(self, run: Run, kind: str, content: dict) -> None:
        """Keep an output while there is room for it."""
        if kind == "error":
            run.error = clean(str(content.get("ename", "")))[:80] or "Exception"
            run.text = clean(str(content.get("evalue", "")))[:300]
        output = as_output(kind, content)
        run.size += len(json.dumps(output))
        if run.size <= self.limits.output:
            _append(run.outputs, output)
        elif not run.outputs or run.outputs[-1].get("name") != "stderr":
            text = f"(more than {self.limits.output // 1000} kB of output were cut off)\n"
            run.outputs.append({"output_type": "stream", "name": "stderr", "text": text})

    def close(self) -> None:
        """End the kernel and everything in its sandbox.

        The channels are not asked to stop: the client would first connect those it has not used, to
        paths that are the learner's by now.
        """
        if self.manager.has_kernel:
            self.sandbox.close()
        self.manager.context.destroy(linger=0)
        self.folder.cleanup()


def clean(text: str) -> str:
    """Return a text that UTF-8 can hold, without addresses in memory, which differ each time."""
    return ADDRESS.sub("0x…", text.encode("utf-8", "replace").decode())


def as_output(kind: str, content: dict) -> dict[str, Any]:
    """Return a message's content as nbformat has it, with plain text where text belongs."""
    if kind == "stream":
        name = "stderr" if content.get("name") == "stderr" else "stdout"
        return {"output_type": kind, "name": name, "text": clean(str(content.get("text", "")))}
    if kind == "error":
        lines = content.get("traceback")
        lines = [clean(str(line)) for line in lines] if isinstance(lines, list) else []
        names = {key: clean(str(content.get(key, ""))) for key in ("ename", "evalue")}
        return {"output_type": kind, **names, "traceback": lines}
    data = content.get("data")
    data = data if isinstance(data, dict) else {}
    plain = {str(key): clean(text) for key, text in data.items() if isinstance(text, str)}
    output = {"output_type": kind, "data": plain, "metadata": {}}
    return {**output, "execution_count": None} if kind == "execute_result" else output


def _append(outputs: list[dict], output: dict) -> None:
    """Append an output; text on the same stream grows the one before."""
    last = outputs[-1] if outputs else {}
    if output["output_type"] == "stream" and last.get("name") == output["name"]:
        last["text"] += output["text"]
    else:
        outputs.append(output)
