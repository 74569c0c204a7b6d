"""A task that does what its request says, in the place of the optimiser: sleeps, reports, refuses, dies."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path
from typing import Any

from lodestock.v1 import common_pb2, sourcing_pb2
from lodestock_server.compute import Watch
from lodestock_server.errors import FieldViolation, InvalidRequest
from lodestock_server.jobs.job import Progress

STEP_S = 0.02


def request(**script: Any) -> bytes:
    """A request that says what to do.

    Args:
        script: `seconds` to take; `log`: file to write the process's number to when it begins; `hears`: whether it
            stops when asked (it does unless told otherwise); `reports`: number of reports; `ends`: how it ends;
            `talks`: whether it reports all the time; `bytes`: more of the answer.
    """
    problem = sourcing_pb2.SourcingProblem(buyer=json.dumps(script))
    return sourcing_pb2.OptimizeSourcingRequest(problem=problem).SerializeToString(deterministic=True)


def scripted(wire: bytes, limit_s: float, watch: Watch) -> bytes:
    """Do what the request says; the answer names the process."""
    script = json.loads(sourcing_pb2.OptimizeSourcingRequest.FromString(wire).problem.buyer)
    begun = begins(script["log"]) if "log" in script else []
    if "log" in script:
        with Path(script["log"]).open("a", encoding="utf-8") as log:
            log.write(f"{os.getpid()}\n")
    for number in range(script.get("reports", 0)):
        watch.report(Progress(f"STAGE {number}", number, script["reports"], message="so far"))
    until = time.monotonic() + script.get("seconds", 0.0)
    while time.monotonic() < until and not (script.get("hears", True) and watch.cancelled()):
        if script.get("talks"):
            watch.report(Progress("TALKING", message=str(time.monotonic())))
        time.sleep(STEP_S)
    match script.get("ends"):
        case "refused":
            raise InvalidRequest([FieldViolation("problem.sources[0]", "is wrong")])
        case "fault":
            raise ValueError("a secret")
        case "dies":
            os.kill(os.getpid(), signal.SIGKILL)
        case "dies once" if not begun:
            os.kill(os.getpid(), signal.SIGKILL)
        case "takes its worker along":
            os.kill(os.getppid(), signal.SIGKILL)
    record = common_pb2.RunRecord(input_digest=str(os.getpid()), versions={"padding": "x" * script.get("bytes", 0)})
    return sourcing_pb2.OptimizeSourcingResponse(record=record).SerializeToString()


def begins(log: str | Path) -> list[int]:
    """Numbers of the processes that began a task, in order."""
    path = Path(log)
    return [int(line) for line in path.read_text(encoding="utf-8").split()] if path.exists() else []
