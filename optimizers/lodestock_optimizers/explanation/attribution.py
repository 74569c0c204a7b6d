"""Where the objective comes from: every dollar of it, and the field of the problem that causes it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from lodestock_optimizers.reading.answer import Answer

from .values import AttributedCost

NEGLIGIBLE_SHARE = 1e-12
"""Of the objective: a part below it is the solver's rounding."""


def attribute_costs(answer: Answer) -> tuple[AttributedCost, ...]:
    """The parts of the objective by field, the largest first; they add up to it.

    Costs weigh as in the objective, W(n), so that with a tail weight the paths of the tail count as they do there.
    """
    parts = list(_parts(answer))
    least = NEGLIGIBLE_SHARE * sum(abs(part.cost_usd) for part in parts)
    return tuple(sorted((p for p in parts if abs(p.cost_usd) > least), key=lambda p: (-p.cost_usd, p.field_path)))


def _parts(answer: Answer) -> Iterator[AttributedCost]:
    yield from _of_sources(answer)
    yield from _of_stock(answer)
    yield from _of_shortage(answer)
    instance, weight = answer.instance, answer.weight[:, None]
    for j, (substitution, usd) in enumerate(
        zip(instance.problem.substitutions, (weight * answer.replaced).sum(axis=0).tolist(), strict=True)
    ):
        path = f"substitutions[{j}].cost_usd_per_tonne"
        yield AttributedCost(path, substitution.substitution_id, usd * substitution.cost_usd_per_tonne)


def _of_sources(answer: Answer) -> Iterator[AttributedCost]:
    instance, problem = answer.instance, answer.instance.problem
    weight, period = answer.weight[:, None], instance.tree.period
    price, tariff = instance.price[period], instance.tariff[period]
    premium = np.array([source.spot_premium for source in problem.sources])
    contract_price = weight * price * instance.contract_price_factor * answer.delivered
    spot_price = weight * price * instance.tree.price_factor * answer.spot
    spot_landed = weight * instance.spot_cost * answer.spot / (1.0 + premium)
    bought = instance.contract_cost * answer.delivered + instance.spot_cost * answer.spot
    expected, years = instance.weight[:, None], instance.length[period][:, None]
    parts = {
        "unit_price_usd_per_tonne": contract_price + spot_price,
        "tariff_rate": tariff * (contract_price + spot_price),
        "freight_usd_per_tonne": weight * instance.freight * (answer.delivered + answer.spot),
        "spot_premium": premium * spot_landed,
        "reservation_fee_usd_per_tonne": weight * instance.fee * answer.of_contract(answer.contracted),
        "expansion.capital_usd_per_tonne_year": weight * years * instance.expansions.yearly_capital * answer.standing,
        "expansion.fixed_usd_per_tonne_year": weight
        * years
        * (instance.expansions.yearly_cost - instance.expansions.yearly_capital)
        * answer.standing,
        "fixed_cost_usd": weight * answer.of_contract(answer.fixed_cost),
        "risk": problem.price_of_risk * expected * instance.risk * bought,
    }
    for field, usd in parts.items():
        for l, cost in enumerate(usd.sum(axis=0).tolist()):
            yield AttributedCost(f"sources[{l}].{field}", problem.sources[l].source_id, cost)
    delivered = answer.delivered + answer.spot
    for i, policy in enumerate(problem.footprint_policies):
        per_tonne = [sum(f.per_tonne for f in source.footprints if f.kind == policy.kind) for source in problem.sources]
        cost = policy.price_usd_per_unit * float((weight * delivered * np.array(per_tonne)).sum())
        yield AttributedCost(f"footprint_policies[{i}].price_usd_per_unit", policy.kind, cost)


def _of_stock(answer: Answer) -> Iterator[AttributedCost]:
    instance = answer.instance
    weight, length = answer.weight, instance.length[instance.tree.period]
    for m, stock in instance.stocks.items():
        parts = {
            "holding_usd_per_tonne_year": stock.holding_usd_per_tonne_year * length * answer.stock[:, m],
            "floor_shortfall_usd_per_tonne_year": instance.floor_shortfall_cost(m) * length * answer.below_floor[:, m],
            "closing_shortfall_usd_per_tonne": instance.closing_shortfall_cost(m) * answer.below_closing[:, m],
            "disposal_usd_per_tonne": stock.disposal_usd_per_tonne * answer.disposed[:, m],
        }
        material = instance.problem.materials[m].material_id
        for field, usd in parts.items():
            yield AttributedCost(f"materials[{m}].stock.{field}", material, float(weight @ usd))


def _of_shortage(answer: Answer) -> Iterator[AttributedCost]:
    instance = answer.instance
    short = (answer.weight[:, None] * answer.shortage).sum(axis=0)
    for d, tier in enumerate(instance.tiers):
        material = instance.problem.materials[tier.material]
        # The tiers of an instance are in the order of their rank, those of a material in the caller's.
        i = next(i for i, demand in enumerate(material.demand) if demand.tier is tier.tier)
        path = f"materials[{tier.material}].demand[{i}].shortage_cost_usd_per_tonne"
        yield AttributedCost(path, material.material_id, float(short[d]) * tier.shortage_cost)
