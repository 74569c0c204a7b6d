"""Lodestock's client: forecasts, supply risk and sourcing plans for strategic minerals, from a server over gRPC.

    from lodestock import Client

    with Client("127.0.0.1:50051") as client:
        problem = client.build_problem("USA", ["cobalt", "gallium"], horizon_years=10, floor_days=90)
        plan = client.optimize_sourcing(problem)
        print(plan.status, plan.costs.expected_cost_usd)
        print(plan.to_frame("contracts"))
        print(client.trace(plan, "costs.holding_usd"))

The messages and stubs behind it are in `lodestock.v1`.
"""

from lodestock.client import Client
from lodestock.errors import (
    AlreadyExists,
    DeadlineExceeded,
    InvalidRequest,
    JobCancelled,
    JobFailed,
    LodestockError,
    MessageTooLarge,
    NotFound,
    Overloaded,
    ServerFault,
    StillRunning,
    Unauthenticated,
    Unavailable,
    Violation,
)
from lodestock.jobs import Job, JobList, JobStatus
from lodestock.listings import Changes, Datasets, Materials, Observations, SeriesList
from lodestock.results import (
    Assessment,
    Backtest,
    BuiltProblem,
    Forecast,
    Forecasts,
    Measures,
    Models,
    Plan,
    Validation,
)
from lodestock.stored import Comparison, StoredBacktests, StoredForecasts, StoredPlans
from lodestock.traces import Trace, TracedNumber

__all__ = [
    "AlreadyExists",
    "Assessment",
    "Backtest",
    "BuiltProblem",
    "Changes",
    "Client",
    "Comparison",
    "Datasets",
    "DeadlineExceeded",
    "Forecast",
    "Forecasts",
    "InvalidRequest",
    "Job",
    "JobCancelled",
    "JobFailed",
    "JobList",
    "JobStatus",
    "LodestockError",
    "Materials",
    "Measures",
    "MessageTooLarge",
    "Models",
    "NotFound",
    "Observations",
    "Overloaded",
    "Plan",
    "SeriesList",
    "ServerFault",
    "StillRunning",
    "StoredBacktests",
    "StoredForecasts",
    "StoredPlans",
    "Trace",
    "TracedNumber",
    "Unauthenticated",
    "Unavailable",
    "Validation",
    "Violation",
]
