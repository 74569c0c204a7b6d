"""Complete tables as they were published, all materials and editions side by side: never sum over source_id.

The packages beside these choose one series per mineral and bring it to one basis; here nothing is chosen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from data_tables.naming import material_id
from data_tables.prices import corrected_units, correction
from data_tables.raw import Minerals, RawTables, Row, as_number, joined, number, numbered
from lodestock_server.units import tonnes, usd_per_tonne

# Words of the raw tables for units that are no mass: gases by volume, prices of things that are not sold by weight.
OTHER_UNITS = {"million m3", "million carats", "million ct"}


def mass(value: str, unit: str) -> str:
    """A figure in tonnes, or empty where the unit is no mass."""
    return number(tonnes(float(value), unit)) if value and unit not in OTHER_UNITS else ""


def in_usd_per_tonne(value: str, unit: str) -> str:
    """A price in USD per tonne of what is priced, or empty where it is sold by volume, by piece or as an index."""
    try:
        return number(usd_per_tonne(float(value), unit)) if value else ""
    except ValueError:
        return ""


def amounts(table: str, keys: tuple[str, ...], masses: bool) -> Callable[[RawTables, Minerals], Iterator[Row]]:
    """Output or reserves by country: those in units of mass, in tonnes, or the others with their unit."""

    def rows_of(raw: RawTables, minerals: Minerals) -> Iterator[Row]:
        rows = []
        for row in raw[table]:
            if not (row["value"] or row["flag"]) or (row["unit"] in OTHER_UNITS) == masses:
                continue  # a remark without a figure ("Large") is kept
            figure = {"tonnes": mass(row["value"], row["unit"])} if masses else {"value": as_number(row["value"])}
            rows.append(
                {
                    "mineral": material_id(row["mineral"]),
                    "upstream_name": row["mineral"],
                    **{key: row[key] for key in keys},
                    "iso3": row["country_iso3"],
                    "country": row["country"] if row["country_iso3"] != "WLD" else "World",
                    "year": row["year"],
                    **figure,
                    **({} if masses else {"unit": row["unit"]}),
                    "flag": row["flag"],
                    "source_id": row["source_id"],
                }
            )
        yield from numbered(rows, ("upstream_name", *keys, "iso3", "country", "year", "source_id"))

    return rows_of


def production_series(raw: RawTables, minerals: Minerals) -> Iterator[Row]:
    """Each series of world output once, numbered by its words, so that production need not repeat them."""
    keys = sorted({(r["mineral"], r["stage"], r["source_id"], r["basis"]) for r in raw["production"]})
    for count, (mineral, stage, source_id, basis) in enumerate(keys, start=1):
        yield {
            "series": str(count),
            "mineral": material_id(mineral),
            "upstream_name": mineral,
            "stage": stage,
            "basis": basis,
            "source_id": source_id,
        }


def production(masses: bool) -> Callable[[RawTables, Minerals], Iterator[Row]]:
    """World output in all series; a series is described in production_series."""
    table = amounts("production", ("stage", "basis"), masses)

    def rows_of(raw: RawTables, minerals: Minerals) -> Iterator[Row]:
        names = ("upstream_name", "stage", "basis", "source_id")
        series = {tuple(row[n] for n in names): row["series"] for row in production_series(raw, minerals)}
        for row in table(raw, minerals):
            described = tuple(row[n] for n in names)
            kept = {field: value for field, value in row.items() if field not in ("mineral", *names[:3])}
            yield {"series": series[described], **kept}

    return rows_of


def panel(raw: RawTables, minerals: Minerals) -> Iterator[Row]:
    for row in raw["production_panel"]:
        if row["unit"] not in OTHER_UNITS:
            yield {
                "mineral": material_id(row["mineral"]),
                "upstream_name": row["mineral"],
                "stage": row["stage"],
                "iso3": row["country_iso3"],
                "country": row["country"],
                "year": row["year"],
                "tonnes": mass(row["value"], row["unit"]),
                "share": row["share"],
                "flag": row["flag"],
                "source_id": row["source_id"],
            }


def prices(raw: RawTables, minerals: Minerals) -> Iterator[Row]:
    units = corrected_units(minerals)
    for row in raw["prices_annual"]:
        unit = units.get((row["source_id"], row["mineral"], row["series"]), row["unit"])
        yield {
            "mineral": material_id(row["mineral"]),
            "upstream_name": row["mineral"],
            "series": row["series"],
            "year": row["year"],
            "value": as_number(row["value"]),
            "unit": row["unit"],
            "usd_per_tonne": in_usd_per_tonne(row["value"], unit),
            "flag": joined(row["flag"], correction(row["unit"], unit)),
            "source_id": row["source_id"],
        }


def monthly(masses: bool) -> Callable[[RawTables, Minerals], Iterator[Row]]:
    """Monthly prices of what is sold by weight, in USD per tonne, or of the rest, with their unit."""

    def rows_of(raw: RawTables, minerals: Minerals) -> Iterator[Row]:
        for row in raw["prices_monthly"]:
            # The sheet's header says dmtu; the values are of the size of USD per dry tonne.
            unit = "USD/t" if row["unit"] == "USD/dmtu" else row["unit"]
            per_tonne = in_usd_per_tonne(row["value"], unit)
            if bool(per_tonne) != masses or not row["value"]:
                continue
            figure = {"usd_per_tonne": per_tonne} if masses else {"value": as_number(row["value"]), "unit": unit}
            yield {
                "mineral": material_id(row["mineral"]),
                "upstream_name": row["series"],
                "month": row["month"],
                **figure,
                "source_id": row["source_id"],
            }

    return rows_of


def us_statistics(raw: RawTables, minerals: Minerals) -> Iterator[Row]:
    rows = [
        {
            "mineral": material_id(row["mineral"]),
            "upstream_name": row["mineral"],
            "metric": row["metric"],
            "detail": row["detail"],
            "year": row["year"],
            "value": as_number(row["value"]),
            "unit": row["unit"] if row["unit"] != "nan" else "",
            "flag": row["flag"],
            "source_id": row["source_id"],
        }
        for row in raw["consumption_us"]
    ]
    yield from numbered(rows, ("upstream_name", "metric", "detail", "year", "unit", "source_id"))


def us_import_reliance(raw: RawTables, minerals: Minerals) -> Iterator[Row]:
    for row in raw["us_import_reliance"]:
        yield {
            "mineral": material_id(row["mineral"]),
            "upstream_name": row["mineral"].strip(),
            "net_import_reliance": row["nir_pct_2024"],
            "import_sources": row["major_import_sources_2020_2023"],
            "note": row["notes"],
            "source_id": row["source_id"],
        }


def us_import_sources(raw: RawTables, minerals: Minerals) -> Iterator[Row]:
    for row in raw["us_import_sources"]:
        yield {
            "mineral": material_id(row["mineral"]),
            "upstream_name": row["mineral"],
            "form": row["form"],
            "iso3": row["supplier_iso3"],
            "country": row["supplier"],
            "share_pct": row["share_pct"],
            "period": row["period"],
            "source_id": row["source_id"],
        }


def us_critical_minerals(raw: RawTables, minerals: Minerals) -> Iterator[Row]:
    for row in raw["us_critical_minerals_2024"]:
        yield {
            "mineral": material_id(row["Critical_mineral"]),
            "upstream_name": row["Critical_mineral"].strip(),
            "primary_production": row["Primary_prod"],
            "secondary_production": row["Secondary_prod"],
            "production_note": " ".join(row["Prod_notes"].split()),
            "consumption": row["Apparent_Consumption"],
            "consumption_note": row["Consumption_Notes"],
            "net_import_reliance": row["Net_Import_Reliance"],
            "import_source": row["Primary_import_source"],
            "import_source_note": row["Import_source_notes"],
            "leading_producer": row["Leading_source_country"],
            "leading_production": row["Leading_country_prod"],
            "leading_share": row["Leading_source_precent_world"],
            "world_production": row["World_total_prod"],
            "world_production_note": row["World_prod_notes"],
            "source_id": "USGS_MCS2025",
        }


def us_end_uses(raw: RawTables, minerals: Minerals) -> Iterator[Row]:
    for row in raw["critical_minerals_end_use"]:
        yield {
            "mineral": material_id(row["Critical Mineral"]),
            "upstream_name": row["Critical Mineral"].strip(),
            "applications": row["Primary Applications"],
            "note": row["Category_Note"],
            "source_id": "USGS_MCS2025",
        }


PUBLISHED_TABLES = {
    "world_statistics/production_series": production_series,
    "world_statistics/production": production(masses=True),
    "world_statistics/production_other": production(masses=False),
    "world_statistics/panel": panel,
    "world_statistics/reserves": amounts("reserves", ("basis",), masses=True),
    "world_statistics/reserves_other": amounts("reserves", ("basis",), masses=False),
    "prices/published": prices,
    "monthly_prices/by_weight": monthly(masses=True),
    "monthly_prices/other": monthly(masses=False),
    "us_summaries/statistics": us_statistics,
    "us_summaries/import_reliance": us_import_reliance,
    "us_summaries/import_sources": us_import_sources,
    "us_summaries/critical_minerals": us_critical_minerals,
    "us_summaries/end_uses": us_end_uses,
}
