"""From a request with a fault to the smallest one found that still has it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from google.protobuf.message import Message

from tests.fuzz.messages import is_map, slots_of

MOST_TRIES = 400

StillFaulty = Callable[[Message], bool]


def smallest(message: Message, still_faulty: StillFaulty) -> Message:
    """Leave out of `message` whatever the fault does not need, until nothing more can be left out."""
    tries = 0
    while True:
        for smaller in smaller_ones(message):
            tries += 1
            if tries > MOST_TRIES:
                return message
            if still_faulty(smaller):
                message = smaller
                break
        else:
            return message


def smaller_ones(message: Message) -> Iterator[Message]:
    """The message with one field, one item or half a text less."""
    for i, (owner, field) in enumerate(list(slots_of(message))):
        if field.is_repeated and not is_map(field):
            count = len(getattr(owner, field.name))
            if count > 1:
                yield from (without_items(message, i, 0, count // 2), without_items(message, i, count // 2, count))
            if 0 < count <= 30:
                yield from (without_items(message, i, j, j + 1) for j in range(count))
        elif is_map(field):
            if len(getattr(owner, field.name)):
                yield cleared(message, i)
        elif field in {one for one, _ in owner.ListFields()}:
            yield cleared(message, i)
            value = getattr(owner, field.name)
            if isinstance(value, str | bytes) and len(value) > 1:
                yield with_value(message, i, value[: len(value) // 2])


def copied(message: Message) -> Message:
    """A copy."""
    copy = type(message)()
    copy.CopyFrom(message)
    return copy


def cleared(message: Message, slot: int) -> Message:
    """A copy with one field left out."""
    copy = copied(message)
    owner, field = list(slots_of(copy))[slot]
    owner.ClearField(field.name)
    return copy


def with_value(message: Message, slot: int, value: str | bytes) -> Message:
    """A copy with another value in one field."""
    copy = copied(message)
    owner, field = list(slots_of(copy))[slot]
    setattr(owner, field.name, value)
    return copy


def without_items(message: Message, slot: int, first: int, end: int) -> Message:
    """A copy with some items of a repeated field left out."""
    copy = copied(message)
    owner, field = list(slots_of(copy))[slot]
    del getattr(owner, field.name)[first:end]
    return copy
