"""Examples of requests that ask more of a problem, or of a stored plan, than its best plan."""

from __future__ import annotations

from google.protobuf.message import Message

from lodestock.v1 import common_pb2, sourcing_pb2
from tests.fuzz.names import PLAN_JOB
from tests.fuzz.problems import full_problem, linear_problem, scenario
from tests.toy_problem import toy_problem


def questions() -> list[Message]:
    """What else can be asked of a problem, and of a stored plan."""
    change = sourcing_pb2.Change
    changes = [
        change(countries=["COD"], periods=[0], price_factor=2),
        change(source_ids=["cobalt/COD"], capacity_factor=0.5),
        change(material_ids=["cobalt"], demand_factor=1.1),
        change(material_ids=["cobalt"], opening_tonnes=5),
        change(price_of_risk=0.5),
    ]
    asked = [sourcing_pb2.WhatIf(question_id=str(i), changes=[one]) for i, one in enumerate(changes)]
    poorer = sourcing_pb2.WhatIf(question_id="b", changes=[change(budget_factor=0.9)])
    linear = linear_problem()
    stored = f"plans/{PLAN_JOB}"
    return [
        sourcing_pb2.TraceFrontierRequest(problem=linear, points=3, time_limit_s=5),
        sourcing_pb2.TraceFrontierRequest(plan=stored),
        sourcing_pb2.FindAlternativesRequest(problem=linear, max_increase=0.05, count=2, time_limit_s=5),
        sourcing_pb2.FindAlternativesRequest(plan=stored),
        sourcing_pb2.AskWhatIfRequest(problem=linear, questions=[*asked, poorer], time_limit_s=5),
        sourcing_pb2.AskWhatIfRequest(plan=stored, questions=asked),
        sourcing_pb2.ExplainPlanRequest(
            problem=full_problem(),
            time_limit_s=5,
            firmness_increase=0.02,
            firm_quantities=2,
            why_not=[
                sourcing_pb2.WhyNotQuestion(source_id="cobalt/COD"),
                sourcing_pb2.WhyNotQuestion(source_id="cobalt/COD", tonnes=5),
            ],
            value_of_perfect_information=True,
            value_of_planning=True,
            languages=[sourcing_pb2.LANGUAGE_CHINESE, sourcing_pb2.LANGUAGE_ENGLISH],
        ),
        sourcing_pb2.ExplainPlanRequest(plan=stored),
        sourcing_pb2.ExportModelRequest(problem=full_problem()),
        sourcing_pb2.ExportModelRequest(plan=stored),
    ]


def scenario_requests() -> list[Message]:
    """Scenarios from everything that can be given, and from nothing but a problem; policies and what rules cost."""
    hazard = sourcing_pb2.HazardOverride(
        country="COD", material_id="cobalt", probability_per_year=0.1, availability=0.2, duration_years=1, reason="seen"
    )
    event = sourcing_pb2.HazardEvent(
        event_id="strait closed",
        countries=["AUS", "COD"],
        material_ids=["cobalt"],
        kinds=[common_pb2.SOURCE_KIND_IMPORT],
        probability_per_year=0.05,
        availability=0.5,
        duration_years=0.5,
        price_factor=1.5,
    )
    full = sourcing_pb2.GenerateScenariosRequest(
        problem=full_problem(),
        seed=3,
        futures=50,
        most_scenarios=2,
        hazard_source=sourcing_pb2.HAZARD_SOURCE_HISTORY,
        hazards=[hazard],
        events=[event],
        correlation_within_region=0.3,
        least_part_of_demand=0.01,
    )
    short = sourcing_pb2.GenerateScenariosRequest(problem=toy_problem(), futures=20)
    reduced = sourcing_pb2.ReduceScenariosRequest(problem=full_problem(), most_scenarios=1)
    priced = sourcing_pb2.PriceRulesRequest(problem=full_problem(), time_limit_s=5)
    stored = sourcing_pb2.PriceRulesRequest(plan=f"plans/{PLAN_JOB}")
    return [full, short, reduced, priced, stored, sourcing_pb2.ListPoliciesRequest()]


def stress_requests() -> list[Message]:
    """A stress test of everything that can be given, and of a stored plan."""
    linear, stored = linear_problem(), f"plans/{PLAN_JOB}"
    again = scenario()
    again.scenario_id, again.onset_period, again.end_period = "again", 1, 1
    again.demand_factors[0].periods[:] = [1]
    full = sourcing_pb2.StressTestRequest(
        problem=linear,
        onset_period=1,
        scenarios=[again],
        sweep=sourcing_pb2.StressSweep(
            each_country=True,
            pairs_of=2,
            routes=[sourcing_pb2.StressRoute(route_id="strait", countries=["AUS", "COD"])],
            duration_periods=1,
            availability=0.5,
        ),
        candidates=[sourcing_pb2.StressCandidate(candidate_id="same", problem=linear)],
        time_limit_s=5,
    )
    short = sourcing_pb2.StressTestRequest(
        plan=stored,
        sweep=sourcing_pb2.StressSweep(each_country=True),
        candidates=[sourcing_pb2.StressCandidate(candidate_id="stored", plan=stored)],
    )
    return [full, short]


def stockpile_requests() -> list[Message]:
    """A stockpile with everything that can be asked for, and that of a stored plan."""
    full = sourcing_pb2.SizeStockpileRequest(
        problem=full_problem(),
        material_ids=["cobalt"],
        tiers=[common_pb2.DEMAND_TIER_ESSENTIAL, common_pb2.DEMAND_TIER_GENERAL],
        min_probabilities=[1, 0.5],
        hold_contracts=True,
        time_limit_s=5,
    )
    return [full, sourcing_pb2.SizeStockpileRequest(plan=f"plans/{PLAN_JOB}")]
