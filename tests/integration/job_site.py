"""A database with jobs and the workers on it, for tests: real processes, each of which can be killed or frozen."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from lodestock_server.jobs.client import Jobs
from lodestock_server.jobs.job import Job
from lodestock_server.jobs.kinds import RUN_OPTIMIZATION
from lodestock_server.store.database import open_database
from tests.integration import job_tasks

PATIENCE_S = 60.0
MOST_S = 3600.0


def eventually(holds: Callable[[], object], what: str) -> None:
    """Wait until something holds."""
    until = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < until, f"{what} did not come"
        time.sleep(0.02)


def lives(pid: int) -> bool:
    """Whether a process runs, and is no mere entry of one that has ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] not in "ZX"
    except FileNotFoundError:
        return False


class WorkerProcess:
    """A worker in a process of its own."""

    def __init__(self, name: str, folder: Path, environment: dict[str, str]) -> None:
        self.name = name
        ready = folder / f"{name}.{time.monotonic_ns()}.ready"
        self.log = folder / f"{name}.log"
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.integration.job_worker", name, str(ready)],
                env={**os.environ, **environment},
                cwd=Path(__file__).parents[2],
                stderr=log,
                stdout=log,
                stdin=subprocess.DEVNULL,
            )
        eventually(lambda: ready.exists() or self.process.poll() is not None, f"worker {name}")
        assert ready.exists(), self.log.read_text(encoding="utf-8")

    def signal(self, number: signal.Signals) -> None:
        """Send a signal."""
        self.process.send_signal(number)

    def kill(self) -> None:
        """Kill it as a crash would."""
        self.process.kill()
        self.process.wait()


class Site:
    """One database."""

    def __init__(self, url: str, folder: Path) -> None:
        open_database(url).dispose()
        self.url = url
        self.folder = folder
        self.jobs = Jobs.open(url, MOST_S)
        self._cleanup = ExitStack()
        self._numbers = iter(range(1_000))

    def worker(self, name: str = "", **settings: Any) -> WorkerProcess:
        """Start a worker, which ends with the site."""
        given = {"database_url": self.url, "log_format": "text", "worker_lost_s": 2.0, **settings}
        environment = {f"LODESTOCK_{key.upper()}": str(value) for key, value in given.items()}
        worker = WorkerProcess(name or f"worker{next(self._numbers)}", self.folder, environment)
        self._cleanup.callback(worker.kill)
        return worker

    def new_log(self) -> Path:
        """A file to which a task writes that it begins."""
        return self.folder / f"begins{next(self._numbers)}"

    def submit(self, caller: str = "a", request_id: str = "", **script: Any) -> Job:
        """Submit what `job_tasks.request` describes."""
        script = {name: str(value) if isinstance(value, Path) else value for name, value in script.items()}
        wire = job_tasks.request(**script)
        return self.jobs.submit(RUN_OPTIMIZATION, wire, caller=caller, request_id=request_id, display_name="mine")

    def ended(self, job: Job) -> Job:
        """The job once it has ended."""
        found = asyncio.run(self.jobs.wait(job.job_id, job.caller, PATIENCE_S))
        assert found.state.is_end, f"{found} has not ended"
        return found

    def close(self) -> None:
        """End the workers, and let go of the database."""
        self._cleanup.close()
        self.jobs.close()


@contextmanager
def site(url: str, folder: Path) -> Iterator[Site]:
    """A site until the end of the `with` statement."""
    opened = Site(url, folder)
    try:
        yield opened
    finally:
        opened.close()
