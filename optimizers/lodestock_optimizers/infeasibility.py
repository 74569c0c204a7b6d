"""Why there is no plan: the hard limits that cannot all be met, and what could be reached.

Owns the elastic model: the same arrays with the hard limits on stock and share floors opened, and the least sum of
tonnes missing as the objective (Chinneck, Feasibility and Infeasibility in Optimization, 2008, ch. 6).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from .answer import Answer
from .highs import Solver, SolverFault
from .instance import Instance
from .plan import Infeasibility, PlanStatus
from .race import solve
from .trade_rules import RuleRow
from .watch import Stage, Timekeeper

RELAXABLE = ("below_floor", "below_closing", "below_share")


def explain_infeasibility(answer: Answer, keeper: Timekeeper) -> tuple[Infeasibility, ...]:
    """Names the hard limits that must give way, by the smallest relaxation in tonnes.

    Args:
        answer: The instance that has no plan, and its model.
        keeper: Whom to ask, and the time that is left.

    Returns:
        One entry a field, material and period, in the order of the periods: what is demanded, what can be reached.
        Empty where the time was not enough.

    Raises:
        Stopped: The caller cancelled.
        SolverFault: The relaxed model has no solution either, which the model rules out.
    """
    instance, rows, arrays = answer.instance, answer.rows, answer.arrays
    cost, upper = np.zeros_like(arrays.cost), arrays.upper.copy()
    for name in RELAXABLE:
        if name in arrays.columns:
            position = arrays.columns[name].position
            hard = position[arrays.upper[position] == 0.0]
            cost[hard], upper[hard] = 1.0, np.inf
    relaxed = Solver(replace(arrays, cost=cost, offset=0.0, upper=upper), keeper.left())
    solution = solve(relaxed, keeper, Stage.EXPLAINING)
    keeper.heed_caller()
    if solution.status in (PlanStatus.NO_PLAN_FOUND, PlanStatus.FEASIBLE):
        return ()
    if solution.status is not PlanStatus.OPTIMAL:
        raise SolverFault(f"the relaxed model ended with {solution.solver_status}")
    missing = {
        (name, *index): value
        for name in RELAXABLE
        if name in arrays.columns
        for index, position in zip(
            arrays.columns[name].index.tolist(), arrays.columns[name].position.tolist(), strict=True
        )
        if cost[position] and (value := float(solution.column_value[position])) > 1e-7
    }
    worst: dict[tuple[str, str, int], Infeasibility] = {}
    for (name, first, n), tonnes in missing.items():
        found = _describe(instance, rows, name, first, n, tonnes)
        key = (found.field_path, found.material_id, found.period)
        if key not in worst or found.reachable_tonnes < worst[key].reachable_tonnes:
            worst[key] = found
    return tuple(sorted(worst.values(), key=lambda i: (i.period, i.field_path)))


def _describe(instance: Instance, rows: list[RuleRow], name: str, first: int, n: int, missing: float) -> Infeasibility:
    problem, period = instance.problem, int(instance.tree.period[n])
    label = problem.periods[period].label
    if name == "below_share":
        row = rows[first]
        limit = next(x for x in row.limits if x.node == n)
        material = problem.materials[row.material].material_id
        rule_id = problem.rules[row.rule].rule_id
        # With a share of the deliveries as the limit, what is demanded depends on the plan: the gap is what is known.
        required = limit.tonnes if limit.tonnes else missing
        text = f"rule '{rule_id}' asks for more {material} than can be had: {missing:.6g} t are missing in {label}"
        return Infeasibility(f"rules[{row.rule}].share_floor", text, material, period, required, required - missing)
    is_floor = name == "below_floor"
    field = "floor_is_hard" if is_floor else "closing_is_hard"
    required = (instance.floor(n, first) or 0.0) if is_floor else instance.closing(first)
    material = problem.materials[first].material_id
    what = "stock floor" if is_floor else "closing stock"
    reachable = required - missing
    text = (
        f"the hard {what} of {material} in {label} is {required:.6g} t; with the other hard limits kept as well as can "
        f"be, {reachable:.6g} t can be reached"
    )
    return Infeasibility(f"materials[{first}].stock.{field}", text, material, period, required, reachable)
