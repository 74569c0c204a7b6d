"""A problem with its numbers and its compiled model: what every question to the model starts from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lodestock_optimizers.formulation import arrays_of
from lodestock_optimizers.instance import Instance
from lodestock_optimizers.problem import SourcingProblem
from lodestock_optimizers.reading.answer import Answer
from lodestock_optimizers.scenario_tree import Floats
from lodestock_optimizers.solving.arrays import LinearArrays
from lodestock_optimizers.solving.highs import Solution
from lodestock_optimizers.trade_rules import RuleRow, rule_rows
from lodestock_optimizers.watch import Timekeeper


@dataclass(frozen=True)
class CompiledProblem:
    """The numbers of a valid problem, the rows of its trade rules, and its model as arrays."""

    instance: Instance
    rows: list[RuleRow]
    arrays: LinearArrays

    def answer(self, solution: Solution) -> Answer:
        """A solution read by the symbols of the model."""
        return Answer(self.instance, self.rows, self.arrays, solution)

    def cost_of(self, *families: str) -> Floats:
        """(columns,) the objective's coefficients of some variables, 0 for all others."""
        cost = np.zeros_like(self.arrays.cost)
        for name in families:
            if name in self.arrays.columns:
                at = self.arrays.columns[name].position
                cost[at] = self.arrays.cost[at]
        return cost


def compile_problem(problem: SourcingProblem, keeper: Timekeeper | None = None) -> CompiledProblem:
    """Builds and compiles the model of a valid problem.

    Raises:
        Stopped: Caller or clock say so.
    """
    return compile_instance(Instance(problem), keeper)


def compile_instance(instance: Instance, keeper: Timekeeper | None = None) -> CompiledProblem:
    """Compiles the model of an instance; see `compile_problem`."""
    rows = rule_rows(instance)
    return CompiledProblem(instance, rows, arrays_of(instance, rows, keeper))
