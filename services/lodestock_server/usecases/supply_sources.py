"""From whom a material can be had: the sources of a problem, each figure with its origin.

A country is an import source where it supplies the buyer today or produces the material at all; output at home, of
each country that the buyer is made of, and scrap are sources too. What a country can deliver is the larger of a share
of its output and what it delivers today with room for growth.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from lodestock_optimizers.problem import Deposit, Source, SourceKind
from lodestock_server.catalog import Catalog, Stage
from lodestock_server.usecases.buyers import (
    BLOC_AS_A_COUNTRY,
    UNNAMED_COUNTRIES,
    BuyerFigures,
    imports_are_the_rest,
)
from lodestock_server.usecases.defaults import DefaultsBook
from lodestock_server.usecases.origins import Traced, TracedField, derive
from lodestock_server.usecases.source_risks import SourceRisks

__all__ = ["UNNAMED_COUNTRIES", "Supply", "SupplyReader", "dearest_landed_cost"]

LANDED_COST_FIELDS = ("unit_price_usd_per_tonne", "tariff_rate", "freight_usd_per_tonne")

NEGLIGIBLE_SHARE_OF_DEMAND = 1e-3
"""A country that could deliver less than this part of the demand is left out."""


@dataclass(frozen=True, slots=True)
class Supply:
    """The sources and deposits of one material, their figures, and what the data lack."""

    sources: tuple[Source, ...]
    deposits: tuple[Deposit, ...]
    figures: tuple[TracedField, ...]
    remarks: tuple[str, ...]


def dearest_landed_cost(supply: Supply, price: Traced) -> Traced:
    """The dearest landed cost under contract of any source in any year, USD/t; 0 without a source."""
    landed = {
        source.source_id: max(source.unit_price_usd_per_tonne) * (1 + source.tariff_rate[0])
        + source.freight_usd_per_tonne
        for source in supply.sources
    }
    dearest = max(landed, key=landed.__getitem__, default=None)
    if dearest is None:
        return derive(0.0, "no source", price)
    wanted = {f"sources[{dearest}].{field}" for field in LANDED_COST_FIELDS}
    parts = [Traced(0.0, figure.origins) for figure in supply.figures if figure.field_path in wanted]
    return derive(landed[dearest], "price × (1 + tariff) + freight of the dearest source", price, *parts)


@dataclass(frozen=True, slots=True)
class _Offer:
    country: str
    kind: SourceKind
    capacity: Traced
    from_its_reserves: bool = True


class SupplyReader:
    """Reads the supply of one material for a buyer.

    Args:
        catalog: The figures of the world.
        figures: Those of the buyer.
        defaults: What stands in for those that are missing.
        material: Id of the mineral.
        yearly_demand: The buyer's last known yearly demand, tonnes.
        risks: What gives the risk of each source.
        years: The years to plan.
    """

    def __init__(
        self,
        catalog: Catalog,
        figures: BuyerFigures,
        defaults: DefaultsBook,
        material: str,
        yearly_demand: Traced,
        risks: SourceRisks,
        years: range,
    ) -> None:
        self._catalog, self._figures, self._defaults = catalog, figures, defaults
        self._material, self._demand = material, yearly_demand
        self._risks = risks
        self._years = years
        self._remarks: list[str] = []

    def read(self) -> Supply:
        """The sources: imports by capacity, then domestic, then recycled."""
        offers = [*self._imports(), *self._at_home()]
        sources, figures = [], []
        for offer in offers:
            source, fields = self._source(offer)
            sources.append(source)
            figures += fields
        deposits, deposit_figures = self._deposits(offers)
        return Supply(tuple(sources), tuple(deposits), (*figures, *deposit_figures), tuple(self._remarks))

    def price(self) -> Traced:
        """The price of the last full year, USD/t."""
        return self._figures.price(self._material).figure

    def price_path(self) -> tuple[Traced, ...]:
        """The price of each year to plan, USD/t: one value for all where it does not grow."""
        price, growth = self.price(), self._take("price.growth_per_year")
        if growth.value == 0:
            return (derive(price.value, "flat: growth 0", price, growth),)
        base = self._figures.price(self._material).year
        return tuple(
            derive(price.value * (1 + growth.value) ** (year - base), "price × (1 + growth)^years", price, growth)
            for year in self._years
        )

    def _imports(self) -> list[_Offer]:
        delivered = self._delivered_today()
        produced = self._produced()
        least = self._negligible()
        capacities = {
            country: self._capacity(country, produced.get(country), delivered.get(country))
            for country in {**delivered, **produced}
            if country not in self._figures.home
        }
        kept = [(c, capacity) for c, capacity in capacities.items() if capacity.value > least]
        kept.sort(key=lambda item: (-item[1].value, item[0]))
        return [_Offer(country, SourceKind.IMPORT, capacity) for country, capacity in kept]

    def _delivered_today(self) -> dict[str, Traced]:
        """Tonnes that each country delivers to the buyer now: its share of imports × imports."""
        imports = self._imports_of_buyer()
        suppliers = self._figures.suppliers(self._material)
        unnamed = sum(supplier.share.value for supplier in suppliers if supplier.country is None)
        if unnamed > 0:
            self._remarks.append(
                f"{self._material}: {unnamed:.0%} of the imports come from countries the data do not name; they "
                f"stand as one source of country {UNNAMED_COUNTRIES}, which no disruption of a country hits"
            )
        return {
            supplier.country or UNNAMED_COUNTRIES: derive(
                supplier.share.value * imports.value, "share of imports × imports", supplier.share, imports
            )
            for supplier in suppliers
        }

    def _imports_of_buyer(self) -> Traced:
        """Imports of the last year, tonnes; where they are not published, the demand less what is produced at home."""
        if self._figures.imports(self._material) is None:
            self._remarks.append(imports_are_the_rest(self._material))
        return self._figures.imports_or_rest(self._material, self._demand)

    def _produced(self) -> Mapping[str, Traced]:
        """Tonnes that each named country produces at the stage that supplies the planned form."""
        table = self._catalog.production(self._material)
        return {row.iso3: Traced.read(row.figure) for row in table.rows if row.iso3 is not None}

    def _capacity(self, country: str, produced: Traced | None, delivered: Traced | None) -> Traced:
        offers = []
        if produced is not None:
            share = self._defaults.take("capacity.share_of_output", self._material)
            offers.append(
                derive(share.value * produced.value, "share of output × output of the country", share, produced)
            )
        if delivered is not None:
            growth = self._defaults.take("capacity.growth_over_current_imports", self._material)
            text = "growth × share of imports × imports"
            offers.append(derive(growth.value * delivered.value, text, growth, delivered))
        best = max(offers, key=lambda offer: offer.value)
        if len(offers) == 1:
            return best
        return derive(best.value, f"larger of: {'; '.join(o.derivation for o in offers)}", *offers)

    def _at_home(self) -> Iterator[_Offer]:
        several = len(self._figures.home) > 1
        for output in self._figures.production(self._material):
            if output.figure.value > (self._negligible() if several else 0.0):
                yield _Offer(output.country, SourceKind.DOMESTIC, output.figure, output.from_its_reserves)
        recycled = self._figures.recycled(self._material)
        if recycled is not None and recycled.figure.value > 0:
            country = BLOC_AS_A_COUNTRY if several else self._figures.buyer
            yield _Offer(country, SourceKind.RECYCLED, recycled.figure, from_its_reserves=False)

    def _negligible(self) -> float:
        """Tonnes a year below which a country is no source."""
        return NEGLIGIBLE_SHARE_OF_DEMAND * self._demand.value

    def _source(self, offer: _Offer) -> tuple[Source, list[TracedField]]:
        name = f"{self._material}/{offer.country}"
        source_id = name if offer.kind is SourceKind.IMPORT else f"{name}/{offer.kind.value.lower()}"
        spot_share = self._take("spot.share_of_capacity")
        spot = derive(spot_share.value * offer.capacity.value, "spot share × capacity", spot_share, offer.capacity)
        fee_share = self._take("contract.fee_share_of_price")
        fee = derive(fee_share.value * self.price().value, "share × price", fee_share, self.price())
        prices = self.price_path()
        figures = {
            "tariff_rate": (self._tariff(offer.kind), "1"),
            "freight_usd_per_tonne": (self._freight(offer), "USD/t"),
            "capacity_tonnes": (offer.capacity, "t"),
            "spot_capacity_tonnes": (spot, "t"),
            "spot_premium": (self._take("spot.premium"), "1"),
            "risk": (self._risk(offer), "1"),
            "take_or_pay": (self._take("contract.take_or_pay"), "1"),
            "lead_periods": (self._lead(), "periods"),
            "reservation_fee_usd_per_tonne": (fee, "USD/t"),
        }
        value = {field: traced.value for field, (traced, _) in figures.items()}
        source = Source(
            source_id=source_id,
            material_id=self._material,
            country=offer.country,
            kind=offer.kind,
            unit_price_usd_per_tonne=tuple(price.value for price in prices),
            tariff_rate=(value["tariff_rate"],),
            freight_usd_per_tonne=value["freight_usd_per_tonne"],
            capacity_tonnes=(value["capacity_tonnes"],),
            spot_capacity_tonnes=(value["spot_capacity_tonnes"],),
            spot_premium=value["spot_premium"],
            risk=value["risk"],
            take_or_pay=value["take_or_pay"],
            lead_periods=int(value["lead_periods"]),
            reservation_fee_usd_per_tonne=value["reservation_fee_usd_per_tonne"],
        )
        path = f"sources[{source_id}].unit_price_usd_per_tonne"
        paid = tuple(price.value for price in prices)
        fields = [TracedField(path, paid, "USD/t", prices[0].derivation, prices[0].origins)]
        fields += [
            TracedField(f"sources[{source_id}].{field}", (traced.value,), unit, traced.derivation, traced.origins)
            for field, (traced, unit) in figures.items()
        ]
        return source, fields

    def _take(self, default_id: str) -> Traced:
        return self._defaults.take(default_id, self._material)

    def _lead(self) -> Traced:
        years = self._take("contract.lead_years")
        return derive(float(math.ceil(years.value)), "years, rounded up to whole periods", years)

    def _tariff(self, kind: SourceKind) -> Traced:
        return self._take("tariff.rate") if kind is SourceKind.IMPORT else Traced(0.0, (), "no duty at home")

    def _freight(self, offer: _Offer) -> Traced:
        if offer.kind is not SourceKind.IMPORT:
            return Traced(0.0, (), "the price is that at home")
        rate = self._take("freight.usd_per_tonne_km")
        if offer.country == UNNAMED_COUNTRIES:
            taken = self._take("freight.unnamed_km")
            return derive(rate.value * taken.value, "rate × distance", rate, taken)
        distance = self._figures.distance(offer.country, self._material)
        if distance is None:
            self._remarks.append(f"{self._material}: no distance from {offer.country} is known; freight taken as 0")
            return Traced(0.0, rate.origins, "no distance is known")
        return derive(rate.value * distance.value, "rate × distance", rate, distance)

    def _risk(self, offer: _Offer) -> Traced:
        risk, remarks = self._risks.of(self._material, offer.country, offer.kind)
        self._remarks += [f"{self._material}, {offer.country}: {remark}" for remark in remarks]
        return risk

    def _deposits(self, offers: list[_Offer]) -> tuple[list[Deposit], list[TracedField]]:
        """The buyer's part of each country's reserves, where mining is what supplies the planned form."""
        if self._catalog.mineral(self._material).supply_stage is not Stage.MINING:
            return [], []
        produced = self._produced()
        by_country = {row.iso3: Traced.read(row.figure) for row in self._catalog.reserves(self._material) if row.iso3}
        deposits, figures = [], []
        for offer in offers:
            reserves = by_country.get(offer.country)
            if reserves is None or reserves.value <= 0 or not offer.from_its_reserves:
                continue
            left = self._reserves_for_buyer(offer, reserves, produced.get(offer.country))
            source_id = f"{self._material}/{offer.country}"
            if offer.kind is SourceKind.DOMESTIC:
                source_id += "/domestic"
            deposit = Deposit(f"{source_id}/reserves", (source_id,), left.value)
            path = f"deposits[{deposit.deposit_id}].reserves_tonnes"
            deposits.append(deposit)
            figures.append(TracedField(path, (left.value,), "t", left.derivation, left.origins))
        return deposits, figures

    def _reserves_for_buyer(self, offer: _Offer, reserves: Traced, produced: Traced | None) -> Traced:
        if offer.kind is SourceKind.DOMESTIC:
            return reserves
        share = self._take("reserves.share_for_buyer")
        parts = [share, reserves]
        part = share.value
        if produced is not None and produced.value > 0:
            part = min(1.0, max(part, offer.capacity.value / produced.value))
            parts += [offer.capacity, produced]
        return derive(
            part * reserves.value, "the larger of the default share and capacity / output, × reserves", *parts
        )
