"""The supply of a mineral as the data and the caller's own figures have it, in the form that the risk measures take."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lodestock_optimizers.risk import CountryShare, import_reliance
from lodestock_server.catalog import Catalog, CountryTable, Mineral, Stage
from lodestock_server.errors import NotFound
from lodestock_server.usecases.assess_supply_risk import LifeCycleStage, MaterialSupply
from lodestock_server.usecases.buyers import BuyerFigures, HomeOutput, OwnFigure, Supplier, Yearly, buyer_figures
from lodestock_server.usecases.origins import Origin, Traced, TracedField

EU_INPUTS = "scores[eu_supply_risk].inputs"
FACTOR_INPUTS = "scores[geopolrisk_characterisation_factor].inputs"
STAGES = {Stage.MINING: LifeCycleStage.MINING, Stage.REFINING: LifeCycleStage.REFINING}
OWN_FIGURES = "stored.own_figures"
"""Field of AssessSupplyRisk that holds the caller's own figures."""


def stored_supplies(
    catalog: Catalog, buyer: str, materials: Sequence[str], own: Sequence[OwnFigure] = ()
) -> list[MaterialSupply]:
    """The supplies of materials, one entry a material and stage with world production.

    Args:
        catalog: Where the figures are.
        buyer: Buyer, ISO 3166-1 alpha-3 or "EU27".
        materials: Materials. Empty: all that the figures hold for the buyer.
        own: The caller's own figures, which go before the data.

    Raises:
        NotFound: No such buyer, or nobody says how it sources a material.
    """
    figures = buyer_figures(catalog, buyer, own, path=OWN_FIGURES)
    chosen = tuple(materials) or figures.materials()
    missing = [material for material in chosen if not figures.known(material)]
    if missing or not chosen:
        what = f" for {', '.join(missing)}" if missing else ""
        raise NotFound(
            f"no sourcing of buyer '{buyer}' is in the data{what}: "
            f"give own_figures of kind IMPORTS_BY_COUNTRY, PRODUCTION and CONSUMPTION; {figures.who_is_known()}"
        )
    supplies = (StoredSupply(catalog, figures, catalog.mineral(material)).by_stage() for material in chosen)
    return [supply for of_material in supplies for supply in of_material]


