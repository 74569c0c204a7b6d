"""The catalog over the database: of each dataset the version in use."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from threading import Lock

from sqlalchemy import Engine

from lodestock_server.catalog import Package, PackageCatalog
from lodestock_server.store.faults import steadfast
from lodestock_server.store.in_use import ids_in_use
from lodestock_server.store.packages import StoredPackage


class CatalogSource:
    """Gives the catalog in use. Versions never change, so what was read of one is kept as long as it is in use.

    Args:
        engine: The database.
        beside: Packages that count where the database has no version of the dataset: those that ship with the server,
            until they have been taken in.
    """

    def __init__(self, engine: Engine, beside: Iterable[Package] = ()) -> None:
        self._engine = engine
        self._beside = {package.name: package for package in beside}
        self._stored: Mapping[str, StoredPackage] = {}
        self._catalog: PackageCatalog | None = None
        self._lock = Lock()

    def current(self) -> PackageCatalog:
        """The catalog of the versions in use now. It stays what it is: a version put in use later gives another one.

        Raises:
            DatabaseUnavailable: The database stays away.
        """
        # Read before the lock is taken, so that calls wait for an absent database side by side.
        ids = self._ids_in_use()
        with self._lock:
            if self._catalog is None or {name: package.dataset_id for name, package in self._stored.items()} != ids:
                self._stored = self._packages(ids)
                packages = {**self._beside, **self._stored}
                self._catalog = PackageCatalog(packages[name] for name in sorted(packages))
            return self._catalog

    @steadfast
    def _ids_in_use(self) -> dict[str, int]:
        with self._engine.connect() as connection:
            return ids_in_use(connection)

    def _packages(self, ids: Mapping[str, int]) -> dict[str, StoredPackage]:
        held = {package.dataset_id: package for package in self._stored.values()}
        return {name: held.get(key) or StoredPackage(self._engine, key) for name, key in ids.items()}
