"""Valid requests, small and quick to answer, by the full name of their message: what the fuzz makes faults in."""

from __future__ import annotations

from google.longrunning import operations_pb2 as longrunning
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from grpc_health.v1 import health_pb2
from grpc_reflection.v1alpha import reflection_pb2

from lodestock.testing import sample_answer, sample_assessment, sample_forecasts, sample_plan, sample_problem
from lodestock.v1 import (
    audit_pb2,
    catalog_pb2,
    common_pb2,
    forecast_pb2,
    operations_pb2,
    results_pb2,
    risk_pb2,
    sourcing_pb2,
)
from lodestock_server.identity import ANONYMOUS
from lodestock_server.jobs.client import job_id_of
from lodestock_server.jobs.kinds import BATCH_FORECAST, RUN_BACKTEST, RUN_OPTIMIZATION
from tests.toy_problem import supplier, toy_problem

REQUEST_ID = "8c0f2f5e-7d0a-4d7e-9a64-2f1f4e1f3a10"
"""Identifier of the requests that begin jobs, so that others can ask for those by name."""
PLAN_JOB, FORECAST_JOB, BACKTEST_JOB = (
    job_id_of(ANONYMOUS, kind, REQUEST_ID) for kind in (RUN_OPTIMIZATION, BATCH_FORECAST, RUN_BACKTEST)
)
UNKNOWN = "0b1e0e9c-3b5b-5d0c-8f2f-6f8f1d2c3b4a"


def examples() -> dict[str, list[bytes]]:
    """The bytes of the requests by the full name of their message."""
    found: dict[str, list[bytes]] = {}
    ours = (
        *forecasts(),
        *risks(),
        *builds(),
        *plans(),
        *questions(),
        *scenario_requests(),
        *catalogs(),
        *traces(),
        *jobs(),
        *stored_results(),
    )
    for message in (*ours, *operations(), *standard_services()):
        found.setdefault(message.DESCRIPTOR.full_name, []).append(message.SerializeToString())
    return found


def forecasts() -> list[Message]:
    """Series of two frequencies given inline, with quantiles and paths; and a stored one."""
    yearly = forecast_pb2.DemandSeries(
        series_id="a",
        frequency=forecast_pb2.FREQUENCY_YEARLY,
        unit="t",
        observations=[forecast_pb2.Observation(period=str(2012 + i), value=100.0 + 7 * i % 11) for i in range(12)],
    )
    quarterly = forecast_pb2.DemandSeries(
        series_id="b",
        frequency=forecast_pb2.FREQUENCY_QUARTERLY,
        unit="kg",
        observations=[forecast_pb2.Observation(period=f"2024-Q{i + 1}", value=float(i)) for i in range(4)],
    )
    inline = forecast_pb2.DemandSeriesSet(series=[yearly, quarterly])
    short = forecast_pb2.DemandSeriesSet(series=[quarterly])
    stored = forecast_pb2.StoredDemand(buyer="USA", material_ids=["cobalt"])
    levels = [0.1, 0.5, 0.9]
    return [
        forecast_pb2.ForecastDemandRequest(inline=inline, horizon=3, quantile_levels=levels, sample_paths=2, seed=7),
        forecast_pb2.ForecastDemandRequest(inline=short, horizon=2, model="seasonal_naive"),
        forecast_pb2.ForecastDemandRequest(stored=stored, horizon=2, model="drift", sample_paths=1),
        forecast_pb2.ForecastDemandRequest(
            stored=abroad(), horizon=2, model="drift", gdp_scenario=common_pb2.GDP_SCENARIO_SSP3
        ),
        forecast_pb2.ForecastDemandRequest(inline=driven(), horizon=2, model="naive"),
        forecast_pb2.BacktestModelsRequest(inline=short, horizon=1, models=["naive"], most_origins=1),
        forecast_pb2.BacktestModelsRequest(stored=stored, horizon=1, models=["drift", "naive"], most_origins=2),
    ]


