"""What runs in the compute processes: from a request's bytes and a limit in seconds to an answer's bytes.

Each task converts, calls a use case and converts back, so that the event loop never touches large values. The heavy
libraries are imported where a use case needs them.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Any, Literal

from google.protobuf.message import Message
from sqlalchemy import Engine

from lodestock.v1 import audit_pb2, catalog_pb2, common_pb2, forecast_pb2, risk_pb2, sourcing_pb2
from lodestock_server.catalog import BundledCatalog, Catalog, DatasetInfo, bundled_packages
from lodestock_server.catalog.comparison import compare
from lodestock_server.compute import UNWATCHED, SeriesWatch, SolveWatch, Watch
from lodestock_server.converters import (
    audit,
    backtest,
    build,
    common,
    comparison,
    demand,
    dependence,
    forecast,
    plan,
    risk,
    risk_options,
    scenarios,
    sourcing,
)
from lodestock_server.converters import catalog as catalogs
from lodestock_server.log import configure_logs
from lodestock_server.store.catalogs import CatalogSource
from lodestock_server.store.database import connect
from lodestock_server.store.datasets import DatasetStore
from lodestock_server.store.payloads import PayloadStore
from lodestock_server.usecases import backtest_models as backtesting
from lodestock_server.usecases import build_problem as building
from lodestock_server.usecases import demand_series
from lodestock_server.usecases import forecast_demand as forecasting
from lodestock_server.usecases import generate_scenarios as generating
from lodestock_server.usecases import map_dependence as mapping
from lodestock_server.usecases import optimize_sourcing as optimising
from lodestock_server.usecases import reduce_scenarios as reducing
from lodestock_server.usecases.buyers import known_countries
from lodestock_server.usecases.country_risk import CountryRisks
from lodestock_server.usecases.dependence_network import stored_network
from lodestock_server.usecases.run_record import Recorder, RunRecord
from lodestock_server.usecases.stored_supply import stored_supplies
from lodestock_server.usecases.supply_risk_report import report_supplies
from lodestock_server.usecases.trace_result import trace_numbers

FORECASTING_PACKAGES = ("numpy", "pandas", "scipy", "statsforecast", "prophet")
MOST_CHANGES = 100
"""Changes that a comparison lists where the caller does not say how many."""
NETWORK_PACKAGES = ("networkx", "numpy")
SAMPLING_PACKAGES = ("numpy", "scipy")
OPTIMISING_PACKAGES = ("highspy", "numpy", "pyomo", "scipy")
PRELOAD = (
    "lodestock_server.tasks",
    "lodestock_server.question_tasks",
    "lodestock_optimizers.planner",
    "statsforecast.models",
)
"""What a worker imports when it starts, so that the first call does not wait for it."""


_catalogs: Callable[[], Catalog] = lru_cache(maxsize=1)(BundledCatalog)
"""Gives the catalog in use; the bundled one in a process that opened no database."""


_engines: list[Engine] = []
"""Of the database that this process has opened, if any."""


def use_database(url: str) -> None:
    """Read from a database from now on, in this process."""
    global _catalogs
    engine = connect(url)
    _catalogs = CatalogSource(engine, bundled_packages()).current
    _engines[:] = [engine]


def get_ready(url: str, log_level: str, log_format: Literal["json", "text"], nice: int = 0) -> None:
    """Read from a database and log like the server, in a process that does tasks.

    Args:
        url: Of the database.
        log_level: Least level to log.
        log_format: Form of a log line.
        nice: How much the process steps back behind the one that started it.
    """
    os.nice(nice)
    configure_logs(log_level, log_format)
    use_database(url)


def stored_data() -> DatasetStore:
    """The datasets in the database that this process has opened."""
    (engine,) = _engines
    return DatasetStore(engine)


def catalog() -> Catalog:
    """The catalog of the versions in use now. A task asks once, so that it sees one set of versions to its end."""
    return _catalogs()


def datasets_behind(data: Catalog, figures: Iterable[common_pb2.Figure]) -> list[DatasetInfo]:
    """The datasets that the figures of an answer were read from, and the table that says what each mineral is."""
    read = {origin.dataset.dataset for figure in figures for origin in figure.origins} | {"minerals"}
    return [dataset for dataset in data.datasets() if dataset.name in read]


def recorder_of(request: Message) -> Recorder:
    """A recorder that starts now."""
    return Recorder(request.SerializeToString(deterministic=True))


def forecast_demand(wire: bytes, limit_s: float, watch: Watch = UNWATCHED) -> bytes:
    """ForecastService.ForecastDemand."""
    request = forecast_pb2.ForecastDemandRequest.FromString(wire)
    recorder, data = recorder_of(request), catalog()
    options = forecast.options_from_proto(request)
    answers = forecasting.forecast_demand(
        data, demands_of(request, data), options, limit_s, SeriesWatch(watch, "FORECASTING")
    )
    forecasts = [forecast.answer_to_proto(answer, f"forecasts[{i}]") for i, answer in enumerate(answers)]
    datasets = datasets_of_demand(data, [answer.demand for answer in answers])
    answer = forecast_pb2.ForecastDemandResponse(forecasts=forecasts)
    return recorded(answer, recorder.record(FORECASTING_PACKAGES, datasets, options.seed))


def backtest_models(wire: bytes, limit_s: float, watch: Watch = UNWATCHED) -> bytes:
    """ForecastService.BacktestModels."""
    request = forecast_pb2.BacktestModelsRequest.FromString(wire)
    recorder, data = recorder_of(request), catalog()
    options = backtest.backtest_options_from_proto(request)
    tested = backtesting.backtest_models(
        data, demands_of(request, data), options, limit_s, SeriesWatch(watch, "BACKTESTING")
    )
    answer = backtest.backtest_to_proto(tested)
    return recorded(answer, recorder.record(FORECASTING_PACKAGES, datasets_of_demand(data, tested.demands)))


def demands_of(
    request: forecast_pb2.ForecastDemandRequest | forecast_pb2.BacktestModelsRequest, data: Catalog
) -> Sequence[demand_series.Demand]:
    """The series that a request gives, or those of the buyer that it names."""
    if request.HasField("inline"):
        return demand.inline_demand(request.inline)
    return demand_series.stored_demand(data, demand.stored_from_proto(request.stored))


def datasets_of_demand(data: Catalog, demands: Iterable[demand_series.Demand]) -> list[DatasetInfo]:
    """The datasets that observations and drivers were read from; for a buyer's demand that of the minerals, too."""
    read: set[str] = set()
    for one in demands:
        read |= demand_series.datasets_read(one)
    return [dataset for dataset in data.datasets() if dataset.name in read]


