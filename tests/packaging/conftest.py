"""Fixtures for tests of what users install."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.packaging.environments import Environment, build_wheels, empty_environment, lend_packages


@pytest.fixture(scope="session")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The wheels of client and server."""
    return build_wheels(tmp_path_factory.mktemp("wheels"))


@pytest.fixture(scope="session")
def installed(wheels: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """An environment with both wheels, and with the packages that they need lent to it, which takes seconds."""
    environment = empty_environment(tmp_path_factory.mktemp("installed"))
    environment.install("--no-deps", "--no-index", *wheels)
    lend_packages(environment)
    return environment
