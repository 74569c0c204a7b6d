"""Calls: which method, which bytes, which metadata, how long to wait; and what came back."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import grpc
from google.protobuf.descriptor import Descriptor
from google.protobuf.message import Message
from google.rpc.status_pb2 import Status
from hypothesis import strategies as st

from tests.fuzz.messages import MOST_DEPTH, any_message, broken_bytes, nearly
from tests.fuzz.methods import Method

GENEROUS_S = 20.0
"""No request of the fuzz is so dear that this would not do, even on a busy machine."""
STREAM_S = 2.0
"""For streams, some of which never give an answer and never end."""
SHORT_S = 0.05
LATE_CALLS = 400
"""One call in so many has next to no time; each costs the server a process that it has to start anew."""

MOST_BYTES = 64 * 1024 * 1024
"""The server's own limit."""

DETAILS_KEY = "grpc-status-details-bin"
CORRELATION_KEY = "x-correlation-id"

Metadata = tuple[tuple[str, str], ...]

METADATA: tuple[Metadata, ...] = (
    (),
    (),
    (),
    (("lodestock-error-bytes", "nonsense"),),
    (("lodestock-error-bytes", "-1"),),
    (("lodestock-error-bytes", "5000.5"),),
    (("lodestock-error-bytes", "9" * 5000),),
    (("x-correlation-id", "mine-1"),),
    (("x-correlation-id", "<script>" * 100),),
    (("authorization", "Bearer nobody-asked"),),
    (("x-correlation-id", "once"), ("x-correlation-id", "twice")),
)

UNKNOWN_PATHS = (
    "/lodestock.v1.ForecastService/ReadTeaLeaves",
    "/lodestock.v1.ForecastService/",
    "/lodestock.v1.ForecastService/ForecastDemand/",
    "/lodestock.v2.ForecastService/ForecastDemand",
    "/LODESTOCK.V1.FORECASTSERVICE/FORECASTDEMAND",
    "/../../secret",
    "/a",
    "//",
    "/" + "m" * 1000,
)


@dataclass(frozen=True)
class Call:
    """One call.

    Attributes:
        path: Method as gRPC writes it.
        method: What reflection says of it; None for a method that is not there.
        wires: Bytes of the requests; one unless the method takes a stream of them.
        metadata: What goes with it.
        deadline_s: Seconds to wait.
    """

    path: str
    method: Method | None
    wires: tuple[bytes, ...]
    metadata: Metadata = ()
    deadline_s: float = GENEROUS_S

    def request(self) -> Message | None:
        """The first request; None where its bytes are none."""
        return self.method.read_request(self.wires[0]) if self.method and self.wires else None

    def with_wire(self, wire: bytes) -> Call:
        """The same call with one other request."""
        return replace(self, wires=(wire,))


@dataclass(frozen=True)
class Outcome:
    """What came back.

    Attributes:
        code: Name of the status code.
        text: The status's text.
        details: The status in the trailing metadata; None where there is none.
        correlation_id: Id under which the server logged the call; empty where it named none.
        answers: Bytes of the answers.
        elapsed_s: Seconds that it took.
    """

    code: str
    text: str
    details: Status | None
    correlation_id: str
    answers: tuple[bytes, ...]
    elapsed_s: float


@st.composite
def unknown_call(draw: st.DrawFn) -> Call:
    """A call of a method that is not there."""
    path, metadata = draw(st.sampled_from(UNKNOWN_PATHS)), draw(st.sampled_from(METADATA))
    return Call(path, None, (draw(st.binary(max_size=50)),), metadata)


@st.composite
def any_call(draw: st.DrawFn, method: Method, examples: Mapping[str, Sequence[bytes]]) -> Call:
    """A call of a method with anything."""
    metadata = draw(st.sampled_from(METADATA))
    count = draw(st.integers(0, 3)) if method.streams_requests else 1
    wires = tuple(draw(request_bytes(method, examples)) for _ in range(count))
    return Call(method.path, method, wires, metadata, draw(deadlines(method)))


