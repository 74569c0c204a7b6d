"""Names of the jobs that the examples begin, and of their results, so that others can ask for those."""

from __future__ import annotations

from lodestock_server.identity import ANONYMOUS
from lodestock_server.jobs.client import job_id_of
from lodestock_server.jobs.kinds import BATCH_FORECAST, RUN_BACKTEST, RUN_OPTIMIZATION

REQUEST_ID = "8c0f2f5e-7d0a-4d7e-9a64-2f1f4e1f3a10"
PLAN_JOB, FORECAST_JOB, BACKTEST_JOB = (
    job_id_of(ANONYMOUS, kind, REQUEST_ID) for kind in (RUN_OPTIMIZATION, BATCH_FORECAST, RUN_BACKTEST)
)
