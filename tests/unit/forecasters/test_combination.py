import numpy as np
import pytest

from lodestock_forecasters import BacktestScore, CombinationRule, FallbackLevel
from lodestock_forecasters.combination import Recipe, combine, gate, weights
from lodestock_forecasters.history import History

from .conftest import yearly

STEEL = History.of(yearly([4800.0, 5000, 5100, 5250, 5300, 5329]))


def scored(owa: float, errors: int = 10) -> BacktestScore:
    return BacktestScore("ets", 4, errors, 1.0, 0.1, owa, 0.8, 0.95, 10.0)


def test_a_path_that_jumps_at_the_origin_is_rejected_with_both_values() -> None:
    (rejected,) = gate(STEEL, {"ets": np.array([1938.0, 1900.0]), "ces": np.array([5400.0, 5500.0])}, [])
    assert rejected.model == "ets"
    assert "jumps at the origin: 1938 after 5329" in rejected.reason


@pytest.mark.parametrize(("owa", "errors", "dropped"), [(2.5, 10, True), (1.9, 10, False), (2.5, 5, False)])
def test_a_candidate_loses_by_a_clear_margin_on_enough_errors_or_stays(owa: float, errors: int, dropped: bool) -> None:
    found = gate(STEEL, {"ets": np.array([5400.0])}, [scored(owa, errors)])
    assert bool(found) == dropped


def test_naive_is_never_rejected() -> None:
    assert gate(STEEL, {"naive": np.array([1.0])}, []) == []


def test_the_combined_path_is_drawn_back_to_the_last_value_and_the_weights_say_so() -> None:
    recipe = Recipe(("naive", "drift", "ces"), CombinationRule.MEDIAN, FallbackLevel.FULL, 0.2)
    paths = {"naive": np.array([10.0]), "drift": np.array([12.0]), "ces": np.array([20.0])}
    assert combine(recipe, paths, 10.0) == pytest.approx([12 * 0.8 + 10 * 0.2])
    shares = {w.model: w.weight for w in weights(recipe, ("drift", "ces"))}
    assert shares == pytest.approx({"drift": 0.4, "ces": 0.4, "naive": 0.2})
