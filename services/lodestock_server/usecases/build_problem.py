"""Build a sourcing problem for a buyer: demand by forecast, sources, stock policy, every figure with its origin.

Owns which figure goes where. The buyer's figures come from `buyers`, the sources from `supply_sources`, what is missing
is filled by `defaults`; the forecaster and the catalog are handed in.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from lodestock_optimizers.problem import (
    DemandTier,
    Deposit,
    Material,
    Period,
    Source,
    SourcingProblem,
    TierDemand,
)
from lodestock_optimizers.validation import validate
from lodestock_server.catalog import Catalog
from lodestock_server.errors import FieldViolation, InvalidRequest, NotFound
from lodestock_server.usecases.build_request import (
    TAKEN_OVER,
    BuildRequest,
    DemandPath,
    material_violations,
    possible_materials,
    request_violations,
)
from lodestock_server.usecases.buyers import BuyerFigures, Yearly, buyer_figures, no_consumption
from lodestock_server.usecases.defaults import DefaultsBook, DefaultUsed
from lodestock_server.usecases.origins import CallerOrigin, Traced, TracedField, derive
from lodestock_server.usecases.planned_demand import Forecast, ForecastPath, PlannedDemand
from lodestock_server.usecases.policies import AT_HOME, MaterialNeeds, PolicyRules, policy_rules, stock_floor
from lodestock_server.usecases.source_risks import SourceRisks
from lodestock_server.usecases.stock_policy import StockNeeds, stock_policy
from lodestock_server.usecases.supply_sources import Supply, SupplyReader, dearest_landed_cost

__all__ = [
    "BuildRequest",
    "BuiltProblem",
    "DemandPath",
    "Forecast",
    "ForecastPath",
    "build_problem",
    "request_violations",
]

RULE = re.compile(r"rules\[(\d+)\]")

_COST_FIELDS = {
    DemandTier.DEFENCE: "shortage.defence_price_multiple",
    DemandTier.ESSENTIAL: "shortage.essential_price_multiple",
    DemandTier.GENERAL: "shortage.general_price_multiple",
}


@dataclass(frozen=True, slots=True)
class BuiltProblem:
    """A problem, where each of its figures comes from, the defaults used, and what the data lack."""

    problem: SourcingProblem
    figures: tuple[TracedField, ...]
    defaults: tuple[DefaultUsed, ...]
    remarks: tuple[str, ...]


def build_problem(
    catalog: Catalog, request: BuildRequest, forecast: Forecast, known_countries: frozenset[str] | None = None
) -> BuiltProblem:
    """Build the problem of a buyer.

    Args:
        catalog: The figures.
        request: What to build.
        forecast: The forecaster.
        known_countries: Codes that rules and scenarios may name. None: any.

    Returns:
        The problem; one-year periods from the year after the last one with data.

    Raises:
        NotFound: No such buyer, or nobody says what it uses of a material.
        InvalidRequest: Fields break rules; all are listed.
    """
    _refuse(request_violations(catalog, request, possible_materials(catalog, request)))
    defaults = DefaultsBook(request.overrides)
    figures = buyer_figures(catalog, request.buyer, request.own_figures, defaults)
    materials = request.material_ids or figures.materials()
    histories = _histories(figures, request, materials)
    # Where the request names no materials, the figures decide which are in the problem.
    _refuse(material_violations(catalog, request, materials))
    built = _Builder(catalog, request, figures, defaults, histories, forecast).build()
    _refuse([_in_request(request, v.field_path, v.description) for v in validate(built.problem, known_countries)])
    return built


def _histories(
    figures: BuyerFigures, request: BuildRequest, materials: Sequence[str]
) -> Mapping[str, tuple[Yearly, ...]]:
    """The demand of each material so far; empty only where the caller gives the demand to come."""
    histories = {material: figures.consumption(material) for material in materials}
    given = {path.material_id for path in request.demand}
    missing = [material for material, history in histories.items() if not history and material not in given]
    if missing or not materials:
        raise NotFound(no_consumption(figures, missing))
    return histories


def _in_request(request: BuildRequest, path: str, description: str) -> FieldViolation:
    """A violation of the built problem as one of the request: of what was taken over, or of what made it."""
    made = f"make a problem in which {path} {description}"
    if path.startswith("scenarios") and request.demand_uncertainty is not None:
        return FieldViolation("demand_uncertainty", made)
    rule = RULE.match(path)
    if rule and int(rule[1]) >= len(request.rules):
        return FieldViolation("policies", made)
    if path.startswith(TAKEN_OVER):
        return FieldViolation(path, description)
    return FieldViolation("own_figures" if request.own_figures and not request.overrides else "overrides", made)


def _refuse(violations: list[FieldViolation]) -> None:
    if violations:
        raise InvalidRequest(violations)


@dataclass
class _Builder:
    catalog: Catalog
    request: BuildRequest
    buyer: BuyerFigures
    defaults: DefaultsBook
    histories: Mapping[str, tuple[Yearly, ...]]
    forecast: Forecast
    figures: list[TracedField] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.demand = PlannedDemand(self.request, self.histories, self._first_year(), self.forecast)
        self.years = self.demand.years

    def build(self) -> BuiltProblem:
        request = self.request
        materials: list[Material] = []
        sources: list[Source] = []
        deposits: list[Deposit] = []
        price_years: list[int] = []
        risks = SourceRisks(self.catalog, request.buyer, request.source_risk)
        for name in self.histories:
            path = self.demand.path(name)
            history = self.histories[name]
            latest = history[-1].figure if history else path[0]
            reader = SupplyReader(self.catalog, self.buyer, self.defaults, name, latest, risks, self.years)
            supply = reader.read()
            materials.append(self._material(name, path, reader.price(), supply))
            sources += supply.sources
            deposits += supply.deposits
            self.figures += supply.figures
            self._note(name, supply)
            price_years.append(self.buyer.price(name).year)
        self.remarks += risks.unused()
        self.figures += self.demand.scenario_figures()
        of_policies = self._of_policies(materials, sources)
        problem = SourcingProblem(
            periods=tuple(Period(str(year)) for year in self.years),
            materials=tuple(materials),
            sources=tuple(sources),
            deposits=tuple(deposits),
            rules=(*request.rules, *of_policies.rules),
            budget=request.budget,
            scenarios=self.demand.scenarios(),
            price_of_risk=self._setting("price_of_risk", request.price_of_risk, "1"),
            discount_rate=self._setting("discount_rate", request.discount_rate, "1/a"),
            buyer=request.buyer,
            price_year=self._price_year(price_years),
        )
        self._remark_on_prices(price_years, problem.price_year)
        return BuiltProblem(problem, tuple(self.figures), self.defaults.used(), tuple(dict.fromkeys(self.remarks)))

    def _of_policies(self, materials: Sequence[Material], sources: Sequence[Source]) -> PolicyRules:
        """The rules of the policies that the caller chose."""
        made = policy_rules(self.catalog, self.request.policies, self.request.buyer, self.years, materials, sources)
        self.figures += made.figures
        self.remarks += made.remarks
        return made

    def _first_year(self) -> int:
        """The year after the last one with data; of prices, where the caller gives all the demand."""
        observed = [history[-1].year for history in self.histories.values() if history]
        return max(observed or [self.buyer.price(name).year for name in self.histories]) + 1

    def _note(self, name: str, supply: Supply) -> None:
        """What is known of a material beside its fields: what its demand was estimated from, and what is lacking."""
        basis = self.buyer.basis(name) if self.histories[name] else None
        if basis is not None:
            self.figures.append(basis)
        self.remarks += [*self.buyer.remarks(name), *self.demand.remarks(name), *supply.remarks]

    def _setting(self, name: str, given: float | None, unit: str) -> float:
        """A setting of the whole plan: the caller's own, else the default."""
        origin = None if given is None else Traced(given, (CallerOrigin(name),))
        traced = origin or self.defaults.take(f"plan.{name}", "")
        self._trace(name, [traced], unit)
        return traced.value

    def _price_year(self, years: Sequence[int]) -> int:
        """The latest year of any price."""
        latest = max(years)
        prices = [
            self.buyer.price(name).figure for name, year in zip(self.histories, years, strict=True) if year == latest
        ]
        self._trace("price_year", [derive(float(latest), "the latest year of a price", *prices)], "a")
        return latest

    def _remark_on_prices(self, years: Sequence[int], price_year: int) -> None:
        for name, year in zip(self.histories, years, strict=True):
            if year != price_year:
                self.remarks.append(f"{name}: the last price is that of {year}, taken as it is for {price_year}")
            mineral = self.catalog.mineral(name)
            if mineral.price_fit == "proxy" and not self.buyer.price_is_own(name):
                self.remarks.append(f"{name}: the price is a proxy: {mineral.price_note}")

    def _material(self, name: str, path: Sequence[Traced], price: Traced, supply: Supply) -> Material:
        mineral = self.catalog.mineral(name)
        costs = self._shortage_costs(name, price)
        floor = self._floor(name, path, supply)
        needs = StockNeeds(name, path, price, costs, dearest_landed_cost(supply, price), floor)
        stock, figures = stock_policy(self.defaults, needs)
        self.figures += figures
        return Material(
            material_id=name,
            name=f"{mineral.name}: {mineral.form}",
            demand=self._tiers(name, path, costs),
            stock=stock,
        )

    def _floor(self, name: str, path: Sequence[Traced], supply: Supply) -> Traced | None:
        """The larger of the caller's own floor and that of the policies; None: neither asks for one."""
        own = self.request.floor_days
        capacity = {figure.field_path: figure for figure in supply.figures}
        home = [capacity[f"sources[{s.source_id}].capacity_tonnes"] for s in supply.sources if s.kind in AT_HOME]
        needs = MaterialNeeds(
            material=name,
            demand=path,
            defence=self.defaults.take("tier.defence_share", name),
            essential=self.defaults.take("tier.essential_share", name),
            at_home=[Traced(figure.values[0], figure.origins) for figure in home],
        )
        of_policy = stock_floor(self.request.policies, needs)
        asked = [of_policy] if of_policy is not None else []
        if own is not None:
            asked.insert(0, Traced(own, (CallerOrigin("floor_days"),)))
        return max(asked, key=lambda days: days.value, default=None)

    def _shortage_costs(self, name: str, price: Traced) -> dict[DemandTier, Traced]:
        multiples = {tier: self.defaults.take(default_id, name) for tier, default_id in _COST_FIELDS.items()}
        return {t: derive(m.value * price.value, "multiple × price", m, price) for t, m in multiples.items()}

    def _tiers(self, name: str, path: Sequence[Traced], costs: Mapping[DemandTier, Traced]) -> tuple[TierDemand, ...]:
        defence = self.defaults.take("tier.defence_share", name)
        essential = self.defaults.take("tier.essential_share", name)

        rest = derive(1.0 - defence.value - essential.value, "the rest of the demand", defence, essential)
        shares = {DemandTier.DEFENCE: defence, DemandTier.ESSENTIAL: essential, DemandTier.GENERAL: rest}
        tiers = []
        for d, (tier, share) in enumerate(shares.items()):
            tonnes = [derive(share.value * t.value, "share of the tier × demand", share, t) for t in path]
            cost = costs[tier]
            prefix = f"materials[{name}].demand[{d}]"
            self._trace(f"{prefix}.demand_tonnes", tonnes, "t")
            self._trace(f"{prefix}.shortage_cost_usd_per_tonne", [cost], "USD/t")
            tiers.append(TierDemand(tier, tuple(t.value for t in tonnes), cost.value))
        return tuple(tiers)

    def _trace(self, field_path: str, values: Sequence[Traced], unit: str) -> None:
        origins = {origin: None for value in values for origin in value.origins}
        figure = TracedField(field_path, tuple(v.value for v in values), unit, values[0].derivation, tuple(origins))
        self.figures.append(figure)
