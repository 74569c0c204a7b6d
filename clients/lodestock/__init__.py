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
    DeadlineExceeded,
    InvalidRequest,
    LodestockError,
    MessageTooLarge,
    NotFound,
    Overloaded,
    ServerFault,
    Unauthenticated,
    Unavailable,
    Violation,
)
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
from lodestock.traces import Trace, TracedNumber

__all__ = [
    "Assessment",
    "Backtest",
    "BuiltProblem",
    "Changes",
    "Client",
    "Datasets",
    "DeadlineExceeded",
    "Forecast",
    "Forecasts",
    "InvalidRequest",
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
    "Trace",
    "TracedNumber",
    "Unauthenticated",
    "Unavailable",
    "Validation",
    "Violation",
]
