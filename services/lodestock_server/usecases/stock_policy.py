"""The stock policy of a material in a built problem: every figure that the data lack from a default, with its origin.

What the optimiser would fill in by itself (closing stock, costs of falling short) is filled in here instead, so that a
planner sees it and can say otherwise; the rules are those of docs/model.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lodestock_optimizers.problem import DAYS_PER_YEAR, DemandTier, StockPolicy
from lodestock_server.usecases.defaults import DefaultsBook
from lodestock_server.usecases.origins import Traced, TracedField, derive


@dataclass(frozen=True, slots=True)
class StockNeeds:
    """What a policy is made for.

    Attributes:
        material: Id of the mineral.
        demand: Yearly demand, tonnes, year by year.
        price: USD/t.
        shortage_costs: USD/t by tier.
        dearest: Dearest landed cost of any source, USD/t.
        floor_days: The caller's own floor; None: the default.
    """

    material: str
    demand: Sequence[Traced]
    price: Traced
    shortage_costs: Mapping[DemandTier, Traced]
    dearest: Traced
    floor_days: Traced | None


def stock_policy(defaults: DefaultsBook, needs: StockNeeds) -> tuple[StockPolicy, list[TracedField]]:
    """The policy, and its figures with their origins."""
    figures = _figures(defaults, needs)
    value = {name: traced.value for name, (traced, _) in figures.items()}
    policy = StockPolicy(
        opening_tonnes=value["opening_tonnes"],
        capacity_tonnes=value["capacity_tonnes"],
        closing_tonnes=value["closing_tonnes"],
        closing_shortfall_usd_per_tonne=value["closing_shortfall_usd_per_tonne"],
        floor_days=value["floor_days"],
        floor_shortfall_usd_per_tonne_year=value["floor_shortfall_usd_per_tonne_year"],
        holding_usd_per_tonne_year=value["holding_usd_per_tonne_year"],
        loss_rate_per_year=value["loss_rate_per_year"],
    )
    prefix = f"materials[{needs.material}].stock"
    return policy, [
        TracedField(f"{prefix}.{name}", (traced.value,), unit, traced.derivation, traced.origins)
        for name, (traced, unit) in figures.items()
    ]


def _figures(defaults: DefaultsBook, needs: StockNeeds) -> dict[str, tuple[Traced, str]]:
    def take(default_id: str) -> Traced:
        return defaults.take(default_id, needs.material)

    first, last, greatest = needs.demand[0], needs.demand[-1], max(needs.demand, key=lambda t: t.value)
    days, years = take("stock.opening_days"), take("stock.capacity_years")
    opening = derive(days.value / DAYS_PER_YEAR * first.value, "days / 365 × demand of the first year", days, first)
    room = max(opening.value, years.value * greatest.value)
    text = "the larger of the opening stock and years × the largest yearly demand"
    capacity = derive(room, text, years, greatest, opening)
    rate = take("stock.holding_share_of_price")
    floor = needs.floor_days or take("stock.floor_days")
    closing = _closing(take("stock.closing_share_of_floor"), floor, last, opening)
    shortfall = _closing_shortfall(take("stock.shortfall_share_of_shortage_costs"), needs)
    a_year = derive(
        shortfall.value / len(needs.demand), "cost of a tonne missing at the end / years of the horizon", shortfall
    )
    return {
        "opening_tonnes": (opening, "t"),
        "capacity_tonnes": (capacity, "t"),
        "closing_tonnes": (closing, "t"),
        "closing_shortfall_usd_per_tonne": (shortfall, "USD/t"),
        "floor_days": (floor, "d"),
        "floor_shortfall_usd_per_tonne_year": (a_year, "USD/t/a"),
        "holding_usd_per_tonne_year": (
            derive(rate.value * needs.price.value, "share × price", rate, needs.price),
            "USD/t/a",
        ),
        "loss_rate_per_year": (take("stock.loss_rate"), "1/a"),
    }


def _closing(share: Traced, floor: Traced, last: Traced, opening: Traced) -> Traced:
    of_floor = share.value * floor.value / DAYS_PER_YEAR * last.value
    text = "the larger of the opening stock and share × floor days / 365 × demand of the last year"
    return derive(max(opening.value, of_floor), text, share, floor, last, opening)


def _closing_shortfall(share: Traced, needs: StockNeeds) -> Traced:
    essential, general = needs.shortage_costs[DemandTier.ESSENTIAL], needs.shortage_costs[DemandTier.GENERAL]
    of_costs = share.value * (essential.value + general.value)
    text = "share × (essential + general shortage cost), at least the dearest landed cost"
    return derive(max(of_costs, needs.dearest.value), text, share, essential, general, needs.dearest)
