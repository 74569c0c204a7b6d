"""What a buyer supplies to itself, for measures that know one code of the buyer: a bloc has those of its members."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from lodestock_optimizers.risk import CountryShare


def at_home_as_one(shares: Sequence[CountryShare], buyer: str, home: frozenset[str]) -> tuple[CountryShare, ...]:
    """Shares with those of a bloc's members summed up as one of the bloc; those of a country as they are."""
    if home == {buyer}:
        return tuple(shares)
    at_home = [share for share in shares if share.country in home]
    abroad = tuple(share for share in shares if share.country not in home)
    return (*abroad, CountryShare(buyer, sum(share.share for share in at_home))) if at_home else abroad


def willing_at_home(shares: Sequence[CountryShare], buyer: str, home: frozenset[str]) -> tuple[CountryShare, ...]:
    """Shares in which the members of a bloc supply it willingly, unless the caller says otherwise.

    The score itself takes a country as willing to supply itself, and need not be told.
    """
    if home == {buyer}:
        return tuple(shares)
    return tuple(
        replace(
            share,
            ability_to_supply=1.0 if share.ability_to_supply is None else share.ability_to_supply,
            willingness_to_supply=0.0 if share.willingness_to_supply is None else share.willingness_to_supply,
        )
        if share.country in home
        else share
        for share in shares
    )
