"""What Prometheus reads from a real server."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from lodestock import Client, InvalidRequest
from lodestock.v1 import sourcing_pb2
from tests.server_process import COMMAND, ServerProcess, running_server, until_true

ASSESS = "/lodestock.v1.RiskService/AssessSupplyRisk"
OPTIMIZE = "/lodestock.v1.SourcingService/OptimizeSourcing"


def metrics_address(server: ServerProcess) -> str:
    """Where the server says that its metrics are."""
    for line in server.log().splitlines():
        entry = json.loads(line)
        if entry["event"] == "metrics":
            return f"http://{entry['host']}:{entry['port']}/metrics"
    raise AssertionError("the server named no port for metrics")


def scraped(server: ServerProcess) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    """Every value by name and labels."""
    with urllib.request.urlopen(metrics_address(server), timeout=10) as answer:
        text = answer.read().decode()
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def value(server: ServerProcess, name: str, **labels: str) -> float:
    """One value; 0 where it was never counted."""
    return scraped(server).get((name, frozenset(labels.items())), 0.0)


def test_calls_bytes_and_times_are_counted() -> None:
    """By method and code; the time in the queue apart from the time of computing; nothing names a caller's values."""
    with running_server(environment={"LODESTOCK_METRICS_PORT": "0"}) as server, Client(server.address) as client:
        for _ in range(3):
            client.assess_supply_risk("USA", ["cobalt"])
        with pytest.raises(InvalidRequest):
            client.optimize_sourcing(sourcing_pb2.SourcingProblem(buyer="nowhere"))

        assert until_true(lambda: value(server, "lodestock_calls_total", method=ASSESS, code="OK") == 3)
        assert value(server, "lodestock_calls_total", method=OPTIMIZE, code="INVALID_ARGUMENT") == 1
        assert value(server, "lodestock_call_seconds_count", method=ASSESS) == 3
        for name in ("queue", "compute"):
            assert value(server, f"lodestock_{name}_seconds_count", task="assess_supply_risk") == 3
            assert value(server, f"lodestock_{name}_seconds_count", task="optimize_sourcing") == 0
        assert value(server, "lodestock_request_bytes_total", method=ASSESS) > 0
        assert value(server, "lodestock_answer_bytes_total", method=ASSESS) > value(
            server, "lodestock_request_bytes_total", method=ASSESS
        )
        assert value(server, "lodestock_healthy") == 1
        assert value(server, "lodestock_calls_running") == 0
        assert value(server, "lodestock_calls_waiting") == 0
        assert value(server, "lodestock_weight_in_flight") == 0
        labels = {text for _name, pairs in scraped(server) for _label, text in pairs}
        assert not {"USA", "cobalt", "nowhere"} & labels


def test_jobs_are_counted_by_state() -> None:
    """With nothing to do, none wait and none run."""
    with running_server(environment={"LODESTOCK_METRICS_PORT": "0"}) as server:
        assert until_true(lambda: ("lodestock_jobs", frozenset({("state", "QUEUED")})) in scraped(server))
        assert value(server, "lodestock_jobs", state="QUEUED") == 0


@contextmanager
def running_worker(folder: Path, name: str, port: int) -> Iterator[tuple[subprocess.Popen[bytes], Path]]:
    """A worker that takes jobs, and its log."""
    ready, log = folder / f"{name}.ready", folder / f"{name}.log"
    environment = {
        **{key: text for key, text in os.environ.items() if not key.startswith("LODESTOCK_")},
        "LODESTOCK_DATA_DIR": str(folder),
        "LODESTOCK_WORKER_METRICS_PORT": str(port),
    }
    line = [str(COMMAND), "worker", "--name", name, "--ready-file", str(ready)]
    with log.open("w") as sink:
        process = subprocess.Popen(line, env=environment, stdout=subprocess.DEVNULL, stderr=sink)
    try:
        assert until_true(lambda: ready.exists() or process.poll() is not None, 60.0)
        yield process, log
    finally:
        process.terminate()
        process.wait(timeout=60)


def test_a_worker_shows_its_own_metrics_and_works_without_where_the_port_is_taken(tmp_path: Path) -> None:
    """No health and no calls, which it has none of; a second worker of the machine reads the same settings."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with running_worker(tmp_path, "second", port) as (process, log):
            assert process.poll() is None
            (said,) = (line for line in map(json.loads, log.read_text().splitlines()) if line["event"] == "no metrics")
            assert (said["setting"], said["port"]) == ("worker_metrics_port", port)
    with (
        running_worker(tmp_path, "first", port),
        urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer,
    ):
        names = {family.name for family in text_string_to_metric_families(answer.read().decode())}
    assert {"lodestock_job_attempts", "lodestock_jobs_ended", "lodestock_process_restarts"} <= names
    assert not {"lodestock_healthy", "lodestock_calls", "lodestock_jobs", "lodestock_calls_waiting"} & names


def test_a_server_shows_no_metrics_of_workers() -> None:
    with running_server(environment={"LODESTOCK_METRICS_PORT": "0"}) as server:
        names = {name for name, _labels in scraped(server)}
    assert "lodestock_healthy" in names
    assert not any(name.startswith(("lodestock_job_", "lodestock_jobs_ended")) for name in names)


def test_only_metrics_are_served_and_only_where_asked_for(server: ServerProcess) -> None:
    """By default there is no such port; where there is, it takes no changes."""
    with pytest.raises(AssertionError):
        metrics_address(server)
    with running_server(environment={"LODESTOCK_METRICS_PORT": "0"}) as measured:
        request = urllib.request.Request(metrics_address(measured), data=b"x", method="POST")
        with pytest.raises(urllib.error.HTTPError):
            urllib.request.urlopen(request, timeout=10)
