"""Codes that stand where a country's code is asked for."""

from __future__ import annotations

from lodestock_server.catalog import Catalog

UNNAMED_COUNTRIES = "ZZZ"
"""The suppliers that a source sums up as other countries, by a code that ISO 3166-1 leaves to its users."""

BLOC_AS_A_COUNTRY = "EUE"
"""The European Union as a whole, where a source of it is no single member's; ISO 3166 keeps the code free for it."""


def known_countries(catalog: Catalog) -> frozenset[str]:
    """Codes that sources, rules and scenarios may name."""
    return frozenset(country.iso3 for country in catalog.countries()) | {UNNAMED_COUNTRIES, BLOC_AS_A_COUNTRY}
