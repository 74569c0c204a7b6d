"""The checks across the fields of each request: what the rules of the contract cannot say.

Each takes a message, however broken, and lists what is wrong with it by field path.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from google.protobuf.message import Message

from lodestock.v1 import forecast_pb2, risk_pb2, sourcing_pb2
from lodestock_optimizers.problem import DemandTier, Material, Period, SourcingProblem, TierDemand
from lodestock_server.catalog import Catalog
from lodestock_server.contract import Contract
from lodestock_server.converters import forecast, risk
from lodestock_server.converters.build import build_request_from_proto
from lodestock_server.converters.sourcing import problem_from_proto
from lodestock_server.errors import FieldViolation
from lodestock_server.usecases.build_problem import TAKEN_OVER, BuildRequest, request_violations
from lodestock_server.usecases.optimize_sourcing import problem_violations
from lodestock_server.usecases.supply_sources import UNNAMED_COUNTRIES
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

    def __init__(self, contract: Contract, catalog: Catalog, countries: frozenset[str]) -> None:
        """Take the data.

        Args:
            contract: Rules of the contract, for problems that ValidateProblem looks at whole.
            catalog: What materials there are.
            countries: Codes that there are, ISO 3166-1 alpha-3.
        """
        self._contract = contract
        self._catalog = catalog
        self._materials = frozenset(mineral.id for mineral in catalog.minerals())
        self._countries = countries
        self._named_countries = countries - {UNNAMED_COUNTRIES}

    def by_request(self) -> Mapping[type[Message], CrossFieldCheck]:
        """The check of each request that has one."""
        return {
            forecast_pb2.ForecastDemandRequest: self.forecast_demand,
            risk_pb2.AssessSupplyRiskRequest: self.assess_supply_risk,
            sourcing_pb2.BuildProblemRequest: self.build_problem,
            sourcing_pb2.OptimizeSourcingRequest: self.optimize_sourcing,
        }

    def forecast_demand(self, request: forecast_pb2.ForecastDemandRequest) -> list[FieldViolation]:
        """Check series, options, buyer and materials."""
        violations = forecast.request_violations(request)
        if request.HasField("stored"):
            violations += self._country("stored.buyer", request.stored.buyer)
            violations += self._known_materials("stored.material_ids", request.stored.material_ids)
        return violations

    def assess_supply_risk(self, request: risk_pb2.AssessSupplyRiskRequest) -> list[FieldViolation]:
        """Check buyer, materials, shares and countries."""
        violations = self._country("buyer", request.buyer)
        violations += self._known_materials("stored.material_ids", request.stored.material_ids)
        for i, supply in enumerate(request.inline.supplies):
            path = f"inline.supplies[{i}]"
            violations += risk.supply_violations(supply, path)
            for name in risk.SHARE_FIELDS:
                for j, share in enumerate(getattr(supply, name)):
                    if share.country:
                        violations += self._country(f"{path}.{name}[{j}].country", share.country)
        return violations

    def build_problem(self, request: sourcing_pb2.BuildProblemRequest) -> list[FieldViolation]:
        """Check buyer, materials, demand and overrides, and what is to be taken into the problem as it is."""
        asked = build_request_from_proto(request)
        materials = asked.material_ids or tuple(sorted(self._materials))
        found = problem_violations(frame_of(asked, materials), self._countries)
        return [
            *request_violations(self._catalog, asked, materials),
            *self._countries_of_risks(request.source_risks),
            *(violation for violation in found if is_of_request(violation.field_path)),
        ]

    def optimize_sourcing(self, request: sourcing_pb2.OptimizeSourcingRequest) -> list[FieldViolation]:
        """Check the problem."""
        if not request.HasField("problem"):
            return []
        found = problem_violations(problem_from_proto(request.problem), self._countries)
        return [violation.under("problem") for violation in found]

    def problem(self, problem: sourcing_pb2.SourcingProblem) -> list[FieldViolation]:
        """Check a problem by the contract's rules and across its fields, with paths that start at the problem."""
        rules = self._contract.rule_violations(problem, problem.SerializeToString())
        return merged(rules, problem_violations(problem_from_proto(problem), self._countries))

    def _country(self, path: str, code: str) -> list[FieldViolation]:
        if code in self._named_countries:
            return []
        return [FieldViolation(path, f"'{code}' is no country code, must be ISO 3166-1 alpha-3, such as 'USA'")]

    def _countries_of_risks(self, risks: Iterable[sourcing_pb2.SourceRiskOverride]) -> list[FieldViolation]:
        return [
            violation
            for i, override in enumerate(risks)
            if override.country != UNNAMED_COUNTRIES
            for violation in self._country(f"source_risks[{i}].country", override.country)
        ]

    def _known_materials(self, path: str, materials: Iterable[str]) -> list[FieldViolation]:
        known = ", ".join(sorted(self._materials))
        return [
            FieldViolation(f"{path}[{i}]", f"'{material}' is no material of the data, must be one of {known}")
            for i, material in enumerate(materials)
            if material not in self._materials
        ]
