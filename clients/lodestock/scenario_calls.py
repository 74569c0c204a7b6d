"""The client's calls that say what may happen to a problem, and what policies ask of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

from lodestock.channel import Channel
from lodestock.inputs import ProblemLike, enum_number, messages, problem_message
from lodestock.question_calls import BaseLike, base_of, waiting_s
from lodestock.requests import SHORT_TIMEOUT_S, TIMEOUT_S
from lodestock.scenario_results import Policies, ReducedScenarios, RulePrices, Scenarios
from lodestock.v1 import sourcing_pb2

Hazards: TypeAlias = "Mapping[str, float] | Iterable[sourcing_pb2.HazardOverride | Mapping[str, Any]]"
"""Probabilities per year by country; for single materials, or with severity and duration, messages or dicts."""

Policy: TypeAlias = "str | sourcing_pb2.PolicyChoice | Mapping[str, Any]"
"""A policy by its name, or a choice with materials, period or value of its own as a message or dict."""


class ScenarioCalls(Channel):
    """The calls for scenarios and policies."""

    def generate_scenarios(
        self,
        problem: ProblemLike,
        *,
        seed: int = 0,
        futures: int = 0,
        most_scenarios: int = 0,
        hazard_source: str = "",
        hazards: Hazards = (),
        events: Iterable[sourcing_pb2.HazardEvent | Mapping[str, Any]] = (),
        correlation_within_region: float | None = None,
        least_part_of_demand: float | None = None,
        timeout_s: float = TIMEOUT_S,
    ) -> Scenarios:
        """Sample disruptions of a problem's sources and reduce them to a few scenarios with weights.

        Args:
            problem: The problem, as `optimize_sourcing` takes it; its own scenarios are not looked at.
            seed: Seed; the same seed gives the same scenarios.
            futures: Futures to sample. 0: 5,000.
            most_scenarios: Most scenarios. 0: 60.
            hazard_source: What gives the probabilities of countries: "GOVERNANCE" (the default), "HISTORY" (the same
                for all) or "CALLER" (what is given here alone).
            hazards: Probabilities of your own.
            events: Events beside those of single countries and materials, as messages or dicts.
            correlation_within_region: Of the latent normals of two countries of a region. None: as observed.
            least_part_of_demand: Part of the demand for a material from which on an event counts. None: 0.05.
            timeout_s: Seconds to wait.

        Raises:
            ValueError: There is no such hazard source.
        """
        request = sourcing_pb2.GenerateScenariosRequest(
            problem=problem_message(problem),
            seed=seed,
            futures=futures,
            most_scenarios=most_scenarios,
            hazard_source=hazard_source_number(hazard_source),
            hazards=hazard_messages(hazards),
            events=messages(sourcing_pb2.HazardEvent, events, "events"),
            correlation_within_region=correlation_within_region,
            least_part_of_demand=least_part_of_demand,
        )
        return Scenarios(self._call(self._sourcing.GenerateScenarios, request, timeout_s))

    def reduce_scenarios(
        self, problem: ProblemLike, *, most_scenarios: int = 0, timeout_s: float = TIMEOUT_S
    ) -> ReducedScenarios:
        """Reduce the scenarios of a problem, thousands of them, to a few with weights.

        Args:
            problem: The problem with its scenarios, as `optimize_sourcing` takes it.
            most_scenarios: Most scenarios. 0: 60.
            timeout_s: Seconds to wait.
        """
        request = sourcing_pb2.ReduceScenariosRequest(problem=problem_message(problem), most_scenarios=most_scenarios)
        return ReducedScenarios(self._call(self._sourcing.ReduceScenarios, request, timeout_s))

    def price_rules(
        self, base: BaseLike, *, time_limit_s: float | None = None, timeout_s: float | None = None
    ) -> RulePrices:
        """Say what the rules of a problem cost: the least objective with all of them, and without each group of them.

        Args:
            base: The problem, as `optimize_sourcing` takes it, or the name of a stored plan.
            time_limit_s: Most seconds for all of it. None: the server's default, a minute.
            timeout_s: Seconds to wait. None: enough for the time limit.
        """
        request = sourcing_pb2.PriceRulesRequest(**base_of(base), time_limit_s=time_limit_s)
        return RulePrices(self._call(self._sourcing.PriceRules, request, waiting_s(time_limit_s, timeout_s)))

    def list_policies(self, *, timeout_s: float = SHORT_TIMEOUT_S) -> Policies:
        """List the policies on stocks and trade that `build_problem` knows by name, each with its law."""
        return Policies(self._call(self._sourcing.ListPolicies, sourcing_pb2.ListPoliciesRequest(), timeout_s))


def hazard_source_number(name: str) -> sourcing_pb2.HazardSource.ValueType:
    """What gives the probabilities, by its short name; none for an empty name.

    Raises:
        ValueError: There is no such source; the text lists them.
    """
    return sourcing_pb2.HazardSource.ValueType(enum_number(sourcing_pb2.HazardSource.items(), name, "hazard source"))


def hazard_messages(hazards: Hazards) -> list[sourcing_pb2.HazardOverride]:
    """The caller's own hazards: by country, or as messages or dicts."""
    if isinstance(hazards, Mapping):
        return [sourcing_pb2.HazardOverride(country=code, probability_per_year=p) for code, p in hazards.items()]
    return messages(sourcing_pb2.HazardOverride, hazards, "hazards")


def policy_messages(policies: Iterable[Policy]) -> list[sourcing_pb2.PolicyChoice]:
    """Policies to choose: by name, or as messages or dicts."""
    named = [{"policy_id": policy} if isinstance(policy, str) else policy for policy in policies]
    return messages(sourcing_pb2.PolicyChoice, named, "policies")
