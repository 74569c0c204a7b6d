"""Data packages of a few rows, written as users would."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from lodestock_server.catalog.packages import DataPackage, content_digest

FIELDS: Sequence[Mapping[str, str]] = (
    {"name": "mineral", "type": "string"},
    {"name": "iso3", "type": "string"},
    {"name": "year", "type": "year"},
    {"name": "tonnes", "type": "number", "unit": "t"},
    {"name": "source_id", "type": "string"},
)
KEY = ("mineral", "iso3", "year")


def small_package(
    folder: Path,
    rows: Sequence[Sequence[object]],
    name: str = "output",
    fields: Sequence[Mapping[str, str]] = FIELDS,
    key: Sequence[str] = KEY,
    tables: Mapping[str, Sequence[Sequence[object]]] | None = None,
) -> DataPackage:
    """Write a package with a table "mined" of rows (mineral, iso3, year, tonnes), and others alike."""
    folder.mkdir(parents=True, exist_ok=True)
    resources: list[dict[str, Any]] = []
    for resource, content in {"mined": rows, **(tables or {})}.items():
        buffer = io.StringIO()
        writer = csv.writer(buffer, lineterminator="\n")
        writer.writerow([field["name"] for field in fields])
        writer.writerows([*row, "HAND"] for row in content)
        wire = buffer.getvalue().encode()
        (folder / f"{resource}.csv").write_bytes(wire)
        resources.append(
            {
                "name": resource,
                "title": f"Tonnes {resource}",
                "path": f"{resource}.csv",
                "bytes": len(wire),
                "hash": f"sha256:{hashlib.sha256(wire).hexdigest()}",
                "rows": len(content),
                "schema": {"fields": list(fields), "missingValues": [""], "primaryKey": list(key)},
            }
        )
    described: dict[str, Any] = {
        "name": name,
        "title": "Output",
        "licenses": [{"name": "public-domain", "title": "Public domain"}],
        "sources": [{"id": "HAND", "title": "Written by hand", "licence": "public-domain"}],
        "knownGaps": ["Everything but a few rows."],
        "resources": resources,
    }
    describe(folder, described)
    return DataPackage(folder)


def describe(folder: Path, described: dict[str, Any]) -> None:
    """Write datapackage.json with the digest and version of its content."""
    digest = content_digest(described)
    whole = {**described, "digest": digest, "version": f"2026.1.1+{digest[:12]}"}
    (folder / "datapackage.json").write_text(json.dumps(whole, indent=2), encoding="utf-8")
