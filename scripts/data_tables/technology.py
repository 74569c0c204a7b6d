"""Clean technology: what is installed and sold, the material it takes, and the demand that scenarios make of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from data_tables.naming import material_id
from data_tables.raw import Minerals, RawTables, Row, as_number, number, numbered
from lodestock_server.units import share, tonnes


def cleantech_rows(raw: RawTables, prefix: str) -> Iterator[tuple[list[str], Row, float]]:
    """The rows whose variable begins with prefix: the words that follow, the columns all tables share, the figure."""
    for row in raw["cleantech"]:
        if row["variable"].startswith(prefix) and row["value"]:
            shared = {
                "iso3": row["country_iso3"],
                "year": row["year"],
                "scenario": row["scenario"],
                "source_id": row["source"],
            }
            yield row["variable"].removeprefix(prefix).split("_"), shared, float(row["value"])


def by_place(rows: list[Row]) -> list[Row]:
    """Rows by everything but their figures, so that the order does not hang on the raw file."""
    return sorted(rows, key=lambda row: tuple(row.get(field, "") for field in ORDER))


ORDER = ("technology", "measure", "mode", "powertrain", "speed", "iso3", "scenario", "year")


def vehicles(measure: str) -> Callable[[RawTables, Minerals], Iterator[Row]]:
    """Vehicles sold a year, or on the road at its end, by mode and powertrain."""

    def table(raw: RawTables, minerals: Minerals) -> Iterator[Row]:
        rows = []
        for words, row, value in cleantech_rows(raw, f"ev_{measure}_"):
            if words[0] != "share":
                mode, powertrain = words
                rows.append({**row, "mode": mode, "powertrain": powertrain, "vehicles": number(value)})
        yield from by_place(rows)

    return table


def ev_shares(raw: RawTables, minerals: Minerals) -> Iterator[Row]:
    rows = []
    for measure in ("sales", "stock"):
        for words, row, value in cleantech_rows(raw, f"ev_{measure}_share_"):
            fraction = number(share(value, "percent"))
            rows.append({**row, "measure": measure, "mode": words[0], "share": fraction})
    yield from by_place(rows)


def charging_points(raw: RawTables, minerals: Minerals) -> Iterator[Row]:
    rows = []
    for words, row, value in cleantech_rows(raw, "ev_charging_points_ev_publicly_available_"):
        rows.append({**row, "speed": words[0], "points": number(value)})
    yield from by_place(rows)


def ev_electricity(raw: RawTables, minerals: Minerals) -> Iterator[Row]:
    rows = []
    for words, row, value in cleantech_rows(raw, "ev_electricity_demand_"):
        rows.append({**row, "mode": words[0], "gwh": number(value)})
    yield from by_place(rows)


def capacity(raw: RawTables, minerals: Minerals) -> Iterator[Row]:
    rows = []
    for technology in ("solar", "wind"):
        for _, row, value in cleantech_rows(raw, f"{technology}_capacity"):
            rows.append({**row, "technology": technology, "gw": number(value)})
    for row in by_place(rows):
        del row["scenario"]  # all of it is history
        yield row


def iea_demand(raw: RawTables, minerals: Minerals) -> Iterator[Row]:
    for row in raw["iea_demand_scenarios"]:
        yield {
            "dataset": row["dataset"],
            "mineral": material_id(row["mineral"]),
            "upstream_name": row["mineral"],
            "sector": row["sector"],
            "scenario": row["scenario"],
            "year": row["year"],
            "tonnes": number(tonnes(float(row["value"]), row["unit"])),
            "source_id": row["source_id"],
        }


def iea_supply(raw: RawTables, minerals: Minerals) -> Iterator[Row]:
    for row in raw["iea_supply"]:
        if not row["value"]:
            continue  # footnotes of the sheet
        yield {
            "mineral": material_id(row["mineral"]),
            "stage": row["stage"],
            "iso3": row["country_iso3"],
            "country": row["country"],
            "year": row["year"],
            "tonnes": number(tonnes(float(row["value"]), row["unit"])),
            "source_id": row["source_id"],
        }


def intensities(group: str, unit: str, column: str) -> Callable[[RawTables, Minerals], Iterator[Row]]:
    """Material per unit of a technology; published estimates of one pair are numbered in the order of the source."""

    def table(raw: RawTables, minerals: Minerals) -> Iterator[Row]:
        rows = []
        for row in raw["intensities"]:
            if row["group"] == group:
                if row["unit"] != unit:
                    raise SystemExit(f"intensities: {row['technology']} is in {row['unit']}, not {unit}")
                rows.append(
                    {
                        "technology": row["technology"],
                        "mineral": material_id(row["material"]),
                        "upstream_name": row["material"],
                        column: as_number(row["value"]),
                        "note": row["note"],
                        "source_id": row["source_id"],
                    }
                )
        yield from numbered(rows, ("technology", "upstream_name", "note", "source_id"))

    return table


TECHNOLOGY_TABLES = {
    "clean_technology/ev_sales": vehicles("sales"),
    "clean_technology/ev_stock": vehicles("stock"),
    "clean_technology/ev_shares": ev_shares,
    "clean_technology/charging_points": charging_points,
    "clean_technology/ev_electricity": ev_electricity,
    "clean_technology/capacity": capacity,
    "iea_scenarios/demand": iea_demand,
    "iea_scenarios/supply": iea_supply,
    "intensities/battery": intensities("battery", "kg/kWh", "kg_per_kwh"),
    "intensities/power_generation": intensities("power generation", "kg/MW", "kg_per_mw"),
}
