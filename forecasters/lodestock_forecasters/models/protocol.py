"""What a model is: one small protocol, and the card that describes a model in the registry.

A model gives a point path; intervals and sample paths come from the pooled calibration, alike for all models.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from lodestock_forecasters.history import History
from lodestock_forecasters.periods import Frequency
from lodestock_forecasters.series import FloatArray

ALL_FREQUENCIES = (Frequency.YEARLY, Frequency.QUARTERLY, Frequency.MONTHLY)


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """Card of a model."""

    name: str
    """Name by which a request chooses the model."""
    family: str
    """Family of methods, such as ``statistical``."""
    description: str
    """What the model assumes, in a sentence or two."""
    paper: str
    """Where the method was published."""
    minimum_points: int
    """Least number of observed values at any frequency."""
    minimum_years: int = 0
    """Least length of the history in years; binds at quarterly and monthly frequency."""
    frequencies: tuple[Frequency, ...] = ALL_FREQUENCIES
    """Frequencies that the model takes."""
    needs_drivers: bool = False
    """Whether the model needs population and GDP beside the series."""
    needs_deployment: bool = False
    """Whether it needs what is deployed among those drivers."""

    def least_points(self, frequency: Frequency) -> int:
        """Return the least number of observed values at a frequency."""
        return max(self.minimum_points, self.minimum_years * frequency.periods_per_year)


class Forecaster(Protocol):
    """A model ready for use; one object serves one run and is not shared between threads."""

    @property
    def info(self) -> ModelInfo:
        """Return the model's card."""

    def forecast(self, history: History, horizon: int) -> FloatArray:
        """Return the point path of the `horizon` periods after the last observation, shape (horizon,), unit of the
        history.

        Negative values are allowed here; the caller floors them at zero.

        Raises:
            ModelFailed: the model has no answer for this history.
        """

    def close(self) -> None:
        """Release what the model holds, such as a worker process."""


@dataclass(frozen=True, slots=True)
class LawCoefficient:
    """A coefficient that a demand law has learnt from a series."""

    name: str
    """What it is, such as ``price_elasticity``."""
    value: float
    unit: str
    """In words, such as ``1`` or ``GDP per head``."""


@runtime_checkable
class LawForecaster(Protocol):
    """A model whose path follows a law with coefficients that mean something."""

    def coefficients(self, history: History, horizon: int) -> tuple[LawCoefficient, ...]:
        """Return what `forecast` of the same arguments rests on; empty where that rests on no fit.

        Raises:
            ModelFailed: the law has no answer for this history.
        """


class StatelessForecaster:
    """A forecaster that holds nothing between calls."""

    def close(self) -> None:
        """Do nothing."""
