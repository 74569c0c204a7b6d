import numpy as np
import pytest

from lodestock_forecasters import CombinationRule, FallbackLevel
from lodestock_forecasters.combination import Recipe, combine, doubt_of_trend, gate, recipe_for, weights
from lodestock_forecasters.history import History

from .conftest import yearly

STEEL = History.of(yearly([4800.0, 5000, 5100, 5250, 5300, 5329]))


def test_a_path_that_jumps_at_the_origin_is_rejected_with_both_values() -> None:
    (rejected,) = gate(STEEL, {"ets": np.array([1938.0, 1900.0]), "ces": np.array([5400.0, 5500.0])}, {})
    assert rejected.model == "ets"
    assert "jumps at the origin: 1938 after 5329" in rejected.reason


@pytest.mark.parametrize(("owa", "errors", "dropped"), [(2.5, 10, True), (1.9, 10, False), (2.5, 5, False)])
def test_a_candidate_loses_by_a_clear_margin_on_enough_errors_or_stays(owa: float, errors: int, dropped: bool) -> None:
    found = gate(STEEL, {"ets": np.array([5400.0])}, {"ets": (errors, owa)})
    assert bool(found) == dropped


def test_naive_is_never_rejected() -> None:
    assert gate(STEEL, {"naive": np.array([1.0])}, {}) == []


def test_the_combined_path_is_drawn_back_to_the_last_value_and_the_weights_say_so() -> None:
    history = History.of(yearly([4.0, 6, 8, 9, 10]))
    recipe = Recipe(("naive", "drift", "ces"), CombinationRule.MEDIAN, FallbackLevel.FULL, lambda _history: 0.2)
    paths = {"naive": np.array([10.0]), "drift": np.array([12.0]), "ces": np.array([20.0])}
    assert combine(recipe, paths, history) == pytest.approx([12 * 0.8 + 10 * 0.2])
    shares = {w.model: w.weight for w in weights(recipe, ("drift", "ces"), history)}
    assert shares == pytest.approx({"drift": 0.4, "ces": 0.4, "naive": 0.2})


def test_an_even_number_of_paths_has_the_mean_of_the_middle_two_as_its_median() -> None:
    recipe = Recipe(("naive", "drift", "theta_log", "ces"), CombinationRule.MEDIAN, FallbackLevel.FULL)
    paths = {name: np.array([value]) for name, value in zip(recipe.members, (10.0, 14.0, 40.0, 3.0), strict=True)}
    assert combine(recipe, paths, STEEL) == pytest.approx([12.0])


def test_a_trend_is_believed_by_the_square_of_its_t_value() -> None:
    values = [100.0, 121, 110, 132, 125, 140, 151]
    changes = np.diff(np.sqrt(values))
    t = changes.mean() / (changes.std(ddof=1) / np.sqrt(6))
    assert doubt_of_trend(History.of(yearly(values))) == pytest.approx(0.25 / (t**2 + 0.25), abs=1e-6)


@pytest.mark.parametrize(
    ("values", "doubt"),
    [
        ([(10.0 + i) ** 2 for i in range(8)], 0.0),
        ([7.0] * 8, 1.0),
        ([9.0, 4, 9, 4, 9, 4, 9], 1.0),
        ([1.0, 4, 9, 16], 1.0),
    ],
)
def test_an_even_trend_is_believed_and_none_or_one_of_few_values_is_not(values: list[float], doubt: float) -> None:
    assert doubt_of_trend(History.of(yearly(values))) == pytest.approx(doubt)


def test_a_gap_in_an_even_trend_raises_no_doubt() -> None:
    holed = [(10.0 + i) ** 2 if i not in (3, 4) else float("nan") for i in range(9)]
    assert doubt_of_trend(History.of(yearly(holed))) == pytest.approx(0.0)


@pytest.mark.parametrize(
    ("values", "members"),
    [
        ([0.0, 5, 0, 0, 7, 0, 3, 0], {"croston", "tsb"}),
        ([0.0, 0, 0, 0, 5, 6, 7, 8], {"naive", "root_drift", "ces"}),
        ([8.0, 7, 6, 5, 0, 0, 0, 0], {"naive", "root_drift", "ces"}),
        ([8.0, 7, 0, 0, 0, 6, 7, 8], {"naive", "root_drift", "ces"}),
    ],
)
def test_only_demand_that_comes_and_goes_is_intermittent(values: list[float], members: set[str]) -> None:
    assert set(recipe_for(History.of(yearly(values))).members) == members
