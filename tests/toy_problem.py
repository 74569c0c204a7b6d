"""A small problem as a client writes it: one material, two suppliers, five years; its optimum is 13,943,637 USD."""

from __future__ import annotations

from lodestock.v1 import common_pb2, sourcing_pb2

OPTIMUM_USD = 13_943_637


def toy_problem() -> sourcing_pb2.SourcingProblem:
    """The toy of the model's description, without scenarios."""
    return sourcing_pb2.SourcingProblem(
        buyer="USA",
        periods=[sourcing_pb2.Period(label=str(2027 + i), length_years=1) for i in range(5)],
        materials=[
            sourcing_pb2.Material(
                material_id="cobalt",
                demand=[
                    sourcing_pb2.TierDemand(
                        tier=common_pb2.DEMAND_TIER_ESSENTIAL,
                        demand_tonnes=[100],
                        shortage_cost_usd_per_tonne=300_000,
                    )
                ],
                stock=sourcing_pb2.StockPolicy(opening_tonnes=10, holding_usd_per_tonne_year=500, closing_tonnes=0),
            )
        ],
        sources=[supplier("COD", 30_000, 200), supplier("AUS", 36_000, 30)],
        price_of_risk=0,
        discount_rate=0.03,
    )


def supplier(country: str, price_usd_per_tonne: float, capacity_tonnes: float) -> sourcing_pb2.Source:
    """A supplier of cobalt with a lead of one period."""
    return sourcing_pb2.Source(
        source_id=f"cobalt/{country}",
        material_id="cobalt",
        country=country,
        kind=common_pb2.SOURCE_KIND_IMPORT,
        unit_price_usd_per_tonne=[price_usd_per_tonne],
        freight_usd_per_tonne=200,
        capacity_tonnes=[capacity_tonnes],
        lead_periods=1,
    )
