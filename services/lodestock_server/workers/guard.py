"""Compares what this worker is at with what the database says it is to be at, a few times a second.

An attempt whose job was cancelled or deleted, or is another attempt's by now, is told to stop. A job that is this
worker's by the database and that nobody here is at is put back into its queue: a claim whose confirmation was lost with
the connection leaves one, and so does an attempt that the database ended. What happens while the database is away is
no fault of a job, and does not count as an attempt.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable

from lodestock_server.errors import DatabaseUnavailable
from lodestock_server.log import get_log
from lodestock_server.workers.attempts import Attempts, Claim
from lodestock_server.workers.engine import WorkEngine

INTERVAL_S = 0.3
IDLE_INTERVAL_S = 1.0
BUSY_FOR_S = 10.0
"""After its last attempt a worker counts as busy for so long: jobs come in bursts."""
AWAY_FOR_S = 60.0
"""For so long after the database was away it is what left claims behind."""
UNATTENDED_S = 5.0
"""Between a claim and the begin of its attempt lie milliseconds, and more on a machine that is very busy."""


class Guard:
    """The comparison. Safe for threads."""

    def __init__(self, engine: WorkEngine, attempts: Attempts, clock: Callable[[], float] = time.monotonic) -> None:
        """Take what is compared.

        Args:
            engine: what the database says.
            attempts: what this worker is at.
            clock: seconds.
        """
        self._engine = engine
        self._attempts = attempts
        self._clock = clock
        self._looked_s = -math.inf
        self._busy_s = -math.inf
        self._away_s = -math.inf
        self._looking = threading.Lock()
        self._unattended: dict[Claim, float] = {}
        """Since when each claim has been seen without an attempt."""

    def look(self) -> None:
        """Compare once; while there is nothing to stop, no more than once a second."""
        with self._looking:
            self._look()

    def _look(self) -> None:
        # In this order, so that an attempt that begins meanwhile is not missed among the claims.
        attempts, active = self._attempts.living(), self._engine.active()
        if attempts:
            self._busy_s = self._clock()
        self._engine.look_often(self._clock() - self._busy_s < BUSY_FOR_S)
        if not attempts and self._clock() - self._looked_s < IDLE_INTERVAL_S:
            return
        self._looked_s = self._clock()
        try:
            claims = self._engine.claims()
            for attempt in attempts:
                if claims.get(attempt.job_id) != attempt.owner:
                    attempt.stopped.set()
            self._put_back({Claim(*claim) for claim in claims.items() if claim[0] not in active})
        except DatabaseUnavailable:
            # Nothing is known, and what has been known may be over.
            self._unattended.clear()
            self._away_s = self._clock()

    def _put_back(self, unattended: set[Claim]) -> None:
        now_s = self._clock()
        self._unattended = {claim: self._unattended.get(claim, now_s) for claim in unattended}
        overdue = [claim for claim, since_s in self._unattended.items() if now_s - since_s >= UNATTENDED_S]
        away = now_s - self._away_s < AWAY_FOR_S
        ended_by_database = [claim for claim in overdue if away or self._attempts.was_interrupted(claim)]
        self._hand_back(ended_by_database, begun=False)
        self._hand_back([claim for claim in overdue if claim not in ended_by_database], begun=True)

    def _hand_back(self, claims: list[Claim], begun: bool) -> None:
        if claims and (count := self._engine.hand_back(claims, begun=begun)):
            get_log().warning("unattended jobs put back", count=count, counted_as_attempts=begun)
