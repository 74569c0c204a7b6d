"""The numbers of a plan, family by family: unit, how each follows, and the fields of the problem in its formula.

The formulas are those of docs/model.md, whose symbols the derivations use. "[]" in a field stands for every element
that concerns the number; `lineage` says which these are, and adds what comes with a field: when a
factor of a scenario acts, and the lengths of the periods where a lead or a rebuilding is a default in years.
"""

from __future__ import annotations

from dataclasses import dataclass

IDENTIFIERS = {
    "nodes": ("node_id",),
    "contracts": ("source_id", "period", "signed_node_id"),
    "deliveries": ("source_id", "node_id"),
    "balances": ("material_id", "node_id"),
    "materials": ("material_id",),
    "shortages": ("tier",),
    "expected_shortages": ("tier",),
    "substitutions": ("substitution_id", "node_id"),
    "footprints": ("kind", "node_id"),
    "expansions": ("source_id", "node_id"),
}
"""What identifies an element of a plan's lists."""

PRICES = (
    "sources[].unit_price_usd_per_tonne",
    "sources[].tariff_rate",
    "sources[].freight_usd_per_tonne",
    "scenarios[].disruptions[].price_factor",
)
SPOT_PRICES = (*PRICES, "sources[].spot_premium")
FEES = ("sources[].reservation_fee_usd_per_tonne",)
RISKS = ("sources[].risk",)
PROBABILITIES = ("scenarios[].probability", "scenarios[].onset_period", "scenarios[].end_period")
YEARS = ("periods[].length_years",)
WEIGHTS = (*PROBABILITIES, "discount_rate", *YEARS)
DEMAND = ("materials[].demand[].demand_tonnes", "scenarios[].demand_factors[].factor")
SHORTAGE_COSTS = ("materials[].demand[].shortage_cost_usd_per_tonne",)
FLOORS = ("materials[].stock.floor_days", "materials[].stock.floor_days_by_state[].value")
SHORTFALL_COSTS = (
    "materials[].stock.closing_shortfall_usd_per_tonne",
    "materials[].stock.floor_shortfall_usd_per_tonne_year",
)
STOCK = (
    "materials[].stock.opening_tonnes",
    "materials[].stock.capacity_tonnes",
    "materials[].stock.closing_tonnes",
    *SHORTFALL_COSTS,
    *FLOORS,
    "materials[].stock.holding_usd_per_tonne_year",
    "materials[].stock.loss_rate_per_year",
    "materials[].stock.disposal_usd_per_tonne",
    "materials[].stock.max_in_tonnes",
    "materials[].stock.max_out_tonnes",
)
LEADS = ("sources[].lead_periods",)
BOOK = ("book[].tonnes", "book[].period")
FIXED_COSTS = ("sources[].fixed_cost_usd",)
SUBSTITUTION_COSTS = ("substitutions[].cost_usd_per_tonne",)
SUBSTITUTIONS = ("substitutions[].tonnes_per_tonne", "substitutions[].max_share", *SUBSTITUTION_COSTS)
LEFT_BEHIND = ("sources[].footprints[].per_tonne",)
FOOTPRINT_PRICES = (*LEFT_BEHIND, "footprint_policies[].price_usd_per_unit")
FOOTPRINT_LIMITS = ("footprint_policies[].max_units", "footprint_policies[].max_units_by_state[].value")
FEEDS = ("sources[].feed.tonnes_per_tonne",)
USE = "use[]"
"""What the use of a fed material is made of: demand, plants and feeds of all that is made of it."""
EXPANSION_LEADS = ("sources[].expansion.lead_periods",)
EXPANSION_LIVES = ("sources[].expansion.life_years",)
EXPANSION_COSTS = (
    "sources[].expansion.capital_usd_per_tonne_year",
    "sources[].expansion.fixed_usd_per_tonne_year",
    *EXPANSION_LIVES,
    "discount_rate",
)
EXPANSIONS = ("sources[].expansion.max_tonnes_per_year", *EXPANSION_LEADS, *EXPANSION_COSTS)
SUPPLY = (
    "sources[].capacity_tonnes",
    "sources[].spot_capacity_tonnes",
    "scenarios[].disruptions[].availability",
    "sources[].take_or_pay",
    "sources[].min_order_tonnes",
    *LEADS,
    *BOOK,
    *FEEDS,
    *EXPANSIONS,
    "deposits[].reserves_tonnes",
)
TREE = (
    *PROBABILITIES,
    "scenarios[].disruptions[].availability",
    "scenarios[].disruptions[].price_factor",
    "scenarios[].demand_factors[].factor",
    "scenarios[].rebuilding_periods",
)
"""All that shapes the scenario tree, one for all materials: scenarios are told apart by what they do to any of them."""
LIMITS = ("rules[]", "budget.budget_usd", "budget.budget_usd_by_state[].value")
TAIL = ("tail_weight", "tail_level")
SETTINGS = ("price_of_risk", "discount_rate", *TAIL)
DECISION = (
    *DEMAND,
    *SHORTAGE_COSTS,
    *SPOT_PRICES,
    *FEES,
    *FIXED_COSTS,
    *RISKS,
    *SUPPLY,
    *STOCK,
    *SUBSTITUTIONS,
    *FOOTPRINT_PRICES,
    *FOOTPRINT_LIMITS,
    *LIMITS,
    *YEARS,
    *SETTINGS,
)
"""All that decides what is bought and stored, once the tree is known."""


