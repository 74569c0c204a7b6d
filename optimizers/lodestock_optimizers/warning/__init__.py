"""Early warning: indicators over the life cycle of a material, and the levels that their values come to.

Pure functions of series and shares: no figures of their own, no clock. `INDICATORS` says of each what it is.
"""

from lodestock_optimizers.warning.indicators import INDICATORS, Direction, Indicator
from lodestock_optimizers.warning.levels import Level, Thresholds, level_after, levels, threshold_violations
from lodestock_optimizers.warning.series import (
    Break,
    InvalidSeries,
    band_score,
    jump_score,
    structural_break,
    sudden_fall,
    trend,
    volatility,
)
from lodestock_optimizers.warning.supply import (
    Gap,
    days_of_cover,
    demand_at_risk,
    distance_from_floor,
    forecast_gap,
    growth_gap,
    largest_share,
    restricted_share,
    secondary_share,
    static_reserve_life,
)

__all__ = [
    "INDICATORS",
    "Break",
    "Direction",
    "Gap",
    "Indicator",
    "InvalidSeries",
    "Level",
    "Thresholds",
    "band_score",
    "days_of_cover",
    "demand_at_risk",
    "distance_from_floor",
    "forecast_gap",
    "growth_gap",
    "jump_score",
    "largest_share",
    "level_after",
    "levels",
    "restricted_share",
    "secondary_share",
    "static_reserve_life",
    "structural_break",
    "sudden_fall",
    "threshold_violations",
    "trend",
    "volatility",
]
