"""The EU's supply risk of 2023 from the raw figures that the bundle has, beside what the Commission published.

    .venv/bin/python -m benchmarks.eu_scores

World shares, sourcing and trade parameters are those of the Commission's own annexes, governance is the World Bank's
mean over the years that they are of, recycling rates are those of the same assessment. Of the study's other inputs the
bundle has the substitution index of 2017 alone, and no import reliance: that is taken from the sourcing, gross of
exports. Every difference is put down to the first of the causes below that explains it; what none does is said to be
open. The table is written into docs/risk.md.
"""

from __future__ import annotations

import statistics
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cache
from pathlib import Path

from lodestock_optimizers.risk import (
    CountryShare,
    SupplyData,
    effective_trade_parameter,
    eu_supply_risk_of_shares,
    governance_score,
)
from lodestock_server.catalog import BundledCatalog, bundled_package
from lodestock_server.catalog.packages import Record

PAGE = Path(__file__).parents[1] / "docs" / "risk.md"
BEGIN, END = "<!-- eu_scores: begin -->", "<!-- eu_scores: end -->"
YEARS = range(2016, 2021)
ROUNDING = 0.05
LEAST_SUBSTITUTION = 0.8
"""The lowest substitution index that the study of 2017 prints for any of 78 materials; the highest is 1."""
STAGES = ("mining", "refining")
STEPS = 20
"""Import reliances that are tried between 0 and that which is gross of exports."""
CATALOG = BundledCatalog()
KNOWN = frozenset(country.iso3 for country in CATALOG.countries())
MEMBERS = frozenset(country.iso3 for country in CATALOG.countries() if country.eu27)


class Cause(Enum):
    """Why a score differs from the published one; the first that explains it counts."""

    NONE = "agrees within the rounding"
    SUBSTITUTION = "another substitution index"
    RELIANCE = "an import reliance net of exports"
    STAGE = "the other stage"
    SUPPLY_DATA = "one of the two supplies alone"
    RECYCLING = "a recycling rate, of which the bundle has none"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class Way:
    """One way to compute a material's score: a stage and a supply; `score` is with a substitution index of 1."""

    stage: str
    data: SupplyData
    score: float

    def explains(self, published: float) -> bool:
        """Whether some substitution index makes the score the published one, within its rounding."""
        return self.score * LEAST_SUBSTITUTION <= published + ROUNDING and self.score >= published - ROUNDING


@dataclass(frozen=True, slots=True)
class Material:
    """A material with the ways to compute its score: the default one of each stage, and all others."""

    name: str
    published: float
    substitution: float
    recycled: float | None
    defaults: tuple[Way, ...]
    net_of_exports: tuple[Way, ...]
    of_one_supply: tuple[Way, ...]

    @property
    def way(self) -> Way:
        """The default way of the stage that gives more, which is the score of a material."""
        return max(self.defaults, key=lambda way: way.score)

    @property
    def score(self) -> float:
        """The score that the formula gives."""
        return self.way.score * self.substitution

    @property
    def cause(self) -> Cause:
        """Why it differs from the published one."""
        if abs(self.score - self.published) <= ROUNDING:
            return Cause.NONE
        candidates = (
            (Cause.SUBSTITUTION, (self.way,)),
            (Cause.RELIANCE, tuple(way for way in self.net_of_exports if way.stage == self.way.stage)),
            (Cause.STAGE, self.defaults),
            (Cause.SUPPLY_DATA, self.of_one_supply),
        )
        for cause, ways in candidates:
            if any(way.explains(self.published) for way in ways):
                return cause
        return Cause.RECYCLING if self.recycled is None and self.score > self.published else Cause.OPEN


def materials() -> list[Material]:
    """Every material that was scored in 2023 and has a supply in the bundle, by name."""
    rows = [row for row in table("eu_criticality", "scores") if row["year"] == "2023" and row["supply_risk"]]
    return sorted((found for row in rows if (found := material_of(row))), key=lambda found: found.name)


def material_of(row: Record) -> Material | None:
    """A material by its row of published scores; None where the bundle has no supply of it."""
    name = row["mineral"]
    recycled = recycling_rate(name)
    defaults, net, single = [], [], []
    for stage in STAGES:
        world, sourcing = shares(WORLD, name, stage), shares(SOURCING, name, stage)
        ways = [
            Way(stage, data, score_of(world, sourcing, None, recycled or 0.0, data))
            for data, there in ((SupplyData.GLOBAL_ONLY, world), (SupplyData.SOURCING_ONLY, sourcing))
            if there
        ]
        single += ways
        if world and sourcing:
            both = SupplyData.GLOBAL_AND_SOURCING
            gross = gross_import_reliance(sourcing)
            reliances = [gross * (STEPS - step) / STEPS for step in range(STEPS + 1)]
            ways = [Way(stage, both, score_of(world, sourcing, ir, recycled or 0.0, both)) for ir in reliances]
            net += ways[1:]
        defaults += ways[:1]
    if not defaults:
        return None
    index = substitution_index(row["upstream_material"])
    return Material(name, float(row["supply_risk"]), index, recycled, tuple(defaults), tuple(net), tuple(single))


