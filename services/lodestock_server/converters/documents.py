"""Messages as documents: mappings by field name, read as far as they are asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message


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
