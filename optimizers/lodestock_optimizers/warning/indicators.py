"""What each indicator is: stage of the life cycle, unit, which way is bad, and how it is made."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Direction(Enum):
    """Which values of an indicator are bad."""

    HIGH_IS_BAD = "high"
    LOW_IS_BAD = "low"


@dataclass(frozen=True, slots=True)
class Indicator:
    """An indicator: `made_by` names the function of this package, or of `lodestock_optimizers.risk`, that makes it."""

    indicator_id: str
    stage: str
    description: str
    unit: str
    direction: Direction
    made_by: str


HIGH, LOW = Direction.HIGH_IS_BAD, Direction.LOW_IS_BAD
MINING, REFINING, TRADE, USE, RECYCLING = "MINING", "REFINING", "TRADE", "USE", "RECYCLING"

INDICATORS: tuple[Indicator, ...] = (
    Indicator("reserve_life", MINING, "reserves by yearly output", "years", LOW, "static_reserve_life"),
    Indicator("output_trend", MINING, "growth of output per step", "1", LOW, "trend"),
    Indicator("mine_concentration", MINING, "HHI of mining", "1", HIGH, "herfindahl_hirschman"),
    Indicator(
        "governed_mine_concentration", MINING, "HHI of mining by governance", "1", HIGH, "governance_weighted_hhi"
    ),
    Indicator("refining_concentration", REFINING, "HHI of refining", "1", HIGH, "herfindahl_hirschman"),
    Indicator("largest_refiner", REFINING, "share of the largest refiner", "1", HIGH, "largest_share"),
    Indicator("import_reliance", TRADE, "net imports by apparent supply", "1", HIGH, "import_reliance"),
    Indicator("supplier_concentration", TRADE, "HHI of the buyer's sourcing", "1", HIGH, "herfindahl_hirschman"),
    Indicator("restricted_share", TRADE, "sourcing from under export restrictions", "1", HIGH, "restricted_share"),
    Indicator("flow_fall", TRADE, "fall of a flow below its usual size", "1", HIGH, "sudden_fall"),
    Indicator("price_band", TRADE, "price against its band, robust deviations", "1", HIGH, "band_score"),
    Indicator("price_volatility", TRADE, "deviation of log returns in a year", "1", HIGH, "volatility"),
    Indicator("price_jump", TRADE, "unusual return, robust deviations", "1", HIGH, "jump_score"),
    Indicator("price_break", TRADE, "greatest change of the mean of returns", "1", HIGH, "structural_break"),
    Indicator("growth_gap", USE, "growth of demand beyond that of supply", "1", HIGH, "growth_gap"),
    Indicator("forecast_gap", USE, "demand that supply is likely to miss", "1", HIGH, "forecast_gap"),
    Indicator("secondary_share", RECYCLING, "output from scrap", "1", LOW, "secondary_share"),
    Indicator("days_of_cover", USE, "days that the stock serves demand", "days", LOW, "days_of_cover"),
    Indicator("distance_from_floor", USE, "planned stock above its floor", "1", LOW, "distance_from_floor"),
    Indicator("demand_at_risk", USE, "demand that a stop leaves unserved", "1", HIGH, "demand_at_risk"),
)
"""All indicators, from the mine on."""
