"""The way that the Dockerfile takes: every locked package into an empty environment, then the wheels."""

from __future__ import annotations

from pathlib import Path

import pytest

from lodestock import Client
from tests.packaging.environments import ROOT, empty_environment, pip
from tests.server_process import running_server

pytestmark = pytest.mark.slow


def test_locked_packages_and_wheels_make_a_server(wheels: tuple[Path, Path], tmp_path: Path) -> None:
    """The lock holds all that the wheels need, with the hashes that the index gives, and the server is sound."""
    environment = empty_environment(tmp_path / "environment")
    environment.install("--require-hashes", "-r", ROOT / "requirements-server.lock")
    environment.install("--no-deps", "--no-index", *wheels)
    pip("--python", environment.python, "check")
    examined = environment.run(environment.command("lodestock-server"), "doctor", "--port", "0", start_in=tmp_path)
    assert examined.returncode == 0, examined.stdout + examined.stderr
    started_in = tmp_path / "empty"
    started_in.mkdir()
    with (
        running_server(command=environment.command("lodestock-server"), start_in=started_in) as server,
        Client(server.address) as client,
    ):
        assert client.health() == "SERVING"
        assert len(client.forecast_demand(buyer="USA", materials=["cobalt"], horizon=2, model="prophet")) == 1


def test_client_wheel_alone_needs_nothing_of_the_server(wheels: tuple[Path, Path], tmp_path: Path) -> None:
    """With its extras the client lists models; nothing of the server comes along."""
    client, _server = wheels
    environment = empty_environment(tmp_path / "environment")
    environment.install(f"{client}[cli,pandas]")
    names = {path.name for path in environment.site_packages.iterdir()}
    assert not {name for name in names if name.startswith("lodestock_")}
    with running_server() as server:
        done = environment.run(
            environment.command("lodestock"), "models", "--address", server.address, start_in=tmp_path
        )
    assert done.returncode == 0, done.stderr
    assert "theta_log" in done.stdout
