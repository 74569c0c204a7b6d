"""The client: one method a call, named for what it does in the field."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from lodestock.catalog import CatalogCalls
from lodestock.explanation_calls import ExplanationCalls
from lodestock.inputs import (
    OwnFigures,
    ProblemLike,
    SeriesLike,
    messages,
    names,
    problem_message,
)
from lodestock.inputs import own_figures as figure_messages
from lodestock.job_calls import JobCalls
from lodestock.projection_calls import ProjectionCalls
from lodestock.question_calls import QuestionCalls
from lodestock.requests import (
    SHORT_TIMEOUT_S,
    TIMEOUT_S,
    Drivers,
    backtest_request,
    demand_uncertainty,
    forecast_request,
    gdp_scenario_number,
    solve_timeout_s,
    source_risk_measure_number,
    source_risk_messages,
)
from lodestock.results import (
    Backtest,
    BuiltProblem,
    Forecasts,
    Models,
    Plan,
    Validation,
)
from lodestock.risk_calls import RiskCalls
from lodestock.scenario_calls import Policy, ScenarioCalls, policy_messages
from lodestock.stockpile_calls import StockpileCalls
from lodestock.stress_calls import StressCalls
from lodestock.traces import Trace, Traceable, built_message, trace_request
from lodestock.v1 import (
    common_pb2,
    forecast_pb2,
    sourcing_pb2,
)


class Client(
    CatalogCalls,
    JobCalls,
    RiskCalls,
    QuestionCalls,
    ExplanationCalls,
    ScenarioCalls,
    StressCalls,
    StockpileCalls,
    ProjectionCalls,
):
    """A connection to a Lodestock server; use it in a `with` statement, or call `close`.

    Every method raises one of the errors of `lodestock.errors`, and takes `timeout_s`, the seconds to wait. Where no
    server answers, a call is tried again a few times within its timeout.
    """

    def trace(
        self, answer: Traceable, *paths: str, problem: ProblemLike | None = None, timeout_s: float = TIMEOUT_S
    ) -> Trace:
        """Trace numbers of an answer to the rows of datasets that they rest on, to defaults, and to what you gave.

        Args:
            answer: What `forecast_demand`, `assess_supply_risk`, `build_problem` or `optimize_sourcing` returned.
            paths: Where the numbers stand in it, such as "forecasts[cobalt/USA].steps[2030].median",
                "risks[cobalt,REFINING].scores[hhi,global].value", "sources[cobalt/COD].risk", "costs.contract_usd" or
                "balances[cobalt,4].stock_tonnes". In a plan "problem.…" names numbers of its problem.
            problem: Problem that a plan solves. None: the one that `optimize_sourcing` was given.
            timeout_s: Seconds to wait.

        Raises:
            ValueError: No path is given.
            TypeError: The answer is of another kind.
        """
        return Trace(self._call(self._audit.TraceResult, trace_request(answer, paths, problem), timeout_s))

    def list_models(self, *, timeout_s: float = SHORT_TIMEOUT_S) -> Models:
        """List the models that `forecast_demand` can use."""
        return Models(self._call(self._forecast.ListModels, forecast_pb2.ListModelsRequest(), timeout_s))

    def forecast_demand(
        self,
        series: Mapping[str, SeriesLike] | None = None,
        *,
        buyer: str = "",
        materials: Sequence[str] = (),
        horizon: int,
        unit: str = "t",
        quantile_levels: Sequence[float] = (),
        sample_paths: int = 0,
        model: str = "",
        seed: int = 0,
        own_figures: OwnFigures = (),
        country: str = "",
        drivers: Drivers | None = None,
        vehicles: Mapping[str, Any] | None = None,
        gdp_scenario: str = "",
        lend_strength: bool = False,
        timeout_s: float = TIMEOUT_S,
    ) -> Forecasts:
        """Forecast demand: of your own series, or of a buyer's materials that the server's data hold.

        Args:
            series: Observations by period and by name of the series: dicts, or pandas series with years, periods or
                labels such as "2025-Q3" as their index. None: forecast what the server's data hold.
            buyer: Buyer whose demand to forecast, ISO 3166-1 alpha-3 or "EU27".
            materials: Materials of the buyer. Empty: all.
            horizon: Steps ahead.
            unit: Unit of your own series.
            quantile_levels: Levels between 0 and 1, rising. Empty: 0.025, 0.1, 0.5, 0.9, 0.975.
            sample_paths: Joint sample paths to return for each series.
            model: Name of a model from `list_models`. Empty: the default combination.
            seed: Seed; the same seed gives the same figures.
            own_figures: The buyer's own figures, which go before the data: a CSV file (docs/data.md), or dicts.
            country: Country whose population and GDP drive your own series, for models that follow them.
            drivers: Population and GDP by year, past and assumed, in place of those of a country; as dicts a price of
                the material and what is deployed, too.
            vehicles: Electric vehicles whose sales are what is deployed: `{"scenario": "STEPS"}` for the world's.
            gdp_scenario: Path of both, "SSP1" to "SSP5". Empty: SSP2.
            lend_strength: Have series of fewer than five values take growth and unrest from the longer ones of the
                request, if those are five or more.
            timeout_s: Seconds to wait.

        Raises:
            ValueError: Both or neither of `series` and `buyer` are given, or periods or own figures cannot be read.
        """
        request = forecast_request(
            series,
            {
                "buyer": buyer,
                "materials": materials,
                "horizon": horizon,
                "unit": unit,
                "quantile_levels": quantile_levels,
                "sample_paths": sample_paths,
                "model": model,
                "seed": seed,
                "own_figures": own_figures,
                "country": country,
                "drivers": drivers,
                "vehicles": vehicles,
                "gdp_scenario": gdp_scenario,
                "lend_strength": lend_strength,
            },
        )
        return Forecasts(self._call(self._forecast.ForecastDemand, request, timeout_s))

    def backtest_models(
        self,
        series: Mapping[str, SeriesLike] | None = None,
        *,
        buyer: str = "",
        materials: Sequence[str] = (),
        horizon: int,
        models: Sequence[str] = (),
        most_origins: int = 0,
        unit: str = "t",
        own_figures: OwnFigures = (),
        country: str = "",
        drivers: Drivers | None = None,
        vehicles: Mapping[str, Any] | None = None,
        gdp_scenario: str = "",
        timeout_s: float = TIMEOUT_S,
    ) -> Backtest:
        """Score models on the past: forecasts from many points in time, each with what was known then alone.

        Args:
            series: Series of your own, as `forecast_demand` takes them. None: those of the buyer.
            buyer: Buyer, ISO 3166-1 alpha-3 or "EU27".
            materials: Materials of the buyer. Empty: all.
            horizon: Steps ahead.
            models: Models. Empty: the default combination and every model that takes the series.
            most_origins: Most points in time to forecast from, the latest ones. 0: 10.
            unit: Unit of your own series.
            own_figures: The buyer's own figures, which go before the data.
            country: Country whose population and GDP drive your own series.
            drivers: Population and GDP by year, past and assumed, in place of those of a country.
            vehicles: Electric vehicles whose sales are what is deployed, as `forecast_demand` takes them.
            gdp_scenario: Path of both beyond their records, "SSP1" to "SSP5". Empty: SSP2.
            timeout_s: Seconds to wait.

        Raises:
            ValueError: Both or neither of `series` and `buyer` are given, or periods or own figures cannot be read.
        """
        request = backtest_request(
            series,
            {
                "buyer": buyer,
                "materials": materials,
                "horizon": horizon,
                "models": models,
                "most_origins": most_origins,
                "unit": unit,
                "own_figures": own_figures,
                "country": country,
                "drivers": drivers,
                "vehicles": vehicles,
                "gdp_scenario": gdp_scenario,
            },
        )
        return Backtest(self._call(self._forecast.BacktestModels, request, timeout_s))

    def build_problem(
        self,
        buyer: str,
        materials: Sequence[str] = (),
        *,
        horizon_years: int,
        floor_days: float | None = None,
        demand: Mapping[str, Sequence[float]] | None = None,
        overrides: Iterable[common_pb2.DefaultOverride | Mapping[str, Any]] = (),
        rules: Iterable[sourcing_pb2.TradeRule | Mapping[str, Any]] = (),
        budget: sourcing_pb2.Budget | None = None,
        scenarios: Iterable[sourcing_pb2.Scenario | Mapping[str, Any]] = (),
        price_of_risk: float | None = None,
        discount_rate: float | None = None,
        seed: int = 0,
        source_risk_measure: str = "",
        source_risks: Mapping[str, float] | Iterable[sourcing_pb2.SourceRiskOverride | Mapping[str, Any]] = (),
        own_figures: OwnFigures = (),
        demand_quantiles: Sequence[float] = (),
        demand_probabilities: Sequence[float] = (),
        forecast_model: str = "",
        gdp_scenario: str = "",
        policies: Iterable[Policy] = (),
        timeout_s: float = TIMEOUT_S,
    ) -> BuiltProblem:
        """Make a problem from the server's data, with the origin of every figure. Nothing is optimised.

        Args:
            buyer: Buyer, ISO 3166-1 alpha-3 or "EU27".
            materials: Materials. Empty: all that the data hold for the buyer, and those of its own figures.
            horizon_years: Years to plan, one period a year.
            floor_days: Stock floor in days of demand. None: the default.
            demand: Demand by material, tonnes by period, in place of the forecast's median path.
            overrides: Values in place of the server's defaults: messages, or dicts in proto's JSON form.
            rules: Trade rules to take into the problem, as messages or dicts.
            budget: Budget to take into the problem.
            scenarios: What may happen, as messages or dicts.
            price_of_risk: λ. None: 1.
            discount_rate: Per year. None: 0.03.
            seed: Seed of the demand forecast.
            source_risk_measure: What gives the risk ρ of an import source: "GOVERNANCE_AND_TRADE" (the default),
                "GOVERNANCE", "POLITICAL_INSTABILITY", "TRADE" or "NONE".
            source_risks: Your own ρ, 0 to 1, by country; for single materials or with a reason as messages or dicts.
            own_figures: The buyer's own figures, which go before the data: a CSV file (docs/data.md), or dicts.
            demand_quantiles: Levels of the demand forecast to plan for as scenarios, rising, such as 0.1, 0.5, 0.9.
                Empty: demand is the median path.
            demand_probabilities: Probability of each level. Empty: each stands for the levels nearest to it.
            forecast_model: Model of the demand forecast from `list_models`. Empty: the default combination.
            gdp_scenario: Path of GDP and population for models that follow them, "SSP1" to "SSP5". Empty: SSP2.
            policies: Policies to keep, by their names from `list_policies`; with a value, materials or a first period
                of their own as messages or dicts.
            timeout_s: Seconds to wait.

        Raises:
            ValueError: No such measure of risk or path of GDP, or own figures cannot be read.
        """
        request = sourcing_pb2.BuildProblemRequest(
            buyer=buyer,
            material_ids=names(materials),
            horizon_years=horizon_years,
            floor_days=floor_days,
            demand=[
                sourcing_pb2.DemandPath(material_id=material, demand_tonnes=tonnes)
                for material, tonnes in (demand or {}).items()
            ],
            overrides=messages(common_pb2.DefaultOverride, overrides, "overrides"),
            rules=messages(sourcing_pb2.TradeRule, rules, "rules"),
            budget=budget,
            scenarios=messages(sourcing_pb2.Scenario, scenarios, "scenarios"),
            price_of_risk=price_of_risk,
            discount_rate=discount_rate,
            seed=seed,
            source_risk_measure=source_risk_measure_number(source_risk_measure),
            source_risks=source_risk_messages(source_risks),
            own_figures=figure_messages(own_figures),
            demand_uncertainty=demand_uncertainty(demand_quantiles, demand_probabilities),
            forecast_model=forecast_model,
            gdp_scenario=gdp_scenario_number(gdp_scenario),
            policies=policy_messages(policies),
        )
        return BuiltProblem(self._call(self._sourcing.BuildProblem, request, timeout_s))

    def validate_problem(self, problem: ProblemLike, *, timeout_s: float = TIMEOUT_S) -> Validation:
        """Say all that is wrong with a problem, without solving it."""
        request = sourcing_pb2.ValidateProblemRequest(problem=problem_message(problem))
        return Validation(self._call(self._sourcing.ValidateProblem, request, timeout_s))

    def optimize_sourcing(
        self, problem: ProblemLike, *, time_limit_s: float | None = None, timeout_s: float | None = None
    ) -> Plan:
        """Find the plan of least risk-weighted cost.

        Args:
            problem: The problem: what `build_problem` returned, a message, or a dict in proto's JSON form.
            time_limit_s: Most seconds to solve. None: the server's default, a minute.
            timeout_s: Seconds to wait. None: enough for the time limit.
        """
        if timeout_s is None:
            timeout_s = solve_timeout_s(time_limit_s)
        request = sourcing_pb2.OptimizeSourcingRequest(problem=problem_message(problem), time_limit_s=time_limit_s)
        answer = self._call(self._sourcing.OptimizeSourcing, request, timeout_s)
        return Plan(answer, built_message(problem, request.problem))
