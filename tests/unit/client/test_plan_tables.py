"""Plans that a limit of time stopped have no prices: neither tables nor printed plans make one up."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

import pytest

from lodestock.printing import PLAN_COLUMNS, headed, table_of, text_of
from lodestock.results import BuiltProblem, Plan
from lodestock.v1 import sourcing_pb2

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"
PRICES = {
    "contracts": ("reduced_cost_usd_per_tonne", "break_even_price_usd_per_tonne", "capacity_value_usd_per_tonne"),
    "balances": ("marginal_value_usd_per_tonne", "marginal_risk_charge_usd_per_tonne"),
}


def stopped_plan() -> Plan:
    """A plan with amounts and without prices."""
    message = sourcing_pb2.OptimizeSourcingResponse()
    message.plan.status = sourcing_pb2.PLAN_STATUS_FEASIBLE
    message.plan.contracts.add(source_id="cobalt/COD", contracted_tonnes=7)
    message.plan.balances.add(material_id="cobalt", demand_tonnes=7)
    message.plan.deliveries.add(source_id="cobalt/COD", contract_tonnes=7)
    return Plan(message)


@pytest.mark.parametrize("table", PRICES)
def test_unset_prices_are_no_figures(table: str) -> None:
    """None in rows, missing in a data frame, blank where printed; zeros stay zeros."""
    plan = stopped_plan()
    (row,) = plan.rows(table)
    assert [row[price] for price in PRICES[table]] == [None] * len(PRICES[table])
    assert plan.to_frame(table)[list(PRICES[table])].isna().all(axis=None)
    headings = PLAN_COLUMNS[table]
    shown = headed(plan.rows(table), headings)
    cells = {field: text_of(shown[0][heading]) for field, heading in headings.items() if heading in shown[0]}
    assert {cells[price] for price in PRICES[table] if price in cells} == {""}
    assert "7" in cells.values()
    assert table_of(shown, tuple(shown[0])).row_count == 1


def test_figures_stand_to_the_right_where_the_first_is_missing() -> None:
    plan = stopped_plan()
    plan.plan.contracts.add(source_id="cobalt/AUS", reduced_cost_usd_per_tonne=5.0)
    rows = plan.rows()
    table = table_of(rows, ("source_id", "reduced_cost_usd_per_tonne"))
    assert [column.justify for column in table.columns] == ["left", "right"]


def test_the_demo_gives_no_reasons_without_prices(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.syspath_prepend(EXAMPLES)
    reasons = import_module("reasons")
    problem = sourcing_pb2.BuildProblemResponse()
    problem.problem.periods.add(label="2026")
    problem.problem.sources.add(source_id="cobalt/COD", material_id="cobalt", unit_price_usd_per_tonne=[1.0])
    try:
        monkeypatch.setattr(sys.modules["tables"].console, "file", sys.stdout)
        reasons.print_reasons(BuiltProblem(problem), stopped_plan())
    finally:
        for name in ("reasons", "tables"):
            sys.modules.pop(name, None)
    printed = capsys.readouterr().out
    assert printed.startswith("FEASIBLE: ")
    assert len(printed.strip().splitlines()) == 1
