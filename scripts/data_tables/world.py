"""Tables of world supply on the basis of each mineral: output, processing shares and reserves by country."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from data_tables.raw import Minerals, RawTables, Row, joined, number
from lodestock_server.units import tonnes


def printed_first(row: Row, editions: list[dict[str, Any]]) -> bool:
    """Whether a row is of the first edition listed for its year; an edition names its source, basis and years."""
    chosen = next((edition for edition in editions if int(row["year"]) in edition["years"]), None)
    return chosen is not None and (row["source_id"], row["basis"]) == (chosen["source"], chosen["basis"])


def production_rows(raw: RawTables, rule: dict[str, Any]) -> Iterator[Row]:
    """Raw rows of one production rule, world totals and empty figures left out."""
    table = {"panel": "production_panel", "production": "production", "iea": "iea_supply"}[rule["table"]]
    for row in raw[table]:
        if (
            row["mineral"] != rule["name"]
            or row["stage"] != rule["stage"]
            or row["country_iso3"] == "WLD"
            or not row["value"]
        ):
            continue
        if "source" in rule and (row["source_id"], row["basis"]) != (rule["source"], rule["basis"]):
            continue
        if "editions" in rule and not printed_first(row, rule["editions"]):
            continue
        if rule["table"] == "iea" and row["year"] != "2024":
            continue  # later years are projections
        yield row


def production(raw: RawTables, minerals: Minerals) -> Iterator[Row]:
    for mineral, spec in minerals.items():
        for rule in spec["production"]:
            factor = rule.get("factor", 1.0)
            for row in production_rows(raw, rule):
                unnamed = row["country_iso3"] == ""
                yield {
                    "mineral": mineral,
                    "stage": rule["as"],
                    "year": row["year"],
                    "iso3": row["country_iso3"],
                    "country": "Other countries" if unnamed else row["country"],
                    "tonnes": number(tonnes(float(row["value"]), row["unit"]) * factor),
                    "basis": joined(rule.get("basis_note", row.get("basis", "")), f"x {factor}" if factor != 1 else ""),
                    "flag": row.get("flag", ""),
                    "source_id": row["source_id"],
                }


def processing_shares(raw: RawTables, minerals: Minerals) -> Iterator[Row]:
    for mineral, spec in minerals.items():
        for row in raw["supply_shares"]:
            wanted = (spec.get("ec_shares"), "processing", "EC_CRM2023_global_supply")
            if (row["material"], row["stage_or_form"], row["source"]) != wanted or row["qualifier"]:
                continue
            yield {
                "mineral": mineral,
                "iso3": row["supplier_iso3"],
                "country": row["supplier_name"],
                "share": number(float(row["share_pct"]) / 100),
                "period": row["period"],
                "upstream_material": row["material"],
                "source_id": row["source"],
            }


def reserves(raw: RawTables, minerals: Minerals) -> Iterator[Row]:
    for mineral, spec in minerals.items():
        if "reserves" not in spec:
            continue
        rule = spec["reserves"]
        for row in raw["reserves"]:
            key = (row["mineral"], row["source_id"], row["basis"])
            if key != (spec.get("raw", mineral), "USGS_MCS2026", rule["basis"]) or row["country_iso3"] == "WLD":
                continue
            if row["value"]:
                yield {
                    "mineral": mineral,
                    "iso3": row["country_iso3"],
                    "country": row["country"],
                    "year": row["year"],
                    "tonnes": number(tonnes(float(row["value"]), row["unit"]) * rule["factor"]),
                    "basis": joined(row["basis"], f"x {rule['factor']}" if rule["factor"] != 1 else ""),
                    "flag": row["flag"],
                    "source_id": row["source_id"],
                }
