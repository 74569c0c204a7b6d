"""The concentration of world supply year by year, each with the governance that was known of that year."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from lodestock_optimizers.risk import (
    CountryShare,
    governance_score,
    governance_weighted_hhi,
    herfindahl_hirschman,
)
from lodestock_server.catalog import Catalog, Stage, UnknownCountryError

MOST_YEARS_BACK = 3
"""How old estimates may be. A judgement: governance changes slowly."""


@dataclass(frozen=True, slots=True)
class RiskYear:
    """One year of world supply.

    `governance_year` is that of the latest estimates used, 0 where there are none; `source_ids` are the publications
    of the year's output: where they change, so may what is counted.
    """

    year: int
    hhi: float
    governance_weighted_hhi: float
    largest_country: str
    largest_share: float
    governance_year: int
    source_ids: tuple[str, ...]


def risk_history(catalog: Catalog, mineral: str, stage: Stage, first_year: int) -> Iterator[RiskYear]:
    """Every year with world output from a first one on, oldest first.

    Raises:
        UnknownMineralError: No such mineral.
    """
    for year in catalog.production_years(mineral, stage):
        if year >= first_year:
            yield year_of(catalog, mineral, stage, year)


def year_of(catalog: Catalog, mineral: str, stage: Stage, year: int) -> RiskYear:
    """The concentration of one year's output."""
    table = catalog.production(mineral, stage, year).shares()
    governed = [governed_in(catalog, CountryShare(item.iso3 or "", item.share), year) for item in table]
    shares = [share for share, _ in governed]
    named = [share for share in shares if share.country]
    largest = max(named, key=lambda share: share.share, default=CountryShare("", 0.0))
    return RiskYear(
        year,
        herfindahl_hirschman(shares).value,
        governance_weighted_hhi(shares).value,
        largest.country,
        largest.share,
        max((known_of for _, known_of in governed), default=0),
        tuple(sorted({item.figure.origin.source_id for item in table})),
    )


def governed_in(catalog: Catalog, share: CountryShare, year: int) -> tuple[CountryShare, int]:
    """A share with the latest governance up to a year, and the year of that; 0 and unknown where there is none."""
    for back in range(MOST_YEARS_BACK + 1):
        try:
            known = catalog.governance(share.country, year - back) if share.country else None
        except UnknownCountryError:
            break
        estimates = {name: figure.value for name, figure in known.estimates.items()} if known else {}
        if estimates:
            return replace(share, governance=governance_score(estimates).value), year - back
    return share, 0
