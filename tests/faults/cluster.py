"""A server and its workers as processes of their own, which can be killed and started again."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

from tests.server_process import COMMAND, filled_database

READY_S = 60.0
SERVER = "server"


class Cluster:
    """A server and workers over one database.

    Args:
        database: Settings that say which, as variables of the environment.
        workers: Names of the workers.
        folder: For logs and ready files.
        settings: Further variables, by the name of the process that they are for; "" for all.
    """

    def __init__(
        self,
        database: Mapping[str, str],
        workers: Sequence[str],
        folder: Path,
        settings: Mapping[str, Mapping[str, str]] | None = None,
    ) -> None:
        self.workers = tuple(workers)
        self.port = free_port()
        self._folder = folder
        clean = {name: value for name, value in os.environ.items() if not name.startswith("LODESTOCK_")}
        self._environment = {**clean, **database, "LODESTOCK_JOB_WORKERS": "0", "LODESTOCK_COMPUTE_WORKERS": "1"}
        self._settings = settings or {}
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    @property
    def address(self) -> str:
        """Where the server listens, before and after it was killed."""
        return f"127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        try:
            self.start(SERVER)
            for name in self.workers:
                self.start(name)
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def start(self, name: str) -> None:
        """Start a process and wait until it is ready. One that ends, as the database is away, is started again."""
        until = time.monotonic() + READY_S
        while time.monotonic() < until:
            if self._has_started(name, until):
                return
        raise AssertionError(f"{name} does not start: {self.log(name)[-3000:]}")

    def _has_started(self, name: str, until: float) -> bool:
        ready = self._folder / f"{name}.ready"
        ready.unlink(missing_ok=True)
        with self._log(name).open("ab") as log:
            process = subprocess.Popen(
                self._line(name, ready), env={**self._environment, **self._of(name)}, stdout=log, stderr=log
            )
        self._processes[name] = process
        while process.poll() is None and time.monotonic() < until:
            if ready.exists():
                return True
            time.sleep(0.02)
        return False

    def kill(self, name: str) -> None:
        """Kill a process with SIGKILL; what stands below it must end by itself."""
        process = self._processes[name]
        process.send_signal(signal.SIGKILL)
        process.wait()

    def signal(self, name: str, number: signal.Signals) -> None:
        """Send a process a signal."""
        self._processes[name].send_signal(number)

    def pid(self, name: str) -> int:
        """Number of a process."""
        return self._processes[name].pid

    def log(self, name: str) -> str:
        """What a process has logged, all its lives together."""
        return self._log(name).read_text(encoding="utf-8", errors="replace")

    def close(self) -> None:
        """End all processes in good order, and those that do not end with SIGKILL."""
        for process in self._processes.values():
            if process.poll() is None:
                process.terminate()
        for process in self._processes.values():
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def _log(self, name: str) -> Path:
        return self._folder / f"{name}.log"

    def _of(self, name: str) -> Mapping[str, str]:
        return {**self._settings.get("", {}), **self._settings.get(name, {})}

    def _line(self, name: str, ready: Path) -> list[str]:
        if name == SERVER:
            return [str(COMMAND), "serve", "--port", str(self.port), "--port-file", str(ready)]
        return [str(COMMAND), "worker", "--name", name, "--ready-file", str(ready)]


def filled_sqlite(folder: Path) -> dict[str, str]:
    """Settings for a SQLite database in a folder; it holds what ships with the server, which takes long to fill in."""
    shutil.copy(filled_database(), folder)
    return {"LODESTOCK_DATA_DIR": str(folder)}


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
    return port
