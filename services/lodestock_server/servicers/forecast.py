"""ForecastService."""

from __future__ import annotations

from typing import Any

from lodestock.v1 import forecast_pb2, forecast_pb2_grpc
from lodestock_server import tasks
from lodestock_server.compute import ComputePool
from lodestock_server.converters.forecast import model_to_proto
from lodestock_server.deadlines import Deadline
from lodestock_server.usecases.forecast_demand import list_models


class ForecastServicer(forecast_pb2_grpc.ForecastServiceServicer):
    """Forecasts the demand for minerals."""

    def __init__(self, compute: ComputePool) -> None:
        self._compute = compute

    async def ListModels(  # noqa: N802
        self, request: forecast_pb2.ListModelsRequest, context: Any
    ) -> forecast_pb2.ListModelsResponse:
        """List the models."""
        return forecast_pb2.ListModelsResponse(models=[model_to_proto(model) for model in list_models()])

    async def ForecastDemand(  # noqa: N802
        self, request: forecast_pb2.ForecastDemandRequest, context: Any
    ) -> forecast_pb2.ForecastDemandResponse:
        """Forecast one or many series."""
        deadline = Deadline.of_call(context)
        answer = await self._compute.run(tasks.forecast_demand, request.SerializeToString(), deadline)
        return forecast_pb2.ForecastDemandResponse.FromString(answer)

    async def BacktestModels(  # noqa: N802
        self, request: forecast_pb2.BacktestModelsRequest, context: Any
    ) -> forecast_pb2.BacktestModelsResponse:
        """Score models on the past of series."""
        deadline = Deadline.of_call(context)
        answer = await self._compute.run(tasks.backtest_models, request.SerializeToString(), deadline)
        return forecast_pb2.BacktestModelsResponse.FromString(answer)
