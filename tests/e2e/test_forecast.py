"""Forecasts along pathways of the economy, and backtests, over a socket."""

from __future__ import annotations

from collections.abc import Iterator

import grpc
import pytest

from lodestock import Client, Forecasts, InvalidRequest, NotFound
from lodestock.errors import from_rpc_error
from lodestock.v1 import common_pb2, forecast_pb2, forecast_pb2_grpc
from tests.server_process import ServerProcess

DRIVEN = "per_capita_s_curve"
# Copper, say, whose use per head grew with income in a country like the USA, tonnes of 1991 to 2024.
GROWING = {str(1991 + i): 1000.0 * 1.04**i for i in range(34)}


@pytest.fixture
def stub(server: ServerProcess) -> Iterator[forecast_pb2_grpc.ForecastServiceStub]:
    """The service, without the client between."""
    with grpc.insecure_channel(server.address) as channel:
        yield forecast_pb2_grpc.ForecastServiceStub(channel)


def series(country: str = "USA", name: str = "copper") -> forecast_pb2.DemandSeries:
    """The growing use as a series of a country."""
    return forecast_pb2.DemandSeries(
        series_id=name,
        frequency=forecast_pb2.FREQUENCY_YEARLY,
        unit="t",
        observations=[forecast_pb2.Observation(period=year, value=value) for year, value in GROWING.items()],
        country=country,
    )


def along(
    stub: forecast_pb2_grpc.ForecastServiceStub, scenario: common_pb2.GdpScenario.ValueType, country: str = "USA"
) -> forecast_pb2.ForecastDemandResponse:
    """The forecast of the driver model along a pathway."""
    request = forecast_pb2.ForecastDemandRequest(
        inline=forecast_pb2.DemandSeriesSet(series=[series(country)]),
        horizon=26,
        model=DRIVEN,
        gdp_scenario=scenario,
    )
    return stub.ForecastDemand(request, timeout=60)


def test_a_growing_use_follows_the_pathway(stub: forecast_pb2_grpc.ForecastServiceStub) -> None:
    """By 2050 the USA is richer per head along SSP1 than along SSP3, and uses more a head."""
    by_2050 = {}
    for scenario in (common_pb2.GDP_SCENARIO_SSP1, common_pb2.GDP_SCENARIO_SSP3, common_pb2.GDP_SCENARIO_SSP5):
        answer = along(stub, scenario)
        (found,) = answer.forecasts
        assert [use.model for use in found.models if use.weight] == [DRIVEN]
        assert (found.steps[0].period, found.steps[-1].period) == ("2025", "2050")
        by_2050[scenario] = found.steps[-1].median
        name = common_pb2.GdpScenario.Name(scenario).removeprefix("GDP_SCENARIO_")
        assert any(f"World Bank to 2024, then the growth of {name}" in remark for remark in found.remarks)
        assert [used.dataset for used in answer.record.datasets] == ["drivers"]
    assert by_2050[common_pb2.GDP_SCENARIO_SSP5] > by_2050[common_pb2.GDP_SCENARIO_SSP1]
    assert by_2050[common_pb2.GDP_SCENARIO_SSP1] > by_2050[common_pb2.GDP_SCENARIO_SSP3]
    assert by_2050[common_pb2.GDP_SCENARIO_SSP3] > GROWING["2024"]


def test_no_pathway_means_the_middle_of_the_road(stub: forecast_pb2_grpc.ForecastServiceStub) -> None:
    """SSP2, and the same figures for the European Union, the sum of its members."""
    for country in ("USA", "EU27"):
        left, given = (
            along(stub, scenario, country).forecasts[0]
            for scenario in (common_pb2.GDP_SCENARIO_UNSPECIFIED, common_pb2.GDP_SCENARIO_SSP2)
        )
        for one, chosen_by in ((left, "default_value"), (given, "caller")):
            origins = [origin for figure in one.driver_origins for origin in figure.origins]
            assert {origin.WhichOneof("kind") for origin in origins} == {"dataset", chosen_by}
            one.ClearField("driver_origins")
        assert left == given
        assert any(country in remark and "SSP2" in remark for remark in left.remarks)


