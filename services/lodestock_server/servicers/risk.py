"""RiskService."""

from __future__ import annotations

from typing import Any

from lodestock.v1 import risk_pb2, risk_pb2_grpc
from lodestock_optimizers.risk import MEASURES
from lodestock_server import tasks
from lodestock_server.converters.risk import measure_to_proto
from lodestock_server.deadlines import Deadline
from lodestock_server.dispatch import ComputeCalls
from lodestock_server.servicers.answers import as_written


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
        deadline = Deadline.of_call(context)
        answer = await self._compute.run(tasks.assess_supply_risk, request.SerializeToString(), deadline)
        return as_written(answer, risk_pb2.AssessSupplyRiskResponse)
