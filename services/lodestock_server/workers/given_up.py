"""Counts and logs the jobs that were begun too often, which end without any of our code."""

from __future__ import annotations

import json

from lodestock_server.jobs.job import JobState
from lodestock_server.jobs.kinds import KINDS
from lodestock_server.jobs.ticket import Ticket
from lodestock_server.log import get_log
from lodestock_server.metrics import JOBS_ENDED
from lodestock_server.workers.engine import WorkEngine

INTERVAL_S = 5.0


class GivenUp:
    """Those that this worker gave up, each told once."""

    def __init__(self, engine: WorkEngine) -> None:
        """Begin with this moment.

        Raises:
            DatabaseUnavailable: The database stays away.
        """
        self._engine = engine
        self._told_ms = int(engine.now().timestamp() * 1000)

    def look(self) -> None:
        """Tell of those that have come since.

        Raises:
            DatabaseUnavailable: The database stays away.
        """
        for at_ms, job_id, given in self._engine.given_up(self._told_ms):
            self._told_ms = at_ms
            ticket = Ticket.from_json(json.loads(given)["positionalArgs"][0])
            if ticket.kind in KINDS:
                JOBS_ENDED.labels(kind=ticket.kind, state=JobState.FAILED.name).inc()
            get_log().error(
                "job given up: its worker was lost in each of its attempts",
                job=job_id,
                kind=ticket.kind,
                caller=ticket.caller,
                correlation_id=ticket.correlation_id,
            )
