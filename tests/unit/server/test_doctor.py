"""Each check of the doctor sees what is broken, and what is sound."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
from importlib.metadata import requires, version
from pathlib import Path
from types import SimpleNamespace

import pytest
from packaging.requirements import Requirement

from lodestock_server import doctor
from lodestock_server.catalog import DataPackage
from lodestock_server.settings import Settings, read_settings

BUNDLED = Path(doctor.__file__).parent / "data"


def test_what_a_check_raises_is_a_finding() -> None:
    """One broken part does not hide the next, however it breaks."""
    assert doctor.examine("a", lambda: "fine") == doctor.Finding("a", True, "fine")
    broken = doctor.examine("b", lambda: str(1 / 0))
    assert not broken.sound
    assert broken.detail == "ZeroDivisionError: division by zero"


def test_every_needed_package_is_looked_at() -> None:
    """The list is that of the distribution, so that it cannot fall behind."""
    subjects = [finding.subject for finding in doctor.examinations(read_settings)]
    assert {Requirement(line).name for line in requires("lodestock-server") or ()} <= set(subjects)
    assert len(subjects) == len(set(subjects))


@pytest.mark.parametrize(
    ("wanted", "complaint"),
    [
        ("no-such-package>=1", "is not installed"),
        ("numpy>=99", "is installed, >=99 is needed"),
        ("numpy<1", "is installed, <1 is needed"),
    ],
)
def test_missing_and_wrong_packages_are_named(wanted: str, complaint: str) -> None:
    with pytest.raises(doctor.Unsound, match=complaint):
        doctor.right_package(Requirement(wanted))


def test_package_that_cannot_be_imported_is_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    """Installed by its metadata, but without its code."""
    monkeypatch.setitem(doctor.IMPORTED_AS, "numpy", "numpy.no_such_part")
    finding = doctor.examine("numpy", lambda: doctor.right_package(Requirement("numpy")))
    assert not finding.sound
    assert "no_such_part" in finding.detail


def test_old_python_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lodestock_server.doctor.platform.python_version", lambda: "3.9.1")
    with pytest.raises(doctor.Unsound, match=r"3\.9\.1 is installed, >=3\.11 is needed"):
        doctor.right_python()


def test_damaged_and_missing_tables_are_named(tmp_path: Path) -> None:
    """A changed figure, and a table that is gone, in one finding."""
    packages = []
    for name in ("minerals", "prices"):
        shutil.copytree(BUNDLED / name, tmp_path / name)
        packages.append(DataPackage(tmp_path / name))
    assert doctor.undamaged(tuple(packages)).endswith("in 2 packages are as described")
    table = tmp_path / "prices" / "prices.csv"
    table.write_text(table.read_text(encoding="utf-8").replace("1", "7", 1), encoding="utf-8")
    (tmp_path / "minerals" / "minerals.csv").unlink()
    with pytest.raises(doctor.Unsound) as caught:
        doctor.undamaged(tuple(packages))
    assert "prices: prices.csv: hash is" in str(caught.value)
    assert "minerals: minerals.csv: No such file" in str(caught.value)
    with pytest.raises(doctor.Unsound, match="there are none"):
        doctor.undamaged(())


def test_switch_that_pyomo_dropped_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    from pyomo.core.base import constraint

    monkeypatch.delattr(constraint, "TEMPLATIZE_CONSTRAINTS")
    with pytest.raises(doctor.Unsound, match="has no TEMPLATIZE_CONSTRAINTS any more"):
        doctor.pyomo_templates()


@pytest.mark.parametrize(
    ("content", "mode", "complaint"),
    [
        (None, 0o755, "brought no"),
        ("#!/bin/sh\necho no such library >&2\nexit 127\n", 0o755, "does not run here: no such library"),
    ],
    ids=["missing", "cannot run"],
)
def test_backend_of_prophet_that_cannot_fit_is_named(
    content: str | None, mode: int, complaint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / doctor.PROPHET_MODEL
    program.parent.mkdir()
    if content is not None:
        program.write_text(content, encoding="utf-8")
        program.chmod(mode)
    monkeypatch.setitem(sys.modules, "prophet", SimpleNamespace(__file__=str(tmp_path / "__init__.py")))
    with pytest.raises(doctor.Unsound, match=complaint):
        doctor.prophet_backend()


def test_port_in_use_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(doctor.Unsound, match=f"{port} on 127.0.0.1 cannot be bound"):
            doctor.free_port("127.0.0.1", port)
    assert doctor.free_port("127.0.0.1", port) == f"{port} on 127.0.0.1 is free"


def test_key_of_another_certificate_is_noticed(tmp_path: Path) -> None:
    for name in ("one", "other"):
        line = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=localhost"]
        files = ["-out", f"{name}.pem", "-keyout", f"{name}.key"]
        subprocess.run([*line, *files], cwd=tmp_path, check=True, capture_output=True)

    def settings(key: str) -> Settings:
        return read_settings(tls_certificate_file=tmp_path / "one.pem", tls_key_file=tmp_path / key)

    assert "goes with its key" in doctor.certificate(settings("one.key"))
    assert not doctor.examine("certificate", lambda: doctor.certificate(settings("other.key"))).sound
    assert not doctor.examine("certificate", lambda: doctor.certificate(settings("absent.key"))).sound


def test_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    assert doctor.writable(tmp_path / "a" / "b").endswith("to be made")
    assert not (tmp_path / "a").exists()
    (tmp_path / "file").touch()
    with pytest.raises(doctor.Unsound, match="is no folder"):
        doctor.writable(tmp_path / "file" / "below")


def test_settings_that_do_not_hold_leave_the_rest_to_be_found() -> None:
    def refuse() -> Settings:
        raise doctor.Unsound("port: many is no number")

    findings = list(doctor.examinations_of_settings(refuse))
    assert findings == [doctor.Finding("settings", False, "port: many is no number")]


def test_solver_is_asked_for_a_known_optimum() -> None:
    assert version("highspy") in doctor.highs_solves()
