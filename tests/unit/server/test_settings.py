"""Settings that do nothing or cannot hold are named before a server starts with them."""

from __future__ import annotations

import os

import pytest
from pydantic import ValidationError
from typer.testing import CliRunner

from lodestock_server.cli import app
from lodestock_server.settings import read_settings, unknown_variables


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting in the environment."""
    for name in os.environ:
        if name.startswith("LODESTOCK_"):
            monkeypatch.delenv(name)


def test_variables_that_are_no_settings_are_named_with_what_is_meant(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LODESTOCK_PORT", "LODESTOCK_CONFIG", "LODESTOCK_ADDRESS", "OTHERS_PROT"):
        monkeypatch.setenv(name, "")
    assert unknown_variables() == []
    monkeypatch.setenv("LODESTOCK_DATABSE_URL", "")
    monkeypatch.setenv("LODESTOCK_WEATHER", "")
    assert unknown_variables() == [
        "LODESTOCK_DATABSE_URL is no setting, LODESTOCK_DATABASE_URL is",
        "LODESTOCK_WEATHER is no setting",
    ]


def test_check_config_warns_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LODESTOCK_PROT", "7000")
    done = CliRunner().invoke(app, ["check-config"])
    assert done.exit_code == 0
    assert "warning: LODESTOCK_PROT is no setting, LODESTOCK_PORT is" in done.stderr


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "sqlite://?timeout=3"])
def test_a_database_in_memory_is_refused(url: str) -> None:
    """Server, workers and compute processes would each have their own."""
    with pytest.raises(ValidationError, match="must name a file"):
        read_settings(database_url=url)


@pytest.mark.parametrize(
    ("url", "complaint"),
    [
        ("postgresql://user:secret@host:port/name", "is no URL of a database"),
        ("postgresql://user:secret@host/name?sslmod=require", "sslmod"),
        ("sqlite://", "must name a file"),
    ],
)
def test_check_config_refuses_urls_that_no_server_starts_with(
    monkeypatch: pytest.MonkeyPatch, url: str, complaint: str
) -> None:
    monkeypatch.setenv("LODESTOCK_DATABASE_URL", url)
    done = CliRunner().invoke(app, ["check-config"])
    assert done.exit_code == 2
    assert complaint in done.stderr
    assert "secret" not in done.output


@pytest.mark.parametrize(
    "url",
    ["postgresql://user@one,two/name?sslmode=require&target_session_attrs=any", "sqlite:////folder/file.db", ""],
)
def test_check_config_takes_others_without_asking_the_database(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    if url:
        monkeypatch.setenv("LODESTOCK_DATABASE_URL", url)
    assert CliRunner().invoke(app, ["check-config"]).exit_code == 0
