"""The workers that a server starts itself, and the command that starts others."""

from __future__ import annotations

import signal
import subprocess
from contextlib import ExitStack
from pathlib import Path

import psutil
import pytest

from lodestock import Client
from tests.integration.job_site import PATIENCE_S, eventually, lives
from tests.server_process import COMMAND, ServerProcess, running_server
from tests.toy_problem import toy_problem

pytestmark = pytest.mark.slow


def workers_of(server: ServerProcess) -> list[int]:
    """Numbers of the workers that a server runs."""
    children = psutil.Process(server.process.pid).children()
    return [child.pid for child in children if "--embedded" in child.cmdline()]


def test_a_server_keeps_its_worker_and_takes_it_along() -> None:
    """A worker that is killed is started again, and does jobs; with the server it ends, even when that is killed."""
    with running_server(job_workers=1) as server:
        eventually(lambda: workers_of(server), "the worker")
        (first,) = workers_of(server)
        psutil.Process(first).kill()
        eventually(lambda: workers_of(server) not in ([], [first]), "another worker")
        (second,) = workers_of(server)
        with Client(server.address) as client:
            assert client.run_optimization(toy_problem()).result().status == "OPTIMAL"
        computing = [child.pid for child in psutil.Process(second).children()]
        assert computing
        server.signal(signal.SIGKILL)
        eventually(lambda: not any(lives(pid) for pid in (second, *computing)), "the end of the worker")


def test_the_command_runs_a_worker_until_it_is_told_to_stop(tmp_path: Path) -> None:
    """It says when it takes jobs, and under which name; where there is no database it says why, and fails."""
    ready = tmp_path / "ready"
    environment = {"LODESTOCK_DATA_DIR": str(tmp_path), "PATH": "/usr/bin:/bin"}
    command = [str(COMMAND), "worker", "--name", "one", "--processes", "2", "--ready-file", str(ready)]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as worker:
        eventually(ready.exists, "the worker")
        assert ready.read_text(encoding="utf-8") == "one\n"
        worker.send_signal(signal.SIGTERM)
        said, _ = worker.communicate(timeout=PATIENCE_S)
        assert (worker.returncode, said) == (0, b"worker one takes jobs\n")
    nowhere = {**environment, "LODESTOCK_DATABASE_URL": "postgresql:///x?host=/nowhere"}
    denied = subprocess.run([*command[:2], "--name", "a b"], env=nowhere, capture_output=True, check=False)
    assert denied.returncode == 2
    assert b"worker_name" in denied.stderr


def test_two_workers_without_names_do_not_share_one(tmp_path: Path) -> None:
    """Each takes the lowest number that is free; a name that is not is refused at start, saying who has it."""
    environment = {"LODESTOCK_DATA_DIR": str(tmp_path), "PATH": "/usr/bin:/bin"}
    readies = [tmp_path / "first", tmp_path / "second"]
    with ExitStack() as stack:
        for ready in readies:
            command = [str(COMMAND), "worker", "--ready-file", str(ready)]
            worker = stack.enter_context(subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL))
            stack.callback(worker.kill)
            eventually(ready.exists, "the worker")
        first, second = (ready.read_text(encoding="utf-8").strip() for ready in readies)
        assert (first[-2:], second) == ("-1", first[:-1] + "2")
        refused = subprocess.run(
            [str(COMMAND), "worker", "--name", second], env=environment, capture_output=True, check=False, timeout=60
        )
        assert refused.returncode == 1
        assert f"{second}: process {worker.pid} on ".encode() in refused.stderr
