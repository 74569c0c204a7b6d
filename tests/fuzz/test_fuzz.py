"""A short fuzz of a real server; ``make fuzz`` is the long one."""

from __future__ import annotations

from collections.abc import Iterator

import grpc
import pytest

from tests.fuzz.campaign import Tally, drawn_calls, logged_fault, minimised, run_campaign
from tests.fuzz.examples import examples
from tests.fuzz.guided import guided_calls, is_offered
from tests.fuzz.methods import find_methods
from tests.fuzz.seeds import VARIABLE, seed_from_environment
from tests.server_process import ServerProcess, running_server

CALLS = 700
GUIDED = 400 if is_offered() else 0
LEAST_ANSWERED = 100
"""Fewer good answers would mean that the fuzz no longer gets past the checks."""
OFTEN = 60
"""A method called so often has some good answers, whatever the seed."""


@pytest.fixture(scope="module")
def fuzzed() -> Iterator[tuple[ServerProcess, Tally]]:
    """A server of its own after a short campaign, and what that came to."""
    seed = seed_from_environment()
    print(f"fuzz seed {seed}; {VARIABLE}={seed} makes the same calls again")
    with running_server(job_workers=1) as process:
        yield process, run_campaign(process, CALLS, seed, guided=GUIDED)


def test_no_call_brings_back_what_no_caller_should_see(fuzzed: tuple[ServerProcess, Tally]) -> None:
    """An answer or an allowed code with its details in time, whatever is asked."""
    process, tally = fuzzed
    found = [
        f"{len(faults)} × {faults[0].call.path}: {faults[0].wrong}; smallest: {minimised(faults[0], process)}; "
        f"log: {logged_fault(process, faults[0].outcome.correlation_id)}"
        for faults in tally.kinds().values()
    ]
    assert not found, f"seed {seed_from_environment()}:\n" + "\n".join(found)


def test_every_method_that_reflection_lists_is_called(fuzzed: tuple[ServerProcess, Tally]) -> None:
    """Those of Lodestock's own services, of health and of reflection; and methods that are not there."""
    process, tally = fuzzed
    with grpc.insecure_channel(process.address) as channel:
        paths = {method.path for method in find_methods(channel)}
    called = {path for path, _ in tally.outcomes}
    assert paths <= called
    assert {"/grpc.health.v1.Health/Check", "/lodestock.v1.SourcingService/OptimizeSourcing"} <= paths
    assert tally.calls == CALLS + GUIDED


def test_the_fuzz_gets_past_the_checks(fuzzed: tuple[ServerProcess, Tally]) -> None:
    """Every method called often of which a valid request is known gives good answers; bad requests are refused."""
    process, tally = fuzzed
    with grpc.insecure_channel(process.address) as channel:
        known = [method for method in find_methods(channel) if method.request.full_name in examples()]
    answered = {path for path, code in tally.outcomes if code == "OK"}
    calls = {path: sum(n for (one, _), n in tally.outcomes.items() if one == path) for path, _ in tally.outcomes}
    often = {method.path for method in known if method.is_ours and calls[method.path] >= OFTEN}
    assert "/lodestock.v1.SourcingService/OptimizeSourcing" in often
    assert often <= answered
    codes = {code: sum(n for (_, one), n in tally.outcomes.items() if one == code) for _, code in tally.outcomes}
    assert codes["OK"] >= LEAST_ANSWERED
    assert codes["INVALID_ARGUMENT"] >= LEAST_ANSWERED


def test_the_same_seed_makes_the_same_calls(server: ServerProcess) -> None:
    """So that a run can be repeated; another seed makes others."""
    with grpc.insecure_channel(server.address) as channel:
        first, again, other = (
            [call for batch in drawn_calls(channel, 60, seed) for call in batch] for seed in (1, 1, 2)
        )
    key = [(call.path, call.wires, call.metadata, call.deadline_s) for call in first]
    assert key == [(call.path, call.wires, call.metadata, call.deadline_s) for call in again]
    assert key != [(call.path, call.wires, call.metadata, call.deadline_s) for call in other]


@pytest.mark.skipif(not is_offered(), reason="atheris is not installed here")
def test_atheris_mutates_what_it_is_given(server: ServerProcess) -> None:
    """It tries the valid requests as they are, then other bytes, for most methods in the first thousand."""
    with grpc.insecure_channel(server.address) as channel:
        methods = find_methods(channel)
    known = {wire for wires in examples().values() for wire in wires}
    calls = list(guided_calls(methods, examples(), seed=1, count=1000))
    wires = {call.wires[0] for call in calls}
    assert len(calls) == 1000
    assert known & wires
    assert len(wires - known) > 100
    assert len({call.path for call in calls}) > len(methods) / 2
