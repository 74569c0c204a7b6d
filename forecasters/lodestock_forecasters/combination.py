"""Which models speak for a series, how their paths become one, and which are sent off.

Owns the default combination, fixed beforehand per kind of series (see `recipe_for`), and the sanity gate. The choice is
not made per series: a contest on eight points picks its winner by luck.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from lodestock_forecasters.history import History
from lodestock_forecasters.models import auto_ets, ces, croston, dotm, drift, naive, root_drift, tsb
from lodestock_forecasters.periods import Frequency
from lodestock_forecasters.result import CombinationRule, FallbackLevel, ModelWeight, Rejection
from lodestock_forecasters.series import FloatArray

NAIVE = naive.INFO.name
LOSING_OWA = 2.0
"""OWA above which a candidate loses clearly to naive."""
LOSING_ERRORS = 6
"""Fewest scored errors on which a candidate may be said to lose."""
MONTHLY_DOUBT = 4.0
"""Doubt of trends in monthly values: half is believed at a t value of 2."""
JUMP_FACTOR = 2.0
"""Largest first step that is believed, in multiples of the largest change seen so far."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """A combination fixed beforehand."""

    members: tuple[str, ...]
    rule: CombinationRule
    level: FallbackLevel
    no_change_share: Callable[[History], float] = lambda _history: 0.0
    """Share by which the combined path of a history is drawn back to its last value, from 0 to 1."""


def half(_history: History) -> float:
    """Return a half."""
    return 0.5


def doubt_of_trend(history: History) -> float:
    """Return the share of its trend that is not believed, see `lodestock_forecasters.trend`."""
    return 1.0 - history.trend.belief()


def doubt_of_monthly_trend(history: History) -> float:
    """Return the same for values within the year, whose trends are mostly luck, as those of prices are."""
    return 1.0 - history.trend.belief(MONTHLY_DOUBT)


LAST_VALUE_RECIPE = Recipe((NAIVE,), CombinationRule.SINGLE, FallbackLevel.LAST_VALUE)
NAIVE_RECIPE = Recipe((NAIVE,), CombinationRule.SINGLE, FallbackLevel.NAIVE)


def recipe_for(history: History) -> Recipe:
    """Return the default combination for a history of n observed values.

    - n = 1: the value. n = 2: no change. n = 3, 4: three parts no change, one part drift.
    - demand that comes and goes: mean of Croston's method and TSB.
    - yearly: median of naive, drift of the square root and CES, drawn back to no change by the doubt of the trend.
    - quarterly, monthly with a season: mean of ETS, DOTM and CES.
    - quarterly without: mean of naive, ETS, DOTM and CES.
    - monthly without: as yearly, with more doubt.

    Chosen by OWA, or sMAPE within the year, on parts of M1, M3, Tourism and of the mineral series of the benchmark, and
    judged on the others (`benchmarks/forecast_accuracy.py`).

    Source: Petropoulos and Svetunkov 2020, Int. J. Forecasting 36(1), for medians of simple models.
    """
    n = history.n_observed
    if n == 1:
        return LAST_VALUE_RECIPE
    if n == 2:
        return NAIVE_RECIPE
    if n < ces.INFO.minimum_points:
        return Recipe((NAIVE, drift.INFO.name), CombinationRule.MEAN, FallbackLevel.SIMPLE, half)
    if history.intermittent:
        return Recipe((croston.INFO.name, tsb.INFO.name), CombinationRule.MEAN, FallbackLevel.FULL)
    smoothers = (auto_ets.INFO.name, dotm.INFO.name, ces.INFO.name)
    if history.season_length > 1:
        return Recipe(smoothers, CombinationRule.MEAN, FallbackLevel.FULL)
    if history.frequency is Frequency.QUARTERLY:
        return Recipe((NAIVE, *smoothers), CombinationRule.MEAN, FallbackLevel.FULL)
    doubt = doubt_of_trend if history.frequency is Frequency.YEARLY else doubt_of_monthly_trend
    members = (NAIVE, root_drift.INFO.name, ces.INFO.name)
    return Recipe(members, CombinationRule.MEDIAN, FallbackLevel.FULL, doubt)


def single_recipe(model: str) -> Recipe:
    """Return the recipe of one model that the caller chose."""
    return Recipe((model,), CombinationRule.SINGLE, FallbackLevel.FULL)


def combine(recipe: Recipe, paths: Mapping[str, FloatArray], history: History) -> FloatArray:
    """Return the combined point path of the members that have one.

    Args:
        recipe: rule and share of no change.
        paths: path of each remaining member, each of shape (h,), ≥ 0.
        history: what is known, to whose last value the path is drawn.

    Returns:
        Path of shape (h,), ≥ 0.
    """
    stacked = np.stack([paths[name] for name in recipe.members if name in paths])
    middle = _median(stacked) if recipe.rule is CombinationRule.MEDIAN else stacked.mean(axis=0)
    last_value = float(history.values[-1])
    return np.asarray(middle + recipe.no_change_share(history) * (last_value - middle), dtype=np.float64)


def _median(stacked: FloatArray) -> FloatArray:
    """Return the median over the first axis; numpy's own takes longer than all models on a few short paths."""
    rising, k = np.sort(stacked, axis=0), len(stacked)
    return np.asarray((rising[(k - 1) // 2] + rising[k // 2]) / 2.0, dtype=np.float64)


def weights(recipe: Recipe, members: Sequence[str], history: History) -> tuple[ModelWeight, ...]:
    """Return the share of each remaining member; the share drawn to no change counts as naive's."""
    drawn = recipe.no_change_share(history)
    shares = {name: (1.0 - drawn) / len(members) for name in members}
    if drawn > 0:
        shares[NAIVE] = shares.get(NAIVE, 0.0) + drawn
    return tuple(ModelWeight(name, share) for name, share in shares.items())


def gate(history: History, paths: Mapping[str, FloatArray], scores: Mapping[str, tuple[int, float]]) -> list[Rejection]:
    """Return the candidates that lose clearly to naive in the backtest, or jump at the origin, with the reason.

    A jump is a first step, on the square-root scale, of more than `JUMP_FACTOR` times the largest change of the
    history; with a season, counted from the same period a year before. Naive is never rejected.

    Args:
        history: what is known.
        paths: path of each candidate.
        scores: number of errors and OWA of each candidate that has a backtest.
    """
    rejected = []
    for name, path in paths.items():
        if name == NAIVE:
            continue
        reason = _losing_reason(*scores.get(name, (0, 0.0))) or _jump_reason(history, path)
        if reason:
            rejected.append(Rejection(name, reason))
    return rejected


def _losing_reason(errors: int, owa: float) -> str | None:
    if errors < LOSING_ERRORS or not owa > LOSING_OWA:
        return None
    return f"loses to naive in the backtest: OWA {owa:.2f} over {errors} errors, above {LOSING_OWA:g}"


def _jump_reason(history: History, path: FloatArray) -> str | None:
    m = history.season_length
    roots = np.sqrt(history.values)
    largest = float(np.max(np.abs(roots[m:] - roots[:-m]), initial=0.0))
    anchor = roots[-m]
    step = abs(float(np.sqrt(path[0])) - float(anchor))
    # The slack lets rounding noise on a constant series pass.
    if step <= JUMP_FACTOR * largest + 1e-6 * float(anchor):
        return None
    return (
        f"jumps at the origin: {path[0]:.6g} after {anchor**2:.6g}, more than {JUMP_FACTOR:g} times the largest change "
        "of the history on the square-root scale"
    )
