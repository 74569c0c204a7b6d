"""A worker: takes jobs until it is told to stop, then lets what runs end for a while and hands back the rest."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import NoReturn

from lodestock_server import tasks
from lodestock_server.compute import Task
from lodestock_server.errors import ServiceError
from lodestock_server.jobs import database
from lodestock_server.log import get_log
from lodestock_server.settings import Settings
from lodestock_server.store.database import database_url, open_database
from lodestock_server.store.payloads import PayloadStore
from lodestock_server.store.results import ResultStore
from lodestock_server.store.workers import NameTaken, WorkerStore
from lodestock_server.workers import given_up, guard, retention
from lodestock_server.workers.attempts import Attempts, Claim
from lodestock_server.workers.engine import WorkEngine
from lodestock_server.workers.gathering import Gathering
from lodestock_server.workers.given_up import GivenUp
from lodestock_server.workers.guard import Guard
from lodestock_server.workers.liveness import Liveness
from lodestock_server.workers.post import BEAT_S, take_post
from lodestock_server.workers.retention import Retention
from lodestock_server.workers.slots import ComputeSlots
from lodestock_server.workers.workflows import TASKS, Workflows
from lodestock_server.workers.workshop import Workshop

PATIENCE_S = 60.0
"""How long a start waits for a database that is starting, too."""
FIRST_SWEEP_S = 60.0
LOOK_S = 0.1
STOP_LOOK_S = 0.5


class Worker:
    """One worker. There is at most one in a process."""

    def __init__(
        self,
        settings: Settings,
        names: Iterable[str],
        processes: int,
        work: Mapping[str, Task] = TASKS,
        preload: Sequence[str] = tasks.PRELOAD,
    ) -> None:
        """Open the database, and bring it up to date.

        Args:
            settings: what the server's are, too.
            names: to choose from, in order: the first one that no living worker has is taken, and what an earlier
                worker of that name left is gone on with.
            processes: jobs to compute at once.
            work: what is computed, by the workflow's name.
            preload: modules that this needs.

        Raises:
            OSError: The database cannot be opened, or no name is free.
            DatabaseUnavailable: It went away meanwhile.
        """
        url = database_url(settings.database_url, settings.data_dir)
        open_database(url, PATIENCE_S).dispose()
        database.prepare(url)
        self._engine = database.open_engine(url)
        workers = WorkerStore(self._engine)
        post = take_post(workers, url, names, processes)
        self._work = WorkEngine(self._engine, post, settings.jobs_version or database.PROTOCOL)
        payloads, results = PayloadStore(self._engine), ResultStore(self._engine)
        prepare = partial(tasks.get_ready, url, settings.log_level, settings.log_format)
        self._slots = ComputeSlots(processes, preload, prepare)
        self._attempts = Attempts()
        keep_results = _days(settings.keep_results_days)
        self._taken: NameTaken | None = None
        shop = Workshop(
            self._work, payloads, results, self._slots, self._attempts, keep_results, settings.max_message_bytes
        )
        Workflows(shop, Gathering(self._engine), work).register(settings.max_attempts)
        self._guard = Guard(self._work, self._attempts)
        self._given_up = GivenUp(self._work)
        self._liveness = Liveness(self._work, workers, post, settings.worker_lost_s)
        self._retention = Retention(
            self._engine, database.open_client(self._engine), payloads, results, _days(settings.keep_operations_days)
        )

    @property
    def name(self) -> str:
        """The name that it works under."""
        return self._work.name

    def run(self, stop: threading.Event, drain_s: Callable[[], float], announce: Callable[[], None]) -> None:
        """Take jobs until told to stop, then end in good order.

        Args:
            stop: set when to stop.
            drain_s: asked then for how many seconds jobs that run may go on.
            announce: called once jobs are taken.

        Raises:
            NameTaken: Another process took this worker's name meanwhile, and its jobs with it.
        """
        ended = threading.Event()

        def beat() -> None:
            try:
                self._liveness.beat()
            except NameTaken as error:
                self._taken = error
                stop.set()

        self._liveness.beat()
        self._work.launch()
        for name, work, interval_s, first_s in (
            ("beat", beat, BEAT_S, BEAT_S),
            ("given up", self._given_up.look, given_up.INTERVAL_S, given_up.INTERVAL_S),
            ("guard", self._guard.look, guard.INTERVAL_S, guard.INTERVAL_S),
            ("retention", self._retention.sweep, retention.INTERVAL_S, FIRST_SWEEP_S),
        ):
            threading.Thread(target=repeat, args=(work, interval_s, first_s, ended), name=name, daemon=True).start()
        get_log().info("worker takes jobs", worker=self._work.name, protocol=self._work.protocol)
        announce()
        # Asked again and again, since a signal that comes with SIGCONT does not wake a thread that waits for ever.
        while not stop.wait(STOP_LOOK_S):
            pass
        if self._taken is not None:
            ended.set()
            self._slots.close()
            raise self._taken
        self._drain(drain_s())
        ended.set()

    def _drain(self, seconds: float) -> None:
        get_log().info("worker drains", worker=self._work.name, seconds=seconds)
        self._work.stop_taking()
        try:
            # They only wait, and another worker can do that as well.
            handed_back = self._hand_back(database.FAN_OUT_QUEUE)
            until = time.monotonic() + seconds
            while self._work.active() and time.monotonic() < until:
                time.sleep(LOOK_S)
            handed_back += self._hand_back(None)
            self._liveness.stop()
            get_log().info("worker stopped", worker=self._work.name, handed_back=handed_back)
        except ServiceError as error:
            # The others give this worker up and take what it leaves.
            get_log().warning("worker stopped without handing back", worker=self._work.name, why=error.message)
        self._slots.close()

    def _hand_back(self, queue: str | None) -> int:
        claims = [Claim(*claim) for claim in self._work.claims(queue).items()]
        count = self._work.hand_back(claims, begun=False) if claims else 0
        self._guard.look()
        return count


def repeat(work: Callable[[], None], interval_s: float, first_s: float, ended: threading.Event) -> None:
    """Do something again and again; a fault in it is logged, and does not end it."""
    wait_s = first_s
    while not ended.wait(wait_s):
        wait_s = interval_s
        try:
            work()
        except Exception as error:
            get_log().error("worker's round failed", exc_info=error)


def end_process(code: int = 0) -> NoReturn:
    """End this process without waiting for threads that wait for what others make of their jobs."""
    os._exit(code)


def _days(count: int) -> timedelta | None:
    return timedelta(days=count) if count else None