def weight(method: Method) -> int:
    """How much oftener than one without fields a method is called, by the size of its request."""
    fields = fields_in(method.request)
    return 3 + min(10, fields // 2) if fields else 1


def fields_in(descriptor: Descriptor, depth: int = 0) -> int:
    """The number of fields of a message and of the messages in it."""
    inner = (field.message_type for field in descriptor.fields if depth < MOST_DEPTH)
    return len(descriptor.fields) + sum(fields_in(message, depth + 1) for message in inner if message is not None)


@st.composite
def request_bytes(draw: st.DrawFn, method: Method, examples: Mapping[str, Sequence[bytes]]) -> bytes:
    """Bytes for a method: a message from nothing, a valid one with faults, or broken bytes."""
    known = examples.get(method.request.full_name, ())
    way = draw(st.integers(0, 9))
    if way < 3 or not known:
        wire = draw(any_message(method.request)).SerializeToString()
    else:
        wire = draw(nearly(method.request, draw(st.sampled_from(known)))).SerializeToString()
    return draw(broken_bytes(wire)) if way in (0, 9) else wire


def deadlines(method: Method) -> st.SearchStrategy[float]:
    """How long to wait for a method: generously, seldom hardly at all."""
    if method.streams_responses:
        return st.just(STREAM_S)
    return st.integers(1, LATE_CALLS).map(lambda lot: SHORT_S if lot == LATE_CALLS else GENEROUS_S)


def open_channel(address: str) -> grpc.Channel:
    """A channel as a client of another language has it: 8 KiB of metadata at most; but it takes the largest answer."""
    return grpc.insecure_channel(address, [("grpc.max_receive_message_length", MOST_BYTES)])


def send(channel: grpc.Channel, call: Call) -> Outcome:
    """Make a call and wait for what comes back: the answer, the first of a stream of answers, or a status."""
    began = time.monotonic()
    running: Any = None
    try:
        if call.method is not None and call.method.streams_responses:
            running = open_stream(channel, call)
            answers = first_of(running)
            running.cancel()
            trailing: Any = ()
        else:
            answer, running = begin(channel, call)
            answers, trailing = (answer,), running.trailing_metadata()
    except grpc.RpcError as error:
        return outcome_of_error(error, time.monotonic() - began)
    return Outcome("OK", "", None, correlation_id_in(trailing), answers, time.monotonic() - began)


def begin(channel: grpc.Channel, call: Call) -> tuple[bytes, Any]:
    """Call a method that gives one answer."""
    options: Any = {"timeout": call.deadline_s, "metadata": call.metadata}
    if call.method is not None and call.method.streams_requests:
        many: Any = channel.stream_unary(call.path)
        answer, running = many.with_call(iter(call.wires), **options)
    else:
        one: Any = channel.unary_unary(call.path)
        answer, running = one.with_call(call.wires[0], **options)
    return answer, running


def open_stream(channel: grpc.Channel, call: Call) -> Iterator[bytes]:
    """Call a method that gives a stream of answers."""
    options: Any = {"timeout": call.deadline_s, "metadata": call.metadata}
    if call.method is not None and call.method.streams_requests:
        many: Any = channel.stream_stream(call.path)
        answers: Iterator[bytes] = many(iter(call.wires), **options)
    else:
        one: Any = channel.unary_stream(call.path)
        answers = one(call.wires[0], **options)
    return answers


def first_of(answers: Iterator[bytes]) -> tuple[bytes, ...]:
    """The first answer of a stream, if there is one."""
    for answer in answers:
        return (answer,)
    return ()


def outcome_of_error(error: Any, elapsed_s: float) -> Outcome:
    """What a call that failed brought back."""
    trailing = error.trailing_metadata() or ()
    packed = {entry.key: entry.value for entry in trailing}.get(DETAILS_KEY)
    details = None if packed is None else Status.FromString(packed)
    return Outcome(error.code().name, error.details() or "", details, correlation_id_in(trailing), (), elapsed_s)


def correlation_id_in(trailing: Any) -> str:
    """The correlation id that the server gave a call."""
    return str({entry.key: entry.value for entry in trailing or ()}.get(CORRELATION_KEY, ""))
