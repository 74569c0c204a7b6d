"""What `lodestock-server doctor` says of a database, which it leaves as it is."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Engine, inspect, text

from lodestock_server.doctor import Unsound, database
from lodestock_server.settings import Settings, read_settings
from lodestock_server.store.database import connect, open_database
from lodestock_server.store.datasets import DatasetStore
from tests.small_packages import small_package


def settings(url: str) -> Settings:
    return read_settings(database_url=url)


def test_an_empty_database_is_sound_and_stays_empty(url: str) -> None:
    assert database(settings(url)).endswith(", empty: the first start fills it")
    engine = connect(url)
    assert inspect(engine).get_table_names() == []
    engine.dispose()


def test_what_it_holds_is_counted(engine: Engine, url: str, tmp_path: Path) -> None:
    DatasetStore(engine).load(small_package(tmp_path, [("tin", "CHN", 2020, 5)]))
    assert database(settings(url)).endswith("schema 0002, 1 versions of datasets")


def test_a_schema_of_a_newer_server_is_refused(engine: Engine, url: str) -> None:
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(Unsound, match="its schema 9999 is of a newer version of the server, which knows 0002"):
        database(settings(url))


def test_a_database_that_cannot_be_reached_is_named_without_its_password(tmp_path: Path) -> None:
    for url in ("postgresql://user:hidden@127.0.0.1:1/none", f"sqlite:///{tmp_path}/no/such/folder/file.db"):
        with pytest.raises(Unsound, match="cannot be reached: ") as refused:
            database(settings(url))
        assert "hidden" not in str(refused.value)
        with pytest.raises(OSError, match="the database cannot be opened: ") as failed:
            open_database(url)
        assert "hidden" not in str(failed.value)


def test_a_folder_without_a_database_is_left_without_one(tmp_path: Path) -> None:
    assert database(read_settings(data_dir=tmp_path / "data")) == "none yet: the first start makes it"
    assert list(tmp_path.iterdir()) == []
    open_database(f"sqlite:///{tmp_path}/lodestock.db").dispose()
    assert "schema 0002, 0 versions" in database(read_settings(data_dir=tmp_path))
