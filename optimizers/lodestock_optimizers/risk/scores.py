"""Values of the supply-risk measures: what goes in, what comes out, what is wrong with the input.

Terms: a *share* is a fraction of a supply; the *rest* are the suppliers that the figures do not name, with whatever the
named shares leave of 1; *governance* is W on the scale 0 (best) to 10 (worst); *t* is the trade parameter of the EU
method. Knows no figures of its own and no files: a caller gives every number.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from types import MappingProxyType

from lodestock_optimizers.violations import Violation

WORLD_MEAN_GOVERNANCE = 5.0
"""W of a country without estimates, and of the rest: each World Bank estimate has mean 0 over all countries."""

GREATEST_TRADE_PARAMETER = 2.0
"""The largest trade parameter that is accepted; up to 1.5 has been published."""

_SCALES = {
    "share": 1.0,
    "governance": 10.0,
    "political_instability": 1.0,
    "ability_to_supply": 1.0,
    "willingness_to_supply": 1.0,
    "human_development": 1.0,
}
"""The greatest value of each figure of a country; the least is 0."""

SHARE_SLACK = 1e-6
"""By how much shares may add up to more than 1: rounding, not a mistake."""


class Scope(Enum):
    """Whose supply a score is of."""

    GLOBAL = "global"
    SOURCING = "sourcing"
    COMBINED = "combined"


class RestTreatment(Enum):
    """How suppliers without a name count in a sum of squared shares.

    SPREAD: as very many small ones, adding nothing; the least the sum can be.
    ONE_COUNTRY: as a single one; the most the sum can be.
    """

    SPREAD = "spread"
    ONE_COUNTRY = "one country"


class InvalidRiskInput(ValueError):
    """Figures that no measure can take; `violations` lists every one."""

    def __init__(self, violations: Sequence[Violation]) -> None:
        self.violations = tuple(violations)
        super().__init__("; ".join(f"{v.field_path}: {v.description}" for v in self.violations))

    def __reduce__(self) -> tuple[type[InvalidRiskInput], tuple[tuple[Violation, ...]]]:
        """Keeps the violations across a process boundary."""
        return type(self), (self.violations,)


@dataclass(frozen=True, slots=True)
class CountryShare:
    """A country's part in a supply.

    Attributes:
        country: ISO 3166-1 alpha-3; "" for suppliers that the figures do not name.
        share: fraction of the whole, 0 … 1.
        governance: W, 0 (best) … 10 (worst); None: not known, and then taken as the world mean with a remark.
        trade_parameter: t as the EU method has it for this buyer, above 0; None: no measure known, counts as 1.
        political_instability: g of GeoPolRisk, 0 (stable) … 1; None: not known, and then taken as 0.5 with a remark.
        ability_to_supply: ASI of the USGS, 0 (able) … 1 (unable); None: not known, nothing stands in for it.
        willingness_to_supply: WSI of the USGS, 0 (willing) … 1 (unwilling); None: as above.
        human_development: human development index of the UNDP, 0 … 1; None: as above.
    """

    country: str
    share: float
    governance: float | None = None
    trade_parameter: float | None = None
    political_instability: float | None = None
    ability_to_supply: float | None = None
    willingness_to_supply: float | None = None
    human_development: float | None = None


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one country adds to a score.

    All but `country`, `share` and `contribution` are the weights that were used, None where the measure uses none.
    """

    country: str
    share: float
    contribution: float
    governance: float | None = None
    trade_parameter: float | None = None
    political_instability: float | None = None
    ability_to_supply: float | None = None
    willingness_to_supply: float | None = None
    human_development: float | None = None
    ecological_pressure: float | None = None


@dataclass(frozen=True, slots=True)
class RiskMeasure:
    """A measure: what it says, its formula, its scale and where it comes from.

    `scale_low` is no risk, `scale_high` the greatest value the formula can take, infinite where it has none.
    """

    measure_id: str
    description: str
    formula: str
    scale_low: float
    scale_high: float
    source: str


@dataclass(frozen=True, slots=True)
class RiskScore:
    """One score of a measure with what makes it.

    Attributes:
        measure: the measure, with scale, formula and source.
        scope: whose supply it is of.
        value: the score.
        contributions: by country, greatest first; they add up to `value`, except where a remark says otherwise.
        inputs: every other figure that went in, and bounds, by name.
        remarks: what was missing and how it was treated, in words.
    """

    measure: RiskMeasure
    scope: Scope
    value: float
    contributions: tuple[Contribution, ...]
    inputs: Mapping[str, float] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "inputs", MappingProxyType(dict(self.inputs)))

    def __reduce__(self) -> tuple[type[RiskScore], tuple[object, ...]]:
        """A read-only mapping cannot be pickled as it is."""
        return type(self), (
            self.measure,
            self.scope,
            self.value,
            self.contributions,
            dict(self.inputs),
            self.remarks,
        )


def out_of_range(path: str, value: float | None, least: float, most: float) -> Iterator[Violation]:
    """A violation if `value` is given and not a number from `least` to `most`."""
    if value is not None and not (math.isfinite(value) and least <= value <= most):
        wanted = f"from {least:g} to {most:g}" if math.isfinite(most) else f"of {least:g} or more"
        yield Violation(path, f"is {value:g}, must be a finite number {wanted}")


def share_violations(path: str, shares: Sequence[CountryShare]) -> list[Violation]:
    """Everything wrong with the shares of one supply: ranges, doubles, a sum above 1, no supplier at all."""
    found: list[Violation] = []
    first: dict[str, int] = {}
    for i, item in enumerate(shares):
        here = f"{path}[{i}]"
        for name, most in _SCALES.items():
            value = getattr(item, name)
            if value is not None and not 0.0 <= value <= most:  # asked first: sampling asks it millions of times
                found += out_of_range(f"{here}.{name}", value, 0.0, most)
        t = item.trade_parameter
        if t is not None and not (math.isfinite(t) and 0 < t <= GREATEST_TRADE_PARAMETER):
            wanted = f"above 0 and at most {GREATEST_TRADE_PARAMETER:g}"
            found.append(Violation(f"{here}.trade_parameter", f"is {t:g}, must be a number {wanted}"))
        if item.country in first:
            name = item.country or "the unnamed rest"
            found.append(Violation(f"{here}.country", f"{name} is already at {path}[{first[item.country]}]"))
        first.setdefault(item.country, i)
    total = sum(item.share for item in shares if math.isfinite(item.share))  # fsum refuses sums beyond all floats
    if total > 1 + SHARE_SLACK:
        found.append(Violation(path, f"shares add up to {total:g}, must add up to at most 1"))
    if not shares:
        found.append(Violation(path, "is empty, must hold at least one share"))
    return found


def named_and_rest(shares: Sequence[CountryShare]) -> tuple[list[CountryShare], CountryShare]:
    """Splits a supply into its named countries and one rest, which takes whatever the shares leave of 1."""
    named = [item for item in shares if item.country]
    rest = next((item for item in shares if not item.country), CountryShare("", 0.0))
    left = max(0.0, 1.0 - math.fsum(item.share for item in named))
    # Less than the slack of the sum is rounding of the shares, not a supplier.
    return named, replace(rest, share=left if left > SHARE_SLACK else 0.0)


def greatest_first(contributions: Sequence[Contribution]) -> tuple[Contribution, ...]:
    """Contributions in falling order; equal ones by country."""
    return tuple(sorted(contributions, key=lambda item: (-item.contribution, item.country)))
