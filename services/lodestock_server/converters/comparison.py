"""Comparisons of stored results: from answers to the figures in them, by path, and from comparisons to messages."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

from lodestock.v1 import forecast_pb2, results_pb2, sourcing_pb2
from lodestock_optimizers.tracing.lineage_table import FAMILIES, IDENTIFIERS
from lodestock_server.converters.documents import plain
from lodestock_server.usecases.compare_results import Comparison, Figure, Order, compare_results

DECIDED = (
    "costs",
    "materials",
    "contracts",
    "deliveries",
    "balances",
    "nodes",
    "substitutions",
    "footprints",
    "expansions",
)
"""Fields of a plan that hold what was decided and what it costs; the others say how it was found."""
WHATEVER_THE_TREE = ("costs", "materials", "contracts")
"""Those of plans with different scenario trees: the same number of a node is another situation in each."""
AT_THE_START = -1
"""Node of a contract that is signed before anything has happened."""

Figures = Mapping[str, Figure]


def compare_answers(collection: str, answers: Sequence[bytes], most_figures: int) -> bytes:
    """Compare stored answers.

    Args:
        collection: What they are: "plans" or "forecasts".
        answers: Their bytes, the one to compare with first.
        most_figures: Most figures to list.

    Returns:
        Bytes of a ComparePlansResponse or a CompareForecastsResponse without what is known of the results.
    """
    figures_of, order, answer = KINDS[collection]
    compared = compare_results(figures_of(answers), most_figures, order)
    written: Message = answer(figures=figures_to_proto(compared), differing_figures=compared.differing)
    return written.SerializeToString()


def figures_to_proto(compared: Comparison) -> list[results_pb2.ComparedFigure]:
    """Write the figures that differ."""
    return [results_pb2.ComparedFigure(path=one.path, unit=one.unit, values=one.values) for one in compared.figures]


def figures_of_plans(answers: Sequence[bytes]) -> list[Figures]:
    """The figures of plans by path; those that stand for nodes only where all plans have the same scenario tree."""
    plans = [sourcing_pb2.OptimizeSourcingResponse.FromString(answer).plan for answer in answers]
    if len({tree_of(plan) for plan in plans}) == 1:
        return [dict(plan_figures(plan, DECIDED)) for plan in plans]
    for plan in plans:
        at_the_start = [contract for contract in plan.contracts if contract.signed_node_id == AT_THE_START]
        plan.ClearField("contracts")
        plan.contracts.extend(at_the_start)
    return [dict(plan_figures(plan, WHATEVER_THE_TREE)) for plan in plans]


def tree_of(plan: sourcing_pb2.Plan) -> tuple[object, ...]:
    """What a plan's scenario tree is known by."""
    return tuple((node.node_id, node.parent_id, node.period, tuple(node.scenario_ids)) for node in plan.nodes)


def plan_figures(plan: sourcing_pb2.Plan, names: Sequence[str]) -> Iterator[tuple[str, Figure]]:
    """The figures in the named fields of a plan by path."""
    for path, family, value in numbers_below(plan, names):
        yield path, Figure(value, FAMILIES[family].unit if family in FAMILIES else "")


def figures_of_forecasts(answers: Sequence[bytes]) -> list[Figures]:
    """The figures of forecasts by path."""
    return [dict(forecast_figures(forecast_pb2.ForecastDemandResponse.FromString(answer))) for answer in answers]


def forecast_figures(answer: forecast_pb2.ForecastDemandResponse) -> Iterator[tuple[str, Figure]]:
    """Means, medians and quantiles of forecasts by path."""
    for forecast in answer.forecasts:
        for step in forecast.steps:
            path = f"forecasts[{forecast.series_id}].steps[{step.period}]"
            yield f"{path}.mean", Figure(step.mean, forecast.unit)
            yield f"{path}.median", Figure(step.median, forecast.unit)
            for level, quantile in zip(forecast.quantile_levels, step.quantiles, strict=True):
                yield f"{path}.quantiles[{level:g}]", Figure(quantile, forecast.unit)


def numbers_below(
    message: Message, names: Sequence[str] | None = None, path: str = "", family: str = ""
) -> Iterator[tuple[str, str, float]]:
    """The numbers in a message that are no identifiers: path with elements by what identifies them, family, value."""
    for field in message.DESCRIPTOR.fields:
        if names is not None and field.name not in names:
            continue
        here, below = f"{path}.{field.name}".lstrip("."), f"{family}.{field.name}".lstrip(".")
        value = getattr(message, field.name)
        if field.message_type is None:
            if field.type == FieldDescriptor.TYPE_DOUBLE and (not field.has_presence or message.HasField(field.name)):
                yield here, below, value
        elif not field.is_repeated:
            if message.HasField(field.name):
                yield from numbers_below(value, None, here, below)
        elif field.name in IDENTIFIERS:
            for element in value:
                yield from numbers_below(element, None, f"{here}[{key_of(element, field.name)}]", below)


def key_of(element: Message, collection: str) -> str:
    """What identifies an element of a list of a plan."""
    fields: Any = element.DESCRIPTOR.fields_by_name
    return ",".join(str(plain(fields[name], getattr(element, name))) for name in IDENTIFIERS[collection])


KINDS: Mapping[str, tuple[Callable[[Sequence[bytes]], list[Figures]], Order, Callable[..., Any]]] = {
    "plans": (figures_of_plans, Order.BY_AMOUNT, sourcing_pb2.ComparePlansResponse),
    "forecasts": (figures_of_forecasts, Order.BY_RATIO, forecast_pb2.CompareForecastsResponse),
}
"""By collection: how to read the figures, what to list first, and the answer to write."""
