"""Whether the server can do its work, told by the standard health service.

NOT_SERVING means: calls would fail now. That is so when the processes that compute cannot be started, when the database
has not answered for some seconds, and when the server goes down. It is SERVING again as soon as the cause is gone. A
server that is merely full is SERVING, since it answers with the time to come again.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence

from grpc_health.v1 import health, health_pb2
from sqlalchemy import Engine, text

from lodestock_server.log import get_log
from lodestock_server.metrics import HEALTHY

LOOK_EVERY_S = 1.0
AWAY_S = 4.0
"""Seconds without an answer after which a database counts as away; a restart of it takes less."""

Status = health_pb2.HealthCheckResponse


class DatabaseWatch:
    """Asks the database whether it is there, one question at a time, and knows since when it has not answered."""

    def __init__(self, engine: Engine, clock: Callable[[], float] = time.monotonic) -> None:
        self._engine = engine
        self._clock = clock
        self._answered_at = clock()
        self._asking: asyncio.Task[None] | None = None

    @property
    def is_away(self) -> bool:
        """Whether it has not answered for too long."""
        return self._clock() - self._answered_at > AWAY_S

    def ask(self) -> None:
        """Ask again, unless it still owes an answer."""
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._ask())

    async def _ask(self) -> None:
        try:
            await asyncio.to_thread(self._ask_now)
        # Whatever goes wrong, the database has not answered; the log of the calls that fail says why.
        except Exception as error:
            get_log().debug("database does not answer", error=type(error).__name__)
        else:
            self._answered_at = self._clock()

    def _ask_now(self) -> None:
        with self._engine.connect() as connection:
            connection.execute(text("SELECT 1"))


class HealthWatch:
    """Keeps the health service to the truth."""

    def __init__(
        self,
        servicer: health.aio.HealthServicer,
        services: Sequence[str],
        can_compute: Callable[[], bool],
        database: DatabaseWatch,
    ) -> None:
        """Take what is told, and what it depends on.

        Args:
            servicer: The health service.
            services: Full names of the services.
            can_compute: Whether there are processes that compute, or can be.
            database: The watch over the database.
        """
        self._servicer = servicer
        self._services = (health.OVERALL_HEALTH, *services)
        self._can_compute = can_compute
        self._database = database
        self._told: str | None = None

    async def run(self) -> None:
        """Look and tell, until cancelled."""
        while True:
            self._database.ask()
            await self.tell(self.what_is_wrong())
            await asyncio.sleep(LOOK_EVERY_S)

    def what_is_wrong(self) -> str:
        """What keeps the server from its work, in words; empty where nothing does."""
        if self._database.is_away:
            return "the database does not answer"
        return "" if self._can_compute() else "no process that computes can be started"

    async def tell(self, wrong: str) -> None:
        """Set the health of the server and of each service, where it has changed."""
        if wrong == self._told:
            return
        log = get_log()
        if wrong:
            log.error("not serving", why=wrong)
        elif self._told:
            log.info("serving again")
        self._told = wrong
        HEALTHY.set(0 if wrong else 1)
        for service in self._services:
            await self._servicer.set(service, Status.NOT_SERVING if wrong else Status.SERVING)
