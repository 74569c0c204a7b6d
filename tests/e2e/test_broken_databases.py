"""A database that cannot be used ends a command with one line and exit 1, never with a traceback."""

from __future__ import annotations

import os
import sqlite3
import subprocess
from pathlib import Path

import pytest

from lodestock_server.store.database import open_database, sqlite_url
from tests.server_process import COMMAND

SERVE = ("serve", "--port", "0")


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("LODESTOCK_")}
    environment = {**clean, "LODESTOCK_DATA_DIR": str(folder), "COLUMNS": "300"}
    line = [str(COMMAND), *arguments]
    return subprocess.run(line, capture_output=True, text=True, env=environment, check=False, timeout=120)


@pytest.mark.parametrize("arguments", [SERVE, ("data", "list")])
def test_garbage_is_named(arguments: tuple[str, ...], tmp_path: Path) -> None:
    (tmp_path / "lodestock.db").write_bytes(b"garbage, not a database" * 400)
    ended = run(tmp_path, *arguments)
    assert ended.returncode == 1
    (line,) = ended.stderr.splitlines()
    assert "file is not a database" in line
    assert str(tmp_path / "lodestock.db") in line


def test_doctor_finds_garbage(tmp_path: Path) -> None:
    (tmp_path / "lodestock.db").write_bytes(b"garbage, not a database" * 400)
    ended = run(tmp_path, "doctor", "--port", "0")
    assert ended.returncode == 1
    assert ended.stdout.splitlines()[-1].endswith("sound, database broken")
    assert "file is not a database" in ended.stdout


@pytest.mark.parametrize("arguments", [SERVE, ("data", "list")])
def test_a_folder_that_cannot_be_made_is_named(arguments: tuple[str, ...], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    ended = run(tmp_path / "file" / "below", *arguments)
    assert ended.returncode == 1
    assert ended.stderr.splitlines() == [f"data_dir {tmp_path}/file/below cannot be made: Not a directory"]


@pytest.mark.slow
def test_a_server_that_cannot_be_filled_ends_and_says_why(tmp_path: Path) -> None:
    open_database(sqlite_url(tmp_path)).dispose()
    with sqlite3.connect(tmp_path / "lodestock.db") as connection:
        full = "SELECT RAISE(ABORT, 'database or disk is full')"
        connection.execute(f"CREATE TRIGGER full BEFORE INSERT ON record BEGIN {full}; END")
    ended = run(tmp_path, *SERVE)
    assert ended.returncode == 1
    assert "Traceback" not in ended.stderr
    last = ended.stderr.splitlines()[-1]
    assert "database or disk is full" in last
    assert str(tmp_path / "lodestock.db") in last
