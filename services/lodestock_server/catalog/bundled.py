"""The catalog of the data packages that ship with the server."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

from lodestock_server.catalog.errors import (
    MissingFigureError,
    UnknownBuyerError,
    UnknownCountryError,
    UnknownMineralError,
)
from lodestock_server.catalog.figures import (
    Country,
    CountryFigure,
    CountryTable,
    Figure,
    Governance,
    Mineral,
    Observation,
    Stage,
    Statistic,
)
from lodestock_server.catalog.packages import DataPackage, DatasetInfo, Record, bundled_packages

_BUYERS = ("USA",)
_WGI_COLUMNS = (
    "control_of_corruption",
    "government_effectiveness",
    "political_stability",
    "regulatory_quality",
    "rule_of_law",
    "voice_and_accountability",
)


class BundledCatalog:
    """Answers from the bundled packages; implements `Catalog`. Tables are read and indexed when first needed.

    Args:
        packages: other packages of the same layout; the bundled ones if None.
    """

    def __init__(self, packages: Iterable[DataPackage] | None = None) -> None:
        chosen = bundled_packages() if packages is None else packages
        self._packages = {package.name: package for package in chosen}

    def datasets(self) -> tuple[DatasetInfo, ...]:
        """See `Catalog.datasets`."""
        return tuple(package.info for package in self._packages.values())

    def buyers(self) -> tuple[str, ...]:
        """See `Catalog.buyers`."""
        return _BUYERS

    def minerals(self) -> tuple[Mineral, ...]:
        """See `Catalog.minerals`."""
        return tuple(self._minerals[key] for key in sorted(self._minerals))

    def mineral(self, mineral: str) -> Mineral:
        """See `Catalog.mineral`."""
        if mineral not in self._minerals:
            left_out = {row["mineral"]: row["reason"] for row in self._rows("minerals", "excluded")}
            reason = left_out.get(mineral.replace("-", " ").lower(), "")
            raise UnknownMineralError(mineral, sorted(self._minerals), reason)
        return self._minerals[mineral]

    def statistic(self, buyer: str, mineral: str, statistic: Statistic) -> tuple[Observation, ...]:
        """See `Catalog.statistic`."""
        self._check_buyer(buyer)
        rows = self._us_statistics.get((self.mineral(mineral).id, statistic.value), ())
        return tuple(_observation(row, "tonnes") for row in rows)

    def consumption(self, buyer: str, mineral: str) -> tuple[Observation, ...]:
        """See `Catalog.consumption`."""
        return self.statistic(buyer, mineral, Statistic.CONSUMPTION)

    def domestic_production(self, buyer: str, mineral: str) -> Observation | None:
        """See `Catalog.domestic_production`."""
        statistic = self.mineral(mineral).domestic_statistic
        observed = self.statistic(buyer, mineral, statistic) if statistic else ()
        return observed[-1] if observed else None

    def recycled_production(self, buyer: str, mineral: str) -> Observation | None:
        """See `Catalog.recycled_production`."""
        observed = self.statistic(buyer, mineral, Statistic.PRODUCTION_SECONDARY)
        return observed[-1] if observed and self.mineral(mineral).secondary_supplies else None

    def import_sources(self, buyer: str, mineral: str, form: str | None = None) -> tuple[CountryFigure, ...]:
        """See `Catalog.import_sources`."""
        self._check_buyer(buyer)
        known = self.mineral(mineral)
        wanted = known.import_form if form is None else form
        rows = self._import_sources.get((known.id, wanted), ())
        if not rows:
            forms = sorted(key[1] for key in self._import_sources if key[0] == known.id)
            raise MissingFigureError(f"import sources of {known.id} in the form {wanted!r}", forms)
        return _by_country(rows, "share")

    def production_years(self, mineral: str, stage: Stage | None = None) -> tuple[int, ...]:
        """See `Catalog.production_years`."""
        known = self.mineral(mineral)
        wanted = (known.id, (stage or known.supply_stage).value)
        return tuple(sorted(int(key[2]) for key in self._production if key[:2] == wanted))

    def production(self, mineral: str, stage: Stage | None = None, year: int | None = None) -> CountryTable:
        """See `Catalog.production`."""
        known = self.mineral(mineral)
        wanted_stage = stage or known.supply_stage
        years = self.production_years(mineral, wanted_stage)
        wanted_year = year if year is not None or not years else years[-1]
        if wanted_year not in years:
            raise MissingFigureError(f"{wanted_stage} of {known.id} in {wanted_year or 'any year'}", years)
        rows = self._production[(known.id, wanted_stage.value, str(wanted_year))]
        return CountryTable(wanted_stage, str(wanted_year), rows[0]["basis"], _by_country(rows, "tonnes"))

    def refining(self, mineral: str) -> CountryTable:
        """See `Catalog.refining`."""
        known = self.mineral(mineral)
        if self.production_years(mineral, Stage.REFINING):
            return self.production(mineral, Stage.REFINING)
        shares = self._processing_shares.get((known.id,), ())
        if shares:
            basis = f"share of world processing, {shares[0]['upstream_material'].lower()}"
            return CountryTable(Stage.REFINING, shares[0]["period"], basis, _by_country(shares, "share"))
        return self.production(mineral, Stage.MINING)

    def reserves(self, mineral: str) -> tuple[CountryFigure, ...]:
        """See `Catalog.reserves`."""
        return _by_country(self._reserves.get((self.mineral(mineral).id,), ()), "tonnes")

    def prices(self, mineral: str) -> tuple[Observation, ...]:
        """See `Catalog.prices`."""
        return tuple(_observation(row, "usd_per_tonne") for row in self._prices[(self.mineral(mineral).id,)])

    def latest_price(self, mineral: str) -> Observation:
        """See `Catalog.latest_price`."""
        return self.prices(mineral)[-1]

    def governance(self, iso3: str, year: int | None = None) -> Governance | None:
        """See `Catalog.governance`."""
        self.country(iso3)
        rows = [row for row in self._wgi.get((iso3,), ()) if year is None or int(row["year"]) == year]
        if not rows:
            return None
        latest = rows[-1]
        estimates = {column: latest.figure(column) for column in _WGI_COLUMNS if latest[column]}
        return Governance(iso3, int(latest["year"]), estimates)

    def trade_parameter(self, mineral: str, iso3: str, stage: Stage | None = None) -> Figure | None:
        """See `Catalog.trade_parameter`."""
        self.country(iso3)
        known = self.mineral(mineral)
        wanted = stage or known.supply_stage
        for candidate in (wanted, *(other for other in Stage if other is not wanted and stage is None)):
            listed = self._trade_parameters.get((known.id, candidate.value), ())
            if listed:
                return next((row.figure("t") for row in listed if row["iso3"] == iso3), None)
        return None

    def eol_recycling_input_rate(self, mineral: str) -> Figure | None:
        """See `Catalog.eol_recycling_input_rate`."""
        known = self.mineral(mineral).id
        rows = self._rows("recycling", "recycling")
        return next((row.figure("eol_rir") for row in rows if row["mineral"] == known), None)

    def country(self, iso3: str) -> Country:
        """See `Catalog.country`."""
        if iso3 not in self._countries:
            raise UnknownCountryError(iso3)
        return self._countries[iso3]

    def distance(self, iso3: str, buyer: str) -> Figure | None:
        """See `Catalog.distance`."""
        self._check_buyer(buyer)
        self.country(iso3)
        rows = self._distances.get((iso3, buyer), ())
        return rows[0].figure("population_weighted_km") if rows else None

    def _check_buyer(self, buyer: str) -> None:
        if buyer not in _BUYERS:
            raise UnknownBuyerError(buyer, _BUYERS)

    def _rows(self, package: str, resource: str) -> tuple[Record, ...]:
        return self._packages[package].table(resource)

    def _indexed(self, package: str, resource: str, *columns: str) -> dict[tuple[str, ...], list[Record]]:
        index: dict[tuple[str, ...], list[Record]] = {}
        for row in self._rows(package, resource):
            index.setdefault(tuple(row[column] for column in columns), []).append(row)
        return index

    @cached_property
    def _minerals(self) -> dict[str, Mineral]:
        return {row["mineral"]: _mineral(row) for row in self._rows("minerals", "minerals")}

    @cached_property
    def _countries(self) -> dict[str, Country]:
        return {row["iso3"]: _country(row) for row in self._rows("geography", "countries")}

    @cached_property
    def _us_statistics(self) -> dict[tuple[str, ...], list[Record]]:
        return self._indexed("us-minerals", "us_statistics", "mineral", "statistic")

    @cached_property
    def _import_sources(self) -> dict[tuple[str, ...], list[Record]]:
        return self._indexed("us-minerals", "import_sources", "mineral", "form")

    @cached_property
    def _production(self) -> dict[tuple[str, ...], list[Record]]:
        return self._indexed("world-supply", "production", "mineral", "stage", "year")

    @cached_property
    def _processing_shares(self) -> dict[tuple[str, ...], list[Record]]:
        return self._indexed("world-supply", "processing_shares", "mineral")

    @cached_property
    def _reserves(self) -> dict[tuple[str, ...], list[Record]]:
        return self._indexed("world-supply", "reserves", "mineral")

    @cached_property
    def _prices(self) -> dict[tuple[str, ...], list[Record]]:
        return self._indexed("prices", "prices", "mineral")

    @cached_property
    def _wgi(self) -> dict[tuple[str, ...], list[Record]]:
        return self._indexed("governance", "wgi", "iso3")

    @cached_property
    def _trade_parameters(self) -> dict[tuple[str, ...], list[Record]]:
        return self._indexed("trade-restrictions", "trade_parameters", "mineral", "stage")

    @cached_property
    def _distances(self) -> dict[tuple[str, ...], list[Record]]:
        return self._indexed("geography", "distances", "iso3", "to_iso3")


def _observation(row: Record, column: str) -> Observation:
    return Observation(int(row["year"]), row.figure(column))


def _by_country(rows: Iterable[Record], column: str) -> tuple[CountryFigure, ...]:
    figures = (CountryFigure(row["iso3"] or None, row["country"], row.figure(column)) for row in rows)
    return tuple(sorted(figures, key=lambda item: (item.iso3 is None, -item.figure.value, item.country)))


def _mineral(row: Record) -> Mineral:
    return Mineral(
        id=row["mineral"],
        name=row["name"],
        symbol=row["symbol"],
        form=row["form"],
        content=row["content"],
        hs6=row["hs6"],
        supply_stage=Stage(row["supply_stage"]),
        import_form=row["import_form"],
        consumption_kind=row["consumption_kind"],
        domestic_statistic=Statistic(row["domestic_statistic"]) if row["domestic_statistic"] else None,
        domestic_note=row["domestic_note"],
        secondary_supplies=row["secondary_supplies"] == "true",
        price_fit=row["price_fit"],
        price_note=row["price_note"],
        note=row["note"],
        gaps=row["gaps"],
        origin=row.origin("mineral"),
    )


def _country(row: Record) -> Country:
    landlocked = {"true": True, "false": False}.get(row["landlocked"])
    return Country(row["iso3"], row["name"], row["eu27"] == "true", landlocked)
