"""What BuildProblem is asked for, and what is wrong with it before anything is built."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from lodestock_forecasters import MAX_SEED
from lodestock_optimizers.problem import Budget, Scenario, TradeRule
from lodestock_optimizers.violations import MOST, MOST_FLOOR_DAYS
from lodestock_server.catalog import Catalog, CatalogError
from lodestock_server.errors import FieldViolation
from lodestock_server.usecases.buyers import OwnFigure, own_figure_violations
from lodestock_server.usecases.defaults import Override, combination_violations, override_violations
from lodestock_server.usecases.demand_scenarios import DemandUncertainty, uncertainty_violations
from lodestock_server.usecases.demand_series import model_violations
from lodestock_server.usecases.drivers import GdpScenario
from lodestock_server.usecases.material_ids import material_id_violations
from lodestock_server.usecases.policies import PolicyChoice, policy_violations
from lodestock_server.usecases.source_risks import SourceRiskChoice, source_risk_violations

TAKEN_OVER = ("rules", "budget", "scenarios", "price_of_risk", "discount_rate", "buyer")
"""Fields of a request that stand in the problem as they are, under the same path."""


@dataclass(frozen=True, slots=True)
class DemandPath:
    """Demand that the caller gives for one material: tonnes by period, all tiers together."""

    material_id: str
    demand_tonnes: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class BuildRequest:
    """What to build; mirrors `lodestock.v1.BuildProblemRequest`.

    `forecast_model` (empty: the default one) and `gdp_scenario` (None: the default one) are for whoever makes the
    forecaster.
    """

    buyer: str
    horizon_years: int
    material_ids: tuple[str, ...] = ()
    floor_days: float | None = None
    demand: tuple[DemandPath, ...] = ()
    overrides: tuple[Override, ...] = ()
    rules: tuple[TradeRule, ...] = ()
    budget: Budget | None = None
    scenarios: tuple[Scenario, ...] = ()
    price_of_risk: float | None = None
    discount_rate: float | None = None
    seed: int = 0
    source_risk: SourceRiskChoice = field(default_factory=SourceRiskChoice)
    own_figures: tuple[OwnFigure, ...] = ()
    demand_uncertainty: DemandUncertainty | None = None
    forecast_model: str = ""
    gdp_scenario: GdpScenario | None = None
    policies: tuple[PolicyChoice, ...] = ()


def request_violations(catalog: Catalog, request: BuildRequest, materials: Sequence[str]) -> list[FieldViolation]:
    """List what is wrong with a request, as far as it can be said before anything is built.

    Args:
        catalog: What materials and countries there are.
        request: The request.
        materials: Materials that the problem can hold.
    """
    return [
        *material_id_violations(catalog, "material_ids", request.material_ids),
        *own_figure_violations(catalog, request.buyer, request.own_figures, "own_figures"),
        *(uncertainty_violations(request.demand_uncertainty) if request.demand_uncertainty else ()),
        *model_violations(request.forecast_model, "forecast_model"),
        *_limit_violations(request),
        *material_violations(catalog, request, materials),
    ]


def material_violations(catalog: Catalog, request: BuildRequest, materials: Sequence[str]) -> list[FieldViolation]:
    """List what is wrong with demand, overrides and the caller's own risks for the materials of a problem."""
    return [
        *_demand_violations(request, materials),
        *_spread_violations(request, materials),
        *_override_violations(request, materials),
        *source_risk_violations(request.source_risk.overrides, _home(catalog, request.buyer), materials),
        *policy_violations(request.policies, materials, request.horizon_years),
    ]


def possible_materials(catalog: Catalog, request: BuildRequest) -> tuple[str, ...]:
    """Materials that a problem can hold, as far as the request alone says: those named, else any."""
    return request.material_ids or tuple(mineral.id for mineral in catalog.minerals())


def _spread_violations(request: BuildRequest, materials: Collection[str]) -> list[FieldViolation]:
    if request.demand_uncertainty is None or {path.material_id for path in request.demand} < set(materials):
        return []
    text = "is the spread of a forecast, and none is made: demand gives that of every material"
    return [FieldViolation("demand_uncertainty", text)]


def _demand_violations(request: BuildRequest, materials: Collection[str]) -> list[FieldViolation]:
    found = []
    for i, path in enumerate(request.demand):
        if path.material_id not in materials:
            text = f"'{path.material_id}' is no material of the problem"
            found.append(FieldViolation(f"demand[{i}].material_id", text))
        if len(path.demand_tonnes) not in (1, request.horizon_years):
            text = f"holds {len(path.demand_tonnes)} values, must hold 1, or {request.horizon_years}: one a year"
            found.append(FieldViolation(f"demand[{i}].demand_tonnes", text))
            continue
        found += [
            FieldViolation(f"demand[{i}].demand_tonnes[{t}]", f"is {tonnes:g}, must be a number from 0 to {MOST:g}")
            for t, tonnes in enumerate(path.demand_tonnes)
            if not 0 <= tonnes <= MOST
        ]
    return found


def _limit_violations(request: BuildRequest) -> list[FieldViolation]:
    found = []
    if request.floor_days is not None and not 0 <= request.floor_days <= MOST_FLOOR_DAYS:
        text = f"is {request.floor_days:g}, must be a number from 0 to {MOST_FLOOR_DAYS:g}"
        found.append(FieldViolation("floor_days", text))
    if request.seed > MAX_SEED:
        found.append(FieldViolation("seed", f"is {request.seed}, must be from 0 to {MAX_SEED}"))
    return found


def _override_violations(request: BuildRequest, materials: Sequence[str]) -> list[FieldViolation]:
    wrong = override_violations(request.overrides, materials)
    return wrong or combination_violations(request.overrides, materials)


def _home(catalog: Catalog, buyer: str) -> tuple[str, ...]:
    """The countries at home; the code itself where no buyer has it, which is said elsewhere."""
    try:
        return catalog.bloc(buyer)
    except CatalogError:
        return (buyer,)
