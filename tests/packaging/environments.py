"""Wheels of the tree, and environments that they are installed in."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import venv
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check")


@dataclass(frozen=True, slots=True)
class Environment:
    """An environment of its own, without pip."""

    folder: Path

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self.folder / "bin" / "python"

    @property
    def site_packages(self) -> Path:
        """Where its packages are."""
        scheme = {"base": str(self.folder), "platbase": str(self.folder)}
        return Path(sysconfig.get_path("purelib", "venv", scheme))

    def command(self, name: str) -> Path:
        """One of its commands."""
        return self.folder / "bin" / name

    def run(self, *line: str | Path, start_in: Path) -> subprocess.CompletedProcess[str]:
        """Run something in it, away from the tree and from the variables of whoever runs the tests."""
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("LODESTOCK_", "PYTHON"))}
        return subprocess.run(line, cwd=start_in, env=clean, capture_output=True, text=True, timeout=120, check=False)

    def install(self, *arguments: str | Path) -> None:
        """Install packages into it."""
        pip(*("--python", self.python, "install", "--quiet", *arguments))


def pip(*arguments: str | Path) -> None:
    """Run pip, and show what it says where it fails."""
    done = subprocess.run([*PIP, *arguments], capture_output=True, text=True, timeout=900, check=False)
    assert done.returncode == 0, f"pip {' '.join(map(str, arguments))}\n{done.stdout}{done.stderr}"


def build_wheels(folder: Path) -> tuple[Path, Path]:
    """Build the wheels of client and server."""
    pip("wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", folder, ROOT / "clients", ROOT)
    (client,) = folder.glob("lodestock-*.whl")
    (server,) = folder.glob("lodestock_server-*.whl")
    return client, server


def empty_environment(folder: Path) -> Environment:
    """Make an environment with nothing in it."""
    venv.create(folder, with_pip=False)
    return Environment(folder)


def lend_packages(environment: Environment) -> None:
    """Let an environment find the packages of the one that runs the tests, after its own.

    A line in a .pth file adds a folder and does not read the .pth files in it, so the editable installs of the lender,
    which point into the tree, are not lent.
    """
    lender = sysconfig.get_path("purelib")
    (environment.site_packages / "lent.pth").write_text(f"{lender}\n", encoding="utf-8")
