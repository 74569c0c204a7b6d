"""Build a sourcing problem from the catalog: demand by forecast, sources, stock policy, every figure with its origin.

Owns which figure goes where. The figures themselves are read by `supply_sources`, what is missing is filled by
`defaults`; the forecaster and the catalog are handed in.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from lodestock_forecasters import MAX_SEED
from lodestock_optimizers.problem import (
    Budget,
    DemandTier,
    Deposit,
    Material,
    Period,
    Scenario,
    Source,
    SourcingProblem,
    TierDemand,
    TradeRule,
)
from lodestock_optimizers.validation import MOST, MOST_FLOOR_DAYS, validate
from lodestock_server.catalog import Catalog, Observation
from lodestock_server.errors import FieldViolation, InvalidRequest, NotFound
from lodestock_server.usecases.defaults import (
    DefaultsBook,
    DefaultUsed,
    Override,
    combination_violations,
    override_violations,
)
from lodestock_server.usecases.origins import CallerOrigin, ForecastOrigin, Traced, TracedField, derive
from lodestock_server.usecases.source_risks import SourceRiskChoice, SourceRisks, source_risk_violations
from lodestock_server.usecases.stock_policy import StockNeeds, stock_policy
from lodestock_server.usecases.supply_sources import Supply, SupplyReader, dearest_landed_cost

_COST_FIELDS = {
    DemandTier.DEFENCE: "shortage.defence_price_multiple",
    DemandTier.ESSENTIAL: "shortage.essential_price_multiple",
    DemandTier.GENERAL: "shortage.general_price_multiple",
}


TAKEN_OVER = ("rules", "budget", "scenarios", "price_of_risk", "discount_rate", "buyer")
"""Fields of a request that stand in the problem as they are, under the same path."""


@dataclass(frozen=True, slots=True)
class DemandPath:
    """Demand that the caller gives for one material: tonnes by period, all tiers together."""

    material_id: str
    demand_tonnes: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class BuildRequest:
    """What to build; mirrors `lodestock.v1.BuildProblemRequest`."""

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


@dataclass(frozen=True, slots=True)
class BuiltProblem:
    """A problem, where each of its figures comes from, the defaults used, and what the data lack."""

    problem: SourcingProblem
    figures: tuple[TracedField, ...]
    defaults: tuple[DefaultUsed, ...]
    remarks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MedianPath:
    """The median of a demand forecast by year, and the models behind it in words."""

    by_year: Mapping[int, float]
    model: str


Forecast = Callable[[Mapping[str, Sequence[Observation]], int], Mapping[str, MedianPath]]
"""From the observed demand of each material and a number of years ahead to the median path of each."""


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
        NotFound: The catalog knows no such buyer.
        InvalidRequest: Fields break rules; all are listed.
    """
    if request.buyer not in catalog.buyers():
        raise NotFound(f"no demand of buyer '{request.buyer}' is stored; known buyers: {', '.join(catalog.buyers())}")
    materials = request.material_ids or tuple(mineral.id for mineral in catalog.minerals())
    _refuse(request_violations(catalog, request, materials))
    built = _Builder(catalog, request, materials, forecast).build()
    _refuse([_in_request(v.field_path, v.description) for v in validate(built.problem, known_countries)])
    return built


def _in_request(path: str, description: str) -> FieldViolation:
    """A violation of the built problem as one of the request: where it was not taken over, an override made it."""
    if path.startswith(TAKEN_OVER):
        return FieldViolation(path, description)
    return FieldViolation("overrides", f"make a problem in which {path} {description}")


def _refuse(violations: list[FieldViolation]) -> None:
    if violations:
        raise InvalidRequest(violations)


def request_violations(catalog: Catalog, request: BuildRequest, materials: Sequence[str]) -> list[FieldViolation]:
    """List what is wrong with materials, demand, overrides, stock floor, seed and the caller's own risks."""
    known = {mineral.id for mineral in catalog.minerals()}
    found = [
        FieldViolation(
            f"material_ids[{i}]", f"'{name}' is no material of the data, must be one of {', '.join(sorted(known))}"
        )
        for i, name in enumerate(request.material_ids)
        if name not in known
    ]
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
    if request.floor_days is not None and not 0 <= request.floor_days <= MOST_FLOOR_DAYS:
        text = f"is {request.floor_days:g}, must be a number from 0 to {MOST_FLOOR_DAYS:g}"
        found.append(FieldViolation("floor_days", text))
    if request.seed > MAX_SEED:
        found.append(FieldViolation("seed", f"is {request.seed}, must be from 0 to {MAX_SEED}"))
    wrong = override_violations(request.overrides, materials)
    found += wrong or combination_violations(request.overrides, materials)
    return found + source_risk_violations(request.source_risk.overrides, request.buyer, materials)


