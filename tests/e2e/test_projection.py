"""Demand by a law over a real socket, in Python and as a command, and its scrap as a source of a plan."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lodestock import Client, InvalidRequest
from lodestock.v1 import common_pb2
from tests.e2e.test_command_line import lodestock
from tests.server_process import ServerProcess
from tests.toy_problem import toy_problem

LITHIUM_2030 = 455_485
"""The IEA's total of 2030 in STEPS, tonnes."""
STOCK = {
    "material_id": "cobalt",
    "lifetime": {"law": "NORMAL", "years": 10.0, "spread": 3.0},
    "past_inflow_tonnes": {1970: 10.0, 2026: 10.0},
    "stock_tonnes": 100.0,
    "collection": {2027: 0.5, 2040: 0.6},
}


def test_published_uses_add_up_and_say_where_they_come_from(client: Client) -> None:
    found = client.project_demand(2030, 2031, sectors={"published": {"scenario": "STEPS", "material_ids": ["lithium"]}})
    (first, second) = found.rows()
    assert first["demand_tonnes"] == pytest.approx(LITHIUM_2030, rel=0.02)
    assert (first["material_id"], first["year"], second["year"]) == ("lithium", 2030, 2031)
    parts = {row["use_id"]: row["tonnes"] for row in found.part_rows() if row["year"] == 2030}
    assert sum(parts.values()) == pytest.approx(first["demand_tonnes"])
    assert {one.dataset for one in found.record.datasets} == {"iea-scenarios", "minerals"}
    assert list(found.to_frame()["year"]) == [2030, 2031]
    assert found.secondary_supply() == {}


def test_a_table_of_inputs_is_solved(client: Client) -> None:
    found = client.project_demand(
        2030,
        2031,
        input_output={
            "sectors": [{"sector_id": "metal", "material_id": "copper"}, {"sector_id": "cable"}],
            "coefficients": [{"from_sector": "metal", "into_sector": "cable", "amount": 0.25}],
            "final_demand": [{"sector_id": "cable", "units": {2030: 100.0, 2031: 200.0}}],
        },
    )
    assert [row["demand_tonnes"] for row in found.rows()] == [25.0, 50.0]


def test_what_scrap_gives_back_becomes_a_source_of_a_plan(client: Client) -> None:
    """In a steady state 10 t leave use a year, half of which come back: cheap cobalt that the plan takes."""
    found = client.project_demand(2027, 2040, stock=STOCK)
    supply = found.secondary_supply()["cobalt"]
    assert supply[2027] == pytest.approx(5.0, rel=0.05)
    problem = toy_problem()
    recycled = found.put_into(problem, country="USA", unit_price_usd_per_tonne=1.0)
    (source,) = [one for one in recycled.sources if one.kind == common_pb2.SOURCE_KIND_RECYCLED]
    assert source.source_id == "cobalt/USA/recovered"
    assert list(source.capacity_tonnes) == pytest.approx(list(supply.values())[: len(problem.periods)])
    assert len(problem.sources) == len(recycled.sources) - 1
    without, with_scrap = client.optimize_sourcing(problem), client.optimize_sourcing(recycled)
    assert with_scrap.costs.expected_cost_usd < without.costs.expected_cost_usd
    problem.periods[0].label = "spring"
    with pytest.raises(ValueError, match="'spring' must begin with a year of the projection, 2027 to 2040"):
        found.put_into(problem, country="USA", unit_price_usd_per_tonne=1.0)


def test_what_is_wrong_is_told_by_field(client: Client) -> None:
    with pytest.raises(InvalidRequest) as caught:
        client.project_demand(2027, 2040, stock={**STOCK, "collection": {2027: 0.5, 2030: 0.6}})
    assert [one.field_path for one in caught.value.violations] == ["stock.collection"]
    with pytest.raises(InvalidRequest, match="no such field"):
        client.project_demand(2027, 2040, stock={"lifetme": {}})
    with pytest.raises(ValueError, match="give one law"):
        client.project_demand(2027, 2040)


def test_the_command_reads_a_law_from_a_file(server: ServerProcess, tmp_path: Path) -> None:
    file = tmp_path / "law.json"
    file.write_text(json.dumps({"stock": {**STOCK, "past_inflow_tonnes": {"1970": 10.0, "2026": 10.0}}}))
    printed = lodestock(server, "project", str(file), "--first", "2027", "--last", "2028")
    assert printed.returncode == 0, printed.stderr
    assert "recovered_tonnes" in printed.stdout
    assert "2028" in printed.stdout
    file.write_text("[]")
    assert lodestock(server, "project", str(file), "--first", "2027", "--last", "2028").returncode == 2


def test_a_series_follows_the_vehicles_that_it_names(client: Client) -> None:
    """Lithium that goes with the electric vehicles sold in the world: more of it in APS than in STEPS by 2035."""
    use = {str(year): 1000.0 + 0.01 * 1.5 ** (year - 2010) for year in range(2012, 2025)}
    by_2035 = {}
    for scenario in ("STEPS", "APS"):
        answer = client.forecast_demand(
            {"lithium": use}, horizon=11, model="deployment", country="USA", vehicles={"scenario": scenario}
        )
        (found,) = answer.message.forecasts
        assert [one.model for one in found.models if one.weight] == ["deployment"]
        by_2035[scenario] = found.steps[-1].median
        assert any("electric vehicles" in remark and scenario in remark for remark in found.remarks)
        (deployed,) = [one for one in found.driver_origins if one.field_path.endswith("drivers.deployment")]
        assert {cell.dataset.resource for cell in deployed.origins} == {"ev_sales"}
        assert {one.name: one.value > 0 for one in found.law_coefficients} == {"base": True, "intensity": True}
    assert by_2035["APS"] > by_2035["STEPS"] > use["2024"]
    with pytest.raises(InvalidRequest, match="name a country, or give drivers"):
        client.forecast_demand({"lithium": use}, horizon=2, vehicles={"scenario": "STEPS"})
