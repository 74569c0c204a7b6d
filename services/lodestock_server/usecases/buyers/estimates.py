"""A buyer's figures where no statistics of its own are in the data: estimated from the world's.

What a buyer takes of the world's output is estimated as one share a material, by one of two rules:

- **sourcing**: output of the countries at home ÷ their part in the buyer's sourcing, as the European Commission
  publishes it, over the world's output. Output and part are of the same countries, so that one whose output is not
  published does not count. Taken where sourcing of the planned form and world output are of one stage, and those
  countries supply at least `demand.least_share_at_home`.
- **GDP**: the buyer's part in the world's GDP.

Consumption is that share × the world's output, year by year. Only the bloc with published sourcing is estimated so; of
any other buyer the caller has to say what it uses. Output from scrap is not estimated: refined output counts metal from
ore and from scrap alike, unless its rows say that they are of primary metal. What the caller knows of it is taken off,
so that no tonne counts twice.

The sourcing of the planned form is that of mining where the form is an ore or a raw mineral, else that of refining; the
other one where there is none. One that names no country outside the buyer is of what is mined at home, and says nothing
of what is used.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache

from lodestock_server.catalog import Catalog, CountryFigure, CountryTable, Driver, Observation, Stage
from lodestock_server.usecases.buyers.values import HomeOutput, Supplier, Yearly
from lodestock_server.usecases.defaults import DefaultsBook
from lodestock_server.usecases.origins import Traced, TracedField, derive

YEARS_OF_SOURCING = range(2016, 2021)
"""The European Commission's shares are means of these years."""

RAW_CHAPTERS = ("25", "26")
"""Chapters of the harmonised system that hold raw minerals and ores."""

WORDS_FOR_PRIMARY = ("primary", "smelter")
"""What sources call output of metal from ore alone: that of smelters is meant so of aluminium and magnesium."""

YEARS_OF_CONSUMPTION = 8
"""Years of consumption that are estimated, as many as the statistics of the United States have."""

YEARS_OF_OUTPUT = 5
"""A country's output is that of its last year in the tables, where it is among this many last years of the world's."""


