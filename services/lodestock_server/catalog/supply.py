"""Answers about the world: who mines, refines and holds a mineral, what it costs, how it is traded and recycled."""

from __future__ import annotations

from lodestock_server.catalog.countries import Countries
from lodestock_server.catalog.errors import MissingFigureError
from lodestock_server.catalog.figures import CountryFigure, CountryTable, Figure, Observation, Stage, TradeFlow
from lodestock_server.catalog.materials import Materials
from lodestock_server.catalog.packages import Record
from lodestock_server.catalog.tables import by_country, observations


class WorldSupply(Materials, Countries):
    """The part of `Catalog` that is about world supply, prices and trade."""

    def production_years(self, mineral: str, stage: Stage | None = None) -> tuple[int, ...]:
        """See `Catalog.production_years`."""
        known = self.mineral(mineral)
        return tuple(sorted({int(row["year"]) for row in self._production(known.id, stage or known.supply_stage)}))

    def production(self, mineral: str, stage: Stage | None = None, year: int | None = None) -> CountryTable:
        """See `Catalog.production`."""
        known = self.mineral(mineral)
        wanted_stage = stage or known.supply_stage
        years = self.production_years(mineral, wanted_stage)
        wanted_year = year if year is not None or not years else years[-1]
        if wanted_year not in years:
            raise MissingFigureError(f"{wanted_stage} of {known.id} in {wanted_year or 'any year'}", years)
        rows = [row for row in self._production(known.id, wanted_stage) if int(row["year"]) == wanted_year]
        return CountryTable(wanted_stage, str(wanted_year), rows[0]["basis"], by_country(rows, "tonnes"))

    def refining(self, mineral: str) -> CountryTable:
        """See `Catalog.refining`."""
        known = self.mineral(mineral)
        if self.production_years(mineral, Stage.REFINING):
            return self.production(mineral, Stage.REFINING)
        shares = self._where("world-supply", "processing_shares", "mineral", known.id)
        if shares:
            basis = f"share of world processing, {shares[0]['upstream_material'].lower()}"
            return CountryTable(Stage.REFINING, shares[0]["period"], basis, by_country(shares, "share"))
        return self.production(mineral, Stage.MINING)

    def reserves(self, mineral: str) -> tuple[CountryFigure, ...]:
        """See `Catalog.reserves`."""
        return by_country(self._where("world-supply", "reserves", "mineral", self.mineral(mineral).id), "tonnes")

    def prices(self, mineral: str) -> tuple[Observation, ...]:
        """See `Catalog.prices`."""
        rows = self._where("prices", "prices", "mineral", self.mineral(mineral).id)
        return observations(rows, "usd_per_tonne")

    def latest_price(self, mineral: str) -> Observation:
        """See `Catalog.latest_price`."""
        prices = self.prices(mineral)
        if not prices:
            raise MissingFigureError(f"the price of {mineral}", ())
        return prices[-1]

    def world_trade(self, mineral: str) -> tuple[TradeFlow, ...]:
        """See `Catalog.world_trade`."""
        headings = self._where("trade-flows", "headings", "mineral", self.mineral(mineral).id)
        codes = dict.fromkeys(row["hs_code"] for row in headings)
        rows = [row for code in codes for row in self._where("trade-flows", "windows", "hs_code", code)]
        latest = max((row["period"] for row in rows), default="")
        flows = (
            TradeFlow(row["hs_code"], row["iso3"], row["to_iso3"], row["period"], row.figure("tonnes"))
            for row in rows
            if row["period"] == latest and row["tonnes"]
        )
        return tuple(sorted(flows, key=lambda flow: (flow.hs_code, flow.iso3, flow.to_iso3)))

    def trade_parameter(self, mineral: str, iso3: str, stage: Stage | None = None) -> Figure | None:
        """See `Catalog.trade_parameter`."""
        self.country(iso3)
        known = self.mineral(mineral)
        wanted = stage or known.supply_stage
        rows = self._where("trade-restrictions", "trade_parameters", "mineral", known.id)
        for candidate in (wanted, *(other for other in Stage if other is not wanted and stage is None)):
            listed = [row for row in rows if row["stage"] == candidate.value]
            if listed:
                return next((row.figure("t") for row in listed if row["iso3"] == iso3), None)
        return None

    def eol_recycling_input_rate(self, mineral: str) -> Figure | None:
        """See `Catalog.eol_recycling_input_rate`."""
        rows = self._where("recycling", "recycling", "mineral", self.mineral(mineral).id)
        return rows[0].figure("eol_rir") if rows else None

    def _production(self, mineral: str, stage: Stage) -> list[Record]:
        rows = self._where("world-supply", "production", "mineral", mineral)
        return [row for row in rows if row["stage"] == stage.value and row["tonnes"]]
