"""The sentences in English."""

from __future__ import annotations

MONEY = {"USD": "{} USD", "million": "{} million USD", "billion": "{} billion USD"}
UNITS = {
    "t": ("{} t", "A tonne"),
    "USD": ("{} USD", "A dollar"),
    "days": ("{} days", "A day"),
    "share": ("a share of {}", "A whole share"),
}
ANY_UNIT = ("{} {}", "A unit of {}")
CAUSES = {
    "unit_price_usd_per_tonne": "the price of {subject}",
    "tariff_rate": "duty on {subject}",
    "freight_usd_per_tonne": "freight of {subject}",
    "spot_premium": "the spot premium of {subject}",
    "reservation_fee_usd_per_tonne": "reservation fees of {subject}",
    "fixed_cost_usd": "fixed costs of {subject}",
    "risk": "the charge for the supply risk of {subject}",
    "price_usd_per_unit": "the price of the footprint {subject}",
    "holding_usd_per_tonne_year": "holding stock of {subject}",
    "floor_shortfall_usd_per_tonne_year": "stock of {subject} below its floor",
    "closing_shortfall_usd_per_tonne": "closing stock of {subject} that is missing",
    "disposal_usd_per_tonne": "disposing of {subject}",
    "shortage_cost_usd_per_tonne": "shortage of {subject} in the {tier} tier",
    "cost_usd_per_tonne": "the substitution {subject}",
}
LIMITS = {
    "quota": "the quota {subject}",
    "share_cap": "the cap {subject} on the share of {country} in {material}",
    "share_floor": "the share floor {subject} for {material}",
    "stock_floor": "the stock floor of {material}",
    "closing_stock": "the closing stock of {material}",
    "storage": "the store of {material}",
    "stock_in": "what can be put into stock of {material}",
    "stock_out": "what can be taken out of stock of {material}",
    "budget": "the budget",
    "reserves": "the reserves of {subject}",
    "spot_capacity": "what {subject} sells spot",
    "capacity": "the capacity of {subject}",
    "embargo": "the embargo {subject}",
    "footprint_cap": "the limit on the footprint {subject}",
    "book": "what is contracted of {subject} already",
    "min_order": "the minimum order of {subject}",
}
TIERS = {"DEFENCE": "defence", "ESSENTIAL": "essential", "GENERAL": "general"}
IN_PERIOD = "{named} in {period}"
QUANTITIES = {
    "deliveries": "expected deliveries of {material} from {country}",
    "contracts_now": "what is contracted of {subject} at the start",
    "peak_stock": "the largest stock of {material}",
}
PARTS = {
    "limits": "the limits",
    "why_not": "the suppliers",
    "firm_quantities": "how firm quantities are",
    "value_of_perfect_information_usd": "what knowing the future is worth",
}
SENTENCES = {
    "cost": "The plan is expected to cost {cost}, discounted to the start; {objective} count for the choice, "
    "with the charge for risk.",
    "cause": "{cost} of it come from {cause}.",
    "more": "{unit} more for {limit} would save {worth}.",
    "less": "{unit} less for {limit} would save {worth}.",
    "lift": "Lifting {limit} would save {worth}.",
    "between": "That holds for values from {least} to {most}; today it is {value}.",
    "from": "That holds for values from {least} upwards; today it is {value}.",
    "up_to": "That holds for values up to {most}; today it is {value}.",
    "always": "That holds for any value.",
    "beside": "The first unit of relief saves {relief}, the first unit of tightening costs {tightening}.",
    "beside_none": "The first unit of relief saves {relief}; with any less there is no plan.",
    "forced": "{tonnes} more from {subject} would add {cost}.",
    "impossible": "{tonnes} more from {subject} cannot be had under the rules.",
    "break_even": "For {period}, {subject} asks {price} a tonne and would be bought at {break_even}.",
    "firm": "At up to {increase} % more cost, {quantity} may be from {least} to {most}; the plan has {tonnes}.",
    "knowing": "Knowing the future from the start would save {cost}.",
    "knowing_costs": "Who knew the future from the start would pay {cost} more: rules bind contracts that are signed "
    "by someone who knows.",
    "held": "Contracts that are signed or not as a whole are held as they are in all these figures.",
    "left_out": "The time was not enough for {parts}.",
    "none": "There is no plan: the time was over, or the caller stopped it.",
    "infeasible": "There is no plan: the rules contradict each other.",
    "conflict": "Not all of these can be kept: {limits}.",
    "relaxation": "A plan is possible if {limit} gives way from {required} to {reachable}.",
}
JOINT = ", "
