"""The catalog over data packages, wherever they stand, and the one over the packages that ship with the server."""

from __future__ import annotations

from collections.abc import Iterable

from lodestock_server.catalog.buyers import Buyers
from lodestock_server.catalog.packages import Package, bundled_packages
from lodestock_server.catalog.technology import Technology


class PackageCatalog(Buyers, Technology):
    """Answers from data packages; implements `Catalog`. Tables are read and indexed when first needed.

    Args:
        packages: one version of each dataset.
    """


class BundledCatalog(PackageCatalog):
    """Answers from the packages that ship with the server.

    Args:
        packages: other packages of the same layout; the bundled ones if None.
    """

    def __init__(self, packages: Iterable[Package] | None = None) -> None:
        super().__init__(bundled_packages() if packages is None else packages)
