"""What a stress test asks and what it answers: sudden stops during a plan that was made without knowing of them.

Owns the sweep, which makes scenarios of countries and routes, and what must hold of the questions.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from itertools import combinations

from lodestock_optimizers.plan import ConflictingRule, PlanStatus, Relaxation
from lodestock_optimizers.problem import (
    DemandTier,
    Disruption,
    Embargo,
    Scenario,
    SourceKind,
    SourcingProblem,
    StockPolicy,
    TradeRule,
)
from lodestock_optimizers.scenario_tree import NEGLIGIBLE_PROBABILITY, years_to_periods
from lodestock_optimizers.validation import validate
from lodestock_optimizers.violations import Violation

STOP_YEARS = 1.0
"""How long a stop of the sweep lasts where the caller does not say."""


class StressKind(Enum):
    """Where a stress comes from."""

    SCENARIO = "SCENARIO"
    COUNTRY = "COUNTRY"
    PAIR = "PAIR"
    ROUTE = "ROUTE"


@dataclass(frozen=True, slots=True)
class Route:
    """A transport route as the countries behind it."""

    route_id: str
    countries: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StressRequest:
    """What is to happen from `onset` on, a period counted from 0.

    `scenarios` enter as one tree, together with "nothing happens". The stops of the sweep are each put alone: every
    country that imports come from, every pair of the `pairs_of` countries that most is paid to, every route; each
    leaves `availability` of its sources for `duration_periods` (None: a year).
    """

    onset: int
    scenarios: tuple[Scenario, ...] = ()
    each_country: bool = False
    pairs_of: int = 0
    routes: tuple[Route, ...] = ()
    duration_periods: int | None = None
    availability: float = 0.0


@dataclass(frozen=True, slots=True)
class Stress:
    """Scenarios that enter as one tree, and where they come from."""

    kind: StressKind
    scenarios: tuple[Scenario, ...]
    countries: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StockAtOnset:
    """What is in stock of a material at the onset, and the days of its demand then that this covers."""

    material_id: str
    tonnes: float
    days_of_cover: float


@dataclass(frozen=True, slots=True)
class TierSurvival:
    """How long a tier is served without a gap, in days from the onset, and what it lacks until the end of the horizon.

    `survives`: it lacks nothing, so that the days are those to the end.
    """

    material_id: str
    tier: DemandTier
    days_survived: float
    survives: bool
    shortage_tonnes: float


@dataclass(frozen=True, slots=True)
class StressBreach:
    """A rule that the answer to a stress breaks in a period, since rules are set aside."""

    family: str
    subject_id: str
    material_id: str
    country: str
    period: int
    amount: float
    unit: str


@dataclass(frozen=True, slots=True)
class StressOutcome:
    """What one scenario comes to; money is discounted to the horizon's start and above that of "nothing happens"."""

    kind: StressKind
    scenario_id: str
    countries: tuple[str, ...]
    status: PlanStatus
    extra_cost_usd: float = 0.0
    extra_shortage_usd: float = 0.0
    tiers: tuple[TierSurvival, ...] = ()
    breaches: tuple[StressBreach, ...] = ()

    @property
    def money_at_risk_usd(self) -> float:
        """What it costs more, shortages at their cost included."""
        return self.extra_cost_usd + self.extra_shortage_usd


@dataclass(frozen=True, slots=True)
class Regret:
    """What a plan costs in all if a scenario happens, and how much less the best of the candidates would.

    `scenario_id` is empty for "nothing happens".
    """

    scenario_id: str
    cost_usd: float
    regret_usd: float


@dataclass(frozen=True, slots=True)
class CandidateRegrets:
    """The regrets of one plan, in the order of the base's outcomes; empty where it is no optimum.

    `candidate_id` is empty for the base.
    """

    candidate_id: str
    status: PlanStatus
    regrets: tuple[Regret, ...] = ()

    @property
    def greatest_usd(self) -> float:
        """The greatest regret."""
        return max((regret.regret_usd for regret in self.regrets), default=0.0)


@dataclass(frozen=True, slots=True)
class StressTest:
    """The outcomes, the worst first, those without an answer last; nothing but why where the base has no plan.

    `undisturbed_cost_usd` is what the plan costs in all if nothing happens. `candidates` are those of least greatest
    regret first, the base among them; empty where none are given.
    """

    status: PlanStatus
    undisturbed_cost_usd: float = 0.0
    stocks: tuple[StockAtOnset, ...] = ()
    outcomes: tuple[StressOutcome, ...] = ()
    candidates: tuple[CandidateRegrets, ...] = ()
    relaxations: tuple[Relaxation, ...] = ()
    conflict: tuple[ConflictingRule, ...] = ()


@dataclass(frozen=True, slots=True)
class Candidate:
    """A problem of the same world as the base whose plan is to be compared with the base's."""

    candidate_id: str
    problem: SourcingProblem


def regrets(tests: Mapping[str, StressTest]) -> tuple[CandidateRegrets, ...]:
    """The regrets of plans by what the same stresses do to each, the plan of least greatest regret first.

    Scenarios that some plan has no answer to are left out.
    """
    costs = {name: _costs(test) for name, test in tests.items() if test.status is PlanStatus.OPTIMAL}
    common = [scenario for scenario in next(iter(costs.values()), {}) if all(scenario in one for one in costs.values())]
    least = {scenario: min(one[scenario] for one in costs.values()) for scenario in common}
    found = [
        CandidateRegrets(
            name,
            test.status,
            tuple(Regret(s[1], costs[name][s], costs[name][s] - least[s]) for s in common) if name in costs else (),
        )
        for name, test in tests.items()
    ]
    return tuple(sorted(found, key=lambda one: (not one.regrets, one.greatest_usd)))


