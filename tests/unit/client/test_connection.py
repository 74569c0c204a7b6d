"""Half-specified connections are refused where they are made."""

from __future__ import annotations

from pathlib import Path

import pytest

from lodestock.connection import DEFAULT_ADDRESS, Connection


def test_environment_fills_what_is_not_given(monkeypatch: pytest.MonkeyPatch) -> None:
    """Arguments come before the environment, the environment before the default."""
    monkeypatch.delenv("LODESTOCK_ADDRESS", raising=False)
    assert Connection.from_environment().address == DEFAULT_ADDRESS
    monkeypatch.setenv("LODESTOCK_ADDRESS", "localhost:7")
    monkeypatch.setenv("LODESTOCK_TOKEN", "secret")
    assert Connection.from_environment().address == "localhost:7"
    assert ("authorization", "Bearer secret") in Connection.from_environment().metadata()
    assert Connection.from_environment("localhost:8").address == "localhost:8"


def test_token_never_travels_in_clear() -> None:
    """To another machine a token needs encryption; on this one it does not."""
    with pytest.raises(ValueError, match="in clear"):
        Connection("minerals.example.org:50051", token="secret")
    Connection("minerals.example.org:50051", token="secret", ca_file=Path("ca.pem"))
    for local in ("127.0.0.1:1", "localhost:1", "[::1]:1"):
        Connection(local, token="secret")


def test_token_is_not_shown() -> None:
    """A connection may be printed."""
    assert "secret" not in repr(Connection(token="secret"))


@pytest.mark.parametrize(
    "given",
    [{"certificate_file": Path("c")}, {"key_file": Path("k")}, {"certificate_file": Path("c"), "key_file": Path("k")}],
    ids=["no key", "no certificate", "no authority"],
)
def test_half_a_certificate_is_refused(given: dict[str, Path]) -> None:
    """Certificate, key and authority go together."""
    with pytest.raises(ValueError, match=r"go together|needs ca_file"):
        Connection(**given)  # type: ignore[arg-type]
