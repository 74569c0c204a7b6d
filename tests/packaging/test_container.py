"""Dockerfile, compose.yaml and units say what is so: no engine runs here, so their words are held against the tree.

The steps themselves, the lock with its hashes, then the wheels, are taken by test_clean_install.py.
"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from typer.testing import CliRunner

from lodestock_server.cli import app
from lodestock_server.settings import Settings, read_settings
from lodestock_server.store.database import connect
from tests.packaging.environments import ROOT

OF_CLIENT = {"LODESTOCK_ADDRESS", "LODESTOCK_TOKEN", "LODESTOCK_CA_FILE"}
OF_COMPOSE = {"LODESTOCK_PUBLISH", "LODESTOCK_WORKER_MEMORY"}
VARIABLE = re.compile(r"\bLODESTOCK_[A-Z_]+\b")


def text(name: str) -> str:
    """The text of a file at the root of the tree."""
    return (ROOT / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["Dockerfile", "compose.yaml"])
def test_variables_are_settings(name: str) -> None:
    """A misspelt one would silently do nothing, since the environment is not checked for unknown names."""
    settings = {f"LODESTOCK_{field.upper()}" for field in Settings.model_fields}
    assert set(VARIABLE.findall(text(name))) <= settings | OF_CLIENT | OF_COMPOSE


def test_what_is_copied_is_there_and_not_ignored() -> None:
    """Every source of a COPY from the tree."""
    copied = re.findall(r"^COPY (?!--from)(.+)$", text("Dockerfile"), re.MULTILINE)
    sources = [source for line in copied for source in line.split()[:-1]]
    assert {"clients", "services", "requirements-server.lock"} <= set(sources)
    assert not [source for source in sources if not (ROOT / source).exists()]
    assert not set(sources) & set(text(".dockerignore").split())


def test_secrets_go_neither_into_the_image_nor_into_the_repository() -> None:
    """The folder that compose.yaml tells to make."""
    assert "./secrets:/run/lodestock:ro" in text("compose.yaml")
    assert "secrets" in text(".dockerignore").split()
    assert "secrets/" in text(".gitignore").split()


def test_certificate_made_as_compose_tells_serves_the_health_check(tmp_path: Path) -> None:
    """The command in its head makes a certificate for the name that the health check of the Dockerfile calls."""
    told = re.search(r"^#   (openssl req .+?\\)\n#     (.+)$", text("compose.yaml"), re.MULTILINE)
    assert told is not None
    (tmp_path / "secrets").mkdir()
    subprocess.run(f"{told[1]}\n{told[2]}", shell=True, cwd=tmp_path, check=True, capture_output=True)
    shown = subprocess.run(
        ["openssl", "x509", "-in", "secrets/server.pem", "-noout", "-ext", "subjectAltName"],
        cwd=tmp_path,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    called = re.search(r"lodestock health --address \"(\w+):", text("Dockerfile"))
    assert called is not None
    assert f"DNS:{called[1]}" in shown


def service(name: str) -> str:
    """What compose.yaml says of a service."""
    found = re.search(rf"^  {name}:\n((?:    .*\n|\n)+)", text("compose.yaml"), re.MULTILINE)
    assert found is not None
    return found[1]


def test_the_server_reaches_the_database_that_stands_beside_it() -> None:
    """User, password, host and name of the URL are those of the other service, and the server waits for it."""
    named = re.search(r"LODESTOCK_DATABASE_URL: (postgresql://(\w+):(\$\{.+?\})@(\w+)/(\w+))$", service("server"), re.M)
    assert named is not None
    url, user, password, host, database = named.groups()
    assert f"POSTGRES_USER: {user}\n" in service(host)
    assert f"POSTGRES_DB: {database}\n" in service(host)
    assert f"POSTGRES_PASSWORD: {password}\n" in service(host)
    assert re.search(rf"depends_on:\n      {host}:\n        condition: service_healthy", service("server"))
    filled_in = url.replace(password, "0123456789abcdef")
    engine = connect(filled_in)
    assert (engine.dialect.name, engine.driver) == ("postgresql", "psycopg")


def test_workers_use_the_same_database_and_wait_for_the_server_that_prepares_it() -> None:
    """Any number of them, so they have neither port nor fixed name; the server itself starts none beside them."""
    named = re.compile(r"LODESTOCK_DATABASE_URL: (.+)")
    said = service("worker")
    assert named.findall(said) == named.findall(service("server"))
    assert re.search(r"depends_on:\n(      #.*\n)?      server:\n        condition: service_healthy", said)
    assert "LODESTOCK_JOB_WORKERS: 0" in service("server")
    assert not {"ports:", "container_name:", "hostname:"} & set(said.split())


def test_a_worker_of_the_image_needs_no_certificate(monkeypatch: pytest.MonkeyPatch) -> None:
    """The image's own settings, with those of the worker over them, hold together without one."""
    image = re.findall(r"(LODESTOCK_\w+)=(\S+)", text("Dockerfile").partition("\nENV ")[2].partition("\nVOLUME")[0])
    of_worker = re.findall(r"^      (LODESTOCK_\w+): ([\w.]+)$", service("worker"), re.MULTILINE)
    assert {"LODESTOCK_HOST", "LODESTOCK_WORKER_METRICS_PORT"} <= {name for name, _ in of_worker}
    for name, value in [*image, *of_worker]:
        if name in {f"LODESTOCK_{field.upper()}" for field in Settings.model_fields}:
            monkeypatch.setenv(name, value)
    port = re.search(r"http://127.0.0.1:(\d+)/metrics", service("worker"))
    assert port is not None
    assert read_settings().worker_metrics_port == int(port[1])


@pytest.mark.parametrize("unit", ["lodestock.service", "lodestock-worker@.service"])
def test_units_start_commands_that_there_are_with_settings_that_there_are(unit: str) -> None:
    """And stop with patience for what runs, as an unprivileged user."""
    said = text(f"deploy/{unit}")
    started = re.search(r"^ExecStart=\S+/lodestock-server (\w+)", said, re.MULTILINE)
    assert started is not None
    shown = CliRunner().invoke(app, [started[1], "--help"])
    assert shown.exit_code == 0
    settings = {f"LODESTOCK_{field.upper()}" for field in Settings.model_fields} | {"LODESTOCK_CONFIG"}
    assert set(VARIABLE.findall(said)) <= settings
    stop = re.search(r"^TimeoutStopSec=(\d+)$", said, re.MULTILINE)
    assert stop is not None
    assert int(stop[1]) > Settings.model_fields["drain_s"].default
    assert {"User=lodestock", "NoNewPrivileges=true", "ProtectSystem=strict", "Restart=always"} <= set(said.split("\n"))


def test_the_database_is_pinned_looked_after_and_closed_to_others() -> None:
    """A major version, a health check, a volume, a password from the environment, no port."""
    said = service("database")
    assert re.search(r"image: postgres:\d+$", said, re.MULTILINE)
    assert re.search(r"POSTGRES_PASSWORD: \$\{POSTGRES_PASSWORD:\?.+\}$", said, re.MULTILINE)
    assert "ports:" not in said
    assert "pg_isready" in said
    assert re.search(r"^volumes:\n  database:$", text("compose.yaml"), re.MULTILINE)
    assert "- database:/var/lib/postgresql" in said
    assert "export POSTGRES_PASSWORD=" in text("compose.yaml")
