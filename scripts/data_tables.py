"""The tables of the data packages, made from the raw tables: selection and conversion of units, nothing else.

`TABLES` maps each resource of data_mapping/packages.toml to the function that yields its rows. Every function takes the
raw tables and the mapping of data_mapping/minerals.toml, stops with a message where the mapping matches nothing or two
editions contradict each other, and fills nothing in.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

MAPPING = Path(__file__).resolve().parent / "data_mapping"

Row = dict[str, str]
EDITIONS = {"m26": "USGS_MCS2026", "m25": "USGS_MCS2025", "m23": "USGS_MCS2023"}
TONNES = {"t": 1.0, "kt": 1000.0, "kg": 0.001}
USD_PER_TONNE = {
    "USD/t": 1.0,
    "USD/kg": 1000.0,
    "USD/lb": 1 / 0.00045359237,
    "US cents/lb": 0.01 / 0.00045359237,
    "USD/troy oz": 1 / 31.1034768e-6,
    "USD/metric ton unit": 100.0,  # a metric ton unit is 10 kg of content
}
FIRST_PRICE_YEAR = 2000
EDITION_TOLERANCE = 0.10  # the most that two editions may differ in a year both print, unless break_note says so
# Stages of the European Commission's tables; it has no mining rows for metals won as by-products.
EC_STAGE = {"extraction": "mining", "processing": "refining"}
WGI = {
    "wgi_control_of_corruption_estimate": "control_of_corruption",
    "wgi_government_effectiveness_estimate": "government_effectiveness",
    "wgi_political_stability_estimate": "political_stability",
    "wgi_regulatory_quality_estimate": "regulatory_quality",
    "wgi_rule_of_law_estimate": "rule_of_law",
    "wgi_voice_and_accountability_estimate": "voice_and_accountability",
}
BUYER = "USA"


class RawTables:
    """The raw tables by name, each read once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._cache: dict[str, list[Row]] = {}

    def __getitem__(self, name: str) -> list[Row]:
        if name not in self._cache:
            with (self._folder / f"{name}.csv").open(encoding="utf-8", newline="") as handle:
                self._cache[name] = list(csv.DictReader(handle))
        return self._cache[name]


def number(value: float) -> str:
    """The shortest text of a figure with at most ten significant digits."""
    return f"{value:.10g}" if abs(value) < 1e10 else f"{value:.0f}"


def joined(*remarks: str) -> str:
    return "; ".join(dict.fromkeys(remark for remark in remarks if remark))


# --- United States ---------------------------------------------------------------------------------------------------


def printed_years(raw: RawTables, mineral: str, spec: dict[str, Any], statistic: str, edition: str) -> dict[int, Row]:
    """One statistic of one edition by year; printed details are summed where the mapping lists several."""
    wanted = spec["us"][statistic][edition]
    details = wanted if isinstance(wanted, list) else [wanted]
    name = spec.get("names", {}).get(edition, spec.get("raw", mineral))
    metric = statistic.partition("_")[0]
    unit_fix = spec.get("units", {}).get(edition, {}).get(statistic)
    found: dict[int, list[Row]] = {}
    for row in raw["consumption_us"]:
        if (row["source_id"], row["mineral"], row["metric"]) == (EDITIONS[edition], name, metric) and row[
            "detail"
        ] in details:
            found.setdefault(int(row["year"]), []).append(row)
    if not found:
        raise SystemExit(f"{mineral}: {statistic} of {edition} matches nothing: {name!r}, {details}")
    years: dict[int, Row] = {}
    for year, rows in found.items():
        nil = [row["value"] == "" and row["flag"].startswith("—") for row in rows]
        if len(rows) != len(details) or any(
            row["value"] == "" and not zero for row, zero in zip(rows, nil, strict=True)
        ):
            continue  # withheld or not available: no figure, not zero
        tonnes = sum(float(row["value"] or 0) * TONNES[unit_fix or row["unit"]] for row in rows)
        single = rows[0] if len(rows) == 1 else None
        years[year] = {
            "mineral": mineral,
            "statistic": statistic,
            "year": str(year),
            "tonnes": number(tonnes),
            "flag": joined(
                *("nil as printed" if zero else row["flag"] for row, zero in zip(rows, nil, strict=True)),
                "" if single else f"sum of {len(rows)} printed series",
                "unit label corrected" if unit_fix else "",
            ),
            "series": " + ".join(detail or statistic for detail in details),
            "upstream_value": single["value"] if single else "",
            "upstream_unit": rows[0]["unit"],
            "source_id": EDITIONS[edition],
        }
    return years


def edition_gap(older: dict[int, Row], newer: dict[int, Row]) -> float:
    """The largest relative difference in years both print; an edition's last year is an estimate and not compared."""
    shared = [year for year in set(newer) & set(older) if year != max(older)]
    return max((abs(float(older[y]["tonnes"]) / float(newer[y]["tonnes"]) - 1) for y in shared), default=0.0)