def own_figures() -> list[common_pb2.OwnFigure]:
    """A buyer's own figures of one material, one of each kind."""
    kinds = common_pb2.OwnFigureKind
    used = [
        common_pb2.OwnFigure(
            material="cobalt", kind=kinds.OWN_FIGURE_KIND_CONSUMPTION, year=2015 + i, value=100.0 + i, unit="t"
        )
        for i in range(9)
    ]
    imports = common_pb2.OwnFigure(
        material="cobalt", kind=kinds.OWN_FIGURE_KIND_IMPORTS, year=2023, value=0.2, unit="kt", source="customs"
    )
    part = common_pb2.OwnFigure(
        material="cobalt", kind=kinds.OWN_FIGURE_KIND_IMPORTS_BY_COUNTRY, country="FIN", year=2023, value=60, unit="%"
    )
    price = common_pb2.OwnFigure(
        material="cobalt", kind=kinds.OWN_FIGURE_KIND_PRICE, year=2024, value=15, unit="USD/lb"
    )
    return [*used, imports, part, price]


def abroad() -> forecast_pb2.StoredDemand:
    """The demand of a buyer whose figures are its own."""
    return forecast_pb2.StoredDemand(buyer="POL", material_ids=["cobalt"], own_figures=own_figures())


def driven() -> forecast_pb2.DemandSeriesSet:
    """A yearly series with population and GDP of its own."""
    series = forecast_pb2.DemandSeries(
        series_id="d",
        frequency=forecast_pb2.FREQUENCY_YEARLY,
        unit="t",
        country="POL",
        observations=[forecast_pb2.Observation(period=str(2014 + i), value=10.0 + i) for i in range(8)],
        drivers=[forecast_pb2.Driver(period=str(2014 + i), population=3.8e7, gdp_usd=1e12 + i) for i in range(10)],
    )
    return forecast_pb2.DemandSeriesSet(series=[series])


def risks() -> list[Message]:
    """Supplies given inline, with every figure; and stored ones."""
    supply = risk_pb2.MaterialSupply(
        material_id="alloy",
        stage=common_pb2.LIFE_CYCLE_STAGE_MINING,
        global_supply=[
            risk_pb2.CountryShare(country="CHN", share=0.6, governance=6.0, trade_parameter=1.1),
            risk_pb2.CountryShare(country="AUS", share=0.3),
            risk_pb2.CountryShare(country="", share=0.1),
        ],
        sourcing=[risk_pb2.CountryShare(country="AUS", share=0.8), risk_pb2.CountryShare(country="FRA", share=0.2)],
        import_reliance=0.7,
        recycling_input_rate=0.1,
        substitution_index=0.9,
        supply_data=risk_pb2.SUPPLY_DATA_GLOBAL_AND_SOURCING,
    )
    inline = risk_pb2.MaterialSupplySet(supplies=[supply])
    return [
        risk_pb2.AssessSupplyRiskRequest(buyer="FRA", inline=inline),
        risk_pb2.AssessSupplyRiskRequest(buyer="USA", stored=risk_pb2.StoredSupply(material_ids=["cobalt", "tin"])),
    ]


def builds() -> list[Message]:
    """A problem to build with everything that can be given, and one with nothing but its material."""
    full = sourcing_pb2.BuildProblemRequest(
        buyer="USA",
        material_ids=["cobalt"],
        horizon_years=3,
        floor_days=30,
        demand=[sourcing_pb2.DemandPath(material_id="cobalt", demand_tonnes=[100, 110, 120])],
        overrides=[common_pb2.DefaultOverride(default_id="stock.opening_days", value=10, reason="counted")],
        rules=trade_rules(),
        budget=sourcing_pb2.Budget(budget_usd=[1e9]),
        scenarios=[scenario()],
        price_of_risk=0.5,
        discount_rate=0.05,
        seed=3,
        policies=[
            sourcing_pb2.PolicyChoice(
                policy_id="eu-crma-single-country",
                material_ids=["cobalt"],
                from_period=1,
                value=0.7,
                as_far_as_possible=True,
            )
        ],
    )
    spread = sourcing_pb2.BuildProblemRequest(
        buyer="POL",
        material_ids=["cobalt"],
        horizon_years=2,
        own_figures=own_figures(),
        demand_uncertainty=sourcing_pb2.DemandUncertainty(
            quantile_levels=[0.1, 0.5, 0.9], probabilities=[0.3, 0.4, 0.3]
        ),
        forecast_model="drift",
        gdp_scenario=common_pb2.GDP_SCENARIO_SSP2,
    )
    return [full, spread, sourcing_pb2.BuildProblemRequest(buyer="USA", material_ids=["tin"], horizon_years=1)]


