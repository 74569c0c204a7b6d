"""What can be wrong with substitutions; part of `lodestock_optimizers.validation`."""

from __future__ import annotations

import math
from collections.abc import Iterator

from lodestock_optimizers.problem import SourcingProblem
from lodestock_optimizers.violations import MOST_FACTOR, ROUNDING, Violation, number, unique


def substitution_violations(problem: SourcingProblem) -> Iterator[Violation]:
    """Substitutions one by one, and loops of them that would make material of nothing."""
    yield from unique("substitutions", "substitution_id", (j.substitution_id for j in problem.substitutions))
    tiers = {m.material_id: {d.tier for d in m.demand} for m in problem.materials}
    for i, j in enumerate(problem.substitutions):
        path = f"substitutions[{i}]"
        for field, name in (("material_id", j.material_id), ("substitute_material_id", j.substitute_material_id)):
            if name not in tiers:
                yield Violation(f"{path}.{field}", f"'{name}' is no material of the problem")
        if j.material_id == j.substitute_material_id:
            yield Violation(f"{path}.substitute_material_id", f"is '{j.material_id}' itself, must be another material")
        if j.tier not in tiers.get(j.material_id, {j.tier}):
            yield Violation(f"{path}.tier", f"is {j.tier.value}, of which '{j.material_id}' has no demand")
        yield from number(f"{path}.tonnes_per_tonne", j.tonnes_per_tonne, 1 / MOST_FACTOR, MOST_FACTOR)
        yield from number(f"{path}.cost_usd_per_tonne", j.cost_usd_per_tonne)
        yield from number(f"{path}.max_share", j.max_share, 0.0, 1.0)
    yield from _loops(problem)


def _loops(problem: SourcingProblem) -> Iterator[Violation]:
    """Loops whose tonnes multiply to less than 1: log ψ as lengths makes them loops of negative length."""
    sound = [j for j in problem.substitutions if 0 < j.tonnes_per_tonne < math.inf]
    if not sound:
        return
    # The server, which checks every request, starts without SciPy.
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import NegativeCycleError, bellman_ford, connected_components

    names = sorted({name for j in sound for name in (j.material_id, j.substitute_material_id)})
    number_of = {name: i for i, name in enumerate(names)}
    shortest: dict[tuple[int, int], float] = {}
    for j in sound:
        step = number_of[j.material_id], number_of[j.substitute_material_id]
        # So little longer that a loop whose product is 1 but for rounding is none.
        shortest[step] = min(shortest.get(step, math.inf), math.log(j.tonnes_per_tonne) + ROUNDING)
    lengths = csr_array((list(shortest.values()), tuple(zip(*shortest, strict=True))), shape=(len(names), len(names)))
    _, group_of = connected_components(lengths, directed=True, connection="strong")
    for group in dict.fromkeys(group_of.tolist()):
        members = [i for i, other in enumerate(group_of.tolist()) if other == group]
        try:
            # Within a group every material leads to every other, so that one to begin with is as good as all.
            bellman_ford(lengths[members][:, members], indices=0)
        except NegativeCycleError:
            among = ", ".join(names[i] for i in members)
            text = f"make a loop among {among} whose tonnes_per_tonne multiply to less than 1, must make 1 or more"
            yield Violation("substitutions", text)
