"""Calls one at a time: how long they take over the wire, and the same computed in a warm process without a server."""

from __future__ import annotations

import multiprocessing
import statistics
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial

import grpc

from benchmarks.bare_server import METHOD
from benchmarks.report import Measurement
from benchmarks.workload import COMPUTED, HEALTH, LIMIT_S, PLAN, Kind, task_of

Rounds = list[list[float]]
"""Seconds of every call, by round."""

ECHO = Kind("Answer", METHOD, b"")

ROUNDS = 5
WARM_UP = 20
CALLS = {"Check": 200, "AssessSupplyRisk": 100, "ForecastDemand": 60, "OptimizeSourcing": 60}
"""Calls a round; the dear ones fewer."""
PLAN_OVERHEAD_LIMIT = 1.5
MILLISECONDS = 1000.0

Timed = Callable[[], float]
"""Makes one call and says how many seconds it took."""


def measure_single_calls(address: str, token: str, database_url: str, bare_address: str) -> list[Measurement]:
    """Measure each kind of call and its peer in turns, so that both meet the same moods of the machine."""
    found: list[Measurement] = []
    with (
        grpc.insecure_channel(address) as channel,
        grpc.insecure_channel(bare_address) as bare,
        ProcessPoolExecutor(1, multiprocessing.get_context("spawn"), open_store, (database_url,)) as process,
    ):
        ours = over_wire(channel, HEALTH, token)
        found += told("Health.Check", "bare grpcio server", *in_turns(HEALTH, ours, over_wire(bare, ECHO)))
        for kind in COMPUTED:
            rounds = in_turns(kind, over_wire(channel, kind, token), partial(computed, process, kind))
            found += [*told(kind.name, "in-process", *rounds), overhead(kind, *rounds)]
    return found


def over_wire(channel: grpc.Channel, kind: Kind, token: str = "") -> Timed:
    """A function that makes one call."""
    call: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(kind.path)
    metadata = (("authorization", f"Bearer {token}"),) if token else ()
    return lambda: seconds_of(lambda: call(kind.request, timeout=LIMIT_S, metadata=metadata))


def in_turns(kind: Kind, ours: Timed, theirs: Timed) -> tuple[Rounds, Rounds]:
    """Seconds of every call by round, ours and the peer's."""
    for _ in range(WARM_UP):
        ours(), theirs()
    rounds = [[(ours(), theirs()) for _ in range(CALLS[kind.name])] for _ in range(ROUNDS)]
    return [[own for own, _ in pairs] for pairs in rounds], [[other for _, other in pairs] for pairs in rounds]


def told(name: str, peer: str, ours: Rounds, theirs: Rounds) -> list[Measurement]:
    """Throughput, median and 99th percentile of a call and of its peer."""
    return [
        measurement
        for label, rounds in ((name, ours), (f"peer, {peer}: {name}", theirs))
        for measurement in (
            Measurement(f"{label}, one at a time", "/s", tuple(len(took) / sum(took) for took in rounds)),
            Measurement(f"{label}, p50", "ms", tuple(percentile(took, 50) for took in rounds)),
            Measurement(f"{label}, p99", "ms", tuple(percentile(took, 99) for took in rounds)),
        )
    ]


def overhead(kind: Kind, ours: Rounds, theirs: Rounds) -> Measurement:
    """A call over the wire as so many times the same computing in-process."""
    ratios = tuple(statistics.median(a) / statistics.median(b) for a, b in zip(ours, theirs, strict=True))
    limit = PLAN_OVERHEAD_LIMIT if kind.name == PLAN.name else None
    return Measurement(f"{kind.name}, over the wire / in-process", "×", ratios, limit)


def percentile(seconds: Sequence[float], percent: int) -> float:
    """A percentile in milliseconds."""
    return MILLISECONDS * statistics.quantiles(seconds, n=100, method="inclusive")[percent - 1]


def seconds_of(ask: Callable[[], object]) -> float:
    """Seconds that a call takes."""
    began = time.perf_counter()
    ask()
    return time.perf_counter() - began


def computed(process: ProcessPoolExecutor, kind: Kind) -> float:
    """Seconds that computing a call takes in a process that is warm, from bytes to bytes."""
    return process.submit(compute, kind).result()


def open_store(database_url: str) -> None:
    """Make a process ready to compute, as the server's workers are."""
    from lodestock_server import tasks

    tasks.use_database(database_url)


def compute(kind: Kind) -> float:
    """Seconds that computing takes in this process."""
    task = task_of(kind)
    return seconds_of(lambda: task(kind.request, LIMIT_S))
