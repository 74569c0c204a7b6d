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
from lodestock.explanation_results import Explanation
from lodestock.jobs import Job, JobList, JobStatus
from lodestock.listings import Changes, Datasets, Materials, Observations, SeriesList
from lodestock.projection_results import Projection
from lodestock.question_results import Alternatives, Frontier, WhatIfs
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
from lodestock.risk_results import Dependence
from lodestock.scenario_results import Policies, ReducedScenarios, RulePrices, Scenarios
from lodestock.stockpile_results import Stockpiles
from lodestock.stored import Comparison, StoredBacktests, StoredForecasts, StoredPlans
from lodestock.stress_results import StressTest
from lodestock.traces import Trace, TracedNumber

__all__ = [
    "AlreadyExists",
    "Alternatives",
    "Assessment",
    "Backtest",
    "BuiltProblem",
    "Changes",
    "Client",
    "Comparison",
    "Datasets",
    "DeadlineExceeded",
    "Dependence",
    "Explanation",
    "Forecast",
    "Forecasts",
    "Frontier",
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
    "Policies",
    "Projection",
    "ReducedScenarios",
    "RulePrices",
    "Scenarios",
    "SeriesList",
    "ServerFault",
    "StillRunning",
    "Stockpiles",
    "StoredBacktests",
    "StoredForecasts",
    "StoredPlans",
    "StressTest",
    "Trace",
    "TracedNumber",
    "Unauthenticated",
    "Unavailable",
    "Validation",
    "Violation",
    "WhatIfs",
]
