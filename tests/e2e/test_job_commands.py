"""The commands about jobs and stored results, as users type them."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from google.protobuf.json_format import MessageToJson

from lodestock import Client
from tests.e2e.test_command_line import BIN, lodestock
from tests.server_process import ServerProcess, running_server, until_true
from tests.toy_problem import toy_problem

NAME = re.compile(r"operations/[0-9a-f-]{36}")


@pytest.fixture(scope="module")
def idle() -> Iterator[ServerProcess]:
    """A server without workers: its jobs stay where they are."""
    with running_server() as process:
        yield process


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
        if plan["info"].get("display_name") in ("as it is", "dearer")
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


def test_words_of_the_caller_are_printed_as_they_are(idle: ServerProcess, toy_file: Path) -> None:
    """Brackets and colons mean nothing, and names of jobs stay in one piece however narrow the terminal is."""
    words = ("closing [/red] tag", "[red]x[/] :smile:")
    names = [lodestock(idle, "plan", str(toy_file), "--detach", "--name", said).stdout.strip() for said in words]
    wide, narrow = (lodestock(idle, "jobs", "list", columns=columns) for columns in (400, 80))
    for name, said in zip(names, words, strict=True):
        (line,) = [line for line in wide.stdout.splitlines() if name in line]
        assert said in line
        assert name in narrow.stdout
    assert max(len(line) for line in narrow.stdout.splitlines()) <= 80
    told = lodestock(idle, "jobs", "show", names[0]).stdout.splitlines()
    assert {f"job: {names[0]}", "state: QUEUED", f"what: {words[0]}"} < set(told)
    assert not any(line.startswith("began") for line in told), "no worker has begun it"
    lodestock(idle, "jobs", "cancel", names[0])
    ended = lodestock(idle, "jobs", "wait", names[0])
    assert (ended.returncode, "state: CANCELLED" in ended.stdout) == (1, True)
    assert ended.stderr.splitlines()[-1] == "JobCancelled: cancelled by the caller"
    assert "Traceback" not in ended.stderr


def test_piped_lists_are_never_folded(idle: ServerProcess, toy_file: Path) -> None:
    """Whoever reads them with a program has a line a job, without saying how wide it may be."""
    name = lodestock(idle, "plan", str(toy_file), "--detach", "--name", "word " * 30).stdout.strip()
    environment = {key: value for key, value in os.environ.items() if key != "COLUMNS"}
    environment["LODESTOCK_ADDRESS"] = idle.address
    command = [str(BIN / "lodestock"), "jobs", "list"]
    listed = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=True)
    (line,) = [line for line in listed.stdout.splitlines() if name in line]
    assert ("word " * 30).strip() in line


def test_interrupted_job_is_cancelled_and_said_so(idle: ServerProcess, toy_file: Path) -> None:
    """Its name is told at the start, for those who want to find it."""
    environment = {**os.environ, "LODESTOCK_ADDRESS": idle.address}
    command = [str(BIN / "lodestock"), "plan", str(toy_file), "--job", "--name", "interrupted"]
    with (
        Client(idle.address) as client,
        subprocess.Popen(
            command,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            # Where the tests run in the background, Ctrl-C is ignored, and what they start inherits that.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        ) as begun,
    ):
        assert begun.stderr is not None
        name = begun.stderr.readline().partition(",")[0]
        assert NAME.fullmatch(name)
        # Its progress is shown now, inside the block that cancels it.
        assert begun.stderr.readline() == "interrupted: QUEUED\n"
        begun.send_signal(signal.SIGINT)
        assert f"{name} is cancelled" in begun.stderr.read()
        assert begun.wait(60) != 0
        assert until_true(lambda: client.job(name).state == "CANCELLED")


def test_nothing_is_said_in_words(idle: ServerProcess, server: ServerProcess, toy_file: Path) -> None:
    """Empty lists, results that are the same, and options that do not go together."""
    assert lodestock(idle, "jobs", "list", "--state", "running").stdout == "no jobs\n"
    for kind in ("plans", "forecasts", "backtests"):
        assert lodestock(idle, kind, "list").stdout == f"no stored {kind}\n"
    for most in ("0", "-3"):
        assert lodestock(idle, "jobs", "list", "--most", most).returncode == 2
    both = lodestock(idle, "plan", str(toy_file), "--job", "--detach")
    assert (both.returncode, "give one of them" in both.stderr) == (2, True)
    with Client(server.address) as client:
        jobs = [client.run_optimization(toy_problem()) for _ in range(2)]
        plans = [job.wait(120).result_name for job in jobs]
    assert lodestock(server, "plans", "compare", *plans).stdout.splitlines()[-1] == "no figure differs"
