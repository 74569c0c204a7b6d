"""Nonsense is answered with every fault at once, by field path, and the server goes on."""

from __future__ import annotations

import math
from typing import Any

import grpc
import pytest

from lodestock import Client, InvalidRequest, NotFound, Violation
from lodestock.v1 import forecast_pb2, risk_pb2, sourcing_pb2, sourcing_pb2_grpc
from tests.server_process import ServerProcess
from tests.toy_problem import OPTIMUM_USD, supplier, toy_problem


def paths(violations: tuple[Violation, ...]) -> set[str]:
    """The fields that violations speak of."""
    return {violation.field_path for violation in violations}


def nonsense() -> sourcing_pb2.SourcingProblem:
    """A problem with one fault of each kind, of the contract's rules and of those across fields."""
    problem = toy_problem()
    problem.materials[0].demand[0].demand_tonnes[:] = [-100]
    problem.sources[0].unit_price_usd_per_tonne[:] = [math.nan]
    problem.sources[1].country = "XQZ"
    problem.sources.append(supplier("COD", 1, 1))
    problem.scenarios.add(scenario_id="too likely", probability=1.5, onset_period=1)
    problem.scenarios.add(scenario_id="too late", probability=0.1, onset_period=99)
    return problem


NONSENSE_PATHS = {
    "materials[0].demand[0].demand_tonnes[0]",
    "sources[0].unit_price_usd_per_tonne[0]",
    "sources[1].country",
    "sources[2].source_id",
    "scenarios[0].probability",
    "scenarios[1].onset_period",
    "scenarios",
}


def test_optimising_nonsense_names_every_fault(client: Client) -> None:
    """One call, every fault; the next call is answered as ever."""
    with pytest.raises(InvalidRequest) as caught:
        client.optimize_sourcing(nonsense())
    assert paths(caught.value.violations) == {f"problem.{path}" for path in NONSENSE_PATHS}
    descriptions = {found.field_path: found.description for found in caught.value.violations}
    assert "ISO 3166" in descriptions["problem.sources[1].country"]
    assert "-100" in descriptions["problem.materials[0].demand[0].demand_tonnes[0]"]
    assert caught.value.correlation_id
    assert client.optimize_sourcing(toy_problem()).costs.objective_usd == pytest.approx(OPTIMUM_USD, rel=1e-6)


def test_validating_nonsense_answers_with_the_same_faults(client: Client) -> None:
    """What OptimizeSourcing refuses, ValidateProblem explains; a sound problem has a size instead."""
    assert paths(client.validate_problem(nonsense()).violations) == NONSENSE_PATHS
    sound = client.validate_problem(toy_problem())
    assert sound
    assert sound.size is not None
    assert sound.size.nodes == 5


def test_empty_problems_are_refused(client: Client) -> None:
    """An empty problem lacks buyer, periods and materials; no problem at all is refused too."""
    with pytest.raises(InvalidRequest) as caught:
        client.optimize_sourcing(sourcing_pb2.SourcingProblem())
    assert paths(caught.value.violations) == {"problem.buyer", "problem.periods", "problem.materials"}


def test_request_without_a_problem_is_refused(server: ServerProcess) -> None:
    """A stub of another language may leave the problem out."""
    with grpc.insecure_channel(server.address) as channel:
        stub = sourcing_pb2_grpc.SourcingServiceStub(channel)
        with pytest.raises(grpc.RpcError) as caught:
            stub.OptimizeSourcing(sourcing_pb2.OptimizeSourcingRequest(), timeout=10)
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT


def test_series_with_faults_are_refused_together(client: Client) -> None:
    """Faults in several series and in the options come in one answer."""
    series = {"up": {2020: 1.0, 2021: -2.0}, "down": {2020: 1.0, 2019: math.inf}, "empty": {2020: math.nan}}
    with pytest.raises(InvalidRequest) as caught:
        client.forecast_demand(series, horizon=0, quantile_levels=[1.5], model="crystal ball")
    assert paths(caught.value.violations) == {
        "inline.series[0].observations[1].value",
        "inline.series[1].observations[1].period",
        "inline.series[1].observations[1].value",
        "inline.series[2].observations",
        "horizon",
        "quantile_levels[0]",
        "model",
    }


def test_what_the_data_do_not_hold_is_refused_by_name(client: Client) -> None:
    """Unknown codes and materials are violations; a known country without data is not found."""
    with pytest.raises(InvalidRequest) as caught:
        client.forecast_demand(buyer="XYZ", materials=["cobalt", "unobtainium"], horizon=3)
    assert paths(caught.value.violations) == {"stored.buyer", "stored.material_ids[1]"}
    with pytest.raises(NotFound, match=r"own_figures of kind CONSUMPTION.*USA.*EU27"):
        client.forecast_demand(buyer="FRA", horizon=3)


def test_faults_of_own_figures_are_named_together_wherever_they_stand(client: Client) -> None:
    """Problems, forecasts and risks take the same figures, and find the same faults in them at their own paths."""
    own = [
        {"material": "coper", "kind": "CONSUMPTION", "year": 2024, "value": 1},
        {"material": "copper", "kind": "CONSUMPTION", "year": 2024, "value": 1, "unit": "bushel", "country": "CHL"},
        {"material": "copper", "kind": "IMPORTS_BY_COUNTRY", "year": 2024, "value": 120, "unit": "%"},
        {"material": "copper", "kind": "PRICE", "year": 1700, "value": 1, "form": "wire"},
    ]
    faults = {"[0].material", "[1].unit", "[1].country", "[2].value", "[2].country", "[3].year", "[3].form"}
    with pytest.raises(InvalidRequest) as caught:
        client.build_problem("POL", horizon_years=1, own_figures=own)
    assert paths(caught.value.violations) == {f"own_figures{fault}" for fault in faults}
    with pytest.raises(InvalidRequest) as caught:
        client.forecast_demand(buyer="POL", horizon=1, own_figures=own)
    assert paths(caught.value.violations) == {f"stored.own_figures{fault}" for fault in faults}
    with pytest.raises(InvalidRequest) as caught:
        client.assess_supply_risk("POL", own_figures=own)
    assert paths(caught.value.violations) == {f"stored.own_figures{fault}" for fault in faults}


