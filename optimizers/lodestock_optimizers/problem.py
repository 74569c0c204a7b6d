"""The sourcing and stockpile problem as plain values.

Owns the vocabulary of docs/model.md: materials, sources, deposits, rules, scenarios. Knows nothing of trees, solvers or
the wire. The values are not checked one by one: `lodestock_optimizers.validation.validate` reads a whole problem and
lists all that is wrong with it, so that a caller mends it in one go.

Terms: money is in constant USD of `price_year`; quantities and limits are per period, not per year. A tuple "by period"
holds one value for all periods, or one value a period.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

PerPeriod = tuple[float, ...]
"""One value for all periods, or one value a period."""

DAYS_PER_YEAR = 365.0
"""Days that a year of demand lasts, wherever a stock is said in days."""

PROBABILITY_SLACK = 1e-9
"""By how much probabilities may miss what they must be, or add up to: rounding, not a mistake."""


class SourceKind(Enum):
    """How a source obtains its material."""

    IMPORT = "IMPORT"
    DOMESTIC = "DOMESTIC"
    RECYCLED = "RECYCLED"


class DemandTier(Enum):
    """Demand tiers, the one that is served first in front."""

    DEFENCE = "DEFENCE"
    ESSENTIAL = "ESSENTIAL"
    GENERAL = "GENERAL"


class MaterialState(Enum):
    """The situation of a material, the mildest in front."""

    NORMAL = "NORMAL"
    EMERGENCY = "EMERGENCY"
    EXTREME = "EXTREME"


class ShareDenominator(Enum):
    """What a share is a share of; see `TradeRule`."""

    DEMAND = "DEMAND"
    SUPPLY = "SUPPLY"
    IMPORTS = "IMPORTS"


@dataclass(frozen=True, slots=True)
class Period:
    """A stretch of time of `length_years` > 0."""

    label: str
    length_years: float = 1.0


@dataclass(frozen=True, slots=True)
class TierDemand:
    """Demand of one tier: tonnes by period, and what a missing tonne costs (None: as the next tier given)."""

    tier: DemandTier
    demand_tonnes: PerPeriod
    shortage_cost_usd_per_tonne: float | None = None


@dataclass(frozen=True, slots=True)
class StateValue:
    """A value that holds in one state, in the unit of the field it stands for."""

    state: MaterialState
    value: float


@dataclass(frozen=True, slots=True)
class StockPolicy:
    """What is held in stock and the policy for it; None means the default of docs/model.md."""

    opening_tonnes: float = 0.0
    capacity_tonnes: float | None = None
    closing_tonnes: float | None = None
    closing_is_hard: bool = False
    closing_shortfall_usd_per_tonne: float | None = None
    floor_days: float = 0.0
    floor_is_hard: bool = False
    floor_shortfall_usd_per_tonne_year: float | None = None
    floor_states: tuple[MaterialState, ...] = ()
    floor_days_by_state: tuple[StateValue, ...] = ()
    holding_usd_per_tonne_year: float = 0.0
    loss_rate_per_year: float = 0.0
    disposal_usd_per_tonne: float = 0.0
    max_in_tonnes: float | None = None
    max_out_tonnes: float | None = None


@dataclass(frozen=True, slots=True)
class Material:
    """One traded form of a mineral. Without a stock policy none can be held."""

    material_id: str
    demand: tuple[TierDemand, ...]
    stock: StockPolicy | None = None
    name: str = ""


@dataclass(frozen=True, slots=True)
class Footprint:
    """What a tonne delivered burdens the world with, in units of a kind such as "co2e_tonnes"."""

    kind: str
    per_tonne: float


@dataclass(frozen=True, slots=True)
class Feed:
    """What a tonne delivered takes of another material: ore for a refinery, scrap for a recycler."""

    material_id: str
    tonnes_per_tonne: float


@dataclass(frozen=True, slots=True)
class Expansion:
    """Capacity that can be built at a source: at most `max_tonnes_per_year` stand at a time.

    What is decided in a period stands `lead_periods` later, until `life_years` have passed since then. The capital is
    owed as an annuity over the life, the fixed cost beside it, for each year in which the capacity stands.
    """

    max_tonnes_per_year: float
    capital_usd_per_tonne_year: float
    lead_periods: int
    fixed_usd_per_tonne_year: float = 0.0
    life_years: float = 20.0


@dataclass(frozen=True, slots=True)
class Source:
    """One way to get one material from one country.

    `take_or_pay` is the share of what is contracted and available that must be taken; `lead_periods` None means one
    year, rounded up; an empty `spot_capacity_tonnes` means that nothing is sold spot. `fixed_cost_usd` is owed for each
    period under contract, in which at least `min_order_tonnes` are contracted. With a `feed` the price is that of the
    conversion, and `capacity_tonnes` that of the plant.
    """

    source_id: str
    material_id: str
    country: str
    kind: SourceKind
    unit_price_usd_per_tonne: PerPeriod
    capacity_tonnes: PerPeriod
    fixed_price: bool = False
    tariff_rate: PerPeriod = (0.0,)
    freight_usd_per_tonne: float = 0.0
    spot_capacity_tonnes: PerPeriod = ()
    spot_premium: float = 0.0
    risk: float = 0.0
    take_or_pay: float = 1.0
    reservation_fee_usd_per_tonne: float = 0.0
    lead_periods: int | None = None
    fixed_cost_usd: float = 0.0
    min_order_tonnes: float = 0.0
    footprints: tuple[Footprint, ...] = ()
    feed: Feed | None = None
    expansion: Expansion | None = None


@dataclass(frozen=True, slots=True)
class Deposit:
    """Reserves that its sources share over the horizon, tonnes for this buyer."""

    deposit_id: str
    source_ids: tuple[str, ...]
    reserves_tonnes: float


@dataclass(frozen=True, slots=True)
class Embargo:
    """Nothing contracted, delivered or bought spot, in every state."""


@dataclass(frozen=True, slots=True)
class Quota:
    """All named deliveries of a period together ≤ `max_tonnes`."""

    max_tonnes: float


@dataclass(frozen=True, slots=True)
class ShareCap:
    """Per material and named country: deliveries ≤ `max_share` × denominator."""

    max_share: float
    denominator: ShareDenominator = ShareDenominator.DEMAND


@dataclass(frozen=True, slots=True)
class ShareFloor:
    """Per material: deliveries of `kind` ≥ `min_share` × denominator."""

    kind: SourceKind
    min_share: float
    denominator: ShareDenominator = ShareDenominator.DEMAND


@dataclass(frozen=True, slots=True)
class TradeRule:
    """A rule over materials, countries and periods (empty: all), and the states in which it binds (empty: NORMAL).

    `limit_by_state` gives other limits for single states, in the unit of the rule's own.
    """

    rule_id: str
    rule: Embargo | Quota | ShareCap | ShareFloor
    material_ids: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()
    periods: tuple[int, ...] = ()
    states: tuple[MaterialState, ...] = ()
    limit_by_state: tuple[StateValue, ...] = ()

    def covers(self, source: Source) -> bool:
        """Whether the rule is about `source`."""
        return (not self.material_ids or source.material_id in self.material_ids) and (
            not self.countries or source.country in self.countries
        )


@dataclass(frozen=True, slots=True)
class Budget:
    """The most to spend in a period; in a state of `budget_usd_by_state`, by the worst of any material, another."""

    budget_usd: PerPeriod
    budget_usd_by_state: tuple[StateValue, ...] = ()


@dataclass(frozen=True, slots=True)
class FootprintPolicy:
    """Price of a footprint and the most of it in a period (empty: no limit), in the states listed (empty: NORMAL)."""

    kind: str
    price_usd_per_unit: float = 0.0
    max_units: PerPeriod = ()
    states: tuple[MaterialState, ...] = ()
    max_units_by_state: tuple[StateValue, ...] = ()


@dataclass(frozen=True, slots=True)
class Substitution:
    """`tonnes_per_tonne` of one material meet a tonne of a tier's demand for another, up to a share of it."""

    substitution_id: str
    material_id: str
    substitute_material_id: str
    tier: DemandTier
    tonnes_per_tonne: float
    cost_usd_per_tonne: float = 0.0
    max_share: float = 1.0


