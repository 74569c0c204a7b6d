"""What the minerals are: their traded form and judgements, names, forms and tariff headings."""

from __future__ import annotations

from collections.abc import Iterator

from data_tables.raw import MAPPING, Minerals, RawTables, Row, read_rows


def mineral_rows(raw: RawTables, minerals: Minerals) -> Iterator[Row]:
    copied = ("name", "symbol", "form", "content", "hs6", "supply_stage", "import_form", "domestic_note")
    for mineral, spec in minerals.items():
        statistics = spec.get("us", {})
        yield {
            "mineral": mineral,
            **{field: spec[field] for field in (*copied, "price_fit", "price_note", "note", "gaps")},
            "consumption_kind": statistics.get("consumption", {}).get("kind", ""),
            "domestic_statistic": spec["domestic"],
            "secondary_supplies": "true" if "production_secondary" in statistics else "false",
            "source_id": "LODESTOCK",
        }


def excluded(raw: RawTables, minerals: Minerals) -> Iterator[Row]:
    yield from ({**row, "source_id": "LODESTOCK"} for row in read_rows(MAPPING / "excluded.csv"))
