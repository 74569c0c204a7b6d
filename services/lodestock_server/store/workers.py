"""Who works on the database: every worker counts up its beat here as long as it lives."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine, case, delete, select

from lodestock_server.store.clock import clock
from lodestock_server.store.database import changing, inserting
from lodestock_server.store.faults import steadfast
from lodestock_server.store.schema import worker


@dataclass(frozen=True, slots=True)
class WorkerBeat:
    """The last that was heard of a worker.

    Attributes:
        name: its name, which it keeps when it starts again.
        host: machine.
        pid: process.
        version: version of the server that it is of.
        slots: jobs that it runs at a time.
        beat: counts up with each beat, and goes on when it starts again.
        started_at: first beat of this process, by the database's clock.
        seen_at: last beat.
    """

    name: str
    host: str
    pid: int
    version: str
    slots: int
    beat: int
    started_at: datetime
    seen_at: datetime


class WorkerStore:
    """The workers on one database."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @steadfast
    def beat(self, name: str, *, host: str, pid: int, version: str, slots: int) -> int:
        """Say that a worker lives; return the number of the beat, which is one more than the last.

        Raises:
            DatabaseUnavailable: The database stays away.
        """
        with changing(self._engine) as connection:
            now = clock(connection)
            new = inserting(connection, worker).values(
                name=name, host=host, pid=pid, version=version, slots=slots, beat=1, started_at=now, seen_at=now
            )
            same = (worker.c.host == host) & (worker.c.pid == pid)
            again = {
                "host": host,
                "pid": pid,
                "version": version,
                "slots": slots,
                "beat": worker.c.beat + 1,
                "started_at": case((same, worker.c.started_at), else_=now),
                "seen_at": now,
            }
            upsert = new.on_conflict_do_update(index_elements=["name"], set_=again).returning(worker.c.beat)
            return int(connection.execute(upsert).scalar_one())

    @steadfast
    def list(self) -> tuple[WorkerBeat, ...]:
        """All workers, in the order of their names.

        Raises:
            DatabaseUnavailable: The database stays away.
        """
        with self._engine.connect() as connection:
            rows = connection.execute(select(worker).order_by(worker.c.name))
            return tuple(WorkerBeat(**row._mapping) for row in rows)

    @steadfast
    def remove(self, name: str) -> None:
        """Forget a worker, where it is known.

        Raises:
            DatabaseUnavailable: The database stays away.
        """
        with changing(self._engine) as connection:
            connection.execute(delete(worker).where(worker.c.name == name))
