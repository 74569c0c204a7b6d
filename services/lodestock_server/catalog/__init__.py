"""The catalog: figures of the data packages, each with the row it comes from.

Use cases depend on `Catalog`; `BundledCatalog` reads the packages that ship with the server.
"""

from lodestock_server.catalog.bundled import BundledCatalog
from lodestock_server.catalog.errors import (
    CatalogError,
    MissingFigureError,
    UnknownBuyerError,
    UnknownCountryError,
    UnknownMineralError,
)
from lodestock_server.catalog.figures import (
    Country,
    CountryFigure,
    CountryShare,
    CountryTable,
    DatasetOrigin,
    Figure,
    Governance,
    Mineral,
    Observation,
    Stage,
    Statistic,
)
from lodestock_server.catalog.interface import Catalog
from lodestock_server.catalog.packages import DataPackage, DatasetInfo, bundled_package, bundled_packages

__all__ = [
    "BundledCatalog",
    "Catalog",
    "CatalogError",
    "Country",
    "CountryFigure",
    "CountryShare",
    "CountryTable",
    "DataPackage",
    "DatasetInfo",
    "DatasetOrigin",
    "Figure",
    "Governance",
    "Mineral",
    "MissingFigureError",
    "Observation",
    "Stage",
    "Statistic",
    "UnknownBuyerError",
    "UnknownCountryError",
    "UnknownMineralError",
    "bundled_package",
    "bundled_packages",
]
