"""Many calls of a server: made from a seed, sent a few at a time, judged, counted; and what it held on to."""

from __future__ import annotations

import itertools
import json
import random
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import grpc
import hypothesis
from google.protobuf import text_format
from grpc_health.v1 import health_pb2, health_pb2_grpc
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.strategies import SearchStrategy

from tests.fuzz.calls import Call, Outcome, any_call, open_channel, send, unknown_call, weight
from tests.fuzz.examples import examples
from tests.fuzz.guided import guided_calls
from tests.fuzz.held import Held, held_by
from tests.fuzz.jobs import BadEnd, JobsBegun
from tests.fuzz.methods import find_methods
from tests.fuzz.minimise import smallest
from tests.fuzz.verdict import faults
from tests.server_process import ServerProcess

AT_A_TIME = 4
"""Calls under way: more than the server has workers, fewer than would fill its queue."""
BATCH = 250
"""Calls drawn before they are sent, of all methods in proportion, so that hypothesis keeps little in mind."""
UNKNOWN_WEIGHT = 1
GROWTH_MIB = 40.0
"""By how much server and workers may grow from the third quarter to the last. By then what they load and cache is there
and the calls are of one kind, so a leak alone makes the most of one quarter larger than that of the one before, but for
a few problems of more memory than those before them. Of 100,000 calls, a quarter would leave this by 1.6 KiB a call."""
GROWTH_DESCRIPTORS = 40
"""By how many open files and sockets the server may grow likewise: calls that run hold some."""
NO_METHOD = "(no such method)"
LONGEST_REQUEST_SHOWN = 1500


@dataclass(frozen=True)
class Fault:
    """What is wrong with the outcome of a call, and what the server's log says of it."""

    call: Call
    outcome: Outcome
    wrong: tuple[str, ...]

    @property
    def kind(self) -> tuple[str, ...]:
        """Faults of the same kind have the same cause, as far as a caller can tell."""
        return (self.call.path if self.call.method else NO_METHOD, self.outcome.code, self.wrong[0][:60])


