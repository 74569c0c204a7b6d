"""The attempts that a worker is at: which they are, and how each is told to stop."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

REMEMBERED = 1_000
"""Attempts that the database ended."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A workflow that is this worker's own by the database."""

    job_id: str
    owner: str


@dataclass(frozen=True, slots=True, eq=False)
class Attempt:
    """One attempt at a job, or at a part of one.

    Attributes:
        job_id: the workflow's id.
        owner: token of the claim; another one in the database means that the job is somebody else's by now.
        stopped: set once the attempt is not wanted any more.
    """

    job_id: str
    owner: str
    stopped: threading.Event = field(default_factory=threading.Event)

    @property
    def claim(self) -> Claim:
        """The claim that it is made under."""
        return Claim(self.job_id, self.owner)

    def wanted(self) -> bool:
        """Whether the attempt is to go on."""
        return not self.stopped.is_set()


class Attempts:
    """All attempts of this worker. Safe for threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._living: set[Attempt] = set()
        self._interrupted: deque[Claim] = deque(maxlen=REMEMBERED)

    @contextmanager
    def begin(self, job_id: str, owner: str) -> Iterator[Attempt]:
        """An attempt, from here to the end of the `with` statement."""
        attempt = Attempt(job_id, owner)
        with self._lock:
            self._living.add(attempt)
        try:
            yield attempt
        finally:
            with self._lock:
                self._living.discard(attempt)

    def living(self) -> list[Attempt]:
        """Those that have not ended."""
        with self._lock:
            return list(self._living)

    def interrupt(self, claim: Claim) -> None:
        """Remember that the database ended an attempt."""
        with self._lock:
            self._interrupted.append(claim)

    def was_interrupted(self, claim: Claim) -> bool:
        """Whether the database ended the attempt under a claim."""
        with self._lock:
            return claim in self._interrupted
