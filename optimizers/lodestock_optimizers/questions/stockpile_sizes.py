"""Solves the model of a plan with its opening stock as a decision, and reads the stockpile from it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from lodestock_optimizers.compiled import CompiledProblem, compile_instance
from lodestock_optimizers.instance import Instance
from lodestock_optimizers.plan import Plan, PlanStatus
from lodestock_optimizers.planner import optimize
from lodestock_optimizers.problem import DAYS_PER_YEAR, SourcingProblem
from lodestock_optimizers.questions.stockpile import (
    DecidingDemand,
    ShortTonnes,
    SizedStock,
    SizeRequest,
    SparedScenarios,
    StockpileSize,
    StockpileSizes,
    opening_prices,
    size_violations,
    sized_materials,
)
from lodestock_optimizers.questions.stockpile_limits import LimitsOfStock
from lodestock_optimizers.reading.answer import Answer
from lodestock_optimizers.reading.extraction import read_costs
from lodestock_optimizers.scenario_tree import Floats
from lodestock_optimizers.sizing import Sizing
from lodestock_optimizers.solving.check import check_answer
from lodestock_optimizers.solving.highs import Solution, Solver, Unanswered
from lodestock_optimizers.solving.mixed import MixedSolver
from lodestock_optimizers.solving.race import solve
from lodestock_optimizers.violations import InvalidProblem
from lodestock_optimizers.watch import Stage, Stopped, Timekeeper, Watcher

MOST_DECIDING = 20
"""Demands that are told to decide the size, those that need most stock."""
LEAST_NEEDED = 1e-6
"""Tonnes of stock for a tonne of demand; less is the solver's rounding."""


def size_stockpile(
    problem: SourcingProblem, request: SizeRequest, keeper: Timekeeper, watcher: Watcher
) -> StockpileSizes:
    """Size the opening stock of a valid problem, once for each probability that is asked for.

    Args:
        problem: The problem.
        request: What is asked.
        keeper: The time that is left for all of it; what it leaves unsolved is NO_PLAN_FOUND.
        watcher: Whom to tell of each solve, and to ask whether to go on.

    Raises:
        InvalidProblem: The question cannot be put to the problem.
        SolverFault: The solver failed.
    """
    violations = list(size_violations(problem, request))
    if violations:
        raise InvalidProblem(violations)
    plan = optimize(problem, keeper.left(), watcher=watcher)
    if plan.costs is None:
        return StockpileSizes(plan.status, relaxations=plan.relaxations, conflict=plan.conflict)
    sizes: list[StockpileSize] = []
    try:
        sizing = _Sizing(problem, request, plan, keeper)
        for probability in request.min_probabilities:
            sizes.append(sizing.size(probability))
    except (Stopped, Unanswered) as stopped:
        unanswered = request.min_probabilities[len(sizes) :]
        sizes += [StockpileSize(probability, stopped.status) for probability in unanswered]
    return StockpileSizes(plan.status, plan.costs, tuple(sizes))


class _Sizing:
    """One problem and one question to it: the models for the probabilities share tree and prices."""

    def __init__(self, problem: SourcingProblem, request: SizeRequest, plan: Plan, keeper: Timekeeper) -> None:
        self._keeper = keeper
        self._base = Instance(problem)
        self._held = plan if request.hold_contracts else None
        materials = sized_materials(problem, request.material_ids)
        self._price = opening_prices(self._base, materials)
        served = self._base.feeds.with_products(materials)
        self._tiers = tuple(
            d for d, t in enumerate(self._base.tiers) if t.material in served and t.tier in request.tiers
        )
        self._limits = LimitsOfStock(
            self._compiled, lambda model: self._solve(model)[0], short_tonnes, holds=request.hold_contracts
        )

    def size(self, probability: float) -> StockpileSize:
        """The stockpile for one least probability.

        Raises:
            Stopped: Caller or clock say so.
        """
        compiled = self._compiled(probability)
        solution, solver = self._solve(compiled)
        if solution.status is PlanStatus.INFEASIBLE:
            return StockpileSize(probability, PlanStatus.INFEASIBLE, unreachable=self._limits.read(self._keeper))
        answer = compiled.answer(solution)
        check = check_answer(compiled.arrays, solution)
        if not check.primal_violation <= check.tolerance:
            return StockpileSize(probability, PlanStatus.NO_PLAN_FOUND)
        if solution.status is PlanStatus.OPTIMAL and not check.passed:
            answer = replace(answer, solution=replace(solution, status=PlanStatus.FEASIBLE))
        return _read(answer, solver, probability)

    def _compiled(self, probability: float) -> CompiledProblem:
        """The model for a least probability, with the contracts of the plan where these are held."""
        self._keeper.heed()
        sizing = Sizing(self._price, self._tiers, probability)
        instance = Instance(self._base.problem, self._base.tree, self._base.settled, sizing)
        compiled = compile_instance(instance, self._keeper)
        return compiled if self._held is None else _with_contracts(compiled, self._held)

    def _solve(self, compiled: CompiledProblem) -> tuple[Solution, Solver]:
        """A solution, or that there is none; and the model with its basis.

        Raises:
            Stopped: Caller or clock ended it with nothing found.
        """
        arrays, left_s = compiled.arrays, self._keeper.left()
        solver = MixedSolver(arrays, left_s) if len(arrays.integer) else Solver(arrays, left_s)
        solution = solve(solver, self._keeper, Stage.SOLVING)
        if solution.status in (PlanStatus.CANCELLED, PlanStatus.NO_PLAN_FOUND):
            raise Stopped(solution.status)
        return solution, solver


