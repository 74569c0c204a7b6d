"""Reduce the scenarios that a problem has to a few of them with weights.

Owns how much a call may ask for, and what is to be said of the answer. The reduction is in the numeric core.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lodestock_optimizers.problem import SourcingProblem
from lodestock_server.errors import FieldViolation, InvalidRequest
from lodestock_server.usecases.generate_scenarios import SCENARIOS, on_distance

if TYPE_CHECKING:
    from lodestock_optimizers.scenarios.given_scenarios import ReducedScenarios

MOST_FIGURES = 30_000_000
"""Scenarios × figures that each is compared by: what is held in memory at once, about a gigabyte with its copies."""
MOST_HITS = 20_000_000
"""Different selections of disruptions × supplies that they are held against: some ten seconds."""


@dataclass(frozen=True, slots=True)
class Reduced:
    """Fewer scenarios, and what is to be said of them."""

    reduction: ReducedScenarios
    remarks: tuple[str, ...]


def reduce_given(problem: SourcingProblem, most_scenarios: int) -> Reduced:
    """Reduce the scenarios of a valid problem to at most so many; 0 for the default.

    Raises:
        InvalidRequest: They have more figures than a call may compare.
    """
    # numpy and scipy are imported in the workers alone.
    from lodestock_optimizers.scenarios.given_scenarios import figures_a_scenario, hits_to_find, reduce_scenarios

    given, figures = len(problem.scenarios), figures_a_scenario(problem)
    if given * figures > MOST_FIGURES:
        text = f"are {given:,} with {figures:,} figures each, a call may give {MOST_FIGURES // figures:,} of these"
        raise InvalidRequest([FieldViolation("problem.scenarios", text)])
    hits = hits_to_find(problem)
    if hits > MOST_HITS:
        text = f"select sources in so many ways that {hits:,} are to be held against each other, must be {MOST_HITS:,}"
        raise InvalidRequest([FieldViolation("problem.scenarios", f"{text} or fewer")])
    reduction = reduce_scenarios(problem, most_scenarios or SCENARIOS)
    return Reduced(reduction, tuple(_remarks(problem, reduction)))


def _remarks(problem: SourcingProblem, reduction: ReducedScenarios) -> Iterator[str]:
    yield from on_distance(len(reduction.scenarios), reduction.error_days, reduction.loss_days, "those given")
    if len({(scenario.state, scenario.rebuilding_periods) for scenario in problem.scenarios}) > 1:
        yield "the scenarios differ in state or rebuilding_periods, which the distance does not see"
