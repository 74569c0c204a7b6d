"""The model of a problem as a file that other solvers read, so that a plan can be checked without Lodestock.

Owns the text: Pyomo's LP format, which CPLEX, Gurobi, GLPK, CBC, SCIP and HiGHS read, with the numbers in the names of
columns and rows explained in comments at its head.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator

from pyomo.repn.plugins.lp_writer import LPWriter

from lodestock_optimizers import formulation
from lodestock_optimizers.instance import Instance
from lodestock_optimizers.problem import SourcingProblem
from lodestock_optimizers.trade_rules import RuleRow, rule_rows
from lodestock_optimizers.watch import Timekeeper, unlimited

TABLE_INDENT = "    "
"""What the lines of the table of names begin with, in the words about the formulation."""


def lp_text(problem: SourcingProblem, keeper: Timekeeper | None = None) -> str:
    """The model of a valid problem in the LP format, its optimum the objective of the plan in USD.

    Args:
        problem: The problem.
        keeper: Whom to ask whether to go on. None: nobody.

    Raises:
        Stopped: Caller or clock say so.
    """
    keeper = keeper or unlimited()
    instance = Instance(problem)
    rows = rule_rows(instance)
    model = formulation.formulate(instance, rows, keeper, templated=False)
    keeper.heed()
    out = io.StringIO()
    out.writelines(f"\\ {line}\n" for line in _head(instance, rows))
    LPWriter().write(model, out, symbolic_solver_labels=True)
    return out.getvalue()


def _head(instance: Instance, rows: list[RuleRow]) -> Iterator[str]:
    """What the names mean: the formulation's own table of names, then what each number stands for."""
    yield from (line for line in (formulation.__doc__ or "").splitlines() if line.startswith(TABLE_INDENT))
    problem, tree = instance.problem, instance.tree
    yield from _numbered("m", (m.material_id for m in problem.materials))
    yield from _numbered("d", (f"{problem.materials[t.material].material_id} {t.tier.name}" for t in instance.tiers))
    yield from _numbered("l", (s.source_id for s in problem.sources))
    yield from _numbered("i", (d.deposit_id for d in problem.deposits))
    yield from _numbered("j", (s.substitution_id for s in problem.substitutions))
    yield from _numbered("r", (problem.rules[row.rule].rule_id for row in rows))
    labels = [period.label for period in problem.periods]
    nodes = zip(tree.period.tolist(), tree.parent.tolist(), tree.scenario_ids, strict=True)
    yield from _numbered("n", (f"{labels[t]}, after {a}, {' '.join(names)}".strip(", ") for t, a, names in nodes))
    yield from _numbered("k", (f"delivers in {labels[t]}, signed at {n}" for t, n in instance.contracts))


def _numbered(letter: str, names: Iterable[str]) -> Iterator[str]:
    # A line break in a name would end the comment.
    return (f"{letter} = {i}: {' '.join(name.split())}" for i, name in enumerate(names))
