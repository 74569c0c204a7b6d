"""From whom a material can be had: the sources of a problem, each figure with its origin.

A country is an import source where it supplies the buyer today or produces the material at all; the buyer's own output
and its scrap are sources too. What a country can deliver is the larger of a share of its output and what it delivers
today with room for growth.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from lodestock_optimizers.problem import Deposit, Source, SourceKind
from lodestock_server.catalog import Catalog, Figure, Stage, Statistic
from lodestock_server.usecases.defaults import DefaultsBook
from lodestock_server.usecases.origins import Traced, TracedField, derive
from lodestock_server.usecases.source_risks import SourceRisks

UNNAMED_COUNTRIES = "ZZZ"
"""The suppliers that a source sums up as other countries, by a code that ISO 3166-1 leaves to its users."""

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
    landed = [
        unit * (1 + source.tariff_rate[0]) + source.freight_usd_per_tonne
        for source in supply.sources
        for unit in source.unit_price_usd_per_tonne
    ]
    return derive(max(landed, default=0.0), "price × (1 + tariff) + freight of the dearest source", price)


@dataclass(frozen=True, slots=True)
class _Offer:
    country: str
    kind: SourceKind
    capacity: Traced


class SupplyReader:
    """Reads the supply of one material for a buyer.

    Args:
        catalog: The figures.
        defaults: What stands in for those that are missing.
        buyer: ISO 3166-1 alpha-3.
        material: Id of the mineral.
        yearly_demand: The buyer's last known yearly demand.
        risks: What gives the risk of each source.
        years: The years to plan.
    """

    def __init__(
        self,
        catalog: Catalog,
        defaults: DefaultsBook,
        buyer: str,
        material: str,
        yearly_demand: Figure,
        risks: SourceRisks,
        years: range,
    ) -> None:
        self._catalog, self._defaults = catalog, defaults
        self._buyer, self._material = buyer, material
        self._demand = Traced.read(yearly_demand)
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
        return Traced.read(self._catalog.latest_price(self._material).figure)

    def price_path(self) -> tuple[Traced, ...]:
        """The price of each year to plan, USD/t: one value for all where it does not grow."""
        price, growth = self.price(), self._take("price.growth_per_year")
        if growth.value == 0:
            return (derive(price.value, "flat: growth 0", price, growth),)
        base = self._catalog.latest_price(self._material).year
        return tuple(
            derive(price.value * (1 + growth.value) ** (year - base), "price × (1 + growth)^years", price, growth)
            for year in self._years
        )

    def _imports(self) -> list[_Offer]:
        delivered = self._delivered_today()
        produced = self._produced()
        least = NEGLIGIBLE_SHARE_OF_DEMAND * self._demand.value
        capacities = {
            country: self._capacity(country, produced.get(country), delivered.get(country))
            for country in {**delivered, **produced}
            if country != self._buyer
        }
        kept = [(c, capacity) for c, capacity in capacities.items() if capacity.value > least]
        kept.sort(key=lambda item: (-item[1].value, item[0]))
        return [_Offer(country, SourceKind.IMPORT, capacity) for country, capacity in kept]

    def _delivered_today(self) -> dict[str, Traced]:
        """Tonnes that each country delivers to the buyer now: its share of imports × imports."""
        imports = self._imports_of_buyer()
        shares = self._catalog.import_sources(self._buyer, self._material)
        unnamed = sum(share.figure.value for share in shares if share.iso3 is None)
        if unnamed > 0:
            self._remarks.append(
                f"{self._material}: {unnamed:.0%} of the imports come from countries the data do not name; they "
                f"stand as one source of country {UNNAMED_COUNTRIES}, which no disruption of a country hits"
            )
        return {
            share.iso3 or UNNAMED_COUNTRIES: derive(
                share.figure.value * imports.value, "share of imports × imports", Traced.read(share.figure), imports
            )
            for share in shares
        }

    def _imports_of_buyer(self) -> Traced:
        """Imports of the last year, tonnes; where they are not published, the demand less what is produced at home."""
        observed = self._catalog.statistic(self._buyer, self._material, Statistic.IMPORTS)
        if observed:
            return Traced.read(observed[-1].figure)
        at_home = [offer.capacity for offer in self._at_home()]
        needed = max(0.0, self._demand.value - sum(part.value for part in at_home))
        self._remarks.append(f"{self._material}: imports are not published; taken as demand less production at home")
        return derive(needed, "demand − production at home", self._demand, *at_home)

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
        domestic = self._catalog.domestic_production(self._buyer, self._material)
        recycled = self._catalog.recycled_production(self._buyer, self._material)
        for kind, observed in ((SourceKind.DOMESTIC, domestic), (SourceKind.RECYCLED, recycled)):
            if observed is not None and observed.figure.value > 0:
                yield _Offer(self._buyer, kind, Traced.read(observed.figure))

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
            distance = self._take("freight.unnamed_km")
            return derive(rate.value * distance.value, "rate × distance", rate, distance)
        known = self._catalog.distance(offer.country, self._buyer)
        if known is None:
            self._remarks.append(f"{self._material}: no distance from {offer.country} is known; freight taken as 0")
            return Traced(0.0, rate.origins, "no distance is known")
        return derive(rate.value * known.value, "rate × distance", rate, Traced.read(known))

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
            if reserves is None or reserves.value <= 0 or offer.kind is SourceKind.RECYCLED:
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