def us_series(raw: RawTables, mineral: str, spec: dict[str, Any], statistic: str) -> dict[int, Row]:
    """One statistic by year from its editions, the newest first; consumption must not break between editions."""
    chosen: dict[int, Row] = {}
    for edition in (e for e in EDITIONS if e in spec["us"][statistic]):
        older = printed_years(raw, mineral, spec, statistic, edition)
        if statistic == "consumption" and edition_gap(older, chosen) > EDITION_TOLERANCE:
            if edition not in spec.get("break_note", {}):
                gap = edition_gap(older, chosen)
                raise SystemExit(f"{mineral}: {edition} differs from newer editions by {gap:.0%}; declare a break_note")
            for row in older.values():
                row["flag"] = joined(row["flag"], spec["break_note"][edition])
        chosen = {**older, **chosen}
    return chosen


def computed_consumption(mineral: str, spec: dict[str, Any], series: dict[str, dict[int, Row]]) -> dict[int, Row]:
    """Consumption by the declared identity for years that no edition prints on the current definition."""
    rule = spec["derived_consumption"]

    def tonnes(statistic: str, year: int) -> float:
        return float(series[statistic][year]["tonnes"])

    def identity(year: int) -> float:
        flows = sum(tonnes(s, year) for s in rule["plus"]) - sum(tonnes(s, year) for s in rule["minus"])
        return flows - sum(tonnes(s, year) - tonnes(s, year - 1) for s in rule["stocks"])

    for year in sorted(series["consumption"]):
        printed = tonnes("consumption", year)
        if abs(identity(year) / printed - 1) > rule["tolerance"]:
            raise SystemExit(
                f"{mineral}: the identity gives {identity(year):.0f} t for {year}, printed {printed:.0f} t"
            )
    formula = " + ".join(rule["plus"]) + " - " + " - ".join(rule["minus"]) + " - change of " + ", ".join(rule["stocks"])
    return {
        year: {
            "mineral": mineral,
            "statistic": "consumption",
            "year": str(year),
            "tonnes": number(identity(year)),
            "flag": "computed from printed components on the current definition",
            "series": formula,
            "upstream_value": "",
            "upstream_unit": "t",
            "source_id": "USGS_MCS2023",
        }
        for year in rule["years"]
    }


def us_statistics(raw: RawTables, minerals: dict[str, Any]) -> Iterator[Row]:
    for mineral, spec in minerals.items():
        series = {statistic: us_series(raw, mineral, spec, statistic) for statistic in spec["us"]}
        if "derived_consumption" in spec:
            series["consumption"].update(computed_consumption(mineral, spec, series))
        for statistic in sorted(series):
            yield from (series[statistic][year] for year in sorted(series[statistic]))


def import_sources(raw: RawTables, minerals: dict[str, Any]) -> Iterator[Row]:
    for mineral, spec in minerals.items():
        rows = [row for row in raw["us_import_sources"] if row["mineral"] == spec.get("raw", mineral)]
        if not any(row["form"] == spec["import_form"] for row in rows):
            raise SystemExit(f"{mineral}: no import sources for form {spec['import_form']!r}")
        for row in rows:
            if row["share_pct"].startswith(("<", ">")):
                continue  # bounds; no chosen form has one
            yield {
                "mineral": mineral,
                "form": row["form"],
                "iso3": row["supplier_iso3"],
                "country": row["supplier"],
                "share": number(float(row["share_pct"]) / 100),
                "period": row["period"],
                "source_id": row["source_id"],
            }


# --- world -----------------------------------------------------------------------------------------------------------


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
        if rule["table"] == "iea" and row["year"] != "2024":
            continue  # later years are projections
        yield row


def production(raw: RawTables, minerals: dict[str, Any]) -> Iterator[Row]:
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
                    "tonnes": number(float(row["value"]) * TONNES[row["unit"]] * factor),
                    "basis": joined(rule.get("basis_note", row.get("basis", "")), f"x {factor}" if factor != 1 else ""),
                    "flag": row.get("flag", ""),
                    "source_id": row["source_id"],
                }


def processing_shares(raw: RawTables, minerals: dict[str, Any]) -> Iterator[Row]:
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


def reserves(raw: RawTables, minerals: dict[str, Any]) -> Iterator[Row]:
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
                    "tonnes": number(float(row["value"]) * TONNES[row["unit"]] * rule["factor"]),
                    "basis": joined(row["basis"], f"x {rule['factor']}" if rule["factor"] != 1 else ""),
                    "flag": row["flag"],
                    "source_id": row["source_id"],
                }


# --- prices, risk inputs, geography ----------------------------------------------------------------------------------


