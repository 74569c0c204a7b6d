"""Inputs of the risk measures: governance, trade parameters, recycling rates, and published results of the EU."""

from __future__ import annotations

from collections.abc import Iterator

from data_tables.raw import Minerals, RawTables, Row
from lodestock_server.catalog.countries import WGI_COLUMNS

# Stages of the European Commission's tables; it has no mining rows for metals won as by-products.
EC_STAGE = {"extraction": "mining", "processing": "refining"}


def governance(raw: RawTables, kind: str) -> Iterator[Row]:
    years: dict[tuple[str, str], Row] = {}
    dimensions = {f"wgi_{dimension}_{kind}": dimension for dimension in WGI_COLUMNS}
    for row in raw["governance"]:
        if row["indicator"] in dimensions and row["value"]:
            key = (row["country_iso3"], row["year"])
            fresh = {"iso3": key[0], "year": key[1], **dict.fromkeys(WGI_COLUMNS, ""), "source_id": row["source"]}
            years.setdefault(key, fresh)[dimensions[row["indicator"]]] = row["value"]
    yield from (years[key] for key in sorted(years))


def wgi(raw: RawTables, minerals: Minerals) -> Iterator[Row]:
    yield from governance(raw, "estimate")


def wgi_percentiles(raw: RawTables, minerals: Minerals) -> Iterator[Row]:
    yield from governance(raw, "percentile")


def trade_parameters(raw: RawTables, minerals: Minerals) -> Iterator[Row]:
    for mineral, spec in minerals.items():
        for row in raw["restrictions"]:
            if row["material"] == spec["trade_parameter"]:
                yield {
                    "mineral": mineral,
                    "stage": EC_STAGE[row["stage"]],
                    "iso3": row["country_iso3"],
                    "t": row["value"],
                    "period": row["period"],
                    "upstream_material": row["material"],
                    "source_id": "EC_CRM2023_EU_sourcing"
                    if "EU_sourcing" in row["source"]
                    else "EC_CRM2023_global_supply",
                }


def recycling(raw: RawTables, minerals: Minerals) -> Iterator[Row]:
    for mineral, spec in minerals.items():
        for row in raw["recycling"]:
            if row["material"] == spec["recycling"]:
                yield {
                    "mineral": mineral,
                    "eol_rir": row["eol_rir"],
                    "upstream_material": row["material"],
                    "source_id": row["source_id"],
                }


def eu_supply_risk_2017(raw: RawTables, minerals: Minerals) -> Iterator[Row]:
    yield from ({**row, "source_id": "EC_CRM_STUDY_2017"} for row in raw["eu_supply_risk_2017"])
