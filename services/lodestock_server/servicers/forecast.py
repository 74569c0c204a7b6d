"""ForecastService."""

from __future__ import annotations

from typing import Any

from lodestock.v1 import forecast_pb2, forecast_pb2_grpc
from lodestock_server import law_tasks, tasks, weights
from lodestock_server.converters.forecast import model_to_proto
from lodestock_server.deadlines import Deadline
from lodestock_server.dispatch import ComputeCalls
from lodestock_server.jobs.client import Jobs
from lodestock_server.jobs.kinds import BATCH_FORECAST, RUN_BACKTEST
from lodestock_server.servicers.answers import as_written, computed
from lodestock_server.servicers.results import StoredResults
from lodestock_server.servicers.submission import begin
from lodestock_server.usecases.forecast_demand import list_models


class ForecastServicer(forecast_pb2_grpc.ForecastServiceServicer):
    """Forecasts the demand for minerals."""

    def __init__(self, compute: ComputeCalls, jobs: Jobs, results: StoredResults) -> None:
        """Take what the methods need.

        Args:
            compute: Where to forecast while the caller waits.
            jobs: Where to forecast what takes longer.
            results: The forecasts and backtests that are stored.
        """
        self._compute = compute
        self._jobs = jobs
        self._results = results

    async def ListModels(  # noqa: N802
        self, request: forecast_pb2.ListModelsRequest, context: Any
    ) -> forecast_pb2.ListModelsResponse:
        """List the models."""
        return forecast_pb2.ListModelsResponse(models=[model_to_proto(model) for model in list_models()])

    async def ForecastDemand(  # noqa: N802
        self, request: forecast_pb2.ForecastDemandRequest, context: Any
    ) -> forecast_pb2.ForecastDemandResponse:
        """Forecast one or many series."""
        return await computed(
            self._compute,
            tasks.forecast_demand,
            request,
            forecast_pb2.ForecastDemandResponse,
            context,
            weights.of_forecast(request),
        )

    async def ProjectDemand(  # noqa: N802
        self, request: forecast_pb2.ProjectDemandRequest, context: Any
    ) -> forecast_pb2.ProjectDemandResponse:
        """Say what demand follows from sectors, from a table of inputs, or from a stock in use."""
        deadline, weight = Deadline.of_call(context), weights.of_projection(request)
        answer = await self._compute.run(law_tasks.project_demand, request.SerializeToString(), deadline, weight)
        return as_written(answer, forecast_pb2.ProjectDemandResponse)

    async def BacktestModels(  # noqa: N802
        self, request: forecast_pb2.BacktestModelsRequest, context: Any
    ) -> forecast_pb2.BacktestModelsResponse:
        """Score models on the past of series."""
        return await computed(
            self._compute,
            tasks.backtest_models,
            request,
            forecast_pb2.BacktestModelsResponse,
            context,
            weights.of_backtest(request),
        )

    async def BatchForecastDemand(  # noqa: N802
        self, request: forecast_pb2.BatchForecastDemandRequest, context: Any
    ) -> Any:
        """Begin to forecast many series, as an operation."""
        return await begin(self._jobs, BATCH_FORECAST, request.forecast, request)

    async def RunBacktest(  # noqa: N802
        self, request: forecast_pb2.RunBacktestRequest, context: Any
    ) -> Any:
        """Begin to score models, as an operation."""
        return await begin(self._jobs, RUN_BACKTEST, request.backtest, request)

    async def GetForecast(  # noqa: N802
        self, request: forecast_pb2.GetForecastRequest, context: Any
    ) -> forecast_pb2.GetForecastResponse:
        """Return stored forecasts."""
        answer = await self._results.get(
            request.name, request.view, lambda info: forecast_pb2.GetForecastResponse(forecast=info)
        )
        return as_written(answer, forecast_pb2.GetForecastResponse)

    async def ListForecasts(  # noqa: N802
        self, request: forecast_pb2.ListForecastsRequest, context: Any
    ) -> forecast_pb2.ListForecastsResponse:
        """List the stored forecasts."""
        forecasts, token = await self._results.page("forecasts", request.page_size, request.page_token)
        return forecast_pb2.ListForecastsResponse(forecasts=forecasts, next_page_token=token)

    async def CompareForecasts(  # noqa: N802
        self, request: forecast_pb2.CompareForecastsRequest, context: Any
    ) -> forecast_pb2.CompareForecastsResponse:
        """Put the figures of stored forecasts side by side."""
        deadline = Deadline.of_call(context)
        answer = await self._results.compare(
            request.names,
            request.most_figures,
            deadline,
            lambda infos: forecast_pb2.CompareForecastsResponse(forecasts=infos),
        )
        return as_written(answer, forecast_pb2.CompareForecastsResponse)

    async def DeleteForecast(  # noqa: N802
        self, request: forecast_pb2.DeleteForecastRequest, context: Any
    ) -> forecast_pb2.DeleteForecastResponse:
        """Delete stored forecasts."""
        await self._results.delete(request.name)
        return forecast_pb2.DeleteForecastResponse()

    async def GetBacktest(  # noqa: N802
        self, request: forecast_pb2.GetBacktestRequest, context: Any
    ) -> forecast_pb2.GetBacktestResponse:
        """Return a stored backtest."""
        answer = await self._results.get(
            request.name, request.view, lambda info: forecast_pb2.GetBacktestResponse(backtest=info)
        )
        return as_written(answer, forecast_pb2.GetBacktestResponse)

    async def ListBacktests(  # noqa: N802
        self, request: forecast_pb2.ListBacktestsRequest, context: Any
    ) -> forecast_pb2.ListBacktestsResponse:
        """List the stored backtests."""
        backtests, token = await self._results.page("backtests", request.page_size, request.page_token)
        return forecast_pb2.ListBacktestsResponse(backtests=backtests, next_page_token=token)

    async def DeleteBacktest(  # noqa: N802
        self, request: forecast_pb2.DeleteBacktestRequest, context: Any
    ) -> forecast_pb2.DeleteBacktestResponse:
        """Delete a stored backtest."""
        await self._results.delete(request.name)
        return forecast_pb2.DeleteBacktestResponse()
