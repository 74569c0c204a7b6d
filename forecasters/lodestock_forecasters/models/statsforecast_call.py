"""The one place that calls statsforecast: scaling, lazy import, and its failures turned into `ModelFailed`.

statsforecast takes two seconds to import, so that happens at the first fit, not before.
"""

from __future__ import annotations

import functools
import importlib
from typing import Any

import numpy as np

from lodestock_forecasters.errors import ModelFailed
from lodestock_forecasters.series import FloatArray

MOST_VALUES = 1000
"""Most values, the latest, that a model is given: older ones have no say in smoothed levels, and would take minutes."""


@functools.cache
def _model(class_name: str, options: tuple[tuple[str, object], ...]) -> Any:
    models = importlib.import_module("statsforecast.models")
    return getattr(models, class_name)(**dict(options))


def call_statsforecast(class_name: str, values: FloatArray, horizon: int, **options: object) -> FloatArray:
    """Fit a model of ``statsforecast.models`` and return its mean path.

    The values go in divided by the largest one and rounded to twelve decimals, so that a series in tonnes and the same
    series in kilotonnes meet the optimiser as the same numbers and get the same answer.

    Args:
        class_name: class of ``statsforecast.models``, such as ``AutoCES``.
        values: history, shape (n,), finite; the last `MOST_VALUES` count.
        horizon: steps ahead.
        **options: arguments of the class.

    Returns:
        Path of shape (horizon,) in the unit of `values`; finite.

    Raises:
        ModelFailed: the model refused the history or gave a path that is not finite.
    """
    values = values[-MOST_VALUES:]
    size = float(np.max(np.abs(values))) or 1.0
    model = _model(class_name, tuple(sorted(options.items())))
    try:
        # The library divides by zero on perfect fits; a path that is not finite is caught below.
        with np.errstate(all="ignore"):
            mean = model.forecast(y=np.round(values / size, 12), h=horizon)["mean"]
        path = np.asarray(mean, dtype=np.float64)
    # The library raises bare Exception, NotImplementedError and others for histories that it cannot fit.
    except Exception as error:
        raise ModelFailed(f"{class_name} could not be fitted: {error}") from error
    if path.shape != (horizon,) or not np.isfinite(path).all():
        raise ModelFailed(f"{class_name} gave a path that is not finite")
    return path * size
