"""Authorities and certificates for tests, made by openssl and valid for a day."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Certificate:
    """A certificate with its key, as PEM files."""

    certificate: Path
    key: Path


def openssl(*arguments: str | Path) -> None:
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)


def authority(folder: Path, name: str) -> Certificate:
    """A new authority."""
    made = Certificate(folder / f"{name}.pem", folder / f"{name}.key")
    openssl(
        *("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1"),
        *("-subj", f"/CN={name}", "-out", made.certificate, "-keyout", made.key),
    )
    return made


def signed(by: Certificate, folder: Path, common_name: str) -> Certificate:
    """A new certificate for this machine, signed by an authority."""
    made = Certificate(folder / f"{common_name}.pem", folder / f"{common_name}.key")
    request, extensions = folder / f"{common_name}.csr", folder / f"{common_name}.ext"
    extensions.write_text("subjectAltName=IP:127.0.0.1,DNS:localhost\n")
    openssl(
        *("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"),
        *("-subj", f"/CN={common_name}", "-out", request, "-keyout", made.key),
    )
    openssl(
        *("x509", "-req", "-in", request, "-days", "1", "-CA", by.certificate, "-CAkey", by.key),
        *("-CAcreateserial", "-extfile", extensions, "-out", made.certificate),
    )
    return made
