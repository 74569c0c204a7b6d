"""Electric vehicles sold in a year: recorded, and ahead those of a scenario of the IEA's outlook of 2024, to 2035."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from lodestock_server.catalog import Catalog
from lodestock_server.usecases.origins import Traced, derive

ALL_MODES = ("cars", "vans", "buses", "trucks")
PLUGGED = ("bev", "phev")


class EnergyScenario(StrEnum):
    """A published path of the world's energy system; mirrors `lodestock.v1.EnergyScenario`."""

    STEPS = "STEPS"
    APS = "APS"
    NZE = "NZE"


@dataclass(frozen=True, slots=True)
class VehicleSales:
    """Which vehicles are meant; no country means the world, no modes all, no powertrains those with a plug."""

    scenario: EnergyScenario
    country: str = ""
    modes: tuple[str, ...] = ()
    powertrains: tuple[str, ...] = ()


def vehicles_sold(catalog: Catalog, sales: VehicleSales) -> dict[int, Traced]:
    """Vehicles of all kinds that are meant, by year, rising.

    Every year from the first that is known to the last, straight lines between known ones; empty where none are known.
    """
    rows = catalog.vehicle_sales(sales.country, sales.scenario, sales.modes or ALL_MODES, sales.powertrains or PLUGGED)
    by_year: dict[int, list[Traced]] = defaultdict(list)
    for row in rows:
        by_year[row.year].append(Traced.read(row.figure))
    known = {year: derive(sum(one.value for one in kinds), "sum", *kinds) for year, kinds in sorted(by_year.items())}
    return dict(sorted({**known, **_between(known)}.items()))


def _between(known: Mapping[int, Traced]) -> dict[int, Traced]:
    filled = {}
    for (first, low), (last, high) in pairwise(known.items()):
        for year in range(first + 1, last):
            value = low.value + (high.value - low.value) * (year - first) / (last - first)
            filled[year] = derive(value, "straight line between known years", low, high)
    return filled