def score_of(
    world: Sequence[CountryShare],
    sourcing: Sequence[CountryShare],
    reliance: float | None,
    recycled: float,
    data: SupplyData,
) -> float:
    """The EU's formula with a substitution index of 1."""
    return eu_supply_risk_of_shares(world, sourcing, reliance, recycled, 1.0, data).value


WORLD = ("eu_criticality", "world_shares")
SOURCING = ("eu_minerals", "sourcing_shares")


@cache
def table(package: str, name: str) -> tuple[Record, ...]:
    """A table of the bundle."""
    return tuple(bundled_package(package).table(name))


def shares(where: tuple[str, str], material: str, stage: str) -> tuple[CountryShare, ...]:
    """The shares of a supply; where rounding made them more than the whole, scaled back to it."""
    rows = [row for row in table(*where) if (row["mineral"], row["stage"]) == (material, stage)]
    whole = max(1.0, sum(float(row["share"]) for row in rows))
    by_country: defaultdict[str, float] = defaultdict(float)
    for row in rows:
        by_country[row["iso3"]] += float(row["share"]) / whole
    return tuple(
        CountryShare(country, share, governance(country), trade_parameter(material, stage, country))
        for country, share in sorted(by_country.items())
    )


@cache
def governance(country: str) -> float | None:
    """W of a country, the mean over the years that the shares are of; None where there are no estimates."""
    if country not in KNOWN:
        return None
    known = [found for year in YEARS if (found := CATALOG.governance(country, year))]
    values = [
        governance_score({name: figure.value for name, figure in found.estimates.items()}).value
        for found in known
        if found.estimates
    ]
    return statistics.fmean(values) if values else None


def trade_parameter(material: str, stage: str, country: str) -> float | None:
    """t of a country for a buyer in the Union; None for suppliers without a name."""
    if not country:
        return None
    published = trade_parameters().get((material, stage, country))
    return effective_trade_parameter(published, country in MEMBERS, buyer_in_eu=True)


@cache
def trade_parameters() -> dict[tuple[str, str, str], float]:
    """The published trade parameters by material, stage and country."""
    rows = table("eu_criticality", "trade_parameters")
    return {(row["mineral"], row["stage"], row["iso3"]): float(row["t"]) for row in rows}


def gross_import_reliance(sourcing: Sequence[CountryShare]) -> float:
    """1 − the share of the members of the Union in what is named."""
    named = sum(share.share for share in sourcing if share.country)
    at_home = sum(share.share for share in sourcing if share.country in MEMBERS)
    return 1.0 - at_home / named if named else 1.0


def recycling_rate(material: str) -> float | None:
    """The end-of-life recycling input rate of the assessment of 2023."""
    rows = [row for row in table("eu_criticality", "recycling_rates") if row["mineral"] == material and row["eol_rir"]]
    return max((float(row["eol_rir"]) for row in rows), default=None)


def substitution_index(upstream: str) -> float:
    """The substitution index for supply risk of the study of 2017, 1 for a material that it has not."""
    rows = [row for row in table("eu_supply_risk_2017", "eu_supply_risk_2017") if row["material"] == upstream]
    return float(rows[0]["si_sr"]) if rows else 1.0


def lines(found: Sequence[Material]) -> Iterator[str]:
    """The table, and what it comes to."""
    counts = Counter(one.cause for one in found)
    near = sum(abs(one.score - one.published) <= max(0.1 * one.published, ROUNDING) for one in found)
    yield f"{len(found)} materials; {near} within a tenth of the published score. Why they differ:"
    yield ""
    yield "| what explains the difference | materials |"
    yield "| --- | ---: |"
    yield from (f"| {cause.value} | {counts[cause]} |" for cause in Cause)
    yield ""
    yield "| material | stage | supply | SI of 2017 | EoL_RIR | score | published | explained by |"
    yield "| --- | --- | --- | ---: | ---: | ---: | ---: | --- |"
    for one in found:
        recycled = "–" if one.recycled is None else f"{one.recycled:g}"
        yield (
            f"| {one.name} | {one.way.stage} | {one.way.data.value} | {one.substitution:g} | {recycled} "
            f"| {one.score:.2f} | {one.published:g} | {one.cause.value} |"
        )


def main() -> None:
    """Print the table and write it into the page."""
    text = "\n".join(lines(materials()))
    print(text)
    page = PAGE.read_text(encoding="utf-8")
    before, rest = page.split(BEGIN)
    after = rest.split(END)[1]
    PAGE.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
