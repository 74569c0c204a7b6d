"""A gRPC channel without a network: it answers from what a test gives, else from the recorded answers.

Requests and answers go through their bytes, as they do on the wire, so that a test sees what a server would see and no
object is shared between the two sides.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias, runtime_checkable

import grpc
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from google.protobuf.wrappers_pb2 import UInt32Value

from lodestock.testing.methods import method_named
from lodestock.testing.samples import sample_answer

HEALTH_METHOD = "/grpc.health.v1.Health/Check"
SERVING = UInt32Value(value=1).SerializeToString()


@runtime_checkable
class Result(Protocol):
    """A result of the client's, such as a `Plan`."""

    @property
    def message(self) -> Message:
        """The whole answer."""


Answer: TypeAlias = Message | Result | Exception
"""What a call gives: a message, a result of the client's, or an error that it raises."""

Answers: TypeAlias = Answer | Sequence[Answer] | Callable[[Any], Answer]
"""One answer to every call, or several for one call after the other, or a function from the request to an answer."""


class NoAnswer(LookupError):
    """A method was called more often than it was given answers."""


@dataclass(frozen=True, slots=True)
class Call:
    """What a program asked.

    Attributes:
        method: Name of the method, such as "OptimizeSourcing".
        request: The request, as a server would read it.
        timeout_s: Seconds that the caller would wait. None: for ever.
    """

    method: str
    request: Any
    timeout_s: float | None


class Stream(Iterator[Any]):
    """A stream of the one answer to a call, which is asked for when it is read."""

    def __init__(self, ask: Callable[[], Any]) -> None:
        self._asks = iter([ask])

    def __next__(self) -> Any:
        return next(self._asks)()

    def cancel(self) -> None:
        """Nothing more would have come."""


class MockChannel(grpc.Channel):
    """Answers the calls of a `Client` in the test's own process: ``Client(channel=MockChannel())``.

    Attributes:
        calls: What was asked, in order. Health checks are answered SERVING and not listed.
    """

    def __init__(self, answers: Mapping[str, Answers] | None = None) -> None:
        """Take the answers.

        Args:
            answers: By name of the method; see `Answers`. A method whose answer is a stream gives its one answer as the
                only part. Methods that are not named give their recorded answer, whatever is asked.

        Raises:
            ValueError: There is no such method.
            TypeError: A method does not answer with such a message.
        """
        self.calls: list[Call] = []
        self._functions: dict[str, Callable[[Any], Answer]] = {}
        self._fixed: dict[str, Answer] = {}
        self._queues: dict[str, Iterator[Answer]] = {}
        for name, given in (answers or {}).items():
            self._take(method_named(name), given)

    def unary_unary(  # type: ignore[override]
        self,
        method: str,
        request_serializer: Callable[[Any], bytes] | None = None,
        response_deserializer: Callable[[bytes], Any] | None = None,
        _registered_method: bool | None = False,
    ) -> Callable[..., Any]:
        """A function that stands for a method with one answer."""
        serialize, deserialize = request_serializer or bytes, response_deserializer or bytes

        def call(request: Any, timeout: float | None = None, **_given: Any) -> Any:
            return deserialize(self._answer(method, serialize(request), timeout))

        return call

    def unary_stream(  # type: ignore[override]
        self,
        method: str,
        request_serializer: Callable[[Any], bytes] | None = None,
        response_deserializer: Callable[[bytes], Any] | None = None,
        _registered_method: bool | None = False,
    ) -> Callable[..., Stream]:
        """A function that stands for a method with a stream of answers."""
        whole = self.unary_unary(method, request_serializer, response_deserializer)

        def call(request: Any, timeout: float | None = None, **_given: Any) -> Stream:
            return Stream(lambda: whole(request, timeout))

        return call

    def stream_unary(self, method: str, *_arguments: Any, **_named: Any) -> Any:
        """Streams of requests are not mocked."""
        raise NotImplementedError(f"{method} takes a stream of requests, which MockChannel does not mock")

    stream_stream = stream_unary

    def subscribe(
        self, callback: Callable[[grpc.ChannelConnectivity], None], try_to_connect: bool | None = False
    ) -> None:
        """Say once that the channel is ready; it always is."""
        callback(grpc.ChannelConnectivity.READY)

    def unsubscribe(self, callback: Callable[[grpc.ChannelConnectivity], None]) -> None:
        """Nothing more would have come."""

    def close(self) -> None:
        """There is nothing to close."""

    def __enter__(self) -> MockChannel:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def _take(self, method: MethodDescriptor, given: Answers) -> None:
        """Sort an answer by its kind, and check it where it is known already."""
        if isinstance(given, Message | Result | Exception):
            self._fixed[method.name] = checked(method, given)
        elif callable(given):
            self._functions[method.name] = given
        else:
            self._queues[method.name] = iter([checked(method, answer) for answer in given])

    def _answer(self, path: str, wire: bytes, timeout_s: float | None) -> bytes:
        """The bytes of the answer to a call."""
        if path == HEALTH_METHOD:
            return SERVING
        method = method_named(path.rpartition("/")[2])
        request = GetMessageClass(method.input_type).FromString(wire)
        self.calls.append(Call(method.name, request, timeout_s))
        answer = checked(method, self._next(method.name, request))
        if isinstance(answer, Exception):
            raise answer
        return message_of(answer).SerializeToString()

    def _next(self, name: str, request: Message) -> Answer:
        if name in self._fixed:
            return self._fixed[name]
        if name in self._functions:
            return self._functions[name](request)
        if name not in self._queues:
            return sample_answer(name)
        for answer in self._queues[name]:
            return answer
        raise NoAnswer(f"{name} was called once more than it was given answers")


def message_of(answer: Message | Result) -> Message:
    """The message of an answer."""
    return answer if isinstance(answer, Message) else answer.message


def checked(method: MethodDescriptor, answer: Answer) -> Answer:
    """An answer that its method can give.

    Raises:
        TypeError: The method answers with another message.
    """
    if isinstance(answer, Exception):
        return answer
    if not isinstance(answer, Message | Result):
        raise TypeError(f"{method.name} is answered by a message, a result or an error, not by {answer!r}")
    given, wanted = message_of(answer).DESCRIPTOR.full_name, method.output_type.full_name
    if given != wanted:
        raise TypeError(f"{method.name} answers with {wanted}, not with {given}")
    return answer
