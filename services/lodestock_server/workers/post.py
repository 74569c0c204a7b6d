"""The name that a worker works under, which no other process has at the same time.

What a worker leaves belongs to its name, and the next one of that name goes on with it. So a name must be free: on this
machine a locked file says so, at once, which the system lets go of with the process; elsewhere a worker that lives
beats. A process that took a name is known by the moment of that, since machines may share their names, and containers
the numbers of their processes, too.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import socket
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from lodestock_server.store.workers import NameTaken, WorkerBeat, WorkerStore, taken

BEAT_S = 2.0
WATCH_S = 2.5 * BEAT_S
"""How long a name is watched whose last process may be at work on another machine."""


@dataclass(frozen=True, slots=True)
class Post:
    """A name that this process has.

    Attributes:
        name: the name.
        since: when it was taken, by the database's clock.
        slots: jobs that the worker computes at once.
    """

    name: str
    since: datetime
    slots: int


class NameLock:
    """A name on this machine, held as long as the process lives."""

    def __init__(self, url: str, name: str) -> None:
        """Try to get it.

        Args:
            url: of the database.
            name: on that database.
        """
        key = hashlib.sha256(f"{url}\n{name}".encode()).hexdigest()[:32]
        self._path = Path(tempfile.gettempdir(), f"lodestock-{os.getuid()}-{key}.lock")
        self.elsewhere = False
        """Whether another process of this machine holds it."""
        self._file: int | None = None
        try:
            self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self.elsewhere = True
        except OSError:
            # Without a folder for it, the beats alone tell.
            self._file = None

    def last(self) -> str:
        """What the last holder noted, or ""."""
        return "" if self._file is None else os.pread(self._file, 100, 0).decode(errors="replace")

    def note(self, words: str) -> None:
        """Leave a note for the next holder."""
        if self._file is not None:
            os.ftruncate(self._file, 0)
            os.pwrite(self._file, words.encode(), 0)

    def release(self) -> None:
        """Let go of it."""
        if self._file is not None:
            os.close(self._file)


def take_post(
    workers: WorkerStore, url: str, names: Iterable[str], slots: int, sleep: Callable[[float], None] = time.sleep
) -> Post:
    """Take the first name that no living worker has.

    Args:
        workers: where workers beat.
        url: of the database.
        names: to choose from, in order.
        slots: jobs that this worker computes at once.
        sleep: waits some seconds.

    Raises:
        NameTaken: Living workers have them all; says who has the last one.
        DatabaseUnavailable: The database stays away.
    """
    watched: dict[str, WorkerBeat] | None = None
    refused = NameTaken("there is no name to take")
    for name in names:
        lock = NameLock(url, name)
        heard = by_name(workers)
        last = heard.get(name)
        free = not lock.elsewhere
        if free and last is not None and lock.last() != last.started_at.isoformat():
            if watched is None:
                watched = heard
                sleep(WATCH_S)
                heard = by_name(workers)
                last = heard.get(name)
            before = watched.get(name)
            free = last is None or (before is not None and before.beat == last.beat)
        if free and (since := workers.take(name, last.beat if last else None, **about_this(slots))) is not None:
            lock.note(since.isoformat())
            return Post(name, since, slots)
        lock.release()
        holder = by_name(workers).get(name)
        # One that has just started may not have beaten yet.
        refused = taken(name, holder.host, holder.pid) if holder else NameTaken(f"another worker has the name {name}")
    raise refused


def by_name(workers: WorkerStore) -> dict[str, WorkerBeat]:
    """What was heard of each worker last."""
    return {worker.name: worker for worker in workers.list()}


def about_this(slots: int) -> dict[str, Any]:
    """What a worker's beat says of its process."""
    return {"host": socket.gethostname(), "pid": os.getpid(), "version": version("lodestock-server"), "slots": slots}
