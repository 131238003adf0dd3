"""Starts sandboxed kernels through Jupyter's own extension point, the kernel provisioner."""

from __future__ import annotations

import asyncio
from typing import Any

from jupyter_client.kernelspec import KernelSpec
from jupyter_client.provisioning import KernelProvisionerBase

from autograder.sandbox.launch import Sandbox, launch

NAME = "unrolled-sandbox"
PORTS = ("shell_port", "iopub_port", "stdin_port", "control_port", "hb_port")
SPEC = KernelSpec(
    argv=["python"],  # the sandbox knows its program better
    display_name="Python 3 (sandbox)",
    language="python",
    metadata={"kernel_provisioner": {"provisioner_name": NAME}},
)


class SandboxProvisioner(KernelProvisionerBase):
    """Runs a kernel in a sandbox, on IPC sockets that lie in there."""

    sandbox: Sandbox | None = None

    @property
    def has_process(self) -> bool:
        """Whether a kernel was started."""
        return self.sandbox is not None

    async def pre_launch(self, **options: Any) -> dict[str, Any]:
        """Keep what `launch_kernel` needs."""
        return {"cmd": [], **options}

    async def launch_kernel(self, cmd: list[str], **options: Any) -> dict[str, Any]:
        """Start the kernel; returns its connection info as seen from out here.

        Args:
            cmd: not used.
            options: the arguments of `launch.launch`, but for the connection.
        """
        session = self.parent.session
        key, scheme = session.key.decode(), session.signature_scheme
        ports = {name: number for number, name in enumerate(PORTS, 1)}
        connection = {**ports, "key": key, "signature_scheme": scheme, "kernel_name": ""}
        self.sandbox = launch(connection, options["wire"], options["limits"], options.get("warm"))
        self.sandbox.wait()
        address = {"transport": "ipc", "ip": self.sandbox.address, "key": session.key}
        return {**connection, **address}

    async def poll(self) -> int | None:
        """Return None while the kernel runs, then how it ended."""
        if self.sandbox is None or self.sandbox.alive():
            return None if self.sandbox else 0
        return self.sandbox.exit_code() or 0

    async def wait(self) -> int | None:
        """Wait until the kernel has ended."""
        while self.sandbox and self.sandbox.alive():
            await asyncio.sleep(0.01)
        return await self.poll()

    async def send_signal(self, signum: int) -> None:
        """Interrupt the kernel; no other signal makes sense in a sandbox."""
        if self.sandbox:
            self.sandbox.interrupt()

    async def kill(self, restart: bool = False) -> None:
        """End every process in the sandbox."""
        if self.sandbox:
            self.sandbox.kill()

    async def terminate(self, restart: bool = False) -> None:
        """End every process in the sandbox; there is nothing in it that deserves a warning."""
        await self.kill(restart)

    async def cleanup(self, restart: bool = False) -> None:
        """Remove what the sandbox leaves."""
        if self.sandbox:
            self.sandbox.close()
