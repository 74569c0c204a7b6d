"""What a stockpile is to be sized for: which opening stocks are bought, at what price, and who must not be short."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

CERTAIN = 1.0
"""Probability of the scenarios in which the named tiers are served, where that is all of them."""


@dataclass(frozen=True, slots=True)
class Sizing:
    """What turns the model of a plan into one of a stockpile (docs/model.md, "Sizing a stockpile").

    Attributes:
        price: USD per tonne of opening stock beyond what there is, by index of the material; each has a stock policy.
        tiers: Indices d of the tiers that must not be short.
        min_probability: Of the scenarios in which they are not, together.
    """

    price: Mapping[int, float]
    tiers: tuple[int, ...]
    min_probability: float = CERTAIN

    @property
    def spares_some(self) -> bool:
        """Whether some scenarios may be spared, so that it is a question of yes or no for each."""
        return self.min_probability < CERTAIN
