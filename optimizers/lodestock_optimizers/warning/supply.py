"""Indicators of supplies, demand, stocks and plans. Concentration and reliance are in `lodestock_optimizers.risk`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from lodestock_optimizers.risk import CountryShare

DAYS_A_YEAR = 365.25


@dataclass(frozen=True, slots=True)
class Gap:
    """What demand exceeds supply by at one point in time.

    Attributes:
        expected: mean of max(0, demand − supply) by the mean demand, 0 … 1.
        probability: share of the paths in which demand exceeds supply.
    """

    expected: float
    probability: float


def static_reserve_life(reserves_tonnes: float, output_tonnes_a_year: float) -> float | None:
    """Years that reserves last at today's output; None where nothing is put out.

    Both in tonnes of one content, ≥ 0.
    """
    return reserves_tonnes / output_tonnes_a_year if output_tonnes_a_year > 0 else None


def largest_share(shares: Sequence[CountryShare]) -> CountryShare | None:
    """The named supplier of the greatest share, of equal ones the first by its code; None where none is named."""
    named = sorted((item for item in shares if item.country), key=lambda item: (-item.share, item.country))
    return named[0] if named else None


def restricted_share(shares: Sequence[CountryShare]) -> float:
    """Share of a supply that comes from sources under an export restriction: those of a trade parameter above 1."""
    return math.fsum(item.share for item in shares if (item.trade_parameter or 1.0) > 1.0)


def growth_gap(demand_growth: float, supply_growth: float) -> float:
    """By how much demand grows faster than supply in a step: (1 + d)/(1 + s) − 1, a fraction.

    Args:
        demand_growth: as `series.trend` gives it, above −1.
        supply_growth: in the same steps.
    """
    return (1.0 + demand_growth) / (1.0 + supply_growth) - 1.0


def forecast_gap(demand_paths: Sequence[float], supply: Sequence[float]) -> Gap | None:
    """What is likely to be missing at one point in time.

    Args:
        demand_paths: demand of each sampled path then, tonnes, ≥ 0.
        supply: supply of each path in the same order, or one that holds for all, tonnes, ≥ 0.

    Returns:
        The gap; None where there are no paths, or no demand.

    Raises:
        ValueError: As many supplies as paths, or one, must be given.
    """
    if len(supply) not in (1, len(demand_paths)):
        raise ValueError(f"{len(supply)} supplies for {len(demand_paths)} paths: must be as many, or one")
    wanted = math.fsum(demand_paths)
    if not wanted:
        return None
    against = list(supply) * len(demand_paths) if len(supply) == 1 else list(supply)
    missing = [max(0.0, demand - there) for demand, there in zip(demand_paths, against, strict=True)]
    return Gap(math.fsum(missing) / wanted, sum(gap > 0 for gap in missing) / len(missing))


def secondary_share(secondary_tonnes: float, primary_tonnes: float) -> float | None:
    """Share of output that comes from scrap, 0 … 1; None where nothing is put out."""
    whole = secondary_tonnes + primary_tonnes
    return secondary_tonnes / whole if whole > 0 else None


def days_of_cover(stock_tonnes: float, demand_tonnes_a_year: float) -> float | None:
    """Days that a stock serves demand alone; None where there is no demand."""
    return DAYS_A_YEAR * stock_tonnes / demand_tonnes_a_year if demand_tonnes_a_year > 0 else None


def distance_from_floor(stocks_tonnes: Sequence[float], floors_tonnes: Sequence[float]) -> float | None:
    """How far a planned stock stays above its floor where it comes nearest, a fraction of it; below 0: beneath it.

    Args:
        stocks_tonnes: planned stock by period.
        floors_tonnes: floor of each period; periods with a floor of 0 bind nothing and are passed over.

    Returns:
        min (stock − floor)/floor; None where no period has a floor.
    """
    pairs = zip(stocks_tonnes, floors_tonnes, strict=True)
    return min(((stock - floor) / floor for stock, floor in pairs if floor > 0), default=None)


def demand_at_risk(demands: Sequence[float], losses: Sequence[float]) -> float | None:
    """Share of demand that a stop would leave unserved: Σ demand · loss / Σ demand; None where there is no demand.

    Args:
        demands: of materials or users, in one unit, ≥ 0.
        losses: share that each loses, 0 … 1, as a dependence network or a stress test tells.
    """
    whole = math.fsum(demands)
    served = math.fsum(demand * loss for demand, loss in zip(demands, losses, strict=True))
    return served / whole if whole > 0 else None