def _costs(test: StressTest) -> dict[tuple[StressKind | None, str], float]:
    """What a plan costs in all: if nothing happens, and if each scenario does."""
    calm: dict[tuple[StressKind | None, str], float] = {(None, ""): test.undisturbed_cost_usd}
    return calm | {
        (outcome.kind, outcome.scenario_id): test.undisturbed_cost_usd + outcome.money_at_risk_usd
        for outcome in test.outcomes
        if outcome.status is PlanStatus.OPTIMAL
    }


def candidate_violations(problem: SourcingProblem, candidates: Sequence[Candidate]) -> Iterator[Violation]:
    """Whether candidates are plans for the same demand, suppliers and periods, so that their costs compare."""
    seen: set[str] = set()
    for i, candidate in enumerate(candidates):
        if candidate.candidate_id in seen:
            text = f"'{candidate.candidate_id}' is taken, must be unique in the request"
            yield Violation(f"candidates[{i}].candidate_id", text)
        seen.add(candidate.candidate_id)
        for what in ("periods", "sources", "discount_rate", "deposits", "substitutions", "footprint_policies"):
            if getattr(candidate.problem, what) != getattr(problem, what):
                yield Violation(f"candidates[{i}]", f"has other {what} than the base, so that costs do not compare")
        if _embargoes(candidate.problem) != _embargoes(problem):
            yield Violation(f"candidates[{i}]", "has other embargoes than the base, so that costs do not compare")
        if _world(candidate.problem) != _world(problem):
            text = "has other materials than the base, in more than stock floors, so that costs do not compare"
            yield Violation(f"candidates[{i}]", text)


def _embargoes(problem: SourcingProblem) -> set[TradeRule]:
    """What an embargo stops can be in nobody's book."""
    return {replace(rule, rule_id="") for rule in problem.rules if isinstance(rule.rule, Embargo)}


def _world(problem: SourcingProblem) -> list[object]:
    """Materials without what policy asks of their stock."""
    return [
        replace(
            material,
            stock=None
            if material.stock is None
            else StockPolicy(
                opening_tonnes=material.stock.opening_tonnes,
                holding_usd_per_tonne_year=material.stock.holding_usd_per_tonne_year,
                loss_rate_per_year=material.stock.loss_rate_per_year,
                disposal_usd_per_tonne=material.stock.disposal_usd_per_tonne,
            ),
        )
        for material in problem.materials
    ]


def stress_violations(problem: SourcingProblem, request: StressRequest) -> Iterator[Violation]:
    """All that is wrong with a request to a valid problem, with paths that start at the request."""
    last = len(problem.periods) - 1
    if not 0 <= request.onset <= last:
        yield Violation("onset_period", f"is {request.onset}, must be a period from 0 to {last}")
        return
    if not (request.scenarios or request.each_country or request.pairs_of or request.routes):
        yield Violation("scenarios", "is empty, as is sweep: nothing is asked; give one of both")
    for i, route in enumerate(request.routes):
        if route.route_id in {other.route_id for other in request.routes[:i]}:
            text = f"'{route.route_id}' is taken, must be unique in the sweep"
            yield Violation(f"sweep.routes[{i}].route_id", text)
    for i, scenario in enumerate(request.scenarios):
        if scenario.onset_period < request.onset:
            text = f"is {scenario.onset_period}, must be at or after onset_period, {request.onset}"
            yield Violation(f"scenarios[{i}].onset_period", text)
        for j, factor in enumerate(scenario.demand_factors):
            for k, period in enumerate(factor.periods):
                if period < request.onset:
                    text = f"is {period}, must be at or after onset_period, {request.onset}"
                    yield Violation(f"scenarios[{i}].demand_factors[{j}].periods[{k}]", text)
        if scenario.probability <= NEGLIGIBLE_PROBABILITY:
            text = f"is {scenario.probability:g}, must be above {NEGLIGIBLE_PROBABILITY:g}: it is to happen"
            yield Violation(f"scenarios[{i}].probability", text)
    yield from validate(replace(problem, scenarios=request.scenarios))


def sweep(problem: SourcingProblem, request: StressRequest, paid: Sequence[tuple[str, float]]) -> Iterator[Stress]:
    """The stresses of a request.

    Args:
        problem: The problem.
        request: What is asked.
        paid: Countries with what is paid to them from the onset on.
    """
    if request.scenarios:
        yield Stress(StressKind.SCENARIO, request.scenarios)
    if request.each_country:
        importing = {source.country for source in problem.sources if source.kind is SourceKind.IMPORT}
        for country in sorted(importing):
            yield _stop(problem, request, StressKind.COUNTRY, country, (country,))
    largest = [country for country, usd in sorted(paid, key=lambda one: (-one[1], one[0])) if usd > 0]
    for pair in combinations(largest[: request.pairs_of], 2):
        yield _stop(problem, request, StressKind.PAIR, "+".join(pair), pair)
    for route in request.routes:
        yield _stop(problem, request, StressKind.ROUTE, route.route_id, route.countries)


def _stop(
    problem: SourcingProblem, request: StressRequest, kind: StressKind, name: str, countries: tuple[str, ...]
) -> Stress:
    """A stop alone: it begins before anything else is decided, so that its probability changes nothing."""
    given = request.duration_periods
    duration = years_to_periods(STOP_YEARS, problem) if given is None else given
    end = min(request.onset + duration, len(problem.periods)) - 1
    stop = Disruption(countries=countries, kinds=(SourceKind.IMPORT,), availability=request.availability)
    return Stress(kind, (Scenario(name, 1.0, request.onset, end, (stop,)),), countries)
