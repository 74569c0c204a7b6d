"""What is heard of a running job, as its stream holds it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Self

from lodestock_server.jobs.job import JobEvent, JobState, Progress


@dataclass(frozen=True, slots=True)
class Report:
    """What a worker says of a job: that it has begun, where `progress` is None, or how far it is.

    Attributes:
        at: when.
        attempt: number of the attempt, from 1.
        worker: name of the worker.
        progress: how far the job is.
    """

    at: datetime
    attempt: int
    worker: str
    progress: Progress | None = None

    def to_json(self) -> dict[str, Any]:
        """As a value of the stream."""
        progress = None if self.progress is None else asdict(self.progress)
        return {"at": self.at.isoformat(), "attempt": self.attempt, "worker": self.worker, "progress": progress}

    @classmethod
    def from_stream(cls, written: str) -> Self:
        """From the stream's text. What a newer worker has added is left out."""
        value = json.loads(written)
        said = value.get("progress")
        progress = None if said is None else Progress(**{k: said[k] for k in Progress.__slots__ if k in said})
        at = datetime.fromisoformat(value["at"]).astimezone(UTC)
        return cls(at, int(value["attempt"]), str(value["worker"]), progress)

    def as_event(self, sequence: int) -> JobEvent:
        """As an event of the job."""
        return JobEvent(sequence, self.at, JobState.RUNNING, self.attempt, self.progress)
