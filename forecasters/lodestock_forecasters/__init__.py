"""Demand forecasting of Lodestock: demand series in, distributions out.

Pure: no network, database, clock or environment; seed, deadline and progress are arguments. Importing it loads numpy
alone; statsforecast and Prophet are imported when a model first needs them.

Example:
    >>> import lodestock_forecasters as lf
    >>> series = lf.DemandSeries("cobalt/USA", lf.Frequency.YEARLY, ["2023", "2024", "2025"], [7900.0, 8100.0, 8400.0],
    "t") >>> answer = lf.forecast(lf.ForecastRequest([series], horizon=5, seed=7)).forecasts[0]
    >>> answer.quantiles.shape, answer.paths.sum(axis=1).shape
    ((7, 5), (1000,))
"""

from lodestock_forecasters.backtest_request import DEFAULT_BACKTEST_ORIGINS, BacktestRequest
from lodestock_forecasters.backtesting import backtest
from lodestock_forecasters.control import Control, Unattended
from lodestock_forecasters.drivers import Drivers
from lodestock_forecasters.engine import forecast, input_digest
from lodestock_forecasters.errors import (
    FieldViolation,
    ForecastCancelled,
    ForecastingError,
    InvalidInput,
    ModelFailed,
    ViolationCollector,
)
from lodestock_forecasters.law_coefficients import law_coefficients
from lodestock_forecasters.models.protocol import Forecaster, LawCoefficient, ModelInfo
from lodestock_forecasters.models.registry import list_models
from lodestock_forecasters.periods import Frequency, period_label, period_ordinal
from lodestock_forecasters.request import (
    DEFAULT_MODEL,
    DEFAULT_QUANTILE_LEVELS,
    MAX_BACKTEST_ORIGINS,
    MAX_HORIZON,
    MAX_SAMPLE_PATHS,
    MAX_SEED,
    ForecastRequest,
)
from lodestock_forecasters.result import (
    BacktestResult,
    BacktestScore,
    CombinationRule,
    FallbackLevel,
    ForecastResult,
    ModelComparison,
    ModelWeight,
    Rejection,
    SeriesBacktest,
    SeriesForecast,
)
from lodestock_forecasters.series import DemandSeries

__all__ = [
    "DEFAULT_BACKTEST_ORIGINS",
    "DEFAULT_MODEL",
    "DEFAULT_QUANTILE_LEVELS",
    "MAX_BACKTEST_ORIGINS",
    "MAX_HORIZON",
    "MAX_SAMPLE_PATHS",
    "MAX_SEED",
    "BacktestRequest",
    "BacktestResult",
    "BacktestScore",
    "CombinationRule",
    "Control",
    "DemandSeries",
    "Drivers",
    "FallbackLevel",
    "FieldViolation",
    "ForecastCancelled",
    "ForecastRequest",
    "ForecastResult",
    "Forecaster",
    "ForecastingError",
    "Frequency",
    "InvalidInput",
    "LawCoefficient",
    "ModelComparison",
    "ModelFailed",
    "ModelInfo",
    "ModelWeight",
    "Rejection",
    "SeriesBacktest",
    "SeriesForecast",
    "Unattended",
    "ViolationCollector",
    "backtest",
    "forecast",
    "input_digest",
    "law_coefficients",
    "list_models",
    "period_label",
    "period_ordinal",
]
