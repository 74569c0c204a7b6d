"""A short run with faults; ``make test-faults`` is the long one. And workers of two versions side by side."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import grpc
import pytest
from google.longrunning import operations_pb2, operations_pb2_grpc

from tests.faults.caller import Caller, Ended, Span
from tests.faults.campaign import Report, run_with_faults
from tests.faults.cluster import Cluster, filled_sqlite
from tests.faults.killer import WORKER, Kill, Plan
from tests.faults.work import Work, undisturbed, works

pytestmark = pytest.mark.slow

JOBS = 10
SIZE = 12
PATIENCE_S = 120.0
LOOKING_AWAY_S = 3.0
"""For so long a worker of another version has the chance to take what is not its own."""


def test_a_worker_is_killed_and_every_job_ends_once_in_its_undisturbed_result(tmp_path: Path) -> None:
    """On SQLite, with two workers, of which one is killed and started again."""
    jobs = works(JOBS, 7, SIZE)
    answers = undisturbed(jobs)
    with Cluster(filled_sqlite(tmp_path), ("left", "right"), tmp_path) as cluster:
        report = run_with_faults(cluster, None, jobs, answers, Plan({WORKER: 1}, 1.0, 7, PATIENCE_S))
    assert len(report.kills_of(WORKER)) == 1
    assert not report.failed
    assert report.equal == [True] * JOBS
    assert (report.lost, report.doubled, report.orphans) == (0, 0, 0)


def test_a_kill_counts_only_while_the_database_says_that_jobs_are_under_way() -> None:
    """A kill before the first is accepted, or after the last has ended, shows nothing."""
    moments = [datetime(2026, 1, 1, 12, minute, tzinfo=UTC) for minute in range(5)]
    report = Report([], [], [], [Kill(WORKER, at, 0.0, 0.0) for at in moments])
    report.operations = [Span("operations/a", moments[1], moments[3]), Span("operations/b", moments[2], moments[3])]
    assert [report.under_way(at) for at in moments] == [0, 1, 2, 0, 0]
    assert [kill.at for kill in report.kills_of(WORKER)] == moments[1:3]
    report.operations.append(Span("operations/c", moments[4], None))
    assert len(report.kills_of(WORKER)) == 3


def test_what_there_is_beyond_one_operation_and_one_result_a_job_is_doubled() -> None:
    """Operations that nobody handed in, a second result, one operation for two jobs."""
    ended = Ended("operations/a", "", "plans/a", None, 1, 0.0, 0.0)
    at = datetime(2026, 1, 1, tzinfo=UTC)
    there, beyond = Span("operations/a", at, at), Span("operations/b", at, at)
    result, second = ("plans/a", "operations/a"), ("plans/b", "operations/a")
    assert Report([], [], [ended], [], [there], [result]).doubled == 0
    assert Report([], [], [ended], [], [there, beyond], [result]).doubled == 1
    assert Report([], [], [ended], [], [there], [result, second]).doubled == 1
    assert Report([], [], [ended, ended], [], [there], [result]).doubled == 1


@contextmanager
def caller_of(cluster: Cluster) -> Iterator[tuple[Caller, grpc.Channel]]:
    """A caller of a cluster's server."""
    with grpc.insecure_channel(cluster.address) as channel:
        yield Caller(channel, PATIENCE_S), channel


def outcomes(caller: Caller, jobs: list[Work]) -> list[Ended]:
    """Hand in jobs, or find those handed in before, and wait for their ends."""
    return [caller.outcome(caller.submit(job), time.monotonic(), 0.0) for job in jobs]


def test_jobs_of_the_old_version_end_beside_those_of_the_new_one(tmp_path: Path) -> None:
    """Workers take only jobs of their own version; those handed in before the upgrade wait for theirs and end."""
    database = filled_sqlite(tmp_path)
    old, new = (tmp_path / name for name in ("old", "new"))
    for folder in (old, new):
        folder.mkdir()
    before, after = works(3, 1, SIZE), works(2, 2, SIZE)
    with Cluster(database, (), old) as old_cluster, caller_of(old_cluster) as (old_caller, old_channel):
        accepted = [old_caller.submit(job) for job in before]
        newer = {"": {"LODESTOCK_JOBS_VERSION": "2"}}
        with Cluster(database, ("new",), new, newer) as new_cluster, caller_of(new_cluster) as (new_caller, _):
            ended = outcomes(new_caller, after)
            assert [one.error for one in ended] == ["", ""]
            time.sleep(LOOKING_AWAY_S)
            operations = operations_pb2_grpc.OperationsStub(old_channel)
            asked = [operations.GetOperation(operations_pb2.GetOperationRequest(name=name)) for name in accepted]
            assert [operation.done for operation in asked] == [False] * 3
            old_cluster.start("old")
            assert [one.error for one in outcomes(old_caller, before)] == [""] * 3
