"""Paths of numbers in an answer, such as "balances[cobalt,4].stock_tonnes": from the text to the place and its value.

An element of a list is named by its number or by what identifies it; several identifiers are separated by commas, and
those at the end may be left out where the others suffice. Works on dataclasses and on mappings alike; knows nothing of
what the numbers mean.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from enum import Enum
from functools import cache
from typing import Any

STEP = re.compile(r"(?P<dot>\.?)(?P<name>[A-Za-z_]\w*)|\[(?P<key>.*?)\](?=[.\[]|$)", re.ASCII | re.DOTALL)
NUMBER = re.compile(r"[0-9]{1,9}")
MOST_NAMED = 8
"""Names that an error lists where none is near."""

Number = int | float


class UnknownPath(ValueError):
    """A path names no number; the text says what is wrong and what would be right."""


@dataclass(frozen=True, slots=True)
class Place:
    """A place in an answer: names of fields and keys, and positions in lists, from the top, and what stands there."""

    steps: tuple[str | int, ...]
    value: Any

    @property
    def family(self) -> str:
        """The names alone, such as "balances.stock_tonnes"."""
        return ".".join(step for step in self.steps if isinstance(step, str))


class Document:
    """An answer that paths can be looked up in; finds many elements of one list as fast as one.

    Args:
        root: The answer: a dataclass or a mapping.
        identifiers: Names of the fields that identify an element of a list, by the list's name.
    """

    def __init__(self, root: Any, identifiers: Mapping[str, tuple[str, ...]]) -> None:
        self._root = root
        self._identifiers = identifiers
        self._positions: dict[tuple[str | int, ...], dict[str, list[int]]] = {}

    def find(self, path: str) -> Place:
        """The place that a path names.

        Raises:
            UnknownPath: It names none.
        """
        place = Place((), self._root)
        for name, key in steps_of(path):
            place = self._field(place, name) if name else self._element(place, key)
        return place

    def number(self, path: str) -> Place:
        """The place of a number, or of a list of numbers.

        Raises:
            UnknownPath: The path names none.
        """
        place = self.find(path)
        value = place.value
        if is_number(value) or (isinstance(value, Sequence) and value and all(is_number(one) for one in value)):
            return place
        raise UnknownPath(why_no_number(value))

    def _field(self, place: Place, name: str) -> Place:
        known = names_in(place.value)
        if name not in known:
            where = f"{place.family}: " if place.steps else ""
            raise UnknownPath(f"{where}there is no field '{name}'; {meant(name, known)}")
        value = place.value[name] if isinstance(place.value, Mapping) else getattr(place.value, name)
        return Place((*place.steps, name), value)

    def _element(self, place: Place, key: str) -> Place:
        name, items = str(place.steps[-1]), place.value
        if isinstance(items, Mapping):
            if key not in items:
                raise UnknownPath(f"{name}: there is no '{key}'; {meant(key, items)}")
            return Place((*place.steps, key), items[key])
        if not isinstance(items, Sequence) or isinstance(items, str):
            raise UnknownPath(f"{name} is no list, must be named without [{key}]")
        position = self._position(place.steps, name, items, key)
        return Place((*place.steps, position), items[position])

    def _position(self, steps: tuple[str | int, ...], name: str, items: Sequence[Any], key: str) -> int:
        if steps not in self._positions:
            self._positions[steps] = positions_by_key(items, self._identifiers.get(name, ()))
        known = self._positions[steps]
        found = known.get(key) or known.get(",".join(part.strip() for part in key.split(",")), [])
        if len(found) == 1:
            return found[0]
        if found:
            more = " and ".join(self._identifiers[name])
            raise UnknownPath(f"{name}[{key}] fits {len(found)} entries, must name {more}, or be a number")
        if NUMBER.fullmatch(key) and int(key) < len(items):
            return int(key)
        size = f"{name} holds {len(items)} entries" + (", numbered from 0" if items else "")
        raise UnknownPath(f"there is no {name}[{key}]: {size}" + (f"; {meant(key, known)}" if known else ""))


def steps_of(path: str) -> Iterable[tuple[str, str]]:
    """The steps of a path: (name, "") for a field, ("", key) for an element.

    Raises:
        UnknownPath: It is no path.
    """
    at, found = 0, []
    while at < len(path):
        step = STEP.match(path, at)
        well_formed = step is not None and (step["name"] is None or bool(step["dot"]) == (at > 0))
        if step is None or not well_formed or (at == 0 and step["name"] is None):
            raise UnknownPath("is no path, must be like 'costs.contract_usd' or 'balances[cobalt,4].stock_tonnes'")
        found.append((step["name"] or "", step["key"] or ""))
        at = step.end()
    return found


def positions_by_key(items: Sequence[Any], identifiers: Sequence[str]) -> dict[str, list[int]]:
    """The positions of elements by what identifies them, and by the first parts of it."""
    found: dict[str, list[int]] = {}
    for position, item in enumerate(items):
        parts = [identifier_text(item, name) for name in identifiers]
        for count in range(1, len(parts) + 1):
            found.setdefault(",".join(parts[:count]), []).append(position)
    return found


def identifier_text(item: Any, name: str) -> str:
    """What identifies an element, as it is written in a path."""
    value = item.get(name, "") if isinstance(item, Mapping) else getattr(item, name, "")
    return value.name if isinstance(value, Enum) else str(value)


def names_in(value: Any) -> Sequence[str]:
    """The names of the fields of a value; none where it has no fields."""
    if isinstance(value, Mapping):
        return tuple(value)
    return _dataclass_names(value.__class__) if is_dataclass(value) else ()


@cache
def _dataclass_names(kind: Any) -> tuple[str, ...]:
    properties = (name for name, member in vars(kind).items() if isinstance(member, property))
    return (*(one.name for one in fields(kind)), *properties)


def is_number(value: Any) -> bool:
    """Whether a value is a number; true and false are none."""
    return isinstance(value, Number) and not isinstance(value, bool)


def why_no_number(value: Any) -> str:
    """Say what stands where a number is asked for."""
    names = names_in(value)
    if names:
        return f"is a group of fields, must name a number in it: {', '.join(names)}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        inside = names_in(value[0]) if value else ()
        return f"is a list of {len(value)}, must name one entry" + (
            f" and a field: {', '.join(inside)}" if inside else ""
        )
    return "is not given, must name a number that is" if value is None else "is no number, must name one"


def meant(name: str, known: Iterable[str]) -> str:
    """The names that may be meant, else some of those that there are."""
    listed = list(known)
    near = difflib.get_close_matches(name, listed[:10_000], 3, cutoff=0.6)
    if near:
        return f"near to it: {', '.join(near)}"
    shown = ", ".join(listed[:MOST_NAMED])
    return f"there are: {shown}{', …' if len(listed) > MOST_NAMED else ''}" if listed else "there are none"
