"""Which models speak for a series, how their paths become one, and which are sent off.

Owns the default combination, fixed beforehand per kind of series, and the sanity gate. The choice was made on the
yearly series of M1, M3 and Tourism and on mineral output and use (see `recipe_for`), not per series: a contest on eight
points picks its winner by luck.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from lodestock_forecasters.history import History
from lodestock_forecasters.models import auto_ets, ces, dotm, drift, naive, theta_log
from lodestock_forecasters.periods import Frequency
from lodestock_forecasters.result import BacktestScore, CombinationRule, FallbackLevel, ModelWeight, Rejection
from lodestock_forecasters.series import FloatArray

NAIVE = naive.INFO.name
LOSING_OWA = 2.0
"""OWA above which a candidate loses clearly to naive."""
LOSING_ERRORS = 6
"""Fewest scored errors on which a candidate may be said to lose."""
JUMP_FACTOR = 2.0
"""Largest first step that is believed, in multiples of the largest change seen so far."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """A combination fixed beforehand."""

    members: tuple[str, ...]
    rule: CombinationRule
    level: FallbackLevel
    no_change_share: float = 0.0
    """Share by which the combined path is drawn back to the last value, from 0 to 1."""


LAST_VALUE_RECIPE = Recipe((NAIVE,), CombinationRule.SINGLE, FallbackLevel.LAST_VALUE)
NAIVE_RECIPE = Recipe((NAIVE,), CombinationRule.SINGLE, FallbackLevel.NAIVE)


def recipe_for(history: History) -> Recipe:
    """Return the default combination for a history of n observed values.

    - n = 1: the value. n = 2: no change. n = 3, 4: three parts no change, one part drift.
    - yearly: median of naive, drift, CES and Theta-log.
    - quarterly, monthly with a season: mean of ETS, DOTM, CES and Theta-log (which decompose the season).
    - quarterly, monthly without: median of naive, DOTM, CES and Theta-log.

    From five values on and without a season the path is drawn back to no change by the share 1/n: a trend seen on few
    values is believed less.

    Source: Petropoulos and Svetunkov 2020, Int. J. Forecasting 36(1), for medians of simple models.
    """
    n = history.n_observed
    if n == 1:
        return LAST_VALUE_RECIPE
    if n == 2:
        return NAIVE_RECIPE
    if n < ces.INFO.minimum_points:
        return Recipe((NAIVE, drift.INFO.name), CombinationRule.MEAN, FallbackLevel.SIMPLE, 0.5)
    smoothers = (ces.INFO.name, theta_log.INFO.name)
    if history.frequency is Frequency.YEARLY:
        return Recipe((NAIVE, drift.INFO.name, *smoothers), CombinationRule.MEDIAN, FallbackLevel.FULL, 1.0 / n)
    if history.season_length > 1:
        return Recipe((auto_ets.INFO.name, dotm.INFO.name, *smoothers), CombinationRule.MEAN, FallbackLevel.FULL)
    return Recipe((NAIVE, dotm.INFO.name, *smoothers), CombinationRule.MEDIAN, FallbackLevel.FULL, 1.0 / n)


def single_recipe(model: str) -> Recipe:
    """Return the recipe of one model that the caller chose."""
    return Recipe((model,), CombinationRule.SINGLE, FallbackLevel.FULL)


def combine(recipe: Recipe, paths: Mapping[str, FloatArray], last_value: float) -> FloatArray:
    """Return the combined point path of the members that have one.

    Args:
        recipe: rule and share of no change.
        paths: path of each remaining member, each of shape (h,), ≥ 0.
        last_value: last observed value, to which the path is drawn.

    Returns:
        Path of shape (h,), ≥ 0.
    """
    stacked = np.stack([paths[name] for name in recipe.members if name in paths])
    middle = np.median(stacked, axis=0) if recipe.rule is CombinationRule.MEDIAN else stacked.mean(axis=0)
    return np.asarray(middle + recipe.no_change_share * (last_value - middle), dtype=np.float64)


def weights(recipe: Recipe, members: Sequence[str]) -> tuple[ModelWeight, ...]:
    """Return the share of each remaining member; the share drawn to no change counts as naive's."""
    shares = {name: (1.0 - recipe.no_change_share) / len(members) for name in members}
    if recipe.no_change_share > 0:
        shares[NAIVE] = shares.get(NAIVE, 0.0) + recipe.no_change_share
    return tuple(ModelWeight(name, share) for name, share in shares.items())


def gate(history: History, paths: Mapping[str, FloatArray], scores: Sequence[BacktestScore]) -> list[Rejection]:
    """Return the candidates that lose clearly to naive in the backtest, or jump at the origin, with the reason.

    A jump is a first step, on the square-root scale, of more than `JUMP_FACTOR` times the largest change of the
    history; with a season, counted from the same period a year before. Naive is never rejected.
    """
    by_model = {one.model: one for one in scores}
    rejected = []
    for name, path in paths.items():
        if name == NAIVE:
            continue
        reason = _losing_reason(by_model.get(name)) or _jump_reason(history, path)
        if reason:
            rejected.append(Rejection(name, reason))
    return rejected


def _losing_reason(one: BacktestScore | None) -> str | None:
    if one is None or one.errors < LOSING_ERRORS or not one.owa > LOSING_OWA:
        return None
    return f"loses to naive in the backtest: OWA {one.owa:.2f} over {one.errors} errors, above {LOSING_OWA:g}"


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