def test_supplies_with_faults_are_refused_together(client: Client) -> None:
    """Shares beyond the whole, a country twice, a code that is none, and a figure that a choice needs."""
    shares = [
        risk_pb2.CountryShare(country="CHN", share=0.9),
        risk_pb2.CountryShare(country="CHN", share=0.9),
        risk_pb2.CountryShare(country="QQQ", share=7),
    ]
    supply = risk_pb2.MaterialSupply(
        material_id="my alloy", global_supply=shares, supply_data=risk_pb2.SUPPLY_DATA_GLOBAL_AND_SOURCING
    )
    with pytest.raises(InvalidRequest) as caught:
        client.assess_supply_risk("USA", supplies=[supply])
    assert paths(caught.value.violations) == {
        f"inline.supplies[0].{path}"
        for path in (
            "global_supply",
            "global_supply[1].country",
            "global_supply[2].country",
            "global_supply[2].share",
            "sourcing",
            "import_reliance",
        )
    }


def test_thousands_of_faults_fit_into_one_answer(client: Client) -> None:
    """Lodestock's client takes large errors; every fault of a large problem arrives."""
    problem = toy_problem()
    problem.sources.extend(supplier("COD", -1, 1) for _ in range(2000))
    with pytest.raises(InvalidRequest) as caught:
        client.optimize_sourcing(problem)
    assert len(caught.value.violations) >= 4000


def test_other_clients_get_what_fits_into_their_metadata(server: ServerProcess) -> None:
    """A client that announces nothing takes 8 KiB of metadata: the list is cut and says so."""
    series = [
        forecast_pb2.DemandSeries(series_id="same", observations=[forecast_pb2.Observation(period="20", value=-1)])
        for _ in range(500)
    ]
    request = forecast_pb2.ForecastDemandRequest(horizon=1, inline=forecast_pb2.DemandSeriesSet(series=series))
    with grpc.insecure_channel(server.address) as channel:
        call: Any = channel.unary_unary(
            "/lodestock.v1.ForecastService/ForecastDemand",
            request_serializer=forecast_pb2.ForecastDemandRequest.SerializeToString,
        )
        with pytest.raises(grpc.RpcError) as caught:
            call(request, timeout=10)
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    details = {entry.key: entry.value for entry in caught.value.trailing_metadata()}["grpc-status-details-bin"]
    assert isinstance(details, bytes)
    assert b"more violations" in details
    assert len(details) < 8 * 1024


def test_building_from_nonsense_names_every_fault(client: Client) -> None:
    """Materials, demand, defaults, rules and scenarios are checked before anything is read or forecast."""
    with pytest.raises(InvalidRequest) as caught:
        client.build_problem(
            "XQZ",
            ["cobalt", "unobtainium"],
            horizon_years=0,
            demand={"tin": [1.0]},
            overrides=[{"default_id": "no such default", "value": 1}],
            rules=[sourcing_pb2.TradeRule(rule_id="r", countries=["XQZ"], embargo=sourcing_pb2.Embargo())],
            scenarios=[sourcing_pb2.Scenario(scenario_id="s", probability=2, onset_period=99)],
        )
    assert paths(caught.value.violations) == {
        "buyer",
        "material_ids[1]",
        "horizon_years",
        "demand[0].material_id",
        "overrides[0].default_id",
        "rules[0].countries[0]",
        "scenarios",
        "scenarios[0].probability",
        "scenarios[0].onset_period",
    }


def test_what_would_take_the_servers_memory_is_refused_before_it_begins(client: Client) -> None:
    """A problem of too many scenarios and a forecast of too many paths say what the limit is."""
    problem = toy_problem()
    label = problem.periods[0].label
    for i in range(200):
        problem.periods.add(label=f"{label}+{i}", length_years=1.0)
    for i in range(5_000):
        problem.scenarios.add(
            scenario_id=f"s{i}", probability=1e-4, onset_period=0, disruptions=[{"availability": 0.5}]
        )
    with pytest.raises(InvalidRequest) as caught:
        client.optimize_sourcing(problem)
    assert "problem.scenarios" in paths(caught.value.violations)
    series = {f"s{i}": {2024: 1.0, 2025: 2.0} for i in range(200)}
    with pytest.raises(InvalidRequest) as caught:
        client.forecast_demand(series, horizon=100, sample_paths=10_000)
    assert paths(caught.value.violations) == {"sample_paths"}


def test_an_answer_names_the_datasets_it_read_with_their_full_digests(client: Client) -> None:
    """Cobalt's demand stands in one dataset, and what cobalt is in another."""
    datasets = client.forecast_demand(buyer="USA", materials=["cobalt"], horizon=1).record.datasets
    assert {dataset.dataset for dataset in datasets} == {"minerals", "us-minerals"}
    assert all(len(d.digest) == 64 and d.version.endswith(f"+{d.digest[:12]}") for d in datasets)
