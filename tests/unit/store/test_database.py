"""What `lodestock-server doctor` says of a database, which it leaves as it is."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from sqlalchemy import Engine, event, inspect, text

from lodestock_server.doctor import Unsound, database
from lodestock_server.settings import Settings, read_settings
from lodestock_server.store.database import connect, open_database, sqlite_url
from lodestock_server.store.datasets import DatasetStore
from lodestock_server.store.revisions import known_revisions
from tests.small_packages import small_package

NEWEST = known_revisions()[-1]


def settings(url: str) -> Settings:
    return read_settings(database_url=url)


def test_an_empty_database_is_sound_and_stays_empty(url: str) -> None:
    assert database(settings(url)).endswith(", empty: the first start fills it")
    engine = connect(url)
    assert inspect(engine).get_table_names() == []
    engine.dispose()


def test_what_it_holds_is_counted(engine: Engine, url: str, tmp_path: Path) -> None:
    DatasetStore(engine).load(small_package(tmp_path, [("tin", "CHN", 2020, 5)]))
    assert database(settings(url)).endswith(f"schema {NEWEST}, 1 versions of datasets")


def test_a_schema_of_a_newer_server_is_refused(engine: Engine, url: str) -> None:
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(Unsound, match=f"its schema 9999 is of a newer version of the server, which knows {NEWEST}"):
        database(settings(url))


def test_a_database_that_cannot_be_reached_is_named_without_its_password(tmp_path: Path) -> None:
    for url in ("postgresql://user:hidden@127.0.0.1:1/none", f"sqlite:///{tmp_path}/no/such/folder/file.db"):
        with pytest.raises(Unsound, match="the database cannot be reached: ") as refused:
            database(settings(url))
        assert "hidden" not in str(refused.value)
        with pytest.raises(OSError, match="the database cannot be opened: ") as failed:
            open_database(url)
        assert "hidden" not in str(failed.value)


def test_a_folder_without_a_database_is_left_without_one(tmp_path: Path) -> None:
    assert database(read_settings(data_dir=tmp_path / "data")) == "none yet: the first start makes it"
    assert list(tmp_path.iterdir()) == []
    open_database(f"sqlite:///{tmp_path}/lodestock.db").dispose()
    assert f"schema {NEWEST}, 0 versions" in database(read_settings(data_dir=tmp_path))


def test_what_is_no_database_is_named_with_its_file(tmp_path: Path) -> None:
    (tmp_path / "lodestock.db").write_bytes(b"garbage, not a database" * 400)
    url = sqlite_url(tmp_path)
    with pytest.raises(OSError, match=r"cannot be opened: .*file is not a database .*lodestock\.db"):
        open_database(url)
    with pytest.raises(Unsound, match="file is not a database"):
        database(settings(url))


def test_a_folder_that_cannot_be_made_is_named_with_its_setting(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match=f"data_dir {tmp_path}/file/below cannot be made: Not a directory"):
        sqlite_url(tmp_path / "file" / "below")


def test_a_schema_of_a_newer_server_is_not_opened(engine: Engine, url: str) -> None:
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(OSError, match=r"cannot be brought to this version of the server: .*9999"):
        open_database(url)


def test_a_missing_driver_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(OSError, match=r"its driver is not installed: .*psycopg") as failed:
        open_database("postgresql://user:hidden@host/name")
    assert "hidden" not in str(failed.value)


def test_a_url_that_is_none_is_not_repeated_as_it_may_hold_a_password() -> None:
    with pytest.raises(OSError, match="database_url is no URL") as failed:
        open_database("postgresql://user:hidden")
    assert "hidden" not in str(failed.value)


def test_a_full_disk_is_named_and_nothing_is_taken_in(tmp_path: Path) -> None:
    engine = open_database(sqlite_url(tmp_path / "store"))
    event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA max_page_count=20"))
    engine.dispose()  # So that connections are made anew, and bear the limit.
    package = small_package(tmp_path, [("tin", "CHN", year, year) for year in range(1000, 5000)])
    with pytest.raises(OSError, match=r"cannot take in output: .*disk is full .*lodestock\.db"):
        DatasetStore(engine).load(package)
    assert DatasetStore(engine).list_datasets(0, 10) == []
    engine.dispose()
