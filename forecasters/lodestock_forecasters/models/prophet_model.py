"""Prophet, guarded: no yearly season on annual data, a floor where a ceiling is given, and a worker that can be
stopped.

Owns the worker process: it is started at the first fit, has its own session and temporary folder, and is killed when a
fit passes its time limit or the run ends. A plain child process that speaks JSON lines is used instead of
multiprocessing, because it starts clean (nothing is forked), needs no importable main module, and may be started from a
daemonic process.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from lodestock_forecasters.control import Control, Unattended
from lodestock_forecasters.errors import ForecastCancelled, ModelFailed
from lodestock_forecasters.history import History
from lodestock_forecasters.models.protocol import ModelInfo
from lodestock_forecasters.periods import Frequency, period_start
from lodestock_forecasters.series import FloatArray

FIT_TIME_LIMIT_S = 30.0
"""Longest that one fit may take, the worker's start included."""
POLL_S = 0.1
"""Seconds between two looks at the caller's wish during a fit."""
_WORKER_FILE = Path(__file__).with_name("prophet_worker.py")

INFO = ModelInfo(
    name="prophet",
    family="additive regression",
    description="Piecewise linear trend (logistic with a floor of zero where a saturation is given), with a yearly "
    "season on quarterly and monthly data.",
    paper="Taylor and Letham 2018, The American Statistician 72(1)",
    minimum_points=4,
)


class _Worker:
    """One child process and its temporary folder."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="lodestock-prophet-")
        self._process = subprocess.Popen(
            [sys.executable, "-P", str(_WORKER_FILE), self._folder.name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            encoding="utf-8",
            start_new_session=True,
        )
        self._answers: queue.Queue[str | None] = queue.Queue()
        threading.Thread(target=self._read_answers, daemon=True).start()

    def _read_answers(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._answers.put(line)
        self._answers.put(None)

    def ask(self, job: dict[str, Any], time_limit_s: float, cancelled: Callable[[], bool]) -> dict[str, Any]:
        """Send a job and wait for its answer.

        Raises:
            TimeoutError: no answer in time; the worker must be stopped.
            ForecastCancelled: nobody wants it any more; the worker must be stopped.
            ConnectionError: the worker died.
        """
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(job) + "\n")
        self._process.stdin.flush()
        line = self._wait(time_limit_s, cancelled)
        if line is None:
            raise ConnectionError
        answer: dict[str, Any] = json.loads(line)
        return answer

    def _wait(self, time_limit_s: float, cancelled: Callable[[], bool]) -> str | None:
        polls = max(1, math.ceil(time_limit_s / POLL_S))
        for _ in range(polls):
            if cancelled():
                raise ForecastCancelled("cancelled while Prophet was fitted")
            with contextlib.suppress(queue.Empty):
                return self._answers.get(timeout=time_limit_s / polls)
        raise TimeoutError

    def stop(self) -> None:
        """Kill the worker with all that it started, and remove its folder."""
        if hasattr(os, "killpg"):
            # The group is the worker's own session; it may be gone already.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
        else:
            self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
        self._folder.cleanup()


class ProphetForecaster:
    """Prophet in a worker process."""

    info = INFO

    def __init__(self, time_limit_s: float = FIT_TIME_LIMIT_S, control: Control | None = None) -> None:
        self._time_limit_s = time_limit_s
        self._control = control or Unattended()
        self._worker: _Worker | None = None

    def forecast(self, history: History, horizon: int) -> FloatArray:
        """Fit in the worker and extend; an exactly straight history goes on straight without a fit.

        Raises:
            ModelFailed: the fit failed, passed its time limit, or the worker died.
        """
        straight = _straight_line(history.values, horizon)
        if straight is not None and history.saturation is None:
            return straight
        size = float(history.values.max()) or 1.0
        answer = self._ask(_job(history, horizon, size))
        path = np.asarray(answer.get("path", ()), dtype=np.float64)
        if path.shape != (horizon,) or not np.isfinite(path).all():
            raise ModelFailed(f"Prophet could not be fitted: {answer.get('error', 'its path is not finite')}")
        return path * size

    def close(self) -> None:
        """Stop the worker, if one runs."""
        if self._worker is not None:
            self._worker.stop()
            self._worker = None

    def _ask(self, job: dict[str, Any]) -> dict[str, Any]:
        remaining_s = self._control.remaining_s()
        limit_s = self._time_limit_s if remaining_s is None else max(0.0, min(self._time_limit_s, remaining_s))
        if self._worker is None:
            self._worker = _Worker()
        try:
            return self._worker.ask(job, limit_s, self._control.cancelled)
        except TimeoutError:
            self.close()
            raise ModelFailed(f"Prophet passed its time limit of {limit_s:g} s") from None
        except OSError as error:
            self.close()
            raise ModelFailed("the Prophet worker process died") from error


def _job(history: History, horizon: int, size: float) -> dict[str, Any]:
    """Write the worker's request; unobserved periods are left out, since Prophet needs no unbroken grid."""
    known = np.flatnonzero(history.observed)
    after = history.last_ordinal + 1
    return {
        "ds": [period_start(history.first_ordinal + int(i), history.frequency) for i in known],
        "y": [float(v) for v in np.round(history.values[known] / size, 12)],
        "future": [period_start(after + i, history.frequency) for i in range(horizon)],
        "season": history.frequency is not Frequency.YEARLY and history.season_length > 1,
        "cap": None if history.saturation is None else history.saturation / size,
    }


def _straight_line(values: FloatArray, horizon: int) -> FloatArray | None:
    """Return the continuation of an exactly straight line, else None.

    With no residual at all Prophet's noise scale tends to zero and its optimiser crawls for seconds; the answer is the
    line.
    """
    changes = np.diff(values)
    if np.ptp(changes) > 1e-9 * max(float(values.max()), np.finfo(np.float64).tiny):
        return None
    return np.asarray(values[-1] + float(changes.mean()) * np.arange(1, horizon + 1), dtype=np.float64)
