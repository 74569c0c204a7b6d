"""The judge sees what is wrong, and nothing wrong where all is right; the minimiser leaves only what a fault needs."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import grpc
import pytest
from google.longrunning import operations_pb2
from google.protobuf.any_pb2 import Any as Any_
from google.protobuf.message import Message
from google.rpc import error_details_pb2
from google.rpc.status_pb2 import Status

from lodestock.v1 import sourcing_pb2
from tests.fuzz.calls import Call, Outcome, send
from tests.fuzz.jobs import bad_end
from tests.fuzz.methods import method_of
from tests.fuzz.minimise import smallest
from tests.fuzz.problems import full_problem
from tests.fuzz.verdict import faults, path_fault

OPTIMIZE = method_of(sourcing_pb2.DESCRIPTOR.services_by_name["SourcingService"].methods_by_name["OptimizeSourcing"])
REQUEST = sourcing_pb2.OptimizeSourcingRequest(problem=full_problem())
CALL = Call(OPTIMIZE.path, OPTIMIZE, (REQUEST.SerializeToString(),), deadline_s=5)
GOOD = Outcome("OK", "", None, "id", (sourcing_pb2.OptimizeSourcingResponse().SerializeToString(),), 0.1)

INFO = error_details_pb2.ErrorInfo(reason="INVALID_REQUEST", domain="lodestock")


def refused(*details: Message, code: str = "INVALID_ARGUMENT", text: str = "1 violation") -> Outcome:
    """An outcome with such details."""
    status = Status(message=text)
    for detail in details:
        status.details.add().Pack(detail)
    return Outcome(code, text, status, "id", (), 0.1)


def bad_request(*fields: str, description: str = "is 7") -> error_details_pb2.BadRequest:
    """A list of violations."""
    kind = error_details_pb2.BadRequest.FieldViolation
    violations = [kind(field=field, description=description) for field in fields]
    return error_details_pb2.BadRequest(field_violations=violations)


RETRY = error_details_pb2.RetryInfo()
OVERLOADED = error_details_pb2.ErrorInfo(reason="OVERLOADED")

RIGHT = {
    "an answer": GOOD,
    "a violation": refused(INFO, bad_request("problem.sources[0].risk")),
    "a violation of a oneof": refused(INFO, bad_request("problem.rules[0].rule")),
    "no message": refused(error_details_pb2.ErrorInfo(reason="MALFORMED_REQUEST")),
    "overload": refused(OVERLOADED, RETRY, code="RESOURCE_EXHAUSTED"),
    "too late": Outcome("DEADLINE_EXCEEDED", "Deadline Exceeded", None, "", (), 5.1),
}

WRONG = {
    "a fault of the server": refused(code="INTERNAL"),
    "an unmapped exception": refused(code="UNKNOWN"),
    "a lost worker": refused(error_details_pb2.ErrorInfo(reason="WORKER_LOST"), RETRY, code="ABORTED"),
    "a method that should be there": refused(code="UNIMPLEMENTED"),
    "no details": replace(refused(), details=None),
    "no reason": refused(bad_request("problem.sources[0].risk")),
    "no violation": refused(INFO),
    "a violation of nothing": refused(INFO, bad_request("")),
    "a violation without words": refused(INFO, bad_request("problem.buyer", description="")),
    "an unknown field": refused(INFO, bad_request("materials[0].stock")),
    "an item that is not there": refused(INFO, bad_request("problem.sources[99].risk")),
    "an item of no list": refused(INFO, bad_request("problem.buyer[0]")),
    "a stack trace": refused(INFO, bad_request("problem.buyer"), text="Traceback (most recent call last)"),
    "a path": refused(INFO, bad_request("problem.buyer", description="in /usr/lib/python3/x")),
    "a file": refused(INFO, bad_request("problem.buyer", description="checks.py says no")),
    "a class": refused(INFO, bad_request("problem.buyer", description="KeyError: 3")),
    "overload without an end": refused(OVERLOADED, code="RESOURCE_EXHAUSTED"),
    "a bare overload": Outcome("RESOURCE_EXHAUSTED", "too much", None, "", (), 0.1),
    "another message": replace(GOOD, answers=(b"\xff\xff",)),
    "a hanging call": replace(GOOD, elapsed_s=60.0),
}


@pytest.mark.parametrize("outcome", RIGHT.values(), ids=RIGHT)
def test_what_a_caller_may_see_is_no_fault(outcome: Outcome) -> None:
    """Answers and refusals in order."""
    assert faults(CALL, outcome) == []


@pytest.mark.parametrize("outcome", WRONG.values(), ids=WRONG)
def test_what_no_caller_should_see_is_a_fault(outcome: Outcome) -> None:
    """One thing wrong at a time."""
    assert faults(CALL, outcome)


def test_words_of_the_caller_are_quoted_and_no_leak() -> None:
    """The same words that the request does not hold are."""
    request = sourcing_pb2.OptimizeSourcingRequest(problem=sourcing_pb2.SourcingProblem(buyer="UnknownBuyerError"))
    quoted = refused(INFO, bad_request("problem.buyer", description="'UnknownBuyerError' is no country code"))
    assert faults(replace(CALL, wires=(request.SerializeToString(),)), quoted) == []
    assert faults(CALL, quoted) == ["the text shows 'rError'"]


def test_an_unknown_method_must_be_unimplemented() -> None:
    """And nothing else."""
    unknown = Call("/a/B", None, (b"",))
    assert faults(unknown, Outcome("UNIMPLEMENTED", "Method not found!", None, "", (), 0.1)) == []
    assert faults(unknown, GOOD)


def test_a_small_request_must_be_answered_in_time() -> None:
    """Running into a generous deadline is a fault, since computing should have stopped before."""
    late = Outcome("DEADLINE_EXCEEDED", "Deadline Exceeded", None, "", (), 20.0)
    assert faults(replace(CALL, deadline_s=20.0), late)


@pytest.mark.parametrize(("path", "count"), [("materials[0].demand", 0), ("materials[9].demand", 1), ("risks", 1)])
def test_violations_that_an_answer_lists_must_lead_somewhere_too(path: str, count: int) -> None:
    """In the problem that ValidateProblem was asked about."""
    method = method_of(sourcing_pb2.DESCRIPTOR.services_by_name["SourcingService"].methods_by_name["ValidateProblem"])
    request = sourcing_pb2.ValidateProblemRequest(problem=full_problem())
    listed = [sourcing_pb2.FieldViolation(field_path=path, description="is wrong")]
    answer = sourcing_pb2.ValidateProblemResponse(violations=listed).SerializeToString()
    call = Call(method.path, method, (request.SerializeToString(),))
    assert len(faults(call, replace(GOOD, answers=(answer,)))) == count


@pytest.mark.parametrize(
    "path",
    ["problem", "problem.sources", "problem.sources[2].capacity_tonnes[0]", "problem.rules[0].embargo", "time_limit_s"],
)
def test_paths_that_lead_somewhere(path: str) -> None:
    """Messages, lists, items and values."""
    assert path_fault(REQUEST, path) is None


@pytest.mark.parametrize(
    "path", ["", "problem.", "problem.buyer[", "problem..buyer", "problem.buyer.x", "x", "problem.sources[-1]"]
)
def test_paths_that_lead_nowhere(path: str) -> None:
    """Broken ones and those of other messages."""
    assert path_fault(REQUEST, path) is not None


def test_the_smallest_request_keeps_what_the_fault_needs() -> None:
    """And nothing more."""

    def still_faulty(message: Message) -> bool:
        assert isinstance(message, sourcing_pb2.OptimizeSourcingRequest)
        return any(source.country == "AUS" for source in message.problem.sources)

    found = smallest(REQUEST, still_faulty)
    source = sourcing_pb2.Source(country="AUS")
    assert found == sourcing_pb2.OptimizeSourcingRequest(problem=sourcing_pb2.SourcingProblem(sources=[source]))


def raise_what_nobody_maps(request: bytes, context: Any) -> bytes:
    """A method as it must not be."""
    raise KeyError(request)


def test_a_broken_server_is_seen() -> None:
    """Over a real socket: the exception's text gives it away."""
    handler: Any = grpc.unary_unary_rpc_method_handler(raise_what_nobody_maps)
    service, name = OPTIMIZE.path.strip("/").split("/")
    server = grpc.server(ThreadPoolExecutor(1))
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, {name: handler}),))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            assert any(fault.startswith("UNKNOWN") for fault in faults(CALL, send(channel, CALL)))
    finally:
        server.stop(0)


