"""forecast.proto: options of backtests from messages, scores to messages."""

from __future__ import annotations

from collections.abc import Iterator

import lodestock_forecasters as forecasters
from lodestock.v1 import forecast_pb2
from lodestock_server.converters.demand import FREQUENCIES, gdp_scenario_from_proto, inline_series, series_violations
from lodestock_server.converters.forecast import STAND_IN, history_origins, number_or_none
from lodestock_server.errors import FieldViolation
from lodestock_server.usecases.backtest_models import BacktestAnswer, BacktestOptions


def backtest_options_from_proto(message: forecast_pb2.BacktestModelsRequest) -> BacktestOptions:
    """Read which models to score and how."""
    return BacktestOptions(
        horizon=message.horizon,
        models=tuple(message.models),
        most_origins=message.most_origins or forecasters.DEFAULT_BACKTEST_ORIGINS,
        gdp_scenario=gdp_scenario_from_proto(message.gdp_scenario),
    )


def backtest_violations(message: forecast_pb2.BacktestModelsRequest) -> list[FieldViolation]:
    """List what is wrong across the fields of a request with inline series, or with its options."""
    return [*series_violations(message.inline), *_option_violations(message)]


def _option_violations(message: forecast_pb2.BacktestModelsRequest) -> Iterator[FieldViolation]:
    options = backtest_options_from_proto(message)
    unique = {one.id: one for one in inline_series(message.inline)}
    try:
        forecasters.BacktestRequest(
            series=tuple(unique.values()) or (STAND_IN,),
            horizon=options.horizon,
            models=options.models,
            most_origins=options.most_origins,
        )
    except forecasters.InvalidInput as error:
        for found in error.violations:
            yield FieldViolation(found.field, found.message)


def backtest_to_proto(answer: BacktestAnswer) -> forecast_pb2.BacktestModelsResponse:
    """Write the scores; the record is left to whoever made them."""
    tested = zip(answer.demands, answer.result.series, strict=True)
    return forecast_pb2.BacktestModelsResponse(
        series=[
            forecast_pb2.SeriesBacktest(
                series_id=one.series_id,
                frequency=FREQUENCIES.to_proto(one.frequency),
                scores=[score_to_proto(score) for score in one.scores],
                history_origins=list(history_origins(demand, f"series[{i}].history")),
            )
            for i, (demand, one) in enumerate(tested)
        ],
        overall=[score_to_proto(score) for score in answer.result.overall],
        comparisons=[comparison_to_proto(comparison) for comparison in answer.result.comparisons],
    )


def score_to_proto(score: forecasters.BacktestScore) -> forecast_pb2.ModelScore:
    """Write a model's scores."""
    return forecast_pb2.ModelScore(
        model=score.model,
        origins=score.origins,
        errors=score.errors,
        mase=number_or_none(score.mase),
        smape=number_or_none(score.smape),
        owa=number_or_none(score.owa),
        coverage_80=number_or_none(score.coverage_80),
        coverage_95=number_or_none(score.coverage_95),
        msis_95=number_or_none(score.msis_95),
        without_scores_because=score.reason,
    )


def comparison_to_proto(comparison: forecasters.ModelComparison) -> forecast_pb2.ModelComparison:
    """Write whether one model was better than another."""
    return forecast_pb2.ModelComparison(
        model=comparison.model,
        other=comparison.other,
        series=comparison.series,
        origins=comparison.origins,
        difference=comparison.difference,
        p_value=number_or_none(comparison.p_value),
        better=comparison.better,
    )
