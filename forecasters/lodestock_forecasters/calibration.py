"""How far forecasts of the default combination were off: scaled errors pooled over many real series.

Owns the table shipped as ``calibration.json`` (built by ``scripts/build_calibration.py``, which also writes where it
comes from) and the reading of it. A *score* is (√y − √f) / s, the signed error of one step on the square-root scale
over the series' own scale s, see `lodestock_forecasters.intervals`. Scores are pooled by frequency, season and number
of observed values, so a series of eight points borrows the width of its intervals from hundreds like it. Over the
steps ahead they grow as a power of the step.

Terms: u is a probability level in (0, 1).

Source: split conformal prediction with normalised scores, Lei et al. 2018, J. American Statistical Association 113;
pooled over series as in Stankevičiūtė, Alaa and van der Schaar 2021, NeurIPS 34.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any

import numpy as np

from lodestock_forecasters.periods import Frequency
from lodestock_forecasters.series import FloatArray, read_only


@dataclass(frozen=True, slots=True, eq=False)
class ScoreClass:
    """Score quantiles of series with at least so many observed values."""

    minimum_points: int
    levels: FloatArray
    """Levels u, rising, symmetric about 1/2 and with 1/2 among them, shape (k,)."""
    first_step: FloatArray
    """Score quantiles one step ahead, rising, 0 at u = 1/2, shape (k,)."""
    growth: float
    """Exponent g ≥ 0 with which scores grow with the step; 1/2 would be a random walk."""

    def at(self, steps: FloatArray, u: FloatArray) -> FloatArray:
        """Return the score quantiles q_h(u) = q_1(u) · h^g.

        Between tabulated levels q_1 is linear in the log-odds of u. Beyond the outermost levels it stays at their
        value: the pooled errors are too few to say more, and an invented tail would dominate the mean.

        Args:
            steps: steps ahead h ≥ 1, shape (h,).
            u: levels in (0, 1), shape (m,).

        Returns:
            Signed scores, shape (h, m): ≤ 0 for u < 1/2, 0 at 1/2, ≥ 0 above.
        """
        first = np.interp(_log_odds(u), _log_odds(self.levels), self.first_step)
        return np.asarray(first * steps[:, None] ** self.growth, dtype=np.float64)


def _log_odds(u: FloatArray) -> FloatArray:
    return np.asarray(np.log(u) - np.log1p(-u), dtype=np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class Calibration:
    """All that other series teach about the errors at one frequency."""

    pooled_scale: float
    """Typical scale s of a series whose mean is 1, on the square-root scale."""
    prior_weight: float
    """Number of observed changes that the pooled scale counts for."""
    dependence: float
    """Exponent p: scores of the steps j < k correlate as (j / k)^p."""
    classes: tuple[ScoreClass, ...]
    """By rising `minimum_points`, the first from 1."""

    def for_length(self, n_observed: int) -> ScoreClass:
        """Return the class of a series with so many observed values."""
        return [c for c in self.classes if c.minimum_points <= max(n_observed, 1)][-1]


def parse_calibration(table: Mapping[str, Any]) -> Calibration:
    """Return the calibration that one frequency's part of the JSON file describes."""
    classes = tuple(
        ScoreClass(
            part["minimum_points"],
            read_only(table["levels"]),
            read_only(part["first_step"]),
            table["growth"],
        )
        for part in table["classes"]
    )
    return Calibration(table["pooled_scale"], table["prior_weight"], table["dependence"], classes)


@functools.cache
def _document() -> dict[str, Any]:
    text = resources.files("lodestock_forecasters").joinpath("calibration.json").read_text(encoding="utf-8")
    document: dict[str, Any] = json.loads(text)
    return document


@functools.cache
def load_calibration(frequency: Frequency, seasonal: bool = False) -> Calibration:
    """Return the shipped calibration of a frequency, for series with a season or without."""
    return parse_calibration(_document()["with_season" if seasonal else "frequencies"][frequency.value])


def calibration_version() -> str:
    """Return the version of the shipped table."""
    return str(_document()["version"])