def test_a_forecast_along_a_pathway_comes_down_to_its_rows(client: Client) -> None:
    """Population and GDP from the first observed year to the last step, and who chose the pathway."""
    found = client.forecast_demand({"copper": GROWING}, horizon=6, model=DRIVEN, country="USA", gdp_scenario="SSP5")
    path = "forecasts[copper].steps[2030].median"
    (number,) = client.trace(found, path)
    assert {point.origin.dataset for point in number.observations} == {"drivers"}
    assert {point.keys["iso3"] for point in number.observations} == {"USA"}
    years = {point.period for point in number.observations}
    assert years == {*map(str, range(1991, 2025)), "2020", "2025", "2030"}
    assert ("gdp_scenario", "SSP5") in {(given.field_path, given.reason) for given in number.caller}
    assert "inline.series[0].observations" in {given.field_path for given in number.caller}
    population, gdp = found.message.forecasts[0].driver_origins
    assert (population.field_path, gdp.field_path) == (
        "forecasts[0].drivers.population",
        "forecasts[0].drivers.gdp_usd",
    )
    assert len(population.values) == len(gdp.values) == 2030 - 1991 + 1
    assert population.values[0] == 252_981_000
    assert gdp.derivation.startswith(
        "of 1991 to 2030, year by year: population and GDP of USA: World Bank to 2024, then"
    )
    (of_gdp,) = client.trace(found, "forecasts[copper].driver_origins[1].values[0]")
    assert (of_gdp.unit, of_gdp.values) == ("USD", (gdp.values[0],))
    assert len(of_gdp.message.figure.origins) == len(gdp.origins)


def test_a_forecast_that_follows_nothing_names_no_economy(client: Client) -> None:
    found = client.forecast_demand({"copper": GROWING}, horizon=2, model="drift", country="USA")
    assert not found.message.forecasts[0].driver_origins
    (number,) = client.trace(found, "forecasts[copper].steps[2025].median")
    assert [given.field_path for given in number.caller] == ["inline.series[0].observations"]


def test_what_is_said_of_a_demand_forecast_concerns_its_demand(client: Client) -> None:
    """How the use of the European Union was estimated; not that its suppliers or its imports are not published."""
    for material in ("copper", "zinc", "tin"):
        (found,) = client.forecast_demand(buyer="EU27", materials=[material], horizon=1).message.forecasts
        (said,) = (remark for remark in found.remarks if remark.startswith(f"{material}: "))
        assert "the data hold no consumption of EU27" in said


def test_drivers_of_the_callers_own_go_before_the_servers(
    stub: forecast_pb2_grpc.ForecastServiceStub, client: Client
) -> None:
    """A world in which nothing grows: use stays where it is."""
    own = series()
    for year in range(1991, 2035):
        income = 20_000 * 1.04 ** (min(year, 2024) - 1991)
        own.drivers.add(period=str(year), population=1e6, gdp_usd=1e6 * income)
    request = forecast_pb2.ForecastDemandRequest(
        inline=forecast_pb2.DemandSeriesSet(series=[own]), horizon=10, model=DRIVEN
    )
    answer = stub.ForecastDemand(request, timeout=60)
    (found,) = answer.forecasts
    assert [step.median for step in found.steps] == pytest.approx([GROWING["2024"]] * 10)
    assert not any("World Bank" in remark for remark in found.remarks)
    assert not found.driver_origins
    (number,) = client.trace(Forecasts(answer), "forecasts[copper].steps[2030].median")
    assert [given.field_path for given in number.caller] == [
        "inline.series[0].observations",
        "inline.series[0].drivers",
    ]


def test_a_driver_model_without_drivers_is_answered_by_no_change_with_the_reason(client: Client) -> None:
    """Nothing is refused: the answer says what is missing."""
    (found,) = client.forecast_demand({"copper": GROWING}, horizon=2, model=DRIVEN, unit="t").message.forecasts
    reasons = {use.model: use.rejected_because for use in found.models}
    assert "needs population and GDP" in reasons[DRIVEN]
    assert found.steps[0].median == GROWING["2024"]


def test_models_are_backtested_on_the_demand_of_the_usa(stub: forecast_pb2_grpc.ForecastServiceStub) -> None:
    """Three materials, a few models; every score or the reason why there is none, every observation with its row."""
    request = forecast_pb2.BacktestModelsRequest(
        stored=forecast_pb2.StoredDemand(buyer="USA", material_ids=["cobalt", "nickel", "tin"]),
        horizon=2,
        models=["default", "naive", "drift", DRIVEN],
    )
    answer = stub.BacktestModels(request, timeout=60)
    assert [one.series_id for one in answer.series] == ["cobalt/USA", "nickel/USA", "tin/USA"]
    assert [score.model for score in answer.overall] == list(request.models)
    for one in answer.series:
        scores = {score.model: score for score in one.scores}
        assert scores["naive"].owa == 1.0
        # Eight years: after four, five, six and seven, and two steps each but for the last.
        assert (scores["default"].origins, scores["default"].errors) == (4, 7)
        assert 0 <= scores["default"].coverage_80 <= scores["default"].coverage_95 <= 1
        assert not scores[DRIVEN].HasField("owa")
        assert scores[DRIVEN].without_scores_because
        assert len(one.history_origins) == 8
        assert all(figure.origins[0].dataset.dataset == "us-minerals" for figure in one.history_origins)
    drift = [{score.model: score for score in one.scores}["drift"] for one in answer.series]
    overall = {score.model: score for score in answer.overall}["drift"]
    assert overall.mase == pytest.approx(sum(score.mase for score in drift) / 3)
    assert overall.errors == 21
    assert {"us-minerals", "minerals", "drivers"} == {used.dataset for used in answer.record.datasets}
    again = stub.BacktestModels(request, timeout=60)
    assert (again.series, again.overall) == (answer.series, answer.overall)


