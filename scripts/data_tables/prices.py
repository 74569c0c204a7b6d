"""Annual prices in USD per tonne of content: one chosen series per mineral."""

from __future__ import annotations

from collections.abc import Iterator

from data_tables.raw import Minerals, RawTables, Row, joined, number
from lodestock_server.units import usd_per_tonne

FIRST_PRICE_YEAR = 2000


def corrected_units(minerals: Minerals) -> dict[tuple[str, str, str], str]:
    """The units of series that the raw table mislabels, by source, name and series: declared with a mineral's price."""
    return {
        (series["source"], series["name"], series["series"]): spec["price"]["unit"]
        for spec in minerals.values()
        if "unit" in spec["price"]
        for series in spec["price"]["series"]
    }


def correction(label: str, unit: str) -> str:
    """What the flag of a figure says whose unit is not what the raw table says."""
    return "" if unit == label else f"unit label {label!r} corrected"


def prices(raw: RawTables, minerals: Minerals) -> Iterator[Row]:
    units = corrected_units(minerals)
    for mineral, spec in minerals.items():
        rule = spec["price"]
        chosen: dict[int, Row] = {}
        for series in rule["series"]:
            wanted = (series["source"], series["name"], series["series"])
            for row in raw["prices_annual"]:
                year = int(row["year"])
                if (row["source_id"], row["mineral"], row["series"]) != wanted or year in chosen:
                    continue
                if not row["value"] or year < rule.get("first_year", FIRST_PRICE_YEAR) or "months only" in row["flag"]:
                    continue
                unit = units.get(wanted, row["unit"])
                chosen[year] = {
                    "mineral": mineral,
                    "year": row["year"],
                    "usd_per_tonne": number(usd_per_tonne(float(row["value"]), unit) / rule["content"]),
                    "flag": joined(row["flag"], correction(row["unit"], unit)),
                    "series": row["series"] or "price",
                    "upstream_value": row["value"],
                    "upstream_unit": unit,
                    "content": number(rule["content"]),
                    "source_id": row["source_id"],
                }
        if not chosen:
            raise SystemExit(f"{mineral}: no price")
        yield from (chosen[year] for year in sorted(chosen))
