"""The commands about jobs and stored results, as users type them."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from google.protobuf.json_format import MessageToJson

from tests.e2e.test_command_line import lodestock
from tests.server_process import ServerProcess
from tests.toy_problem import toy_problem

NAME = re.compile(r"operations/[0-9a-f-]{36}")


@pytest.fixture
def toy_file(tmp_path: Path) -> Path:
    """The toy problem in a file."""
    path = tmp_path / "toy.json"
    path.write_text(MessageToJson(toy_problem()), encoding="utf-8")
    return path


def test_plan_as_a_job_shows_how_far_it_is_and_is_stored(server: ServerProcess, toy_file: Path) -> None:
    """From the problem to the stored plan, to another one, to their comparison, to their end."""
    first = lodestock(server, "plan", str(toy_file), "--job", "--name", "as it is")
    assert first.returncode == 0, first.stderr
    assert "OPTIMAL: expected cost 13,943,637 USD" in first.stdout
    assert "as it is: SUCCEEDED" in first.stderr
    dearer = toy_problem()
    dearer.sources[0].unit_price_usd_per_tonne[0] *= 1.1
    toy_file.write_text(MessageToJson(dearer), encoding="utf-8")
    detached = lodestock(server, "plan", str(toy_file), "--detach", "--name", "dearer")
    assert NAME.fullmatch(detached.stdout.strip())
    waited = lodestock(server, "jobs", "wait", detached.stdout.strip())
    assert waited.returncode == 0, waited.stderr
    assert "SUCCEEDED" in waited.stdout
    names = [
        plan["info"]["name"]
        for plan in json.loads(lodestock(server, "plans", "list", "--json").stdout)["plans"]
        if plan["info"]["display_name"] in ("as it is", "dearer")
    ]
    assert len(names) == 2
    shown = lodestock(server, "plans", "show", names[0].partition("/")[2], "--table", "contracts")
    assert shown.returncode == 0, shown.stderr
    assert "cobalt/COD" in shown.stdout
    compared = lodestock(server, "plans", "compare", *names, "--most-figures", "2")
    assert "costs.expected_cost_usd" in compared.stdout
    assert "more figures that differ" in compared.stdout
    for name in names:
        assert lodestock(server, "plans", "delete", name).returncode == 0
    gone = lodestock(server, "plans", "show", names[0])
    assert gone.returncode == 1
    assert "NotFound" in gone.stderr


def test_jobs_are_listed_watched_cancelled_and_deleted(server: ServerProcess, toy_file: Path) -> None:
    """Each event is a line with its number; what failed or was cancelled is exit 1."""
    name = lodestock(server, "plan", str(toy_file), "--detach").stdout.strip()
    watched = lodestock(server, "jobs", "watch", name)
    assert watched.returncode == 0, watched.stderr
    assert [int(line.split()[0]) for line in watched.stdout.splitlines()] == list(
        range(1, len(watched.stdout.splitlines()) + 1)
    )
    assert watched.stdout.splitlines()[-1].endswith("SUCCEEDED")
    assert name in lodestock(server, "jobs", "list", "--state", "succeeded").stdout
    assert name not in lodestock(server, "jobs", "list", "--state", "queued").stdout
    assert (
        json.loads(lodestock(server, "jobs", "show", name, "--json").stdout)["metadata"]["method"] == "RunOptimization"
    )
    assert lodestock(server, "jobs", "delete", name.partition("/")[2]).returncode == 0
    gone = lodestock(server, "jobs", "show", name)
    assert gone.returncode == 1
    assert "NotFound" in gone.stderr
    refused = lodestock(server, "jobs", "list", "--state", "sleeping")
    assert refused.returncode == 1
    assert "Traceback" not in refused.stderr
