"""What the steps of a job use: where payloads and results are, where tasks are computed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from lodestock_server.store.payloads import PayloadStore
from lodestock_server.store.results import ResultStore
from lodestock_server.workers.attempts import Attempts
from lodestock_server.workers.engine import WorkEngine
from lodestock_server.workers.slots import ComputeSlots


@dataclass(frozen=True, slots=True)
class Workshop:
    """The tools of one worker.

    Attributes:
        engine: DBOS.
        payloads: requests and answers.
        results: what callers ask for later.
        slots: where tasks are computed.
        attempts: what this worker is at.
        keep_results: how long results are kept. None: for ever.
        max_message_bytes: largest answer that a caller can fetch, with what goes around it.
    """

    engine: WorkEngine
    payloads: PayloadStore
    results: ResultStore
    slots: ComputeSlots
    attempts: Attempts
    keep_results: timedelta | None
    max_message_bytes: int
