"""The workers that a server starts itself: one command line for those who need no more than one machine.

They are processes of their own, started again when they die. They end with the server, however it ends: each holds the
end of a pipe, and stops when the server's end is gone.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import signal
import socket
import sys
from collections.abc import Iterator
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
            name: first part of their names, the same when the server starts again; each takes the lowest number that no
                living worker has.
            drain_s: seconds that their jobs get to end.
            config_file: the server's.
        """
        self._count = count
        self._name = name
        self._drain_s = drain_s
        self._config_file = config_file
        self._running: set[asyncio.subprocess.Process] = set()
        self._keepers: list[asyncio.Task[None]] = []
        self._stopping = False

    def start(self) -> None:
        """Start them, and again where they die, until `stop`."""
        self._keepers = [asyncio.create_task(self._keep()) for _ in range(self._count)]

    async def stop(self) -> None:
        """Have them drain, and wait until they have ended."""
        self._stopping = True
        for worker in self._running:
            with contextlib.suppress(ProcessLookupError):
                worker.send_signal(signal.SIGTERM)
        if self._keepers:
            _, late = await asyncio.wait(self._keepers, timeout=self._drain_s + LAST_WORD_S)
            for keeper in late:
                keeper.cancel()
        for worker in set(self._running):
            with contextlib.suppress(ProcessLookupError):
                worker.kill()

    async def _keep(self) -> None:
        """Run a worker, and again when it has died."""
        while not self._stopping:
            try:
                worker = await self._start()
            except OSError as error:
                # The machine is short of processes or memory, and may not be for long.
                get_log().error("worker cannot be started", error=str(error))
                await asyncio.sleep(START_AGAIN_AFTER_S)
                continue
            self._running.add(worker)
            code = await worker.wait()
            self._running.discard(worker)
            if not self._stopping:
                get_log().error("worker died", pid=worker.pid, code=code)
                WORKER_RESTARTS.inc()
                await asyncio.sleep(START_AGAIN_AFTER_S)

    async def _start(self) -> asyncio.subprocess.Process:
        config = () if self._config_file is None else ("--config", str(self._config_file))
        command = (sys.executable, "-m", "lodestock_server", "worker", "--name", self._name, "--embedded", *config)
        return await asyncio.create_subprocess_exec(*command, stdin=asyncio.subprocess.PIPE)


def numbered(name: str) -> Iterator[str]:
    """Names to choose from: a living worker may have the first ones."""
    return (f"{name}-{number}" for number in itertools.count(1))


def host_name() -> str:
    """This machine's name, as far as a worker's may have its letters."""
    return "".join(letter if letter.isalnum() or letter in "._-" else "-" for letter in socket.gethostname())[:80]


def name_at(port: int) -> str:
    """First part of the names of the workers of a server, the same when it starts again."""
    return f"{host_name()}-{port}"
