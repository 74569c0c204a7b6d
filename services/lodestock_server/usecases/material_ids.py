"""Names where a material's identifier is asked for: what is wrong with them, and which identifier would be right."""

from __future__ import annotations

from collections.abc import Iterable

from lodestock_server.catalog import Catalog, UnknownMineralError
from lodestock_server.errors import FieldViolation


def material_id_violations(catalog: Catalog, path: str, names: Iterable[str]) -> list[FieldViolation]:
    """One violation a name that is no identifier."""
    known = {mineral.id for mineral in catalog.minerals()}
    return [
        FieldViolation(f"{path}[{i}]", f"'{name}' is no material of the data, {_what_is_right(catalog, name)}")
        for i, name in enumerate(names)
        if name not in known
    ]


def _what_is_right(catalog: Catalog, name: str) -> str:
    try:
        return f"must be '{catalog.find_mineral(name).id}'"
    except UnknownMineralError as error:
        near = f"such as {' or '.join(repr(known) for known in error.near)}, or another " if error.near else ""
        return f"must be {near}one of {', '.join(error.known)}"