@dataclass
class Tally:
    """What the calls of a campaign came to."""

    outcomes: Counter[tuple[str, str]] = field(default_factory=Counter)
    faults: list[Fault] = field(default_factory=list)
    slowest_s: float = 0.0
    held: list[Held] = field(default_factory=list)
    operations: int = 0
    """Operations that had ended when they were judged."""

    @property
    def calls(self) -> int:
        """How many calls were made."""
        return sum(self.outcomes.values())

    @property
    def warm(self) -> Held:
        """The most that was held in the third quarter, when libraries are loaded and caches full."""
        return Held.most(self.held[len(self.held) // 2 : len(self.held) - len(self.held) // 4])

    @property
    def end(self) -> Held:
        """The most that was held in the last quarter; now and then a worker is being started and holds little."""
        return Held.most(self.held[-1 - len(self.held) // 4 :])

    def leaks(self) -> list[str]:
        """What grew beyond its bound after the server was warm."""
        memory = self.end.memory_mib - self.warm.memory_mib
        descriptors = self.end.descriptors - self.warm.descriptors
        found = [f"memory grew by {memory:.0f} MiB, more than {GROWTH_MIB:.0f} MiB"] * (memory > GROWTH_MIB)
        return found + [f"open files and sockets grew by {descriptors}"] * (descriptors > GROWTH_DESCRIPTORS)

    def add(self, call: Call, outcome: Outcome) -> None:
        """Count an outcome and judge it."""
        self.outcomes[call.path if call.method else NO_METHOD, outcome.code] += 1
        self.slowest_s = max(self.slowest_s, outcome.elapsed_s)
        if wrong := faults(call, outcome):
            self.faults.append(Fault(call, outcome, tuple(wrong)))

    def add_end(self, end: BadEnd) -> None:
        """Note an operation that ended as none should."""
        self.faults.append(Fault(end.call, end.outcome, (end.wrong,)))

    def kinds(self) -> dict[tuple[str, ...], list[Fault]]:
        """The faults by kind, the shortest request of each kind in front."""
        found: dict[tuple[str, ...], list[Fault]] = {}
        for fault in sorted(self.faults, key=lambda fault: sum(map(len, fault.call.wires))):
            found.setdefault(fault.kind, []).append(fault)
        return found


def run_campaign(
    server: ServerProcess,
    drawn: int,
    seed: int,
    progress: Callable[[Tally], None] = lambda tally: None,
    guided: int = 0,
) -> Tally:
    """Make calls of a server from a seed; the same seed makes the same calls.

    Args:
        server: Whom to call.
        drawn: Calls to draw from the descriptors.
        seed: Where they start from.
        progress: Told after each batch.
        guided: Calls to have atheris make of the bytes of valid ones; they come after those drawn.
    """
    tally = Tally(held=[held_by(server)])
    with open_channel(server.address) as channel, ThreadPoolExecutor(AT_A_TIME) as pool:
        jobs = JobsBegun(channel)
        mutated = guided_calls(find_methods(channel), examples(), seed, guided) if guided else iter(())
        for calls in itertools.chain(drawn_calls(channel, drawn, seed), batched(mutated)):
            for call, outcome in zip(calls, pool.map(lambda call: send(channel, call), calls), strict=True):
                tally.add(call, outcome)
                jobs.add(call, outcome)
            for end in jobs.end_old_ones():
                tally.add_end(end)
            tally.held.append(held_by(server))
            progress(tally)
            if not is_serving(channel):
                raise AssertionError(f"the server no longer serves after {tally.calls} calls")
        for end in jobs.end_old_ones(kept=0):
            tally.add_end(end)
        tally.operations = jobs.ended
    return tally


def batched(calls: Iterable[Call]) -> Iterator[list[Call]]:
    """The calls in lists of a batch."""
    iterator = iter(calls)
    while batch := list(itertools.islice(iterator, BATCH)):
        yield batch


def drawn_calls(channel: grpc.Channel, count: int, seed: int) -> Iterator[list[Call]]:
    """Draw `count` calls in batches."""
    known, numbers = examples(), random.Random(seed)
    weighted = [(any_call(method, known), weight(method)) for method in find_methods(channel)]
    weighted.append((unknown_call(), UNKNOWN_WEIGHT))
    strategies, weights = zip(*weighted, strict=True)
    while count > 0:
        # Hypothesis itself would choose some methods far more often than others.
        shares = Counter(numbers.choices(range(len(strategies)), weights, k=min(BATCH, count)))
        batch: list[Call] = []
        for i, share in sorted(shares.items()):
            batch += drawn(strategies[i], share, numbers.getrandbits(64))
        numbers.shuffle(batch)
        count -= len(batch)
        yield batch


def drawn(strategy: SearchStrategy[Call], count: int, seed: int) -> list[Call]:
    """At most `count` calls, drawn from `seed`; fewer where there are no more that differ."""
    calls: list[Call] = []

    @hypothesis.seed(seed)
    @settings(
        max_examples=count,
        phases=[Phase.generate],
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def draw(call: Call) -> None:
        if len(calls) < count:
            calls.append(call)

    draw()
    return calls


def is_serving(channel: grpc.Channel) -> bool:
    """Whether the server says that it serves."""
    answer = health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(), timeout=10)
    return bool(answer.status == health_pb2.HealthCheckResponse.SERVING)


def minimised(fault: Fault, server: ServerProcess) -> str:
    """The smallest request found with the fault, as text; the bytes where it is no message."""
    request = fault.call.request()
    if request is None or len(fault.call.wires) > 1:
        return repr(fault.call.wires)[:LONGEST_REQUEST_SHOWN]
    with open_channel(server.address) as channel:

        def still_faulty(candidate: object) -> bool:
            call = fault.call.with_wire(candidate.SerializeToString())  # type: ignore[attr-defined]
            wrong = faults(call, outcome := send(channel, call))
            return bool(wrong) and Fault(call, outcome, tuple(wrong)).kind == fault.kind

        reproduced = still_faulty(request)
        if reproduced:
            request = smallest(request, still_faulty)
    text = text_format.MessageToString(request, as_one_line=True)[:LONGEST_REQUEST_SHOWN]
    return text if reproduced else f"(not reproduced by itself) {text}"


def logged_fault(server: ServerProcess, correlation_id: str) -> str:
    """What the server's log says of a call that met a fault of its own."""
    for line in server.log().splitlines():
        if correlation_id and correlation_id in line and '"exception"' in line:
            return str(json.loads(line)["exception"])
    return ""
