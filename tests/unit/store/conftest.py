"""Databases of both kinds: what the store promises holds on each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from lodestock_server.catalog import bundled_packages
from lodestock_server.store.database import open_database, sqlite_url
from lodestock_server.store.datasets import DatasetStore

BACKENDS = ("sqlite", "postgresql")


@pytest.fixture(params=BACKENDS)
def url(request: pytest.FixtureRequest, tmp_path: Path, postgresql: Callable[[], str]) -> str:
    """The URL of an empty database."""
    return sqlite_url(tmp_path / "new" / "folder") if request.param == "sqlite" else postgresql()


@pytest.fixture
def engine(url: str) -> Iterator[Engine]:
    """An empty database of the newest schema."""
    engine = open_database(url)
    yield engine
    engine.dispose()


@pytest.fixture(scope="session", params=BACKENDS)
def filled(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, postgresql: Callable[[], str]
) -> Iterator[Engine]:
    """A database with all that ships with the server, for tests that leave it as it is."""
    engine = open_database(sqlite_url(tmp_path_factory.mktemp("filled")) if request.param == "sqlite" else postgresql())
    store = DatasetStore(engine)
    for package in bundled_packages():
        store.load(package)
    yield engine
    engine.dispose()
