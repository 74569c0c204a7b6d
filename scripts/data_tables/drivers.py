"""What drives demand: population and economic output by country, historical and in the Shared Socioeconomic Pathways.

One table per quantity, so that every column has one unit. History and pathways are other series: rebase to splice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from data_tables.raw import Minerals, RawTables, Row, as_number

SOURCES = {
    "WorldBank_WDI_NY.GDP.MKTP.CD": "WB_GDP",
    "WorldBank_WDI_NY.GDP.PCAP.PP.KD": "WB_GAPMINDER",
    "WorldBank_WDI_NY.GDP.PCAP.KD": "WB_GAPMINDER",
    "WorldBank_WDI_NY.GDP.MKTP.KD": "WB_GAPMINDER",
    "WorldBank_WDI_SP.POP.TOTL": "WB_POPULATION",
    "SSP3.0_IIASA-WiC_POP_2023": "SSP_IIASA_POPULATION",
    "SSP3.0_OECD_ENV-Growth_2023": "SSP_OECD_GDP",
    "SSP3.0_IIASA_GDP_2023": "SSP_IIASA_GDP",
}
MODELS = {"SSP_OECD_GDP": "OECD", "SSP_IIASA_GDP": "IIASA"}


def driver_rows(raw: RawTables, variable: str, column: str) -> Iterator[Row]:
    """One variable with all columns that any of the tables shows, by country, scenario, model and year."""
    rows = []
    for row in raw["drivers"]:
        if row["variable"] == variable and row["value"]:
            source_id = SOURCES[row["source"]]
            rows.append(
                {
                    "iso3": row["country_iso3"],
                    "year": row["year"],
                    "scenario": row["scenario"],
                    "model": MODELS.get(source_id, ""),
                    column: as_number(row["value"]),
                    "source_id": source_id,
                }
            )
    yield from sorted(rows, key=lambda row: (row["iso3"], row["scenario"], row["model"], row["year"]))


def driver_table(variable: str, column: str, *keys: str) -> Callable[[RawTables, Minerals], Iterator[Row]]:
    """The table of a variable: iso3, year, the given further keys, the column of figures, the source."""

    def table(raw: RawTables, minerals: Minerals) -> Iterator[Row]:
        shown = ("iso3", "year", *keys, column, "source_id")
        for row in driver_rows(raw, variable, column):
            yield {field: row[field] for field in shown}

    return table


DRIVER_TABLES = {
    "population": driver_table("population", "persons", "scenario"),
    "gdp_ppp": driver_table("gdp_ppp", "usd_2017_ppp", "scenario", "model"),
    "gdp_real": driver_table("gdp_real", "usd_2015"),
    "gdp_per_capita_ppp": driver_table("gdp_per_capita_ppp", "usd_ppp"),
    "gdp_per_capita_real": driver_table("gdp_per_capita_real", "usd_2015"),
    "gdp_nominal": driver_table("gdp_nominal", "usd"),
}
