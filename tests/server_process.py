"""A real server in a process of its own, as users start it."""

from __future__ import annotations

import atexit
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

COMMAND = Path(sys.executable).with_name("lodestock-server")
START_TIMEOUT_S = 30.0


class ServerProcess:
    """A running server."""

    def __init__(self, process: subprocess.Popen[str], address: str, log: Path) -> None:
        self.process = process
        self.address = address
        self._log = log

    def log(self) -> str:
        """What the server has logged."""
        return self._log.read_text(encoding="utf-8")

    def signal(self, number: signal.Signals) -> None:
        """Send the server a signal."""
        self.process.send_signal(number)

    def workers(self) -> list[int]:
        """Process ids of the server's workers."""
        listed = subprocess.run(
            ["ps", "-A", "-ww", "-o", "pid=,ppid=,command="], capture_output=True, text=True, check=True
        )
        rows = (line.split(None, 2) for line in listed.stdout.splitlines())
        parent = str(self.process.pid)
        return [int(row[0]) for row in rows if len(row) == 3 and row[1] == parent and "spawn_main" in row[2]]


@contextmanager
def running_server(
    *arguments: str,
    environment: Mapping[str, str] | None = None,
    port: int = 0,
    command: Path = COMMAND,
    start_in: Path | None = None,
    job_workers: int = 0,
) -> Iterator[ServerProcess]:
    """Start a server on a free port, wait until it answers, stop it at the end; with workers where it is to do jobs.

    Its database holds what ships with the server from the start, unless `environment` names another one: on first
    start a server takes that in beside its calls, which would slow down whatever a test looks at.
    """
    clean = {name: value for name, value in os.environ.items() if not name.startswith("LODESTOCK_")}
    with tempfile.TemporaryDirectory() as folder:
        if not {"LODESTOCK_DATA_DIR", "LODESTOCK_DATABASE_URL"} & set(environment or {}):
            shutil.copy(filled_database(), folder)
        port_file, log = Path(folder, "address"), Path(folder, "log")
        line = [str(command), "serve", "--port", str(port), "--port-file", str(port_file), *arguments]
        with log.open("w") as sink:
            process = subprocess.Popen(
                line,
                cwd=start_in,
                env={
                    **clean,
                    "LODESTOCK_DATA_DIR": folder,
                    "LODESTOCK_JOB_WORKERS": str(job_workers),
                    **(environment or {}),
                },
                stdout=subprocess.DEVNULL,
                stderr=sink,
                text=True,
            )
        try:
            yield ServerProcess(process, address_of(process, port_file, log), log)
        finally:
            if process.poll() is None:
                process.terminate()
            process.wait(timeout=60)


@lru_cache(maxsize=1)
def filled_database() -> Path:
    """A database with what ships with the server, made once a run and to be copied."""
    from lodestock_server.catalog import bundled_packages
    from lodestock_server.store.database import open_database, sqlite_url
    from lodestock_server.store.datasets import DatasetStore

    folder = Path(tempfile.mkdtemp())
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    engine = open_database(sqlite_url(folder))
    for package in bundled_packages():
        DatasetStore(engine).load(package)
    # Closing the last connection moves what stands in the log beside the file into the file.
    engine.dispose()
    return folder / "lodestock.db"


def address_of(process: subprocess.Popen[str], port_file: Path, log: Path) -> str:
    """The address that a server says it listens on."""
    until = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < until:
        if port_file.exists():
            return port_file.read_text(encoding="utf-8").strip()
        if process.poll() is not None:
            break
        time.sleep(0.02)
    raise AssertionError(f"the server did not start: {log.read_text(encoding='utf-8')}")


def until_true(condition: object, timeout_s: float = 20.0) -> bool:
    """Wait until a function without arguments returns something true; False where it never does."""
    assert callable(condition)
    until = time.monotonic() + timeout_s
    while time.monotonic() < until:
        if condition():
            return True
        time.sleep(0.05)
    return False
