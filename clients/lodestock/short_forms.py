"""Short forms of messages as dicts: paths through years as figures by year or as one figure, enums by short names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor

from lodestock.v1 import forecast_pb2

PATH = forecast_pb2.YearPath.DESCRIPTOR.full_name
ANY_YEAR = 2000
"""Year of a path of one figure, which stands for all years."""


def spelled_out(given: Mapping[str, Any], kind: Descriptor) -> dict[str, Any]:
    """A dict in proto's JSON form of one with short paths and short names of enums; what is unknown stays as it is.

    Raises:
        ValueError: A path has a key that is no year.
    """
    fields = kind.fields_by_name
    return {name: _spelled(value, fields[name]) if name in fields else value for name, value in given.items()}


def _spelled(value: Any, field: FieldDescriptor) -> Any:
    if isinstance(value, list | tuple):
        return [_spelled(one, field) for one in value]
    if field.message_type is not None and field.message_type.full_name == PATH:
        return _path(value)
    if field.message_type is not None and isinstance(value, Mapping):
        return spelled_out(value, field.message_type)
    if field.enum_type is not None and isinstance(value, str):
        return _enum_name(value, field.enum_type)
    return value


def _path(value: Any) -> Any:
    """A path of figures by year, or of one figure for all years."""
    if isinstance(value, int | float):
        value = {ANY_YEAR: value}
    if isinstance(value, Mapping) and "values" not in value:
        by_year = sorted((_year(year), figure) for year, figure in value.items())
        return {"values": [{"year": year, "value": figure} for year, figure in by_year]}
    return value


def _year(given: Any) -> int:
    """A year, also as a text, such as the keys of a JSON file."""
    try:
        return int(given)
    except (TypeError, ValueError) as error:
        raise ValueError(f"'{given}' is no year; a path is given as figures by year, such as {{2030: 1.5}}") from error


def _enum_name(name: str, kind: EnumDescriptor) -> str:
    prefix: str = kind.values_by_number[0].name.removesuffix("UNSPECIFIED")
    return name if name.upper().startswith(prefix) else prefix + name.upper()
