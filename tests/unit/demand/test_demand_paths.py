"""The forecast as plans take it: median and quantile paths by material and year."""

from __future__ import annotations

import pytest

import lodestock_forecasters as lf
from lodestock_server.catalog import BundledCatalog
from lodestock_server.usecases.buyers import Yearly
from lodestock_server.usecases.demand_series import model_violations
from lodestock_server.usecases.drivers import GdpScenario
from lodestock_server.usecases.forecast_demand import demand_paths, list_models
from lodestock_server.usecases.origins import CallerOrigin, Traced


def history(values: list[float], first: int = 2018) -> tuple[Yearly, ...]:
    origin = (CallerOrigin("own_figures[0].value"),)
    return tuple(Yearly(first + i, Traced(value, origin)) for i, value in enumerate(values))


USE = history([7680, 12500, 8480, 6650, 7150, 6440, 7960, 9600])
GROWING = history([1000.0 * 1.05**i for i in range(35)], 1991)
"""A use that grows with the economy: 1991 to 2025."""


def test_the_paths_are_those_of_the_forecast_at_the_levels_asked_for() -> None:
    paths = demand_paths(BundledCatalog(), "USA", 60.0, seed=3)({"cobalt": USE, "tin": USE[:3]}, 4, [0.1, 0.9])
    assert set(paths) == {"cobalt", "tin"}
    series = lf.DemandSeries(
        "cobalt", lf.Frequency.YEARLY, [str(y) for y, _ in USE], [figure.value for _, figure in USE], "t"
    )
    direct = lf.forecast(lf.ForecastRequest([series], 4, [0.1, 0.5, 0.9], 0)).forecasts[0]
    cobalt = paths["cobalt"]
    assert list(cobalt.quantiles) == [0.1, 0.5, 0.9]
    for level, row in zip((0.1, 0.5, 0.9), direct.quantiles.tolist(), strict=True):
        assert list(cobalt.quantiles[level]) == [2026, 2027, 2028, 2029]
        assert list(cobalt.quantiles[level].values()) == pytest.approx(row)
    assert cobalt.by_year == cobalt.quantiles[0.5]
    assert cobalt.model == "median of naive, root_drift, ces"


def test_the_median_is_there_without_any_level() -> None:
    paths = demand_paths(BundledCatalog(), "USA", 60.0)({"cobalt": USE}, 2, [])
    assert list(paths["cobalt"].quantiles) == [0.5]


def test_a_driver_model_follows_the_economy_of_the_buyer_along_the_pathway() -> None:
    def by_2050(scenario: GdpScenario) -> float:
        paths = demand_paths(BundledCatalog(), "USA", 60.0, model="per_capita_s_curve", gdp_scenario=scenario)
        found = paths({"copper": GROWING}, 25, [])["copper"]
        assert found.model == "per_capita_s_curve"
        return found.by_year[2050]

    assert by_2050(GdpScenario.SSP5) > by_2050(GdpScenario.SSP2) > by_2050(GdpScenario.SSP3) > 1000.0


def test_a_model_that_has_no_answer_says_why_beside_the_one_that_stands_in() -> None:
    paths = demand_paths(BundledCatalog(), "USA", 60.0, model="per_capita_s_curve")({"cobalt": USE}, 2, [])
    assert paths["cobalt"].model.startswith("naive (per_capita_s_curve ")


def test_the_name_of_a_model_is_checked() -> None:
    assert model_violations("", "forecast_model") == []
    assert model_violations("scum", "forecast_model") == []
    for wrong in ("oracle", "seasonal_naive"):
        (violation,) = model_violations(wrong, "forecast_model")
        assert violation.field_path == "forecast_model"
        assert wrong in violation.description


def test_every_model_is_listed_and_the_driver_model_says_what_it_needs() -> None:
    listed = {card.name: card for card in list_models()}
    assert next(iter(listed)) == "default"
    assert {"auto_arima", "scum", "per_capita_s_curve"} <= set(listed)
    assert "Needs population and GDP" in listed["per_capita_s_curve"].description