def plans() -> list[Message]:
    """Problems to check and to solve: one that uses every feature of the model, and the toy of the tests."""
    problems = (full_problem(), toy_problem())
    return [
        *(sourcing_pb2.OptimizeSourcingRequest(problem=problem, time_limit_s=5) for problem in problems),
        *(sourcing_pb2.ValidateProblemRequest(problem=problem) for problem in problems),
    ]


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
    priced = sourcing_pb2.PriceRulesRequest(problem=full_problem(), time_limit_s=5)
    stored = sourcing_pb2.PriceRulesRequest(plan=f"plans/{PLAN_JOB}")
    return [full, short, priced, stored, sourcing_pb2.ListPoliciesRequest()]


def linear_problem() -> sourcing_pb2.SourcingProblem:
    """The full problem without contracts that are a yes or no."""
    problem = full_problem()
    for source in problem.sources:
        source.fixed_cost_usd = source.min_order_tonnes = 0
    return problem


def full_problem() -> sourcing_pb2.SourcingProblem:
    """A problem of two periods that uses every feature of the model."""
    problem = toy_problem()
    del problem.periods[2:]
    problem.price_of_risk = 1
    problem.materials[0].demand.add(
        tier=common_pb2.DEMAND_TIER_GENERAL, demand_tonnes=[50, 60], shortage_cost_usd_per_tonne=90_000
    )
    stock = problem.materials[0].stock
    stock.floor_days = 30
    stock.floor_days_by_state.add(state=common_pb2.MATERIAL_STATE_EMERGENCY, value=5)
    stock.capacity_tonnes, stock.loss_rate_per_year = 500, 0.01
    stock.max_in_tonnes, stock.max_out_tonnes, stock.disposal_usd_per_tonne = 200, 200, 10
    problem.sources.append(home_supplier())
    problem.deposits.add(deposit_id="d", source_ids=["cobalt/COD"], reserves_tonnes=300)
    problem.rules.extend(trade_rules())
    problem.budget.budget_usd.append(1e8)
    problem.budget.budget_usd_by_state.add(state=common_pb2.MATERIAL_STATE_EMERGENCY, value=2e8)
    problem.scenarios.append(scenario())
    add_other_burdens(problem)
    return problem


def add_other_burdens(problem: sourcing_pb2.SourcingProblem) -> None:
    """Nickel, in whose place cobalt may stand; what is signed already; what deliveries leave behind."""
    general = common_pb2.DEMAND_TIER_GENERAL
    demand = sourcing_pb2.TierDemand(tier=general, demand_tonnes=[5], shortage_cost_usd_per_tonne=80_000)
    problem.materials.add(material_id="nickel", demand=[demand])
    problem.substitutions.add(
        substitution_id="s",
        material_id="nickel",
        substitute_material_id="cobalt",
        tier=general,
        tonnes_per_tonne=1.2,
        cost_usd_per_tonne=500,
        max_share=0.5,
    )
    problem.book.add(source_id="cobalt/AUS", period=0, tonnes=20)
    problem.sources[0].footprints.add(kind="co2e_tonnes", per_tonne=12)
    policy = problem.footprint_policies.add(kind="co2e_tonnes", price_usd_per_unit=50, max_units=[1e5])
    policy.states.append(common_pb2.MATERIAL_STATE_NORMAL)
    policy.max_units_by_state.add(state=common_pb2.MATERIAL_STATE_EMERGENCY, value=2e5)


def home_supplier() -> sourcing_pb2.Source:
    """A supplier at home with a spot market and an option to take less than contracted."""
    source = supplier("USA", 50_000, 20)
    source.kind = common_pb2.SOURCE_KIND_DOMESTIC
    source.spot_capacity_tonnes.append(10)
    source.spot_premium, source.risk = 0.2, 0.1
    source.take_or_pay, source.reservation_fee_usd_per_tonne = 0.8, 100
    source.tariff_rate.append(0.05)
    return source


