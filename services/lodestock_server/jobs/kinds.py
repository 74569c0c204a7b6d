"""The kinds of jobs: what they are called, and what they leave behind. How they are done is in `workers`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class JobKind:
    """A kind of job.

    Attributes:
        name: name of the contract's method that starts it, and of the engine's workflow.
        result_kind: first part of its results' names.
        in_parts: whether it is split into parts, which are done by several workers.
    """

    name: str
    result_kind: str
    in_parts: bool = False


RUN_OPTIMIZATION = JobKind("RunOptimization", "plans")
RUN_BACKTEST = JobKind("RunBacktest", "backtests")
BATCH_FORECAST = JobKind("BatchForecastDemand", "forecasts", in_parts=True)

KINDS = {kind.name: kind for kind in (RUN_OPTIMIZATION, RUN_BACKTEST, BATCH_FORECAST)}
"""By name."""
