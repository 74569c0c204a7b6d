"""RiskService."""

from __future__ import annotations

from typing import Any

from lodestock.v1 import risk_pb2, risk_pb2_grpc
from lodestock_optimizers.risk import MEASURES
from lodestock_server import tasks, weights
from lodestock_server.converters.risk import measure_to_proto
from lodestock_server.dispatch import ComputeCalls
from lodestock_server.servicers.answers import computed


class RiskServicer(risk_pb2_grpc.RiskServiceServicer):
    """Measures supply risk."""

    def __init__(self, compute: ComputeCalls) -> None:
        self._compute = compute

    async def ListRiskMeasures(  # noqa: N802
        self, request: risk_pb2.ListRiskMeasuresRequest, context: Any
    ) -> risk_pb2.ListRiskMeasuresResponse:
        """List the measures."""
        return risk_pb2.ListRiskMeasuresResponse(measures=[measure_to_proto(measure) for measure in MEASURES])

    async def AssessSupplyRisk(  # noqa: N802
        self, request: risk_pb2.AssessSupplyRiskRequest, context: Any
    ) -> risk_pb2.AssessSupplyRiskResponse:
        """Measure the supply risk of materials and of their sources."""
        return await computed(
            self._compute,
            tasks.assess_supply_risk,
            request,
            risk_pb2.AssessSupplyRiskResponse,
            context,
            weights.of_assessment(request),
        )

    async def MapDependence(  # noqa: N802
        self, request: risk_pb2.MapDependenceRequest, context: Any
    ) -> risk_pb2.MapDependenceResponse:
        """Say what is lost downstream when countries stop."""
        return await computed(
            self._compute,
            tasks.map_dependence,
            request,
            risk_pb2.MapDependenceResponse,
            context,
            weights.of_dependence(request),
        )
