"""The demand laws beside the statistical models, in one backtest, on long series whose population and GDP are known.

Use of lithium and rare earths in the USA from 1900 (USGS Data Series 140), and world output of metals and ores from
1950 (Clio Infra; copper: USGS Data Series 140). Laws follow the GDP that came: their lead over models that know nothing
of the years ahead is an upper bound of what a forecast of GDP would leave. The bar keeps the combination of both kinds
from getting worse unseen: what was measured when it was set, and a twentieth more.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

import lodestock_forecasters as forecasters
from benchmarks.report import Measurement, report
from lodestock_server.catalog import bundled_package

PACKAGES = ("lodestock-server", "statsforecast", "scipy", "numpy")
LAWS = ("per_capita_s_curve", "intensity_of_use", "linear_decoupling", "partial_adjustment")
MODELS = ("naive", "drift", "theta_log", "ces", *LAWS, "with_drivers", "default")
PAGE = Path(__file__).parents[1] / "docs" / "demand_laws.md"
LIMIT = 0.68
LEAST_YEARS = 40
HORIZON, ORIGINS = 10, 20


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


def measurements(name: str, series: Sequence[forecasters.DemandSeries]) -> list[Measurement]:
    """The OWA of every model on a set of series."""
    request = forecasters.BacktestRequest(series, HORIZON, models=MODELS, most_origins=ORIGINS)
    return [
        Measurement(
            f"{name} ({len(series)} series), {score.model}",
            "OWA",
            (score.owa,),
            LIMIT if score.model == "with_drivers" and name == "world output" else None,
        )
        for score in forecasters.backtest(request).overall
        if score.owa is not None
    ]


def main() -> int:
    """Measure and report."""
    found = [*measurements("lithium, rare earths", long_use()), *measurements("world output", world_output())]
    return report("demand_laws", found, PACKAGES, page=PAGE)


if __name__ == "__main__":
    sys.exit(main())
