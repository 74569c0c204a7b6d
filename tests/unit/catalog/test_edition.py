"""A new edition of one table: its rows replaced, everything else taken over, under a version of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from lodestock_server.catalog.checking import violations
from lodestock_server.catalog.edition import Edition, WrongColumns, rows_of_edition, write_edition
from lodestock_server.catalog.packages import DataPackage
from tests.small_packages import small_package

NEXT = Edition("HAND2027", "Written by hand, next year", "2027.3.1", "public-domain")
CSV = b"year,mineral,iso3,tonnes\n2024,tin,CHN,71\n2024,tin,PER,29\n"


def made(tmp_path: Path, content: bytes = CSV) -> tuple[DataPackage, DataPackage]:
    in_use = small_package(tmp_path / "1", [("tin", "CHN", 2023, 70)], tables={"refined": [("tin", "CHN", 2023, 90)]})
    folder = tmp_path / "2"
    folder.mkdir()
    rows = rows_of_edition(in_use.tables["mined"].columns, content, NEXT.source_id)
    write_edition(in_use, "mined", rows, NEXT, folder)
    return in_use, DataPackage(folder)


def test_the_rows_of_one_table_are_replaced_and_bear_the_new_source(tmp_path: Path) -> None:
    in_use, new = made(tmp_path)
    assert [dict(row.cells) for row in new.table("mined")] == [
        {"mineral": "tin", "iso3": "CHN", "year": "2024", "tonnes": "71", "source_id": "HAND2027"},
        {"mineral": "tin", "iso3": "PER", "year": "2024", "tonnes": "29", "source_id": "HAND2027"},
    ]
    assert [row.cells for row in new.table("refined")] == [row.cells for row in in_use.table("refined")]
    assert new.info.sources == {"HAND": "Written by hand", "HAND2027": "Written by hand, next year"}
    assert new.info.known_gaps == in_use.info.known_gaps


def test_the_new_version_is_sound_and_bears_its_own_digest(tmp_path: Path) -> None:
    in_use, new = made(tmp_path)
    assert violations(tmp_path / "2", in_use, frozenset()) == []
    assert new.version == f"2027.3.1+{new.digest[:12]}"
    assert new.digest != in_use.digest


def test_rows_may_name_an_older_source(tmp_path: Path) -> None:
    content = b"mineral,iso3,year,tonnes,source_id\ntin,CHN,2023,70,HAND\ntin,CHN,2024,71,\n"
    _, new = made(tmp_path, content)
    assert [row["source_id"] for row in new.table("mined")] == ["HAND", "HAND2027"]


@pytest.mark.parametrize(
    ("content", "named"),
    [
        (b"", "the columns are ; they must be mineral, iso3, year, tonnes, source_id"),
        (b"mineral,year,tonnes\n", "they must be mineral, iso3, year, tonnes, source_id"),
        (b"mineral,iso3,year,tonnes,colour\n", "they must be"),
        (b"mineral,iso3,year,tonnes,tonnes\n", "they must be"),
        (b"mineral,iso3,year,tonnes\ntin,CHN\n", "row 1 has 2 cells, must have 4"),
    ],
)
def test_other_columns_are_refused(content: bytes, named: str, tmp_path: Path) -> None:
    with pytest.raises(WrongColumns, match=named):
        made(tmp_path, content)
