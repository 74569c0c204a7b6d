"""risk.proto: what is asked beside the scores: from messages, what is wrong with it, and what it adds to messages."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import lodestock_optimizers.risk as measures
from lodestock.v1 import risk_pb2
from lodestock_optimizers.violations import Violation
from lodestock_server.converters.enums import EnumMap
from lodestock_server.converters.risk import risk_to_proto
from lodestock_server.converters.sourcing import given
from lodestock_server.errors import FieldViolation
from lodestock_server.usecases import rank_supply_risk as ranking
from lodestock_server.usecases import sample_supply_risk as sampling
from lodestock_server.usecases.supply_risk_report import ReportOptions, RiskReport

SCOPES = EnumMap(measures.Scope, risk_pb2.RiskScope, "RISK_SCOPE_")
FIGURES = EnumMap(sampling.UncertainFigure, risk_pb2.UncertainFigure, "UNCERTAIN_FIGURE_")
MEASURES = {measure.measure_id: measure for measure in measures.MEASURES}
NOT_OF_SUPPLIES = (measures.SOURCE_RISK.measure_id,)
"""Measures that an entry has no score of."""


def options_from_proto(request: risk_pb2.AssessSupplyRiskRequest) -> ReportOptions:
    """Read what is asked beside the scores."""
    history = given(request.stored, "history_from_year", request.stored.history_from_year)
    return ReportOptions(
        composite=composite_from_proto(request.composite) if request.HasField("composite") else None,
        uncertainty=uncertainty_from_proto(request.uncertainty) if request.HasField("uncertainty") else None,
        pressures={
            (item.country, item.material_id): measures.ecological_pressure(indicators_from_proto(item))
            for item in request.pressures
        },
        yale_weights=yale_weights_from_proto(request.yale_weights) if request.HasField("yale_weights") else None,
        history_from_year=None if history is None else int(history),
    )


def composite_from_proto(message: risk_pb2.CompositeChoice) -> ranking.CompositeChoice:
    """Read what is weighed."""
    change = given(message, "weight_change", message.weight_change)
    return ranking.CompositeChoice(
        components=tuple(component_from_proto(item) for item in message.components),
        weight_change=ranking.DEFAULT_WEIGHT_CHANGE if change is None else change,
        tie_tolerance=message.tie_tolerance,
    )


def component_from_proto(message: risk_pb2.CompositeComponent) -> measures.Component:
    """Read a component; an end of its scale that is not given is that of the measure."""
    measure = MEASURES.get(message.measure_id, measures.HHI)
    low, high = given(message, "low", message.low), given(message, "high", message.high)
    return measures.Component(
        measure_id=message.measure_id,
        scope=SCOPES.from_proto(message.scope) if message.scope else None,
        weight=message.weight,
        low=measure.scale_low if low is None else low,
        high=measure.scale_high if high is None else high,
    )


def indicators_from_proto(message: risk_pb2.SourcePressure) -> list[measures.EcologicalIndicator]:
    """Read the ecological figures of a source."""
    weights = (given(item, "weight", item.weight) for item in message.indicators)
    return [
        measures.EcologicalIndicator(item.name, item.value, item.worst, 1.0 if weight is None else weight)
        for item, weight in zip(message.indicators, weights, strict=True)
    ]


def yale_weights_from_proto(message: risk_pb2.YaleWeights) -> measures.YaleWeights:
    """Read the weights of the Yale method."""
    return measures.YaleWeights(message.geological, message.social, message.geopolitical)


def uncertainty_from_proto(message: risk_pb2.RiskUncertainty) -> sampling.Uncertainty:
    """Read what is uncertain."""
    level = given(message, "level", message.level)
    return sampling.Uncertainty(
        standard_errors={
            item.country: {name: getattr(item, name) for name in measures.INDICATORS} for item in message.governance
        },
        ranges=tuple(
            sampling.FigureRange(item.material_id, FIGURES.from_proto(item.figure), item.low, item.high, item.country)
            for item in message.ranges
        ),
        samples=message.samples or sampling.DEFAULT_SAMPLES,
        seed=message.seed,
        level=sampling.DEFAULT_LEVEL if level is None else level,
    )


def option_violations(request: risk_pb2.AssessSupplyRiskRequest) -> list[FieldViolation]:
    """List what is wrong across the fields of what is asked beside the scores."""
    return [
        *composite_violations(request.composite),
        *pressure_violations(request.pressures),
        *(yale_violations(request.yale_weights) if request.HasField("yale_weights") else ()),
        *doubles([item.country for item in request.uncertainty.governance], "uncertainty.governance", "country"),
        *range_violations(request.uncertainty.ranges),
    ]


def composite_violations(message: risk_pb2.CompositeChoice) -> Iterator[FieldViolation]:
    """What is wrong with components: no such measure, ends of a scale, weights."""
    path = "composite.components"
    for i, item in enumerate(message.components):
        if item.measure_id not in MEASURES or item.measure_id in NOT_OF_SUPPLIES:
            known = ", ".join(name for name in MEASURES if name not in NOT_OF_SUPPLIES)
            yield FieldViolation(f"{path}[{i}].measure_id", f"'{item.measure_id}' is no measure of a supply: {known}")
    if message.components:
        components = [component_from_proto(item) for item in message.components]
        yield from _of_core(measures.component_violations(components, path))


def pressure_violations(pressures: Sequence[risk_pb2.SourcePressure]) -> Iterator[FieldViolation]:
    """What is wrong with ecological figures: a country twice for a material, figures, weights."""
    yield from doubles([(item.country, item.material_id) for item in pressures], "pressures", "country")
    for i, item in enumerate(pressures):
        yield from _of_core(measures.indicator_violations(indicators_from_proto(item), f"pressures[{i}].indicators"))


def yale_violations(message: risk_pb2.YaleWeights) -> Iterator[FieldViolation]:
    """What is wrong with the weights of the Yale method: none above 0."""
    return _of_core(measures.weight_violations(yale_weights_from_proto(message), "yale_weights"))


def range_violations(ranges: Sequence[risk_pb2.FigureRange]) -> Iterator[FieldViolation]:
    """What is wrong with ranges: ends, a country where there is none or the other way round, a figure twice."""
    keys = [(item.material_id, item.figure, item.country) for item in ranges]
    yield from doubles(keys, "uncertainty.ranges", "figure")
    for i, item in enumerate(ranges):
        path = f"uncertainty.ranges[{i}]"
        figure = FIGURES.from_proto(item.figure)
        if item.high < item.low:
            yield FieldViolation(f"{path}.high", f"is {item.high:g}, must be at least the low end {item.low:g}")
        if item.high > 1.0 and figure not in sampling.WITHOUT_GREATEST:
            yield FieldViolation(f"{path}.high", f"is {item.high:g}, must be at most 1: {figure.name} is a fraction")
        if bool(item.country) != (figure in sampling.SHARES):
            wanted = "must be given for a share" if figure in sampling.SHARES else "must be given for shares alone"
            yield FieldViolation(f"{path}.country", wanted)


def doubles(keys: Iterable[object], path: str, field: str) -> Iterator[FieldViolation]:
    """Entries that are there before."""
    first: dict[object, int] = {}
    for i, key in enumerate(keys):
        if key in first:
            yield FieldViolation(f"{path}[{i}].{field}", f"is already at {path}[{first[key]}]")
        first.setdefault(key, i)


def _of_core(violations: Iterable[Violation]) -> Iterator[FieldViolation]:
    return (FieldViolation(found.field_path, found.description) for found in violations)


def report_to_proto(report: RiskReport, path: str) -> risk_pb2.MaterialRisk:
    """Write the risk of a material that stands at `path` in the answer, with what was asked beside it."""
    message = risk_to_proto(report.risk, path)
    for score, written in zip(report.risk.scores, message.scores, strict=True):
        lies = report.intervals.scores.get((score.measure.measure_id, score.scope))
        if lies is not None:
            written.interval.CopyFrom(interval_to_proto(lies))
    if report.ranked is not None:
        message.composite.CopyFrom(composite_to_proto(report.ranked, report.intervals))
    message.history.extend(
        risk_pb2.RiskYear(
            year=year.year,
            hhi=year.hhi,
            governance_weighted_hhi=year.governance_weighted_hhi,
            largest_country=year.largest_country,
            largest_share=year.largest_share,
            governance_year=year.governance_year,
            source_ids=year.source_ids,
        )
        for year in report.history
    )
    return message


def composite_to_proto(ranked: ranking.Ranked, intervals: ranking.Intervals) -> risk_pb2.CompositeScore:
    """Write a composite score with its rank."""
    return risk_pb2.CompositeScore(
        value=ranked.score.value,
        parts=[
            risk_pb2.CompositePart(
                measure_id=part.measure_id,
                scope=part.scope.value,
                value=part.value,
                scaled=part.scaled,
                weight=part.weight,
                contribution=part.contribution,
                sensitivity=part.sensitivity,
            )
            for part in ranked.score.parts
        ],
        rank=ranked.rank,
        best_rank=ranked.best_rank,
        worst_rank=ranked.worst_rank,
        interval=interval_to_proto(intervals.composite) if intervals.composite else None,
        rank_interval=interval_to_proto(intervals.rank) if intervals.rank else None,
    )


def interval_to_proto(interval: ranking.Interval) -> risk_pb2.RiskInterval:
    """Write an interval."""
    return risk_pb2.RiskInterval(low=interval.low, median=interval.median, high=interval.high)
