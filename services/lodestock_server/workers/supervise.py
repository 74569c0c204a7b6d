"""The workers that a server starts itself: one command line for those who need no more than one machine.

They are processes of their own, started again when they die. They end with the server, however it ends: each holds the
end of a pipe, and stops when the server's end is gone.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import sys
from pathlib import Path

from lodestock_server.log import get_log
from lodestock_server.metrics import WORKER_RESTARTS

START_AGAIN_AFTER_S = 1.0
LAST_WORD_S = 5.0
"""Seconds beyond its drain that a worker has to end."""


class EmbeddedWorkers:
    """The workers of one server."""

    def __init__(self, count: int, name: str, drain_s: float, config_file: Path | None = None) -> None:
        """Describe them.

        Args:
            count: how many. 0: none.
            name: first part of their names, the same when the server starts again.
            drain_s: seconds that their jobs get to end.
            config_file: the server's.
        """
        self._names = [f"{name}-{number}" for number in range(1, count + 1)]
        self._drain_s = drain_s
        self._config_file = config_file
        self._running: dict[str, asyncio.subprocess.Process] = {}
        self._keepers: list[asyncio.Task[None]] = []
        self._stopping = False

    def start(self) -> None:
        """Start them, and again where they die, until `stop`."""
        self._keepers = [asyncio.create_task(self._keep(name)) for name in self._names]

    async def stop(self) -> None:
        """Have them drain, and wait until they have ended."""
        self._stopping = True
        for worker in self._running.values():
            with contextlib.suppress(ProcessLookupError):
                worker.send_signal(signal.SIGTERM)
        if self._keepers:
            _, late = await asyncio.wait(self._keepers, timeout=self._drain_s + LAST_WORD_S)
            for keeper in late:
                keeper.cancel()
        for worker in self._running.values():
            with contextlib.suppress(ProcessLookupError):
                worker.kill()

    async def _keep(self, name: str) -> None:
        """Run a worker, and again when it has died."""
        while not self._stopping:
            worker = await self._start(name)
            self._running[name] = worker
            code = await worker.wait()
            del self._running[name]
            if not self._stopping:
                get_log().error("worker died", worker=name, code=code)
                WORKER_RESTARTS.inc()
                await asyncio.sleep(START_AGAIN_AFTER_S)

    async def _start(self, name: str) -> asyncio.subprocess.Process:
        config = () if self._config_file is None else ("--config", str(self._config_file))
        command = (sys.executable, "-m", "lodestock_server", "worker", "--name", name, "--embedded", *config)
        return await asyncio.create_subprocess_exec(*command, stdin=asyncio.subprocess.PIPE)


def name_at(port: int) -> str:
    """First part of the names of the workers of a server: no other one has this host and port at the same time."""
    host = "".join(letter if letter.isalnum() or letter in "._-" else "-" for letter in socket.gethostname())
    return f"{host[:80]}-{port}"
