"""A server plans and assesses for the European Union, and for whoever brings figures of its own."""

from __future__ import annotations

from collections.abc import Iterator

import grpc
import pytest

from lodestock.v1 import (
    common_pb2,
    forecast_pb2,
    forecast_pb2_grpc,
    risk_pb2,
    risk_pb2_grpc,
    sourcing_pb2,
    sourcing_pb2_grpc,
)
from tests.server_process import ServerProcess

LARGE = [("grpc.max_receive_message_length", 64 << 20), ("grpc.max_send_message_length", 64 << 20)]
CONSUMPTION = common_pb2.OWN_FIGURE_KIND_CONSUMPTION
BY_COUNTRY = common_pb2.OWN_FIGURE_KIND_IMPORTS_BY_COUNTRY


@pytest.fixture
def channel(server: ServerProcess) -> Iterator[grpc.Channel]:
    """A channel to the server, for messages as large as the client's."""
    with grpc.insecure_channel(server.address, options=LARGE) as connected:
        yield connected


def copper_of_poland() -> list[common_pb2.OwnFigure]:
    """Consumption by three years, and where imports come from."""
    used = [(2022, 280.0), (2023, 290.0), (2024, 300.0)]
    return [
        *(
            common_pb2.OwnFigure(material="Cu", kind=CONSUMPTION, year=y, value=v, unit="kt", source="GUS")
            for y, v in used
        ),
        common_pb2.OwnFigure(material="copper", kind=BY_COUNTRY, country="CHL", year=2024, value=60, unit="%"),
    ]


def test_the_union_is_planned_with_all_its_materials(channel: grpc.Channel) -> None:
    """From the data to an optimal plan, every figure with an origin or a reason for having none."""
    stub = sourcing_pb2_grpc.SourcingServiceStub(channel)
    built = stub.BuildProblem(sourcing_pb2.BuildProblemRequest(buyer="EU27", horizon_years=5), timeout=120)
    assert len(built.problem.materials) >= 45
    assert all(figure.origins or figure.derivation for figure in built.figures)
    assert {"world-supply", "eu-minerals", "drivers"} <= {dataset.dataset for dataset in built.record.datasets}
    answer = stub.OptimizeSourcing(sourcing_pb2.OptimizeSourcingRequest(problem=built.problem), timeout=120)
    assert answer.plan.status == sourcing_pb2.PLAN_STATUS_OPTIMAL


def test_a_country_is_planned_by_its_own_figures(channel: grpc.Channel) -> None:
    """Its consumption is forecast with its own economy, and the rest comes from the world's figures."""
    stub = sourcing_pb2_grpc.SourcingServiceStub(channel)
    request = sourcing_pb2.BuildProblemRequest(buyer="POL", horizon_years=2, own_figures=copper_of_poland())
    built = stub.BuildProblem(request, timeout=120)
    assert [material.material_id for material in built.problem.materials] == ["copper"]
    assert sum(tier.demand_tonnes[0] for tier in built.problem.materials[0].demand) == pytest.approx(300_000, rel=0.2)
    callers = {
        (origin.caller.field_path, origin.caller.reason)
        for figure in built.figures
        for origin in figure.origins
        if origin.HasField("caller")
    }
    assert callers == {(f"own_figures[{i}].value", "GUS" if i < 3 else "") for i in range(4)}
    answer = stub.OptimizeSourcing(sourcing_pb2.OptimizeSourcingRequest(problem=built.problem), timeout=120)
    assert answer.plan.status == sourcing_pb2.PLAN_STATUS_OPTIMAL


def test_demand_of_both_is_forecast(channel: grpc.Channel) -> None:
    """A series of the caller's own names the fields it came from, an estimated one the rows and the default."""
    stub = forecast_pb2_grpc.ForecastServiceStub(channel)
    own = forecast_pb2.StoredDemand(buyer="POL", own_figures=copper_of_poland())
    (forecast,) = stub.ForecastDemand(forecast_pb2.ForecastDemandRequest(stored=own, horizon=2), timeout=60).forecasts
    assert [point.value for point in forecast.history] == [280_000, 290_000, 300_000]
    assert forecast.history_origins[2].origins[0].caller.field_path == "stored.own_figures[2].value"

    union = forecast_pb2.StoredDemand(buyer="EU27", material_ids=["tin"])
    (forecast,) = stub.ForecastDemand(forecast_pb2.ForecastDemandRequest(stored=union, horizon=2), timeout=60).forecasts
    kinds = {origin.WhichOneof("kind") for origin in forecast.history_origins[0].origins}
    assert kinds == {"dataset", "default_value"}
    assert any("rule of GDP" in remark for remark in forecast.remarks)


def test_risk_of_both_is_assessed(channel: grpc.Channel) -> None:
    """The Union by its published sourcing, Poland by its own imports."""
    stub = risk_pb2_grpc.RiskServiceStub(channel)
    union = risk_pb2.AssessSupplyRiskRequest(buyer="EU27", stored=risk_pb2.StoredSupply(material_ids=["cobalt"]))
    (risk, *_) = stub.AssessSupplyRisk(union, timeout=60).risks
    assert "eu_supply_risk" in {score.measure_id for score in risk.scores}
    assert next(source.risk for source in risk.sources if source.country == "FIN") == 0

    own = risk_pb2.StoredSupply(own_figures=copper_of_poland())
    (risk, *_) = stub.AssessSupplyRisk(risk_pb2.AssessSupplyRiskRequest(buyer="POL", stored=own), timeout=60).risks
    origins = [o for figure in risk.figures for o in figure.origins if o.HasField("caller")]
    assert "stored.own_figures[3].value" in {origin.caller.field_path for origin in origins}


def test_a_buyer_without_figures_is_told_what_to_give(channel: grpc.Channel) -> None:
    """Not an empty answer, and no figures made up."""
    stub = sourcing_pb2_grpc.SourcingServiceStub(channel)
    with pytest.raises(grpc.RpcError) as caught:
        stub.BuildProblem(sourcing_pb2.BuildProblemRequest(buyer="JPN", horizon_years=2), timeout=60)
    assert caught.value.code() is grpc.StatusCode.NOT_FOUND
    assert "own_figures of kind CONSUMPTION" in str(caught.value.details())
