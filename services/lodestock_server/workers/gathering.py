"""Waits for the parts of a job, wherever they are computed, and tells how many are done."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, select

from lodestock_server.jobs import database
from lodestock_server.jobs.database import outputs, statuses
from lodestock_server.jobs.job import Progress
from lodestock_server.jobs.reading import STATES
from lodestock_server.store.faults import steadfast
from lodestock_server.workers.attempts import Attempt
from lodestock_server.workers.attending import Reporter
from lodestock_server.workers.patience import Unwanted, patient

POLL_S = 0.25
STAGE = "FORECASTING"


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a job.

    Attributes:
        job_id: its workflow's id.
        request: digest of its request.
        series: number of series in it.
    """

    job_id: str
    request: str
    series: int


class Gathering:
    """Asks for the parts of jobs."""

    def __init__(self, engine: Engine) -> None:
        self._engine = database.with_schema(engine)

    def answers(self, parts: Sequence[Part], attempt: Attempt, reporter: Reporter) -> dict[str, str | None]:
        """The digests of the answers of all parts, once all have ended; None for a part that failed.

        Raises:
            Unwanted: The attempt was told to stop meanwhile.
        """
        ended: dict[str, str | None] = {}
        in_all = sum(part.series for part in parts)
        while True:
            waited_for = [part.job_id for part in parts if part.job_id not in ended]
            ended |= patient(attempt, self._ended)(waited_for)
            done = sum(part.series for part in parts if part.job_id in ended)
            reporter.progress(Progress(STAGE, done, in_all))
            if len(ended) == len(parts):
                return ended
            if attempt.stopped.wait(POLL_S):
                raise Unwanted

    @steadfast
    def _ended(self, job_ids: Sequence[str]) -> dict[str, str | None]:
        query = (
            select(statuses.c.workflow_uuid, statuses.c.status, outputs.c.output)
            .outerjoin_from(statuses, outputs, statuses.c.workflow_uuid == outputs.c.workflow_uuid)
            .where(statuses.c.workflow_uuid.in_(job_ids))
        )
        with self._engine.connect() as connection:
            rows = connection.execute(query).all()
        return {job_id: _answer(output) for job_id, status, output in rows if STATES[status].is_end}


def _answer(output: str | None) -> str | None:
    recorded: Mapping[str, Any] = json.loads(output) if output else {}
    return recorded.get("answer")
