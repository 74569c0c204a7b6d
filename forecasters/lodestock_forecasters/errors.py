"""Errors of the forecasting core, and the collector that finds all faults of an input before it complains.

Owns the exception tree; knows nothing of models or of the network. A *violation* is one fault: where, and what would be
right.

```
ForecastingError
├── InvalidInput        (also a ValueError) the caller's data break a rule; carries every violation at once
├── ForecastCancelled   the caller's control asked to stop
└── ModelFailed         one model cannot answer one series; the engine catches it and falls back
```
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace


@dataclass(frozen=True, slots=True)
class FieldViolation:
    """One fault of an input."""

    field: str
    """Path of the field at fault, such as ``series[2].values[5]``."""
    message: str
    """What is wrong and what would be right, in one sentence."""


class ForecastingError(Exception):
    """Root of every error that this package raises on purpose."""


class InvalidInput(ForecastingError, ValueError):
    """The input breaks one or more rules; `violations` lists all of them, in the order of the fields."""

    def __init__(self, violations: Iterable[FieldViolation]) -> None:
        self.violations: tuple[FieldViolation, ...] = tuple(violations)
        super().__init__("; ".join(f"{v.field}: {v.message}" for v in self.violations))

    def under(self, prefix: str) -> InvalidInput:
        """Return the same error with each field path placed below `prefix`, such as ``series[2]``."""
        return InvalidInput(replace(v, field=f"{prefix}.{v.field}") for v in self.violations)


class ForecastCancelled(ForecastingError):
    """The run was stopped through `Control.cancelled` before every series had its answer."""


class ModelFailed(ForecastingError):
    """A model has no usable answer for a series; the text says why."""


MOST_VIOLATIONS = 1000
"""Most violations that one error lists; of a million wrong values nobody reads more."""


@dataclass(slots=True)
class ViolationCollector:
    """Gathers violations so that a caller sees all of them, or the first `MOST_VIOLATIONS`, in one error."""

    violations: list[FieldViolation] = field(default_factory=list)
    left_out: int = 0

    def require(self, holds: bool, field_path: str, message: str) -> bool:
        """Record a violation when `holds` is false, and return `holds`."""
        if not holds and len(self.violations) < MOST_VIOLATIONS:
            self.violations.append(FieldViolation(field_path, message))
        elif not holds:
            self.left_out += 1
        return holds

    def raise_if_any(self) -> None:
        """End the check.

        Raises:
            InvalidInput: at least one violation was recorded.
        """
        if self.left_out:
            last = self.violations[-1]
            self.violations[-1] = replace(last, message=f"{last.message} (and {self.left_out} more violations)")
        if self.violations:
            raise InvalidInput(self.violations)
