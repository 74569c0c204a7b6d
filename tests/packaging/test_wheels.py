"""The wheels of client and server: what is in them, and a server that runs from nothing else."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from collections.abc import Iterable
from email.message import Message
from email.parser import Parser
from pathlib import Path

import pytest

from lodestock import Client
from tests.packaging.environments import ROOT, Environment
from tests.server_process import running_server
from tests.toy_problem import OPTIMUM_USD, toy_problem

PACKAGES_OF_CLIENT = {"lodestock": ROOT / "clients"}
PACKAGES_OF_SERVER = {
    "lodestock_forecasters": ROOT / "forecasters",
    "lodestock_optimizers": ROOT / "optimizers",
    "lodestock_server": ROOT / "services",
}
WHERE_FROM = """
import sys
from importlib import import_module
from pathlib import Path

for name in sys.argv[1:]:
    print(name, Path(import_module(name).__file__).parent)
"""


def names_in(wheel: Path) -> set[str]:
    """The files of a wheel."""
    with zipfile.ZipFile(wheel) as archive:
        return {name for name in archive.namelist() if not name.endswith("/")}


def tops_of(names: Iterable[str]) -> set[str]:
    """What stands at the top level, metadata left out."""
    tops = {name.partition("/")[0] for name in names}
    return {top for top in tops if not top.endswith(".dist-info")}


def files_of(package: str, root: Path) -> set[str]:
    """The files of a package in the tree, as a wheel names them."""
    found = (path.relative_to(root) for path in (root / package).rglob("*") if path.is_file())
    return {path.as_posix() for path in found if "__pycache__" not in path.parts}


def metadata_of(wheel: Path) -> Message:
    """What a wheel says of itself."""
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        return Parser().parsestr(archive.read(name).decode("utf-8"))


def test_wheels_hold_the_packages_whole_and_nothing_else(wheels: tuple[Path, Path]) -> None:
    """Every file of the tree's packages, data and types among them, and nothing beside them at the top level."""
    for wheel, packages in zip(wheels, (PACKAGES_OF_CLIENT, PACKAGES_OF_SERVER), strict=True):
        names = names_in(wheel)
        assert tops_of(names) == set(packages)
        wanted = {file for package, root in packages.items() for file in files_of(package, root)}
        assert {name for name in names if ".dist-info/" not in name} == wanted
        assert {f"{package}/py.typed" for package in packages} <= names


def test_wheels_go_together(wheels: tuple[Path, Path]) -> None:
    """One version; the server wants the client of that version; the client wants three packages."""
    client, server = (metadata_of(wheel) for wheel in wheels)
    assert client["Version"] == server["Version"]
    assert f"lodestock=={client['Version']}" in server.get_all("Requires-Dist", [])
    wanted = [line for line in client.get_all("Requires-Dist", []) if "extra ==" not in line]
    assert {line.partition(">")[0].strip() for line in wanted} == {"grpcio", "protobuf", "googleapis-common-protos"}


def test_site_packages_hold_only_lodestock(installed: Environment) -> None:
    """Installed, the wheels leave no generic name behind that could hide or be hidden by another package."""
    names = {path.name for path in installed.site_packages.iterdir()} - {"lent.pth", "__pycache__"}
    assert tops_of(names) == set(PACKAGES_OF_CLIENT) | set(PACKAGES_OF_SERVER)


def test_packages_come_from_the_wheels(installed: Environment, tmp_path: Path) -> None:
    """The tree is out of reach, or the tests of this folder would prove nothing."""
    names = sorted({*PACKAGES_OF_CLIENT, *PACKAGES_OF_SERVER})
    done = installed.run(installed.python, "-c", WHERE_FROM, *names, start_in=tmp_path)
    assert done.returncode == 0, done.stderr
    found = dict(line.split(" ", 1) for line in done.stdout.splitlines())
    assert found == {name: str(installed.site_packages / name) for name in names}


def test_server_from_wheels_serves_from_an_empty_folder(installed: Environment, tmp_path: Path) -> None:
    """It finds its contract and its bundled data, answers every service, and writes nothing where it was started."""
    started_in = tmp_path / "empty"
    started_in.mkdir()
    with (
        running_server(command=installed.command("lodestock-server"), start_in=started_in) as server,
        Client(server.address) as client,
    ):
        assert {dataset.title for dataset in client.list_datasets()}
        forecasts = client.forecast_demand(buyer="USA", materials=["cobalt"], horizon=2)
        assert forecasts["cobalt/USA"].message.history_origins
        assert len(client.assess_supply_risk("USA", ["cobalt"])) > 0
        plan = client.optimize_sourcing(toy_problem())
        assert plan.costs.objective_usd == pytest.approx(OPTIMUM_USD, rel=1e-6)
    assert not list(started_in.iterdir())


def test_file_that_is_missing_from_a_wheel_is_noticed(installed: Environment, tmp_path: Path) -> None:
    """The server of an environment whose data were left out does not answer: the test above can fail."""
    copy = tmp_path / "packages"
    subprocess.run(["cp", "-r", installed.site_packages, copy], check=True)
    (copy / "lodestock_server" / "data" / "minerals" / "minerals.csv").unlink()
    code = (
        f"import sys; sys.path.insert(0, {str(copy)!r})\nfrom lodestock_server import tasks; tasks.catalog().minerals()"
    )
    done = installed.run(installed.python, "-c", code, start_in=tmp_path)
    assert done.returncode != 0
    assert "minerals.csv" in done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="uses the folders of a Unix environment")
def test_module_can_be_run(installed: Environment, tmp_path: Path) -> None:
    """python -m works where the command is not on the path."""
    for package in ("lodestock", "lodestock_server"):
        done = installed.run(installed.python, "-m", package, "--help", start_in=tmp_path)
        assert done.returncode == 0, done.stderr
        assert "Usage" in done.stdout
