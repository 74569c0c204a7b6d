"""Many jobs handed in and waited for while processes are killed, and what there is of them afterwards."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime

import grpc

from tests.faults.caller import Caller, Ended, Span
from tests.faults.cluster import Cluster
from tests.faults.killer import Kill, Killer, Plan
from tests.faults.work import Work, comparable
from tests.mortal_postgresql import MortalPostgresql

HANDING_IN = 8
WAITING = 64
"""Callers who wait at once; jobs are begun in the order in which they came, so these wait for the next ones."""


@dataclass
class Report:
    """What a run came to.

    Attributes:
        jobs: The jobs.
        undisturbed: The answer of each.
        ended: What each came to.
        kills: What was killed.
        operations: The operations that there are in the end, with their times by the database.
        results: Names of the results that there are in the end, each with its operation.
        orphans: Processes that outlived the killed process above them.
        took_s: Seconds from the first job handed in to the last one ended.
    """

    jobs: Sequence[Work]
    undisturbed: Sequence[bytes]
    ended: Sequence[Ended]
    kills: list[Kill] = field(default_factory=list)
    operations: list[Span] = field(default_factory=list)
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
        operations, made = {one.name for one in self.operations}, {operation for _, operation in self.results}
        return sum(one.operation not in operations or one.operation not in made for one in self.ended)

    @property
    def doubled(self) -> int:
        """Operations and results beyond one a job."""
        known = {one.operation for one in self.ended}
        results = Counter(operation for _, operation in self.results)
        beyond = sum(one.name not in known for one in self.operations) + len(self.ended) - len(known)
        return beyond + sum(count - 1 for count in results.values())

    def under_way(self, at: datetime) -> int:
        """Jobs that were accepted and had not ended at a moment, by what the database says of them."""
        return sum(one.accepted <= at and (one.ended is None or at < one.ended) for one in self.operations)

    def kills_of(self, target: str) -> list[Kill]:
        """Kills of one target while jobs were under way."""
        return [kill for kill in self.kills if kill.target == target and self.under_way(kill.at)]


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
    killer = Killer(cluster, database, plan)
    with grpc.insecure_channel(cluster.address, CHANNEL) as channel:
        caller, began = Caller(channel, plan.patience_s), time.monotonic()

        def hand_in(job: Work) -> tuple[str, float, float]:
            asked = time.monotonic()
            return caller.submit(job), asked, time.monotonic() - asked

        def wait_for(accepted: tuple[str, float, float]) -> Ended:
            return caller.outcome(*accepted)

        # Before anything is under way a kill would show nothing. The job is handed in again below, as the same one.
        caller.submit(jobs[0])
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
