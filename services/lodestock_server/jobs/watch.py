"""Waits for jobs: however many calls wait, one query at a time asks for all that they wait for."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection

from lodestock_server.errors import ServiceError
from lodestock_server.jobs.reading import Mark

AsSeen = Callable[[Mark | None], bool]
Ask = Callable[[Collection[str]], Awaitable[dict[str, Mark]]]

Waiter = tuple[AsSeen, asyncio.Future[None]]

SHORTEST_S = 0.05
LONGEST_S = 0.5
GROWTH = 1.3
AT_ONCE = 500
"""Jobs that a query asks for."""


class Watch:
    """Wakes calls when something has happened to the job that they wait for. Belongs to one event loop."""

    def __init__(self, ask: Ask) -> None:
        """Take the question.

        Args:
            ask: gives the marks of jobs.
        """
        self._ask = ask
        self._waiting: dict[str, list[Waiter]] = {}
        self._polling: asyncio.Task[None] | None = None
        self._interval_s = SHORTEST_S

    async def change(self, job_id: str, as_seen: AsSeen, timeout_s: float) -> bool:
        """Wait until a job is not as it was seen; return whether that came before the timeout.

        Args:
            job_id: which.
            as_seen: tells whether a mark, or None for a job that is gone, is of the job as it was seen.
            timeout_s: how long to wait.

        Raises:
            DatabaseUnavailable: The database stays away.
        """
        changed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        entry = (as_seen, changed)
        self._waiting.setdefault(job_id, []).append(entry)
        # Whoever has just come is likely to wait for something short.
        self._interval_s = SHORTEST_S
        if self._polling is None or self._polling.done():
            self._polling = asyncio.create_task(self._poll())
        try:
            await asyncio.wait_for(changed, timeout_s)
            return True
        except TimeoutError:
            return False
        finally:
            self._forget(job_id, entry)

    def _forget(self, job_id: str, entry: Waiter) -> None:
        entries = self._waiting.get(job_id, [])
        if entry in entries:
            entries.remove(entry)
        if not entries:
            self._waiting.pop(job_id, None)

    async def _poll(self) -> None:
        while self._waiting:
            await asyncio.sleep(self._interval_s)
            self._interval_s = min(LONGEST_S, GROWTH * self._interval_s)
            job_ids = list(self._waiting)
            for first in range(0, len(job_ids), AT_ONCE):
                await self._look_at(job_ids[first : first + AT_ONCE])

    async def _look_at(self, job_ids: list[str]) -> None:
        try:
            marks = await self._ask(job_ids)
        except ServiceError as error:
            for job_id in job_ids:
                for _, changed in self._waiting.get(job_id, []):
                    if not changed.done():
                        changed.set_exception(error)
            return
        for job_id in job_ids:
            for as_seen, changed in self._waiting.get(job_id, []):
                if not changed.done() and not as_seen(marks.get(job_id)):
                    changed.set_result(None)
