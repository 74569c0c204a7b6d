"""The answer of the optimiser as plain values.

Owns the vocabulary of a plan; mirrors the message `lodestock.v1.Plan` field by field, where every field is explained.
Materials, sources, nodes and periods are named as in the problem and its tree. Money is in USD, quantities in tonnes.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from lodestock_optimizers.problem import DemandTier, MaterialState


class PlanStatus(Enum):
    """How the solve ended; anything but OPTIMAL and FEASIBLE comes without a plan, FEASIBLE without prices."""

    OPTIMAL = "OPTIMAL"
    FEASIBLE = "FEASIBLE"
    INFEASIBLE = "INFEASIBLE"
    CANCELLED = "CANCELLED"
    NO_PLAN_FOUND = "NO_PLAN_FOUND"


@dataclass(frozen=True, slots=True)
class ModelSize:
    """How large the model is."""

    columns: int
    rows: int
    nonzeros: int
    nodes: int
    materials: int
    sources: int


@dataclass(frozen=True, slots=True)
class SolverReport:
    """What the solver said, and the seconds that each step took."""

    solver: str
    solver_status: str
    simplex_iterations: int
    best_bound: float
    relative_gap: float
    build_s: float
    compile_s: float
    solve_s: float
    convert_s: float


@dataclass(frozen=True, slots=True)
class AnswerCheck:
    """The answer recomputed from the model's arrays, apart from the solver; every figure relative, 0 at best."""

    tolerance: float
    primal_violation: float
    dual_violation: float
    complementarity_violation: float
    duality_gap: float

    @property
    def passed(self) -> bool:
        """Whether every figure is within the tolerance."""
        figures = (self.primal_violation, self.dual_violation, self.complementarity_violation, self.duality_gap)
        return all(figure <= self.tolerance for figure in figures)


@dataclass(frozen=True, slots=True)
class PlanNode:
    """A situation in one period: what has happened up to then."""

    node_id: int
    parent_id: int
    period: int
    probability: float
    scenario_ids: tuple[str, ...]
    on_trunk: bool
    settled: bool
    states: tuple[tuple[str, MaterialState], ...]
    spend_usd: float
    path_cost_usd: float | None = None
    tail_share: float | None = None


# Of these two a plan has tens of thousands; one that is not frozen is made in a quarter of the time.
@dataclass(slots=True, unsafe_hash=True)
class Contract:
    """So much of one source for one period; `signed_node_id` is −1 where it is signed at or before the start."""

    source_id: str
    period: int
    signed_period: int
    signed_node_id: int
    node_ids: tuple[int, ...]
    contracted_tonnes: float
    reduced_cost_usd_per_tonne: float | None
    break_even_price_usd_per_tonne: float | None
    capacity_value_usd_per_tonne: float | None
    from_book: bool = False
    fixed_cost_usd: float = 0.0


@dataclass(slots=True, unsafe_hash=True)
class Delivery:
    """Deliveries of one source at one node."""

    source_id: str
    node_id: int
    contract_tonnes: float
    spot_tonnes: float
    landed_cost_usd_per_tonne: float
    spot_cost_usd_per_tonne: float | None


@dataclass(frozen=True, slots=True)
class TierTonnes:
    """Tonnes of one tier."""

    tier: DemandTier
    tonnes: float


@dataclass(frozen=True, slots=True)
class MaterialBalance:
    """One material at one node."""

    material_id: str
    node_id: int
    demand_tonnes: float
    supply_tonnes: float
    into_stock_tonnes: float
    out_of_stock_tonnes: float
    stock_tonnes: float
    floor_tonnes: float | None
    below_floor_tonnes: float
    closing_shortfall_tonnes: float
    disposed_tonnes: float
    shortages: tuple[TierTonnes, ...]
    days_of_cover: float
    marginal_value_usd_per_tonne: float | None
    marginal_risk_charge_usd_per_tonne: float | None
    fed_tonnes: float = 0.0
    """What the sources of other materials take of it."""


