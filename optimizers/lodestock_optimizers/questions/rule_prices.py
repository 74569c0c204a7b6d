"""What the rules of a problem cost: for each group of them the least objective without it, all else the same.

A marginal price says what one unit more of a limit is worth at the plan; this says what the whole rule is worth, also
where contracts are a yes or no. Where the rules together leave no plan, it says without which group there is one.
"""

from __future__ import annotations

from dataclasses import replace

from lodestock_optimizers.instance import Instance
from lodestock_optimizers.plan import Plan, PlanStatus
from lodestock_optimizers.planner import optimize
from lodestock_optimizers.problem import SourcingProblem
from lodestock_optimizers.questions.rule_groups import RuleFamily, RuleGroup, RulePrice, RulePrices, rule_groups
from lodestock_optimizers.watch import Timekeeper, Watcher


def without(problem: SourcingProblem, group: RuleGroup) -> SourcingProblem:
    """The problem without a group of rules. Closing stocks stay as they are, be they given or the default."""
    match group.family:
        case RuleFamily.TRADE_RULE:
            return replace(problem, rules=tuple(rule for rule in problem.rules if rule.rule_id not in group.rule_ids))
        case RuleFamily.BUDGET:
            return replace(problem, budget=None)
        case RuleFamily.STOCK_FLOOR:
            return _without_floors(problem)


def price_rules(problem: SourcingProblem, keeper: Timekeeper, watcher: Watcher) -> RulePrices:
    """Solve a problem with all its rules and without each group; what time leaves unsolved has no price.

    Args:
        problem: The problem.
        keeper: The time that is left for all of it.
        watcher: Whom to tell of each solve, and to ask whether to go on.

    Raises:
        InvalidProblem: The problem breaks rules.
        SolverFault: The solver failed.
    """
    base = optimize(problem, keeper.left(), watcher=watcher)
    prices = tuple(
        _price(base, group, optimize(without(problem, group), keeper.left(), watcher=watcher))
        for group in rule_groups(problem)
    )
    return RulePrices(base.status, base.costs, prices)


def _price(base: Plan, group: RuleGroup, free: Plan) -> RulePrice:
    optimal = base.status is free.status is PlanStatus.OPTIMAL
    cost = expected = None
    if optimal and base.costs is not None and free.costs is not None:
        cost = base.costs.objective_usd - free.costs.objective_usd
        expected = base.costs.expected_cost_usd - free.costs.expected_cost_usd
    return RulePrice(group, free.status, cost, expected, _below(base, group), _breaches(base, group))


def _below(plan: Plan, group: RuleGroup) -> float:
    if group.family is not RuleFamily.STOCK_FLOOR or not plan.nodes:
        return 0.0
    probability = {node.node_id: node.probability for node in plan.nodes}
    periods = len({node.period for node in plan.nodes})
    below = sum(probability[balance.node_id] * balance.below_floor_tonnes for balance in plan.balances)
    return below / periods


def _breaches(plan: Plan, group: RuleGroup) -> int:
    return sum(breach.subject_id in group.rule_ids for breach in plan.breaches)


def _without_floors(problem: SourcingProblem) -> SourcingProblem:
    """The problem without stock floors; a default closing stock, which is made of the floor, stays what it was."""
    calm = Instance(replace(problem, scenarios=()))
    kept = [
        replace(m, stock=replace(m.stock, floor_days=0.0, floor_days_by_state=(), closing_tonnes=calm.closing(i)))
        if m.stock is not None
        else m
        for i, m in enumerate(problem.materials)
    ]
    return replace(problem, materials=tuple(kept))
