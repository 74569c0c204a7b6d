"""Records the sample answers of lodestock.testing from a server of this tree.

    python scripts/record_samples.py

One small request a method; what differs from run to run, the time, is set to a fixed one, so that a new recording
shows what has changed. Needs the whole server, which the samples then do without.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import grpc
from google.protobuf.json_format import MessageToJson
from google.protobuf.message import Message

from lodestock import Client
from lodestock.v1 import catalog_pb2, catalog_pb2_grpc

ROOT = Path(__file__).resolve().parent.parent
RECORDED = ROOT / "clients" / "lodestock" / "testing" / "recorded"
PATIENCE_S = 60.0
RECORDED_AT_S = 1_767_225_600  # 2026-01-01
COMPUTING_TIMES = ("compute_s", "build_s", "compile_s", "solve_s", "convert_s")
DATASET = "datasets/us-minerals"


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
            "ListRiskMeasures": client.list_risk_measures().message,
            "AssessSupplyRisk": client.assess_supply_risk("USA", ["cobalt"]).message,
            "BuildProblem": problem.message,
            "ValidateProblem": client.validate_problem(problem).message,
            "OptimizeSourcing": plan.message,
            "TraceResult": client.trace(plan, "materials[cobalt].costs.holding_usd", "problem.discount_rate").message,
        }


def without_times(message: Message) -> Message:
    """A copy of a message in which every time is the same."""
    copy = type(message)()
    copy.CopyFrom(message)
    settle_times(copy)
    return copy


def settle_times(message: Message) -> None:
    """Set every time and every duration of computing in a message to a fixed one."""
    for field, value in message.ListFields():
        if field.message_type is None:
            if field.name in COMPUTING_TIMES:
                setattr(message, field.name, 0.0)
        elif field.message_type.full_name == "google.protobuf.Timestamp":
            value.seconds, value.nanos = RECORDED_AT_S, 0
        elif not field.message_type.GetOptions().map_entry:
            for part in value if field.is_repeated else (value,):
                settle_times(part)


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
                (RECORDED / f"{method}.json").write_text(text + "\n", encoding="utf-8")
                print(f"{method}: {len(text):,} characters")
        finally:
            server.terminate()
            server.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
