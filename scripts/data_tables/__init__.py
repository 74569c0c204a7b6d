"""The tables of the data packages, made from the raw tables: selection and conversion of units, nothing else.

`TABLES` maps each resource of data_mapping/packages.toml, as package/resource, to the function that yields its rows.
Every function takes the raw tables and the mapping of the minerals, stops with a message where the mapping matches
nothing or two editions contradict each other, and fills nothing in. The modules are cut by subject.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from data_tables import (
    drivers,
    europe,
    forms,
    geography,
    minerals,
    naming,
    prices,
    published,
    risk,
    technology,
    trade,
    us,
    world,
)
from data_tables.raw import MAPPING, Minerals, RawTables, Row, declared_minerals

__all__ = ["MAPPING", "TABLES", "Minerals", "RawTables", "Row", "declared_minerals"]

Table = Callable[[RawTables, Minerals], Iterable[Row]]

TABLES: dict[str, Table] = {
    "minerals/minerals": minerals.mineral_rows,
    "minerals/names": naming.names,
    "minerals/forms": forms.forms,
    "minerals/hs_codes": forms.hs_codes,
    "minerals/excluded": minerals.excluded,
    "us_minerals/us_statistics": us.us_statistics,
    "us_minerals/import_sources": us.import_sources,
    "eu_minerals/sourcing_shares": europe.sourcing_shares,
    "world_supply/production": world.production,
    "world_supply/processing_shares": world.processing_shares,
    "world_supply/reserves": world.reserves,
    "prices/prices": prices.prices,
    "governance/wgi": risk.wgi,
    "governance/wgi_percentiles": risk.wgi_percentiles,
    "trade_restrictions/trade_parameters": risk.trade_parameters,
    "recycling/recycling": risk.recycling,
    "geography/countries": geography.countries,
    "geography/distances": geography.distances,
    "eu_supply_risk_2017/eu_supply_risk_2017": risk.eu_supply_risk_2017,
    "eu_criticality/scores": europe.criticality_scores,
    "eu_criticality/world_shares": europe.world_shares,
    "eu_criticality/trade_parameters": europe.all_trade_parameters,
    "eu_criticality/recycling_rates": europe.recycling_rates,
    "material_use/use_shares": europe.use_shares,
    "trade_flows/headings": trade.headings,
    "trade_flows/flows": trade.flows,
    "trade_flows/windows": trade.windows,
    **technology.TECHNOLOGY_TABLES,
    **published.PUBLISHED_TABLES,
    **{f"drivers/{name}": table for name, table in drivers.DRIVER_TABLES.items()},
}