def assess_supply_risk(wire: bytes, limit_s: float, watch: Watch = UNWATCHED) -> bytes:
    """RiskService.AssessSupplyRisk."""
    request = risk_pb2.AssessSupplyRiskRequest.FromString(wire)
    recorder, data = recorder_of(request), catalog()
    if request.HasField("inline"):
        supplies = [risk.supply_from_proto(message) for message in request.inline.supplies]
    else:
        own = common.own_figures_from_proto(request.stored.own_figures)
        supplies = stored_supplies(data, request.buyer, request.stored.material_ids, own)
    options = risk_options.options_from_proto(request)
    reports = report_supplies(supplies, request.buyer, data, options)
    found = [risk_options.report_to_proto(report, f"risks[{i}]") for i, report in enumerate(reports)]
    datasets = datasets_behind(data, (figure for one in found for figure in one.figures))
    return recorded(risk_pb2.AssessSupplyRiskResponse(risks=found), recorder.record((), datasets))


def map_dependence(wire: bytes, limit_s: float, watch: Watch = UNWATCHED) -> bytes:
    """RiskService.MapDependence."""
    request = risk_pb2.MapDependenceRequest.FromString(wire)
    recorder, data = recorder_of(request), catalog()
    home, question = CountryRisks(data).home(request.buyer), dependence.question_from_proto(request)
    if request.HasField("inline"):
        network = dependence.network_from_proto(request.inline)
        answer = dependence.dependence_to_proto(mapping.map_dependence(network, request.buyer, home, question))
        return recorded(answer, recorder.record(NETWORK_PACKAGES, []))
    stored = stored_network(data, request.buyer, request.stored.material_id, dict(request.stored.contents))
    answer = dependence.dependence_to_proto(mapping.map_dependence(stored.network, request.buyer, home, question))
    answer.steps.extend(dependence.step_to_proto(step) for step in stored.steps)
    answer.remarks.extend(stored.remarks)
    datasets = [dataset for dataset in data.datasets() if dataset.name in stored.datasets]
    return recorded(answer, recorder.record(NETWORK_PACKAGES, datasets))


def build_problem(wire: bytes, limit_s: float, watch: Watch = UNWATCHED) -> bytes:
    """SourcingService.BuildProblem."""
    request = sourcing_pb2.BuildProblemRequest.FromString(wire)
    recorder, data = recorder_of(request), catalog()
    asked = build.build_request_from_proto(request)
    paths = forecasting.demand_paths(
        data,
        asked.buyer,
        limit_s,
        model=asked.forecast_model,
        gdp_scenario=asked.gdp_scenario,
        seed=asked.seed,
    )
    answer = build.built_to_proto(building.build_problem(data, asked, paths, known_countries(data)))
    datasets = datasets_behind(data, answer.figures)
    return recorded(answer, recorder.record(FORECASTING_PACKAGES, datasets, asked.seed))