class Estimates:
    """Estimated figures of one buyer.

    Args:
        catalog: The figures of the world.
        buyer: ISO 3166-1 alpha-3 or "EU27".
        home: The countries at home.
        defaults: The assumptions behind the estimates.
    """

    def __init__(self, catalog: Catalog, buyer: str, home: frozenset[str], defaults: DefaultsBook) -> None:
        self._catalog, self._buyer, self._home, self._defaults = catalog, buyer, home, defaults
        self._share_of_world = cache(self._estimated_share_of_world)
        self._consumption = cache(self._estimated_consumption)
        self._share_of_gdp = cache(self._computed_share_of_gdp)

    def materials(self) -> tuple[str, ...]:
        """Materials whose consumption can be estimated."""
        if not self._is_bloc:
            return ()
        return tuple(
            mineral.id
            for mineral in self._catalog.minerals()
            if self._catalog.production_years(mineral.id) and self._catalog.prices(mineral.id)
        )

    def consumption(self, material: str) -> tuple[Yearly, ...]:
        """Share of the world's output × the world's output, oldest first; empty where no share can be estimated."""
        return self._consumption(material)

    def basis(self, material: str) -> TracedField | None:
        """The share behind the consumption, with every row that it rests on; None where there is none."""
        share = self._share_of_world(material)
        if share is None:
            return None
        path = f"estimates[{material}].share_of_world_output"
        return TracedField(path, (share.value,), "1", share.derivation, share.origins)

    def sourcing(self, material: str, stage: Stage) -> tuple[Supplier, ...]:
        """Published shares in all that the buyer uses, what is produced at home included; empty if there are none.

        They are rounded to a per cent, so that some add up to more than 1: those are brought back to it.
        """
        shares = self._catalog.sourcing_shares(self._buyer, material, stage)
        published = [Supplier(share.iso3, Traced.read(share.figure)) for share in shares]
        if sum(supplier.share.value for supplier in published) <= 1:
            return tuple(published)
        return _parts(published, "share ÷ the sum of the rounded shares")

    def suppliers(self, material: str) -> tuple[Supplier, ...]:
        """Shares of the imports: by the published sourcing, else by the world's output outside the buyer's home."""
        _, sourcing = self._sourcing_of_form(material)
        abroad = [share for share in sourcing if share.country not in self._home]
        if abroad:
            return _parts(abroad, "share in the sourcing ÷ that of all countries outside the buyer")
        if not self._catalog.production_years(material):
            return ()
        rows = [row for row in self._catalog.production(material).rows if row.iso3 not in self._home]
        produced = [Supplier(row.iso3, Traced.read(row.figure)) for row in rows if row.figure.value > 0]
        factor = self._defaults.take("suppliers.part_of_world_output", material)
        return tuple(
            Supplier(part.country, derive(factor.value * part.share.value, part.share.derivation, factor, part.share))
            for part in _parts(produced, "output of the country ÷ the world's output outside the buyer")
        )

    def imports(self, material: str, demand: Traced) -> Traced | None:
        """The demand's part from outside, by the published sourcing; None where there is none."""
        _, sourcing = self._sourcing_of_form(material)
        if not sourcing:
            return None
        abroad = _sum(share.share for share in sourcing if share.country not in self._home)
        named = _sum(share.share for share in sourcing)
        text = "part of the sourcing from outside the buyer × demand"
        return derive(abroad.value / named.value * demand.value, text, named, demand)

    def production(
        self, material: str, demand: Traced | None, recycled: Traced | None = None
    ) -> tuple[HomeOutput, ...]:
        """What each country at home supplies: its output, or its part in the sourcing × demand.

        Output goes first, unless the sourcing is of another stage: what is mined at home is in what is refined there.
        Output from scrap that the caller knows of is taken off what counts it too.
        """
        stage, found = self._at_home(material, demand)
        supplied = [output for output in found if output.figure.value > 0]
        if recycled is not None and recycled.value > 0 and self._counts_scrap(material, stage):
            supplied = _without(supplied, recycled)
        return tuple(sorted(supplied, key=lambda output: (-output.figure.value, output.country)))

    def remarks_on_consumption(self, material: str) -> tuple[str, ...]:
        """By which rule the consumption was estimated."""
        share = self._share_of_world(material)
        if share is None:
            return ()
        return (
            f"{material}: the data hold no consumption of {self._buyer}; it was estimated as {share.value:.1%} of the "
            f"world's output, {share.derivation}; own_figures of kind CONSUMPTION replace the estimate",
        )

    def remarks_on_recycled(self, material: str, demand: Traced | None, recycled: Traced) -> tuple[str, ...]:
        """That output from scrap was taken off the estimated output at home, where it was."""
        stage, found = self._at_home(material, demand)
        if not found or recycled.value <= 0 or not self._counts_scrap(material, stage):
            return ()
        return (
            f"{material}: output at home is estimated from refined output, which counts metal from scrap too; the "
            "output from scrap given was taken off it; own_figures of kind PRODUCTION, from ore, replace the estimate",
        )

    def remarks_on_suppliers(self, material: str) -> tuple[str, ...]:
        """That the suppliers are not known, where no sourcing is published."""
        if self.has_sourcing(material):
            return ()
        return (f"{material}: suppliers are not published; taken as the world's producers outside the buyer",)

    def has_sourcing(self, material: str) -> bool:
        """Whether sourcing of the planned form is published."""
        return bool(self._sourcing_of_form(material)[1])

    @property
    def _is_bloc(self) -> bool:
        return len(self._home) > 1

    def _sourcing_of_form(self, material: str) -> tuple[Stage | None, tuple[Supplier, ...]]:
        """The sourcing of the planned form, and its stage; None and empty where there is none."""
        raw = self._catalog.mineral(material).hs6[:2] in RAW_CHAPTERS
        for stage in (Stage.MINING, Stage.REFINING) if raw else (Stage.REFINING, Stage.MINING):
            sourcing = self.sourcing(material, stage)
            if any(share.country not in self._home for share in sourcing):
                return stage, sourcing
        return None, ()

    def _at_home(self, material: str, demand: Traced | None) -> tuple[Stage, tuple[HomeOutput, ...]]:
        """What each country at home supplies, scrap included, and of which stage that is."""
        outputs = {output.country: output for output in self._output_at_home(material)}
        parts = {output.country: output for output in self._parts_at_home(material, demand)}
        stage, _ = self._sourcing_of_form(material)
        if stage is not None and parts and not self._sourcing_is_of_output(material):
            return stage, tuple(parts.values())
        return self._catalog.mineral(material).supply_stage, tuple({**parts, **outputs}.values())

    def _counts_scrap(self, material: str, stage: Stage) -> bool:
        """Whether output of a stage holds metal from scrap: that of refining, unless it is called primary."""
        if stage is not Stage.REFINING:
            return False
        if not self._catalog.production_years(material, stage):
            return True
        basis = self._catalog.production(material, stage).basis.casefold()
        return not any(word in basis for word in WORDS_FOR_PRIMARY)

    def _sourcing_is_of_output(self, material: str) -> bool:
        stage, _ = self._sourcing_of_form(material)
        return stage is self._catalog.mineral(material).supply_stage

    def _parts_at_home(self, material: str, demand: Traced | None) -> Iterator[HomeOutput]:
        if demand is None:
            return
        _, sourcing = self._sourcing_of_form(material)
        named = _sum(share.share for share in sourcing)
        for country, share in sourcing:
            if country is not None and country in self._home:
                part = derive(share.value / named.value * demand.value, "part in the sourcing × demand", named, demand)
                yield HomeOutput(country, YEARS_OF_SOURCING[-1], part, from_its_reserves=False)

    def _estimated_consumption(self, material: str) -> tuple[Yearly, ...]:
        share = self._share_of_world(material)
        if share is None:
            return ()
        # The rows behind the share stand in `basis`, once: some 200 of them with each figure would drown the answer.
        known = self._defaults.take("demand.intensity_of_use", material)
        years = self._catalog.production_years(material)[-YEARS_OF_CONSUMPTION:]
        return tuple(Yearly(year, self._of_world(share.value, known, self._world(material, year))) for year in years)

    @staticmethod
    def _of_world(share: float, known: Traced, world: Traced) -> Traced:
        text = "estimated share of the world's output × the world's output; the share is a figure of its own"
        return derive(share * world.value, text, known, world)

    def _world(self, material: str, year: int) -> Traced:
        return _sum(Traced.read(row.figure) for row in self._catalog.production(material, year=year).rows)

    def _estimated_share_of_world(self, material: str) -> Traced | None:
        if not self._is_bloc or not self._catalog.production_years(material):
            return None
        share = self._share_by_sourcing(material) or self._share_of_gdp()
        factor = self._defaults.take("demand.intensity_of_use", material)
        return None if share is None else derive(factor.value * share.value, share.derivation, factor, share)

    def _share_by_sourcing(self, material: str) -> Traced | None:
        """The mean over the years of the shares, else of the first year with output."""
        if not self._sourcing_is_of_output(material):
            return None
        _, shares = self._sourcing_of_form(material)
        years = self._catalog.production_years(material)
        chosen = [year for year in years if year in YEARS_OF_SOURCING] or years[:1]
        least = self._defaults.take("demand.least_share_at_home", material)
        found = {year: self._of_year(self._catalog.production(material, year=year), shares, least) for year in chosen}
        known = {year: share for year, share in found.items() if share is not None}
        if not known:
            return None
        years_known = ", ".join(str(year) for year in known)
        text = (
            "by the rule of sourcing: output of the countries at home ÷ their part in the sourcing ÷ the world's "
            f"output, {f'mean of {years_known}' if len(known) > 1 else years_known}"
        )
        return derive(sum(share.value for share in known.values()) / len(known), text, least, *known.values())

    def _of_year(self, table: CountryTable, shares: Sequence[Supplier], least: Traced) -> Traced | None:
        output: Mapping[str | None, float] = {
            row.iso3: row.figure.value for row in table.rows if row.iso3 in self._home
        }
        pairs = [(share.share.value, output.get(share.country, 0.0)) for share in shares]
        named = _sum(share.share for share in shares)
        part = sum(share for share, tonnes in pairs if tonnes > 0) / named.value
        if part <= 0 or part < least.value:
            return None
        world = _sum(Traced.read(row.figure) for row in table.rows)
        return derive(sum(tonnes for _, tonnes in pairs) / part / world.value, "", named, world)

    def _computed_share_of_gdp(self) -> Traced | None:
        """The buyer's part in the GDP of all countries, constant USD of 2015, last year with every country at home."""
        by_country = {
            country.iso3: {observed.year: observed for observed in self._gdp(country.iso3)}
            for country in self._catalog.countries()
        }
        common = set.intersection(*(set(by_country.get(country, ())) for country in self._home))
        if not common:
            return None
        year = max(common)
        world = [Traced.read(series[year].figure) for series in by_country.values() if year in series]
        at_home = [Traced.read(by_country[country][year].figure) for country in sorted(self._home)]
        text = f"by the rule of GDP: the buyer's part in the world's GDP of {year}"
        return derive(_sum(at_home).value / _sum(world).value, text, *at_home, *world)

    def _gdp(self, country: str) -> tuple[Observation, ...]:
        return self._catalog.driver(Driver.GDP_REAL, country)

    def _output_at_home(self, material: str) -> Iterable[HomeOutput]:
        latest: dict[str, HomeOutput] = {}
        for year in self._catalog.production_years(material)[-YEARS_OF_OUTPUT:]:
            for row in self._catalog.production(material, year=year).rows:
                if row.iso3 is not None and row.iso3 in self._home:
                    latest[row.iso3] = HomeOutput(row.iso3, year, _output(row, year))
        return latest.values()