def _with_contracts(compiled: CompiledProblem, plan: Plan) -> CompiledProblem:
    """The model with the quantities of a plan's contracts."""
    instance, arrays = compiled.instance, compiled.arrays
    if "q" not in arrays.columns:
        return compiled
    family = arrays.columns["q"]
    position = {source.source_id: l for l, source in enumerate(instance.problem.sources)}
    number = {group: k for k, group in enumerate(instance.contracts)}
    held: Floats = np.zeros((instance.source_count, len(instance.contracts)))
    for contract in plan.contracts:
        held[position[contract.source_id], number[contract.period, contract.signed_node_id]] = (
            contract.contracted_tonnes
        )
    lower, upper = arrays.lower.copy(), arrays.upper.copy()
    at = family.position
    lower[at] = upper[at] = np.clip(held[tuple(family.index.T)], lower[at], upper[at])
    return replace(compiled, arrays=replace(arrays, lower=lower, upper=upper))


def _read(answer: Answer, solver: Solver, probability: float) -> StockpileSize:
    costs, _ = read_costs(answer)
    stocks = tuple(_stocks(answer))
    spared = tuple(_spared(answer))
    purchase = sum(stock.purchase_usd for stock in stocks)
    objective = costs.objective_usd + purchase
    optimal = answer.solution.status is PlanStatus.OPTIMAL
    return StockpileSize(
        min_probability=probability,
        status=answer.solution.status,
        costs=costs,
        objective_usd=objective,
        bound_usd=objective if optimal else min(objective, answer.solution.bound),
        purchase_usd=purchase,
        served_probability=1.0 - sum(one.probability for one in spared),
        stocks=stocks,
        deciding=tuple(_deciding(answer, solver)) if optimal else (),
        spared=spared,
    )


def _sizing_of(instance: Instance) -> Sizing:
    assert instance.sizing is not None
    return instance.sizing


def _stocks(answer: Answer) -> Iterator[SizedStock]:
    instance = answer.instance
    bought = answer.columns("bought_opening").spread(answer.solution.column_value, instance.material_count)
    holding = instance.weight @ answer.costs["holding_usd"]
    for m, price in _sizing_of(instance).price.items():
        owned = instance.stocks[m].opening_tonnes
        # Less is the solver's rounding.
        tonnes = float(bought[m]) if bought[m] > answer.negligible[m] else 0.0
        yearly = float(instance.yearly_use[0, m])
        yield SizedStock(
            material_id=instance.problem.materials[m].material_id,
            opening_tonnes=owned + tonnes,
            owned_tonnes=owned,
            bought_tonnes=tonnes,
            days=(owned + tonnes) / yearly * DAYS_PER_YEAR if yearly > 0 else 0.0,
            price_usd_per_tonne=price,
            purchase_usd=price * tonnes,
            holding_usd=float(holding[m]),
        )


def short_tonnes(answer: Answer) -> list[ShortTonnes]:
    """The shortages of the tiers that must not be short, node by node."""
    instance, found = answer.instance, []
    for n in range(instance.node_count):
        for d in _sizing_of(instance).tiers:
            tier, tonnes = instance.tiers[d], float(answer.shortage[n, d])
            if tonnes > answer.negligible[tier.material]:
                name = instance.problem.materials[tier.material].material_id
                period, scenarios = int(instance.tree.period[n]), instance.tree.scenario_ids[n]
                found.append(ShortTonnes(name, tier.tier, period, n, scenarios, tonnes))
    return found


def _spared(answer: Answer) -> Iterator[SparedScenarios]:
    """The leaves on whose path a named tier is short."""
    tree = answer.instance.tree
    short = short_tonnes(answer)
    for leaf in tree.leaves.tolist():
        path = set(tree.ancestor[leaf].tolist())
        on_path = tuple(one for one in short if one.node_id in path)
        if on_path:
            yield SparedScenarios(tree.scenario_ids[leaf], float(tree.probability[leaf]), on_path)


def _deciding(answer: Answer, solver: Solver) -> Iterator[DecidingDemand]:
    """The demand that the opening stock depends on: the part of its price that comes from tonnes of opening stock."""
    instance, balance = answer.instance, answer.rows_of("balance")
    tonnes = np.zeros_like(answer.arrays.cost)
    tonnes[answer.columns("bought_opening").position] = 1.0
    needed = solver.row_dual_of(tonnes)[balance.position]
    cost = answer.solution.row_dual[balance.position]
    order = np.argsort(-needed, kind="stable")[:MOST_DECIDING]
    for i in order[needed[order] > LEAST_NEEDED].tolist():
        m, n = balance.index[i].tolist()
        yield DecidingDemand(
            material_id=instance.problem.materials[m].material_id,
            period=int(instance.tree.period[n]),
            node_id=n,
            scenario_ids=instance.tree.scenario_ids[n],
            probability=float(instance.tree.probability[n]),
            opening_tonnes_per_tonne=float(needed[i]),
            cost_usd_per_tonne=float(cost[i]),
        )
