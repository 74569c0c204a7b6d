"""The catalog over the database: of each dataset the version that was taken in last."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from threading import Lock

from sqlalchemy import Engine, func, select

from lodestock_server.catalog import Package, PackageCatalog
from lodestock_server.store import schema
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
        """The catalog of the versions in use now. It stays what it is: later imports give another one."""
        with self._lock:
            ids = self._ids_in_use()
            if self._catalog is None or {name: package.dataset_id for name, package in self._stored.items()} != ids:
                self._stored = self._packages(ids)
                packages = {**self._beside, **self._stored}
                self._catalog = PackageCatalog(packages[name] for name in sorted(packages))
            return self._catalog

    def _ids_in_use(self) -> dict[str, int]:
        table = schema.dataset.c
        with self._engine.connect() as connection:
            rows = connection.execute(select(table.name, func.max(table.id)).group_by(table.name)).all()
        return {row[0]: row[1] for row in rows}

    def _packages(self, ids: Mapping[str, int]) -> dict[str, StoredPackage]:
        held = {package.dataset_id: package for package in self._stored.values()}
        return {name: held.get(key) or StoredPackage(self._engine, key) for name, key in ids.items()}