@dataclass(frozen=True, slots=True)
class CostBreakdown:
    """Expected discounted cost by kind, USD; `expected_cost_usd` is the sum of the kinds."""

    objective_usd: float
    risk_charge_usd: float
    contract_usd: float
    spot_usd: float
    fees_usd: float
    holding_usd: float
    shortage_usd: float
    floor_shortfall_usd: float
    closing_shortfall_usd: float
    disposal_usd: float
    substitution_usd: float = 0.0
    footprint_usd: float = 0.0
    fixed_usd: float = 0.0
    investment_usd: float = 0.0

    @property
    def expected_cost_usd(self) -> float:
        """Expected cost without the risk charge."""
        return (
            self.contract_usd
            + self.spot_usd
            + self.fees_usd
            + self.holding_usd
            + self.shortage_usd
            + self.floor_shortfall_usd
            + self.closing_shortfall_usd
            + self.disposal_usd
            + self.substitution_usd
            + self.footprint_usd
            + self.fixed_usd
            + self.investment_usd
        )


@dataclass(frozen=True, slots=True)
class MaterialSummary:
    """One material over the whole plan."""

    material_id: str
    costs: CostBreakdown
    expected_shortages: tuple[TierTonnes, ...]
    supply_hhi: float
    supply_risk: float


@dataclass(frozen=True, slots=True)
class BindingRule:
    """A rule or limit that binds; for reserves `node_id` is the leaf; `unit` is "t" or "USD"."""

    family: str
    field_path: str
    subject_id: str
    material_id: str
    node_id: int
    country: str
    value_per_unit_usd: float
    unit: str
    limit: float


@dataclass(frozen=True, slots=True)
class RuleBreach:
    """A rule that is broken at an unsettled node, where it cannot bind."""

    family: str
    subject_id: str
    material_id: str
    country: str
    node_id: int
    amount: float
    unit: str


@dataclass(frozen=True, slots=True)
class SubstitutionUse:
    """Tonnes that one substitution replaces at one node."""

    substitution_id: str
    node_id: int
    tonnes: float


@dataclass(frozen=True, slots=True)
class BuiltCapacity:
    """Capacity that is decided at one node, built or not; it stands from `ready_period` to `last_period` below it.

    `yearly_cost_usd_per_tonne_year` is the annuity of a tonne a year with its fixed cost, for each year in which it
    stands.
    """

    source_id: str
    node_id: int
    period: int
    ready_period: int
    last_period: int
    tonnes_per_year: float
    yearly_cost_usd_per_tonne_year: float
    reduced_cost_usd_per_tonne_year: float | None


@dataclass(frozen=True, slots=True)
class FootprintUse:
    """Footprint of the deliveries at one node, in units of its kind; `max_units` None where no limit binds."""

    kind: str
    node_id: int
    units: float
    max_units: float | None


@dataclass(frozen=True, slots=True)
class ConflictingRule:
    """One of a set of rules that cannot all be kept; without any one of them the others can."""

    family: str
    field_path: str
    subject_id: str
    material_id: str
    country: str
    node_ids: tuple[int, ...]
    periods: tuple[int, ...]
    description: str
    scenario_ids: tuple[str, ...] = ()
    """Scenarios that may have led to these nodes; empty where nothing need have happened."""


@dataclass(frozen=True, slots=True)
class Relaxation:
    """A limit that must give way, and how far, in the cheapest way to make a plan possible.

    `field_value` is what the field at `field_path` must become, in `field_unit`; None where no value of it will do.
    """

    family: str
    field_path: str
    subject_id: str
    material_id: str
    country: str
    period: int
    required: float
    reachable: float
    unit: str
    field_value: float | None
    field_unit: str
    description: str


@dataclass(frozen=True, slots=True)
class Plan:
    """A sourcing and stockpile plan, or why there is none."""

    status: PlanStatus
    size: ModelSize
    solver: SolverReport
    price_of_risk: float
    check: AnswerCheck | None = None
    costs: CostBreakdown | None = None
    nodes: tuple[PlanNode, ...] = ()
    contracts: tuple[Contract, ...] = ()
    deliveries: tuple[Delivery, ...] = ()
    balances: tuple[MaterialBalance, ...] = ()
    materials: tuple[MaterialSummary, ...] = ()
    binding_rules: tuple[BindingRule, ...] = ()
    breaches: tuple[RuleBreach, ...] = ()
    relaxations: tuple[Relaxation, ...] = ()
    conflict: tuple[ConflictingRule, ...] = ()
    substitutions: tuple[SubstitutionUse, ...] = ()
    footprints: tuple[FootprintUse, ...] = ()
    expansions: tuple[BuiltCapacity, ...] = ()
    cvar_usd: float | None = None
    has_yes_or_no: bool = False