def trade_rules() -> list[sourcing_pb2.TradeRule]:
    """One rule of each kind."""
    demand, supply = sourcing_pb2.SHARE_DENOMINATOR_DEMAND, sourcing_pb2.SHARE_DENOMINATOR_SUPPLY
    floor = sourcing_pb2.ShareFloor(kind=common_pb2.SOURCE_KIND_DOMESTIC, min_share=0.01, denominator=supply)
    emergency = sourcing_pb2.StateValue(state=common_pb2.MATERIAL_STATE_EMERGENCY, value=0.95)
    return [
        sourcing_pb2.TradeRule(rule_id="e", countries=["RUS"], embargo=sourcing_pb2.Embargo()),
        sourcing_pb2.TradeRule(rule_id="q", material_ids=["cobalt"], quota=sourcing_pb2.Quota(max_tonnes=1000)),
        sourcing_pb2.TradeRule(
            rule_id="c",
            countries=["COD"],
            periods=[0],
            limit_by_state=[emergency],
            share_cap=sourcing_pb2.ShareCap(max_share=0.9, denominator=demand),
        ),
        sourcing_pb2.TradeRule(rule_id="f", states=[common_pb2.MATERIAL_STATE_NORMAL], share_floor=floor),
    ]


def scenario() -> sourcing_pb2.Scenario:
    """A disruption that comes, goes, and moves demand."""
    return sourcing_pb2.Scenario(
        scenario_id="s",
        probability=0.2,
        onset_period=0,
        end_period=0,
        disruptions=[sourcing_pb2.Disruption(countries=["COD"], availability=0.2, price_factor=1.5)],
        demand_factors=[sourcing_pb2.DemandFactor(material_ids=["cobalt"], periods=[0], factor=1.1)],
        state=common_pb2.MATERIAL_STATE_EMERGENCY,
        state_material_ids=["cobalt"],
        rebuilding_periods=1,
    )


def catalogs() -> list[Message]:
    """Pages and selections of the stored data."""
    return [
        catalog_pb2.ListDatasetsRequest(page_size=2, page_token="Mw=="),
        catalog_pb2.GetDatasetRequest(name="datasets/prices"),
        catalog_pb2.ListSeriesRequest(
            parent="datasets/us-minerals", material_ids=["cobalt"], countries=["USA"], page_size=2, page_token="Mw=="
        ),
        catalog_pb2.QueryObservationsRequest(
            parent="datasets/us-minerals", material_ids=["cobalt"], first_period="2020", last_period="2023"
        ),
        catalog_pb2.QueryObservationsRequest(parent="datasets/prices", resource="prices", row=1),
        catalog_pb2.ListMaterialsRequest(),
        catalog_pb2.CompareDatasetVersionsRequest(
            earlier=newest("prices"), later=newest("prices"), material_ids=["cobalt"], most_changes=3
        ),
    ]


def newest(dataset: str) -> str:
    """The name of a dataset's version as it was recorded with the samples."""
    answer = sample_answer("ListDatasets")
    assert isinstance(answer, catalog_pb2.ListDatasetsResponse)
    return next(one.name for one in answer.datasets if one.dataset == dataset)


def traces() -> list[Message]:
    """Numbers of each kind of answer to trace."""
    planned = audit_pb2.PlannedProblem(built=sample_problem().message, plan=sample_plan().plan)
    of_plan = ["costs.contract_usd", "balances[cobalt,1].stock_tonnes", "problem.sources[cobalt/CHN].risk"]
    of_forecast = ["forecasts[cobalt/USA].steps[0].median", "forecasts[0].steps[1].quantiles[0.9]"]
    of_risk = ["risks[cobalt,REFINING].scores[hhi,global].value", "risks[1].sources[COD].risk"]
    return [
        audit_pb2.TraceResultRequest(forecast=sample_forecasts().message, field_paths=of_forecast),
        audit_pb2.TraceResultRequest(risk=sample_assessment().message, field_paths=of_risk),
        audit_pb2.TraceResultRequest(problem=sample_problem().message, field_paths=["sources[0].risk"]),
        audit_pb2.TraceResultRequest(plan=planned, field_paths=of_plan),
    ]