def ended(code: grpc.StatusCode | None, message: str = "") -> operations_pb2.Operation:
    """An operation that has ended so; with a result where there is no code."""
    if code is None:
        return operations_pb2.Operation(name="operations/a", done=True, response=Any_())
    return operations_pb2.Operation(name="operations/a", done=True, error=Status(code=code.value[0], message=message))


@pytest.mark.parametrize("code", [None, grpc.StatusCode.CANCELLED, grpc.StatusCode.INVALID_ARGUMENT])
def test_operations_may_end_so(code: grpc.StatusCode | None) -> None:
    assert not list(bad_end(CALL, GOOD, ended(code)))


def test_an_operation_that_runs_is_not_judged() -> None:
    assert not list(bad_end(CALL, GOOD, operations_pb2.Operation(name="operations/a")))


@pytest.mark.parametrize("code", [grpc.StatusCode.INTERNAL, grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.UNKNOWN])
def test_an_operation_that_met_a_fault_of_the_server_is_one(code: grpc.StatusCode) -> None:
    """Told with what the log has it under."""
    (end,) = bad_end(CALL, GOOD, ended(code, "internal error; the worker's log has it under correlation id 5a"))
    assert (end.call, end.outcome.code, end.outcome.correlation_id) == (CALL, code.name, "5a")
    assert end.wrong.startswith(f"the operation ended with {code.name}")
