"""Friendly inputs become messages, or say why they cannot."""

from __future__ import annotations

import math
import subprocess
import sys

import pandas as pd
import pytest

from lodestock import Client, InvalidRequest, Violation
from lodestock.inputs import demand_series, messages, names, period_label, violation_of
from lodestock.requests import TIMEOUT_S, Drivers, demand_to_forecast, solve_timeout_s
from lodestock.short_forms import spelled_out
from lodestock.tables import row_of
from lodestock.v1 import common_pb2, forecast_pb2, sourcing_pb2


@pytest.mark.parametrize(
    ("period", "label"),
    [
        (2025, "2025"),
        ("2025-Q3", "2025-Q3"),
        (pd.Period("2025", "Y"), "2025"),
        (pd.Period("2025Q3", "Q"), "2025-Q3"),
        (pd.Period("2025-07", "M"), "2025-07"),
    ],
)
def test_periods_are_labelled(period: object, label: str) -> None:
    """Years, labels and pandas periods are read."""
    assert period_label(period) == label


@pytest.mark.parametrize(
    "observations", [{"2025": 1.0, "2025-07": 2.0}, {"May": 1.0}, {}], ids=["mixed", "words", "none"]
)
def test_labels_without_one_frequency_are_refused(observations: dict[str, float]) -> None:
    """The message names the series and what would be right."""
    with pytest.raises(ValueError, match="series 'mine': periods must all be years such as 2025"):
        demand_series("mine", observations, "t")


def test_dicts_and_messages_mix() -> None:
    """A list may hold both."""
    override = common_pb2.DefaultOverride(default_id="a", value=1)
    assert messages(common_pb2.DefaultOverride, [override, {"default_id": "a", "value": 1}]) == [override, override]


def test_rows_have_short_names_and_know_unset_fields() -> None:
    """Enums lose the name of their enum; an optional field that is unset is None and not 0."""
    source = sourcing_pb2.Source(source_id="x", kind=common_pb2.SOURCE_KIND_IMPORT, unit_price_usd_per_tonne=[1.0])
    row = row_of(source)
    assert row["kind"] == "IMPORT"
    assert row["take_or_pay"] is None
    assert row["risk"] == 0.0
    assert "unit_price_usd_per_tonne" not in row
    assert row_of(forecast_pb2.DemandSeries(frequency=99))["frequency"] == "99"  # type: ignore[arg-type]


def test_forecast_needs_series_or_buyer() -> None:
    """One of both, and not both."""
    with Client("127.0.0.1:1") as client:
        with pytest.raises(ValueError, match="either series of your own, or a buyer"):
            client.forecast_demand(horizon=1)
        with pytest.raises(ValueError, match="either series of your own, or a buyer"):
            client.forecast_demand({"a": {2020: 1.0}}, buyer="USA", horizon=1)


def test_drivers_go_with_series_of_ones_own() -> None:
    """One path of population and GDP for all series of the request; a buyer's the server knows itself."""
    drivers = {2024: (38e6, 1.5e12), 2025: (37.9e6, 1.6e12)}
    asked = demand_to_forecast({"a": {2024: 1.0}, "b": {2024: 2.0}}, "", (), "t", (), "", drivers)
    for series in asked["inline"].series:
        assert [(d.period, d.population, d.gdp_usd) for d in series.drivers] == [
            ("2024", 38e6, 1.5e12),
            ("2025", 37.9e6, 1.6e12),
        ]
    with pytest.raises(ValueError, match="drivers go with series of your own"):
        demand_to_forecast(None, "USA", (), "t", (), "", drivers)


def test_drivers_may_hold_a_price_and_a_deployment_and_name_vehicles() -> None:
    drivers: Drivers = {2024: {"population": 38e6, "gdp_usd": 1.5e12, "price": 9000.0}, 2025: (37.9e6, 1.6e12)}
    vehicles = {"scenario": "STEPS", "modes": ["cars"]}
    asked = demand_to_forecast({"a": {2024: 1.0}}, "", (), "t", (), "", drivers, vehicles)
    (series,) = asked["inline"].series
    assert [driver.HasField("price") for driver in series.drivers] == [True, False]
    assert series.drivers[0].price == 9000.0
    assert series.vehicles.scenario == forecast_pb2.ENERGY_SCENARIO_STEPS
    assert list(series.vehicles.modes) == ["cars"]
    with pytest.raises(ValueError, match="vehicles go with series of your own"):
        demand_to_forecast(None, "USA", (), "t", (), "", None, {"scenario": "STEPS"})
    with pytest.raises(InvalidRequest, match="no such field"):
        demand_to_forecast({"a": {2024: 1.0}}, "", (), "t", (), "", {2024: {"people": 1.0}})


