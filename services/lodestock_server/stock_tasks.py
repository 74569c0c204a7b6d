"""What runs in the compute processes for the questions about stocks and stops; see `lodestock_server.tasks`."""

from __future__ import annotations

from lodestock.v1 import sourcing_pb2
from lodestock_server.compute import UNWATCHED, SolveWatch, Watch
from lodestock_server.converters import sourcing, stockpile, stress
from lodestock_server.tasks import recorded, recorder_of, within
from lodestock_server.usecases import size_stockpile as sizing
from lodestock_server.usecases import stress_test as stressing


def stress_test(wire: bytes, limit_s: float, watch: Watch = UNWATCHED) -> bytes:
    """SourcingService.StressTest."""
    request = sourcing_pb2.StressTestRequest.FromString(wire)
    recorder, problem = recorder_of(request), sourcing.problem_from_proto(request.problem)
    asked, candidates = stress.stress_request_from_proto(request), stress.candidates_from_proto(request)
    found = stressing.stress_test(problem, asked, candidates, within(request, limit_s), SolveWatch(watch))
    return recorded(stress.stress_test_to_proto(found), recorder)


def size_stockpile(wire: bytes, limit_s: float, watch: Watch = UNWATCHED) -> bytes:
    """SourcingService.SizeStockpile."""
    request = sourcing_pb2.SizeStockpileRequest.FromString(wire)
    recorder, problem = recorder_of(request), sourcing.problem_from_proto(request.problem)
    asked = stockpile.size_request_from_proto(request)
    found = sizing.size_stockpile(problem, asked, within(request, limit_s), SolveWatch(watch))
    return recorded(stockpile.sizes_to_proto(found), recorder)
