"""The client's calls that begin and find long work."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Unpack

from google.longrunning import operations_pb2

from lodestock.inputs import ProblemLike, SeriesLike, names, problem_message
from lodestock.jobs import Job, JobList
from lodestock.operations import OPERATIONS_A_PAGE
from lodestock.requests import (
    SHORT_TIMEOUT_S,
    TIMEOUT_S,
    BacktestOptions,
    ForecastOptions,
    backtest_request,
    forecast_request,
    new_request_id,
)
from lodestock.results import Backtest, Forecasts, Plan
from lodestock.stored_calls import StoredCalls
from lodestock.traces import built_message
from lodestock.v1 import forecast_pb2, sourcing_pb2


class JobCalls(StoredCalls):
    """The calls that begin and find jobs: work that outlasts the call, the connection and restarts of the server.

    Every method that begins one takes `request_id`, a UUID: asked again with it, the server returns the same job, and
    refuses another request with AlreadyExists. Without one the client makes one, so that a call that is tried again
    after a broken connection never begins two jobs.
    """

    def run_optimization(
        self,
        problem: ProblemLike,
        *,
        time_limit_s: float | None = None,
        request_id: str | None = None,
        display_name: str = "",
        timeout_s: float = TIMEOUT_S,
    ) -> Job[Plan]:
        """Begin to find the plan of least risk-weighted cost; the plan will be stored.

        Args:
            problem: The problem, as `optimize_sourcing` takes it.
            time_limit_s: Most seconds to build and solve; then the best plan so far is the result. None: what the
                server allows.
            request_id: Your identifier of the request. None: a new one.
            display_name: Your words for it, which job and plan carry.
            timeout_s: Seconds to wait until the job is accepted.
        """
        request = sourcing_pb2.RunOptimizationRequest(
            problem=problem_message(problem),
            time_limit_s=time_limit_s,
            request_id=request_id or new_request_id(),
            display_name=display_name,
        )
        operation = self._call(self._sourcing.RunOptimization, request, timeout_s)
        # With the origins of its figures, which the stored plan does not have.
        built = built_message(problem, request.problem)

        def fetch(name: str) -> Plan:
            wanted = sourcing_pb2.GetPlanRequest(name=name)
            return Plan(self._call(self._sourcing.GetPlan, wanted, TIMEOUT_S).answer, built)

        return Job(self._operations, operation, fetch)

    def batch_forecast_demand(
        self,
        series: Mapping[str, SeriesLike] | None = None,
        *,
        request_id: str | None = None,
        display_name: str = "",
        timeout_s: float = TIMEOUT_S,
        **options: Unpack[ForecastOptions],
    ) -> Job[Forecasts]:
        """Begin to forecast many series; the forecasts will be stored.

        A series that cannot be forecast fails for itself: `Forecasts.failures` says why.

        Args:
            series: Series of your own, as `forecast_demand` takes them. None: those of a buyer.
            request_id: Your identifier of the request. None: a new one.
            display_name: Your words for it, which job and forecasts carry.
            timeout_s: Seconds to wait until the job is accepted.
            options: All else that `forecast_demand` takes.

        Raises:
            ValueError: Both or neither of `series` and `buyer` are given, or periods or own figures cannot be read.
        """
        request = forecast_pb2.BatchForecastDemandRequest(
            forecast=forecast_request(series, options),
            request_id=request_id or new_request_id(),
            display_name=display_name,
        )
        return Job(self._operations, self._call(self._forecast.BatchForecastDemand, request, timeout_s), self.forecast)

    def run_backtest(
        self,
        series: Mapping[str, SeriesLike] | None = None,
        *,
        request_id: str | None = None,
        display_name: str = "",
        timeout_s: float = TIMEOUT_S,
        **options: Unpack[BacktestOptions],
    ) -> Job[Backtest]:
        """Begin to score models on the past; the scores will be stored.

        Args:
            series: Series of your own, as `forecast_demand` takes them. None: those of a buyer.
            request_id: Your identifier of the request. None: a new one.
            display_name: Your words for it, which job and backtest carry.
            timeout_s: Seconds to wait until the job is accepted.
            options: All else that `backtest_models` takes.

        Raises:
            ValueError: Both or neither of `series` and `buyer` are given, or periods or own figures cannot be read.
        """
        request = forecast_pb2.RunBacktestRequest(
            backtest=backtest_request(series, options),
            request_id=request_id or new_request_id(),
            display_name=display_name,
        )
        return Job(self._operations, self._call(self._forecast.RunBacktest, request, timeout_s), self.backtest)

    def job(self, name: str, *, timeout_s: float = SHORT_TIMEOUT_S) -> Job[Any]:
        """Find a job again.

        Args:
            name: Name of the operation, such as "operations/…".
            timeout_s: Seconds to wait.
        """
        return Job(self._operations, self._operations.get(name, timeout_s), self._stored)

    def jobs(
        self, states: Sequence[str] = (), *, most: int | None = None, timeout_s: float = SHORT_TIMEOUT_S
    ) -> JobList:
        """List the jobs, the newest first.

        Args:
            states: Of QUEUED, RUNNING, SUCCEEDED, FAILED, CANCELLED. Empty: all.
            most: Most jobs to list. None: all.
            timeout_s: Seconds to wait for each page.
        """
        answer = operations_pb2.ListOperationsResponse()
        while most is None or len(answer.operations) < most:
            size = OPERATIONS_A_PAGE if most is None else min(OPERATIONS_A_PAGE, most - len(answer.operations))
            page = self._operations.page(names(states), size, answer.next_page_token, timeout_s)
            answer.operations.extend(page.operations)
            answer.next_page_token = page.next_page_token
            if not page.next_page_token:
                break
        return JobList(answer)

    def _stored(self, name: str) -> Plan | Forecasts | Backtest:
        """The result of a name, whatever it is."""
        collection = name.partition("/")[0]
        if collection == "plans":
            return self.plan(name)
        return self.forecast(name) if collection == "forecasts" else self.backtest(name)
