"""The client's calls about stored results: plans, forecasts and backtests that jobs have made."""

from __future__ import annotations

from lodestock.channel import Channel
from lodestock.requests import SHORT_TIMEOUT_S, TIMEOUT_S
from lodestock.results import Backtest, Forecasts, Plan
from lodestock.stored import Comparison, StoredBacktests, StoredForecasts, StoredPlans
from lodestock.v1 import forecast_pb2, results_pb2, sourcing_pb2

RESULTS_A_PAGE = 1_000


class StoredCalls(Channel):
    """The calls about stored results. Each caller has its own."""

    def plans(self, *, timeout_s: float = SHORT_TIMEOUT_S) -> StoredPlans:
        """List the stored plans, the newest first."""
        answer = sourcing_pb2.ListPlansResponse()
        request = sourcing_pb2.ListPlansRequest(page_size=RESULTS_A_PAGE)
        for page in self._pages(self._sourcing.ListPlans, request, timeout_s):
            answer.plans.extend(page.plans)
        return StoredPlans(answer)

    def plan(self, name: str, *, timeout_s: float = TIMEOUT_S) -> Plan:
        """Fetch a stored plan, with the problem that it solves.

        Args:
            name: Name from `plans` or from a job, such as "plans/…".
            timeout_s: Seconds to wait.
        """
        request = sourcing_pb2.GetPlanRequest(name=name, view=results_pb2.RESULT_VIEW_FULL)
        found = self._call(self._sourcing.GetPlan, request, timeout_s)
        return Plan(found.answer, sourcing_pb2.BuildProblemResponse(problem=found.request.problem))

    def compare_plans(self, *names: str, most_figures: int = 0, timeout_s: float = TIMEOUT_S) -> Comparison:
        """Put the figures of stored plans side by side: those that differ, costs first.

        Args:
            names: Names of two to ten plans, the one to compare with first.
            most_figures: Most figures to return. 0: 1000.
            timeout_s: Seconds to wait.
        """
        request = sourcing_pb2.ComparePlansRequest(names=names, most_figures=most_figures)
        return Comparison(self._call(self._sourcing.ComparePlans, request, timeout_s))

    def delete_plan(self, name: str, *, timeout_s: float = SHORT_TIMEOUT_S) -> None:
        """Delete a stored plan."""
        self._call(self._sourcing.DeletePlan, sourcing_pb2.DeletePlanRequest(name=name), timeout_s)

    def forecasts(self, *, timeout_s: float = SHORT_TIMEOUT_S) -> StoredForecasts:
        """List the stored forecasts, the newest first."""
        answer = forecast_pb2.ListForecastsResponse()
        request = forecast_pb2.ListForecastsRequest(page_size=RESULTS_A_PAGE)
        for page in self._pages(self._forecast.ListForecasts, request, timeout_s):
            answer.forecasts.extend(page.forecasts)
        return StoredForecasts(answer)

    def forecast(self, name: str, *, timeout_s: float = TIMEOUT_S) -> Forecasts:
        """Fetch stored forecasts.

        Args:
            name: Name from `forecasts` or from a job, such as "forecasts/…".
            timeout_s: Seconds to wait.
        """
        request = forecast_pb2.GetForecastRequest(name=name)
        return Forecasts(self._call(self._forecast.GetForecast, request, timeout_s).answer)

    def compare_forecasts(self, *names: str, most_figures: int = 0, timeout_s: float = TIMEOUT_S) -> Comparison:
        """Put the figures of stored forecasts side by side: those that differ, the largest relative difference first.

        Args:
            names: Names of two to ten forecasts, the one to compare with first.
            most_figures: Most figures to return. 0: 1000.
            timeout_s: Seconds to wait.
        """
        request = forecast_pb2.CompareForecastsRequest(names=names, most_figures=most_figures)
        return Comparison(self._call(self._forecast.CompareForecasts, request, timeout_s))

    def delete_forecast(self, name: str, *, timeout_s: float = SHORT_TIMEOUT_S) -> None:
        """Delete stored forecasts."""
        self._call(self._forecast.DeleteForecast, forecast_pb2.DeleteForecastRequest(name=name), timeout_s)

    def backtests(self, *, timeout_s: float = SHORT_TIMEOUT_S) -> StoredBacktests:
        """List the stored backtests, the newest first."""
        answer = forecast_pb2.ListBacktestsResponse()
        request = forecast_pb2.ListBacktestsRequest(page_size=RESULTS_A_PAGE)
        for page in self._pages(self._forecast.ListBacktests, request, timeout_s):
            answer.backtests.extend(page.backtests)
        return StoredBacktests(answer)

    def backtest(self, name: str, *, timeout_s: float = TIMEOUT_S) -> Backtest:
        """Fetch a stored backtest.

        Args:
            name: Name from `backtests` or from a job, such as "backtests/…".
            timeout_s: Seconds to wait.
        """
        request = forecast_pb2.GetBacktestRequest(name=name)
        return Backtest(self._call(self._forecast.GetBacktest, request, timeout_s).answer)

    def delete_backtest(self, name: str, *, timeout_s: float = SHORT_TIMEOUT_S) -> None:
        """Delete a stored backtest."""
        self._call(self._forecast.DeleteBacktest, forecast_pb2.DeleteBacktestRequest(name=name), timeout_s)
