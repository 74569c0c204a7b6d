"""How long it takes to import the client, and to start a server until it answers, beside a bare gRPC server.

python -m benchmarks.startup

A start is measured from the making of the process to the answer in the caller's hand. Every start of Lodestock's is a
first one, into an empty folder, so that its database is being filled beside the calls. The first forecast is asked of a
server of its own: it waits for a worker process, which imports the forecasters. It has no bar, but is told, since that
is what a caller of a server that has just started waits for.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import grpc

from benchmarks.bare_server import METHOD
from benchmarks.report import Measurement, measured, report
from lodestock import Client

TIMES = 5
IMPORT_LIMIT_S = 0.3
START_LIMIT_S = 5.0
PATIENCE_S = 60.0
IMPORT = "import time; began = time.perf_counter(); import lodestock; print(time.perf_counter() - began)"
PACKAGES = ("lodestock", "lodestock-server", "grpcio", "protobuf", "protovalidate", "statsforecast", "sqlalchemy")

Ask = Callable[[str], object]


def import_s() -> float:
    """Seconds that the import of the client takes in a new process."""
    done = subprocess.run([sys.executable, "-c", IMPORT], capture_output=True, text=True, check=True)
    return float(done.stdout)


def start_s(line: list[str], ask: Ask) -> float:
    """Seconds from the start of a server to its first answer.

    Args:
        line: Command line; in it ADDRESS stands for the file to which the server writes its address.
        ask: Makes the first call to an address.
    """
    with tempfile.TemporaryDirectory(prefix="lodestock-benchmark-") as folder:
        address_file = Path(folder, "address")
        filled = [str(address_file) if part == "ADDRESS" else part for part in line]
        environment = {**os.environ, "LODESTOCK_DATA_DIR": str(Path(folder, "data"))}
        began = time.perf_counter()
        server = subprocess.Popen(filled, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            ask(address_in(address_file, server))
            return time.perf_counter() - began
        finally:
            server.terminate()
            server.wait(timeout=PATIENCE_S)


def address_in(file: Path, server: subprocess.Popen[bytes]) -> str:
    """The address, once the server has written it."""
    until = time.perf_counter() + PATIENCE_S
    while time.perf_counter() < until and server.poll() is None:
        if file.exists():
            return file.read_text(encoding="utf-8").strip()
        time.sleep(0.002)
    raise SystemExit(f"did not start: {server.args!r}")


def ask_bare(address: str) -> None:
    """Call the peer."""
    with grpc.insecure_channel(address) as channel:
        call: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(METHOD)
        call(b"", timeout=PATIENCE_S)


def ask_for_models(address: str) -> None:
    """Ask Lodestock for what it answers without computing."""
    with Client(address) as client:
        assert len(client.list_models(timeout_s=PATIENCE_S)) > 1


def ask_for_forecast(address: str) -> None:
    """Ask Lodestock for a forecast from its own data, by its default combination."""
    with Client(address) as client:
        assert len(client.forecast_demand(buyer="USA", materials=["cobalt"], horizon=5, timeout_s=PATIENCE_S)) == 1


def start_of(name: str, line: list[str], ask: Ask, limit: float | None = None) -> Measurement:
    """Measure a server's start."""
    return measured(name, lambda: start_s(line, ask), times=TIMES, limit=limit)


def main() -> int:
    """Measure and tell; the exit code is 1 where a bar is not met."""
    lodestock = [sys.executable, "-m", "lodestock_server", "serve", "--port", "0", "--port-file", "ADDRESS"]
    bare = [sys.executable, "-m", "benchmarks.bare_server", "ADDRESS"]
    return report(
        "startup",
        [
            measured("import lodestock", import_s, times=TIMES, limit=IMPORT_LIMIT_S),
            start_of("start to first answer", lodestock, ask_for_models, START_LIMIT_S),
            start_of("peer, a bare grpcio server: start to first answer", bare, ask_bare),
            start_of("start to first forecast", lodestock, ask_for_forecast),
        ],
        PACKAGES,
    )


if __name__ == "__main__":
    sys.exit(main())
