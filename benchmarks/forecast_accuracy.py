"""How well each model forecasts what is stored, and long series, against no change.

Three sets from the bundled data: the 27 series of
use in the USA that the server holds; use of lithium and rare earths there from 1900; world output of eleven metals and
ores from 1900 or 1950. Figures are the overall OWA of the public backtest; the bars are for the default combination,
and keep it from getting worse unseen: what was measured when they were set, and a twentieth more.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

import pandas as pd

import lodestock_forecasters as forecasters
from benchmarks.report import Measurement, report
from lodestock_server.catalog import BundledCatalog, bundled_package
from lodestock_server.usecases.demand_series import StoredDemand, stored_demand, with_drivers
from lodestock_server.usecases.drivers import DEFAULT_SCENARIO

LIMITS = {"use in the USA": 1.07, "lithium, rare earths": 1.05, "world output": 0.76}
PACKAGES = ("lodestock-server", "statsforecast", "prophet", "scipy", "numpy")
LEAST_YEARS = 40


def stored_use() -> list[forecasters.DemandSeries]:
    """The use in the USA that ships with the server."""
    catalog = BundledCatalog()
    demands = with_drivers(catalog, stored_demand(catalog, StoredDemand("USA")), DEFAULT_SCENARIO)
    return [demand.series for demand in demands]


def table(package: str, resource: str) -> pd.DataFrame:
    """A table of a bundled package, numbers as numbers."""
    frame = pd.DataFrame([row.cells for row in bundled_package(package).table(resource)])
    numbers = [name for name in ("year", "value", "tonnes", "persons", "usd_2015") if name in frame]
    return frame.assign(**{name: pd.to_numeric(frame[name]) for name in numbers})


def economy(country: str | None) -> forecasters.Drivers:
    """Population and GDP (constant USD of 2015) from 1960; without a country of all whose record has no gap."""
    people, gdp = table("drivers", "population"), table("drivers", "gdp_real")
    past = people[people["scenario"] == "historical"]
    tables = [
        rows[rows["year"].between(1960, 2024)].pivot(index="year", columns="iso3", values=name)
        for rows, name in ((past, "persons"), (gdp, "usd_2015"))
    ]
    whole = set.intersection(*(set(wide.columns[wide.notna().all()]) for wide in tables))
    codes = sorted(whole) if country is None else [country]
    years = [str(year) for year in tables[0].index]
    return forecasters.Drivers(years, *(wide[codes].sum(axis=1).to_numpy() for wide in tables))


def yearly(name: str, rows: pd.DataFrame, column: str, drivers: forecasters.Drivers) -> forecasters.DemandSeries:
    """The mean of a year's rows as a series."""
    values = rows.groupby("year")[column].mean().dropna()
    labels = [str(year) for year in values.index]
    return forecasters.DemandSeries(
        name, forecasters.Frequency.YEARLY, labels, values.to_numpy(), "any", drivers=drivers
    )


def century() -> pd.DataFrame:
    """What the USGS keeps from 1900 on: use of lithium and rare earths in the USA, the world's output of copper."""
    rows = table("us_summaries", "statistics")
    return rows[rows["source_id"] == "USGS_DS140"]


def long_use() -> list[forecasters.DemandSeries]:
    """Use of lithium and rare earths in the USA, USGS Data Series 140."""
    drivers, rows = economy("USA"), century()
    used = rows[rows["metric"] == "consumption"].groupby("mineral")
    return [yearly(str(mineral), group, "value", drivers) for mineral, group in used]


def world_output() -> list[forecasters.DemandSeries]:
    """World output by Clio Infra, and of copper by USGS Data Series 140."""
    drivers, rows = economy(None), century()
    measured = table("world_statistics", "production_series")
    output = table("world_statistics", "production").drop(columns="source_id").merge(measured, on="series")
    world = output[(output["country"] == "World") & (output["source_id"] == "CLIO_OWID")]
    found = [yearly(str(mineral), group, "tonnes", drivers) for mineral, group in world.groupby("mineral")]
    found.append(yearly("copper", rows[rows["mineral"] == "copper"], "value", drivers))
    return [series for series in found if len(series.periods) >= LEAST_YEARS]


def measurements(
    name: str, series: Sequence[forecasters.DemandSeries], horizon: int, origins: int
) -> list[Measurement]:
    """The OWA of every model on a set of series."""
    result = forecasters.backtest(forecasters.BacktestRequest(series, horizon, most_origins=origins))
    return [
        Measurement(
            f"{name} ({len(series)} series), {score.model}",
            "OWA",
            (score.owa,),
            LIMITS[name] if score.model == forecasters.DEFAULT_MODEL else None,
        )
        for score in result.overall
        if score.errors
    ]


def main() -> int:
    """Measure and report."""
    found = [
        *measurements("use in the USA", stored_use(), 5, 10),
        *measurements("lithium, rare earths", long_use(), 10, 20),
        *measurements("world output", world_output(), 10, 20),
    ]
    return report("forecast_accuracy", found, PACKAGES)


if __name__ == "__main__":
    sys.exit(main())
