"""Faults at random times, each kind by itself, so that they overlap; everything is up again at the end."""

from __future__ import annotations

import contextlib
import random
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import psutil

from tests.faults.cluster import SERVER, Cluster
from tests.mortal_postgresql import MortalPostgresql

LONGEST_OUTAGE_S = 2.0
LONGEST_FREEZE_S = 45.0
LOOK_EVERY_S = 0.1
WORKER, DATABASE = "worker", "database"
FROZEN, PROCESS = "worker, frozen until it was given up", "computing process"
GIVEN_UP = "worker given up"
"""What a worker logs that takes the jobs of another one."""


@dataclass(frozen=True)
class Plan:
    """What is done to what, and how often.

    Attributes:
        kills: Faults by what they are done to.
        mean_pause_s: Seconds between two faults of a kind, on the average.
        seed: Where the times come from.
        patience_s: Seconds after which a job counts as lost.
    """

    kills: Mapping[str, int]
    mean_pause_s: float
    seed: int
    patience_s: float = 900.0


@dataclass(frozen=True)
class Kill:
    """One fault.

    Attributes:
        target: What was killed, or frozen.
        at: When, by the clock that operations are dated by.
        at_s: When, seconds after the start.
        down_s: Seconds until it was ready again.
    """

    target: str
    at: datetime
    at_s: float
    down_s: float


class Killer:
    """Kills and starts again, in threads, until it has done so often enough."""

    def __init__(self, cluster: Cluster, database: MortalPostgresql | None, plan: Plan) -> None:
        self._cluster = cluster
        self._database = database
        self._plan = plan
        self._stop = threading.Event()
        self._began = time.monotonic()
        self._below: list[psutil.Process] = []
        self._held = {name: threading.Lock() for name in cluster.workers}
        """Of each worker whether something is being done to it."""
        self.kills: list[Kill] = []

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Kill meanwhile; at the end everything is up again."""
        with ThreadPoolExecutor(max(1, len(self._plan.kills))) as pool:
            running = [pool.submit(self._strike, target, count) for target, count in self._plan.kills.items()]
            try:
                yield
            finally:
                self._stop.set()
                for one in running:
                    one.result()

    def orphans(self) -> int:
        """Processes that stood below a killed one and are still there."""
        return sum(process.is_running() and process.status() != psutil.STATUS_ZOMBIE for process in self._below)

    def _strike(self, target: str, count: int) -> None:
        """Do a fault so often. What came to nothing, as when there is no process to kill, does not count."""
        ways: dict[str, Callable[[random.Random], bool]] = {
            DATABASE: self._kill_database,
            SERVER: lambda numbers: self._kill(SERVER, numbers),
            WORKER: self._kill_worker,
            FROZEN: self._freeze_worker,
            PROCESS: self._kill_process,
        }
        numbers, done = random.Random(f"{self._plan.seed} {target}"), 0
        while done < count and not self._stop.wait(numbers.expovariate(1 / self._plan.mean_pause_s)):
            now, at = datetime.now(UTC), time.monotonic()
            if ways[target](numbers):
                self.kills.append(Kill(target, now, at - self._began, time.monotonic() - at))
                done += 1

    def _kill_database(self, numbers: random.Random) -> bool:
        assert self._database is not None
        self._database.kill()
        time.sleep(numbers.uniform(0, LONGEST_OUTAGE_S))
        self._database.start()
        return True

    def _kill_worker(self, numbers: random.Random) -> bool:
        with self._a_worker(numbers) as name:
            return self._kill(name, numbers)

    def _kill(self, name: str, numbers: random.Random) -> bool:
        with contextlib.suppress(psutil.NoSuchProcess):
            self._below += psutil.Process(self._cluster.pid(name)).children(recursive=True)
        self._cluster.kill(name)
        time.sleep(numbers.uniform(0, LONGEST_OUTAGE_S))
        self._cluster.start(name)
        return True

    def _freeze_worker(self, numbers: random.Random) -> bool:
        """Hold a worker for longer than its lease, so that it comes back to jobs that are others' by then."""
        with self._a_worker(numbers) as name:
            before, until = self._times_given_up(name), time.monotonic() + LONGEST_FREEZE_S
            self._cluster.signal(name, signal.SIGSTOP)
            try:
                while time.monotonic() < until and not self._stop.wait(LOOK_EVERY_S):
                    if self._times_given_up(name) > before:
                        return True
                return False
            finally:
                self._cluster.signal(name, signal.SIGCONT)

    def _times_given_up(self, name: str) -> int:
        logs = "".join(self._cluster.log(other) for other in self._cluster.workers if other != name)
        return sum(GIVEN_UP in line and name in line for line in logs.splitlines())

    def _kill_process(self, numbers: random.Random) -> bool:
        with self._a_worker(numbers) as name, contextlib.suppress(psutil.Error):
            below = psutil.Process(self._cluster.pid(name)).children()
            computing = [process for process in below if "spawn_main" in " ".join(process.cmdline())]
            if computing:
                numbers.choice(computing).kill()
                return True
        return False

    @contextmanager
    def _a_worker(self, numbers: random.Random) -> Iterator[str]:
        """The name of a worker to which nothing else is being done."""
        names = numbers.sample(self._cluster.workers, len(self._cluster.workers))
        name = next((name for name in names if not self._held[name].locked()), names[0])
        with self._held[name]:
            yield name
