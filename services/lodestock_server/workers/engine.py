"""DBOS as the workers run it. The one module that knows its inside; each use of a private name says why.

Terms: a *claim* makes a workflow a worker's own: it writes the worker's name and a new token, the *owner*, into its
row, and DBOS refuses what an attempt with another token writes.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Collection
from datetime import datetime

from dbos import DBOS
from dbos._context import current_owner_xid
from sqlalchemy import ColumnElement, Connection, Engine, exists, func, insert, literal, select, update

from lodestock_server.jobs import database
from lodestock_server.jobs.database import inputs, statuses, streams
from lodestock_server.jobs.reading import GIVEN_UP
from lodestock_server.jobs.speaking import speak_structured
from lodestock_server.store.clock import clock
from lodestock_server.store.database import changing
from lodestock_server.store.faults import steadfast, unavailable_named
from lodestock_server.store.schema import worker
from lodestock_server.workers.attempts import Claim
from lodestock_server.workers.post import Post

POLL_S = {database.COMPUTE_QUEUE: 0.1, database.FAN_OUT_QUEUE: 0.3}
"""How often a queue is looked into by a worker that is at jobs and could do more."""
IDLE_POLL_S = {database.COMPUTE_QUEUE: 0.5, database.FAN_OUT_QUEUE: 1.0}
"""How often by one that is at none: a database bears many such workers."""
PARENTS = 32
"""Split jobs that a worker waits for at once; each costs a thread."""
PARENTS_OF_CALLER = 4
JOIN_S = 2.0


class WorkEngine:
    """DBOS in this process; there is at most one."""

    def __init__(self, engine: Engine, post: Post, protocol: str) -> None:
        """Describe it.

        Args:
            engine: of `jobs.database.open_engine`, on a database that is prepared.
            post: the worker's name; what an earlier one of this name left is gone on with at launch.
            protocol: of the jobs that it takes.
        """
        self.name = post.name
        self._post = post
        self.protocol = protocol
        self._engine = database.with_schema(engine)
        self._dbos = DBOS(
            config={
                "name": database.APPLICATION,
                "system_database_engine": engine,
                "dbos_system_schema": database.SCHEMA,
                "executor_id": post.name,
                "application_version": protocol,
                "serializer": database.JSON,
                "use_listen_notify": False,
                "run_migrations": False,
                "log_level": "WARNING",
            }
        )
        # Queues that are registered by the public way have their limits in the database, one for all workers; here each
        # worker has as many slots as it likes. A queue with a limit by partition is one that goes round among callers.
        register = self._dbos._registry._register_internal_queue
        self._queues = (
            register(database.COMPUTE_QUEUE, worker_concurrency=post.slots, partition_worker_concurrency=post.slots),
            register(
                database.FAN_OUT_QUEUE, worker_concurrency=PARENTS, partition_worker_concurrency=PARENTS_OF_CALLER
            ),
        )
        self.look_often(True)
        # DBOS sets its own handler when it is made.
        speak_structured()

    def launch(self) -> None:
        """Begin to take jobs, those first that a worker of this name left."""
        DBOS.launch()

    def look_often(self, often: bool) -> None:
        """Look into the queues often, or as often as a worker does that is at no jobs."""
        for queue in self._queues:
            # DBOS reads this anew at each round, and has no public way to set it for a queue of one worker.
            queue._polling_interval_sec = (POLL_S if often else IDLE_POLL_S)[queue.name]

    def stop_taking(self) -> None:
        """Claim nothing more; what runs goes on."""
        for event in self._dbos.background_thread_stop_events:
            event.set()
        until = time.monotonic() + JOIN_S
        for thread in threading.enumerate():
            if thread.name.startswith("queue-worker-"):
                thread.join(max(0.0, until - time.monotonic()))

    def active(self) -> set[str]:
        """Workflows whose code runs here."""
        # DBOS counts them for its queues' limits and has no public question for it.
        return set(self._dbos._active_workflows_set.activeList())

    @steadfast
    def claims(self, queue: str | None = None) -> dict[str, str]:
        """Workflows that are this worker's own by the database, and the owners of their claims.

        Args:
            queue: only those of this queue.

        Raises:
            DatabaseUnavailable: The database stays away.
        """
        query = select(statuses.c.workflow_uuid, statuses.c.owner_xid).where(*self._claimed_here())
        if queue is not None:
            query = query.where(statuses.c.queue_name == queue)
        with self._engine.connect() as connection:
            return {job_id: owner or "" for job_id, owner in connection.execute(query)}

    @steadfast
    def attempt_number(self, job_id: str) -> int:
        """How often a workflow has been begun.

        Raises:
            DatabaseUnavailable: The database stays away.
        """
        query = select(statuses.c.recovery_attempts).where(statuses.c.workflow_uuid == job_id)
        with self._engine.connect() as connection:
            return connection.execute(query).scalar() or 1

    @steadfast
    def queued_s(self, job_id: str) -> float | None:
        """Seconds from a workflow's acceptance to its first begin; None where this is a later one.

        Raises:
            DatabaseUnavailable: The database stays away.
        """
        waited_ms = statuses.c.started_at_epoch_ms - statuses.c.created_at
        begun = exists().where(streams.c.workflow_uuid == job_id, streams.c.key == database.PROGRESS)
        with self._engine.connect() as connection:
            row = connection.execute(select(waited_ms, begun).where(statuses.c.workflow_uuid == job_id)).first()
        return None if row is None or row[0] is None or row[1] else max(0.0, row[0] / 1000)

    def report(self, claim: Claim, written: str) -> bool:
        """Add to what is heard of a workflow; False where the claim does not hold any more.

        Raises:
            DatabaseUnavailable: The database is away. This does not wait: the next report says more.
        """
        # DBOS's own waits for the database, for a minute and more after it has come back, and the task's end with it.
        number = select(func.coalesce(func.max(streams.c.offset), -1) + 1).where(
            streams.c.workflow_uuid == claim.job_id, streams.c.key == database.PROGRESS
        )
        values = {
            "workflow_uuid": claim.job_id,
            "function_id": 0,
            "key": database.PROGRESS,
            "value": written,
            "serialization": database.JSON.name(),
            "offset": number.scalar_subquery(),
        }
        with unavailable_named(), changing(self._engine) as connection:
            if not self.holds(connection, claim):
                return False
            connection.execute(insert(streams).values(values))
            return True

    def holds(self, connection: Connection, claim: Claim) -> bool:
        """Whether a claim holds, and will until the end of a transaction that writes, whoever cancels meanwhile."""
        query = select(literal(1)).where(
            statuses.c.workflow_uuid == claim.job_id,
            statuses.c.status == "PENDING",
            statuses.c.owner_xid == claim.owner,
        )
        names = self._engine.get_execution_options()
        return connection.execute(query.with_for_update(key_share=True), execution_options=names).first() is not None

    @steadfast
    def now(self) -> datetime:
        """This moment, by the database's clock.

        Raises:
            DatabaseUnavailable: The database stays away.
        """
        with self._engine.connect() as connection:
            return clock(connection)

    @steadfast
    def ran_s(self, job_id: str) -> float:
        """Seconds since the last begin of a workflow; 0 where it waits.

        Raises:
            DatabaseUnavailable: The database stays away.
        """
        with self._engine.connect() as connection:
            query = select(statuses.c.started_at_epoch_ms).where(statuses.c.workflow_uuid == job_id)
            began_ms = connection.execute(query).scalar()
            return 0.0 if began_ms is None else max(0.0, clock(connection).timestamp() - began_ms / 1000)

    @steadfast
    def claimants(self) -> set[str]:
        """Names of the workers that jobs of this protocol are running on, by the database.

        Raises:
            DatabaseUnavailable: The database stays away.
        """
        query = select(statuses.c.executor_id).distinct().where(*self._claimed())
        with self._engine.connect() as connection:
            return {name for name in connection.execute(query).scalars() if name is not None}

    def take_from(self, name: str) -> int:
        """Put the jobs of a worker that is gone back into their queues; return how many."""
        # The public way, resume_workflows, gives them a fresh count of attempts, and takes what runs elsewhere by now.
        return len(DBOS._recover_pending_workflows([name]))

    @steadfast
    def hand_back(self, claims: Collection[Claim], begun: bool) -> int:
        """Put jobs of this worker back into their queues; return how many were still its own.

        Args:
            claims: which.
            begun: whether that was an attempt. One that this worker or the database ended is not counted.

        Raises:
            DatabaseUnavailable: The database stays away.
        """
        attempts = statuses.c.recovery_attempts
        change = (
            update(statuses)
            .where(
                *self._claimed_here(),
                # A process that has lost its name must not take jobs from the one that has it.
                exists().where(worker.c.name == self.name, worker.c.started_at == self._post.since),
                statuses.c.workflow_uuid.in_([claim.job_id for claim in claims]),
                statuses.c.owner_xid.in_([claim.owner for claim in claims]),
            )
            .values(
                status="ENQUEUED",
                owner_xid=None,
                started_at_epoch_ms=None,
                recovery_attempts=attempts if begun else attempts - 1,
            )
        )
        with self._engine.begin() as connection:
            return connection.execute(change).rowcount

    @steadfast
    def given_up(self, after_ms: int) -> list[tuple[int, str, str]]:
        """When, in ms, this worker gave up what was begun too often, the ids, and what those were given.

        Args:
            after_ms: only those that it gave up later.

        Raises:
            DatabaseUnavailable: The database stays away.
        """
        query = (
            select(statuses.c.completed_at, statuses.c.workflow_uuid, inputs.c.inputs)
            .join_from(statuses, inputs, statuses.c.workflow_uuid == inputs.c.workflow_uuid)
            .where(
                statuses.c.completed_at > after_ms,
                statuses.c.status == GIVEN_UP,
                statuses.c.executor_id == self.name,
            )
            .order_by(statuses.c.completed_at)
        )
        with self._engine.connect() as connection:
            return [(at_ms, job_id, given) for at_ms, job_id, given in connection.execute(query)]

    def _claimed(self) -> tuple[ColumnElement[bool], ...]:
        """Workflows of this protocol that run, by the database."""
        return statuses.c.status == database.PENDING, statuses.c.application_version == self.protocol

    def _claimed_here(self) -> tuple[ColumnElement[bool], ...]:
        return *self._claimed(), statuses.c.executor_id == self.name


def current_claim() -> Claim:
    """The claim of the attempt that this thread is at."""
    job_id = DBOS.workflow_id
    assert job_id is not None
    # What DBOS compares what the attempt writes with; it has no public name.
    owner = current_owner_xid(job_id)
    assert owner is not None
    return Claim(job_id, owner)
