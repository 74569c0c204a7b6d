"""What the fuzz found, each by its smallest request: refused in words, on the field at fault, in less than a header."""

from __future__ import annotations

import base64
import math
from typing import Any

import grpc
import pytest

from lodestock import Client, InvalidRequest, Violation
from lodestock.v1 import catalog_pb2, forecast_pb2, risk_pb2, sourcing_pb2
from tests.fuzz.calls import Call, Outcome, send
from tests.fuzz.methods import Method, find_methods
from tests.fuzz.verdict import faults
from tests.server_process import ServerProcess
from tests.toy_problem import toy_problem

LONG_TEXT = "🜁" * 5000


def paths(violations: tuple[Violation, ...]) -> set[str]:
    """The fields that violations speak of."""
    return {violation.field_path for violation in violations}


def method_named(channel: grpc.Channel, name: str) -> Method:
    """The method of that name."""
    return next(method for method in find_methods(channel) if method.path.endswith(f"/{name}"))


def sent(server: ServerProcess, name: str, request: Any, metadata: tuple[tuple[str, str], ...] = ()) -> Outcome:
    """What a client that knows nothing of Lodestock gets, which must be nothing that it should not see."""
    with grpc.insecure_channel(server.address) as channel:
        method = method_named(channel, name)
        call = Call(method.path, method, (request.SerializeToString(),), metadata)
        outcome = send(channel, call)
    assert faults(call, outcome) == []
    return outcome


def test_a_seed_that_the_forecaster_cannot_take_is_refused(server: ServerProcess, client: Client) -> None:
    """As ForecastDemand refuses it; no worker dies of it."""
    assert client.assess_supply_risk("USA", ["cobalt"])
    before = server.workers()
    with pytest.raises(InvalidRequest) as caught:
        client.build_problem("USA", ["cobalt"], horizon_years=2, seed=2**63)
    assert paths(caught.value.violations) == {"seed"}
    assert server.workers() == before


def test_materials_given_twice_are_refused_where_they_stand(client: Client) -> None:
    """In the request, which has no `materials`, and not in the problem that is yet to be built."""
    with pytest.raises(InvalidRequest) as caught:
        client.build_problem("USA", ["cobalt", "cobalt", ""], horizon_years=2)
    assert paths(caught.value.violations) == {"material_ids", "material_ids[2]"}


def test_long_texts_are_quoted_in_part(server: ServerProcess) -> None:
    """A client that takes 8 KiB of metadata gets the violation, its field, and what would be right."""
    stored = risk_pb2.StoredSupply()
    outcome = sent(server, "AssessSupplyRisk", risk_pb2.AssessSupplyRiskRequest(buyer=LONG_TEXT, stored=stored))
    assert outcome.code == "INVALID_ARGUMENT"
    assert outcome.text.startswith("1 violation; buyer: '🜁")
    assert outcome.text.endswith("is no country code, must be ISO 3166-1 alpha-3, such as 'USA', or 'EU27'")


def test_many_long_texts_fit_into_an_error(server: ServerProcess) -> None:
    """Those that do not fit are counted."""
    series = [forecast_pb2.DemandSeries(series_id=LONG_TEXT, unit=LONG_TEXT) for _ in range(30)]
    inline = forecast_pb2.DemandSeriesSet(series=series)
    request = forecast_pb2.ForecastDemandRequest(inline=inline, horizon=1, model=LONG_TEXT)
    assert sent(server, "ForecastDemand", request).code == "INVALID_ARGUMENT"


@pytest.mark.parametrize("announced", ["9" * 5000, "-1", "1e9", "", "0x10"])
def test_nonsense_about_how_much_a_caller_takes_is_ignored(server: ServerProcess, announced: str) -> None:
    """The least is taken."""
    metadata = (("lodestock-error-bytes", announced),)
    outcome = sent(server, "AssessSupplyRisk", risk_pb2.AssessSupplyRiskRequest(), metadata)
    assert outcome.code == "INVALID_ARGUMENT"


def test_methods_that_standard_services_have_in_name_only_are_not_offered(server: ServerProcess) -> None:
    """They are no fault of the server."""
    with grpc.insecure_channel(server.address) as channel:
        call: Any = channel.unary_unary("/grpc.health.v1.Health/List")
        with pytest.raises(grpc.RpcError) as caught:
            call(b"", timeout=10)
    assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED
    assert '"fault"' not in server.log()


