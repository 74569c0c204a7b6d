"""Tables of the United States: salient statistics and import sources.

Owns how editions of the USGS summaries are joined to one series, and the computed years of aluminium.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from data_tables.raw import Minerals, RawTables, Row, joined, number
from lodestock_server.units import tonnes as in_tonnes

EDITIONS = {"m26": "USGS_MCS2026", "m25": "USGS_MCS2025", "m23": "USGS_MCS2023"}
EDITION_TOLERANCE = 0.10  # the most that two editions may differ in a year both print, unless break_note says so


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
        total = sum(in_tonnes(float(row["value"] or 0), unit_fix or row["unit"]) for row in rows)
        single = rows[0] if len(rows) == 1 else None
        years[year] = {
            "mineral": mineral,
            "statistic": statistic,
            "year": str(year),
            "tonnes": number(total),
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


def us_statistics(raw: RawTables, minerals: Minerals) -> Iterator[Row]:
    for mineral, spec in ((key, spec) for key, spec in minerals.items() if "us" in spec):
        series = {statistic: us_series(raw, mineral, spec, statistic) for statistic in spec["us"]}
        if "derived_consumption" in spec:
            series["consumption"].update(computed_consumption(mineral, spec, series))
        for statistic in sorted(series):
            yield from (series[statistic][year] for year in sorted(series[statistic]))


def import_sources(raw: RawTables, minerals: Minerals) -> Iterator[Row]:
    for mineral, spec in ((key, spec) for key, spec in minerals.items() if spec["import_form"]):
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
