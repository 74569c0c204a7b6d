"""Build the table of how often the output of countries falls: `hazard_calibration.json` of `lodestock_optimizers`.

    python scripts/build_hazards.py --version 2026.1

Reads the bundled packages world_statistics, governance and geography. A case is a country, a material and a year before
which the country had at least LEAST_SHARE of world output. An event is a case in which its output falls by LEAST_FALL
or more within the year, while that of the rest of the world does not, and comes back within LONGEST_YEARS; a fall that
stays is a closure, which is counted but is no event: other contracts meet it, not a stock. Two years are compared
within one publication alone, since editions differ in what they count. The probability is fitted by logistic regression
on governance and share, with standard errors clustered by country, and tested on later years and on minerals that were
left out.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import statsmodels.api as sm  # type: ignore[import-untyped]
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.stats import multivariate_normal, norm, rankdata

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT / "services" / "lodestock_server" / "data"
SHIPPED = ROOT / "optimizers" / "lodestock_optimizers" / "scenarios" / "hazard_calibration.json"
PACKAGES = ("world_statistics", "governance", "geography")
LEAST_FALL = 0.3
"""Part of a country's output whose loss within a year is an event."""
MOST_FALL_ELSEWHERE = 0.15
"""Where the rest of the world lost more than this, demand fell rather than a country's supply."""
LEAST_SHARE = 0.02
"""Share of world output from which a country's figures are precise enough to see a fall."""
LEAST_COUNTRIES = 3
"""Countries that a series must print in a year, so that shares are of the world and not of a single country's table."""
RECOVERED = 0.85
"""Part of the output before an event at which it is over."""
STAGES = ("mine", "smelter", "refinery")
PUBLICATIONS = (
    "USGS_MYB",
    "USGS_MYB2022_REE",
    "WMD2024",
    "USGS_MCS2026",
    "USGS_MCS2025",
    "USGS_MCS2024",
    "USGS_MCS2023",
    "USGS_MCS2022",
    "CLIO_OWID",
)
"""The one that is believed first in front: what prints long series goes before what prints two years."""
WGI = (
    "control_of_corruption",
    "government_effectiveness",
    "political_stability",
    "regulatory_quality",
    "rule_of_law",
    "voice_and_accountability",
)
FEATURES = ("one", "governance", "log10_share")
FIFTHS = (0.1, 0.3, 0.5, 0.7, 0.9)
"""Middles of fifths: the falls at these quantiles stand for all, each with a fifth of the weight."""
LONGEST_YEARS = 3
"""Years within which the output is back, or the fall is a closure."""
SPLIT_YEAR = 2013
FOLDS = 5
BINS = 12
LAST_YEAR = 2026

SERIES_KEY = ["mineral", "stage", "iso3"]

Floats = NDArray[np.float64]


def table(package: str, resource: str) -> pd.DataFrame:
    """One table of the bundled data."""
    return pd.read_csv(DATA / package / f"{resource}.csv")


def package_version(package: str) -> str:
    """The version of a bundled package, which holds the digest of its content."""
    return str(json.loads((DATA / package / "datapackage.json").read_text(encoding="utf-8"))["version"])


def year_on_year() -> pd.DataFrame:
    """Output of each country over that of the year before, each pair from one series of one publication."""
    series = table("world_statistics", "production_series")
    series = series[series.stage.isin(STAGES) & series.source_id.isin(PUBLICATIONS)]
    rows = table("world_statistics", "production").merge(series[["series", "mineral", "stage"]], on="series")
    rows = rows[rows.iso3.fillna("") != "WLD"]
    keys = ["mineral", "stage", "series", "source_id", "iso3", "year"]
    found = rows.groupby(keys, dropna=False).tonnes.sum().reset_index()
    world = found.groupby(["series", "year"]).tonnes.sum().rename("world").reset_index()
    printed = found.groupby(["series", "year"]).iso3.transform("nunique")
    found = found[printed >= LEAST_COUNTRIES].merge(world, on=["series", "year"]).dropna(subset=["iso3"])
    pairs = found.assign(year=found.year + 1).merge(found, on=keys, suffixes=("_before", ""))
    pairs = pairs[pairs.tonnes_before > 0]
    pairs["rank"] = pairs.source_id.map({name: i for i, name in enumerate(PUBLICATIONS)})
    pairs = pairs.sort_values(["rank", "series"]).drop_duplicates([*SERIES_KEY, "year"])
    elsewhere_before = pairs.world_before - pairs.tonnes_before
    alone = elsewhere_before <= 1e-9 * pairs.world_before
    pairs["ratio"] = pairs.tonnes / pairs.tonnes_before
    pairs["share"] = pairs.tonnes_before / pairs.world_before
    pairs["ratio_elsewhere"] = ((pairs.world - pairs.tonnes) / elsewhere_before.mask(alone, 1.0)).mask(alone, 1.0)
    return pairs.sort_values([*SERIES_KEY, "year"])


