"""Messages as rows, for data frames and for the command line."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from google.protobuf.message import Message

if TYPE_CHECKING:
    import pandas as pd

Row = dict[str, Any]
Told = TypeVar("Told", bound=Message)
PLAIN = (str, bytes, bool, int, float)


def row_of(message: Message) -> Row:
    """The plain fields of a message by name: enums by their short name, unset optional fields as None.

    Fields that are messages or lists are left out.
    """
    row: Row = {}
    for field in message.DESCRIPTOR.fields:
        value = getattr(message, field.name)
        if not isinstance(value, PLAIN):
            continue
        if field.has_presence and not message.HasField(field.name):
            value = None
        elif field.enum_type is not None:
            value = short_name(field.enum_type.values_by_number, int(value))
        row[field.name] = value
    return row


def rows_of(messages: Iterable[Message]) -> list[Row]:
    """The rows of messages."""
    return [row_of(message) for message in messages]


def rows_of_table(tables: Mapping[str, Callable[[Told], list[Row]]], name: str, message: Told) -> list[Row]:
    """The rows of one of the tables that a message has.

    Raises:
        ValueError: There is no such table.
    """
    if name not in tables:
        raise ValueError(f"no table '{name}', must be one of {', '.join(tables)}")
    return tables[name](message)


def short_name(values: Mapping[int, Any], number: int) -> str:
    """The name of an enum's value without the name of the enum: FREQUENCY_YEARLY → YEARLY."""
    if number not in values:
        return str(number)
    prefix = values[0].name.removesuffix("UNSPECIFIED")
    return str(values[number].name).removeprefix(prefix)


def frame_of(rows: Sequence[Row]) -> pd.DataFrame:
    """Rows as a data frame.

    Raises:
        ModuleNotFoundError: pandas is not installed; the text says how to install it.
    """
    try:
        import pandas as pd
    except ModuleNotFoundError as error:
        message = 'data frames need pandas: pip install "lodestock[pandas]"'
        raise ModuleNotFoundError(message, name="pandas") from error
    return pd.DataFrame(list(rows))
