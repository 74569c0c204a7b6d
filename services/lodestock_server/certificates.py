"""TLS whose certificate, key and authority are read again when their files change, without a restart.

Each new connection is shown what the files hold then. While they do not go together, as in the middle of a change or
after a mistake, the last good ones stay in use, and the log says why.
"""

from __future__ import annotations

import ssl
import threading
from dataclasses import dataclass
from pathlib import Path

import grpc

from lodestock_server.log import get_log

Stamp = tuple[tuple[int, int, int], ...]


@dataclass(frozen=True, slots=True)
class CertificateFiles:
    """PEM files.

    Attributes:
        certificate: The server's certificate chain.
        key: Its private key.
        client_ca: The authority that clients' certificates must be signed by. None: clients need none.
    """

    certificate: Path
    key: Path
    client_ca: Path | None

    def stamp(self) -> Stamp:
        """What changes when a file changes.

        Raises:
            OSError: A file cannot be read.
        """
        found = (path.stat() for path in (self.certificate, self.key, self.client_ca) if path)
        return tuple((file.st_mtime_ns, file.st_size, file.st_ino) for file in found)

    def load(self) -> grpc.ServerCertificateConfiguration:
        """Read the files.

        Raises:
            OSError: A file cannot be read, is no PEM, or certificate and key do not go together.
        """
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, self.key)
        if self.client_ca is not None:
            context.load_verify_locations(self.client_ca)
        return grpc.ssl_server_certificate_configuration(
            [(self.key.read_bytes(), self.certificate.read_bytes())],
            self.client_ca.read_bytes() if self.client_ca else None,
        )


class CertificateReloader:
    """Gives gRPC what the files hold, whenever somebody connects. gRPC's own threads call it."""

    def __init__(self, files: CertificateFiles) -> None:
        """Read the files.

        Raises:
            OSError: As `CertificateFiles.load`.
        """
        self._files = files
        self._lock = threading.Lock()
        self._stamp: Stamp | None = files.stamp()
        self.first = files.load()

    def __call__(self) -> grpc.ServerCertificateConfiguration | None:
        """What to show from now on. None: what was shown before."""
        with self._lock:
            try:
                stamp = self._files.stamp()
                if stamp == self._stamp:
                    return None
                # Noted before reading: a file that changes meanwhile is read again with the next connection.
                self._stamp = stamp
                loaded = self._files.load()
            except OSError as error:
                get_log().error("certificates not loaded", why=str(error))
                return None
        get_log().info("certificates loaded")
        return loaded


def server_credentials(files: CertificateFiles) -> grpc.ServerCredentials:
    """Credentials that follow the files.

    Raises:
        OSError: As `CertificateFiles.load`.
    """
    reloader = CertificateReloader(files)
    return grpc.dynamic_ssl_server_credentials(
        reloader.first,
        reloader,  # type: ignore[arg-type]  # gRPC takes None for "as before", which its types do not say.
        files.client_ca is not None,
    )
