"""Messages of any kind: as mappings by field name, read as far as they are asked for, and as values of the domain.

Which field stands for what is decided by names alone, so that neither needs a line where the contract gains a field.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import cache, partial
from types import NoneType, UnionType
from typing import Any, TypeVar, cast, get_args, get_origin, get_type_hints

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

from lodestock_optimizers.plan import PlanStatus
from lodestock_optimizers.problem import DemandTier, MaterialState
from lodestock_server.converters.enums import EnumMap
from lodestock_server.converters.plan import STATUSES
from lodestock_server.converters.sourcing import STATES, TIERS

Value = TypeVar("Value")

ENUMS: Mapping[type[Enum], EnumMap[Any, Any]] = {PlanStatus: STATUSES, DemandTier: TIERS, MaterialState: STATES}
"""The enums of values that `read` makes."""


class MessageDocument(Mapping[str, Any]):
    """A message as a mapping: its messages are mappings too, enums their short names, unset fields None."""

    def __init__(self, message: Message) -> None:
        self._message = message
        self._fields: Mapping[str, Any] = message.DESCRIPTOR.fields_by_name
        self._read: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._read:
            self._read[name] = self._value(self._fields[name])
        return self._read[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._fields)

    def __len__(self) -> int:
        return len(self._fields)

    def _value(self, field: FieldDescriptor) -> Any:
        value = getattr(self._message, field.name)
        if field.message_type is not None and field.message_type.GetOptions().map_entry:
            return dict(value)
        if field.is_repeated:
            return [plain(field, one) for one in value]
        if field.has_presence and not self._message.HasField(field.name):
            return None
        return plain(field, value)


def plain(field: FieldDescriptor, value: Any) -> Any:
    """A value of a field: a mapping for a message, the short name for a member of an enum."""
    if field.message_type is not None:
        return MessageDocument(value)
    if field.enum_type is None:
        return value
    member = field.enum_type.values_by_number.get(value)
    prefix = str(field.enum_type.values_by_number[0].name).removesuffix("UNSPECIFIED")
    return str(value) if member is None else str(member.name).removeprefix(prefix)


def read(kind: type[Value], message: Message) -> Value:
    """A value of the domain that mirrors a message field by field."""
    readers = _readers(cast(Any, kind))
    return kind(**{name: reader(message, name) for name, reader in readers})


@cache
def _readers(kind: Any) -> tuple[tuple[str, Callable[[Message, str], Any]], ...]:
    """How to read each field of a kind of value."""
    hints = get_type_hints(kind)
    return tuple((field.name, _reader(hints[field.name])) for field in fields(kind))


def _reader(hint: Any) -> Callable[[Message, str], Any]:
    if get_origin(hint) is tuple:
        member = _value_reader(get_args(hint)[0])
        return lambda message, name: tuple(member(one) for one in getattr(message, name))
    if get_origin(hint) is UnionType:
        (only,) = (one for one in get_args(hint) if one is not NoneType)
        value = _value_reader(only)
        return lambda message, name: value(getattr(message, name)) if message.HasField(name) else None
    value = _value_reader(hint)
    return lambda message, name: value(getattr(message, name))


def _value_reader(hint: Any) -> Callable[[Any], Any]:
    if hint in ENUMS:
        return ENUMS[hint].from_proto
    if get_origin(hint) is tuple:
        return lambda state: (state.material_id, STATES.from_proto(state.state))
    return partial(read, cast(type[Any], hint)) if is_dataclass(hint) else lambda value: value