def test_every_model_that_takes_a_series_is_backtested_where_none_is_named(
    stub: forecast_pb2_grpc.ForecastServiceStub,
) -> None:
    """With a country the driver model is among them, and right about a use that follows the economy."""
    request = forecast_pb2.BacktestModelsRequest(
        inline=forecast_pb2.DemandSeriesSet(series=[series()]), horizon=2, most_origins=2
    )
    (overall,) = (one.scores for one in stub.BacktestModels(request, timeout=120).series)
    named = [score.model for score in overall]
    assert named[0] == "default"
    assert {"scum", "auto_arima", DRIVEN, "prophet"} <= set(named)
    assert "seasonal_naive" not in named
    assert all(score.origins == 2 for score in overall)


def test_what_is_wrong_with_a_backtest_is_said_by_field(stub: forecast_pb2_grpc.ForecastServiceStub) -> None:
    """Unknown models, drivers that fall back in time, a country for months."""
    wrong = series()
    wrong.drivers.add(period="2020", population=1, gdp_usd=1)
    wrong.drivers.add(period="2019", population=1, gdp_usd=1)
    monthly = forecast_pb2.DemandSeries(
        series_id="tin",
        frequency=forecast_pb2.FREQUENCY_MONTHLY,
        unit="t",
        observations=[forecast_pb2.Observation(period="2020-01", value=1)],
        country="USA",
    )
    request = forecast_pb2.BacktestModelsRequest(
        inline=forecast_pb2.DemandSeriesSet(series=[wrong, monthly, series("QQQ", "zinc")]),
        horizon=2,
        models=["naive", "oracle"],
    )
    with pytest.raises(grpc.RpcError) as caught:
        stub.BacktestModels(request, timeout=60)
    told = from_rpc_error(caught.value, 1024)
    assert isinstance(told, InvalidRequest)
    violations = told.violations
    assert {found.field_path for found in violations} == {
        "inline.series[0].drivers[1].period",
        "inline.series[1].country",
        "inline.series[2].country",
        "models[1]",
    }


def test_a_buyer_without_demand_is_not_found(client: Client) -> None:
    """Andorra's use is not in the data, and it gives no figures of its own."""
    with pytest.raises(NotFound):
        client.forecast_demand(buyer="AND", materials=["cobalt"], horizon=2)


def test_a_new_use_grows_as_the_others_of_its_request_where_the_caller_wants_that(client: Client) -> None:
    """Six uses whose square roots grow by 2 % of the last a year, and one of which a single year is known."""
    known = {f"use {i}": {2000 + t: 10.0**i * (1 + 0.02 * (t - 19)) ** 2 for t in range(20)} for i in range(6)}
    asked = {**known, "new use": {2019: 50.0}}
    alone, lent = (client.forecast_demand(asked, horizon=2, lend_strength=lend)["new use"] for lend in (False, True))
    assert [step.median for step in alone.message.steps] == [50.0, 50.0]
    assert [step.median for step in lent.message.steps] == pytest.approx([50 * 1.02**2, 50 * 1.04**2])
    assert [use.model for use in lent.message.models] == ["neighbours"]
    with pytest.raises(InvalidRequest) as caught:
        client.forecast_demand(asked, horizon=2, model="drift", lend_strength=True)
    assert [found.field_path for found in caught.value.violations] == ["lend_strength"]
    with pytest.raises(InvalidRequest, match="use ForecastDemand"):
        client.batch_forecast_demand(asked, horizon=2, lend_strength=True)


def test_a_backtest_says_which_of_two_models_is_better_and_when_it_cannot_tell(client: Client) -> None:
    """A straight line with a little unrest, which drift sees and no change does not; four years say nothing."""
    line = {1990 + t: 1000.0 + 40 * t + 15 * (-1) ** (t // 2) for t in range(30)}
    tested = client.backtest_models({"line": line}, horizon=2, models=["naive", "drift"], most_origins=20)
    (row,) = tested.comparison_rows()
    assert (row["model"], row["other"], row["better"], row["origins"]) == ("naive", "drift", "drift", 20)
    assert row["difference"] > 0
    assert row["p_value"] < 0.05
    few = client.backtest_models({"line": line}, horizon=2, models=["naive", "drift"], most_origins=3)
    assert [(one.better, one.HasField("p_value")) for one in few.message.comparisons] == [("", False)]
