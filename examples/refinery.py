"""Refined cobalt from abroad, or ore and a refinery at home: whether to build one, how large, and what to stock.

    python examples/refinery.py ADDRESS

A problem written by hand: prices, capital and probabilities are planning assumptions, as a ministry would set them.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from lodestock import Client
from lodestock.results import Plan

FIRST_YEAR, YEARS = 2027, 10
DEMAND_TONNES = 8_000.0
TONNES_OF_ORE_A_TONNE = 1.25
"""Cobalt in hydroxide, counted as hydroxide: what a tonne of refined cobalt takes of it, losses included."""


def problem(largest_refinery: float) -> dict[str, Any]:
    """Refined cobalt from China or Finland, or hydroxide from the Congo or Indonesia and a refinery at home."""
    shortage = {"tier": "DEMAND_TIER_ESSENTIAL", "demand_tonnes": [DEMAND_TONNES]}
    stock = {"opening_tonnes": 0, "closing_tonnes": 0, "holding_usd_per_tonne_year": 600}
    return {
        "buyer": "USA",
        "price_year": 2025,
        "periods": [{"label": str(FIRST_YEAR + year), "length_years": 1} for year in range(YEARS)],
        "materials": [
            {
                "material_id": "cobalt",
                "name": "Cobalt, refined",
                "demand": [{**shortage, "shortage_cost_usd_per_tonne": 200_000}],
                "stock": stock,
            },
            {"material_id": "cobalt hydroxide", "name": "Cobalt hydroxide, for the refinery alone", "stock": stock},
        ],
        "sources": [
            supplier("cobalt", "CHN", price=34_000, capacity=8_000),
            supplier("cobalt", "FIN", price=38_000, capacity=2_000),
            supplier("cobalt hydroxide", "COD", price=19_000, capacity=9_000),
            supplier("cobalt hydroxide", "IDN", price=22_000, capacity=3_000),
            refinery(largest_refinery),
        ],
        "scenarios": [
            stop("refined cobalt of China", "CHN", "cobalt", probability=0.15, onset=5, years=2),
            stop("hydroxide of the Congo", "COD", "cobalt hydroxide", probability=0.1, onset=7, years=1),
        ],
        "price_of_risk": 0,
        "discount_rate": 0.05,
    }


def supplier(material: str, country: str, price: float, capacity: float) -> dict[str, Any]:
    """Imports of a material from a country, as much in every year."""
    return {
        "source_id": f"{material}/{country}",
        "material_id": material,
        "country": country,
        "kind": "SOURCE_KIND_IMPORT",
        "unit_price_usd_per_tonne": [price],
        "capacity_tonnes": [capacity],
    }


def refinery(largest: float) -> dict[str, Any]:
    """A refinery that can be built: its price is that of the conversion, and it may stand still for a small fee."""
    return {
        **supplier("cobalt", "USA", price=5_000, capacity=0),
        "kind": "SOURCE_KIND_DOMESTIC",
        "lead_periods": 0,
        "take_or_pay": 0,
        "reservation_fee_usd_per_tonne": 1,
        "feed": {"material_id": "cobalt hydroxide", "tonnes_per_tonne": TONNES_OF_ORE_A_TONNE},
        "expansion": {
            "max_tonnes_per_year": largest,
            "capital_usd_per_tonne_year": 28_000,
            "fixed_usd_per_tonne_year": 400,
            "lead_periods": 3,
            "life_years": 20,
        },
    }


def stop(name: str, country: str, material: str, probability: float, onset: int, years: int) -> dict[str, Any]:
    """A country exports none of a material for some years."""
    return {
        "scenario_id": name,
        "probability": probability,
        "onset_period": onset,
        "end_period": onset + years - 1,
        "disruptions": [{"countries": [country], "material_ids": [material], "availability": 0}],
    }


def print_plans(plans: Mapping[str, Plan]) -> None:
    """What is built, what lies in stock before each stop if nothing has happened, and what it all costs."""
    for name, plan in plans.items():
        print(f"{name}: expected cost {plan.costs.expected_cost_usd / 1e6:,.1f} M USD")
        print(
            f"  shortage {plan.costs.shortage_usd / 1e6:,.1f}, investment {plan.costs.investment_usd / 1e6:,.1f} M USD"
        )
        for built in plan.plan.expansions:
            if built.tonnes_per_year > 0:
                decided, ready = FIRST_YEAR + built.period, FIRST_YEAR + built.ready_period
                print(f"  build {built.tonnes_per_year:,.0f} t a year, decided {decided}, running from {ready}")
        trunk = {node.node_id: node.period for node in plan.plan.nodes if node.on_trunk}
        for balance in plan.plan.balances:
            if balance.stock_tonnes > 0.5 and balance.node_id in trunk:
                year = FIRST_YEAR + trunk[balance.node_id]
                print(f"  stock {balance.stock_tonnes:,.0f} t of {balance.material_id} at the end of {year}")


def main() -> None:
    """Plan with and without the refinery."""
    with Client(sys.argv[1]) as client:
        print_plans(
            {
                "Imports alone": client.optimize_sourcing(problem(0)),
                "With a refinery to build": client.optimize_sourcing(problem(6_000)),
            }
        )


if __name__ == "__main__":
    main()
