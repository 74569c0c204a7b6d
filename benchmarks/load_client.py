"""One caller of the load test, in a process of its own: calls in a closed or in an open loop, and what they came to.

A closed loop has so many calls under way and makes the next when one ends, so it offers what the server carries. An
open loop makes calls at a rate, whatever comes back, as a crowd does that does not know of each other.
"""

from __future__ import annotations

import asyncio
import itertools
import random
import time
from dataclasses import dataclass
from typing import Any

import grpc
import grpc.aio
from google.rpc import error_details_pb2
from google.rpc.status_pb2 import Status

from benchmarks.workload import COMPUTED, Kind

DEADLINE_S = 30.0
DETAILS_KEY = "grpc-status-details-bin"
REFUSED = "refused"
"""RESOURCE_EXHAUSTED with the time after which to come again."""
ANSWERED = "OK"


@dataclass(frozen=True, slots=True)
class Ended:
    """A call that has ended.

    Attributes:
        name: Kind of call.
        began_s: When it was made, seconds after the start.
        took_s: Seconds that it took.
        outcome: ANSWERED, REFUSED, or else what was wrong.
        late_s: Seconds by which it was made later than planned; a busy caller falls behind.
    """

    name: str
    began_s: float
    took_s: float
    outcome: str
    late_s: float = 0.0


class Caller:
    """Makes calls over one channel, each once: gRPC's own retries would hide refusals."""

    def __init__(self, channel: grpc.aio.Channel, token: str, deadline_s: float = DEADLINE_S) -> None:
        self._metadata = (("authorization", f"Bearer {token}"),) if token else ()
        self._channel = channel
        self._deadline_s = deadline_s
        self._calls: dict[str, Any] = {}
        self._start_s = time.perf_counter()
        self.ended: list[Ended] = []

    async def call(self, kind: Kind, planned_s: float | None = None) -> Ended:
        """Make a call, planned for so many seconds after the start, and note how it ended."""
        method = self._calls.setdefault(kind.path, self._channel.unary_unary(kind.path))
        began = time.perf_counter()
        try:
            await method(kind.request, timeout=self._deadline_s, metadata=self._metadata)
            outcome = ANSWERED
        except grpc.aio.AioRpcError as error:
            outcome = outcome_of(error)
        now, began_s = time.perf_counter(), began - self._start_s
        late_s = 0.0 if planned_s is None else began_s - planned_s
        self.ended.append(ended := Ended(kind.name, began_s, now - began, outcome, late_s))
        return ended


def outcome_of(error: grpc.aio.AioRpcError) -> str:
    """What a call that was not answered came to."""
    if error.code() is not grpc.StatusCode.RESOURCE_EXHAUSTED:
        return f"{error.code().name}: {error.details()}"
    packed = dict(error.trailing_metadata() or ()).get(DETAILS_KEY)
    details = Status.FromString(packed).details if isinstance(packed, bytes) else ()
    told = any(detail.Is(error_details_pb2.RetryInfo.DESCRIPTOR) for detail in details)
    return REFUSED if told else "RESOURCE_EXHAUSTED without RetryInfo"


def closed_loop(address: str, token: str, under_way: int, seconds: float, seed: int) -> list[Ended]:
    """Keep so many calls under way for some seconds, of all kinds by their shares."""

    async def run() -> list[Ended]:
        async with open_channel(address) as channel:
            caller, numbers, until = Caller(channel, token), random.Random(seed), time.perf_counter() + seconds

            async def one() -> None:
                while time.perf_counter() < until:
                    await caller.call(drawn(numbers))

            await asyncio.gather(*(one() for _ in range(under_way)))
            return caller.ended

    return asyncio.run(run())


def open_loop(address: str, token: str, rate_per_s: float, seconds: float, seed: int) -> list[Ended]:
    """Make calls at a rate for some seconds, at random times, and wait for all of them to end."""

    async def run() -> list[Ended]:
        async with open_channel(address) as channel:
            caller, numbers, started = Caller(channel, token), random.Random(seed), time.perf_counter()
            calls: list[asyncio.Task[Ended]] = []
            at_s = 0.0
            while (at_s := at_s + numbers.expovariate(rate_per_s)) < seconds:
                await asyncio.sleep(max(0.0, started + at_s - time.perf_counter()))
                calls.append(asyncio.create_task(caller.call(drawn(numbers), at_s)))
            await asyncio.gather(*calls)
            return caller.ended

    return asyncio.run(run())


def one_kind(address: str, token: str, kind: Kind, rate_per_s: float, seconds: float) -> list[Ended]:
    """Make calls of one kind at a steady rate, none of which waits for another."""

    async def run() -> list[Ended]:
        async with open_channel(address) as channel:
            caller, started = Caller(channel, token), time.perf_counter()
            calls: list[asyncio.Task[Ended]] = []
            for i in itertools.takewhile(lambda i: i / rate_per_s < seconds, itertools.count()):
                await asyncio.sleep(max(0.0, started + i / rate_per_s - time.perf_counter()))
                calls.append(asyncio.create_task(caller.call(kind, i / rate_per_s)))
            await asyncio.gather(*calls)
            return caller.ended

    return asyncio.run(run())


def open_channel(address: str) -> grpc.aio.Channel:
    """A channel that tries nothing twice."""
    return grpc.aio.insecure_channel(address, [("grpc.enable_retries", 0)])


def drawn(numbers: random.Random) -> Kind:
    """A kind of call by the shares of the load."""
    return numbers.choices(COMPUTED, [kind.share for kind in COMPUTED])[0]
