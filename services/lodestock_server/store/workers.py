"""Who works on the database: every worker counts up its beat here as long as it lives."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine, case, delete, select, true

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


class NameTaken(OSError):
    """Another process works under the name of a worker; says which."""


class WorkerStore:
    """The workers on one database."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @steadfast
    def take(self, name: str, seen: int | None, *, host: str, pid: int, version: str, slots: int) -> datetime | None:
        """Make a name this process's, with its first beat; return the moment of that, which tells it from all others.

        Args:
            name: which.
            seen: last beat under the name, by a process that is gone. None: there was none.
            host: this and the others: of the process.
            pid: see above.
            version: see above.
            slots: see above.

        Returns:
            None where somebody else took it or beat under it meanwhile, or this was run twice.

        Raises:
            DatabaseUnavailable: The database stays away.
        """
        with changing(self._engine) as connection:
            now = clock(connection)
            about = {"host": host, "pid": pid, "version": version, "slots": slots, "started_at": now, "seen_at": now}
            new = inserting(connection, worker).values(name=name, beat=1, **about)
            again = {**about, "beat": worker.c.beat + 1}
            upsert = new.on_conflict_do_update(index_elements=["name"], set_=again, where=worker.c.beat == (seen or 0))
            return connection.execute(upsert.returning(worker.c.started_at)).scalar()

    @steadfast
    def beat(self, name: str, *, host: str, pid: int, version: str, slots: int, since: datetime | None = None) -> int:
        """Say that a worker lives; return the number of the beat, which is one more than the last.

        Args:
            name: which.
            host: this and the next three: of the process.
            pid: see above.
            version: see above.
            slots: see above.
            since: when the process took the name. None: whoever has it loses it.

        Raises:
            NameTaken: Another process has it by now.
            DatabaseUnavailable: The database stays away.
        """
        with changing(self._engine) as connection:
            now = clock(connection)
            new = inserting(connection, worker).values(
                name=name,
                host=host,
                pid=pid,
                version=version,
                slots=slots,
                beat=1,
                started_at=since or now,
                seen_at=now,
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
            own = true() if since is None else worker.c.started_at == since
            upsert = new.on_conflict_do_update(index_elements=["name"], set_=again, where=own)
            number = connection.execute(upsert.returning(worker.c.beat)).scalar()
            if number is None:
                holder = connection.execute(select(worker.c.host, worker.c.pid).where(worker.c.name == name)).one()
                raise taken(name, *holder)
            return int(number)

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
    def remove(self, name: str, since: datetime | None = None) -> None:
        """Forget a worker, where it is known.

        Args:
            name: which.
            since: only where it is the process that took the name then.

        Raises:
            DatabaseUnavailable: The database stays away.
        """
        own = true() if since is None else worker.c.started_at == since
        with changing(self._engine) as connection:
            connection.execute(delete(worker).where(worker.c.name == name, own))


def taken(name: str, host: str, pid: int) -> NameTaken:
    """What is said to whom a name is refused."""
    return NameTaken(f"another worker has the name {name}: process {pid} on {host}; give this one another --name")
