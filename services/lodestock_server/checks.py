"""The checks across the fields of each request: what the rules of the contract cannot say.

Each takes a message, however broken, and lists what is wrong with it by field path.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace

from google.longrunning import operations_pb2
from google.protobuf.message import Message

from lodestock.v1 import forecast_pb2, risk_pb2, sourcing_pb2
from lodestock_optimizers.problem import DemandTier, Material, Period, SourcingProblem, TierDemand
from lodestock_optimizers.validation import validate
from lodestock_server.catalog import Catalog, UnknownBuyerError, UnknownCountryError
from lodestock_server.contract import Contract
from lodestock_server.converters import (
    backtest,
    demand,
    dependence,
    forecast,
    operation,
    projection,
    risk,
    risk_options,
)
from lodestock_server.converters.build import build_request_from_proto
from lodestock_server.converters.common import own_figures_from_proto
from lodestock_server.converters.scenarios import scenario_request_from_proto
from lodestock_server.converters.sourcing import problem_from_proto
from lodestock_server.errors import FieldViolation
from lodestock_server.usecases.build_request import (
    TAKEN_OVER,
    BuildRequest,
    possible_materials,
    request_violations,
)
from lodestock_server.usecases.buyers import UNNAMED_COUNTRIES, known_countries, own_figure_violations
from lodestock_server.usecases.generate_scenarios import request_violations as scenario_violations
from lodestock_server.usecases.material_ids import material_id_violations
from lodestock_server.usecases.optimize_sourcing import problem_violations
from lodestock_server.usecases.plan_questions import fields_of
from lodestock_server.validation import CrossFieldCheck, merged

NAMED_SOURCE = re.compile(r"\.source_ids\[\d+\]$")
"""Paths of names of sources, which nobody knows before the problem is built."""

LONGEST_HORIZON = 50


def frame_of(asked: BuildRequest, materials: Iterable[str]) -> SourcingProblem:
    """A problem of nothing but what a request gives, so that rules, budget and scenarios can be checked in it."""
    demand = TierDemand(DemandTier.GENERAL, (0.0,), 0.0)
    return SourcingProblem(
        periods=(Period("any"),) * max(1, min(asked.horizon_years, LONGEST_HORIZON)),
        materials=tuple(Material(name, (demand,)) for name in dict.fromkeys(materials)),
        sources=(),
        rules=asked.rules,
        budget=asked.budget,
        scenarios=asked.scenarios,
        price_of_risk=0.0 if asked.price_of_risk is None else asked.price_of_risk,
        discount_rate=0.0 if asked.discount_rate is None else asked.discount_rate,
        buyer=asked.buyer,
    )


def is_of_request(path: str) -> bool:
    """Whether a path in the frame is one of the request, and nothing has yet to be built to judge it."""
    return path.startswith(TAKEN_OVER) and not NAMED_SOURCE.search(path)


class CrossFieldChecks:
    """The checks, with the data that they need."""

    def __init__(self, contract: Contract, catalogs: Callable[[], Catalog]) -> None:
        """Take the data.

        Args:
            contract: Rules of the contract, for problems that ValidateProblem looks at whole.
            catalogs: Gives the catalog in use now: what materials and countries there are.
        """
        self._contract = contract
        self._catalogs = catalogs

    def by_request(self) -> Mapping[type[Message], CrossFieldCheck]:
        """The check of each request that has one."""
        return {
            forecast_pb2.ForecastDemandRequest: self.forecast_demand,
            forecast_pb2.BacktestModelsRequest: self.backtest_models,
            forecast_pb2.ProjectDemandRequest: self.project_demand,
            risk_pb2.AssessSupplyRiskRequest: self.assess_supply_risk,
            risk_pb2.MapDependenceRequest: self.map_dependence,
            sourcing_pb2.BuildProblemRequest: self.build_problem,
            sourcing_pb2.OptimizeSourcingRequest: self.optimize_sourcing,
            sourcing_pb2.TraceFrontierRequest: self.optimize_sourcing,
            sourcing_pb2.FindAlternativesRequest: self.optimize_sourcing,
            sourcing_pb2.AskWhatIfRequest: self.ask_what_if,
            sourcing_pb2.ExplainPlanRequest: self.explain_plan,
            sourcing_pb2.GenerateScenariosRequest: self.generate_scenarios,
            sourcing_pb2.ReduceScenariosRequest: self.reduce_scenarios,
            sourcing_pb2.PriceRulesRequest: self.optimize_sourcing,
            sourcing_pb2.ExportModelRequest: self.optimize_sourcing,
            sourcing_pb2.StressTestRequest: self.stress_test,
            sourcing_pb2.SizeStockpileRequest: self.optimize_sourcing,
            forecast_pb2.BatchForecastDemandRequest: self.batch_forecast_demand,
            forecast_pb2.RunBacktestRequest: self.run_backtest,
            sourcing_pb2.RunOptimizationRequest: self.run_optimization,
            operations_pb2.GetOperationRequest: operation.name_violations,
            operations_pb2.CancelOperationRequest: operation.name_violations,
            operations_pb2.DeleteOperationRequest: operation.name_violations,
            operations_pb2.WaitOperationRequest: operation.wait_violations,
            operations_pb2.ListOperationsRequest: operation.list_violations,
        }

    def forecast_demand(self, request: forecast_pb2.ForecastDemandRequest) -> list[FieldViolation]:
        """Check series, options, buyer, materials and own figures."""
        return [*forecast.request_violations(request), *self._demand(request)]

    def backtest_models(self, request: forecast_pb2.BacktestModelsRequest) -> list[FieldViolation]:
        """Check series, options, buyer, materials and own figures."""
        return [*backtest.backtest_violations(request), *self._demand(request)]

    def project_demand(self, request: forecast_pb2.ProjectDemandRequest) -> list[FieldViolation]:
        """Check years, paths, names of sectors, countries, and what is to be read of the data."""
        catalog = self._catalogs()
        named = projection.countries(request)
        found = [violation for path, code in named for violation in buyer_violations(catalog, path, code)]
        return [*found, *projection.request_violations(request, catalog)]

    def batch_forecast_demand(self, request: forecast_pb2.BatchForecastDemandRequest) -> list[FieldViolation]:
        """Check what is to be forecast, and what it is called."""
        found = display_name_violations(request.display_name)
        if request.HasField("forecast"):
            wrong = [*self.forecast_demand(request.forecast), *forecast.part_violations(request.forecast)]
            found += [violation.under("forecast") for violation in wrong]
        return found

    def run_backtest(self, request: forecast_pb2.RunBacktestRequest) -> list[FieldViolation]:
        """Check what is to be backtested, and what it is called."""
        found = display_name_violations(request.display_name)
        if request.HasField("backtest"):
            found += [violation.under("backtest") for violation in self.backtest_models(request.backtest)]
        return found

    def assess_supply_risk(self, request: risk_pb2.AssessSupplyRiskRequest) -> list[FieldViolation]:
        """Check buyer, materials, own figures, shares and countries."""
        catalog = self._catalogs()
        violations = buyer_violations(catalog, "buyer", request.buyer)
        violations += material_id_violations(catalog, "stored.material_ids", request.stored.material_ids)
        own = own_figures_from_proto(request.stored.own_figures)
        violations += own_figure_violations(catalog, request.buyer, own, "stored.own_figures")
        for i, supply in enumerate(request.inline.supplies):
            path = f"inline.supplies[{i}]"
            violations += risk.supply_violations(supply, path)
            for name in risk.SHARE_FIELDS:
                for j, share in enumerate(getattr(supply, name)):
                    if share.country:
                        violations += country_violations(catalog, f"{path}.{name}[{j}].country", share.country)
        return [*violations, *risk_options.option_violations(request), *uncertain_country_violations(catalog, request)]

    def map_dependence(self, request: risk_pb2.MapDependenceRequest) -> list[FieldViolation]:
        """Check buyer, material, network and countries."""
        catalog = self._catalogs()
        found = buyer_violations(catalog, "buyer", request.buyer)
        if request.HasField("inline"):
            found += dependence.network_message_violations(request.inline, request.buyer)
        else:
            named = material_id_violations(catalog, "stored.material_id", [request.stored.material_id])
            found += [FieldViolation("stored.material_id", violation.description) for violation in named]
        for path, country in named_countries(request):
            found += country_violations(catalog, path, country)
        return found

    def build_problem(self, request: sourcing_pb2.BuildProblemRequest) -> list[FieldViolation]:
        """Check buyer, materials, demand, own figures and overrides, and what goes into the problem as it is."""
        catalog = self._catalogs()
        asked = build_request_from_proto(request)
        materials = possible_materials(catalog, asked)
        found = problem_violations(frame_of(asked, materials), known_countries(catalog))
        return [
            *request_violations(catalog, asked, materials),
            *risk_country_violations(catalog, request.source_risks),
            *(violation for violation in found if is_of_request(violation.field_path)),
        ]

    def optimize_sourcing(
        self,
        request: sourcing_pb2.OptimizeSourcingRequest
        | sourcing_pb2.RunOptimizationRequest
        | sourcing_pb2.TraceFrontierRequest
        | sourcing_pb2.FindAlternativesRequest
        | sourcing_pb2.AskWhatIfRequest
        | sourcing_pb2.PriceRulesRequest
        | sourcing_pb2.ExportModelRequest
        | sourcing_pb2.ExplainPlanRequest
        | sourcing_pb2.StressTestRequest
        | sourcing_pb2.SizeStockpileRequest
        | sourcing_pb2.StressCandidate,
    ) -> list[FieldViolation]:
        """Check the problem."""
        if not request.HasField("problem"):
            return []
        found = problem_violations(problem_from_proto(request.problem), known_countries(self._catalogs()))
        return [violation.under("problem") for violation in found]

    def ask_what_if(self, request: sourcing_pb2.AskWhatIfRequest) -> list[FieldViolation]:
        """Check the problem, where it is given, and whether each question has a name of its own."""
        found, seen = self.optimize_sourcing(request), set[str]()
        for i, question in enumerate(request.questions):
            if question.question_id in seen:
                text = f"'{question.question_id}' is taken, must be unique in the request"
                found.append(FieldViolation(f"questions[{i}].question_id", text))
            seen.add(question.question_id)
        return found

    def explain_plan(self, request: sourcing_pb2.ExplainPlanRequest) -> list[FieldViolation]:
        """Check the problem, and whether the sources that are asked after are of it."""
        found = self.optimize_sourcing(request)
        known = {source.source_id for source in request.problem.sources}
        if request.HasField("problem"):
            found += [
                FieldViolation(f"why_not[{i}].source_id", f"'{question.source_id}' is no source of the problem")
                for i, question in enumerate(request.why_not)
                if question.source_id not in known
            ]
        return found

    def stress_test(self, request: sourcing_pb2.StressTestRequest) -> list[FieldViolation]:
        """Check the problems that are given, and the countries that are to stop."""
        catalog, found = self._catalogs(), self.optimize_sourcing(request)
        for i, candidate in enumerate(request.candidates):
            found += [violation.under(f"candidates[{i}]") for violation in self.optimize_sourcing(candidate)]
        named = [
            (f"scenarios[{i}].disruptions[{j}].countries[{k}]", code)
            for i, scenario in enumerate(request.scenarios)
            for j, disruption in enumerate(scenario.disruptions)
            for k, code in enumerate(disruption.countries)
        ]
        named += [
            (f"sweep.routes[{i}].countries[{j}]", code)
            for i, route in enumerate(request.sweep.routes)
            for j, code in enumerate(route.countries)
        ]
        return [*found, *(violation for path, code in named for violation in country_violations(catalog, path, code))]

    def generate_scenarios(self, request: sourcing_pb2.GenerateScenariosRequest) -> list[FieldViolation]:
        """Check the problem but its own scenarios, which play no part, and whether hazards and events are of it."""
        if not request.HasField("problem"):
            return []
        asked, countries = scenario_request_from_proto(request), known_countries(self._catalogs())
        calm = replace(asked.problem, scenarios=())
        in_problem = [found.under("problem") for found in problem_violations(calm, countries)]
        return [*in_problem, *scenario_violations(asked, countries)]

    def reduce_scenarios(self, request: sourcing_pb2.ReduceScenariosRequest) -> list[FieldViolation]:
        """Check the problem, however large the model of it would be: with fewer scenarios it is another."""
        if not request.HasField("problem"):
            return []
        found = validate(problem_from_proto(request.problem), known_countries(self._catalogs()))
        return [violation.under("problem") for violation in fields_of(found)]

    def run_optimization(self, request: sourcing_pb2.RunOptimizationRequest) -> list[FieldViolation]:
        """Check the problem, and what it is called."""
        return [*display_name_violations(request.display_name), *self.optimize_sourcing(request)]

    def problem(self, problem: sourcing_pb2.SourcingProblem) -> list[FieldViolation]:
        """Check a problem by the contract's rules and across its fields, with paths that start at the problem."""
        rules = self._contract.rule_violations(problem, problem.SerializeToString())
        return merged(rules, problem_violations(problem_from_proto(problem), known_countries(self._catalogs())))

    def _demand(
        self, request: forecast_pb2.ForecastDemandRequest | forecast_pb2.BacktestModelsRequest
    ) -> list[FieldViolation]:
        """Check the countries that drive inline series, and buyer, materials and own figures of stored ones."""
        catalog = self._catalogs()
        found = [
            violation
            for path, code in demand.countries(request.inline)
            for violation in buyer_violations(catalog, path, code)
        ]
        if request.HasField("stored"):
            stored = request.stored
            found += buyer_violations(catalog, "stored.buyer", stored.buyer)
            found += material_id_violations(catalog, "stored.material_ids", stored.material_ids)
            own = own_figures_from_proto(stored.own_figures)
            found += own_figure_violations(catalog, stored.buyer, own, "stored.own_figures")
        return found


