"""Requests made from descriptors: from nothing, from a valid one with a few faults, and as broken bytes."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from hypothesis import strategies as st

from tests.fuzz.values import field_values

MOST_DEPTH = 8
MOST_ITEMS = 3
MANY_ITEMS = 1001
"""Now and then a list of numbers is this long: beyond most limits on periods and levels."""

Draw = st.DrawFn
Slot = tuple[Message, FieldDescriptor]
"""A field of a message somewhere in a request."""


@st.composite
def any_message(draw: Draw, descriptor: Descriptor) -> Message:
    """A message with any of its fields, each with any value."""
    message = GetMessageClass(descriptor)()
    fill(draw, message, depth=0)
    return message


def fill(draw: Draw, message: Message, depth: int) -> None:
    """Set some fields of a message."""
    for field in fields_of(message):
        # Four in five at the top, so that most requests have some depth to them.
        if draw(st.integers(0, 4)) > (0 if depth == 0 else 1):
            set_field(draw, message, field, depth)


def fields_of(message: Message) -> Sequence[FieldDescriptor]:
    """The fields of a message; the stubs of protobuf name two classes of descriptors where there is one."""
    fields: Any = message.DESCRIPTOR.fields
    found: Sequence[FieldDescriptor] = fields
    return found


def set_field(draw: Draw, message: Message, field: FieldDescriptor, depth: int) -> None:
    """Give a field any value, any items or any entries."""
    if depth >= MOST_DEPTH and field.message_type is not None:
        return
    if is_map(field):
        set_entry(draw, message, field, depth)
    elif field.is_repeated:
        message.ClearField(field.name)
        add_items(draw, message, field, depth)
    elif field.message_type is not None:
        child = getattr(message, field.name)
        child.Clear()
        child.SetInParent()
        fill(draw, child, depth + 1)
    else:
        setattr(message, field.name, draw(field_values(field)))


def set_entry(draw: Draw, message: Message, field: FieldDescriptor, depth: int) -> None:
    """Give a map an entry."""
    assert field.message_type is not None
    key_field, value_field = field.message_type.fields_by_name["key"], field.message_type.fields_by_name["value"]
    entries, key = getattr(message, field.name), draw(field_values(key_field))
    if value_field.message_type is not None:
        fill(draw, entries[key], depth + 1)
    else:
        entries[key] = draw(field_values(value_field))


def add_items(draw: Draw, message: Message, field: FieldDescriptor, depth: int) -> None:
    """Append items to a repeated field: few or none, twice the same, or very many of the same."""
    items = getattr(message, field.name)
    count = draw(st.integers(0, MOST_ITEMS))
    if field.message_type is not None:
        for _ in range(count):
            fill(draw, items.add(), depth + 1)
        return
    values = [draw(field_values(field)) for _ in range(count)]
    times = draw(st.sampled_from((1, 1, 1, 1, 1, 1, 2, MANY_ITEMS)))
    short = all(not isinstance(value, str) or len(value) < 100 for value in values)
    items.extend(values * (times if short else 1))


def is_map(field: FieldDescriptor) -> bool:
    """Whether a field is a map."""
    return field.message_type is not None and field.message_type.GetOptions().map_entry


@st.composite
def nearly(draw: Draw, descriptor: Descriptor, example: bytes) -> Message:
    """A valid request with no, one or a few changes, so that what lies behind the checks is reached."""
    message = GetMessageClass(descriptor).FromString(example)
    for _ in range(draw(st.sampled_from((1, 1, 1, 1, 1, 2, 2, 3, 6, 0)))):
        slots = list(slots_of(message))
        if not slots:
            break
        owner, field = slots[draw(st.integers(0, len(slots) - 1))]
        change(draw, owner, field, slots)
    return message


def slots_of(message: Message, depth: int = 0) -> Iterator[Slot]:
    """Every field, set or not, of a message and of the messages in it."""
    for field in fields_of(message):
        yield message, field
        if field.message_type is None or is_map(field) or depth >= MOST_DEPTH:
            continue
        if field.is_repeated:
            for item in getattr(message, field.name):
                yield from slots_of(item, depth + 1)
        elif message.HasField(field.name):
            yield from slots_of(getattr(message, field.name), depth + 1)


def change(draw: Draw, owner: Message, field: FieldDescriptor, slots: list[Slot]) -> None:
    """Change one field in one of a few ways."""
    way = draw(st.integers(0, 9))
    if way == 9:
        owner.ClearField(field.name)
    elif way == 1 and field.is_repeated and not is_map(field):
        repeat_item(draw, owner, field)
    elif way == 2 and field.is_repeated and not is_map(field):
        drop_item(draw, owner, field)
    elif way == 3:
        copy_from_elsewhere(draw, owner, field, slots)
    elif way not in (7, 8) and field.message_type is None:
        change_value(draw, owner, field)
    else:
        set_field(draw, owner, field, depth=2)


def repeat_item(draw: Draw, owner: Message, field: FieldDescriptor) -> None:
    """Append an item once more."""
    items = getattr(owner, field.name)
    if len(items):
        item = items[draw(st.integers(0, len(items) - 1))]
        items.extend([item] * draw(st.sampled_from((1, 1, 2, 20))))


def drop_item(draw: Draw, owner: Message, field: FieldDescriptor) -> None:
    """Leave an item out."""
    items = getattr(owner, field.name)
    if len(items):
        del items[draw(st.integers(0, len(items) - 1))]


def copy_from_elsewhere(draw: Draw, owner: Message, field: FieldDescriptor, slots: list[Slot]) -> None:
    """Take the value of another field of the same type: right where it stands, wrong here."""
    if field.is_repeated or field.message_type is not None:
        return
    same = [slot for slot in slots if slot[1].type == field.type and not slot[1].is_repeated]
    other, its_field = same[draw(st.integers(0, len(same) - 1))]
    setattr(owner, field.name, getattr(other, its_field.name))


def change_value(draw: Draw, owner: Message, field: FieldDescriptor) -> None:
    """Replace or nudge a value or one item."""
    if not field.is_repeated:
        setattr(owner, field.name, other_value(draw, field, getattr(owner, field.name)))
        return
    items = getattr(owner, field.name)
    if len(items):
        i = draw(st.integers(0, len(items) - 1))
        items[i] = other_value(draw, field, items[i])
    else:
        items.append(draw(field_values(field)))


def other_value(draw: Draw, field: FieldDescriptor, value: Any) -> Any:
    """Another value of a field: near the one that it has, or any."""
    if field.type == FieldDescriptor.TYPE_DOUBLE and math.isfinite(value) and draw(st.integers(0, 2)):
        factor = draw(st.sampled_from((1 + 2**-40, 0.5, 2.0, 10.0, -1.0, 1e3, 1e6, 1e9, 1e12, 1e-3, 1e-6, 1e-12)))
        return value * factor
    return draw(field_values(field))


@st.composite
def broken_bytes(draw: Draw, wire: bytes) -> bytes:
    """Bytes of a request after an accident: flipped bits, a lost end, bytes put in, two requests in one, or noise."""
    accident = draw(st.integers(0, 5))
    if accident == 0 or not wire:
        return draw(st.binary(max_size=300))
    if accident == 1:
        return wire[: draw(st.integers(0, len(wire) - 1))]
    if accident == 2:
        at = draw(st.integers(0, len(wire)))
        return wire[:at] + draw(st.binary(min_size=1, max_size=8)) + wire[at:]
    if accident == 3:
        return wire + wire
    broken = bytearray(wire)
    for _ in range(draw(st.integers(1, 4))):
        broken[draw(st.integers(0, len(wire) - 1))] ^= 1 << draw(st.integers(0, 7))
    return bytes(broken)
