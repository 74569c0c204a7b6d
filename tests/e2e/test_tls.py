"""Certificates: clients must show theirs, are named by it, and files that change take effect without a restart."""

from __future__ import annotations

import shutil
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from lodestock import Client, Unavailable
from tests.certificates import Certificate, authority, signed
from tests.server_process import ServerProcess, running_server, until_true


def put(folder: Path, given: Certificate, client_ca: Path | None = None) -> dict[str, str]:
    """Put a server's files in place, whole files in one step each, and return the settings that name them."""
    files = {"LODESTOCK_TLS_CERTIFICATE_FILE": given.certificate, "LODESTOCK_TLS_KEY_FILE": given.key}
    if client_ca is not None:
        files["LODESTOCK_TLS_CLIENT_CA_FILE"] = client_ca
    for name, source in files.items():
        half = folder / f"{name}.new"
        shutil.copy(source, half)
        half.replace(folder / name)
    return {name: str(folder / name) for name in files}


def shown_name(server: ServerProcess) -> str:
    """The common name of the certificate that the server shows who connects now."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols(["h2"])
    host, _, port = server.address.rpartition(":")
    with socket.create_connection((host, int(port)), timeout=10) as plain, context.wrap_socket(plain) as secure:
        shown = secure.getpeercert(binary_form=True)
    assert shown is not None
    return "second" if b"second" in shown else "first" if b"first" in shown else "?"


@contextmanager
def client_with(server: ServerProcess, ca: Certificate, own: Certificate | None = None) -> Iterator[Client]:
    with Client(
        server.address,
        ca_file=ca.certificate,
        certificate_file=own.certificate if own else None,
        key_file=own.key if own else None,
    ) as client:
        yield client


def test_new_certificate_is_shown_without_a_restart(tmp_path: Path) -> None:
    """Who connects sees the new one; who is connected goes on; half a change and a broken file change nothing."""
    ca = authority(tmp_path, "ca")
    first, second = signed(ca, tmp_path, "first"), signed(ca, tmp_path, "second")
    with running_server(environment=put(tmp_path, first)) as server, client_with(server, ca) as connected:
        assert connected.health() == "SERVING"
        assert shown_name(server) == "first"

        shutil.copy(second.certificate, tmp_path / "LODESTOCK_TLS_CERTIFICATE_FILE")
        assert shown_name(server) == "first"
        (tmp_path / "LODESTOCK_TLS_KEY_FILE").write_text("no key")
        assert shown_name(server) == "first"
        assert "certificates not loaded" in server.log()

        put(tmp_path, second)
        assert shown_name(server) == "second"
        assert connected.health() == "SERVING"
        with client_with(server, ca) as newcomer:
            assert newcomer.health() == "SERVING"


def test_clients_are_named_by_their_certificates(tmp_path: Path) -> None:
    """Without a certificate, or with one of another authority, nobody gets in; the common name is the caller."""
    ca, other = authority(tmp_path, "ca"), authority(tmp_path, "other")
    own, strange = signed(ca, tmp_path, "ministry"), signed(other, tmp_path, "stranger")
    files = put(tmp_path, signed(ca, tmp_path, "first"), ca.certificate)
    with running_server("--host", "0.0.0.0", environment=files) as server:
        server.address = f"127.0.0.1:{server.address.rpartition(':')[2]}"
        with client_with(server, ca, own) as friend:
            assert len(friend.list_models()) > 1
        for refused in (None, strange):
            with client_with(server, ca, refused) as client, pytest.raises(Unavailable):
                client.list_models()
        assert until_true(lambda: '"caller": "ministry"' in server.log())
        assert "stranger" not in server.log()


def test_new_authority_lets_in_and_keeps_out_without_a_restart(tmp_path: Path) -> None:
    old, new = authority(tmp_path, "old"), authority(tmp_path, "new")
    before, after = signed(old, tmp_path, "before"), signed(new, tmp_path, "after")
    certificate = signed(old, tmp_path, "first")
    with running_server(environment=put(tmp_path, certificate, old.certificate)) as server:
        with client_with(server, old, before) as client:
            assert client.list_models()
        put(tmp_path, certificate, new.certificate)
        with client_with(server, old, after) as client:
            assert client.list_models()
        with client_with(server, old, before) as client, pytest.raises(Unavailable):
            client.list_models()
