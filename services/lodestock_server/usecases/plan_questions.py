"""The other questions on the sourcing model: its frontier, plans that differ, what-ifs."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING

from lodestock_optimizers.problem import SourcingProblem
from lodestock_optimizers.questions.changes import WhatIf
from lodestock_optimizers.validation import validate
from lodestock_optimizers.violations import InvalidProblem, Violation
from lodestock_optimizers.watch import Timekeeper, Unwatched, Watcher
from lodestock_server.errors import FieldViolation, InvalidRequest

if TYPE_CHECKING:
    from lodestock_optimizers.questions.alternatives import Alternatives
    from lodestock_optimizers.questions.frontier_values import Frontier
    from lodestock_optimizers.questions.what_if import KeptBases, WhatIfAnswers

DEFAULT_POINTS = 10
DEFAULT_ALTERNATIVES = 3
DEFAULT_INCREASE = 0.01
"""By how much an alternative may exceed the least objective where the caller does not say, as a fraction of it."""


def trace_frontier(
    problem: SourcingProblem, points: int, time_limit_s: float, watcher: Watcher | None = None
) -> Frontier:
    """Trace the plans between least cost and least risk; `points` 0: the default.

    Raises:
        InvalidRequest: The problem breaks rules.
    """
    # Pyomo and HiGHS are imported in the workers alone, here and below.
    from lodestock_optimizers.questions.frontier import trace_frontier as trace

    refuse_invalid(problem)
    return trace(problem, points or DEFAULT_POINTS, keeper_of(time_limit_s, watcher))


def find_alternatives(
    problem: SourcingProblem, max_increase: float, count: int, time_limit_s: float, watcher: Watcher | None = None
) -> Alternatives:
    """Find plans that cost little more and buy elsewhere; `max_increase` and `count` 0: the defaults.

    Raises:
        InvalidRequest: The problem breaks rules.
    """
    from lodestock_optimizers.questions.alternatives import find_alternatives as find

    refuse_invalid(problem)
    increase, most = max_increase or DEFAULT_INCREASE, count or DEFAULT_ALTERNATIVES
    return find(problem, increase, most, keeper_of(time_limit_s, watcher))


def ask_what_if(
    problem: SourcingProblem, questions: Sequence[WhatIf], time_limit_s: float, watcher: Watcher | None = None
) -> WhatIfAnswers:
    """Say what a plan would become if a few of its figures were others.

    Raises:
        InvalidRequest: The problem breaks rules, or a question cannot be put to it.
    """
    from lodestock_optimizers.questions.what_if import ask_what_if as ask

    refuse_invalid(problem)
    with violations_named():
        return ask(problem, questions, keeper_of(time_limit_s, watcher), kept_bases())


def refuse_invalid(problem: SourcingProblem) -> None:
    """See to it that the problem of a request can be asked about.

    Raises:
        InvalidRequest: It breaks rules.
    """
    found = fields_of(validate(problem), "problem")
    if found:
        raise InvalidRequest(found)


@contextmanager
def violations_named(path: str = "") -> Iterator[None]:
    """Turns what the core says of a request, or of what stands at a path in it, into the caller's error."""
    try:
        yield
    except InvalidProblem as error:
        raise InvalidRequest(fields_of(error.violations, path)) from error


def fields_of(violations: Iterable[Violation], path: str = "") -> list[FieldViolation]:
    """What the core says of fields, as the caller hears it: from the request on, in which they stand at `path`."""
    found = [FieldViolation(violation.field_path, violation.description) for violation in violations]
    return [violation.under(path) for violation in found] if path else found


def keeper_of(time_limit_s: float, watcher: Watcher | None) -> Timekeeper:
    """The limit of a call and its caller, as the core asks about them."""
    return Timekeeper(time.perf_counter, time_limit_s, watcher or Unwatched())


@lru_cache(maxsize=1)
def kept_bases() -> KeptBases:
    """The solved bases that this process keeps between calls."""
    from lodestock_optimizers.questions.what_if import KeptBases

    return KeptBases()
