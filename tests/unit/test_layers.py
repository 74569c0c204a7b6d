"""Imports go down only. Walks every module and fails when a layer reaches up."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

CORES = {
    "lodestock_forecasters": ROOT / "forecasters" / "lodestock_forecasters",
    "lodestock_optimizers": ROOT / "optimizers" / "lodestock_optimizers",
}
SERVER = ROOT / "services" / "lodestock_server"
CLIENT = ROOT / "clients" / "lodestock"

FORBIDDEN_TO_CORES = (
    "grpc",
    "google",
    "lodestock",
    "lodestock_server",
    "sqlalchemy",
    "pydantic",
    "structlog",
    "requests",
)
FORBIDDEN_TO_CLIENT = ("lodestock_server", "lodestock_forecasters", "lodestock_optimizers", "protovalidate", "buf")
FORBIDDEN_TO_USE_CASES = ("grpc", "google", "lodestock", "pydantic_settings", "typer")

# A module may import what stands on a lower floor, and what is of its own package.
FLOORS = (
    ("errors", "log", "settings", "data", "units"),
    ("identity", "metrics", "tracing", "certificates", "catalog", "contract", "deadlines", "status", "transport"),
    ("store",),
    ("jobs",),
    ("usecases", "compute", "validation", "admission", "health"),
    ("converters",),
    ("checks", "interceptors", "tasks", "dispatch", "weights"),
    ("law_tasks", "question_tasks"),
    ("servicers", "workers"),
    ("app", "doctor"),
    ("cli",),
    ("__main__",),
)
FLOOR_OF = {name: floor for floor, names in enumerate(FLOORS) for name in names}


def modules(folder: Path) -> list[Path]:
    """The Python files below a folder, generated stubs left out."""
    return sorted(path for path in folder.rglob("*.py") if not path.stem.endswith(("_pb2", "_pb2_grpc")))


def imported(path: Path) -> Iterator[str]:
    """Full names of what a file imports; relative imports stay in their package and are left out."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def top(name: str) -> str:
    """The package that a name is in."""
    return name.partition(".")[0]


def relative(path: Path) -> str:
    """A path as a test's name."""
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", [path for folder in CORES.values() for path in modules(folder)], ids=relative)
def test_cores_know_neither_network_nor_storage_nor_server(path: Path) -> None:
    """The cores import no transport, no storage, no server, and not each other."""
    own = relative(path).split("/")[1]
    others = set(CORES) - {own}
    reached = {name for name in imported(path) if top(name) in FORBIDDEN_TO_CORES or top(name) in others}
    assert not reached


@pytest.mark.parametrize("path", [path for folder in CORES.values() for path in modules(folder)], ids=relative)
def test_cores_read_no_environment(path: Path) -> None:
    """The environment is an argument."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    used = {ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    assert not used & {"os.environ", "os.getenv"}
    assert not {name for name in imported(path) if name in ("os.environ", "os.getenv")}


@pytest.mark.parametrize("path", modules(CLIENT), ids=relative)
def test_client_imports_nothing_of_the_server(path: Path) -> None:
    """The client stands alone."""
    assert not {name for name in imported(path) if top(name) in FORBIDDEN_TO_CLIENT}


def server_module(name: str) -> str | None:
    """The part of the server that a full name is in: ``lodestock_server.usecases.x`` → ``usecases``."""
    parts = name.split(".")
    return parts[1] if parts[0] == "lodestock_server" and len(parts) > 1 else None


@pytest.mark.parametrize("path", modules(SERVER), ids=relative)
def test_server_imports_go_down(path: Path) -> None:
    """Each part of the server imports lower floors alone."""
    if path == SERVER / "__init__.py":
        assert not list(imported(path))
        return
    own = path.relative_to(SERVER).parts[0].removesuffix(".py")
    assert own in FLOOR_OF, f"{own} has no floor yet: give it one in FLOORS"
    used = {part for name in imported(path) if (part := server_module(name)) and part != own}
    assert not {part for part in used if FLOOR_OF[part] >= FLOOR_OF[own]}


@pytest.mark.parametrize("path", modules(SERVER / "usecases"), ids=relative)
def test_use_cases_know_no_transport(path: Path) -> None:
    """Use cases take and give values of the domain."""
    assert not {name for name in imported(path) if top(name) in FORBIDDEN_TO_USE_CASES}


@pytest.mark.parametrize("path", [SERVER / "servicers", SERVER / "converters", SERVER / "usecases"], ids=relative)
def test_only_the_root_reads_settings(path: Path) -> None:
    """Settings are read by the composition root and the command line alone."""
    readers = {
        relative(module) for module in modules(path) if "lodestock_server.settings" in str(list(imported(module)))
    }
    assert not readers
