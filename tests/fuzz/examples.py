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
from tests.fuzz.laws import projections
from tests.fuzz.names import BACKTEST_JOB, FORECAST_JOB, PLAN_JOB, REQUEST_ID
from tests.fuzz.problems import full_problem, scenario, trade_rules
from tests.fuzz.questions import questions, scenario_requests, stockpile_requests, stress_requests
from tests.toy_problem import toy_problem

UNKNOWN = "0b1e0e9c-3b5b-5d0c-8f2f-6f8f1d2c3b4a"


def examples() -> dict[str, list[bytes]]:
    """The bytes of the requests by the full name of their message."""
    found: dict[str, list[bytes]] = {}
    ours = (
        *forecasts(),
        *projections(),
        *risks(),
        *dependences(),
        *builds(),
        *plans(),
        *questions(),
        *scenario_requests(),
        *stress_requests(),
        *stockpile_requests(),
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
        vehicles=forecast_pb2.VehicleSales(scenario=forecast_pb2.ENERGY_SCENARIO_APS, country="CHN", modes=["cars"]),
        observations=[forecast_pb2.Observation(period=str(2014 + i), value=10.0 + i) for i in range(8)],
        drivers=[
            forecast_pb2.Driver(period=str(2014 + i), population=3.8e7, gdp_usd=1e12 + i, price=9.0, deployment=i)
            for i in range(10)
        ],
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
        depletion_years=40,
        companion_share=0.3,
    )
    inline = risk_pb2.MaterialSupplySet(supplies=[supply])
    return [
        risk_pb2.AssessSupplyRiskRequest(buyer="FRA", inline=inline),
        risk_pb2.AssessSupplyRiskRequest(buyer="USA", stored=risk_pb2.StoredSupply(material_ids=["cobalt", "tin"])),
        risk_options(inline),
    ]


def risk_options(inline: risk_pb2.MaterialSupplySet) -> Message:
    """An assessment with all that may be asked beside the scores."""
    component = risk_pb2.CompositeComponent(measure_id="hhi", scope=risk_pb2.RISK_SCOPE_GLOBAL, weight=1, low=0, high=1)
    governance = risk_pb2.GovernanceErrors(country="CHN", political_stability=0.2, rule_of_law=0.2)
    ranges = [
        risk_pb2.FigureRange(
            material_id="alloy", figure=risk_pb2.UNCERTAIN_FIGURE_GLOBAL_SHARE, country="CHN", low=0.5, high=0.7
        ),
        risk_pb2.FigureRange(material_id="alloy", figure=risk_pb2.UNCERTAIN_FIGURE_IMPORT_RELIANCE, low=0.6, high=0.8),
    ]
    indicator = risk_pb2.EcologicalIndicator(name="CO2, t/t", value=5, worst=20, weight=1)
    return risk_pb2.AssessSupplyRiskRequest(
        buyer="FRA",
        inline=inline,
        composite=risk_pb2.CompositeChoice(components=[component], weight_change=0.2, tie_tolerance=0.01),
        uncertainty=risk_pb2.RiskUncertainty(governance=[governance], ranges=ranges, samples=20, seed=7, level=0.8),
        pressures=[risk_pb2.SourcePressure(country="CHN", material_id="alloy", indicators=[indicator])],
        yale_weights=risk_pb2.YaleWeights(geological=1, social=2, geopolitical=3),
    )


def dependences() -> list[Message]:
    """Networks given inline, and stored ones, with stops and without."""
    mined, refined = common_pb2.LIFE_CYCLE_STAGE_MINING, common_pb2.LIFE_CYCLE_STAGE_REFINING
    traded, used = common_pb2.LIFE_CYCLE_STAGE_TRADE, common_pb2.LIFE_CYCLE_STAGE_USE
    ways = [
        (mined, "COD", traded, "COD", 90.0, ""),
        (traded, "COD", traded, "ZMB", 40.0, "282200"),
        (traded, "COD", refined, "CHN", 50.0, ""),
        (traded, "ZMB", refined, "CHN", 40.0, ""),
        (refined, "CHN", used, "FRA", 0.8, ""),
        (refined, "AUS", used, "FRA", 0.2, ""),
    ]
    links = [
        risk_pb2.NetworkLink(
            from_stage=begin, from_country=origin, to_stage=end, to_country=target, tonnes=tonnes, product=product
        )
        for begin, origin, end, target, tonnes, product in ways
    ]
    outputs = [
        risk_pb2.NetworkOutput(stage=mined, country="COD", tonnes=90),
        risk_pb2.NetworkOutput(stage=refined, country="AUS", tonnes=20),
    ]
    network = risk_pb2.DependenceNetwork(outputs=outputs, links=links)
    stops = [risk_pb2.DependenceStop(countries=["COD", "AUS"])]
    stored = risk_pb2.StoredDependence(material_id="cobalt", contents={"260500": 0.08})
    return [
        risk_pb2.MapDependenceRequest(
            buyer="FRA", inline=network, stops=stops, cut_loss=0.4, most_cut_countries=2, least_link_share=0.05
        ),
        risk_pb2.MapDependenceRequest(buyer="USA", stored=stored),
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