def governance() -> pd.DataFrame:
    """Governance W, 0 best to 10 worst, by country and year; a year without estimates takes those of the one before."""
    wgi = table("governance", "wgi")
    wgi["governance"] = 2 * (2.5 - wgi[list(WGI)].mean(axis=1))
    years = range(int(wgi.year.min()), LAST_YEAR)
    by_year = wgi.pivot_table(index="year", columns="iso3", values="governance").reindex(years).ffill()
    long = by_year.rename_axis("year").reset_index().melt("year", var_name="iso3", value_name="governance")
    return long.dropna(subset=["governance"])


def cases(pairs: pd.DataFrame) -> pd.DataFrame:
    """The cases whose next years are known, each with what was known the year before and whether it is an event."""
    known = governance()
    pairs = pairs.assign(lasted=[*lasting(pairs)])
    found = pairs.merge(known.assign(year=known.year + 1), on=["iso3", "year"])
    found = found[(found.share >= LEAST_SHARE) & found.lasted.notna()].copy()
    fell = (found.ratio <= 1 - LEAST_FALL) & (found.ratio_elsewhere >= 1 - MOST_FALL_ELSEWHERE)
    found["event"] = fell & (found.lasted <= LONGEST_YEARS)
    found["closure"] = fell & (found.lasted > LONGEST_YEARS)
    found["one"] = 1.0
    found["log10_share"] = np.log10(found.share)
    regions = table("geography", "countries")[["iso3", "un_region"]]
    return found.merge(regions, on="iso3", how="left").reset_index(drop=True)


def lasting(pairs: pd.DataFrame) -> Iterator[float]:
    """For each year of each series: years until the output is at RECOVERED of what it was before, LONGEST_YEARS + 1
    where it takes longer, nothing where the LONGEST_YEARS that follow are not all known."""
    ratios = {key: dict(zip(part.year, part.ratio, strict=True)) for key, part in pairs.groupby(SERIES_KEY)}
    for row in pairs.to_dict("records"):
        by_year = ratios[tuple(row[name] for name in SERIES_KEY)]
        following = [by_year.get(row["year"] + k, np.nan) for k in range(1, LONGEST_YEARS + 1)]
        levels = row["ratio"] * np.cumprod(following)
        back = np.flatnonzero(levels >= RECOVERED)
        yield np.nan if np.isnan(levels).any() else float(back[0] + 1 if len(back) else LONGEST_YEARS + 1)


@dataclass(frozen=True)
class Fit:
    """Coefficients of a logistic regression and their covariance, clustered by country."""

    coefficients: Floats
    covariance: Floats


def fit(sample: pd.DataFrame, features: Sequence[str] = FEATURES) -> Fit:
    """Logistic regression of the event on features."""
    countries = sample.iso3.astype("category").cat.codes
    model = sm.Logit(sample.event.astype(float), sample[list(features)])
    found = model.fit(disp=0, cov_type="cluster", cov_kwds={"groups": countries})
    return Fit(np.asarray(found.params), np.asarray(found.cov_params()))


def probability(fitted: Fit, sample: pd.DataFrame) -> Floats:
    """Probability of an event in each case."""
    return np.asarray(1 / (1 + np.exp(-sample[list(FEATURES)].to_numpy() @ fitted.coefficients)))


def skill(p: Floats, base_rate: float, event: pd.Series) -> dict[str, float]:
    """How well probabilities foretell events: log loss saved against one probability for all, and the AUC."""
    seen = event.to_numpy(dtype=bool)
    loss = -np.mean(np.where(seen, np.log(p), np.log1p(-p)))
    flat = -np.mean(np.where(seen, np.log(base_rate), np.log1p(-base_rate)))
    ones, zeros = int(seen.sum()), int((~seen).sum())
    auc = (rankdata(p)[seen].sum() - ones * (ones + 1) / 2) / (ones * zeros)
    return {
        "cases": len(seen),
        "events": ones,
        "expected_events": rounded(float(p.sum())),
        "log_loss_saved": rounded(float(1 - loss / flat)),
        "auc": rounded(float(auc)),
    }


