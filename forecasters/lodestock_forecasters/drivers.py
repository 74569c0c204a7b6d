"""What drives demand: population and GDP by year, past and assumed, in one path; where known, a price and a deployment.

Owns the rules on them. A driver path knows nothing of the demand that it drives: whether it reaches far enough is for
the model to say that needs it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lodestock_forecasters.errors import FieldViolation, InvalidInput, ViolationCollector
from lodestock_forecasters.periods import Frequency, period_ordinal

FloatArray = npt.NDArray[np.float64]

LIMITS = {"population": (1.0, 1e12), "gdp": (1.0, 1e21), "price": (1e-6, 1e12), "deployment": (0.0, 1e15)}
"""Least and greatest value, so that no GDP per head is beyond what can be reckoned with."""
OPTIONAL = ("price", "deployment")
"""What need not be given, and may be unknown in some years."""


@dataclass(frozen=True, slots=True, eq=False)
class Drivers:
    """Population and GDP of a region by year, and what else drives the demand there. Years may be missing.

    Raises:
        InvalidInput: with every violation, by field (``periods[3]``, ``population[0]``, …).
    """

    periods: Sequence[str]
    """Years such as ``2025``, strictly rising; the past and the assumed future in one."""
    population: npt.ArrayLike
    """Persons, shape (n,), 1 to 10¹²; kept as a read-only float64 array."""
    gdp: npt.ArrayLike
    """GDP in constant money of one kind, shape (n,), 1 to 10²¹; kept as a read-only float64 array."""
    price: npt.ArrayLike | None = None
    """The material's price in constant money of any kind, shape (n,), 10⁻⁶ to 10¹², NaN where unknown."""
    deployment: npt.ArrayLike | None = None
    """What is deployed that holds the material (vehicles sold, capacity built), shape (n,), 0 to 10¹⁵, NaN where
    unknown."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "periods", tuple(self.periods))
        check = ViolationCollector()
        check.require(len(self.periods) > 0, "periods", "must hold at least one year")
        _check_years(check, self.periods)
        for name in LIMITS:
            if getattr(self, name) is None:
                continue
            values = _numbers(name, getattr(self, name))
            object.__setattr__(self, name, values)
            _check_within(check, name, values, len(self.periods))
        check.raise_if_any()

    @property
    def paths(self) -> tuple[FloatArray, ...]:
        """Return population, GDP and what else is given, each of shape (n,); none for what is not given."""
        return tuple(np.asarray(getattr(self, name), dtype=np.float64) for name in LIMITS if _given(self, name))

    @property
    def years(self) -> npt.NDArray[np.int64]:
        """Return the years, shape (n,), strictly rising."""
        return np.array([int(label) for label in self.periods], dtype=np.int64)

    def missing(self, years: npt.NDArray[np.int64]) -> list[int]:
        """Return those of some years that the path lacks."""
        return [int(year) for year in years[~np.isin(years, self.years)]]

    def at(self, years: npt.NDArray[np.int64]) -> tuple[FloatArray, FloatArray]:
        """Return population and GDP per head of years that the path holds, each of the shape of `years`."""
        place = np.searchsorted(self.years, years)
        population = np.asarray(self.population, dtype=np.float64)[place]
        return population, np.asarray(np.asarray(self.gdp, dtype=np.float64)[place] / population, dtype=np.float64)

    def price_at(self, years: npt.NDArray[np.int64]) -> FloatArray:
        """Return the price in some years, NaN where unknown, in the shape of `years`."""
        return self._known("price", years)

    def deployment_at(self, years: npt.NDArray[np.int64]) -> FloatArray:
        """Return what is deployed in some years, NaN where unknown, in the shape of `years`."""
        return self._known("deployment", years)

    def _known(self, name: str, years: npt.NDArray[np.int64]) -> FloatArray:
        found = np.full(len(years), np.nan)
        if _given(self, name):
            held = np.isin(years, self.years)
            place = np.searchsorted(self.years, years[held])
            found[held] = np.asarray(getattr(self, name), dtype=np.float64)[place]
        return found


def _given(drivers: Drivers, name: str) -> bool:
    return getattr(drivers, name) is not None


def _numbers(name: str, values: npt.ArrayLike) -> FloatArray:
    try:
        array = np.array(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InvalidInput([FieldViolation(name, f"must be a flat list of numbers: {error}")]) from error
    array.setflags(write=False)
    return array


def _check_years(check: ViolationCollector, periods: Sequence[str]) -> None:
    previous: tuple[int, str] | None = None
    for i, label in enumerate(periods):
        try:
            year = period_ordinal(label, Frequency.YEARLY)
        except ValueError as error:
            check.require(False, f"periods[{i}]", f"{error}; population and GDP are given by year")
            continue
        if previous is not None:
            what = "repeats" if year == previous[0] else "comes after"
            check.require(year > previous[0], f"periods[{i}]", f"{label} {what} {previous[1]}; years must rise")
        previous = (year, label)


def _check_within(check: ViolationCollector, name: str, values: FloatArray, n_periods: int) -> None:
    if not check.require(values.ndim == 1, name, f"must be a flat list of numbers, got {values.ndim} dimensions"):
        return
    check.require(
        len(values) == n_periods, name, f"must hold one value a year: {n_periods} years, {len(values)} values"
    )
    least, greatest = LIMITS[name]
    for i, value in enumerate(values):
        if name in OPTIONAL and np.isnan(value):
            continue
        message = f"must be a number from {least:g} to {greatest:g}, got {value:g}"
        check.require(bool(least <= value <= greatest), f"{name}[{i}]", message)