@dataclass(frozen=True, slots=True)
class Family:
    """The numbers of a plan that are made alike.

    Attributes:
        unit: Unit; empty where the element names its own.
        derivation: How the number follows; symbols are those of docs/model.md.
        basis: Fields of the problem in its own formula; "[]" stands for every element that concerns it.
        decided: Whether quantities that the optimiser chose are in it, so that it rests on all that decides them.
        of_tree: Whether the shape of the scenario tree is in it; it is in all that is decided.
    """

    unit: str
    derivation: str
    basis: tuple[str, ...] = ()
    decided: bool = False
    of_tree: bool = False


def _decision(words: str, unit: str = "t") -> Family:
    return Family(unit, f"{words}: chosen by the optimiser, least risk-weighted expected cost", (), decided=True)


def _node(words: str = "number of the node in the scenario tree", basis: tuple[str, ...] = ()) -> Family:
    return Family("1", words, basis, of_tree=True)


def _marginal(words: str) -> Family:
    return Family("USD/t", f"{words}; from the duals of the plan of least cost", (), decided=True)


def _solved(words: str, unit: str = "1") -> Family:
    return Family(unit, words, (), decided=True)


COSTS = {
    "objective_usd": Family(
        "USD",
        "(1 − β) · expected cost + β · CVaR + λ · risk charge; of a material its part of each",
        ("price_of_risk", *TAIL, *WEIGHTS),
        decided=True,
    ),
    "expected_cost_usd": Family("USD", "Σ of the costs by kind, expected and discounted", WEIGHTS, decided=True),
    "risk_charge_usd": Family("USD", "Σ π·δ·ρ·(κ·y + κˢ·z)", (*RISKS, *SPOT_PRICES, *WEIGHTS), decided=True),
    "contract_usd": Family("USD", "Σ π·δ·κ·y: deliveries × landed cost", (*PRICES, *WEIGHTS), decided=True),
    "spot_usd": Family("USD", "Σ π·δ·κˢ·z: spot purchases × spot cost", (*SPOT_PRICES, *WEIGHTS), decided=True),
    "fees_usd": Family("USD", "Σ π·δ·f·q: reservation fee × contracted tonnes", (*FEES, *WEIGHTS), decided=True),
    "holding_usd": Family(
        "USD",
        "Σ π·δ·h·Δt·I: holding cost × stock at the end of each period",
        ("materials[].stock.holding_usd_per_tonne_year", *WEIGHTS),
        decided=True,
    ),
    "shortage_usd": Family(
        "USD", "Σ π·δ·u: shortage by tier × what a missing tonne costs", (*SHORTAGE_COSTS, *WEIGHTS), decided=True
    ),
    "floor_shortfall_usd": Family(
        "USD", "Σ π·δ·v·Δt·s: tonnes below the floor × what they cost", (*SHORTFALL_COSTS, *WEIGHTS), decided=True
    ),
    "closing_shortfall_usd": Family(
        "USD",
        "Σ over leaves π·δ·v^end·s^end: tonnes missing at the end × what they cost",
        (*SHORTFALL_COSTS, *WEIGHTS),
        decided=True,
    ),
    "disposal_usd": Family(
        "USD",
        "Σ π·δ·o·x: tonnes disposed of × what it costs",
        ("materials[].stock.disposal_usd_per_tonne", *WEIGHTS),
        decided=True,
    ),
    "substitution_usd": Family(
        "USD", "Σ π·δ·s·w: tonnes replaced × what replacing one costs", (*SUBSTITUTION_COSTS, *WEIGHTS), decided=True
    ),
    "footprint_usd": Family(
        "USD", "Σ π·δ·ε·(y + z): footprints of deliveries × their prices", (*FOOTPRINT_PRICES, *WEIGHTS), decided=True
    ),
    "investment_usd": Family(
        "USD",
        "Σ π·δ·i·Δt·c: capacity that is built and stands × what it costs a year",
        (*EXPANSION_COSTS, *WEIGHTS),
        decided=True,
    ),
    "fixed_usd": Family("USD", "Σ π·δ·φ·b: fixed costs of contracts signed", (*FIXED_COSTS, *WEIGHTS), decided=True),
}

