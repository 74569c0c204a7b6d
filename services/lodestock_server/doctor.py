"""Whether this installation is sound: what ``lodestock-server doctor`` looks at.

Each check is a function that returns what it found in a few words, or raises whatever is the matter; `examine` turns
both into findings, so that one broken part does not hide the next. Nothing is changed: no file is made, no port stays
bound.
"""

from __future__ import annotations

import importlib
import math
import os
import platform
import socket
import ssl
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from importlib.metadata import PackageNotFoundError, metadata, requires, version
from pathlib import Path

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from lodestock_server.catalog import DataPackage, bundled_packages
from lodestock_server.settings import Settings
from lodestock_server.store.database import DATABASE_FILE, database_url

DISTRIBUTION = "lodestock-server"
OWN_PACKAGES = ("lodestock_server", "lodestock_forecasters", "lodestock_optimizers")
IMPORTED_AS = {
    "googleapis-common-protos": "google.rpc.status_pb2",
    "grpcio": "grpc",
    "grpcio-health-checking": "grpc_health.v1.health",
    "grpcio-reflection": "grpc_reflection.v1alpha.reflection",
    "grpcio-status": "grpc_status.rpc_status",
    "lodestock": "lodestock.v1.sourcing_pb2_grpc",
    "opentelemetry-api": "opentelemetry.trace",
    "opentelemetry-exporter-otlp-proto-grpc": "opentelemetry.exporter.otlp.proto.grpc.trace_exporter",
    "opentelemetry-sdk": "opentelemetry.sdk.trace",
    "protobuf": "google.protobuf.message",
}
"""What to import of a distribution that is not imported by its own name."""

PROPHET_MODEL = "stan_model/prophet_model.bin"
BACKEND_TIMEOUT_S = 20.0


class Unsound(Exception):
    """Something is broken; the text says what, and what would be right."""


Check = Callable[[], str]


@dataclass(frozen=True, slots=True)
class Finding:
    """What came of one check."""

    subject: str
    sound: bool
    detail: str


def examine(subject: str, check: Check) -> Finding:
    """Run a check; whatever it raises is what is wrong."""
    try:
        return Finding(subject, True, check())
    except Unsound as error:
        return Finding(subject, False, str(error))
    # A broken installation fails in every way there is, and each of them is a finding.
    except Exception as error:
        return Finding(subject, False, f"{type(error).__name__}: {error}")


def examinations(read: Callable[[], Settings]) -> Iterator[Finding]:
    """All findings, one after the other.

    Args:
        read: Reads the settings, or raises what is wrong with them.
    """
    yield examine("Python", right_python)
    for line in requires(DISTRIBUTION) or ():
        requirement = Requirement(line)
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
            yield examine(requirement.name, partial(right_package, requirement))
    yield examine("own packages", own_packages)
    yield examine("contract", contract)
    yield examine("HiGHS solves", highs_solves)
    yield examine("Pyomo's templates", pyomo_templates)
    yield examine("Prophet's backend", prophet_backend)
    yield examine("bundled data", lambda: undamaged(bundled_packages()))
    yield from examinations_of_settings(read)


def examinations_of_settings(read: Callable[[], Settings]) -> Iterator[Finding]:
    """The settings, and what they name; where they do not hold, they name nothing."""
    held: list[Settings] = []

    def settings_hold() -> str:
        held.append(read())
        return f"would listen on {held[0].address}"

    yield examine("settings", settings_hold)
    for settings in held:
        yield examine("port", partial(free_port, settings.host, settings.port))
        yield examine("certificate", partial(certificate, settings))
        if settings.database_url is None:
            yield examine("data folder", partial(writable, settings.data_dir))
        yield examine("database", partial(database, settings))


def right_python() -> str:
    """This Python is one that the distribution is for."""
    found, wanted = platform.python_version(), metadata(DISTRIBUTION)["Requires-Python"]
    if found not in SpecifierSet(wanted, prereleases=True):
        raise Unsound(f"{found} is installed, {wanted} is needed")
    return f"{found}, {sys.platform} {platform.machine()}"


def right_package(wanted: Requirement) -> str:
    """A package is installed, of a version that will do, and can be imported."""
    try:
        found = version(wanted.name)
    except PackageNotFoundError:
        raise Unsound(f"is not installed, {wanted.specifier or 'any version'} is needed") from None
    if not wanted.specifier.contains(found, prereleases=True):
        raise Unsound(f"{found} is installed, {wanted.specifier} is needed")
    name = canonicalize_name(wanted.name)
    importlib.import_module(IMPORTED_AS.get(name, name.replace("-", "_")))
    return found


def own_packages() -> str:
    """The server's own packages can be imported."""
    for name in OWN_PACKAGES:
        importlib.import_module(name)
    return f"{len(OWN_PACKAGES)} of version {version(DISTRIBUTION)}"


def contract() -> str:
    """The contract that requests are checked against is whole, and goes with the client's messages."""
    from lodestock.v1 import sourcing_pb2
    from lodestock_server.contract import Contract

    empty = sourcing_pb2.BuildProblemRequest()
    violations = Contract().rule_violations(empty, empty.SerializeToString())
    if not violations:
        raise Unsound("an empty request breaks no rule of it")
    return "its rules are in force"


