"""What runs in the worker processes: from a request's bytes and a limit in seconds to an answer's bytes.

Each task converts, calls a use case and converts back, so that the event loop never touches large values. The heavy
libraries are imported where a use case needs them.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from google.protobuf.message import Message

from lodestock.v1 import common_pb2, forecast_pb2, risk_pb2, sourcing_pb2
from lodestock_server.catalog import BundledCatalog, Catalog, DatasetInfo, bundled_package
from lodestock_server.converters import build, common, forecast, plan, risk, sourcing
from lodestock_server.usecases import assess_supply_risk as risks
from lodestock_server.usecases import build_problem as building
from lodestock_server.usecases import forecast_demand as forecasting
from lodestock_server.usecases import optimize_sourcing as optimising
from lodestock_server.usecases.country_risk import CountryRisks
from lodestock_server.usecases.run_record import Recorder
from lodestock_server.usecases.stored_supply import stored_supplies
from lodestock_server.usecases.supply_sources import UNNAMED_COUNTRIES

FORECASTING_PACKAGES = ("numpy", "pandas", "scipy", "statsforecast", "prophet")
OPTIMISING_PACKAGES = ("highspy", "numpy", "pyomo", "scipy")
PRELOAD = ("lodestock_server.tasks", "lodestock_optimizers.planner", "statsforecast.models")
"""What a worker imports when it starts, so that the first call does not wait for it."""


@lru_cache(maxsize=1)
def catalog() -> Catalog:
    """The catalog of this process."""
    return BundledCatalog()


@lru_cache(maxsize=1)
def countries() -> frozenset[str]:
    """The country codes that a problem may name."""
    listed = frozenset(row["iso3"] for row in bundled_package("geography").table("countries"))
    return listed | {UNNAMED_COUNTRIES}


def datasets_behind(figures: Iterable[common_pb2.Figure]) -> list[DatasetInfo]:
    """The datasets that the figures of an answer were read from, and the table that says what each mineral is."""
    read = {origin.dataset.dataset for figure in figures for origin in figure.origins} | {"minerals"}
    return [dataset for dataset in catalog().datasets() if dataset.name in read]


def recorder_of(request: Message) -> Recorder:
    """A recorder that starts now."""
    return Recorder(request.SerializeToString(deterministic=True))


def forecast_demand(wire: bytes, limit_s: float) -> bytes:
    """ForecastService.ForecastDemand."""
    request = forecast_pb2.ForecastDemandRequest.FromString(wire)
    recorder = recorder_of(request)
    options = forecast.options_from_proto(request)
    if request.HasField("inline"):
        series = [forecast.series_from_proto(message) for message in request.inline.series]
        answers = forecasting.forecast_series(series, options, limit_s)
    else:
        stored = forecast.stored_from_proto(request.stored)
        answers = forecasting.forecast_stored(catalog(), stored, options, limit_s)
    forecasts = [forecast.answer_to_proto(answer, f"forecasts[{i}]") for i, answer in enumerate(answers)]
    origins = (figure for found in forecasts for figure in found.history_origins)
    datasets = datasets_behind(origins) if request.HasField("stored") else []
    record = recorder.record(FORECASTING_PACKAGES, datasets, options.seed)
    return forecast_pb2.ForecastDemandResponse(
        forecasts=forecasts, record=common.record_to_proto(record)
    ).SerializeToString()


def assess_supply_risk(wire: bytes, limit_s: float) -> bytes:
    """RiskService.AssessSupplyRisk."""
    request = risk_pb2.AssessSupplyRiskRequest.FromString(wire)
    recorder = recorder_of(request)
    if request.HasField("inline"):
        supplies = [risk.supply_from_proto(message) for message in request.inline.supplies]
    else:
        supplies = stored_supplies(catalog(), request.buyer, request.stored.material_ids)
    assessed = risks.assess_supplies(supplies, request.buyer, CountryRisks(catalog()))
    found = [risk.risk_to_proto(one, f"risks[{i}]") for i, one in enumerate(assessed)]
    record = recorder.record((), datasets_behind(figure for one in found for figure in one.figures))
    return risk_pb2.AssessSupplyRiskResponse(risks=found, record=common.record_to_proto(record)).SerializeToString()


def build_problem(wire: bytes, limit_s: float) -> bytes:
    """SourcingService.BuildProblem."""
    request = sourcing_pb2.BuildProblemRequest.FromString(wire)
    recorder = recorder_of(request)
    asked = build.build_request_from_proto(request)
    built = building.build_problem(catalog(), asked, forecasting.median_paths(asked.seed, limit_s), countries())
    answer = build.built_to_proto(built)
    record = recorder.record(FORECASTING_PACKAGES, datasets_behind(answer.figures), asked.seed)
    answer.record.CopyFrom(common.record_to_proto(record))
    return answer.SerializeToString()


def measure_problem(wire: bytes, limit_s: float) -> bytes:
    """The size of a valid problem's model, for SourcingService.ValidateProblem."""
    request = sourcing_pb2.ValidateProblemRequest.FromString(wire)
    size = optimising.model_size(sourcing.problem_from_proto(request.problem))
    return sourcing_pb2.ValidateProblemResponse(size=plan.size_to_proto(size)).SerializeToString()


def optimize_sourcing(wire: bytes, limit_s: float) -> bytes:
    """SourcingService.OptimizeSourcing."""
    request = sourcing_pb2.OptimizeSourcingRequest.FromString(wire)
    recorder = recorder_of(request)
    if request.HasField("time_limit_s"):
        limit_s = min(limit_s, request.time_limit_s)
    found = optimising.optimize_sourcing(sourcing.problem_from_proto(request.problem), limit_s)
    return sourcing_pb2.OptimizeSourcingResponse(
        plan=plan.plan_to_proto(found),
        record=common.record_to_proto(recorder.record(OPTIMISING_PACKAGES)),
    ).SerializeToString()
