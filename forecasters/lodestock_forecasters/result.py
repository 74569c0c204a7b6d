"""The answer: a distribution per series and step, and how it came about. Values only; arrays are read-only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from lodestock_forecasters.periods import Frequency
from lodestock_forecasters.series import FloatArray


class FallbackLevel(Enum):
    """How much of the method the series allowed, best first."""

    FULL = "FULL"
    """The chosen model, or what the gate left of the default combination: at least one model beyond naive."""
    SIMPLE = "SIMPLE"
    """Three or four observed values: no change and drift only; or fewer than five, and growth lent by neighbours."""
    NAIVE = "NAIVE"
    """No change, since nothing else was possible or survived the gate."""
    LAST_VALUE = "LAST_VALUE"
    """A single observed value, repeated; the width of the intervals comes from other series alone."""


class CombinationRule(Enum):
    """How the paths of several models become one."""

    SINGLE = "SINGLE"
    """One model alone."""
    MEDIAN = "MEDIAN"
    """Median of the models, step by step."""
    MEAN = "MEAN"
    """Mean of the models, step by step."""


@dataclass(frozen=True, slots=True)
class ModelWeight:
    """Share of a model in the point forecast."""

    model: str
    weight: float
    """Share from 0 to 1; all shares sum to 1. Under MEDIAN, an equal share per model in the median."""


@dataclass(frozen=True, slots=True)
class Rejection:
    """A candidate that has no part in the forecast."""

    model: str
    reason: str


@dataclass(frozen=True, slots=True)
class BacktestScore:
    """Rolling-origin scores of a candidate, over the origins at which it could be fitted."""

    model: str
    """Name of the model, or ``default`` for the combination as used."""
    origins: int
    """Origins scored."""
    errors: int
    """Forecast errors scored, over all origins and steps; the other figures are NaN when it is 0."""
    mase: float
    smape: float
    """Fraction from 0 to 2."""
    owa: float
    """Relative to naive on the same origins and steps; below 1 is better than naive."""
    coverage_80: float
    """Share of values inside the central 80 % interval around this candidate."""
    coverage_95: float
    """Share of values inside the central 95 % interval around this candidate."""
    msis_95: float
    """Mean interval score of that interval, each score over the naive scale at its origin; lower is better."""
    reason: str = ""
    """Why there are no scores; empty where `errors` is above 0."""


@dataclass(frozen=True, slots=True, eq=False)
class SeriesForecast:
    """Forecast of one series.

    h is the horizon, N the number of paths, k that of quantile levels; all demand is in `unit` and never below 0.
    """

    series_id: str
    unit: str
    origin: str
    """Label of the last observed period."""
    periods: tuple[str, ...]
    """Labels of the h future periods, from the one after the last period of the series."""
    mean: FloatArray
    """Mean of each step's distribution, shape (h,)."""
    median: FloatArray
    """Median of each step's distribution, shape (h,): the point forecast of the models, not below zero."""
    quantile_levels: tuple[float, ...]
    quantiles: FloatArray
    """Quantiles, shape (k, h), rising along the first axis. Levels outside 0.0125 to 0.9875 give the quantile at that
    bound: past errors are too few to say more, and the paths end there, too."""
    paths: FloatArray
    """Joint sample paths, shape (N, h): row i is one possible future. Each step's values are spread evenly over its
    distribution, so that their quantiles agree with `quantiles`; across steps they keep the dependence found in past
    forecast errors."""
    level: FallbackLevel
    rule: CombinationRule
    weights: tuple[ModelWeight, ...]
    backtest: tuple[BacktestScore, ...]
    """One score per candidate, naive and the combination included; empty where the series allows no origin."""
    rejected: tuple[Rejection, ...]


@dataclass(frozen=True, slots=True, eq=False)
class ForecastResult:
    """Answer to one request, series in the order of the request."""

    forecasts: tuple[SeriesForecast, ...]
    seed: int
    model: str
    input_digest: str
    """SHA-256 of the request, hexadecimal."""
    versions: Mapping[str, str]
    """Version of each library that can move the figures, and of the calibration table (``calibration``)."""


@dataclass(frozen=True, slots=True)
class SeriesBacktest:
    """Backtest of one series."""

    series_id: str
    frequency: Frequency
    scores: tuple[BacktestScore, ...]
    """One score a model, in the order asked for."""


@dataclass(frozen=True, slots=True)
class ModelComparison:
    """Whether one model forecast better than another, see `lodestock_forecasters.comparison`."""

    model: str
    other: str
    series: int
    """Series on which both have scores."""
    origins: int
    """Origins that both have, over all series."""
    difference: float
    """Mean over the series of the scaled error of `model` less that of `other`; below 0, `model` was better."""
    p_value: float
    """Chance of a difference this large between equally good models; NaN where there are too few origins to say."""
    better: str = ""
    """The better of the two; empty where the test does not tell them apart."""


@dataclass(frozen=True, slots=True)
class BacktestResult:
    """Answer to one backtest request, series in the order of the request."""

    series: tuple[SeriesBacktest, ...]
    overall: tuple[BacktestScore, ...]
    """One score a model: sums of origins and errors, and of each measure the mean over the series that have it; OWA is
    made of the means of MASE and sMAPE, as in the M4 competition."""
    comparisons: tuple[ModelComparison, ...]
    """Every two models that have common origins, in the order asked for."""
    input_digest: str
    """SHA-256 of the request, hexadecimal."""
    versions: Mapping[str, str]
    """As of `ForecastResult`."""