def highs_solves() -> str:
    """HiGHS finds the optimum of min x + 2y, x + y ≥ 1, x ≤ 0.25, which is 1.75."""
    import highspy

    highs = highspy.Highs()  # type: ignore[no-untyped-call]
    highs.setOptionValue("output_flag", False)
    x = highs.addVariable(lb=0.0, ub=0.25, obj=1.0)
    y = highs.addVariable(lb=0.0, obj=2.0)
    highs.addConstr(x + y >= 1.0)
    highs.run()
    found = float(highs.getInfo().objective_function_value)
    if not math.isclose(found, 1.75, rel_tol=1e-9):
        raise Unsound(f"the optimum of a problem of two columns came out as {found}, 1.75 is right")
    return f"{highs.version()} finds a known optimum"


def pyomo_templates() -> str:
    """The switches are there by which Pyomo expands constraints from templates.

    Setting a switch that is not there would go unnoticed, and models would take many times longer to build.
    """
    from pyomo.core.base import constraint, objective

    for module, switch in ((constraint, "TEMPLATIZE_CONSTRAINTS"), (objective, "TEMPLATIZE_OBJECTIVES")):
        if not hasattr(module, switch):
            raise Unsound(f"{module.__name__} has no {switch} any more; take an older Pyomo")
    return "both switches are there"


def prophet_backend() -> str:
    """The program that fits Prophet's model came with the package, and runs here."""
    import prophet

    program = Path(prophet.__file__).parent / PROPHET_MODEL
    if not program.is_file():
        raise Unsound(f"prophet brought no {PROPHET_MODEL}; install a wheel of it, not its sources")
    if not os.access(program, os.X_OK):
        raise Unsound(f"{program} may not be run by this user")
    line = [str(program), "info"]
    told = subprocess.run(line, capture_output=True, text=True, timeout=BACKEND_TIMEOUT_S, check=False)
    if told.returncode != 0:
        raise Unsound(f"{program} does not run here: {told.stderr.strip() or f'exit {told.returncode}'}")
    facts = dict(row.split(" = ") for row in told.stdout.splitlines() if " = " in row)
    return "Stan " + ".".join(facts.get(f"stan_version_{part}", "?") for part in ("major", "minor", "patch"))


def undamaged(packages: tuple[DataPackage, ...]) -> str:
    """Every table of the data packages is what its description says: digest, size, rows, columns."""
    if not packages:
        raise Unsound("there are none")
    damage = [f"{package.name}: {fault}" for package in packages for fault in damage_of(package)]
    if damage:
        raise Unsound("; ".join(damage))
    tables = sum(len(package.info.resources) for package in packages)
    return f"{tables} tables in {len(packages)} packages are as described"


def damage_of(package: DataPackage) -> tuple[str, ...]:
    """What is wrong with a package, a file that is not there among it."""
    try:
        return package.damage()
    except OSError as error:
        return (f"{Path(error.filename).name}: {error.strerror}",)


def free_port(host: str, port: int) -> str:
    """The address can be bound, as the server would."""
    if port == 0:
        return "0 takes any free one"
    family, kind, protocol, _name, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    with closing(socket.socket(family, kind, protocol)) as probe:
        # Connections that have just ended do not hold a port, neither for the server nor here.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
            probe.listen(1)
        except OSError as error:
            reason = error.strerror or str(error)
            raise Unsound(f"{port} on {host} cannot be bound: {reason}; is a server running already?") from error
    return f"{port} on {host} is free"


def certificate(settings: Settings) -> str:
    """Certificate, key and authority can be read, and certificate and key go together."""
    if settings.tls_certificate_file is None:
        return "none: for this machine alone"
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(settings.tls_certificate_file, settings.tls_key_file)
    if settings.tls_client_ca_file is not None:
        context.load_verify_locations(settings.tls_client_ca_file)
    return f"{settings.tls_certificate_file} goes with its key"


def writable(folder: Path) -> str:
    """The folder, or the nearest one above it that is there, can be written to."""
    there = next(path for path in (folder.absolute(), *folder.absolute().parents) if path.exists())
    if not there.is_dir():
        raise Unsound(f"{there} is no folder")
    if not os.access(there, os.W_OK | os.X_OK):
        raise Unsound(f"{there} cannot be written to by this user")
    return f"{folder}" if there == folder.absolute() else f"{folder}, to be made"


def database(settings: Settings) -> str:
    """The database can be reached, and its schema is none that this version does not know. Nothing is changed in it."""
    from lodestock_server.store.revisions import schema_of

    if settings.database_url is None and not (settings.data_dir / DATABASE_FILE).exists():
        return "none yet: the first start makes it"
    try:
        state = schema_of(database_url(settings.database_url, settings.data_dir))
    except OSError as error:
        raise Unsound(str(error)) from error
    if state.held not in (None, *state.known):
        raise Unsound(f"its schema {state.held} is of a newer version of the server, which knows {state.known[-1]}")
    if state.held is None:
        return f"{state.product}, empty: the first start fills it"
    if state.held != state.known[-1]:
        return f"{state.product}, schema {state.held}: the next start brings it to {state.known[-1]}"
    return f"{state.product}, schema {state.held}, {state.datasets} versions of datasets"
