"""Countries and the distances between them."""

from __future__ import annotations

from collections.abc import Iterator

from data_tables.raw import Minerals, RawTables, Row


def countries(raw: RawTables, minerals: Minerals) -> Iterator[Row]:
    for row in sorted(raw["countries"], key=lambda r: r["iso3"]):
        landlocked = {"landlocked": "true", "": ""}.get(row["landlocked"], "false")
        eu27 = "true" if row["eu27"] == "1" else "false"
        yield {
            "iso3": row["iso3"],
            "name": row["name"],
            "eu27": eu27,
            "landlocked": landlocked,
            "iso2": row["iso2"],
            "m49": row["m49"],
            "un_region": row["un_sdg_region"].removeprefix("un_"),
            "income_group": row["wb_income_group"],
            "latitude": row["latitude"],
            "longitude": row["longitude"],
            "source_id": "ISO_GAPMINDER",
        }


def distances(raw: RawTables, minerals: Minerals) -> Iterator[Row]:
    for row in sorted(raw["distances"], key=lambda r: (r["origin_iso3"], r["dest_iso3"])):
        yield {
            "iso3": row["origin_iso3"],
            "to_iso3": row["dest_iso3"],
            "population_weighted_km": row["dist_popweighted_km"],
            "capitals_km": row["dist_capitals_km"],
            "source_id": "CEPII_GEODIST",
        }
