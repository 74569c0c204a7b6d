"""Says that this worker lives, and takes the jobs of workers that do not.

A worker counts up its beats in the database. It is given up once its count has not changed for a time, as watched by
another one with its own steady clock while that one's own beats got through. So no two machines' clocks are compared,
and when the database was away nobody is taken for dead before there was time to beat again. A worker that was given up
and lives after all loses nothing but its work: what it does with the jobs is refused.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from lodestock_server.errors import DatabaseUnavailable
from lodestock_server.log import get_log
from lodestock_server.store.workers import WorkerBeat, WorkerStore
from lodestock_server.workers.engine import WorkEngine
from lodestock_server.workers.post import Post, about_this

FORGET_AFTER = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Sign:
    """A beat and when it was first seen; None where there is none of that name."""

    beat: int | None
    since_s: float


class Liveness:
    """The beats of this worker, and what it sees of the others. `beat` is for one thread."""

    def __init__(
        self,
        engine: WorkEngine,
        workers: WorkerStore,
        post: Post,
        lost_s: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Describe this worker and its patience.

        Args:
            engine: its jobs.
            workers: where workers beat.
            post: its name.
            lost_s: seconds without a beat after which another worker is given up.
            clock: seconds.
        """
        self._engine = engine
        self._workers = workers
        self._post = post
        self._lost_s = lost_s
        self._clock = clock
        self._signs: dict[str, Sign] = {}

    def beat(self) -> None:
        """Beat once, look at the others, and take over from those that are gone.

        Raises:
            NameTaken: Another process has this worker's name by now.
        """
        try:
            self._workers.beat(self._post.name, since=self._post.since, **about_this(self._post.slots))
            self._take_over()
        except DatabaseUnavailable:
            # Others could not beat either; they get their time anew.
            self._signs.clear()

    def stop(self) -> None:
        """Say that this worker is gone."""
        self._workers.remove(self._post.name, self._post.since)

    def _take_over(self) -> None:
        heard = self._workers.list()
        beats = {worker.name: worker.beat for worker in heard}
        now_s = self._clock()
        others = self._engine.claimants() - {self._post.name}
        signs = {name: Sign(beats.get(name), now_s) for name in others}
        self._signs = {
            name: self._signs[name] if name in self._signs and self._signs[name].beat == sign.beat else sign
            for name, sign in signs.items()
        }
        for name, sign in self._signs.items():
            if now_s - sign.since_s >= self._lost_s:
                count = self._engine.take_from(name)
                get_log().warning("worker given up", worker=name, jobs=count)
        self._forget(heard)

    def _forget(self, heard: Sequence[WorkerBeat]) -> None:
        """Forget workers that have not beaten for long, by the database's clock, which all beats are dated by."""
        latest = max(worker.seen_at for worker in heard)
        for worker in heard:
            if latest - worker.seen_at > FORGET_AFTER:
                self._workers.remove(worker.name, worker.started_at)
