"""Optimise sourcing: a problem in, an explained plan out; and what is wrong with a problem, or how large it is."""

from __future__ import annotations

from lodestock_optimizers.plan import ModelSize, Plan
from lodestock_optimizers.problem import SourcingProblem
from lodestock_optimizers.size import most_columns
from lodestock_optimizers.validation import validate
from lodestock_optimizers.watch import Watcher
from lodestock_server.errors import FieldViolation
from lodestock_server.usecases.plan_questions import fields_of, violations_named

MOST_COLUMNS = 2_000_000
"""Size of model that a call may ask for: some minutes of work and a few gigabytes."""

WRITE_SHARE = 1.5
"""Time to convert, serialise and send a plan, as a share of that to build and compile its model: measured, 0.9 to
1.2."""


def problem_violations(problem: SourcingProblem, known_countries: frozenset[str]) -> list[FieldViolation]:
    """List what is wrong across the fields of a problem, with paths that start at the problem."""
    found = fields_of(validate(problem, known_countries))
    columns = most_columns(problem)
    if columns > MOST_COLUMNS:
        text = (
            f"make a model of up to {columns:,} columns, a call may ask for {MOST_COLUMNS:,}: "
            "give fewer scenarios, later onsets, fewer periods or fewer sources"
        )
        found.append(FieldViolation("scenarios", text))
    return found


def optimize_sourcing(problem: SourcingProblem, time_limit_s: float, watcher: Watcher | None = None) -> Plan:
    """Find the plan of least risk-weighted cost; at the limit the best so far, CANCELLED where the watcher says so.

    Raises:
        InvalidRequest: The problem breaks rules.
    """
    # Pyomo and HiGHS are imported in the workers alone.
    from lodestock_optimizers.planner import optimize

    with violations_named("problem"):
        return optimize(problem, time_limit_s, watcher=watcher, write_share=WRITE_SHARE)


def model_size(problem: SourcingProblem) -> ModelSize:
    """The size that the model of a valid problem has."""
    from lodestock_optimizers.planner import model_size as measure

    return measure(problem)
