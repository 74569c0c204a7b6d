"""The demand series: what a caller hands in, checked when it is made.

Owns the rules on labels and values. A series may have gaps (missing periods, or NaN), zeros, and any length from one
observed value; it may not have negative or infinite values, and its periods stand in order without repetition.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lodestock_forecasters.drivers import Drivers
from lodestock_forecasters.errors import FieldViolation, InvalidInput, ViolationCollector
from lodestock_forecasters.periods import Frequency, period_ordinal

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]
MAX_VALUE = 1e15
"""Largest value of a series, so that no path overflows."""


def read_only(values: npt.ArrayLike) -> FloatArray:
    """Return a float64 copy of `values` that cannot be written to."""
    array = np.array(values, dtype=np.float64)
    array.setflags(write=False)
    return array


@dataclass(frozen=True, slots=True, eq=False)
class DemandSeries:
    """Observed demand of one thing, by period.

    Raises:
        InvalidInput: with every violation, by field (``periods[3]``, ``values[0]``, …).
    """

    id: str
    """Name of the series, unique in its request; sample paths depend on it and on the seed alone."""
    frequency: Frequency
    """YEARLY, QUARTERLY or MONTHLY; the form of all labels."""
    periods: Sequence[str]
    """Labels in rising order, such as ``2025``, ``2025-Q2`` or ``2025-03``; periods may be missing."""
    values: npt.ArrayLike
    """Demand per period in `unit`, shape (n,), finite and ≥ 0, NaN where unknown; kept as a read-only float64 array."""
    unit: str
    """Unit of the values, such as ``t``; carried through to the answer unchanged."""
    saturation: float | None = None
    """Level that demand cannot pass, in `unit`, above every value; growth models with a ceiling use it. None:
    unknown."""
    drivers: Drivers | None = None
    """Population and GDP behind the demand, for yearly series; models that follow them use them. None: unknown."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "periods", tuple(self.periods))
        object.__setattr__(self, "values", _numbers(self.values))
        check = ViolationCollector()
        check.require(bool(self.id), "id", "must not be empty; give a name such as 'copper/USA'")
        check.require(bool(self.unit), "unit", "must not be empty; give the unit of the values, such as 't'")
        _check_periods(check, self.periods, self.frequency)
        _check_values(check, self.observations, len(self.periods))
        if self.saturation is not None:
            highest = float(np.nanmax(self.observations, initial=0.0))
            message = f"must be a finite level above every value (the highest is {highest:g}), got {self.saturation:g}"
            check.require(bool(np.isfinite(self.saturation)) and self.saturation > highest, "saturation", message)
        message = f"are given by year, so that a {self.frequency.value} series cannot have them"
        check.require(self.drivers is None or self.frequency is Frequency.YEARLY, "drivers", message)
        check.raise_if_any()

    @property
    def observations(self) -> FloatArray:
        """Return `values` with its true type: float64, shape (n,), NaN where unknown, read-only."""
        return np.asarray(self.values, dtype=np.float64)

    @property
    def ordinals(self) -> npt.NDArray[np.int64]:
        """Return the ordinal number of each period, shape (n,), strictly rising."""
        return np.array([period_ordinal(label, self.frequency) for label in self.periods], dtype=np.int64)


def _numbers(values: npt.ArrayLike) -> FloatArray:
    try:
        return read_only(values)
    except (TypeError, ValueError) as error:
        raise InvalidInput([FieldViolation("values", f"must be a flat list of numbers: {error}")]) from error


def _check_periods(check: ViolationCollector, periods: Sequence[str], frequency: Frequency) -> None:
    check.require(len(periods) > 0, "periods", "must hold at least one period")
    previous: tuple[int, str] | None = None
    for i, label in enumerate(periods):
        try:
            ordinal = period_ordinal(label, frequency)
        except ValueError as error:
            check.require(False, f"periods[{i}]", f"{error}, as a {frequency.value} series needs")
            continue
        if previous is not None and ordinal <= previous[0]:
            what = "repeats" if ordinal == previous[0] else "comes after"
            message = f"{label} {what} {previous[1]}; periods must rise, each given once"
            check.require(False, f"periods[{i}]", message)
        previous = (ordinal, label)


def _check_values(check: ViolationCollector, values: FloatArray, n_periods: int) -> None:
    if not check.require(values.ndim == 1, "values", f"must be a flat list of numbers, got {values.ndim} dimensions"):
        return
    message = f"must hold one value per period: {n_periods} periods, {len(values)} values"
    check.require(len(values) == n_periods, "values", message)
    for i in np.flatnonzero(np.isinf(values) | (values < 0) | (values > MAX_VALUE)):
        value, path = float(values[i]), f"values[{i}]"
        check.require(not np.isinf(value), path, f"must be finite, or NaN where unknown, got {value}")
        check.require(value >= 0, path, f"demand cannot be negative, got {value:g}")
        message = f"must be at most {MAX_VALUE:g}, got {value:g}; choose a larger unit"
        check.require(not MAX_VALUE < value < np.inf, path, message)
    message = "every value is NaN; at least one observed value is needed (a known zero is written 0)"
    check.require(len(values) == 0 or not bool(np.isnan(values).all()), "values", message)
