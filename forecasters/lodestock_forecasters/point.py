"""The point forecast of one history: candidates, backtest, gate, combination, and the fall to no change where nothing
is left.

Owns the order of these steps for one series; knows nothing of intervals, batches or requests.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from lodestock_forecasters.backtest import Window, point_scores, run_backtest, score
from lodestock_forecasters.calibration import Calibration
from lodestock_forecasters.combination import LAST_VALUE_RECIPE, NAIVE, NAIVE_RECIPE, Recipe, combine, gate, weights
from lodestock_forecasters.errors import ModelFailed
from lodestock_forecasters.history import History
from lodestock_forecasters.models.registry import ForecasterPool
from lodestock_forecasters.neighbours import NEIGHBOURS
from lodestock_forecasters.result import BacktestScore, CombinationRule, FallbackLevel, ModelWeight, Rejection
from lodestock_forecasters.series import FloatArray

COMBINATION = "default"
"""Name of the combination among the backtest's scores."""


@dataclass(frozen=True, slots=True, eq=False)
class PointForecast:
    """Point path of one series and how it came about."""

    path: FloatArray
    """Path of the steps after the last observation, shape (steps,), ≥ 0."""
    level: FallbackLevel
    rule: CombinationRule
    weights: tuple[ModelWeight, ...]
    scores: tuple[BacktestScore, ...]
    rejected: tuple[Rejection, ...]


def forecast_point(
    history: History, steps: int, recipe: Recipe, pool: ForecasterPool, calibration: Calibration, most_origins: int
) -> PointForecast:
    """Forecast one history by a recipe.

    A model that the caller chose alone is not gated: its backtest stands beside its answer, and the choice is the
    caller's.

    Args:
        history: what is known.
        steps: steps after the last observation.
        recipe: members and how to combine them.
        pool: where the members come from.
        calibration: pooled scores, for the coverage in the backtest.
        most_origins: most origins of the backtest; 0 for none.

    Returns:
        A point forecast; never fails on a model's account.
    """
    paths, rejected = _candidate_paths(history, steps, recipe, pool)
    candidates = tuple(dict.fromkeys((NAIVE, *paths)))

    windows = run_backtest(history, candidates, pool.path, calibration, steps, most_origins)
    if len(recipe.members) > 1:
        dropped = gate(history, paths, point_scores(tuple(paths), windows, NAIVE) if windows else {})
        rejected += dropped
        for one in dropped:
            del paths[one.model]
    if not set(paths) - {NAIVE}:
        recipe = _no_change_recipe(history, recipe)
        paths = {NAIVE: pool.path(NAIVE, history, steps)}
    scores = _scores(windows, candidates, recipe, tuple(paths), calibration) if windows else []
    path = combine(recipe, paths, history)
    rule = recipe.rule if len(paths) > 1 else CombinationRule.SINGLE
    return PointForecast(
        path, recipe.level, rule, weights(recipe, tuple(paths), history), tuple(scores), tuple(rejected)
    )


def lent_point(path: FloatArray) -> PointForecast:
    """Return the point forecast of a short series that its neighbours lent a path to, shape (steps,)."""
    path.setflags(write=False)
    shares = (ModelWeight(NEIGHBOURS, 1.0),)
    return PointForecast(path, FallbackLevel.SIMPLE, CombinationRule.SINGLE, shares, (), ())


def _scores(
    windows: Sequence[Window],
    candidates: tuple[str, ...],
    recipe: Recipe,
    members: tuple[str, ...],
    calibration: Calibration,
) -> list[BacktestScore]:
    """Return the scores of every candidate, and of the combination where there is one."""
    if len(recipe.members) == 1:
        return score(candidates, windows, calibration, NAIVE)
    return score((*candidates, COMBINATION), _with_combination(windows, recipe, members), calibration, NAIVE)


def _no_change_recipe(history: History, recipe: Recipe) -> Recipe:
    """Return the recipe of a history for which only naive is left, or was all that was asked for."""
    if history.n_observed == 1:
        return LAST_VALUE_RECIPE
    return recipe if recipe.members == (NAIVE,) else NAIVE_RECIPE


def _candidate_paths(
    history: History, steps: int, recipe: Recipe, pool: ForecasterPool
) -> tuple[dict[str, FloatArray], list[Rejection]]:
    """Return the path of each member that has one, and the reason of each that has none."""
    paths: dict[str, FloatArray] = {}
    rejected = []
    for name in recipe.members:
        try:
            paths[name] = pool.path(name, history, steps)
        except ModelFailed as failure:
            rejected.append(Rejection(name, str(failure)))
    return paths, rejected


def _with_combination(windows: Sequence[Window], recipe: Recipe, members: Sequence[str]) -> list[Window]:
    """Return the windows with the combination's own path added, made of the members that could be fitted there."""
    return [
        replace(window, paths={**window.paths, COMBINATION: _window_path(window, recipe, members)})
        if any(name in window.paths for name in members)
        else window
        for window in windows
    ]


def _window_path(window: Window, recipe: Recipe, members: Sequence[str]) -> FloatArray:
    left = {name: window.paths[name] for name in members if name in window.paths}
    return combine(recipe, left, window.history)
