"""What was forecast and what came: published forecasts, and ours from the same vintage.

    python -m benchmarks.scoreboard

Three parts. *Published forecasts* (`scoreboard_data/`) are held against what came, and against the default combination
given the history of their vintage and nothing after it: sums over years are those of its sample paths. *World output*
replays models of each family from every fifth year since 1970 for sums over ten years. *Estimates* holds the USGS's
figure for the year just ended, in each Mineral Commodity Summaries, against the edition after it. Writes the figures
and the plots of docs/scoreboard.md.
"""

from __future__ import annotations

import csv
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import mean, median

import numpy as np
import numpy.typing as npt

import lodestock_forecasters as forecasters
from benchmarks.demand_laws import LAWS, world_output
from benchmarks.report import in_place
from benchmarks.scoreboard_plots import plot_replay
from lodestock_server.catalog import bundled_package

FloatArray = npt.NDArray[np.float64]

DATA = Path(__file__).parent / "scoreboard_data"
PAGE = Path(__file__).parents[1] / "docs" / "scoreboard.md"
PATHS = 10_000
SEED = 1
LEVELS = (0.1, 0.5, 0.9)
LAST_KNOWN = 2017
"""Last year that a study published in 2019 on the years from 2018 could rest on."""
YEARS_AHEAD, FIRST_ORIGIN, STEP = 10, 1970, 5
LEAST_HISTORY = 15
MODELS = ("naive", "drift", "theta_log", "ces", "auto_ets", forecasters.DEFAULT_MODEL, *LAWS, "with_drivers")
ALUMINIUM = ("aluminium", "smelter", "CHN")
MEGATONNE = 1e6


@dataclass(frozen=True, slots=True)
class Table:
    """A table of the page."""

    title: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]

    def markdown(self) -> str:
        """The table as the page shows it."""
        lines = [self.head, ["---"] * len(self.head), *self.rows]
        return f"### {self.title}\n\n" + "".join(f"| {' | '.join(line)} |\n" for line in lines)


@dataclass(frozen=True, slots=True)
class Published:
    """A published forecast of a sum over years."""

    forecast_id: str
    quantity: str
    first_year: int
    last_year: int
    tonnes: float


@dataclass(frozen=True, slots=True, eq=False)
class Replay:
    """Our forecast from a vintage, and what came of it."""

    published: Published
    history: Mapping[int, float]
    came_by_year: Mapping[int, float]
    years: tuple[int, ...]
    paths: FloatArray
    """Joint sample paths, shape (n, years), tonnes."""

    def sums(self, last_year: int) -> FloatArray:
        """The quantiles at LEVELS of the sum from the first year of the published forecast to a year, tonnes."""
        wanted = [self.published.first_year <= year <= last_year for year in self.years]
        return np.asarray(np.quantile(self.paths[:, wanted].sum(axis=1), LEVELS), dtype=np.float64)

    def years_inside(self) -> str:
        """How many of the years that came lie in the central 80 % of their own, such as "5 of 6"."""
        low, _, high = np.quantile(self.paths, LEVELS, axis=0)
        bands = dict(zip(self.years, zip(low, high, strict=True), strict=True))
        inside = [bands[year][0] <= tonnes <= bands[year][1] for year, tonnes in self.came_by_year.items()]
        return f"{sum(inside)} of {len(inside)}"


