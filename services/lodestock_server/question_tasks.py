"""What runs in the compute processes for the questions about a problem beside its best plan; see `tasks`."""

from __future__ import annotations

import gzip
from typing import Any, TypeVar

from google.protobuf.message import Message

from lodestock.v1 import sourcing_pb2
from lodestock_optimizers.problem import SourcingProblem
from lodestock_server.compute import UNWATCHED, SolveWatch, Watch
from lodestock_server.converters import explanation, policies, questions, sourcing, stockpile, stress
from lodestock_server.tasks import OPTIMISING_PACKAGES, recorded, recorder_of, within
from lodestock_server.usecases import explain_plan as explaining
from lodestock_server.usecases import export_model as exporting
from lodestock_server.usecases import plan_questions as asking
from lodestock_server.usecases import price_rules as pricing
from lodestock_server.usecases import size_stockpile as sizing
from lodestock_server.usecases import stress_test as stressing
from lodestock_server.usecases.run_record import Recorder

Question = TypeVar("Question", bound=Message)
"""A request that has a problem."""


def asked_about(kind: type[Question], wire: bytes) -> tuple[Question, SourcingProblem, Recorder]:
    """The request, the problem in it, and a recorder that starts now."""
    request: Any = kind.FromString(wire)
    recorder = recorder_of(request)
    return request, sourcing.problem_from_proto(request.problem), recorder


def trace_frontier(wire: bytes, limit_s: float, watch: Watch = UNWATCHED) -> bytes:
    """SourcingService.TraceFrontier."""
    request, problem, recorder = asked_about(sourcing_pb2.TraceFrontierRequest, wire)
    found = asking.trace_frontier(problem, request.points, within(request, limit_s), SolveWatch(watch))
    return recorded(questions.frontier_to_proto(found), recorder.record(OPTIMISING_PACKAGES))


def find_alternatives(wire: bytes, limit_s: float, watch: Watch = UNWATCHED) -> bytes:
    """SourcingService.FindAlternatives."""
    request, problem, recorder = asked_about(sourcing_pb2.FindAlternativesRequest, wire)
    found = asking.find_alternatives(
        problem, request.max_increase, request.count, within(request, limit_s), SolveWatch(watch)
    )
    return recorded(questions.alternatives_to_proto(found), recorder.record(OPTIMISING_PACKAGES))


def ask_what_if(wire: bytes, limit_s: float, watch: Watch = UNWATCHED) -> bytes:
    """SourcingService.AskWhatIf."""
    request, problem, recorder = asked_about(sourcing_pb2.AskWhatIfRequest, wire)
    asked = questions.questions_from_proto(request.questions)
    found = asking.ask_what_if(problem, asked, within(request, limit_s), SolveWatch(watch))
    return recorded(questions.what_ifs_to_proto(found), recorder.record(OPTIMISING_PACKAGES))


def explain_plan(wire: bytes, limit_s: float, watch: Watch = UNWATCHED) -> bytes:
    """SourcingService.ExplainPlan."""
    request, problem, recorder = asked_about(sourcing_pb2.ExplainPlanRequest, wire)
    asked = explanation.asked_from_proto(request)
    found = explaining.explain_plan(problem, asked, within(request, limit_s), SolveWatch(watch))
    return recorded(explanation.explanation_to_proto(found), recorder.record(OPTIMISING_PACKAGES))


def price_rules(wire: bytes, limit_s: float, watch: Watch = UNWATCHED) -> bytes:
    """SourcingService.PriceRules."""
    request, problem, recorder = asked_about(sourcing_pb2.PriceRulesRequest, wire)
    found = pricing.price_rules(problem, within(request, limit_s), SolveWatch(watch))
    return recorded(policies.prices_to_proto(found), recorder.record(OPTIMISING_PACKAGES))


def export_model(wire: bytes, limit_s: float, watch: Watch = UNWATCHED) -> bytes:
    """SourcingService.ExportModel."""
    _, problem, recorder = asked_about(sourcing_pb2.ExportModelRequest, wire)
    text = exporting.export_model(problem, limit_s, SolveWatch(watch))
    answer = sourcing_pb2.ExportModelResponse(lp_gzip=gzip.compress(text.encode(), mtime=0))
    return recorded(answer, recorder.record(OPTIMISING_PACKAGES))


def stress_test(wire: bytes, limit_s: float, watch: Watch = UNWATCHED) -> bytes:
    """SourcingService.StressTest."""
    request, problem, recorder = asked_about(sourcing_pb2.StressTestRequest, wire)
    asked, candidates = stress.stress_request_from_proto(request), stress.candidates_from_proto(request)
    found = stressing.stress_test(problem, asked, candidates, within(request, limit_s), SolveWatch(watch))
    return recorded(stress.stress_test_to_proto(found), recorder.record(OPTIMISING_PACKAGES))


def size_stockpile(wire: bytes, limit_s: float, watch: Watch = UNWATCHED) -> bytes:
    """SourcingService.SizeStockpile."""
    request, problem, recorder = asked_about(sourcing_pb2.SizeStockpileRequest, wire)
    asked = stockpile.size_request_from_proto(request)
    found = sizing.size_stockpile(problem, asked, within(request, limit_s), SolveWatch(watch))
    return recorded(stockpile.sizes_to_proto(found), recorder.record(OPTIMISING_PACKAGES))