def on_later_years(sample: pd.DataFrame) -> dict[str, float]:
    """Fitted on the years before SPLIT_YEAR, tested on those from it."""
    early, late = sample[sample.year < SPLIT_YEAR], sample[sample.year >= SPLIT_YEAR]
    return skill(probability(fit(early), late), float(early.event.mean()), late.event)


def on_other_minerals(sample: pd.DataFrame) -> dict[str, float]:
    """Each mineral foretold from the minerals of the other folds."""
    fold = sample.mineral.astype("category").cat.codes.to_numpy() % FOLDS
    p = np.empty(len(sample))
    for k in range(FOLDS):
        p[fold == k] = probability(fit(sample[fold != k]), sample[fold == k])
    return skill(p, float(sample.event.mean()), sample.event)


def correlation_within_region(sample: pd.DataFrame, p: Floats) -> tuple[float, int, float]:
    """Correlation of the latent normals of two cases of one region and year (Gaussian copula, method of moments).

    Returns:
        The correlation at which as many pairs of events are expected as were seen; the pairs seen; those expected of
        independent cases.
    """
    edges = np.quantile(p, np.linspace(0, 1, BINS + 1))
    bins = np.clip(np.searchsorted(edges, p, side="right") - 1, 0, BINS - 1)
    cut = norm.ppf([p[bins == b].mean() for b in range(BINS)])
    pairs, seen = np.zeros((BINS, BINS)), 0
    for _, group in sample.assign(bin=bins).groupby(["un_region", "year"]):
        n = np.bincount(group.bin, minlength=BINS).astype(np.float64)
        pairs += (np.outer(n, n) - np.diag(n)) / 2
        events = int(group.event.sum())
        seen += events * (events - 1) // 2

    def expected(rho: float) -> float:
        joint = [[multivariate_normal.cdf([a, b], cov=[[1, rho], [rho, 1]]) for a in cut] for b in cut]
        return float((pairs * np.array(joint)).sum())

    independent = expected(0.0)
    if independent >= seen:
        return 0.0, seen, independent
    return float(brentq(lambda rho: expected(rho) - seen, 0.0, 0.9, xtol=1e-3)), seen, independent


def rounded(value: float) -> float:
    """A number to six digits."""
    return float(f"{value:.6g}")


def calibration(version: str) -> dict[str, Any]:
    """The whole table."""
    sample = cases(year_on_year())
    fitted, constant = fit(sample), fit(sample, ("one",))
    p = probability(fitted, sample)
    events = sample[sample.event]
    falls = (1 - events.ratio).quantile(list(FIFTHS))
    rho, together, by_chance = correlation_within_region(sample, p)
    return {
        "version": version,
        "built_by": "scripts/build_hazards.py",
        "sources": [f"{package.replace('_', '-')}@{package_version(package)}" for package in PACKAGES],
        "least_fall": LEAST_FALL,
        "most_fall_elsewhere": MOST_FALL_ELSEWHERE,
        "least_share": LEAST_SHARE,
        "recovered": RECOVERED,
        "cases": len(sample),
        "events": len(events),
        "closures": int(sample.closure.sum()),
        "countries": int(sample.iso3.nunique()),
        "minerals": int(sample.mineral.nunique()),
        "first_year": int(sample.year.min()),
        "last_year": int(sample.year.max()),
        "log_odds": rounded(float(constant.coefficients[0])),
        "log_odds_standard_error": rounded(float(np.sqrt(constant.covariance[0, 0]))),
        "coefficients": [rounded(float(b)) for b in fitted.coefficients],
        "covariance": [[rounded(float(v)) for v in row] for row in fitted.covariance],
        "in_sample": skill(p, float(sample.event.mean()), sample.event),
        "later_years": {"from": SPLIT_YEAR, **on_later_years(sample)},
        "other_minerals": {"folds": FOLDS, **on_other_minerals(sample)},
        "falls": [rounded(float(fall)) for fall in falls],
        "duration_years": list(range(1, LONGEST_YEARS + 1)),
        "duration_probabilities": [rounded(float((events.lasted == k).mean())) for k in range(1, LONGEST_YEARS + 1)],
        "correlation_within_region": rounded(rho),
        "pairs_of_events": together,
        "pairs_by_chance": rounded(by_chance),
    }


def main() -> None:
    """Write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--version", required=True)
    parser.add_argument("--out", type=Path, default=SHIPPED)
    options = parser.parse_args()
    text = json.dumps(calibration(options.version), indent=1, ensure_ascii=False)
    options.out.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
