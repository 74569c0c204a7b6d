"""The sentences in English."""

from __future__ import annotations

MONEY = ((1e9, "{} billion USD"), (1e6, "{} million USD"), (1.0, "{} USD"))
UNITS = {
    "t": ("{} t", "tonne"),
    "USD": ("{} USD", "dollar"),
    "days": ("{} days", "day"),
    "share": ("{} %", "percentage point"),
    "t/year": ("{} t a year", "tonne a year"),
}
ANY_UNIT = ("{} {}", "{}")
MORE = {"way": "more", "Way": "More", "to": "up to"}
LESS = {"way": "less", "Way": "Less", "to": "down to"}
UNNAMED = "suppliers not named"
UNNAMED_SOURCE = "{} (suppliers not named)"
CAUSES = {
    "unit_price_usd_per_tonne": "the price of {subject}",
    "tariff_rate": "duty on {subject}",
    "freight_usd_per_tonne": "freight of {subject}",
    "spot_premium": "the spot premium of {subject}",
    "reservation_fee_usd_per_tonne": "reservation fees of {subject}",
    "capital_usd_per_tonne_year": "the capital of what is built at {subject}",
    "fixed_usd_per_tonne_year": "the fixed cost of what is built at {subject}",
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
    "expansion": "what can be built at {subject}",
    "embargo": "the embargo {subject}",
    "footprint_cap": "the limit on the footprint {subject}",
    "book": "what is contracted of {subject} already",
    "min_order": "the minimum order of {subject}",
}
TIERS = {"DEFENCE": "defence", "ESSENTIAL": "essential", "GENERAL": "general"}
IN_PERIOD = "{named} in {period}"
FROM_TO = "{} to {}"
SOME_OF = "some periods from {} to {}"
IF = "{named} (if {scenarios} happens)"
IF_OTHERS = "{named} (if {scenarios} or another scenario happens)"
QUANTITIES = {
    "deliveries": "expected deliveries of {material} from {country}",
    "contracts_now": "what is contracted of {subject} at the start",
    "peak_stock": "the largest stock of {material}",
}
PARTS = {
    "limits": "the limits",
    "why_not": "the suppliers",
    "firm_quantities": "how firm quantities are",
    "value_of_planning": "what planning for disruption saves",
    "value_of_perfect_information_usd": "what knowing the future is worth",
}
SENTENCES = {
    "cost": "The plan is expected to cost {cost}, discounted to the start; {objective} count for the choice, "
    "with the charge for risk.",
    "cost_tail": "The plan is expected to cost {cost}, discounted to the start; {objective} count for the choice, "
    "with the charge for risk and the weight of the dearest outcomes.",
    "cause": "Of what counts, {cost} come from {cause}.",
    "relief_to": "Each {unit} {way} for {limit} would save {worth}, {to} {end}; today it is {value}.",
    "relief_always": "Each {unit} {way} for {limit} would save {worth}, however far; today it is {value}.",
    "relief_first": "A little {way} for {limit} would save {worth} for each {unit}; today it is {value}.",
    "relief_nothing": "{Way} for {limit} would save nothing; today it is {value}.",
    "tighter_to": "Each {unit} {way} would cost as much, {to} {end}.",
    "tighter_always": "Each {unit} {way} would cost as much, however far.",
    "tighter_first": "A little {way} would cost {worth} for each {unit}.",
    "tighter_nothing": "A little {way} would cost nothing.",
    "tighter_impossible": "With any {way} there is no plan.",
    "tighter_alone": "A little {way} for {limit} would cost {worth} for each {unit}; today it is {value}.",
    "priced": "At the prices of the plan, each {unit} {way} for {limit} is worth {worth}.",
    "lift": "Lifting {limit} would save {worth}.",
    "forced": "{tonnes} more from {subject} would add {cost} to what counts.",
    "forced_free": "{tonnes} more from {subject} would add nothing to what counts.",
    "impossible": "{tonnes} more from {subject} cannot be had within its capacity and the rules.",
    "break_even": "For {period}, {subject} asks {price} a tonne before duty and would be bought below {break_even}.",
    "break_even_estimated": "For {period}, {subject} asks {price} a tonne before duty; by the prices of the plan it "
    "would be bought at about {break_even}.",
    "break_even_never": "For {period}, {subject} asks {price} a tonne before duty; by the prices of the plan it would "
    "not be bought even for nothing.",
    "firm": "At up to {increase} % more of what counts, {quantity} may be from {least} to {most}; the plan has "
    "{tonnes}.",
    "firm_fixed": "At up to {increase} % more of what counts, {quantity} cannot be other than {tonnes}.",
    "knowing": "Knowing the future from the start would save {cost}.",
    "knowing_nothing": "Knowing the future from the start would save nothing.",
    "knowing_costs": "Who knew the future from the start would pay {cost} more: rules bind contracts that are signed "
    "by someone who knows.",
    "planning": "Planning for disruption saves {cost} against signing contracts as if nothing could happen.",
    "planning_nothing": "Planning for disruption saves nothing: the contracts are as good as if nothing could happen.",
    "planning_impossible": "What planning for disruption saves cannot be said: contracts signed as if nothing could "
    "happen cannot be kept under the rules.",
    "held": "Contracts that are signed or not as a whole are held as they are in what is said of limits, suppliers and "
    "how firm quantities are.",
    "held_in_limits": "Contracts that are signed or not as a whole are held as they are in what is said of limits and "
    "of the prices at which suppliers would be bought.",
    "limits_left_out": "Further limits that the plan meets and that were not looked at: {count}.",
    "left_out": "The time was not enough for {parts}.",
    "none": "There is no plan: the time was over, or the caller stopped it.",
    "infeasible": "There is no plan: not all rules and limits can be kept.",
    "conflict": "Together these cannot be kept, whatever else is decided: {limits}.",
    "relaxation": "A plan is possible if {steps}.",
}
STEP_UP = "{limit} goes up to {value} ({field})"
STEP_DOWN = "{limit} comes down to {value} ({field})"
STEP_AWAY = "{limit} is dropped, which no value of {field} can do"
STEP_JOINT = " and "
JOINT = ", "