def measure_problem(wire: bytes, limit_s: float, watch: Watch = UNWATCHED) -> bytes:
    """The size of a valid problem's model, for SourcingService.ValidateProblem."""
    request = sourcing_pb2.ValidateProblemRequest.FromString(wire)
    size = optimising.model_size(sourcing.problem_from_proto(request.problem))
    return sourcing_pb2.ValidateProblemResponse(size=plan.size_to_proto(size)).SerializeToString()


def optimize_sourcing(wire: bytes, limit_s: float, watch: Watch = UNWATCHED) -> bytes:
    """SourcingService.OptimizeSourcing."""
    request = sourcing_pb2.OptimizeSourcingRequest.FromString(wire)
    recorder, limit_s = recorder_of(request), within(request, limit_s)
    found = optimising.optimize_sourcing(sourcing.problem_from_proto(request.problem), limit_s, SolveWatch(watch))
    answer = sourcing_pb2.OptimizeSourcingResponse(plan=plan.plan_to_proto(found))
    return recorded(answer, recorder.record(OPTIMISING_PACKAGES))


def within(request: Any, limit_s: float) -> float:
    """Seconds that a request may take: those that the call leaves, or fewer where it says so."""
    return min(limit_s, request.time_limit_s) if request.HasField("time_limit_s") else limit_s


def recorded(answer: Any, record: RunRecord) -> bytes:
    """The bytes of an answer, with how it was made."""
    answer.record.CopyFrom(common.record_to_proto(record))
    wire: bytes = answer.SerializeToString()
    return wire


def generate_scenarios(wire: bytes, limit_s: float, watch: Watch = UNWATCHED) -> bytes:
    """SourcingService.GenerateScenarios."""
    request = sourcing_pb2.GenerateScenariosRequest.FromString(wire)
    recorder, data = recorder_of(request), catalog()
    answer = scenarios.generated_to_proto(generating.generate(data, scenarios.scenario_request_from_proto(request)))
    return recorded(answer, recorder.record(SAMPLING_PACKAGES, datasets_behind(data, answer.figures), request.seed))


def reduce_scenarios(wire: bytes, limit_s: float, watch: Watch = UNWATCHED) -> bytes:
    """SourcingService.ReduceScenarios."""
    request = sourcing_pb2.ReduceScenariosRequest.FromString(wire)
    recorder = recorder_of(request)
    made = reducing.reduce_given(sourcing.problem_from_proto(request.problem), request.most_scenarios)
    return recorded(scenarios.reduced_to_proto(made), recorder.record(SAMPLING_PACKAGES))


def list_materials(wire: bytes, limit_s: float, watch: Watch = UNWATCHED) -> bytes:
    """CatalogService.ListMaterials."""
    data = catalog()
    materials = [catalogs.material_to_proto(data, mineral) for mineral in data.minerals()]
    return catalog_pb2.ListMaterialsResponse(materials=materials).SerializeToString()


def compare_dataset_versions(wire: bytes, limit_s: float, watch: Watch = UNWATCHED) -> bytes:
    """CatalogService.CompareDatasetVersions."""
    request = catalog_pb2.CompareDatasetVersionsRequest.FromString(wire)
    name, earlier, later = catalogs.versions_from_proto(request)
    store = stored_data()
    found = compare(
        store.package(name, earlier),
        store.package(name, later),
        request.most_changes or MOST_CHANGES,
        tuple(request.material_ids),
    )
    return catalogs.comparison_to_proto(found).SerializeToString()


def trace_result(wire: bytes, limit_s: float, watch: Watch = UNWATCHED) -> bytes:
    """AuditService.TraceResult."""
    request = audit_pb2.TraceResultRequest.FromString(wire)
    numbers = trace_numbers(audit.tracer_from_proto(request, known_countries(catalog())), request.field_paths)
    store = stored_data()
    return audit.response_to_proto(numbers, store.rows(audit.row_keys(numbers))).SerializeToString()


def compare_results(wire: bytes, limit_s: float, watch: Watch = UNWATCHED) -> bytes:
    """SourcingService.ComparePlans and ForecastService.CompareForecasts, without what is known of the results."""
    asked = json.loads(wire)
    (engine,) = _engines
    payloads = PayloadStore(engine)
    answers = [payloads.get(digest) for digest in asked["answers"]]
    return comparison.compare_answers(asked["collection"], answers, asked["most_figures"])
