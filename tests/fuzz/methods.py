"""The methods of a running server, found by reflection, with the descriptors of their messages."""

from __future__ import annotations

from dataclasses import dataclass

import grpc
from google.protobuf.descriptor import Descriptor, MethodDescriptor
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

OURS = ("/lodestock.", "/google.longrunning.")
"""The services that Lodestock writes itself, those of its own contract and a standard one."""


@dataclass(frozen=True)
class Method:
    """One method of one service.

    Attributes:
        path: As gRPC writes it: ``/package.Service/Method``.
        request: Descriptor of its request.
        response: Descriptor of its answer.
        streams_requests: Whether the caller sends many requests.
        streams_responses: Whether the server sends many answers.
    """

    path: str
    request: Descriptor
    response: Descriptor
    streams_requests: bool
    streams_responses: bool

    @property
    def is_ours(self) -> bool:
        """Whether Lodestock wrote the service, so that it answers errors with details; health and reflection do not."""
        return self.path.startswith(OURS)

    def read_request(self, wire: bytes) -> Message | None:
        """The request that bytes stand for; None where they are no message."""
        try:
            return GetMessageClass(self.request).FromString(wire)
        except Exception:  # The decoder's error type differs by protobuf runtime.
            return None

    def read_response(self, wire: bytes) -> Message:
        """The answer that bytes stand for."""
        return GetMessageClass(self.response).FromString(wire)


def find_methods(channel: grpc.Channel) -> tuple[Method, ...]:
    """Every method of every service that the server lists."""
    database = ProtoReflectionDescriptorDatabase(channel)
    pool = DescriptorPool(database)
    services = (pool.FindServiceByName(name) for name in sorted(database.get_services()))
    return tuple(method_of(method) for service in services for method in service.methods)


def method_of(found: MethodDescriptor) -> Method:
    """A method from its descriptor."""
    return Method(
        path=f"/{found.containing_service.full_name}/{found.name}",
        request=found.input_type,
        response=found.output_type,
        streams_requests=bool(found.client_streaming),
        streams_responses=bool(found.server_streaming),
    )