class StoredSupply:
    """One mineral's figures for one buyer."""

    def __init__(self, catalog: Catalog, figures: BuyerFigures, mineral: Mineral) -> None:
        self._catalog = catalog
        self._figures = figures
        self._buyer = figures.buyer
        self._mineral = mineral

    def by_stage(self) -> Iterator[MaterialSupply]:
        """The supply at the stage of the traded form with the buyer's flows, then other stages."""
        traded = self._mineral.supply_stage
        for stage in (traded, *(stage for stage in Stage if stage is not traded)):
            if self._table(stage) is not None:
                published = self._figures.sourcing(self._mineral.id, stage)
                if published:
                    yield self._of_sourcing(stage, published)
                else:
                    yield self._of_flows() if stage is traded else self._at_stage(stage)

    def _of_sourcing(self, stage: Stage, sourcing: Sequence[Supplier]) -> MaterialSupply:
        """The supply where shares in all that the buyer uses are published, home included."""
        world, world_figures = self._world(stage)
        shares = tuple(CountryShare(supplier.country or "", supplier.share.value) for supplier in sourcing)
        named = [supplier for supplier in sourcing if supplier.country]
        at_home = sum(supplier.share.value for supplier in named if supplier.country in self._figures.home)
        whole = sum(supplier.share.value for supplier in named)
        reliance = TracedField(
            f"{EU_INPUTS}[import_reliance]",
            (1.0 - at_home / whole,),
            "1",
            "1 − share of the countries at home ÷ share of all named countries; exports are taken as 0",
            _origins(*(supplier.share for supplier in named)),
        )
        figures = [
            TracedField(f"sources[{country}].sourcing_share", (share.value,), "1", "", share.origins)
            for country, share in named
        ]
        recycled, recycled_figures = self._recycled()
        price = self._figures.price(self._mineral.id)
        source = f"the sourcing of {self._buyer} is the European Commission's, mean of 2016-2020"
        return MaterialSupply(
            material_id=self._mineral.id,
            name=self._mineral.name,
            stage=STAGES[stage],
            global_supply=world,
            sourcing=shares,
            import_reliance=reliance.values[0],
            recycling_input_rate=recycled,
            price_usd_per_tonne=price.figure.value,
            remarks=(source, self._of_gross_imports(stage)),
            sourcing_remarks=(source,),
            price_remarks=tuple(self._price_remarks(price)),
            figures=(*world_figures, *figures, reliance, *recycled_figures, self._price_figure(price)),
        )

    def _of_gross_imports(self, stage: Stage) -> str:
        """Why exports are not in the import reliance: shares weigh nothing that tonnes could be taken from."""
        if stage is self._mineral.supply_stage and self._figures.exports(self._mineral.id) is not None:
            return (
                "the exports given are not used, since the published sourcing is in shares, so the import reliance is "
                "that of gross imports; give own_figures of kind IMPORTS and PRODUCTION beside them"
            )
        return "no tonnage of exports is published, so the import reliance is that of gross imports"

    def _of_flows(self) -> MaterialSupply:
        """The supply where output at home and imports have to be weighed against each other."""
        material = self._mineral.id
        world, world_figures = self._world(self._mineral.supply_stage)
        domestic = self._figures.production(material)
        imports, exports = self._figures.imports(material), self._figures.exports(material)
        sourcing, sourcing_figures = self._sourcing(domestic, imports)
        reliance = self._import_reliance(domestic, imports, exports)
        recycled, recycled_figures = self._recycled()
        figures = [*world_figures, *sourcing_figures]
        if reliance is not None:
            figures.append(reliance)
        figures += recycled_figures
        weighed = imports is not None or _tonnes(domestic) == 0
        price = self._figures.price(material)
        if weighed:
            figures.append(self._price_figure(price))
        return MaterialSupply(
            material_id=material,
            name=self._mineral.name,
            stage=STAGES[self._mineral.supply_stage],
            global_supply=world,
            sourcing=sourcing,
            import_reliance=reliance.values[0] if reliance else None,
            recycling_input_rate=recycled,
            price_usd_per_tonne=price.figure.value,
            home_is_weighed=weighed,
            remarks=(*self._figures.remarks(material), *self._remarks(domestic, imports, exports)),
            sourcing_remarks=(*self._figures.remarks(material), *self._sourcing_remarks(domestic, imports)),
            price_remarks=tuple(self._price_remarks(price)),
            figures=tuple(figures),
        )

    def _at_stage(self, stage: Stage) -> MaterialSupply:
        world, figures = self._world(stage)
        return MaterialSupply(
            material_id=self._mineral.id,
            name=self._mineral.name,
            stage=STAGES[stage],
            global_supply=world,
            sourcing=(),
            remarks=(f"the buyer's sourcing is of {self._mineral.form}, so {stage.value} is judged by world supply",),
            figures=tuple(figures),
        )

    def _table(self, stage: Stage) -> CountryTable | None:
        """Who supplies the world at a stage: by output, for refining else by the European Commission's shares."""
        if self._catalog.production_years(self._mineral.id, stage):
            return self._catalog.production(self._mineral.id, stage)
        refining = self._catalog.refining(self._mineral.id)
        return refining if stage is refining.stage else None

    def _world(self, stage: Stage) -> tuple[tuple[CountryShare, ...], list[TracedField]]:
        """Shares of world production, and their origins: of each the country's own row, and once all rows together."""
        table = self._table(stage)
        if table is None:
            return (), []
        shares = table.shares()
        basis = f"{stage.value}, {table.period}" + (f": {table.basis}" if table.basis else "")
        part = f"part of the country in the sum over all countries, {basis}"
        figures = [
            TracedField(f"sources[{share.iso3}].global_share", (share.share,), "1", part, (share.figure.origin,))
            for share in shares
            if share.iso3
        ]
        rows = tuple(row.figure.origin for row in table.rows)
        text = f"sum over all countries, those without a name included: {basis}"
        figures.append(TracedField("world_output", (table.total,), table.rows[0].figure.unit, text, rows))
        return tuple(CountryShare(share.iso3 or "", share.share) for share in shares), figures

    def _sourcing(
        self, domestic: Sequence[HomeOutput], imports: Yearly | None
    ) -> tuple[tuple[CountryShare, ...], list[TracedField]]:
        """Shares of the buyer's sourcing: imports by supplier, and output at home where both tonnages are known."""
        suppliers = self._figures.suppliers(self._mineral.id)
        at_home = _tonnes(domestic)
        abroad = imports.figure.value if imports else 0.0
        imported = abroad / (at_home + abroad) if imports and at_home + abroad > 0 else 1.0
        tonnages = [output.figure for output in domestic] + ([imports.figure] if imports else [])
        shares = [CountryShare(item.country or "", item.share.value * imported) for item in suppliers]
        figures = [
            TracedField(
                f"sources[{item.country}].sourcing_share",
                (item.share.value * imported,),
                "1",
                "share in imports × imports ÷ (imports + output at home)",
                _origins(item.share, *tonnages),
            )
            for item in suppliers
            if item.country
        ]
        if imported < 1.0:
            derivation = "output at home ÷ (imports + output at home)"
            for output in domestic:
                share = (1.0 - imported) * (output.figure.value / at_home)
                path = f"sources[{output.country}].sourcing_share"
                shares.append(CountryShare(output.country, share))
                figures.append(TracedField(path, (share,), "1", derivation, _origins(*tonnages)))
        return tuple(shares), figures

    def _import_reliance(
        self, domestic: Sequence[HomeOutput], imports: Yearly | None, exports: Yearly | None
    ) -> TracedField | None:
        """Import reliance, where imports and exports are published and something is left to consume."""
        if imports is None or exports is None:
            return None
        at_home = _tonnes(domestic)
        if at_home + imports.figure.value - exports.figure.value <= 0:
            return None
        reliance = import_reliance(at_home, imports.figure.value, exports.figure.value)
        used = _origins(*(output.figure for output in domestic), imports.figure, exports.figure)
        derivation = "(imports − exports) ÷ (output at home + imports − exports), not below 0"
        return TracedField(f"{EU_INPUTS}[import_reliance]", (reliance.value,), "1", derivation, used)

    def _recycled(self) -> tuple[float | None, list[TracedField]]:
        """The end-of-life recycling input rate, where one is published."""
        rate = self._catalog.eol_recycling_input_rate(self._mineral.id)
        if rate is None:
            return None, []
        path = f"{EU_INPUTS}[eol_recycling_input_rate]"
        return rate.value, [TracedField(path, (rate.value,), rate.unit, "", (rate.origin,))]

    @staticmethod
    def _price_figure(price: Yearly) -> TracedField:
        path = f"{FACTOR_INPUTS}[price_usd_per_tonne]"
        return TracedField(path, (price.figure.value,), "USD/t", price.figure.derivation, price.figure.origins)

    def _no_output(self) -> str:
        """Why no output at home is known."""
        said = self._mineral.domestic_note if self._figures.has_statistics(self._mineral.id) else ""
        return said or "no output at home is published: 0 was taken"

    def _sourcing_remarks(self, domestic: Sequence[HomeOutput], imports: Yearly | None) -> Iterator[str]:
        if not domestic:
            yield self._no_output()
        if imports is None:
            yield "no tonnage of imports is published: the sourcing is imports alone"
        if domestic and imports and {output.year for output in domestic} != {imports.year}:
            years = " and ".join(str(year) for year in sorted({output.year for output in domestic}))
            yield f"output at home is of {years}, imports are of {imports.year}"

    def _price_remarks(self, price: Yearly) -> Iterator[str]:
        if self._figures.price_is_own(self._mineral.id):
            yield f"price: the caller's of {price.year}; the reference takes the unit value of the imports"
            return
        yield f"price: the mean of {price.year}, nominal; the reference takes the unit value of the imports"
        if self._mineral.price_fit == "proxy":
            yield f"the price is a proxy: {self._mineral.price_note}"

    def _remarks(self, domestic: Sequence[HomeOutput], imports: Yearly | None, exports: Yearly | None) -> Iterator[str]:
        if not domestic:
            yield self._no_output()
        if imports is None:
            yield "no tonnage of imports is published: the sourcing is imports alone, without import reliance"
        elif exports is None:
            yield "no tonnage of exports is published: there is no import reliance"
        years = {output.year for output in domestic} | {item.year for item in (imports, exports) if item}
        if len(years) > 1:
            yield f"output at home, imports and exports are of different years: {sorted(years)}"


def _tonnes(outputs: Sequence[HomeOutput]) -> float:
    return sum(output.figure.value for output in outputs)


def _origins(*parts: Traced) -> tuple[Origin, ...]:
    """All that some figures rest on, each once."""
    return tuple(dict.fromkeys(origin for part in parts for origin in part.origins))