def test_laws_have_short_forms() -> None:
    """Paths as figures by year or as one figure, enums by short names, in lists and below; the rest as it is."""
    given = {"stock": {"lifetime": {"law": "weibull"}, "stock_tonnes": {2031: 2.0, "2030": 1.0}, "recovery": 0.9}}
    kind = forecast_pb2.ProjectDemandRequest
    assert spelled_out(given, kind.DESCRIPTOR) == {
        "stock": {
            "lifetime": {"law": "LIFETIME_LAW_WEIBULL"},
            "stock_tonnes": {"values": [{"year": 2030, "value": 1.0}, {"year": 2031, "value": 2.0}]},
            "recovery": {"values": [{"year": 2000, "value": 0.9}]},
        }
    }
    with pytest.raises(ValueError, match="'soon' is no year"):
        spelled_out({"stock": {"stock_tonnes": {"soon": 1.0}}}, kind.DESCRIPTOR)
    whole = {"sectors": {"uses": [{"tonnes": {"values": []}, "unknown": 1}]}}
    assert spelled_out(whole, kind.DESCRIPTOR) == whole


def test_import_stays_light() -> None:
    """Importing the client loads no data frames, no numbers and nothing of the command line or the server."""
    heavy = "{'pandas', 'numpy', 'typer', 'rich', 'lodestock_server', 'protovalidate'}"
    code = f"import sys, lodestock; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("problem", "field_path", "description"),
    [
        ({"buyr": "USA"}, "problem.buyr", "no such field; did you mean 'buyer'?"),
        ({"sources": [{}, {"rsk": 1}]}, "problem.sources[1].rsk", "no such field; did you mean 'risk'?"),
        ({"periods": [{"zebra": 1}]}, "problem.periods[0].zebra", "no such field; known: label, length_years"),
        ({"price_of_risk": math.nan}, "problem.price_of_risk", "must be a finite number"),
        ({"sources": [{"risk": math.inf}]}, "problem.sources[0].risk", "must be a finite number"),
        (
            {"sources": [{"capacity_tonnes": [1, -math.inf]}]},
            "problem.sources[0].capacity_tonnes[1]",
            "must be a finite",
        ),
        ({"sources": [{"risk": "high"}]}, "problem.sources[0].risk", "high"),
        ({"price_of_risk": {"a": 1}}, "problem.price_of_risk", "must be a string or a real number"),
        ({1: 2}, "problem.1", ""),
    ],
)
def test_dicts_that_are_no_message_are_refused_by_field(
    problem: dict[str, object], field_path: str, description: str
) -> None:
    """What protobuf says of a dict comes as a violation, as the server's own do, and nothing is sent."""
    with Client("127.0.0.1:1") as client, pytest.raises(InvalidRequest) as caught:
        client.validate_problem(problem)
    (violation,) = caught.value.violations
    assert violation.field_path == field_path
    assert description in violation.description


def test_dicts_in_lists_are_refused_by_field() -> None:
    """The path names the entry of the request's list."""
    with Client("127.0.0.1:1") as client:
        with pytest.raises(InvalidRequest, match=r"rules\[1\]\.familly: no such field"):
            client.build_problem("USA", horizon_years=1, rules=[{}, {"familly": "quota"}])
        with pytest.raises(InvalidRequest, match=r"inline\.supplies\[0\]\.material: no such field"):
            client.assess_supply_risk("USA", supplies=[{"material": "cobalt"}])


def test_text_that_protobuf_words_otherwise_is_passed_on() -> None:
    """An unknown wording still gives the field that was asked for."""
    found = violation_of("something else is wrong", sourcing_pb2.SourcingProblem(), "problem")
    assert found == Violation("problem", "something else is wrong")


def test_single_name_is_one_name() -> None:
    """A text is not taken apart into its letters."""
    assert list(names("tin")) == ["tin"]
    assert list(names(["tin", "zinc"])) == ["tin", "zinc"]
    assert list(names(())) == []


@pytest.mark.parametrize("limit_s", [None, math.nan, math.inf, -math.inf, 0.0, -20.0])
def test_limit_that_the_server_will_refuse_leaves_time_to_refuse(limit_s: float | None) -> None:
    """The timeout never comes from a limit that is no limit."""
    assert solve_timeout_s(limit_s) == TIMEOUT_S


def test_timeout_holds_the_time_limit() -> None:
    """The server's reserve fits between the limit and the timeout, and no limit makes an endless wait."""
    assert solve_timeout_s(1.0) > 10
    assert 3600 / 0.95 < solve_timeout_s(3600.0) < math.inf
    assert solve_timeout_s(1e308) < math.inf
