"""What planning for disruption saves: the value of the stochastic solution (VSS), with contracts alone held.

Birge & Louveaux, Introduction to Stochastic Programming, 2011, ch. 4. Who plans as if nothing could happen signs the
contracts and builds the capacity of the deterministic plan for as long as nothing has happened; all that is decided
later he decides as well as anyone. Of several deterministic plans the one of least risk charge counts, of these the
most even.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from lodestock_optimizers.compiled import CompiledProblem, compile_instance, compile_problem
from lodestock_optimizers.instance import SIGNED_AT_START, Instance
from lodestock_optimizers.plan import PlanStatus
from lodestock_optimizers.problem import SourcingProblem
from lodestock_optimizers.questions.face import optimal_face
from lodestock_optimizers.reading.answer import Answer
from lodestock_optimizers.reading.charge import charge_cost
from lodestock_optimizers.scenario_tree import Floats
from lodestock_optimizers.solving.arrays import LinearArrays
from lodestock_optimizers.solving.mixed import MixedSession
from lodestock_optimizers.watch import Timekeeper

from .apart import Parts
from .evenness import most_even
from .optimum import optimum
from .values import ValueOfPlanning


def values_of_planning(best: Parts, keeper: Timekeeper, session: MixedSession) -> Iterator[ValueOfPlanning]:
    """J(as if nothing could happen) − J*, and the solver's gap of both.

    Args:
        best: The optimum of a problem with scenarios.
        keeper: Whom to ask, and the time that is left.
        session: Whose process solves where contracts are signed or not as a whole.

    Raises:
        Stopped: Caller or clock say so.
        SolverFault: The solver failed.
    """
    keeper.heed()
    calm = calm_plan(best.whole.instance.problem, keeper, session)
    stated = compile_instance(best.whole.instance, keeper)
    if calm is not None:
        stated = replace(stated, arrays=_with_contracts_of(calm, stated))
    held = None if calm is None else optimum(stated, keeper, session)
    if held is None:
        yield ValueOfPlanning()
    else:
        yield ValueOfPlanning(max(0.0, held.objective - best.objective), held.gap + best.gap)


def calm_plan(problem: SourcingProblem, keeper: Timekeeper, session: MixedSession) -> Answer | None:
    """The plan as if nothing could happen, of several the one of least risk charge, of these the most even.

    Returns:
        Its answer, whose nodes are the periods; None where there is no such plan.

    Raises:
        Stopped: Caller or clock say so.
        SolverFault: The solver failed.
    """
    found = optimum(compile_problem(replace(problem, scenarios=()), keeper), keeper, session)
    if found is None:
        return None
    answer, model = found.answer, found.model
    face = optimal_face(model.solved, answer.solution)
    charge = charge_cost(answer.instance, answer.arrays)
    safest = model.solve(replace(face, cost=charge), keeper)
    if safest.status is PlanStatus.OPTIMAL:
        face = optimal_face(model.solved, safest)
        answer = Answer(answer.instance, answer.rows, answer.arrays, safest)
    return most_even(answer, face, keeper)


def _with_contracts_of(calm: Answer, stated: CompiledProblem) -> LinearArrays:
    """The model with what was signed and built before anything happened as the calm plan has it."""
    instance, arrays = stated.instance, stated.arrays
    lower, upper = arrays.lower.copy(), arrays.upper.copy()
    is_signed_early = np.array(
        [node == SIGNED_AT_START or instance.tree.on_trunk[node] for _, node in instance.contracts]
    )
    period = np.array([t for t, _ in instance.contracts])
    for name, by_contract in (("q", calm.contracted), ("b", calm.signed)):
        if name in arrays.columns:
            source, contract = arrays.columns[name].index.T
            early = is_signed_early[contract]
            at = arrays.columns[name].position[early]
            tonnes = _by_period(calm, by_contract)[period[contract[early]], source[early]]
            lower[at] = upper[at] = np.clip(tonnes, lower[at], upper[at])
    if "built" in arrays.columns:
        source, node = arrays.columns["built"].index.T
        early = instance.tree.on_trunk[node]
        built = np.zeros((instance.period_count, instance.source_count))
        built[calm.instance.tree.period] = calm.built
        at = arrays.columns["built"].position[early]
        lower[at] = upper[at] = np.maximum(built[instance.tree.period[node[early]], source[early]], 0.0)
    return replace(arrays, lower=lower, upper=upper)


def _by_period(calm: Answer, by_contract: Floats) -> Floats:
    """(T, L) of a plan without scenarios, whose nodes are its periods, from (K, L)."""
    instance: Instance = calm.instance
    values = np.zeros((instance.period_count, instance.source_count))
    values[instance.tree.period] = calm.of_contract(by_contract)
    return values
