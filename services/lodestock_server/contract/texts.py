"""The one rule for every text of every request: no NUL, which PostgreSQL does not store.

SQLite would, and C libraries take it for the end; so it is refused everywhere, before anything looks at the text.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message

from lodestock_server.errors import FieldViolation

NUL = "\x00"
WANTED_TOKEN = "is none that this server gave out, must be a next_page_token or empty"
WANTED = "has the character NUL, must be text without it"


def text_violations(message: Message, wire: bytes) -> list[FieldViolation]:
    """List every field of a message, and of the messages in it, whose text has a NUL, as does what a page token holds.

    Args:
        message: The message.
        wire: Its bytes. Without a zero byte there is no NUL; numbers have such bytes, too.
    """
    found = _token_violations(getattr(message, "page_token", ""))
    if b"\x00" in wire:
        found += [FieldViolation(path, WANTED) for path in _paths(message)]
    return found


def _token_violations(token: str) -> list[FieldViolation]:
    """Whether a page token holds a NUL behind its coding."""
    try:
        hidden = b"\x00" in base64.urlsafe_b64decode(token)
    except ValueError:
        return []
    return [FieldViolation("page_token", WANTED_TOKEN)] if hidden else []


def _paths(message: Message) -> Iterator[str]:
    """The paths of the texts with a NUL; only for these are paths put together."""
    kinds = _kinds(message.DESCRIPTOR)
    for field, value in message.ListFields():
        name: str = field.name
        kind = kinds.get(name)
        if kind is None:
            continue
        if kind == "text":
            if NUL in value:
                yield name
        elif kind == "texts":
            yield from (f"{name}[{i}]" for i, text in enumerate(value) if NUL in text)
        elif kind == "message":
            yield from (f"{name}.{path}" for path in _paths(value))
        elif kind == "messages":
            for i, item in enumerate(value):
                for path in _paths(item):
                    yield f"{name}[{i}].{path}"
        elif any(NUL in text for entry in value.items() for text in entry if isinstance(text, str)):
            yield name


@lru_cache(maxsize=1024)
def _kinds(descriptor: Any) -> dict[str, str]:
    """How text is found below each field of a message; fields that can hold none are left out."""
    return {field.name: _kind(field) for field in descriptor.fields if _holds_text(field, frozenset())}


def _kind(field: FieldDescriptor) -> str:
    if field.message_type is None:
        return "texts" if field.is_repeated else "text"
    if field.message_type.GetOptions().map_entry:
        return "map"
    return "messages" if field.is_repeated else "message"


def _holds_text(field: FieldDescriptor, above: frozenset[str]) -> bool:
    """Whether there may be text in a field; `above` names the messages around it, which may hold themselves."""
    if field.message_type is None:
        return bool(field.type == FieldDescriptor.TYPE_STRING)
    inner: Descriptor = field.message_type
    if inner.full_name in above:
        return False
    return any(_holds_text(one, above | {inner.full_name}) for one in inner.fields)