@dataclass
class _Builder:
    catalog: Catalog
    request: BuildRequest
    material_ids: Sequence[str]
    forecast: Forecast
    figures: list[TracedField] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.defaults = DefaultsBook(self.request.overrides)
        self.histories = {
            material: self.catalog.consumption(self.request.buyer, material) for material in self.material_ids
        }
        self.first_year = max(history[-1].year for history in self.histories.values()) + 1
        self.years = range(self.first_year, self.first_year + self.request.horizon_years)
        given = {path.material_id for path in self.request.demand}
        asked = {name: history for name, history in self.histories.items() if name not in given}
        earliest = min((history[-1].year for history in asked.values()), default=self.first_year)
        self.forecasts = self.forecast(asked, self.years[-1] - earliest) if asked else {}

    def build(self) -> BuiltProblem:
        request = self.request
        materials: list[Material] = []
        sources: list[Source] = []
        deposits: list[Deposit] = []
        price_years: list[int] = []
        risks = SourceRisks(self.catalog, request.buyer, request.source_risk)
        for name in self.material_ids:
            latest = self.histories[name][-1].figure
            reader = SupplyReader(self.catalog, self.defaults, request.buyer, name, latest, risks, self.years)
            supply = reader.read()
            materials.append(self._material(name, reader.price(), supply))
            sources += supply.sources
            deposits += supply.deposits
            self.figures += supply.figures
            self.remarks += supply.remarks
            price_years.append(self.catalog.latest_price(name).year)
        self.remarks += risks.unused()
        problem = SourcingProblem(
            periods=tuple(Period(str(year)) for year in self.years),
            materials=tuple(materials),
            sources=tuple(sources),
            deposits=tuple(deposits),
            rules=request.rules,
            budget=request.budget,
            scenarios=request.scenarios,
            price_of_risk=self._setting("price_of_risk", request.price_of_risk, "1"),
            discount_rate=self._setting("discount_rate", request.discount_rate, "1/a"),
            buyer=request.buyer,
            price_year=max(price_years),
        )
        self._remark_on_prices(price_years, problem.price_year)
        return BuiltProblem(problem, tuple(self.figures), self.defaults.used(), tuple(dict.fromkeys(self.remarks)))

    def _setting(self, name: str, given: float | None, unit: str) -> float:
        """A setting of the whole plan: the caller's own, else the default."""
        origin = None if given is None else Traced(given, (CallerOrigin(name),))
        traced = origin or self.defaults.take(f"plan.{name}", "")
        self._trace(name, [traced], unit)
        return traced.value

    def _remark_on_prices(self, years: Sequence[int], price_year: int) -> None:
        for name, year in zip(self.material_ids, years, strict=True):
            if year != price_year:
                self.remarks.append(f"{name}: the last price is that of {year}, taken as it is for {price_year}")
            mineral = self.catalog.mineral(name)
            if mineral.price_fit == "proxy":
                self.remarks.append(f"{name}: the price is a proxy: {mineral.price_note}")

    def _material(self, name: str, price: Traced, supply: Supply) -> Material:
        mineral = self.catalog.mineral(name)
        path = self._demand_path(name)
        costs = self._shortage_costs(name, price)
        own_floor = self.request.floor_days
        floor = None if own_floor is None else Traced(own_floor, (CallerOrigin("floor_days"),))
        needs = StockNeeds(name, path, price, costs, dearest_landed_cost(supply, price), floor)
        stock, figures = stock_policy(self.defaults, needs)
        self.figures += figures
        return Material(
            material_id=name,
            name=f"{mineral.name}: {mineral.form}",
            demand=self._tiers(name, path, costs),
            stock=stock,
        )

    def _shortage_costs(self, name: str, price: Traced) -> dict[DemandTier, Traced]:
        multiples = {tier: self.defaults.take(default_id, name) for tier, default_id in _COST_FIELDS.items()}
        return {t: derive(m.value * price.value, "multiple × price", m, price) for t, m in multiples.items()}

    def _demand_path(self, name: str) -> tuple[Traced, ...]:
        """Demand year by year, tonnes: the caller's own, else the median path of the forecast."""
        for i, given in enumerate(self.request.demand):
            if given.material_id == name:
                values = given.demand_tonnes * (len(self.years) if len(given.demand_tonnes) == 1 else 1)
                return tuple(Traced(value, (CallerOrigin(f"demand[{i}].demand_tonnes"),)) for value in values)
        path = self.forecasts[name]
        observed = tuple(observation.figure.origin for observation in self.histories[name])
        forecast = ForecastOrigin(path.model, "median path", self.request.seed)
        return tuple(Traced(path.by_year[year], (forecast, *observed), "median of the forecast") for year in self.years)

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