def broken_problems() -> dict[str, tuple[sourcing_pb2.SourcingProblem, set[str]]]:
    """Problems beyond what can be reckoned with, and the fields at fault."""
    found: dict[str, tuple[sourcing_pb2.SourcingProblem, set[str]]] = {}

    def add(name: str, *fields: str) -> sourcing_pb2.SourcingProblem:
        found[name] = (toy_problem(), set(fields))
        return found[name][0]

    add("closing stock", "materials[0].stock.closing_tonnes").materials[0].stock.closing_tonnes = 9.5e122
    add("period of no time", "periods[0].length_years").periods[0].length_years = 5e-324
    add("weight of the end", "discount_rate").discount_rate = math.nextafter(-1, 0)
    add("price of risk", "price_of_risk").price_of_risk = 1e300
    dear = add("landed cost", "sources[0].unit_price_usd_per_tonne").sources[0]
    dear.unit_price_usd_per_tonne[:], dear.tariff_rate[:] = [1e11], [50.0]
    probable = add("probabilities", "scenarios", "scenarios[0].probability", "scenarios[1].probability")
    probable.scenarios.add(scenario_id="a", probability=1.7e308)
    probable.scenarios.add(scenario_id="b", probability=1.7e308)
    lossy = add("loss", "materials[0].stock.loss_rate_per_year")
    lossy.periods[0].length_years = 0.5
    stock = lossy.materials[0].stock
    stock.loss_rate_per_year, stock.capacity_tonnes, stock.max_out_tonnes = 1.5, 1, 1
    endless = add("periods", "periods[0].length_years", "periods[1].length_years")
    endless.periods[0].length_years, endless.periods[1].length_years = math.inf, -math.inf
    together = add("factors", "scenarios[0].disruptions", "scenarios[0].demand_factors")
    disruptions = [sourcing_pb2.Disruption(price_factor=1000)] * 2
    factors = [sourcing_pb2.DemandFactor(factor=1000)] * 2
    together.scenarios.add(scenario_id="s", probability=0.1, disruptions=disruptions, demand_factors=factors)
    return found


@pytest.mark.parametrize("name", broken_problems())
def test_numbers_beyond_the_solver_are_refused_by_field(server: ServerProcess, client: Client, name: str) -> None:
    """Before the solver sees them; ValidateProblem says the same."""
    problem, fields = broken_problems()[name]
    assert sent(server, "OptimizeSourcing", sourcing_pb2.OptimizeSourcingRequest(problem=problem)).code != "OK"
    with pytest.raises(InvalidRequest) as caught:
        client.optimize_sourcing(problem)
    assert paths(caught.value.violations) == {f"problem.{field}" for field in fields}
    assert paths(client.validate_problem(problem).violations) == fields


def test_the_code_for_unnamed_countries_is_no_country_of_a_supply(server: ServerProcess) -> None:
    """It stands in problems alone; the shares of a supply leave the country empty instead."""
    supply = risk_pb2.MaterialSupply(material_id="a", sourcing=[risk_pb2.CountryShare(country="ZZZ", share=0.5)])
    inline = risk_pb2.MaterialSupplySet(supplies=[supply])
    outcome = sent(server, "AssessSupplyRisk", risk_pb2.AssessSupplyRiskRequest(buyer="FRA", inline=inline))
    assert outcome.code == "INVALID_ARGUMENT"
    assert sent(server, "AssessSupplyRisk", risk_pb2.AssessSupplyRiskRequest(buyer="ZZZ", inline=inline)).code != "OK"


def test_what_is_built_beyond_the_solver_is_refused_in_the_request(client: Client) -> None:
    """Stock floor, demand and overrides make figures of the problem, whose paths the request does not have."""
    with pytest.raises(InvalidRequest) as caught:
        client.build_problem("USA", ["cobalt"], horizon_years=1, floor_days=1e100, demand={"cobalt": [1e300]})
    assert paths(caught.value.violations) == {"floor_days", "demand[0].demand_tonnes[0]"}
    overrides = [{"default_id": "shortage.general_price_multiple", "value": 1e200}]
    with pytest.raises(InvalidRequest, match="shortage_cost_usd_per_tonne") as caught:
        client.build_problem("USA", ["cobalt"], horizon_years=1, overrides=overrides)
    assert paths(caught.value.violations) == {"overrides"}


@pytest.mark.parametrize("position", [2**63, 10**21, -1])
def test_page_tokens_of_positions_that_no_database_counts_to_are_refused(server: ServerProcess, position: int) -> None:
    """They look like tokens that the server gave out."""
    token = base64.urlsafe_b64encode(str(position).encode()).decode()
    assert sent(server, "ListDatasets", catalog_pb2.ListDatasetsRequest(page_token=token)).code == "INVALID_ARGUMENT"
