"""Fixtures for tests that talk to a server."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from lodestock import Client
from tests.server_process import ServerProcess, running_server


@pytest.fixture(scope="session")
def server() -> Iterator[ServerProcess]:
    """A server for all tests that leave it as it was."""
    with running_server() as process:
        yield process


@pytest.fixture
def client(server: ServerProcess) -> Iterator[Client]:
    """A client of that server."""
    with Client(server.address) as connected:
        yield connected
