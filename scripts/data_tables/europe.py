"""Tables of the European Union from the Commission's studies on critical raw materials."""

from __future__ import annotations

from collections.abc import Iterator

from data_tables.naming import material_id
from data_tables.raw import Minerals, RawTables, Row, as_number, number, numbered
from data_tables.risk import EC_STAGE
from lodestock_server.units import share


def sourcing_ids(minerals: Minerals) -> dict[tuple[str, str], list[str]]:
    """The ids that take a material's shares at a stage where the mapping says so (`ec_sourcing`)."""
    found: dict[tuple[str, str], list[str]] = {}
    for mineral, spec in minerals.items():
        for material, stage in spec.get("ec_sourcing", ()):
            found.setdefault((material, stage), []).append(mineral)
    return found


def ids_of(material: str, stage: str, declared: dict[tuple[str, str], list[str]], minerals: Minerals) -> list[str]:
    """The minerals that the mapping gives the material to, and its own slug; else the mineral of that name."""
    own = material_id(material)
    given = declared.get((material, stage), [])
    return [*given, own] if own not in minerals else given or [own]


def sourcing_shares(raw: RawTables, minerals: Minerals) -> Iterator[Row]:
    """EU27 sourcing; a material that is no mineral of ours stands under its slug."""
    declared = sourcing_ids(minerals)
    rows = []
    for row in raw["supply_shares"]:
        if row["source"] == "EC_CRM2023_EU_sourcing":
            ids = ids_of(row["material"], row["stage_or_form"], declared, minerals)
            rows += [supplier_share(mineral, row) for mineral in ids]
    yield from sorted(rows, key=lambda row: (row["mineral"], row["stage"], -float(row["share"]), row["iso3"]))


def world_shares(raw: RawTables, minerals: Minerals) -> Iterator[Row]:
    """The Commission's shares of world supply, all materials; bounds keep their sign in `qualifier`."""
    for row in raw["supply_shares"]:
        if row["source"] == "EC_CRM2023_global_supply":
            yield supplier_share(material_id(row["material"]), row)


def supplier_share(mineral: str, row: Row) -> Row:
    """One supplier's share as the Commission's tables have it."""
    return {
        "mineral": mineral,
        "stage": EC_STAGE[row["stage_or_form"]],
        "iso3": row["supplier_iso3"],
        "country": row["supplier_name"],
        "share": number(share(float(row["share_pct"]), "%")),
        "qualifier": row["qualifier"],
        "period": row["period"],
        "upstream_material": row["material"],
        "source_id": row["source"],
    }


def all_trade_parameters(raw: RawTables, minerals: Minerals) -> Iterator[Row]:
    for row in raw["restrictions"]:
        eu_table = "EU_sourcing" in row["source"]
        yield {
            "mineral": material_id(row["material"]),
            "stage": EC_STAGE[row["stage"]],
            "iso3": row["country_iso3"],
            "t": row["value"],
            "upstream_material": row["material"],
            "source_id": "EC_CRM2023_EU_sourcing" if eu_table else "EC_CRM2023_global_supply",
        }


def criticality_scores(raw: RawTables, minerals: Minerals) -> Iterator[Row]:
    for row in raw["eu_crm_scores"]:
        yield {
            "mineral": material_id(row["material"]),
            "upstream_material": " ".join(row["material"].split()),
            "year": row["year"],
            "supply_risk": row["supply_risk"],
            "economic_importance": row["economic_importance"],
            "source_id": row["source_id"],
        }


def recycling_rates(raw: RawTables, minerals: Minerals) -> Iterator[Row]:
    """All end-of-life recycling input rates; a material printed twice with the same rate stands once."""
    seen = set()
    for row in raw["recycling"]:
        key = (row["material"], row["eol_rir"])
        if key not in seen:
            seen.add(key)
            yield {
                "mineral": material_id(row["material"]),
                "upstream_material": row["material"],
                "stage": EC_STAGE.get(row["stage"].lower(), ""),
                "eol_rir": as_number(row["eol_rir"]),
                "reference": row["reference"] if row["reference"].startswith("http") else "",
                "source_id": row["source_id"],
            }


def use_shares(raw: RawTables, minerals: Minerals) -> Iterator[Row]:
    rows = [
        {
            "mineral": material_id(row["material"]),
            "upstream_material": row["material"],
            "application": " ".join(row["application"].split()),
            "share": number(share(float(row["share_pct"].lstrip("<>")), "%")) if row["share_pct"] else "",
            "qualifier": row["share_pct"][0] if row["share_pct"][:1] in ("<", ">") else "",
            "nace_sector": " ".join(row["nace_sector"].split()),
            "value_added_meur": as_number(row["value_added_meur"]),
            "source_id": row["source_id"],
        }
        for row in raw["material_use_shares"]
    ]
    yield from numbered(rows, ("upstream_material", "application", "nace_sector"))
