"""The contract with its rules, and the check of a message against them.

The client's stubs carry no rules, so that clients do not depend on protovalidate. The server loads the compiled
contract with rules (``lodestock.binpb``, written by ``make stubs``) into a descriptor pool of its own and checks a
request's bytes there.
"""

from __future__ import annotations

import math
from importlib import resources

import protovalidate
from google.longrunning import operations_pb2
from google.protobuf import (
    descriptor_pb2,
    descriptor_pool,
    duration_pb2,
    field_mask_pb2,
    message_factory,
    timestamp_pb2,
)
from google.protobuf.descriptor import FileDescriptor
from google.protobuf.message import Message

from lodestock_server.errors import FieldViolation

CONTRACT_FILE = "lodestock.binpb"
LONGEST_QUOTED_VALUE = 60


class Contract:
    """The messages of the contract with their rules."""

    def __init__(self) -> None:
        compiled = resources.files(__package__).joinpath(CONTRACT_FILE).read_bytes()
        self._pool = descriptor_pool.DescriptorPool()
        for module in (descriptor_pb2, duration_pb2, field_mask_pb2, timestamp_pb2, operations_pb2):
            add_with_imports(self._pool, module.DESCRIPTOR)
        for file in descriptor_pb2.FileDescriptorSet.FromString(compiled).file:
            self._pool.Add(file)
        self._validator = protovalidate.Validator()

    def rule_violations(self, message: Message, wire: bytes) -> list[FieldViolation]:
        """List every rule that a message breaks.

        Args:
            message: The message, of the stubs' class; messages outside the contract have no rules.
            wire: Its bytes.
        """
        try:
            ruled = self._pool.FindMessageTypeByName(message.DESCRIPTOR.full_name)
        except KeyError:
            return []
        twin: Message = message_factory.GetMessageClass(ruled).FromString(wire)
        return [to_field_violation(found) for found in self._validator.collect_violations(twin)]


def add_with_imports(pool: descriptor_pool.DescriptorPool, file: FileDescriptor) -> None:
    """Add a file to a pool, what it imports first; a file that is there already is left alone."""
    for imported in file.dependencies:
        add_with_imports(pool, imported)
    pool.AddSerializedFile(file.serialized_pb)


def to_field_violation(found: protovalidate.Violation) -> FieldViolation:
    """Rewrite a violation with a path such as ``problem.sources[3].risk`` and the value that is wrong."""
    path = ""
    for element in found.proto.field.elements if found.proto.field else ():
        path += f".{element.field_name}" if path else element.field_name
        if element.subscript is not None:
            path += f"[{element.subscript.value}]"
    return FieldViolation(path, describe(found))


def describe(found: protovalidate.Violation) -> str:
    """What is wrong and what would be right."""
    rule, message, value = found.proto.rule_id, found.proto.message, found.field_value
    if rule == "enum.not_in":
        return "is not given, must be"
    if rule == "required" or not isinstance(value, int | float | str):
        return message
    if isinstance(value, float) and math.isfinite(value):
        return f"is {value:g}, {message}"
    quoted = repr(value) if isinstance(value, str) else str(value)
    return f"is {quoted if len(quoted) <= LONGEST_QUOTED_VALUE else quoted[:LONGEST_QUOTED_VALUE] + '…'}, {message}"
