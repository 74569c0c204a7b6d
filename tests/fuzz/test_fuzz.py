"""A short fuzz of a real server; ``make fuzz`` is the long one."""

from __future__ import annotations

import base64
import uuid
from collections.abc import Callable, Iterator

import grpc
import pytest
from google.longrunning import operations_pb2
from google.protobuf.message import Message

from lodestock import Client
from lodestock.v1 import catalog_pb2, operations_pb2_grpc, sourcing_pb2
from lodestock.v1 import operations_pb2 as v1
from tests.fuzz.calls import Call, open_channel, send
from tests.fuzz.campaign import Tally, drawn_calls, logged_fault, minimised, run_campaign
from tests.fuzz.examples import examples
from tests.fuzz.guided import guided_calls, is_offered
from tests.fuzz.methods import find_methods
from tests.fuzz.seeds import VARIABLE, seed_from_environment
from tests.server_process import ServerProcess, running_server
from tests.toy_problem import toy_problem

CALLS = 700
GUIDED = 400 if is_offered() else 0
LEAST_ANSWERED = 100
"""Fewer good answers would mean that the fuzz no longer gets past the checks."""
ON_POSTGRESQL = 100
OFTEN = 50
"""A method called so often has some good answers, whatever the seed."""


@pytest.fixture(scope="module")
def fuzzed() -> Iterator[tuple[ServerProcess, Tally]]:
    """A server of its own after a short campaign, and what that came to."""
    seed = seed_from_environment()
    print(f"fuzz seed {seed}; {VARIABLE}={seed} makes the same calls again")
    with running_server(job_workers=1) as process:
        yield process, run_campaign(process, CALLS, seed, guided=GUIDED)


@pytest.fixture(scope="module")
def fuzzed_on_postgresql(postgresql: Callable[[], str]) -> Iterator[tuple[ServerProcess, Tally]]:
    """A server on PostgreSQL, which takes other texts and numbers than SQLite, after a shorter campaign yet."""
    with running_server(environment={"LODESTOCK_DATABASE_URL": postgresql()}, job_workers=1) as process:
        yield process, run_campaign(process, ON_POSTGRESQL, seed_from_environment() + 1)


@pytest.mark.parametrize("name", ["fuzzed", "fuzzed_on_postgresql"])
def test_no_call_brings_back_what_no_caller_should_see(request: pytest.FixtureRequest, name: str) -> None:
    """An answer or an allowed code with its details in time, whatever is asked."""
    process, tally = request.getfixturevalue(name)
    found = [
        f"{len(faults)} × {faults[0].call.path}: {faults[0].wrong}; smallest: {minimised(faults[0], process)}; "
        f"log: {logged_fault(process, faults[0].outcome.correlation_id)}"
        for faults in tally.kinds().values()
    ]
    assert not found, f"seed {seed_from_environment()}:\n" + "\n".join(found)


def token(text: str) -> str:
    """A page token as one might be made by hand."""
    return base64.urlsafe_b64encode(text.encode()).decode()


HARD_FOR_POSTGRESQL: dict[str, tuple[str, Message, str]] = {
    "NUL in an id": (
        "/lodestock.v1.CatalogService/QueryObservations",
        catalog_pb2.QueryObservationsRequest(parent="datasets/mineral-output", resource="a\0b"),
        "INVALID_ARGUMENT",
    ),
    "NUL in a token of operations": (
        "/google.longrunning.Operations/ListOperations",
        operations_pb2.ListOperationsRequest(name="operations", page_token=token("5 a\0b")),
        "INVALID_ARGUMENT",
    ),
    "NUL in a token of plans": (
        "/lodestock.v1.SourcingService/ListPlans",
        sourcing_pb2.ListPlansRequest(page_token=token("5/a\0b")),
        "INVALID_ARGUMENT",
    ),
    "a number beyond the column": (
        "/lodestock.v1.OperationService/WatchOperation",
        v1.WatchOperationRequest(name=f"operations/{uuid.UUID(int=1)}", after_sequence=2**63 - 1),
        "NOT_FOUND",
    ),
}


@pytest.mark.parametrize("name", HARD_FOR_POSTGRESQL)
def test_what_postgresql_does_not_take_is_refused(fuzzed_on_postgresql: tuple[ServerProcess, Tally], name: str) -> None:
    path, asked, code = HARD_FOR_POSTGRESQL[name]
    process, _tally = fuzzed_on_postgresql
    with open_channel(process.address) as channel:
        (method,) = (method for method in find_methods(channel) if method.path == path)
        assert send(channel, Call(path, method, (asked.SerializeToString(),))).code == code


def test_a_stream_after_the_largest_number_waits_for_the_end(
    fuzzed_on_postgresql: tuple[ServerProcess, Tally],
) -> None:
    process, _tally = fuzzed_on_postgresql
    with Client(process.address) as client:
        job = client.run_optimization(toy_problem())
        job.wait()
        with open_channel(process.address) as channel:
            stub = operations_pb2_grpc.OperationServiceStub(channel)
            asked = v1.WatchOperationRequest(name=job.name, after_sequence=2**63 - 1)
            assert list(stub.WatchOperation(asked, timeout=60)) == []


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
    assert often
    assert often | {"/lodestock.v1.SourcingService/OptimizeSourcing"} <= answered
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