@dataclass(frozen=True, slots=True)
class SignedContract:
    """Tonnes of a source that are contracted already for a period before its lead has passed."""

    source_id: str
    period: int
    tonnes: float


@dataclass(frozen=True, slots=True)
class Disruption:
    """Hits the sources that match every field given; within a field one value is enough."""

    countries: tuple[str, ...] = ()
    material_ids: tuple[str, ...] = ()
    kinds: tuple[SourceKind, ...] = ()
    source_ids: tuple[str, ...] = ()
    availability: float = 1.0
    price_factor: float = 1.0

    def hits(self, source: Source) -> bool:
        """Whether the disruption hits `source`."""
        return (
            (not self.countries or source.country in self.countries)
            and (not self.material_ids or source.material_id in self.material_ids)
            and (not self.kinds or source.kind in self.kinds)
            and (not self.source_ids or source.source_id in self.source_ids)
        )


@dataclass(frozen=True, slots=True)
class DemandFactor:
    """A factor on the demand of materials (empty: all) in periods, be they outside the scenario's onset to end or not.

    No periods: the scenario's onset to its end.
    """

    factor: float
    material_ids: tuple[str, ...] = ()
    periods: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Scenario:
    """Something that may happen from `onset_period` to `end_period` (None: the last period), both included."""

    scenario_id: str
    probability: float
    onset_period: int
    end_period: int | None = None
    disruptions: tuple[Disruption, ...] = ()
    demand_factors: tuple[DemandFactor, ...] = ()
    state: MaterialState = MaterialState.EMERGENCY
    state_material_ids: tuple[str, ...] = ()
    rebuilding_periods: int | None = None


@dataclass(frozen=True, slots=True)
class SourcingProblem:
    """A whole problem: the model of docs/model.md.

    λ = `price_of_risk`, r = `discount_rate`, β = `tail_weight`, α = `tail_level`.
    """

    periods: tuple[Period, ...]
    materials: tuple[Material, ...]
    sources: tuple[Source, ...]
    deposits: tuple[Deposit, ...] = ()
    rules: tuple[TradeRule, ...] = ()
    budget: Budget | None = None
    scenarios: tuple[Scenario, ...] = ()
    price_of_risk: float = 1.0
    discount_rate: float = 0.03
    substitutions: tuple[Substitution, ...] = ()
    book: tuple[SignedContract, ...] = ()
    footprint_policies: tuple[FootprintPolicy, ...] = ()
    tail_weight: float = 0.0
    tail_level: float = 0.95
    buyer: str = ""
    price_year: int = 0


def by_period(values: PerPeriod, count: int) -> PerPeriod:
    """Spreads a value for all periods over `count` periods; a value a period stays as it is."""
    return values * count if len(values) == 1 else values


def booked_tonnes(problem: SourcingProblem) -> dict[tuple[str, int], float]:
    """Tonnes that the book fixes by source and period of delivery: what is signed for one of both adds up."""
    tonnes: dict[tuple[str, int], float] = {}
    for signed in problem.book:
        key = signed.source_id, signed.period
        tonnes[key] = tonnes.get(key, 0.0) + signed.tonnes
    return tonnes
