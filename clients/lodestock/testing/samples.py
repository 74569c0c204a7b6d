"""Sample results, made from answers that a real server gave: one material, three years.

The answers stand in ``recorded/``, one file a method, in proto's JSON form; ``make samples`` records them anew. Each
call gives a new object, which a test may change.
"""

from __future__ import annotations

from importlib import resources
from typing import TypeVar

from google.protobuf.json_format import Parse
from google.protobuf.message import Message

from lodestock.results import Assessment, BuiltProblem, Forecasts, Plan
from lodestock.testing.methods import answer_class, method_named
from lodestock.v1 import forecast_pb2, risk_pb2, sourcing_pb2

Answer = TypeVar("Answer", bound=Message)


def sample_answer(method: str) -> Message:
    """The recorded answer of a method, such as "ListModels".

    Raises:
        ValueError: There is no such method.
    """
    return recorded(method, answer_class(method_named(method))())


def sample_forecasts() -> Forecasts:
    """Forecasts of the USA's demand for cobalt."""
    return Forecasts(recorded("ForecastDemand", forecast_pb2.ForecastDemandResponse()))


def sample_assessment() -> Assessment:
    """The supply risk of cobalt to the USA."""
    return Assessment(recorded("AssessSupplyRisk", risk_pb2.AssessSupplyRiskResponse()))


def sample_problem() -> BuiltProblem:
    """A sourcing problem: cobalt for the USA."""
    return BuiltProblem(recorded("BuildProblem", sourcing_pb2.BuildProblemResponse()))


def sample_plan() -> Plan:
    """The plan of `sample_problem`."""
    return Plan(recorded("OptimizeSourcing", sourcing_pb2.OptimizeSourcingResponse()), sample_problem().message)


def recorded(method: str, answer: Answer) -> Answer:
    """Fill a message with the recorded answer of a method."""
    file = resources.files(__package__).joinpath("recorded", f"{method}.json")
    return Parse(file.read_text(encoding="utf-8"), answer)
