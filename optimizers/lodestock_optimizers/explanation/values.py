"""The explanation of a plan as plain values; every field is explained in `ExplainPlanResponse` on the wire."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from lodestock_optimizers.plan import ConflictingRule, CostBreakdown, PlanStatus, Relaxation


class Language(Enum):
    """Languages that a text can be in."""

    ENGLISH = "ENGLISH"
    CHINESE = "CHINESE"


@dataclass(frozen=True, slots=True)
class WhyNotQuestion:
    """Why not so much more of a source; `tonnes` None: a tenth of its capacity over the horizon."""

    source_id: str
    tonnes: float | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be explained; None, or empty: the default of docs/model.md, "Explaining a plan"."""

    firmness_increase: float = 0.0
    firm_quantities: int | None = None
    why_not: tuple[WhyNotQuestion, ...] = ()
    value_of_perfect_information: bool | None = None
    value_of_planning: bool | None = None
    languages: tuple[Language, ...] = ()


@dataclass(frozen=True, slots=True)
class NodeLimitPrice:
    """A limit at one node; `least_limit` and `most_limit` are where its price holds, the others as they are."""

    node_id: int
    value_per_unit_usd: float
    limit: float
    least_limit: float | None
    most_limit: float | None


@dataclass(frozen=True, slots=True)
class LimitPrice:
    """A number of the problem that limits the plan, at all nodes together, and the range in which its price holds."""

    family: str
    field_path: str
    subject_id: str
    material_id: str
    country: str
    unit: str
    value: float
    is_most: bool
    worth_per_unit_usd: float
    least_value: float | None
    most_value: float | None
    relief_saves_usd: float | None
    tightening_costs_usd: float | None
    is_degenerate: bool
    nodes: tuple[NodeLimitPrice, ...]


@dataclass(frozen=True, slots=True)
class WhyNot:
    """What more of a supplier would cost, and the price at which it would be bought."""

    source_id: str
    material_id: str
    country: str
    tonnes: float
    forced_tonnes: float
    cost_difference_usd: float | None
    period: int
    unit_price_usd_per_tonne: float
    break_even_price_usd_per_tonne: float | None
    is_verified: bool


@dataclass(frozen=True, slots=True)
class FirmQuantity:
    """The least and most of a quantity among the plans that cost little more; `node_id` −1 but for stock."""

    family: str
    material_id: str
    country: str
    source_id: str
    node_id: int
    tonnes: float
    least_tonnes: float
    most_tonnes: float


@dataclass(frozen=True, slots=True)
class AttributedCost:
    """A part of the objective and the field that causes it."""

    field_path: str
    subject_id: str
    cost_usd: float


@dataclass(frozen=True, slots=True)
class ValueOfPlanning:
    """What planning for disruption saves; None where contracts signed as if nothing could happen cannot be kept."""

    saved_usd: float | None = None
    gap_usd: float = 0.0


@dataclass(frozen=True, slots=True)
class PlanText:
    """Sentences of one language."""

    language: Language
    sentences: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """A plan explained, or why there is none."""

    status: PlanStatus
    costs: CostBreakdown | None = None
    limits: tuple[LimitPrice, ...] = ()
    why_not: tuple[WhyNot, ...] = ()
    firm_quantities: tuple[FirmQuantity, ...] = ()
    firmness_increase: float = 0.0
    costs_by_field: tuple[AttributedCost, ...] = ()
    value_of_perfect_information_usd: float | None = None
    value_of_planning: ValueOfPlanning | None = None
    texts: tuple[PlanText, ...] = ()
    left_out: tuple[str, ...] = ()
    limits_left_out: int = 0
    has_yes_or_no: bool = False
    are_choices_held: bool = False
    relaxations: tuple[Relaxation, ...] = ()
    conflict: tuple[ConflictingRule, ...] = ()
