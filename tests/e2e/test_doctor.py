"""lodestock-server doctor, as users type it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import lodestock_server
from tests.server_process import COMMAND, ServerProcess


def doctor(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run the command."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("LODESTOCK_")}
    return subprocess.run(
        [COMMAND, "doctor", *arguments],
        env={**clean, "COLUMNS": "160", **variables},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_sound_installation_is_said_to_be_sound(tmp_path: Path) -> None:
    """A table, a line, exit 0, and nothing left behind."""
    done = doctor("--port", "0", LODESTOCK_DATA_DIR=str(tmp_path / "data"))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "finds a known optimum" in done.stdout
    sound, _of, total, _word = done.stdout.splitlines()[-1].split()
    assert sound == total
    assert not done.stderr
    assert not list(tmp_path.iterdir())


def test_taken_port_is_broken(server: ServerProcess) -> None:
    """While a server runs, its port is not free for another."""
    done = doctor("--port", server.address.rpartition(":")[2])
    assert done.returncode == 1
    assert done.stdout.splitlines()[-1].endswith("sound, port broken")
    assert "is a server running already?" in done.stdout


def test_settings_that_do_not_hold_are_broken() -> None:
    """The rest is looked at all the same."""
    done = doctor(LODESTOCK_HOST="0.0.0.0")
    assert done.returncode == 1
    assert done.stdout.splitlines()[-1].endswith("sound, settings broken")
    assert "not a loopback address" in done.stdout
    assert "Traceback" not in done.stderr


def test_installation_with_a_damaged_table_is_broken(tmp_path: Path) -> None:
    """One digit that is not the publisher's, in a copy of the server."""
    copy = tmp_path / "lodestock_server"
    shutil.copytree(Path(lodestock_server.__file__).parent, copy)
    table = copy / "data" / "prices" / "prices.csv"
    table.write_text(table.read_text(encoding="utf-8").replace("1", "7", 1), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "lodestock_server", "doctor", "--port", "0"],
        env={**os.environ, "PYTHONPATH": str(tmp_path), "COLUMNS": "300"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 1
    assert "bundled data broken" in done.stdout
    assert "prices: prices.csv: hash is" in done.stdout