FAMILIES = {
    **{f"{prefix}costs.{name}": family for prefix in ("", "materials.") for name, family in COSTS.items()},
    "price_of_risk": Family("1", "λ as the problem gives it", ("price_of_risk",)),
    "nodes.node_id": _node(),
    "nodes.parent_id": _node("number of the parent in the scenario tree"),
    "nodes.period": Family("1", "period of the node", YEARS),
    "nodes.probability": _node("Σ of the probabilities of the scenarios that pass through"),
    "nodes.spend_usd": Family(
        "USD", "Σ (κ·y + κˢ·z + f·q + φ·b) at the node", (*SPOT_PRICES, *FEES, *FIXED_COSTS), decided=True
    ),
    "nodes.path_cost_usd": Family(
        "USD", "C, Σ over the path to the leaf of δ·(spend + other)", ("discount_rate", *YEARS), decided=True
    ),
    "nodes.tail_share": _solved("the part of the dearest 1 − α of cost that falls on the leaf; from the duals"),
    "contracts.period": Family("1", "period of delivery", YEARS),
    "contracts.signed_period": Family("1", "period of delivery − lead", LEADS),
    "contracts.signed_node_id": _node("node of the tree at which the lead begins", LEADS),
    "contracts.node_ids": _node("nodes of the period below the one of signing", LEADS),
    "contracts.contracted_tonnes": Family(
        "t", "q, tonnes contracted: as the book says, else chosen by the optimiser", BOOK, decided=True
    ),
    "contracts.fixed_cost_usd": Family("USD", "φ where the contract is signed, else 0", FIXED_COSTS, decided=True),
    "contracts.reduced_cost_usd_per_tonne": _marginal("what one more tonne contracted adds to the cost of the plan"),
    "contracts.break_even_price_usd_per_tonne": _marginal("greatest unit price at which the source would be bought"),
    "contracts.capacity_value_usd_per_tonne": _marginal("worth of one more tonne of capacity"),
    "deliveries.node_id": _node(),
    "deliveries.contract_tonnes": _decision("y, tonnes delivered under contract"),
    "deliveries.spot_tonnes": _decision("z, tonnes bought spot"),
    "deliveries.landed_cost_usd_per_tonne": Family(
        "USD/t", "κ = P · (price factor, 1 for a fixed price) · (1 + τ) + F", PRICES
    ),
    "deliveries.spot_cost_usd_per_tonne": Family(
        "USD/t", "κˢ = (P · price factor · (1 + τ) + F) · (1 + spot premium)", SPOT_PRICES
    ),
    "balances.node_id": _node(),
    "balances.demand_tonnes": Family("t", "Σ over tiers of demand × demand factor", DEMAND),
    "balances.supply_tonnes": _decision("Σ (y + z), deliveries under contract and spot"),
    "balances.into_stock_tonnes": _decision("g − e, put into stock, net"),
    "balances.out_of_stock_tonnes": _decision("e − g, taken out of stock, net"),
    "balances.stock_tonnes": _decision("I, stock at the end of the period"),
    # Which states there are, and what is being rebuilt, the scenarios say.
    "balances.floor_tonnes": Family(
        "t",
        "floor days / 365 × yearly base demand, what plants take included",
        (*FLOORS, DEMAND[0], USE, *YEARS, *TREE),
    ),
    "balances.below_floor_tonnes": _decision("s, tonnes below the floor"),
    "balances.closing_shortfall_tonnes": _decision("s^end, tonnes missing from the closing stock"),
    "balances.disposed_tonnes": _decision("x, tonnes disposed of"),
    "balances.shortages.tonnes": _decision("u, shortage of the tier"),
    "balances.days_of_cover": Family(
        "d", "stock at the end / (demand + fed) × years of the period × 365", (*DEMAND, *YEARS), decided=True
    ),
    "balances.fed_tonnes": _decision("Σ ψ·(y + z) of the sources that take it"),
    "balances.marginal_value_usd_per_tonne": _marginal("what one more tonne is worth if and when this happens"),
    "balances.marginal_risk_charge_usd_per_tonne": _marginal("the part of a tonne's worth that is risk charge"),
    "substitutions.node_id": _node(),
    "substitutions.tonnes": _decision("w, demand met by another material"),
    "expansions.node_id": _node(),
    "expansions.period": Family("1", "period of the node", YEARS),
    "expansions.ready_period": Family("1", "period of the decision + ν°", EXPANSION_LEADS),
    "expansions.last_period": Family(
        "1", "last period that ends within the life", (*EXPANSION_LEADS, *EXPANSION_LIVES)
    ),
    "expansions.tonnes_per_year": _decision("k, capacity decided", "t/year"),
    "expansions.yearly_cost_usd_per_tonne_year": Family(
        "USD/(t/year)", "i = capital · r / (1 − (1+r)^−life) + fixed cost of a year", EXPANSION_COSTS
    ),
    "expansions.reduced_cost_usd_per_tonne_year": _solved(
        "what a tonne a year more adds to the cost of the plan if and when this happens; from the duals", "USD/(t/year)"
    ),
    "footprints.node_id": _node(),
    "footprints.units": Family("", "Σ ε·(y + z) at the node", LEFT_BEHIND, decided=True),
    # Where it binds the scenarios say, and the longest lead.
    "footprints.max_units": Family(
        "", "the limit at the node, by the worst state", (*FOOTPRINT_LIMITS, *LEADS), of_tree=True
    ),
    "cvar_usd": Family("USD", "CVaR of the cost: its mean in the dearest 1 − α", TAIL, decided=True),
    "materials.expected_shortages.tonnes": Family("t", "Σ π·u of the tier", PROBABILITIES, decided=True),
    "materials.supply_hhi": Family(
        "1", "Σ over countries of (share of expected deliveries)²", PROBABILITIES, decided=True
    ),
    "materials.supply_risk": Family(
        "1", "Σ over sources of share of expected deliveries × ρ", (*RISKS, *PROBABILITIES), decided=True
    ),
    "binding_rules.node_id": _node(),
    "binding_rules.value_per_unit_usd": _solved("what one unit of relief saves; from the dual of the limit", ""),
    "binding_rules.limit": Family("", "the limit at the node; for a share: share × its denominator", (), decided=True),
    "breaches.node_id": _node(),
    "breaches.amount": Family("", "deliveries against the limit that could not bind", (), decided=True),
    "relaxations.period": Family("1", "period of the limit that cannot be met", YEARS),
    "relaxations.required": Family("t", "what the limit demands", (), decided=True),
    "relaxations.reachable": _solved("what can be reached, or must be allowed"),
    "relaxations.field_value": _solved("value of the field that makes a plan possible"),
    "conflict.node_ids": _node(),
    "conflict.periods": Family("1", "periods of the nodes", YEARS),
    **{
        f"size.{name}": Family("1", f"{name} of the model that the problem makes", (), decided=True)
        for name in ("columns", "rows", "nonzeros", "nodes", "materials", "sources")
    },
    "solver.simplex_iterations": _solved("what the solver counted on this problem"),
    "solver.best_bound": _solved("best bound on the objective that the solver proved", "USD"),
    "solver.relative_gap": _solved("(objective − bound) / |objective|"),
    "check.tolerance": _solved("tolerance of the check of the answer"),
    "check.primal_violation": _solved("greatest violation of a row, recomputed from the model's arrays"),
    "check.dual_violation": _solved("greatest wrong-signed price, recomputed from the model's arrays"),
    "check.complementarity_violation": _solved("greatest slack × price, recomputed from the model's arrays"),
    "check.duality_gap": _solved("|primal − dual objective| / |objective|, recomputed from the model's arrays"),
}
"""Every number of a plan by its path without elements. Times are left out: they rest on the machine."""
