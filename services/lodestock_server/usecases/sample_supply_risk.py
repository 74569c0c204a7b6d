"""Sample what is uncertain in supplies: governance with standard errors, figures and shares with ranges.

A country's governance is drawn once a sample for every supply that it stands in, so that ranks move as they would.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

from lodestock_optimizers.risk import INDICATORS, CountryShare, political_instability
from lodestock_server.usecases.assess_supply_risk import MaterialSupply

DEFAULT_SAMPLES = 500
DEFAULT_LEVEL = 0.9


class UncertainFigure(Enum):
    """A figure of a supply that may have a range; the value is its name there."""

    IMPORT_RELIANCE = "import_reliance"
    RECYCLING_INPUT_RATE = "recycling_input_rate"
    SUBSTITUTION_INDEX = "substitution_index"
    PRICE_USD_PER_TONNE = "price_usd_per_tonne"
    TRADE_EXPOSURE = "trade_exposure"
    ECONOMIC_VULNERABILITY = "economic_vulnerability"
    DEPLETION_YEARS = "depletion_years"
    COMPANION_SHARE = "companion_share"
    GLOBAL_SHARE = "global_supply"
    SOURCING_SHARE = "sourcing"


SHARES = (UncertainFigure.GLOBAL_SHARE, UncertainFigure.SOURCING_SHARE)
WITHOUT_GREATEST = (UncertainFigure.PRICE_USD_PER_TONNE, UncertainFigure.DEPLETION_YEARS)
"""Figures that are no fractions."""


@dataclass(frozen=True, slots=True)
class FigureRange:
    """Where a figure of a material's supply may lie; `country` is for shares alone."""

    material_id: str
    figure: UncertainFigure
    low: float
    high: float
    country: str = ""


@dataclass(frozen=True, slots=True)
class Uncertainty:
    """What is uncertain: standard errors of governance estimates by country and indicator, and ranges."""

    standard_errors: Mapping[str, Mapping[str, float]]
    ranges: tuple[FigureRange, ...]
    samples: int = DEFAULT_SAMPLES
    seed: int = 0
    level: float = DEFAULT_LEVEL


@dataclass(frozen=True, slots=True)
class GovernanceShift:
    """By how much a sample moves a country's W and g."""

    governance: float
    political_instability: float


def sampled_supplies(supplies: Sequence[MaterialSupply], uncertainty: Uncertainty) -> Iterator[list[MaterialSupply]]:
    """Supplies that are completed from the catalog, with what is uncertain drawn anew in each sample."""
    chance = random.Random(uncertainty.seed)
    by_material: dict[str, list[FigureRange]] = {}
    for item in uncertainty.ranges:
        by_material.setdefault(item.material_id, []).append(item)
    for _ in range(uncertainty.samples):
        shifts = {country: shift_of(errors, chance) for country, errors in uncertainty.standard_errors.items()}
        yield [
            with_shifts(with_ranges(supply, by_material.get(supply.material_id, ()), chance), shifts)
            for supply in supplies
        ]


def shift_of(standard_errors: Mapping[str, float], chance: random.Random) -> GovernanceShift:
    """Draw the errors of a country's estimates, which count as independent, and carry them to W and g."""
    errors = {name: chance.gauss(0.0, standard_errors.get(name, 0.0)) for name in INDICATORS}
    middle = political_instability(0.0)
    return GovernanceShift(
        -2.0 * math.fsum(errors.values()) / len(INDICATORS),
        # The estimate 1 away from the middle of the scale says what one unit is worth.
        errors["political_stability"] * (political_instability(1.0) - middle),
    )


def with_shifts(supply: MaterialSupply, shifts: Mapping[str, GovernanceShift]) -> MaterialSupply:
    """A supply whose countries' governance is moved, cut off at the ends of its scale."""
    return replace(
        supply,
        global_supply=tuple(shifted(share, shifts) for share in supply.global_supply),
        sourcing=tuple(shifted(share, shifts) for share in supply.sourcing),
    )


def shifted(share: CountryShare, shifts: Mapping[str, GovernanceShift]) -> CountryShare:
    """A country with its governance moved; what is not known of it stays unknown."""
    shift = shifts.get(share.country)
    if shift is None:
        return share
    w, g = share.governance, share.political_instability
    return replace(
        share,
        governance=None if w is None else min(10.0, max(0.0, w + shift.governance)),
        political_instability=None if g is None else min(1.0, max(0.0, g + shift.political_instability)),
    )


def with_ranges(supply: MaterialSupply, ranges: Sequence[FigureRange], chance: random.Random) -> MaterialSupply:
    """A supply with every figure that has a range drawn from it."""
    figures: dict[str, Any] = {
        item.figure.value: drawn(item, getattr(supply, item.figure.value), chance)
        for item in ranges
        if item.figure not in SHARES
    }
    for kind in SHARES:
        of_kind = {item.country: item for item in ranges if item.figure is kind}
        if of_kind:
            figures[kind.value] = drawn_shares(getattr(supply, kind.value), of_kind, chance)
    return replace(supply, **figures)


def drawn_shares(
    shares: Sequence[CountryShare], ranges: Mapping[str, FigureRange], chance: random.Random
) -> tuple[CountryShare, ...]:
    """Shares drawn from their ranges, then all scaled so that they add up to what they did before."""
    new = [
        replace(item, share=drawn(ranges[item.country], item.share, chance)) if item.country in ranges else item
        for item in shares
    ]
    before, after = math.fsum(item.share for item in shares), math.fsum(item.share for item in new)
    if not after:
        return tuple(shares)
    return tuple(replace(item, share=item.share * before / after) for item in new)


def drawn(item: FigureRange, figure: float | None, chance: random.Random) -> float:
    """A triangle with its peak at the figure where that lies in the range, else evenly."""
    if figure is not None and item.low <= figure <= item.high:
        return chance.triangular(item.low, item.high, figure)
    return chance.uniform(item.low, item.high)
