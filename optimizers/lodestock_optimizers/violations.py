"""How a problem is found wrong: a violation by the path of its field, and the checks that fields have in common.

Paths are those of the message `lodestock.v1.SourcingProblem`. Which fields are checked for what is the matter of
`lodestock_optimizers.validation`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from lodestock_optimizers.problem import PerPeriod, StateValue

# The solver takes 1e20 for infinity. With these limits no bound, no coefficient and no weighed cost comes near it.
MOST = 1e12
"""Largest number of tonnes, and of USD per tonne, duty, premium and scenarios included."""
MOST_USD = 1e15
"""Largest budget."""
MOST_RATE = 100.0
"""Largest tariff and premium: a hundred times the price."""
MOST_FACTOR = 1e4
"""Largest factor of a scenario on a price or a demand, all that it does together."""
MOST_PRICE_OF_RISK = 1e4
MOST_TAIL_WEIGHT = 0.9999
"""Largest weight of the tail: what is expected must keep one that a solver sees."""
MOST_FLOOR_DAYS = 36_500.0
"""A hundred years."""
MOST_DISCOUNT_WEIGHT = 1e3
"""How much more than the first period the last may weigh; a negative discount rate lets it weigh more."""
LEAST_PERIOD_YEARS = 1e-3
"""Some nine hours; what is reckoned by the year is divided by it."""
ROUNDING = 1e-9
"""By how much sums and products of what the caller gives may miss their limit, relative to it."""


@dataclass(frozen=True, slots=True)
class Violation:
    """What is wrong with the field at `field_path`, and what would be right."""

    field_path: str
    description: str


class InvalidProblem(ValueError):
    """The problem breaks rules; `violations` lists every one."""

    def __init__(self, violations: Sequence[Violation]) -> None:
        self.violations = tuple(violations)
        super().__init__("; ".join(f"{v.field_path}: {v.description}" for v in self.violations))


def number(path: str, value: float, least: float = 0.0, most: float = MOST) -> Iterator[Violation]:
    """A number within its range."""
    if not least <= value <= most:
        yield Violation(path, f"is {value:g}, must be a number from {least:g} to {most:g}")


def optional(path: str, value: float | None) -> Iterator[Violation]:
    """A number of 0 or more, where it is given."""
    if value is not None:
        yield from number(path, value)


def series(path: str, values: PerPeriod, count: int, required: bool = True, most: float = MOST) -> Iterator[Violation]:
    """A value for all periods, or one a period."""
    if not values:
        if required:
            yield Violation(path, f"is empty, must hold 1 value, or {count}: one a period")
        return
    if len(values) not in (1, count):
        yield Violation(path, f"holds {len(values)} values, must hold 1, or {count}: one a period")
    for i, value in enumerate(values):
        yield from number(f"{path}[{i}]", value, most=most)


def unique(path: str, field: str, ids: Iterable[str]) -> Iterator[Violation]:
    """Names that are given, each once."""
    seen: dict[str, int] = {}
    for i, name in enumerate(ids):
        where = f"{path}[{i}].{field}"
        if not name:
            yield Violation(where, "is empty, must name it")
        elif name in seen:
            yield Violation(where, f"'{name}' is already that of {path}[{seen[name]}], must be unique")
        else:
            seen[name] = i


def known(path: str, ids: Sequence[str], known: set[str], what: str) -> Iterator[Violation]:
    """Names of what the problem has."""
    for i, name in enumerate(ids):
        if name not in known:
            yield Violation(f"{path}[{i}]", f"'{name}' is no {what} of the problem")


def by_state(path: str, values: Sequence[StateValue], most: float = MOST) -> Iterator[Violation]:
    """Values by state, each state once."""
    counts = Counter(v.state for v in values)
    for i, value in enumerate(values):
        yield from number(f"{path}[{i}].value", value.value, 0.0, most)
        if counts[value.state] > 1:
            yield Violation(f"{path}[{i}].state", f"{value.state.value} is given more than once")


def period_numbers(path: str, periods: Sequence[int], first: int, last: int) -> Iterator[Violation]:
    """Periods of the horizon."""
    for i, period in enumerate(periods):
        if not first <= period <= last:
            yield Violation(f"{path}[{i}]", f"is {period}, must be a period from {first} to {last}")
