"""What forecasts came to on a set of cases: OWA, coverage and MSIS, with bootstrap intervals over whole series.

A *score table* holds one row a case: the scaled error and the symmetric percentage error of every method, and, where a
method gives intervals, whether they held. Cases of one series are drawn together, because their errors are akin.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from benchmarks.forecast_sets import Case
from lodestock_forecasters.metrics import coverage, interval_score, mase, naive_scale, smape
from lodestock_forecasters.series import FloatArray

DRAWS = 2000
SEED = 20_261
INTERVAL = (2.5, 97.5)
"""Percentiles of the draws between which a figure is said to lie."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure and its bootstrap interval."""

    figure: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.figure:.3f} ({self.low:.3f} to {self.high:.3f})"


def row_of(case: Case, paths: Mapping[str, FloatArray], bounds: Mapping[str, FloatArray]) -> dict[str, object]:
    """The scores of one case.

    Args:
        case: History and what came.
        paths: Path of each method, shape (h,).
        bounds: Interval of 95 % of the methods that give one, shape (2, h); with that of 80 % after it, (4, h).
    """
    scale, y = naive_scale(case.history), case.actual
    row: dict[str, object] = {"series": case.series, "judged": case.judged}
    for name, path in paths.items():
        row[f"mase {name}"], row[f"smape {name}"] = mase(y, path, scale), smape(y, path)
    for name, (low, high, *inner) in bounds.items():
        row[f"95 {name}"] = coverage(y, low, high)
        row[f"msis {name}"] = interval_score(y, low, high, 0.95) / scale if scale > 0 else np.nan
        if inner:
            row[f"80 {name}"] = coverage(y, inner[0], inner[1])
    return row


class Drawn:
    """The means of a score table's columns, as they are and in every bootstrap draw of its series."""

    def __init__(self, table: pd.DataFrame) -> None:
        codes, names = pd.factorize(table["series"])
        weights = np.random.default_rng(SEED).multinomial(len(names), np.full(len(names), 1 / len(names)), DRAWS)
        self._weights = np.vstack([np.ones(len(names)), weights])[:, codes].astype(np.float64)
        self._table = table

    def __getitem__(self, column: str) -> FloatArray:
        """The mean of a column, shape (1 + DRAWS,): first that of all rows, then those of the draws."""
        values = self._table[column].to_numpy(dtype=np.float64)
        known = np.isfinite(values)
        return np.asarray(self._weights[:, known] @ values[known] / self._weights[:, known].sum(axis=1))


def owa(drawn: Drawn, name: str) -> FloatArray:
    """The overall weighted average of a method from the means of its scores, as in the M4 competition."""
    ratios = [drawn[f"{measure} {name}"] / drawn[f"{measure} naive"] for measure in ("mase", "smape")]
    return np.asarray(np.mean(ratios, axis=0), dtype=np.float64)


def estimate(values: FloatArray) -> Estimate:
    """The figure and its interval from the values of all rows and of the draws."""
    low, high = np.percentile(values[1:], INTERVAL)
    return Estimate(float(values[0]), float(low), float(high))


def geometric_mean(values: Sequence[FloatArray]) -> FloatArray:
    """Over sets, in each draw."""
    return np.asarray(np.exp(np.mean(np.log(values), axis=0)), dtype=np.float64)


def outside(found: Estimate, low: float, high: float) -> float:
    """How far the interval of an estimate lies from the range that it is to touch; 0 where it touches."""
    return max(0.0, low - found.high, found.low - high)
