"""The methods of a server's services by name, with the messages that they take and give."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from google.longrunning import operations_pb2 as longrunning
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from lodestock.v1 import audit_pb2, catalog_pb2, forecast_pb2, operations_pb2, risk_pb2, sourcing_pb2

MODULES = (audit_pb2, catalog_pb2, forecast_pb2, operations_pb2, risk_pb2, sourcing_pb2, longrunning)
FILES = tuple(module.DESCRIPTOR for module in MODULES)


@cache
def methods() -> Mapping[str, MethodDescriptor]:
    """Every method by its name, such as OptimizeSourcing."""
    services = (service for file in FILES for service in file.services_by_name.values())
    return {method.name: method for service in services for method in service.methods}


def method_named(name: str) -> MethodDescriptor:
    """A method by its name.

    Raises:
        ValueError: No service has it; the text lists those that there are.
    """
    if name not in methods():
        raise ValueError(f"no method '{name}', must be one of {', '.join(sorted(methods()))}")
    return methods()[name]


def answer_class(method: MethodDescriptor) -> type[Message]:
    """The class of a method's answer."""
    return GetMessageClass(method.output_type)
