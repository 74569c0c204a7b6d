"""The examples in the READMEs run as they are written."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.server_process import ServerProcess, running_server

ROOT = Path(__file__).resolve().parents[2]
PYTHON_BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
LITERAL_PORT = re.compile(r"(?:127\.0\.0\.1|localhost):(\d+)")


def client_examples(path: Path) -> list[str]:
    """The Python blocks of a page that use the client."""
    return [block for block in PYTHON_BLOCK.findall(path.read_text(encoding="utf-8")) if "lodestock import" in block]


def run(example: str, address: str) -> None:
    """Run an example as a user would, in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", example],
        env={**os.environ, "LODESTOCK_ADDRESS": address},
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("page", ["README.md", "clients/README.md", "docs/jobs.md"])
def test_client_examples_run_as_written(page: str, server: ServerProcess) -> None:
    """Each example runs against a server where it looks for one: at the port it names, else by the environment."""
    examples = client_examples(ROOT / page)
    assert examples, f"{page} shows no use of the client"
    for example in examples:
        ports = set(LITERAL_PORT.findall(example))
        if not ports:
            run(example, server.address)
            continue
        assert len(ports) == 1
        with running_server(port=int(ports.pop())) as own:
            run(example, own.address)
