"""Bilateral trade in gross product weight: year by year for some countries, in windows of three years for all."""

from __future__ import annotations

from collections.abc import Iterator

from data_tables.naming import material_id
from data_tables.raw import Minerals, RawTables, Row, as_number


def headings(raw: RawTables, minerals: Minerals) -> Iterator[Row]:
    """What each heading of the flows holds."""
    found = {}
    for table in ("trade", "trade_windows"):
        for row in raw[table]:
            found[row["hs6"], row["source"]] = {
                "hs_code": row["hs6"],
                "mineral": material_id(row["mineral"]),
                "product": row["product"],
                "source_id": row["source"],
            }
    yield from (found[key] for key in sorted(found))


def flows(raw: RawTables, minerals: Minerals) -> Iterator[Row]:
    for row in sorted(raw["trade"], key=lambda r: (r["hs6"], r["exporter_iso3"], r["importer_iso3"], r["year"])):
        yield {
            "hs_code": row["hs6"],
            "iso3": row["exporter_iso3"],
            "to_iso3": row["importer_iso3"],
            "year": row["year"],
            "tonnes": as_number(row["quantity_t"]),
            "thousand_usd": as_number(row["value_kusd"]),
            "source_id": row["source"],
        }


def windows(raw: RawTables, minerals: Minerals) -> Iterator[Row]:
    keys = ("hs6", "exporter_iso3", "importer_iso3", "period_start")
    for row in sorted(raw["trade_windows"], key=lambda r: tuple(r[key] for key in keys)):
        yield {
            "hs_code": row["hs6"],
            "iso3": row["exporter_iso3"],
            "to_iso3": row["importer_iso3"],
            "period": f"{row['period_start']}-{row['period_end']}",
            "tonnes": as_number(row["quantity_t_sum"]),
            "source_id": row["source"],
        }