def rows(name: str) -> Iterator[Mapping[str, str]]:
    """The rows of a file of the scoreboard."""
    with (DATA / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def published_forecasts() -> list[Published]:
    """What was published."""
    return [
        Published(
            row["forecast_id"], row["quantity"], int(row["first_year"]), int(row["last_year"]), float(row["tonnes"])
        )
        for row in rows("published_forecasts")
    ]


def bundled_output(mineral: str, stage: str, iso3: str) -> dict[int, float]:
    """A country's output by year from the bundled tables: Clio Infra to 2015, then one preferred source a year."""
    measured = {
        row["series"]: (row["mineral"], row["stage"], row["source_id"])
        for row in bundled_package("world_statistics").table("production_series")
    }
    past = {
        int(row["year"]): float(row["tonnes"])
        for row in bundled_package("world_statistics").table("production")
        if measured[row["series"]] == (mineral, stage, "CLIO_OWID") and row["iso3"] == iso3 and row["tonnes"]
    }
    recent = {
        int(row["year"]): float(row["tonnes"])
        for row in bundled_package("world_statistics").table("panel")
        if (row["mineral"], row["stage"], row["iso3"]) == (mineral, stage, iso3) and row["tonnes"]
    }
    return {**past, **recent}


def known_output() -> dict[str, dict[int, float]]:
    """What is known of each published forecast's quantity by year, as far as it is."""
    known: dict[str, dict[int, float]] = defaultdict(dict)
    for row in rows("histories"):
        known[row["forecast_id"]][int(row["year"])] = float(row["tonnes"])
    known["china-2019-steel"] |= bundled_output("crude-steel", "refinery", "CHN")
    known["china-2019-aluminium"] = bundled_output(*ALUMINIUM)
    known["china-2019-copper"] = bundled_output("copper", "refinery", "CHN")
    return known


def series_of(name: str, history: Mapping[int, float]) -> forecasters.DemandSeries:
    """A history by year, ending with the vintage: years that are not known are gaps."""
    years = range(min(history), LAST_KNOWN + 1)
    values = [history.get(year, float("nan")) for year in years]
    return forecasters.DemandSeries(name, forecasters.Frequency.YEARLY, [str(year) for year in years], values, "t")


def sample_paths(
    series: forecasters.DemandSeries, horizon: int, model: str = forecasters.DEFAULT_MODEL
) -> FloatArray | None:
    """Joint sample paths of a model, shape (PATHS, horizon); None where it has no answer for the series."""
    request = forecasters.ForecastRequest(
        [series], horizon, sample_paths=PATHS, seed=SEED, backtest_origins=0, model=model
    )
    answer = forecasters.forecast(request).forecasts[0]
    if any(rejected.model == model for rejected in answer.rejected):
        return None
    return np.asarray(answer.paths, dtype=np.float64)


def replays() -> Iterator[Replay]:
    """Each published forecast whose quantity has a history of its vintage."""
    known = known_output()
    for published in published_forecasts():
        output = known[published.forecast_id]
        history = {year: tonnes for year, tonnes in output.items() if year <= LAST_KNOWN}
        if len(history) < LEAST_HISTORY:
            continue
        years = tuple(range(LAST_KNOWN + 1, published.last_year + 1))
        paths = sample_paths(series_of(published.forecast_id, history), len(years))
        assert paths is not None
        came = {year: tonnes for year, tonnes in output.items() if year > LAST_KNOWN}
        yield Replay(published, history, came, years, paths)


def came() -> dict[str, tuple[int, float]]:
    """The last year to which the outcome of each published forecast is known, and its sum, tonnes."""
    return {row["forecast_id"]: (int(row["last_year"]), float(row["tonnes"])) for row in rows("outcomes")}


def published_table(replayed: Mapping[str, Replay]) -> Table:
    """Published forecasts, ours, and what came, in Mt."""
    head = ("sum of", "years", "published", "ours, 10 %", "50 %", "90 %", "came", "within ours", "single years within")
    found, outcomes = [], came()
    for published in published_forecasts():
        last, tonnes = outcomes[published.forecast_id]
        replay = replayed.get(published.forecast_id)
        found.append(published_row(published, replay, last, tonnes))
        found.append(published_row(published, replay, published.last_year, None))
    return Table("China, Mt", head, found)


def published_row(published: Published, replay: Replay | None, until: int, real: float | None) -> Sequence[str]:
    """A published forecast and ours, summed to a year, and what came, if that is known."""
    years = f"{published.first_year}–{until}"
    told = megatonnes(published.tonnes if until == published.last_year else None)
    if replay is None:
        return published.quantity, years, told, *("no history",) * 3, megatonnes(real), "", ""
    ours = replay.sums(until)
    judged = ("", "")
    if real is not None:
        judged = ("yes" if ours[0] <= real <= ours[2] else "no", replay.years_inside())
    return published.quantity, years, told, *(megatonnes(value) for value in ours), megatonnes(real), *judged


def megatonnes(tonnes: float | None) -> str:
    """Tonnes in Mt; empty where there are none."""
    return "" if tonnes is None else f"{tonnes / MEGATONNE:,.0f}"


@dataclass(frozen=True, slots=True)
class Sum:
    """A sum over ten years of world output: its forecast quantiles, and what came."""

    mineral: str
    origin: int
    low: float
    middle: float
    high: float
    came: float


def world_sums(output: Sequence[forecasters.DemandSeries], model: str) -> Iterator[Sum]:
    """Sums of ten years of world output from every fifth year on, from the history up to there and, for laws, the
    population and GDP that came.
    """
    for series in output:
        years = np.array([int(label) for label in series.periods])
        for origin in range(FIRST_ORIGIN, int(years[-1]) - YEARS_AHEAD + 1, STEP):
            past, ahead = years <= origin, (years > origin) & (years <= origin + YEARS_AHEAD)
            if past.sum() < LEAST_HISTORY or ahead.sum() < YEARS_AHEAD:
                continue
            labels = [label for label, kept in zip(series.periods, past, strict=True) if kept]
            history = replace(series, periods=labels, values=series.observations[past])
            paths = sample_paths(history, YEARS_AHEAD, model)
            if paths is None:
                continue
            low, middle, high = np.quantile(paths.sum(axis=1), LEVELS)
            real = float(series.observations[ahead].sum())
            yield Sum(series.id, origin, float(low), float(middle), float(high), real)


def models_table(sums: Mapping[str, Sequence[Sum]]) -> Table:
    """The record of each model over all minerals."""
    head = ("model", "sums", "within the central 80 %", "median off by (median)")
    return Table("World output, sums over ten years, by model", head, [record(*one) for one in sums.items()])


def record(name: str, cases: Sequence[Sum]) -> Sequence[str]:
    """How often what came lay in the central 80 %, and how far the median was off."""
    inside = mean(one.low <= one.came <= one.high for one in cases)
    off = median(abs(one.middle / one.came - 1) for one in cases)
    return name, str(len(cases)), f"{100 * inside:.0f} %", f"{100 * off:.0f} %"


def world_table(sums: Sequence[Sum]) -> Table:
    """The record of the default, by mineral."""
    by_mineral: dict[str, list[Sum]] = defaultdict(list)
    for one in sums:
        by_mineral[one.mineral].append(one)
    head = ("mineral", "sums", "within the central 80 %", "median off by (median)")
    found = [record(*one) for one in sorted(by_mineral.items())]
    return Table("World output, sums over ten years, by mineral (default)", head, found)


def estimate_errors() -> tuple[list[float], list[float]]:
    """Errors of the USGS's estimates of world output in the year just ended, and of no change; parts of what the next
    edition says.
    """
    measured = {
        row["series"]: (row["mineral"], row["stage"], row["source_id"])
        for row in bundled_package("world_statistics").table("production_series")
    }
    printed: dict[tuple[str, str], dict[tuple[int, int], float]] = defaultdict(dict)
    for row in bundled_package("world_statistics").table("production"):
        mineral, stage, source = measured[row["series"]]
        if row["iso3"] == "WLD" and source.startswith("USGS_MCS") and row["tonnes"] and stage != "capacity":
            edition = int(source.removeprefix("USGS_MCS"))
            printed[mineral, stage].setdefault((edition, int(row["year"])), float(row["tonnes"]))
    estimates, no_change = [], []
    for by_edition in printed.values():
        for (edition, year), estimate in by_edition.items():
            revised, before = by_edition.get((edition + 1, year)), by_edition.get((edition, year - 1))
            if year == edition - 1 and revised and before:
                estimates.append(abs(estimate / revised - 1))
                no_change.append(abs(before / revised - 1))
    return estimates, no_change


def estimates_table() -> Table:
    """How far estimates and no change were off."""
    found = [
        (name, str(len(errors)), f"{100 * mean(errors):.1f} %", f"{100 * median(errors):.1f} %")
        for name, errors in zip(("USGS estimate", "no change"), estimate_errors(), strict=True)
    ]
    return Table("World output of the year just ended", ("", "cases", "mean error", "median error"), found)


def main() -> int:
    """Replay, print, write the page and draw."""
    replayed = {replay.published.forecast_id: replay for replay in replays()}
    output = world_output()
    sums = {model: list(world_sums(output, model)) for model in MODELS}
    world = (models_table(sums), world_table(sums[forecasters.DEFAULT_MODEL]))
    tables = (published_table(replayed), *world, estimates_table())
    text = "\n".join(table.markdown() for table in tables)
    print(text)
    PAGE.write_text(in_place(PAGE.read_text(encoding="utf-8"), "scoreboard", text), encoding="utf-8")
    for replay in replayed.values():
        quantiles = np.quantile(replay.paths, LEVELS, axis=0) / MEGATONNE
        plot_replay(
            replay.published.forecast_id,
            f"{replay.published.quantity}, China, Mt a year",
            {year: tonnes / MEGATONNE for year, tonnes in replay.history.items()},
            {year: tonnes / MEGATONNE for year, tonnes in replay.came_by_year.items()},
            replay.years,
            quantiles,
            replay.published.tonnes / MEGATONNE / (replay.published.last_year - replay.published.first_year + 1),
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
