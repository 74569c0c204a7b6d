"""Governance, political instability and trade parameter of a country, as the catalog has them."""

from __future__ import annotations

from dataclasses import dataclass

from lodestock_optimizers.risk import effective_trade_parameter, governance_score, political_instability
from lodestock_server.catalog import (
    Catalog,
    Figure,
    Stage,
    UnknownBuyerError,
    UnknownCountryError,
    UnknownMineralError,
)
from lodestock_server.usecases.buyers import BLOC_AS_A_COUNTRY


@dataclass(frozen=True, slots=True)
class CountryRisk:
    """W and g (None: no estimates) and t for one buyer, each with the figures it rests on."""

    governance: float | None
    governance_figures: tuple[Figure, ...]
    trade_parameter: float
    trade_figure: Figure | None
    political_instability: float | None = None
    stability_figure: Figure | None = None


STABILITY = "political_stability"


class CountryRisks:
    """Reads a country's figures from a catalog."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    def of(self, country: str, material: str, buyer: str, stage: Stage | None = None) -> CountryRisk:
        """Governance and instability of a country, and its trade parameter for a material as it holds for a buyer.

        Args:
            country: ISO 3166-1 alpha-3, or the bloc as a country.
            material: Id of a mineral, or the caller's own name of a material.
            buyer: ISO 3166-1 alpha-3 or "EU27".
            stage: The stage of what is traded, since exports of ore and of metal are restricted apart. None: that which
                supplies the planned form.

        Raises:
            UnknownCountryError: No such code.
        """
        if country == BLOC_AS_A_COUNTRY:
            return CountryRisk(None, (), 1.0, None)
        known = self._catalog.governance(country)
        estimates = dict(known.estimates) if known else {}
        score = governance_score({name: figure.value for name, figure in estimates.items()}) if estimates else None
        stability = estimates.get(STABILITY)
        trade_figure = self._trade_figure(material, country, stage)
        return CountryRisk(
            governance=score.value if score else None,
            governance_figures=tuple(estimates.values()),
            trade_parameter=effective_trade_parameter(
                trade_figure.value if trade_figure else None, self._in_eu(country), self._buys_in_eu(buyer)
            ),
            trade_figure=trade_figure,
            political_instability=None if stability is None else political_instability(stability.value),
            stability_figure=stability,
        )

    def home(self, buyer: str) -> frozenset[str]:
        """The codes that are at home for a buyer: the countries that it is made of, and a bloc as a whole."""
        try:
            countries = frozenset(self._catalog.bloc(buyer))
        except UnknownBuyerError:
            return frozenset((buyer,))
        return countries | {BLOC_AS_A_COUNTRY} if len(countries) > 1 else countries

    def _trade_figure(self, material: str, country: str, stage: Stage | None) -> Figure | None:
        try:
            # Asked for the supply stage by name, the catalog lets no other stand in where that has no table.
            supplies = stage is None or stage is self._catalog.mineral(material).supply_stage
            return self._catalog.trade_parameter(material, country, None if supplies else stage)
        except UnknownMineralError:
            return None  # A material of the caller's own.

    def _buys_in_eu(self, buyer: str) -> bool:
        return all(self._in_eu(country) for country in self.home(buyer) - {BLOC_AS_A_COUNTRY})

    def _in_eu(self, country: str) -> bool:
        try:
            return self._catalog.country(country).eu27
        except UnknownCountryError:
            return False
