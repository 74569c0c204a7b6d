"""Builds the data packages of Lodestock from a folder of raw tables.

    python scripts/build_data.py RAW_DIR [OUT_DIR]

RAW_DIR holds the raw tables (consumption_us.csv, production_panel.csv, ...); OUT_DIR defaults to the bundled data of
the server. The product never reads RAW_DIR. Which upstream series stands for what is declared in data_mapping/
(minerals.toml, world_minerals.toml, names.csv, forms.csv); titles, columns, sources and gaps in packages.toml;
data_tables/ makes the tables. This script checks keys, writes and describes. Nothing is filled in; the one computed
series (two years of aluminium consumption) is declared, checked and flagged. Same input, same bytes.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import sys
import tomllib
from pathlib import Path
from typing import Any

from data_tables import MAPPING, TABLES, Minerals, RawTables, Row, declared_minerals

from lodestock_server.catalog.packages import content_digest

DEFAULT_OUT = Path(__file__).resolve().parent.parent / "services" / "lodestock_server" / "data"


def to_csv(fields: list[str], rows: list[Row]) -> bytes:
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, fields, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return buffer.getvalue().encode("utf-8")


def check_key(resource: str, key: list[str], rows: list[Row]) -> None:
    seen: set[tuple[str, ...]] = set()
    for row in rows:
        value = tuple(row[field] for field in key)
        if value in seen:
            raise SystemExit(f"{resource}: the key {value} occurs twice")
        seen.add(value)


def write_package(
    name: str, declared: dict[str, Any], package: dict[str, Any], raw: RawTables, minerals: Minerals, out: Path
) -> None:
    folder = out / name
    folder.mkdir(parents=True, exist_ok=True)
    resources, used = [], set()
    for resource, about in package["resources"].items():
        columns = {**declared["columns"], **about.get("columns", {})}
        rows = list(TABLES[f"{name}/{resource}"](raw, minerals))
        check_key(resource, about["key"], rows)
        used |= {row["source_id"] for row in rows}
        content = to_csv(about["fields"], rows)
        (folder / f"{resource}.csv").write_bytes(content)
        sha256 = hashlib.sha256(content).hexdigest()
        resources.append(
            {
                "name": resource,
                "title": about["title"],
                "path": f"{resource}.csv",
                "format": "csv",
                "mediatype": "text/csv",
                "encoding": "utf-8",
                "bytes": len(content),
                "hash": f"sha256:{sha256}",
                "rows": len(rows),
                "schema": {
                    "fields": [{"name": field, **columns[field]} for field in about["fields"]],
                    "missingValues": [""],
                    "primaryKey": about["key"],
                },
            }
        )
        print(f"{name}/{resource}.csv: {len(rows)} rows, {len(content) / 1024:.0f} KiB")
    sources = [{"id": source_id, **declared["sources"][source_id]} for source_id in sorted(used)]
    for source in sources:
        source["url"] = f"https://github.com/{source['repository']}" if "/" in source["repository"] else ""
    described = {
        "profile": "tabular-data-package",
        "name": name.replace("_", "-"),
        "title": package["title"],
        "licenses": [declared["licences"][licence] for licence in sorted({source["licence"] for source in sources})],
        "sources": sources,
        "retrieval": declared["retrieval"],
        "knownGaps": package["gaps"],
        "resources": resources,
    }
    digest = content_digest(described)
    heading = {key: described.pop(key) for key in ("profile", "name", "title")}
    stamp = {"version": f"{declared['version_date']}+{digest[:12]}", "digest": digest}
    text = json.dumps({**heading, **stamp, **described}, indent=2, ensure_ascii=False) + "\n"
    (folder / "datapackage.json").write_text(text, encoding="utf-8")


def main(arguments: list[str]) -> None:
    if not 1 <= len(arguments) <= 2:
        raise SystemExit(__doc__)
    minerals = declared_minerals()
    declared = tomllib.loads((MAPPING / "packages.toml").read_text(encoding="utf-8"))
    out = Path(arguments[1]) if len(arguments) == 2 else DEFAULT_OUT
    raw = RawTables(Path(arguments[0]))
    for name, package in declared["packages"].items():
        write_package(name, declared, package, raw, minerals, out)


if __name__ == "__main__":
    main(sys.argv[1:])