def _output(row: CountryFigure, year: int) -> Traced:
    return Traced(row.figure.value, (row.figure.origin,), f"output of {year}")


def _sum(parts: Iterable[Traced]) -> Traced:
    summed = tuple(parts)
    return derive(sum(part.value for part in summed), "sum", *summed)


def _without(outputs: Sequence[HomeOutput], recycled: Traced) -> list[HomeOutput]:
    """Outputs less what of them is from scrap, taken off each in proportion; all of it where there is more scrap."""
    whole = _sum(output.figure for output in outputs)
    if recycled.value >= whole.value:
        return []
    left = 1.0 - recycled.value / whole.value
    found = []
    for output in outputs:
        text = f"{output.figure.derivation}, less its part in the output from scrap"
        figure = derive(left * output.figure.value, text, output.figure, whole, recycled)
        found.append(output._replace(figure=figure))
    return found


def _parts(suppliers: Sequence[Supplier], text: str) -> tuple[Supplier, ...]:
    """Each as a fraction of all, largest first, those without a name last."""
    whole = _sum(supplier.share for supplier in suppliers)
    if whole.value <= 0:
        return ()
    by_country: Mapping[bool, list[Supplier]] = {True: [], False: []}
    for country, share in suppliers:
        part = Supplier(country, derive(share.value / whole.value, text, share, whole))
        by_country[country is None].append(part)
    named = sorted(by_country[False], key=lambda supplier: (-supplier.share.value, supplier.country or ""))
    return (*named, *by_country[True])
