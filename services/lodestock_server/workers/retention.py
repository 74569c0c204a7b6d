"""Forgets what has been kept long enough: operations that ended long ago, results that expired, payloads in no use."""

from __future__ import annotations

import re
from datetime import timedelta

from dbos import DBOSClient
from sqlalchemy import Engine, or_, select

from lodestock_server.jobs import database
from lodestock_server.jobs.database import inputs, outputs, statuses, steps
from lodestock_server.jobs.reading import STATES
from lodestock_server.log import get_log
from lodestock_server.store.clock import clock
from lodestock_server.store.faults import steadfast
from lodestock_server.store.payloads import PayloadStore
from lodestock_server.store.results import ResultStore

INTERVAL_S = 3600.0
AT_ONCE = 200
DIGEST = re.compile(r"\b[0-9a-f]{64}\b")
ENDS = [name for name, state in STATES.items() if state.is_end]


class Retention:
    """What is to be forgotten in one database. Several workers may sweep at the same time."""

    def __init__(
        self,
        engine: Engine,
        client: DBOSClient,
        payloads: PayloadStore,
        results: ResultStore,
        keep_operations: timedelta | None,
    ) -> None:
        """Take what is swept.

        Args:
            engine: of DBOS's tables.
            client: of DBOS.
            payloads: requests and answers.
            results: results.
            keep_operations: how long operations are kept after their end. None: for ever.
        """
        self._engine = database.with_schema(engine)
        self._client = client
        self._payloads = payloads
        self._results = results
        self._keep_operations = keep_operations

    def sweep(self) -> None:
        """Forget once.

        Raises:
            DatabaseUnavailable: The database stays away.
        """
        operations = 0
        while self._keep_operations is not None and (ended := self._ended_before(self._keep_operations)):
            steadfast(self._client.delete_workflows)(ended, delete_children=True)
            operations += len(ended)
        results = self._results.sweep()
        self._payloads.touch(self._digests_in_use())
        payloads = self._payloads.sweep()
        if operations or results or payloads:
            get_log().info("forgotten", operations=operations, results=results, payloads=payloads)

    @steadfast
    def _ended_before(self, age: timedelta) -> list[str]:
        """Some of the jobs that ended longer ago."""
        with self._engine.connect() as connection:
            before_ms = int((clock(connection) - age).timestamp() * 1000)
            query = (
                select(statuses.c.workflow_uuid)
                .where(
                    statuses.c.completed_at < before_ms,
                    statuses.c.status.in_(ENDS),
                    statuses.c.parent_workflow_id.is_(None),
                )
                .limit(AT_ONCE)
            )
            return list(connection.execute(query).scalars())

    @steadfast
    def _digests_in_use(self) -> set[str]:
        """Digests that jobs which have not ended name: of requests, of parts, and of answers not yet published.

        What a part leaves is needed until the job has ended that it is a part of.
        """
        parents = statuses.alias("parent")
        living = [name for name, state in STATES.items() if not state.is_end]
        digests: set[str] = set()
        with self._engine.connect() as connection:
            for table, column in ((inputs, inputs.c.inputs), (steps, steps.c.output), (outputs, outputs.c.output)):
                query = (
                    select(column)
                    .join_from(table, statuses, table.c.workflow_uuid == statuses.c.workflow_uuid)
                    .outerjoin(parents, parents.c.workflow_uuid == statuses.c.parent_workflow_id)
                    .where(or_(statuses.c.status.in_(living), parents.c.status.in_(living)), column.is_not(None))
                )
                for text in connection.execution_options(yield_per=1000).execute(query).scalars():
                    digests.update(DIGEST.findall(text))
        return digests
