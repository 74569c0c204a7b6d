"""Put stresses to a plan: what sudden stops do to it, and which of several plans they do least to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from lodestock_optimizers.problem import SourcingProblem
from lodestock_optimizers.questions.stresses import Candidate, StressRequest, StressTest
from lodestock_optimizers.size import most_columns
from lodestock_optimizers.validation import validate
from lodestock_optimizers.watch import Watcher
from lodestock_server.errors import FieldViolation, InvalidRequest
from lodestock_server.usecases.optimize_sourcing import MOST_COLUMNS
from lodestock_server.usecases.plan_questions import fields_of, keeper_of, refuse_invalid, violations_named


def stress_test(
    problem: SourcingProblem,
    request: StressRequest,
    candidates: Sequence[Candidate],
    time_limit_s: float,
    watcher: Watcher | None = None,
) -> StressTest:
    """Put stresses to a plan; what the time is not enough for has no answer.

    Raises:
        InvalidRequest: A problem breaks rules, or the request cannot be put to it.
    """
    # Pyomo and HiGHS are imported in the workers alone.
    from lodestock_optimizers.questions.stress import stress_test as test

    refuse_invalid(problem)
    found = [*_candidate_violations(candidates), *_size_violations(problem, request)]
    if found:
        raise InvalidRequest(found)
    with violations_named():
        return test(problem, request, candidates, keeper_of(time_limit_s, watcher))


def _candidate_violations(candidates: Sequence[Candidate]) -> Iterator[FieldViolation]:
    for i, candidate in enumerate(candidates):
        wrong = validate(candidate.problem)
        yield from fields_of(wrong, f"candidates[{i}].problem")


def _size_violations(problem: SourcingProblem, request: StressRequest) -> Iterator[FieldViolation]:
    columns = most_columns(replace(problem, scenarios=request.scenarios))
    if columns > MOST_COLUMNS:
        text = f"make a model of up to {columns:,} columns, a call may ask for {MOST_COLUMNS:,}: give fewer"
        yield FieldViolation("scenarios", text)
