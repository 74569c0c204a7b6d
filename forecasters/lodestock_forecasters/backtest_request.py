"""What to backtest: series, models and options of one run, checked when made."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from lodestock_forecasters.errors import ViolationCollector
from lodestock_forecasters.models.registry import CARDS
from lodestock_forecasters.request import (
    DEFAULT_MODEL,
    MAX_BACKTEST_ORIGINS,
    MAX_HORIZON,
    check_range,
    check_unique_ids,
)
from lodestock_forecasters.series import DemandSeries

DEFAULT_BACKTEST_ORIGINS = 10
"""Most origins of a series where the caller names no number."""


@dataclass(frozen=True, slots=True, eq=False)
class BacktestRequest:
    """One run: the same horizon and models for every series.

    Raises:
        InvalidInput: with every violation, by field.
    """

    series: Iterable[DemandSeries]
    """One or more series with distinct ids; kept as a tuple."""
    horizon: int
    """Most steps ahead of each origin, 1 to 120."""
    models: Iterable[str] = ()
    """``default`` for the fixed combination, and names from `list_models`, each once; kept as a tuple. None: the
    combination and every model that takes one of the series at least."""
    most_origins: int = DEFAULT_BACKTEST_ORIGINS
    """Most rolling origins of a series, 1 to 100."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "series", tuple(self.series))
        object.__setattr__(self, "models", tuple(self.models))
        check = ViolationCollector()
        check_unique_ids(check, self.all_series)
        check_range(check, "horizon", self.horizon, 1, MAX_HORIZON)
        check_range(check, "most_origins", self.most_origins, 1, MAX_BACKTEST_ORIGINS)
        self._check_models(check)
        check.raise_if_any()

    @property
    def all_series(self) -> tuple[DemandSeries, ...]:
        """Return `series` with its true type."""
        return tuple(self.series)

    @property
    def all_models(self) -> tuple[str, ...]:
        """Return the models to score, in order: those asked for, or those that can be."""
        asked = tuple(self.models)
        return asked or (DEFAULT_MODEL, *(name for name in CARDS if any(takes(name, one) for one in self.all_series)))

    def _check_models(self, check: ViolationCollector) -> None:
        names = (DEFAULT_MODEL, *CARDS)
        first_at: dict[str, int] = {}
        for i, name in enumerate(self.models):
            known = ", ".join(names)
            check.require(name in names, f"models[{i}]", f"{name!r} is no model; choose from {known}")
            j = first_at.setdefault(name, i)
            check.require(i == j, f"models[{i}]", f"{name!r} stands at models[{j}] already; name each model once")


def takes(model: str, series: DemandSeries) -> bool:
    """Return whether a model is made for a series: its frequency, and drivers where it needs them."""
    card = CARDS[model]
    drivers = series.drivers
    lacks_drivers = card.needs_drivers and drivers is None
    lacks_deployment = card.needs_deployment and (drivers is None or drivers.deployment is None)
    return series.frequency in card.frequencies and not lacks_drivers and not lacks_deployment