def display_name_violations(name: str) -> list[FieldViolation]:
    """Whether the caller's words for something fit into a line. PostgreSQL stores no NUL, either."""
    if not name or name.isprintable():
        return []
    return [FieldViolation("display_name", f"{name!r} has characters that do not print, must be one line of text")]


def country_violations(catalog: Catalog, path: str, code: str) -> list[FieldViolation]:
    """Whether a code is a country's."""
    try:
        catalog.country(code)
    except UnknownCountryError:
        return [FieldViolation(path, f"'{code}' is no country code, must be ISO 3166-1 alpha-3, such as 'USA'")]
    return []


def buyer_violations(catalog: Catalog, path: str, code: str) -> list[FieldViolation]:
    """Whether a code is a country's or a bloc's."""
    try:
        catalog.bloc(code)
    except UnknownBuyerError:
        text = f"'{code}' is no country code, must be ISO 3166-1 alpha-3, such as 'USA', or 'EU27'"
        return [FieldViolation(path, text)]
    return []


def named_countries(request: risk_pb2.MapDependenceRequest) -> Iterator[tuple[str, str]]:
    """Countries in a network and in stops, with their paths; the buyer is checked for itself."""
    for i, stop in enumerate(request.stops):
        yield from ((f"stops[{i}].countries[{j}]", country) for j, country in enumerate(stop.countries))
    named = [(f"inline.outputs[{i}].country", output.country) for i, output in enumerate(request.inline.outputs)]
    for i, link in enumerate(request.inline.links):
        named.append((f"inline.links[{i}].from_country", link.from_country))
        named.append((f"inline.links[{i}].to_country", link.to_country))
    yield from ((path, country) for path, country in named if country and country != request.buyer)


def uncertain_country_violations(
    catalog: Catalog, request: risk_pb2.AssessSupplyRiskRequest
) -> Iterator[FieldViolation]:
    """Standard errors, ranges and ecological figures of what is no country."""
    named = {
        "uncertainty.governance": [item.country for item in request.uncertainty.governance],
        "uncertainty.ranges": [item.country for item in request.uncertainty.ranges],
        "pressures": [item.country for item in request.pressures],
    }
    for path, countries in named.items():
        for i, country in enumerate(countries):
            if country:
                yield from country_violations(catalog, f"{path}[{i}].country", country)


def risk_country_violations(
    catalog: Catalog, risks: Iterable[sourcing_pb2.SourceRiskOverride]
) -> Iterator[FieldViolation]:
    """The caller's own risks of what is no country."""
    for i, override in enumerate(risks):
        if override.country != UNNAMED_COUNTRIES:
            yield from country_violations(catalog, f"source_risks[{i}].country", override.country)