def prices(raw: RawTables, minerals: dict[str, Any]) -> Iterator[Row]:
    for mineral, spec in minerals.items():
        rule = spec["price"]
        chosen: dict[int, Row] = {}
        for series in rule["series"]:
            wanted = (series["source"], series["name"], series["series"])
            for row in raw["prices_annual"]:
                year = int(row["year"])
                if (row["source_id"], row["mineral"], row["series"]) != wanted or year in chosen:
                    continue
                if not row["value"] or year < FIRST_PRICE_YEAR or "months only" in row["flag"]:
                    continue
                unit = rule.get("unit", row["unit"])
                chosen[year] = {
                    "mineral": mineral,
                    "year": row["year"],
                    "usd_per_tonne": number(float(row["value"]) * USD_PER_TONNE[unit] / rule["content"]),
                    "flag": joined(row["flag"], "" if unit == row["unit"] else f"unit label {row['unit']!r} corrected"),
                    "series": row["series"] or "price",
                    "upstream_value": row["value"],
                    "upstream_unit": unit,
                    "content": number(rule["content"]),
                    "source_id": row["source_id"],
                }
        if not chosen:
            raise SystemExit(f"{mineral}: no price")
        yield from (chosen[year] for year in sorted(chosen))


def wgi(raw: RawTables, minerals: dict[str, Any]) -> Iterator[Row]:
    years: dict[tuple[str, str], Row] = {}
    for row in raw["governance"]:
        if row["indicator"] in WGI and row["value"]:
            key = (row["country_iso3"], row["year"])
            fresh = {"iso3": key[0], "year": key[1], **dict.fromkeys(WGI.values(), ""), "source_id": row["source"]}
            years.setdefault(key, fresh)[WGI[row["indicator"]]] = row["value"]
    yield from (years[key] for key in sorted(years))


def trade_parameters(raw: RawTables, minerals: dict[str, Any]) -> Iterator[Row]:
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


def recycling(raw: RawTables, minerals: dict[str, Any]) -> Iterator[Row]:
    for mineral, spec in minerals.items():
        for row in raw["recycling"]:
            if row["material"] == spec["recycling"]:
                yield {
                    "mineral": mineral,
                    "eol_rir": row["eol_rir"],
                    "upstream_material": row["material"],
                    "source_id": row["source_id"],
                }


def countries(raw: RawTables, minerals: dict[str, Any]) -> Iterator[Row]:
    for row in sorted(raw["countries"], key=lambda r: r["iso3"]):
        landlocked = {"landlocked": "true", "": ""}.get(row["landlocked"], "false")
        eu27 = "true" if row["eu27"] == "1" else "false"
        yield {
            "iso3": row["iso3"],
            "name": row["name"],
            "eu27": eu27,
            "landlocked": landlocked,
            "source_id": "ISO_GAPMINDER",
        }


def distances(raw: RawTables, minerals: dict[str, Any]) -> Iterator[Row]:
    for row in sorted(raw["distances"], key=lambda r: r["origin_iso3"]):
        if row["dest_iso3"] == BUYER:
            yield {
                "iso3": row["origin_iso3"],
                "to_iso3": BUYER,
                "population_weighted_km": row["dist_popweighted_km"],
                "capitals_km": row["dist_capitals_km"],
                "source_id": "CEPII_GEODIST",
            }


def eu_supply_risk_2017(raw: RawTables, minerals: dict[str, Any]) -> Iterator[Row]:
    yield from ({**row, "source_id": "EC_CRM_STUDY_2017"} for row in raw["eu_supply_risk_2017"])


def mineral_rows(raw: RawTables, minerals: dict[str, Any]) -> Iterator[Row]:
    for mineral, spec in minerals.items():
        copied = ("name", "symbol", "form", "content", "hs6", "supply_stage", "import_form", "domestic_note")
        yield {
            "mineral": mineral,
            **{field: spec[field] for field in (*copied, "price_fit", "price_note", "note", "gaps")},
            "consumption_kind": spec["us"]["consumption"]["kind"],
            "domestic_statistic": spec["domestic"],
            "secondary_supplies": "true" if "production_secondary" in spec["us"] else "false",
            "source_id": "LODESTOCK",
        }


def excluded(raw: RawTables, minerals: dict[str, Any]) -> Iterator[Row]:
    with (MAPPING / "excluded.csv").open(encoding="utf-8", newline="") as handle:
        yield from ({**row, "source_id": "LODESTOCK"} for row in csv.DictReader(handle))


TABLES = {
    "minerals": mineral_rows,
    "excluded": excluded,
    "us_statistics": us_statistics,
    "import_sources": import_sources,
    "production": production,
    "processing_shares": processing_shares,
    "reserves": reserves,
    "prices": prices,
    "wgi": wgi,
    "trade_parameters": trade_parameters,
    "recycling": recycling,
    "countries": countries,
    "distances": distances,
    "eu_supply_risk_2017": eu_supply_risk_2017,
}
