"""The catalog: figures of the data packages, each with the row it comes from.

Use cases depend on `Catalog`. `PackageCatalog` answers from packages by subject: `materials`, then
`countries`, `supply`, `buyers`. `BundledCatalog` is the one over the packages that ship with the server.
"""

from lodestock_server.catalog.bundled import BundledCatalog, PackageCatalog
from lodestock_server.catalog.errors import (
    CatalogError,
    MissingFigureError,
    UnknownBuyerError,
    UnknownCountryError,
    UnknownMineralError,
)
from lodestock_server.catalog.figures import (
    HISTORICAL,
    Country,
    CountryFigure,
    CountryShare,
    CountryTable,
    DatasetOrigin,
    Driver,
    Figure,
    Form,
    Governance,
    Mineral,
    Observation,
    Stage,
    Statistic,
    TradeFlow,
    UseFigure,
)
from lodestock_server.catalog.interface import Catalog
from lodestock_server.catalog.packages import (
    DataPackage,
    DatasetInfo,
    Package,
    Record,
    bundled_package,
    bundled_packages,
)

__all__ = [
    "HISTORICAL",
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
    "Driver",
    "Figure",
    "Form",
    "Governance",
    "Mineral",
    "MissingFigureError",
    "Observation",
    "Package",
    "PackageCatalog",
    "Record",
    "Stage",
    "Statistic",
    "TradeFlow",
    "UnknownBuyerError",
    "UnknownCountryError",
    "UnknownMineralError",
    "UseFigure",
    "bundled_package",
    "bundled_packages",
]
