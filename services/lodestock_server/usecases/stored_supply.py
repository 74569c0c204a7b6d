"""The supply of a mineral as the catalog has it, in the form that the risk measures take."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lodestock_optimizers.risk import CountryShare, import_reliance
from lodestock_server.catalog import Catalog, CountryTable, Mineral, Observation, Stage, Statistic
from lodestock_server.errors import NotFound
from lodestock_server.usecases.assess_supply_risk import DerivedFigure, LifeCycleStage, MaterialSupply

EU_INPUTS = "scores[eu_supply_risk].inputs"
FACTOR_INPUTS = "scores[geopolrisk_characterisation_factor].inputs"
STAGES = {Stage.MINING: LifeCycleStage.MINING, Stage.REFINING: LifeCycleStage.REFINING}


def stored_supplies(catalog: Catalog, buyer: str, materials: Sequence[str]) -> list[MaterialSupply]:
    """The supplies of materials, one entry a material and stage with world production.

    Args:
        catalog: Where the figures are.
        buyer: Buyer, ISO 3166-1 alpha-3.
        materials: Materials. Empty: all.

    Raises:
        NotFound: The catalog holds no figures for the buyer.
    """
    if buyer not in catalog.buyers():
        raise NotFound(f"no sourcing of buyer '{buyer}' is stored; known buyers: {', '.join(catalog.buyers())}")
    chosen = [catalog.mineral(material) for material in materials] if materials else catalog.minerals()
    return [supply for mineral in chosen for supply in StoredSupply(catalog, buyer, mineral).by_stage()]


class StoredSupply:
    """One mineral's figures for one buyer."""

    def __init__(self, catalog: Catalog, buyer: str, mineral: Mineral) -> None:
        self._catalog = catalog
        self._buyer = buyer
        self._mineral = mineral

    def by_stage(self) -> Iterator[MaterialSupply]:
        """The supply at the stage of the traded form with the buyer's sourcing, then other stages by world supply."""
        traded = self._mineral.supply_stage
        for stage in (traded, *(stage for stage in Stage if stage is not traded)):
            if self._table(stage) is not None:
                yield self._traded_form() if stage is traded else self._at_stage(stage)

    def _traded_form(self) -> MaterialSupply:
        world, world_figures = self._world(self._mineral.supply_stage)
        domestic = self._catalog.domestic_production(self._buyer, self._mineral.id)
        imports, exports = self._latest(Statistic.IMPORTS), self._latest(Statistic.EXPORTS)
        sourcing, sourcing_figures = self._sourcing(domestic, imports)
        reliance = self._import_reliance(domestic, imports, exports)
        recycled = self._catalog.eol_recycling_input_rate(self._mineral.id)
        figures = [*world_figures, *sourcing_figures]
        if reliance is not None:
            figures.append(reliance)
        if recycled is not None:
            path = f"{EU_INPUTS}[eol_recycling_input_rate]"
            figures.append(DerivedFigure(path, recycled.value, recycled.unit, "", (recycled,)))
        weighed = imports is not None or domestic is None or domestic.figure.value == 0
        price = self._catalog.latest_price(self._mineral.id)
        if weighed:
            path = f"{FACTOR_INPUTS}[price_usd_per_tonne]"
            figures.append(DerivedFigure(path, price.figure.value, price.figure.unit, "", (price.figure,)))
        return MaterialSupply(
            material_id=self._mineral.id,
            name=self._mineral.name,
            stage=STAGES[self._mineral.supply_stage],
            global_supply=world,
            sourcing=sourcing,
            import_reliance=reliance.value if reliance else None,
            recycling_input_rate=recycled.value if recycled else None,
            price_usd_per_tonne=price.figure.value,
            home_is_weighed=weighed,
            remarks=tuple(self._remarks(domestic, imports, exports)),
            sourcing_remarks=tuple(self._sourcing_remarks(domestic, imports)),
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

    def _world(self, stage: Stage) -> tuple[tuple[CountryShare, ...], list[DerivedFigure]]:
        """Shares of world production, and their origins."""
        table = self._table(stage)
        if table is None:
            return (), []
        shares = table.shares()
        derivation = f"share of the country in {stage.value}, {table.period}: {table.basis}"
        figures = [
            DerivedFigure(f"sources[{share.iso3}].global_share", share.share, "1", derivation, (share.figure,))
            for share in shares
            if share.iso3
        ]
        return tuple(CountryShare(share.iso3 or "", share.share) for share in shares), figures

    def _sourcing(
        self, domestic: Observation | None, imports: Observation | None
    ) -> tuple[tuple[CountryShare, ...], list[DerivedFigure]]:
        """Shares of the buyer's sourcing: imports by supplier, and output at home where both tonnages are known."""
        suppliers = self._catalog.import_sources(self._buyer, self._mineral.id)
        at_home = domestic.figure.value if domestic else 0.0
        abroad = imports.figure.value if imports else 0.0
        imported = abroad / (at_home + abroad) if imports and at_home + abroad > 0 else 1.0
        tonnages = tuple(item.figure for item in (domestic, imports) if item)
        shares = [CountryShare(item.iso3 or "", item.figure.value * imported) for item in suppliers]
        figures = [
            DerivedFigure(
                f"sources[{item.iso3}].sourcing_share",
                item.figure.value * imported,
                "1",
                "share in imports × imports ÷ (imports + output at home)",
                (item.figure, *tonnages),
            )
            for item in suppliers
            if item.iso3
        ]
        if imported < 1.0:
            shares.append(CountryShare(self._buyer, 1.0 - imported))
            path = f"sources[{self._buyer}].sourcing_share"
            derivation = "output at home ÷ (imports + output at home)"
            figures.append(DerivedFigure(path, 1.0 - imported, "1", derivation, tonnages))
        return tuple(shares), figures

    def _import_reliance(
        self, domestic: Observation | None, imports: Observation | None, exports: Observation | None
    ) -> DerivedFigure | None:
        """Import reliance, where imports and exports are published and something is left to consume."""
        if imports is None or exports is None:
            return None
        at_home = domestic.figure.value if domestic else 0.0
        if at_home + imports.figure.value - exports.figure.value <= 0:
            return None
        reliance = import_reliance(at_home, imports.figure.value, exports.figure.value)
        used = tuple(item.figure for item in (domestic, imports, exports) if item)
        derivation = "(imports − exports) ÷ (output at home + imports − exports), not below 0"
        return DerivedFigure(f"{EU_INPUTS}[import_reliance]", reliance.value, "1", derivation, used)

    def _latest(self, statistic: Statistic) -> Observation | None:
        observations = self._catalog.statistic(self._buyer, self._mineral.id, statistic)
        return observations[-1] if observations else None

    def _sourcing_remarks(self, domestic: Observation | None, imports: Observation | None) -> Iterator[str]:
        if domestic is None:
            yield self._mineral.domestic_note or "no output at home is published: 0 was taken"
        if imports is None:
            yield "no tonnage of imports is published: the sourcing is imports alone"
        if domestic and imports and domestic.year != imports.year:
            yield f"output at home is of {domestic.year}, imports are of {imports.year}"

    def _price_remarks(self, price: Observation) -> Iterator[str]:
        yield f"price: the mean of {price.year}, nominal; the reference takes the unit value of the imports"
        if self._mineral.price_fit == "proxy":
            yield f"the price is a proxy: {self._mineral.price_note}"

    def _remarks(
        self, domestic: Observation | None, imports: Observation | None, exports: Observation | None
    ) -> Iterator[str]:
        if domestic is None:
            yield self._mineral.domestic_note or "no output at home is published: 0 was taken"
        if imports is None:
            yield "no tonnage of imports is published: the sourcing is imports alone, without import reliance"
        elif exports is None:
            yield "no tonnage of exports is published: there is no import reliance"
        years = {item.year for item in (domestic, imports, exports) if item}
        if len(years) > 1:
            yield f"output at home, imports and exports are of different years: {sorted(years)}"