def jobs() -> list[Message]:
    """Work that goes on after the call, each with an identifier and without one."""
    series = forecast_pb2.DemandSeries(
        series_id="j",
        frequency=forecast_pb2.FREQUENCY_YEARLY,
        unit="t",
        observations=[forecast_pb2.Observation(period=str(2015 + i), value=5.0 + i) for i in range(6)],
    )
    inline = forecast_pb2.DemandSeriesSet(series=[series])
    forecast = forecast_pb2.ForecastDemandRequest(inline=inline, horizon=1, model="naive")
    backtest = forecast_pb2.BacktestModelsRequest(inline=inline, horizon=1, models=["naive"], most_origins=1)
    return [
        sourcing_pb2.RunOptimizationRequest(
            problem=toy_problem(), time_limit_s=5, request_id=REQUEST_ID, display_name="toy"
        ),
        sourcing_pb2.RunOptimizationRequest(problem=full_problem()),
        forecast_pb2.BatchForecastDemandRequest(forecast=forecast, request_id=REQUEST_ID, display_name="batch"),
        forecast_pb2.RunBacktestRequest(backtest=backtest, request_id=REQUEST_ID, display_name="backtest"),
    ]


def stored_results() -> list[Message]:
    """Results of those jobs, and of none."""
    plan, forecast, backtest = f"plans/{PLAN_JOB}", f"forecasts/{FORECAST_JOB}", f"backtests/{BACKTEST_JOB}"
    full = results_pb2.RESULT_VIEW_FULL
    return [
        sourcing_pb2.GetPlanRequest(name=plan, view=full),
        sourcing_pb2.ListPlansRequest(page_size=2),
        sourcing_pb2.ComparePlansRequest(names=[plan, f"plans/{UNKNOWN}"], most_figures=3),
        sourcing_pb2.DeletePlanRequest(name=f"plans/{UNKNOWN}"),
        forecast_pb2.GetForecastRequest(name=forecast, view=results_pb2.RESULT_VIEW_INFO),
        forecast_pb2.ListForecastsRequest(page_size=2, page_token="Mw=="),
        forecast_pb2.CompareForecastsRequest(names=[forecast, f"forecasts/{UNKNOWN}"], most_figures=3),
        forecast_pb2.DeleteForecastRequest(name=f"forecasts/{UNKNOWN}"),
        forecast_pb2.GetBacktestRequest(name=backtest, view=full),
        forecast_pb2.ListBacktestsRequest(),
        forecast_pb2.DeleteBacktestRequest(name=f"backtests/{UNKNOWN}"),
    ]


def operations() -> list[Message]:
    """The standard questions about operations, and the stream of events."""
    name = f"operations/{PLAN_JOB}"
    return [
        longrunning.GetOperationRequest(name=name),
        longrunning.ListOperationsRequest(name="operations", filter="state = RUNNING OR state = QUEUED", page_size=2),
        longrunning.WaitOperationRequest(name=name, timeout=Duration(nanos=100_000_000)),
        longrunning.CancelOperationRequest(name=f"operations/{FORECAST_JOB}"),
        longrunning.DeleteOperationRequest(name=f"operations/{UNKNOWN}"),
        operations_pb2.WatchOperationRequest(name=name, after_sequence=1),
    ]


def standard_services() -> list[Message]:
    """What health and reflection are asked."""
    return [
        health_pb2.HealthCheckRequest(service="lodestock.v1.RiskService"),
        reflection_pb2.ServerReflectionRequest(file_containing_symbol="lodestock.v1.SourcingService"),
        reflection_pb2.ServerReflectionRequest(file_by_filename="lodestock/v1/common.proto"),
        reflection_pb2.ServerReflectionRequest(
            file_containing_extension=reflection_pb2.ExtensionRequest(
                containing_type="google.protobuf.FieldOptions", extension_number=1159
            )
        ),
    ]
