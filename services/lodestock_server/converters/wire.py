"""Messages put together from bytes, so that what is stored or computed elsewhere goes on without being read."""

from __future__ import annotations

from collections.abc import Mapping

from google.protobuf.message import Message

LENGTH_DELIMITED = 2
"""How the wire says that a field is a length and so many bytes."""


def with_parts(head: Message, parts: Mapping[str, bytes]) -> bytes:
    """The bytes of a message, given some of its fields as messages and others as the bytes of messages.

    Args:
        head: The message without those fields.
        parts: Bytes of the others, by name.
    """
    fields = head.DESCRIPTOR.fields_by_name
    written = [head.SerializeToString()]
    for name, part in parts.items():
        written += (varint(fields[name].number << 3 | LENGTH_DELIMITED), varint(len(part)), part)
    return b"".join(written)


def varint(number: int) -> bytes:
    """A number as the wire writes it: seven bits a byte, the lowest first, the eighth set while more follow."""
    written = bytearray()
    while number > 0x7F:
        written.append(number & 0x7F | 0x80)
        number >>= 7
    written.append(number)
    return bytes(written)
