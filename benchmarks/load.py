"""What the server carries, what four times that does to it, and what the wire costs beside computing in-process.

make test-load

First calls one at a time, in turns with the same computing in a warm process. Then a closed loop finds the load that
the server carries: calls a second that are answered while none is refused. Then callers in processes of their own offer
four times that for a minute in an open loop, while another process asks for health. Everything runs on this machine, so
callers and server share its cores; the server's computing processes are niced below the server itself.
"""

from __future__ import annotations

import json
import secrets
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path

import psutil

from benchmarks.load_client import ANSWERED, REFUSED, Ended, closed_loop, one_kind, open_loop
from benchmarks.report import OPERATIONS_PAGE, Measurement, report
from benchmarks.single_calls import MILLISECONDS, measure_single_calls
from benchmarks.startup import address_in
from benchmarks.workload import COMPUTED, HEALTH
from lodestock_server.store.database import sqlite_url
from tests.server_process import ServerProcess, filled_database, running_server

CALLERS = 3
UNDER_WAY = (2, 4, 8)
"""Calls under way at once in the closed loops."""
CLOSED_S = 12.0
OVERLOAD = 4.0
PLANNED_MORE = 1.05
"""Callers plan for a little more, as calls come by chance, and as a busy caller falls behind its plan."""
OPEN_S = 60.0
SETTLED_S = 10.0
HEALTH_PER_S = 20.0
HEALTH_LIMIT_MS = 100.0
RSS_GROWTH_LIMIT = 1.2
PACKAGES = ("lodestock", "lodestock-server", "grpcio", "protobuf", "highspy", "pyomo", "statsforecast", "sqlalchemy")


def main() -> int:
    """Measure and tell; the exit code is 1 where a bar is not met."""
    tokens = {f"desk-{i}": secrets.token_hex(16) for i in range(CALLERS)}
    with tempfile.TemporaryDirectory(prefix="lodestock-load-") as folder, bare_server(Path(folder)) as bare:
        shutil.copy(filled_database(), folder)
        environment = {"LODESTOCK_DATA_DIR": folder, "LODESTOCK_TOKENS": json.dumps(tokens)}
        with running_server(environment=environment) as server:
            secret = list(tokens.values())
            found = measure_single_calls(server.address, secret[0], sqlite_url(Path(folder)), bare)
            with ProcessPoolExecutor(CALLERS + 1, get_context("spawn")) as processes:
                carried = carried_per_s(processes, server, secret)
                found += told_of_carried(carried)
                found += overloaded(processes, server, secret, max(carried.values()))
    return report("load", found, PACKAGES, page=OPERATIONS_PAGE)


