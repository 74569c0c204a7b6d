"""Body of the worker process that fits Prophet: one JSON request per line in, one JSON answer per line out.

Run as a file, never imported by the package, and free of package imports so that it starts wherever Python does:
``python -P prophet_worker.py TEMPORARY_FOLDER``. It ends, with all that it started, when its standard input closes, so
it cannot outlive a parent that was killed.
"""

from __future__ import annotations

import json
import logging
import os
import queue
import shutil
import signal
import sys
import tempfile
import threading
import warnings
from typing import Any


def fit(job: dict[str, Any]) -> list[float]:
    """Fit one history and return its forecast means.

    Args:
        job: ``ds`` and ``future`` (ISO dates), ``y`` (values), ``season`` (whether to fit a yearly season) and ``cap``
        (ceiling of
            logistic growth above a floor of zero, or None for linear growth).
    """
    import pandas as pd
    from prophet import Prophet

    logistic = job["cap"] is not None
    model = Prophet(
        growth="logistic" if logistic else "linear",
        # Prophet itself warns and shrinks this on short data; asking for no more than it can place keeps it quiet.
        n_changepoints=max(0, min(25, int(0.8 * len(job["y"])) - 1)),
        yearly_seasonality=job["season"],
        weekly_seasonality=False,
        daily_seasonality=False,
        uncertainty_samples=0,
    )
    past = pd.DataFrame({"ds": pd.to_datetime(job["ds"]), "y": job["y"]})
    future = pd.DataFrame({"ds": pd.to_datetime(job["future"])})
    if logistic:
        for frame in (past, future):
            frame["cap"], frame["floor"] = job["cap"], 0.0
    model.fit(past, seed=1)
    return [float(value) for value in model.predict(future)["yhat"]]


def main() -> None:
    """Answer requests until standard input closes."""
    # Set before cmdstanpy is imported: it makes its own folder inside this one, which the parent removes.
    tempfile.tempdir = sys.argv[1]
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    # Whatever the libraries print must not mix with the answers.
    os.dup2(2, 1)
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    jobs: queue.Queue[str] = queue.Queue()
    threading.Thread(target=_read_jobs, args=(jobs,), daemon=True).start()
    while True:
        line = jobs.get()
        try:
            answer: dict[str, Any] = {"path": fit(json.loads(line))}
        # Any failure of the fit is an answer; only a dead worker is silent.
        except Exception as error:
            answer = {"error": f"{type(error).__name__}: {error}"}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


def _read_jobs(jobs: queue.Queue[str]) -> None:
    for line in sys.stdin:
        jobs.put(line)
    # The parent is gone or done. The optimiser may be running as a child of this process: end the whole group.
    shutil.rmtree(sys.argv[1], ignore_errors=True)
    if hasattr(os, "killpg"):
        os.killpg(os.getpgrp(), signal.SIGKILL)
    os._exit(0)


if __name__ == "__main__":
    main()
