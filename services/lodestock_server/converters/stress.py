"""sourcing.proto, StressTest: stresses from messages, what they come to to messages."""

from __future__ import annotations

from lodestock.v1 import sourcing_pb2
from lodestock_optimizers.questions.stresses import (
    Candidate,
    CandidateRegrets,
    Route,
    StressBreach,
    StressKind,
    StressOutcome,
    StressRequest,
    StressTest,
    TierSurvival,
)
from lodestock_server.converters.enums import EnumMap
from lodestock_server.converters.plan import STATUSES, conflicting_rule_to_proto, relaxation_to_proto
from lodestock_server.converters.sourcing import TIERS, given, problem_from_proto, scenario_from_proto

STRESS_KINDS = EnumMap(StressKind, sourcing_pb2.StressKind, "STRESS_KIND_")


def stress_request_from_proto(message: sourcing_pb2.StressTestRequest) -> StressRequest:
    """Read what is to happen."""
    sweep = message.sweep
    return StressRequest(
        onset=message.onset_period,
        scenarios=tuple(scenario_from_proto(scenario) for scenario in message.scenarios),
        each_country=sweep.each_country,
        pairs_of=sweep.pairs_of,
        routes=tuple(Route(route.route_id, tuple(route.countries)) for route in sweep.routes),
        duration_periods=given(sweep, "duration_periods", sweep.duration_periods),
        availability=sweep.availability,
    )


def candidates_from_proto(message: sourcing_pb2.StressTestRequest) -> list[Candidate]:
    """Read the problems of the plans to compare."""
    return [Candidate(one.candidate_id, problem_from_proto(one.problem)) for one in message.candidates]


def stress_test_to_proto(found: StressTest) -> sourcing_pb2.StressTestResponse:
    """Write what stresses come to."""
    return sourcing_pb2.StressTestResponse(
        status=STATUSES.to_proto(found.status),
        undisturbed_cost_usd=found.undisturbed_cost_usd,
        stocks=[
            sourcing_pb2.StockAtOnset(
                material_id=stock.material_id, tonnes=stock.tonnes, days_of_cover=stock.days_of_cover
            )
            for stock in found.stocks
        ],
        outcomes=[outcome_to_proto(outcome) for outcome in found.outcomes],
        candidates=[regrets_to_proto(candidate) for candidate in found.candidates],
        relaxations=[relaxation_to_proto(relaxation) for relaxation in found.relaxations],
        conflict=[conflicting_rule_to_proto(rule) for rule in found.conflict],
    )


def outcome_to_proto(outcome: StressOutcome) -> sourcing_pb2.StressOutcome:
    """Write what one scenario comes to."""
    return sourcing_pb2.StressOutcome(
        kind=STRESS_KINDS.to_proto(outcome.kind),
        scenario_id=outcome.scenario_id,
        countries=outcome.countries,
        status=STATUSES.to_proto(outcome.status),
        money_at_risk_usd=outcome.money_at_risk_usd,
        extra_cost_usd=outcome.extra_cost_usd,
        extra_shortage_usd=outcome.extra_shortage_usd,
        tiers=[survival_to_proto(tier) for tier in outcome.tiers],
        breaches=[breach_to_proto(breach) for breach in outcome.breaches],
    )


def survival_to_proto(survival: TierSurvival) -> sourcing_pb2.TierSurvival:
    """Write how a tier fares."""
    return sourcing_pb2.TierSurvival(
        material_id=survival.material_id,
        tier=TIERS.to_proto(survival.tier),
        days_survived=survival.days_survived,
        survives=survival.survives,
        shortage_tonnes=survival.shortage_tonnes,
    )


def breach_to_proto(breach: StressBreach) -> sourcing_pb2.StressBreach:
    """Write a broken rule."""
    return sourcing_pb2.StressBreach(
        family=breach.family,
        subject_id=breach.subject_id,
        material_id=breach.material_id,
        country=breach.country,
        period=breach.period,
        amount=breach.amount,
        unit=breach.unit,
    )


def regrets_to_proto(candidate: CandidateRegrets) -> sourcing_pb2.CandidateRegrets:
    """Write the regrets of a plan."""
    return sourcing_pb2.CandidateRegrets(
        candidate_id=candidate.candidate_id,
        status=STATUSES.to_proto(candidate.status),
        greatest_regret_usd=candidate.greatest_usd,
        regrets=[
            sourcing_pb2.Regret(scenario_id=one.scenario_id, cost_usd=one.cost_usd, regret_usd=one.regret_usd)
            for one in candidate.regrets
        ],
    )
