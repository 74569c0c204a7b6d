"""Jobs under way while processes are killed: at random times, each kind of process by itself, so that kills overlap."""

from __future__ import annotations

import contextlib
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field

import grpc
import psutil

from tests.faults.caller import Caller, Ended
from tests.faults.cluster import SERVER, Cluster
from tests.faults.work import Work, comparable
from tests.mortal_postgresql import MortalPostgresql

HANDING_IN = 8
WAITING = 64
"""Callers who wait at once; jobs are begun in the order in which they came, so these wait for the next ones."""
LONGEST_OUTAGE_S = 2.0
WORKER, DATABASE = "worker", "database"


@dataclass(frozen=True)
class Plan:
    """What is killed and how often.

    Attributes:
        kills: Kills by what is killed.
        mean_pause_s: Seconds between two kills of the same, on the average.
        seed: Where the times come from.
        patience_s: Seconds after which a job counts as lost.
    """

    kills: Mapping[str, int]
    mean_pause_s: float
    seed: int
    patience_s: float = 900.0


@dataclass(frozen=True)
class Kill:
    """One kill.

    Attributes:
        target: What was killed.
        at_s: When, seconds after the start.
        down_s: Seconds until it was ready again.
        unended: Jobs that had been handed in, or were to be, and had not ended.
    """

    target: str
    at_s: float
    down_s: float
    unended: int


@dataclass
class Report:
    """What a run came to.

    Attributes:
        jobs: The jobs.
        undisturbed: The answer of each.
        ended: What each came to.
        kills: What was killed.
        operations: Names of the operations that there are in the end.
        results: Names of the results that there are in the end, each with its operation.
        orphans: Processes that outlived the killed process above them.
        took_s: Seconds from the first job handed in to the last one ended.
    """

    jobs: Sequence[Work]
    undisturbed: Sequence[bytes]
    ended: Sequence[Ended]
    kills: list[Kill] = field(default_factory=list)
    operations: list[str] = field(default_factory=list)
    results: list[tuple[str, str]] = field(default_factory=list)
    orphans: int = 0
    took_s: float = 0.0

    @property
    def equal(self) -> list[bool]:
        """Of each job, whether its stored answer is the undisturbed one."""
        pairs = zip(self.ended, self.undisturbed, strict=True)
        return [one.answer is not None and comparable(one.answer) == answer for one, answer in pairs]

    @property
    def failed(self) -> list[str]:
        """Errors of the jobs that failed."""
        return [one.error for one in self.ended if one.error]

    @property
    def lost(self) -> int:
        """Accepted jobs whose operation or whose result is not there in the end."""
        operations, made = set(self.operations), {operation for _, operation in self.results}
        return sum(one.operation not in operations or one.operation not in made for one in self.ended)

    @property
    def doubled(self) -> int:
        """Operations and results beyond one a job."""
        results = Counter(operation for _, operation in self.results)
        beyond = len(self.operations) - len({one.operation for one in self.ended})
        return beyond + sum(count - 1 for count in results.values()) + len(self.jobs) - len(set(self.operations))

    def kills_of(self, target: str) -> list[Kill]:
        """Kills of one target while jobs were under way."""
        return [kill for kill in self.kills if kill.target == target and kill.unended]


class Killer:
    """Kills and starts again, in threads, until it has done so often enough."""

    def __init__(
        self, cluster: Cluster, database: MortalPostgresql | None, plan: Plan, unended: Callable[[], int]
    ) -> None:
        self._cluster = cluster
        self._database = database
        self._plan = plan
        self._unended = unended
        self._stop = threading.Event()
        self._began = time.monotonic()
        self._below: list[psutil.Process] = []
        self.kills: list[Kill] = []

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Kill meanwhile; at the end everything is up again."""
        with ThreadPoolExecutor(max(1, len(self._plan.kills))) as pool:
            running = [pool.submit(self._kill_all, target, count) for target, count in self._plan.kills.items()]
            try:
                yield
            finally:
                self._stop.set()
                for one in running:
                    one.result()

    def orphans(self) -> int:
        """Processes that stood below a killed one and are still there."""
        return sum(process.is_running() and process.status() != psutil.STATUS_ZOMBIE for process in self._below)

    def _kill_all(self, target: str, count: int) -> None:
        numbers = random.Random(f"{self._plan.seed} {target}")
        for _ in range(count):
            if self._stop.wait(numbers.expovariate(1 / self._plan.mean_pause_s)):
                return
            self._kill(target, numbers)

    def _kill(self, target: str, numbers: random.Random) -> None:
        at = time.monotonic()
        unended = self._unended()
        if target == DATABASE:
            assert self._database is not None
            self._database.kill()
            time.sleep(numbers.uniform(0, LONGEST_OUTAGE_S))
            self._database.start()
        else:
            name = SERVER if target == SERVER else numbers.choice(self._cluster.workers)
            with contextlib.suppress(psutil.NoSuchProcess):
                self._below += psutil.Process(self._cluster.pid(name)).children(recursive=True)
            self._cluster.kill(name)
            time.sleep(numbers.uniform(0, LONGEST_OUTAGE_S))
            self._cluster.start(name)
        self.kills.append(Kill(target, at - self._began, time.monotonic() - at, unended))


def run_with_faults(
    cluster: Cluster, database: MortalPostgresql | None, jobs: Sequence[Work], answers: Sequence[bytes], plan: Plan
) -> Report:
    """Hand in jobs, kill meanwhile, and look afterwards at what there is.

    Args:
        cluster: Server and workers, which run.
        database: What can be killed of the database. None: nothing.
        jobs: What to hand in.
        answers: What each comes to undisturbed.
        plan: What to kill.
    """
    done = [0]
    killer = Killer(cluster, database, plan, lambda: len(jobs) - done[0])
    with grpc.insecure_channel(cluster.address, CHANNEL) as channel:
        caller, began = Caller(channel, plan.patience_s), time.monotonic()

        def hand_in(job: Work) -> tuple[str, float, float]:
            asked = time.monotonic()
            return caller.submit(job), asked, time.monotonic() - asked

        def wait_for(accepted: tuple[str, float, float]) -> Ended:
            ended = caller.outcome(*accepted)
            done[0] += 1
            return ended

        with killer.at_work(), ThreadPoolExecutor(HANDING_IN) as first, ThreadPoolExecutor(WAITING) as then:
            ended = list(then.map(wait_for, first.map(hand_in, jobs)))
            took_s = time.monotonic() - began
        again = [caller.submit(job) for job in jobs[:10]]
        assert again == [one.operation for one in ended[:10]], "the same request gave another operation"
        report = Report(jobs, answers, ended, killer.kills, caller.operations(), caller.results(), took_s=took_s)
    report.orphans = killer.orphans()
    return report


CHANNEL = (
    ("grpc.max_receive_message_length", 64 * 1024 * 1024),
    ("grpc.max_reconnect_backoff_ms", 1000),
    ("grpc.enable_retries", 0),
)
