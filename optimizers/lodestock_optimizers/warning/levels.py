"""Three levels with hysteresis, so that a value on the edge of a threshold does not flap.

A level is reached at its threshold, and left only where the value has fallen back behind the threshold by more than the
release: rising through all levels may happen at once, so may falling, each by its own threshold.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import IntEnum

from lodestock_optimizers.violations import Violation
from lodestock_optimizers.warning.indicators import Direction


class Level(IntEnum):
    """How urgent a value is; the names on alerts are III, II and I."""

    NONE = 0
    ATTENTION = 1
    WARNING = 2
    ALARM = 3


RISING = (Level.ATTENTION, Level.WARNING, Level.ALARM)


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Where the levels of an indicator begin.

    Attributes:
        attention, warning, alarm: values, each at least as bad as the one before it.
        direction: whether high or low values are bad.
        release: how far a value must come back behind a threshold for its level to end, ≥ 0, in the indicator's unit.
    """

    attention: float
    warning: float
    alarm: float
    direction: Direction
    release: float = 0.0


def level_after(previous: Level, value: float | None, thresholds: Thresholds) -> Level:
    """The level of a new value.

    Args:
        previous: level before.
        value: the indicator's; None or no number where it cannot be told, which leaves the level as it is.
        thresholds: where the levels begin.
    """
    if value is None or math.isnan(value):
        return previous
    sign = 1.0 if thresholds.direction is Direction.HIGH_IS_BAD else -1.0
    reached = _greatest(sign * value, sign, thresholds, 0.0)
    # Behind the threshold, but not yet by the release: a level that was there stays.
    kept = _greatest(sign * value, sign, thresholds, thresholds.release)
    return max(reached, min(previous, kept))


def _greatest(badness: float, sign: float, thresholds: Thresholds, release: float) -> Level:
    """The greatest level whose threshold is reached, or missed by no more than the release."""
    begins = (thresholds.attention, thresholds.warning, thresholds.alarm)
    reached = (level for level, at in zip(RISING, begins, strict=True) if badness >= sign * at - release)
    return max(reached, default=Level.NONE)


def levels(values: Iterable[float | None], thresholds: Thresholds, start: Level = Level.NONE) -> Iterator[Level]:
    """The level after each value, oldest first.

    Args:
        values: of the indicator, oldest first.
        thresholds: where the levels begin.
        start: level before the first value.
    """
    level = start
    for value in values:
        level = level_after(level, value, thresholds)
        yield level


def threshold_violations(thresholds: Thresholds, path: str = "thresholds") -> list[Violation]:
    """Everything wrong with thresholds: no numbers, in the wrong order, a release below 0."""
    found = [
        Violation(f"{path}.{name}", f"is {value:g}, must be a finite number")
        for name in ("attention", "warning", "alarm", "release")
        if not math.isfinite(value := getattr(thresholds, name))
    ]
    if found:
        return found
    if thresholds.release < 0:
        found.append(Violation(f"{path}.release", f"is {thresholds.release:g}, must be 0 or more"))
    rising = thresholds.direction is Direction.HIGH_IS_BAD
    wanted = "at least" if rising else "at most"
    for name, before in (("warning", "attention"), ("alarm", "warning")):
        value, least = getattr(thresholds, name), getattr(thresholds, before)
        if value < least if rising else value > least:
            found.append(Violation(f"{path}.{name}", f"is {value:g}, must be {wanted} {before} ({least:g})"))
    return found
