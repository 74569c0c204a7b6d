"""Enums of the contract and of the domain, member by member through their names."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from google.protobuf.internal.enum_type_wrapper import _EnumTypeWrapper

Domain = TypeVar("Domain", bound=Enum)
Number = TypeVar("Number", bound=int)


class EnumMap(Generic[Domain, Number]):
    """Members of a domain enum ↔ numbers of a contract's enum, whose names carry a prefix."""

    def __init__(self, domain: type[Domain], contract: _EnumTypeWrapper[Number], prefix: str) -> None:
        self._numbers = {member: contract.Value(prefix + member.name) for member in domain}
        self._members = {number: member for member, number in self._numbers.items()}
        self._first = next(iter(domain))

    def to_proto(self, member: Domain) -> Number:
        """Return the number of a member."""
        return self._numbers[member]

    def all_to_proto(self, members: Iterable[Domain]) -> list[Number]:
        """Return the numbers of members."""
        return [self._numbers[member] for member in members]

    def from_proto(self, number: Number, unspecified: Domain | None = None) -> Domain:
        """Return the member of a number.

        Args:
            number: Number in a message.
            unspecified: Member for a number without one. None: the first, where the contract's rules complain anyway.
        """
        return self._members.get(number, unspecified or self._first)

    def all_from_proto(self, numbers: Iterable[Number]) -> tuple[Domain, ...]:
        """Return the members of numbers."""
        return tuple(self.from_proto(number) for number in numbers)
