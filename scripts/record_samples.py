"""Records the sample answers of lodestock.testing from a server of this tree.

    python scripts/record_samples.py

One small request a method; what differs from run to run, times and names of jobs, is set to fixed ones, so that a new
recording shows what has changed. Needs the whole server, which the samples then do without.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import grpc
from google.longrunning import operations_pb2 as longrunning
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.descriptor_pool import Default
from google.protobuf.empty_pb2 import Empty
from google.protobuf.json_format import MessageToJson
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from lodestock import BuiltProblem, Client, Job
from lodestock.v1 import (
    catalog_pb2,
    catalog_pb2_grpc,
    forecast_pb2,
    forecast_pb2_grpc,
    results_pb2,
    sourcing_pb2,
    sourcing_pb2_grpc,
)

ROOT = Path(__file__).resolve().parent.parent
RECORDED = ROOT / "clients" / "lodestock" / "testing" / "recorded"
PATIENCE_S = 60.0
RECORDED_AT_S = 1_767_225_600  # 2026-01-01
COMPUTING_TIMES = ("compute_s", "build_s", "compile_s", "solve_s", "convert_s")
SETTLED: Mapping[str, object] = {
    **dict.fromkeys(COMPUTING_TIMES, 0.0),
    "worker": "worker",
    "answer_digest": "0" * 64,
    "answer_bytes": 10_000,
}
"""What differs from run to run beside times, by name of the field, and what stands in the samples instead."""
DATASET = "datasets/us-minerals"
REQUEST_ID = "5f0cbb1e-0d5b-4d0a-a5a4-6f6f7b7b7c7c"
OTHER_REQUEST_ID = "1b6a6f60-9a3f-4b1c-8a55-0b8d1c4f2e9d"
"""Fixed, so that jobs have the same names in every recording."""


def answers(address: str) -> dict[str, Message]:
    """Ask each method once."""
    with Client(address) as client, grpc.insecure_channel(address) as channel:
        dataset = catalog_pb2_grpc.CatalogServiceStub(channel).GetDataset(
            catalog_pb2.GetDatasetRequest(name=DATASET), timeout=PATIENCE_S
        )
        problem = client.build_problem("USA", ["cobalt"], horizon_years=3, floor_days=90, seed=1)
        plan = client.optimize_sourcing(problem)
        (version,) = {one.version for one in client.list_datasets() if one.dataset == DATASET.removeprefix("datasets/")}
        changes = client.compare_versions(DATASET, version, version, ["cobalt"])
        return {
            "ListDatasets": client.list_datasets().message,
            "GetDataset": dataset,
            "ListSeries": client.list_series(DATASET, ["cobalt"]).message,
            "QueryObservations": client.observations(DATASET, ["cobalt"]).message,
            "ListMaterials": client.list_materials().message,
            "CompareDatasetVersions": changes.message,
            "ListModels": client.list_models().message,
            "ForecastDemand": client.forecast_demand(buyer="USA", materials=["cobalt"], horizon=3, seed=1).message,
            "BacktestModels": client.backtest_models(
                buyer="USA", materials=["cobalt"], horizon=2, models=["naive", "drift"], most_origins=2
            ).message,
            "ProjectDemand": client.project_demand(
                2030, 2031, sectors={"published": {"scenario": "STEPS", "material_ids": ["lithium"]}}
            ).message,
            "ListRiskMeasures": client.list_risk_measures().message,
            "AssessSupplyRisk": client.assess_supply_risk("USA", ["cobalt"]).message,
            "MapDependence": client.map_dependence("USA", "cobalt").message,
            "BuildProblem": problem.message,
            "ValidateProblem": client.validate_problem(problem).message,
            "OptimizeSourcing": plan.message,
            "TraceFrontier": client.trace_frontier(problem, points=4).message,
            "FindAlternatives": client.find_alternatives(problem, max_increase=0.05, count=2).message,
            "AskWhatIf": client.ask_what_if(problem, {"a tenth more": {"demand_factor": 1.1}}).message,
            "ExplainPlan": client.explain_plan(problem, firm_quantities=2).message,
            "GenerateScenarios": client.generate_scenarios(problem, futures=100, most_scenarios=2, seed=1).message,
            "ReduceScenarios": client.reduce_scenarios(
                client.generate_scenarios(problem, futures=100, most_scenarios=4, seed=1).put_into(problem),
                most_scenarios=2,
            ).message,
            "ListPolicies": client.list_policies().message,
            "PriceRules": client.price_rules(problem).message,
            "SizeStockpile": client.size_stockpile(problem, min_probabilities=[1, 0.9]).message,
            "StressTest": client.stress_test(problem, candidates={"the same": problem}).message,
            "ExportModel": sourcing_pb2_grpc.SourcingServiceStub(channel).ExportModel(
                sourcing_pb2.ExportModelRequest(problem=problem.problem), timeout=PATIENCE_S
            ),
            "TraceResult": client.trace(plan, "materials[cobalt].costs.holding_usd", "problem.discount_rate").message,
            **of_jobs(client, channel, problem),
        }


def of_jobs(client: Client, channel: grpc.Channel, problem: BuiltProblem) -> dict[str, Message]:
    """Ask the methods about jobs and stored results; what begins a job is answered by the job as it ended."""
    sourcing = sourcing_pb2_grpc.SourcingServiceStub(channel)
    forecasts = forecast_pb2_grpc.ForecastServiceStub(channel)
    with_more_risk = sourcing_pb2.SourcingProblem()
    with_more_risk.CopyFrom(problem.problem)
    with_more_risk.price_of_risk = 2.0
    asked: dict[str, Any] = {"buyer": "USA", "materials": ["cobalt"]}

    def planned() -> Job[Any]:
        return client.run_optimization(problem, request_id=REQUEST_ID, display_name="cobalt")

    def forecast(request_id: str, model: str) -> Job[Any]:
        return client.batch_forecast_demand(
            horizon=3, seed=1, model=model, request_id=request_id, display_name="demand", **asked
        )

    def backtested() -> Job[Any]:
        return client.run_backtest(
            horizon=2, models=["naive", "drift"], most_origins=2, request_id=REQUEST_ID, display_name="models", **asked
        )

    plans = [planned(), client.run_optimization(with_more_risk, request_id=OTHER_REQUEST_ID, display_name="wary")]
    batches = [forecast(REQUEST_ID, ""), forecast(OTHER_REQUEST_ID, "drift")]
    for job in (*plans, *batches, backtested()):
        job.wait(PATIENCE_S)
    operations = [job.status().message for job in (plans[0], batches[0], backtested())]
    plan, batch, backtest = (job.status().result_name for job in (plans[0], batches[0], backtested()))
    *_, last = plans[0].watch()
    full = results_pb2.RESULT_VIEW_FULL
    return {
        "RunOptimization": operations[0],
        "BatchForecastDemand": operations[1],
        "RunBacktest": operations[2],
        "GetOperation": operations[0],
        "WaitOperation": operations[0],
        "ListOperations": longrunning.ListOperationsResponse(operations=operations),
        "WatchOperation": last,
        "GetPlan": sourcing.GetPlan(sourcing_pb2.GetPlanRequest(name=plan, view=full), timeout=PATIENCE_S),
        "ListPlans": client.plans().message,
        "ComparePlans": client.compare_plans(*(job.status().result_name for job in plans), most_figures=5).message,
        "GetForecast": forecasts.GetForecast(forecast_pb2.GetForecastRequest(name=batch), timeout=PATIENCE_S),
        "ListForecasts": client.forecasts().message,
        "CompareForecasts": client.compare_forecasts(
            *(job.status().result_name for job in batches), most_figures=5
        ).message,
        "GetBacktest": forecasts.GetBacktest(forecast_pb2.GetBacktestRequest(name=backtest), timeout=PATIENCE_S),
        "ListBacktests": client.backtests().message,
        "CancelOperation": Empty(),
        "DeleteOperation": Empty(),
        "DeletePlan": sourcing_pb2.DeletePlanResponse(),
        "DeleteForecast": forecast_pb2.DeleteForecastResponse(),
        "DeleteBacktest": forecast_pb2.DeleteBacktestResponse(),
    }


def without_times(message: Message) -> Message:
    """A copy of a message in which every time is the same."""
    copy = type(message)()
    copy.CopyFrom(message)
    settle_times(copy)
    return copy


def settle_times(message: Message) -> None:
    """Set every time, and whatever else differs from run to run, to a fixed one."""
    if isinstance(message, AnyMessage):
        packed = GetMessageClass(Default().FindMessageTypeByName(message.TypeName()))()
        message.Unpack(packed)
        settle_times(packed)
        message.Pack(packed)
    for field, value in message.ListFields():
        if field.message_type is None:
            if field.name in SETTLED:
                setattr(message, field.name, SETTLED[field.name])
        elif field.message_type.full_name == "google.protobuf.Timestamp":
            value.seconds, value.nanos = RECORDED_AT_S, 0
        elif not field.message_type.GetOptions().map_entry:
            for part in value if field.is_repeated else (value,):
                settle_times(part)


def is_recorded(file: Path, text: str) -> bool:
    """Whether a file holds the same JSON already; the order of a map's entries differs from run to run."""
    return file.exists() and json.loads(file.read_text(encoding="utf-8")) == json.loads(text)


def address_in(file: Path, server: subprocess.Popen[str]) -> str:
    """The address, once the server has written it."""
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until and server.poll() is None:
        if file.exists():
            return file.read_text(encoding="utf-8").strip()
        time.sleep(0.02)
    raise SystemExit("the server did not start")


def main() -> int:
    RECORDED.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="lodestock-samples-") as folder:
        address_file = Path(folder, "address")
        line = [sys.executable, "-m", "lodestock_server", "serve", "--port", "0", "--port-file", str(address_file)]
        environment = {"LODESTOCK_DATA_DIR": folder, "LODESTOCK_LOG_LEVEL": "warning"}
        server = subprocess.Popen(line, stdout=subprocess.DEVNULL, env=environment, text=True)
        try:
            for method, answer in answers(address_in(address_file, server)).items():
                text = MessageToJson(without_times(answer), preserving_proto_field_name=True)
                file = RECORDED / f"{method}.json"
                if is_recorded(file, text):
                    continue
                file.write_text(text + "\n", encoding="utf-8")
                print(f"{method}: {len(text):,} characters")
        finally:
            server.terminate()
            server.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