@contextmanager
def bare_server(folder: Path) -> Iterator[str]:
    """The peer of health checks: a server whose one method does nothing."""
    file = folder / "bare-address"
    line = [sys.executable, "-m", "benchmarks.bare_server", str(file)]
    server = subprocess.Popen(line, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield address_in(file, server)
    finally:
        server.terminate()
        server.wait()


def carried_per_s(processes: ProcessPoolExecutor, server: ServerProcess, tokens: Sequence[str]) -> dict[int, float]:
    """Calls answered a second by calls under way, as far as none was refused."""
    found: dict[int, float] = {}
    for under_way in UNDER_WAY:
        share = [under_way // CALLERS + (i < under_way % CALLERS) for i in range(CALLERS)]
        runs = [
            processes.submit(closed_loop, server.address, token, count, CLOSED_S, seed)
            for seed, (token, count) in enumerate(zip(tokens, share, strict=True))
            if count
        ]
        ended = [one for run in runs for one in run.result()]
        if any(one.outcome != ANSWERED for one in ended):
            break
        found[under_way] = len(ended) / max(one.began_s + one.took_s for one in ended)
    return found


def told_of_carried(carried: dict[int, float]) -> list[Measurement]:
    """Throughput in the closed loops."""
    return [
        Measurement(f"closed loop, {under_way} calls under way, answered", "/s", (rate,))
        for under_way, rate in carried.items()
    ]


def overloaded(
    processes: ProcessPoolExecutor, server: ServerProcess, tokens: Sequence[str], carried: float
) -> list[Measurement]:
    """Offer several times of what is carried, calls a second, in an open loop, and look at what it does."""
    rate_per_s = PLANNED_MORE * OVERLOAD * carried
    pids = [server.process.pid, *(child.pid for child in below(server))]
    offers = [
        processes.submit(open_loop, server.address, token, rate_per_s / CALLERS, OPEN_S, seed)
        for seed, token in enumerate(tokens)
    ]
    asking = processes.submit(one_kind, server.address, "", HEALTH, HEALTH_PER_S, OPEN_S)
    memory = watched_memory([*offers, asking], server)
    ended = [one for offer in offers for one in offer.result()]
    niced = [psutil.Process(child.pid).nice() - psutil.Process(server.process.pid).nice() for child in below(server)]
    restarted = len({child.pid for child in below(server)} - set(pids))
    return [
        *told_of_offer(ended, carried),
        *told_of_calls(ended),
        *told_of_health(asking.result()),
        Measurement("server's niceness, less the least of its computing processes'", "", (-min(niced, default=0),), -1),
        Measurement("server crashed or stopped", "times", (float(server.process.poll() is not None),), 0),
        Measurement("computing processes lost", "", (restarted,), 0),
        *told_of_memory(memory),
    ]


def below(server: ServerProcess) -> list[psutil.Process]:
    """The processes below the server that compute; Python's trackers of resources do not."""
    children = psutil.Process(server.process.pid).children(recursive=True)
    return [child for child in children if "resource_tracker" not in " ".join(child.cmdline())]


def watched_memory(running: Sequence[Future[list[Ended]]], server: ServerProcess) -> list[tuple[float, float, float]]:
    """Seconds, memory of the server, and with all processes below it (MiB), until all calls have ended."""
    own, began, found = psutil.Process(server.process.pid), time.perf_counter(), []
    while not all(future.done() for future in running):
        alone = own.memory_info().rss / 2**20
        found.append((time.perf_counter() - began, alone, alone + sum(rss_mib(child) for child in below(server))))
        time.sleep(0.5)
    return found


def rss_mib(process: psutil.Process) -> float:
    """Resident memory of a process; nothing once it has ended."""
    try:
        return float(process.memory_info().rss) / 2**20
    except psutil.Error:
        return 0.0


def told_of_offer(ended: Sequence[Ended], carried: float) -> list[Measurement]:
    """What the callers really offered, by when they made their calls, beside what is carried, in calls a second."""
    offered = len(ended) / max(OPEN_S, *(one.began_s for one in ended))
    late = [MILLISECONDS * one.late_s for one in ended]
    return [
        Measurement(f"offered for {OPEN_S:.0f} s", "/s", (offered,)),
        Measurement(f"{OVERLOAD:g} times the most carried / offered", "×", (OVERLOAD * carried / offered,), 1.0),
        Measurement("offered later than planned, p99", "ms", (percentile(late, 99),)),
    ]


def told_of_calls(ended: Sequence[Ended]) -> list[Measurement]:
    """What the calls of the open loop came to."""
    outcomes = Counter(one.outcome for one in ended)
    for outcome, count in outcomes.most_common():
        print(f"  {count:>7,} × {outcome}")
    wrong = len(ended) - outcomes[ANSWERED] - outcomes[REFUSED]
    answered = [one for one in ended if one.outcome == ANSWERED]
    refused = [MILLISECONDS * one.took_s for one in ended if one.outcome == REFUSED]
    lasted_s = max(one.began_s + one.took_s for one in ended)
    found = [
        Measurement("overload: calls answered", "/s", (len(answered) / lasted_s,)),
        Measurement("overload: calls refused with RESOURCE_EXHAUSTED and RetryInfo", "/s", (len(refused) / lasted_s,)),
        Measurement("overload: calls that ended in any other way", "", (wrong,), 0),
    ]
    for name, took in (("refusals", refused), *((kind.name, took_ms(answered, kind.name)) for kind in COMPUTED)):
        found += [
            Measurement(f"overload: {name}, p{percent}", "ms", (percentile(took, percent),))
            for percent in (50, 99)
            if took
        ]
    return found


def told_of_health(ended: Sequence[Ended]) -> list[Measurement]:
    """Health while the server was overloaded."""
    took = took_ms(ended, HEALTH.name)
    unanswered = sum(one.outcome != ANSWERED for one in ended)
    return [
        Measurement("overload: health, p50", "ms", (percentile(took, 50),)),
        Measurement("overload: health, p95", "ms", (percentile(took, 95),), HEALTH_LIMIT_MS),
        Measurement("overload: health checks not answered", "", (unanswered,), 0),
    ]


def told_of_memory(memory: Sequence[tuple[float, float, float]]) -> list[Measurement]:
    """Memory at the end beside memory once the server had settled."""
    settled = next(moment for moment in memory if moment[0] >= SETTLED_S)
    end = memory[-1]
    return [
        Measurement("server's memory after 10 s", "MiB", (settled[1],)),
        Measurement("server's memory at the end / after 10 s", "×", (end[1] / settled[1],), RSS_GROWTH_LIMIT),
        Measurement("memory with all processes after 10 s", "MiB", (settled[2],)),
        Measurement("memory with all processes at the end / after 10 s", "×", (end[2] / settled[2],), RSS_GROWTH_LIMIT),
    ]


def took_ms(ended: Sequence[Ended], name: str) -> list[float]:
    """Milliseconds of the calls of a kind."""
    return [MILLISECONDS * one.took_s for one in ended if one.name == name]


def percentile(figures: Sequence[float], percent: int) -> float:
    """A percentile."""
    if len(figures) < 2:
        return figures[0]
    return statistics.quantiles(figures, n=100, method="inclusive")[percent - 1]


if __name__ == "__main__":
    sys.exit(main())
