"""What ``pip install ./clients`` brings into an empty environment."""

from __future__ import annotations

import os
import subprocess
import venv
from pathlib import Path

import pytest

from tests.server_process import ServerProcess

ROOT = Path(__file__).resolve().parents[2]
OURS = {"lodestock"}
DEPENDENCIES = {"grpcio", "protobuf", "googleapis-common-protos", "typing-extensions"}
TOOLS = {"pip", "setuptools", "wheel"}


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of an empty environment with the client installed from the tree."""
    folder = tmp_path_factory.mktemp("client")
    venv.create(folder, with_pip=True)
    python = folder / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "--quiet", ROOT / "clients"], check=True, timeout=300)
    return python


def run(python: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run the interpreter away from the tree."""
    return subprocess.run(
        [python, *arguments],
        env={**os.environ, **variables},
        cwd=python.parent,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_client_brings_three_dependencies(environment: Path) -> None:
    """grpcio, protobuf, googleapis-common-protos and what they need, nothing more."""
    listed = run(environment, "-m", "pip", "list", "--format=freeze").stdout
    names = {line.partition("==")[0].lower().replace("_", "-") for line in listed.splitlines()}
    assert names - TOOLS <= OURS | DEPENDENCIES
    assert names >= OURS | {"grpcio", "protobuf", "googleapis-common-protos"}


def test_client_brings_one_package_with_its_types(environment: Path) -> None:
    """Nothing but ``lodestock`` at the top level of site-packages, marked as typed, and the command."""
    code = (
        "import importlib.metadata, pathlib, lodestock\n"
        "for file in importlib.metadata.files('lodestock'): print(file)\n"
        "assert 'site-packages' in lodestock.__file__\n"
    )
    listed = run(environment, "-c", code)
    assert listed.returncode == 0, listed.stderr
    files = listed.stdout.split()
    assert "lodestock/py.typed" in files
    tops = {file.partition("/")[0] for file in files if not file.startswith("../")}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"lodestock"}


def test_installed_client_talks_to_a_server(environment: Path, server: ServerProcess) -> None:
    """The bare client lists models; its command says what it lacks."""
    code = "from lodestock import Client\nwith Client() as client: print(client.health(), len(client.list_models()))"
    answered = run(environment, "-c", code, LODESTOCK_ADDRESS=server.address)
    assert answered.stdout.startswith("SERVING"), answered.stderr
    command = subprocess.run(
        [environment.with_name("lodestock"), "models"], capture_output=True, text=True, check=False
    )
    assert command.returncode == 2
    assert 'pip install "lodestock[cli]"' in command.stderr
