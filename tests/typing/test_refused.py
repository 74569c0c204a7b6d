"""Mistakes that strict mypy must see: the types of client, messages and cores say enough to catch them.

The files in ``refused/`` hold mistakes, one a line, each with the error that it must give. A line without one must
pass, so that types which are too strict fail here as well as those which are too loose.
"""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted((Path(__file__).parent / "refused").glob("*.py"))
WANTED = re.compile(r"#\s*error: \[([\w-]+)\] (.+)$")
TOLD = re.compile(r"^(.+?):(\d+): error: (.+?)\s+\[([\w-]+)\]$")


@dataclass(frozen=True, slots=True)
class TypingError:
    """An error at a line."""

    line: int
    code: str
    text: str


def wanted_errors(file: Path) -> list[TypingError]:
    """What the lines of a file ask for."""
    lines = enumerate(file.read_text(encoding="utf-8").splitlines(), start=1)
    found = ((number, WANTED.search(line)) for number, line in lines)
    return [TypingError(number, match[1], match[2]) for number, match in found if match]


@pytest.fixture(scope="module")
def told() -> dict[str, list[TypingError]]:
    """What mypy says of each file, with the settings of the tree; one run for all, since starting it costs most."""
    line = [sys.executable, "-m", "mypy", "--no-error-summary", "--hide-error-context", "--no-pretty"]
    names = [str(file.relative_to(ROOT)) for file in FILES]
    done = subprocess.run([*line, *names], cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 1, done.stdout + done.stderr
    errors: dict[str, list[TypingError]] = {}
    for file, number, text, code in (match.groups() for match in map(TOLD.match, done.stdout.splitlines()) if match):
        errors.setdefault(Path(file).name, []).append(TypingError(int(number), code, text))
    return errors


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_each_mistake_gives_its_error_and_nothing_else_gives_one(
    file: Path, told: dict[str, list[TypingError]]
) -> None:
    wanted = wanted_errors(file)
    assert len(wanted) >= 5
    given = {error.line: error for error in told.get(file.name, ())}
    assert {line: error.code for line, error in given.items()} == {error.line: error.code for error in wanted}
    for error in wanted:
        assert error.text.lower() in given[error.line].text.lower()
