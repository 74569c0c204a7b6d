"""How long a whole answer takes, from the request's bytes to the plan's, against HiGHS alone and other ways to it.

Every rung of the ladder is measured in a process of its own, warmed by a small plan first, so that its memory is its
own; a ratio compares two runs that follow one another. HiGHS alone has the whole model in memory already and shows its
better side, simplex or interior point. `make bench-optimizer MATERIALS=20` climbs to 20 materials only.
"""

from __future__ import annotations

import math
import multiprocessing
import resource
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.growth import write_growth
from benchmarks.ladder import MATERIALS, SCENARIOS, Rung, rung_problem, small_problem
from benchmarks.limits import cancelled, tied_problem
from benchmarks.peers import Timed, highs_alone, through_linopy, through_pyomo
from benchmarks.questions import LOWEST, questions
from benchmarks.report import Measurement, report
from lodestock.v1 import sourcing_pb2
from lodestock_optimizers.formulation import arrays_of
from lodestock_optimizers.instance import Instance
from lodestock_optimizers.plan import Plan
from lodestock_optimizers.planner import optimize
from lodestock_optimizers.problem import Quota, SourcingProblem
from lodestock_optimizers.watch import Stage
from lodestock_server.compute.running import settle
from lodestock_server.converters.sourcing import problem_to_proto
from lodestock_server.tasks import optimize_sourcing

FREE_SHARE, TIED_SHARE = 0.5, 1.3
"""Bars: the whole answer as a share of HiGHS alone, without and with a budget that ties everything."""
PYOMO_SHARE, LINOPY_SHARE, SMALL_SHARE = 1 / 8, 1 / 2, 1 / 3
SAME = 1e-6
AT_ONCE = 64
MOST_CANCEL_S = 0.5
TIMES, FEW_TIMES = 5, 2
PEER_TIMES = {"Pyomo": 2, "linopy": 3}
"""Runs of each peer: one of Pyomo's takes as long as ten answers."""
SLOW_S = 10.0
"""Seconds of HiGHS alone from which on that is measured once, and the whole answer a few times."""
MOST_ALONE_S = 150.0
"""Seconds after which HiGHS alone is stopped: as it takes longer, no ratio is greater than the one told."""
LONG_S = 3600.0
CANCEL_AFTER = (
    (Stage.SOLVING, 0.1),
    (Stage.SOLVING, 0.5),
    (Stage.SOLVING, 1.0),
    (Stage.SOLVING, 2.0),
    (Stage.SOLVING, 3.0),
)
PAGE = Path(__file__).parents[1] / "docs" / "performance.md"
PACKAGES = ("lodestock-server", "highspy", "pyomo", "linopy", "numpy", "scipy", "protobuf")


@dataclass(frozen=True, slots=True)
class Climbed:
    """What one problem took.

    Attributes:
        name: The problem.
        is_tied: Whether a budget ties everything.
        columns: Of the whole model.
        whole_s: Whole answers.
        alone_s: HiGHS alone.
        is_ended: Whether HiGHS alone came to its end; else its seconds are those after which it was stopped.
        memory_gib: The most that the process held while it answered.
        peers: Seconds of other ways, by their names.
        apart: By how much the objectives differ at most, relative; where HiGHS alone has none, from what the duals of
            the answer prove.
    """

    name: str
    is_tied: bool
    columns: int
    whole_s: tuple[float, ...]
    alone_s: tuple[float, ...]
    is_ended: bool
    memory_gib: float
    peers: dict[str, tuple[float, ...]]
    apart: float

    def ratios(self) -> tuple[float, ...]:
        """Whole answers as shares of HiGHS alone, run by run; of its one run where there is no other."""
        alone_s = self.alone_s * len(self.whole_s) if len(self.alone_s) == 1 else self.alone_s
        return tuple(whole / alone for whole, alone in zip(self.whole_s, alone_s, strict=True))


def answered(wire: bytes) -> Timed:
    """A whole answer: bytes in, bytes out."""
    began = time.perf_counter()
    answer = optimize_sourcing(wire, LONG_S)
    seconds = time.perf_counter() - began
    return seconds, sourcing_pb2.OptimizeSourcingResponse.FromString(answer).plan.costs.objective_usd


def wire_of(problem: SourcingProblem) -> bytes:
    """The request."""
    return sourcing_pb2.OptimizeSourcingRequest(problem=problem_to_proto(problem)).SerializeToString()


def climb(name: str, problem: SourcingProblem, with_peers: bool) -> Climbed:
    """Measure one problem, in a process of its own."""
    settle()
    answered(wire_of(small_problem()))
    wire = wire_of(problem)
    first = answered(wire)
    memory_gib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    instance = Instance(problem)
    arrays = arrays_of(instance)
    simplex = highs_alone(arrays, "simplex", MOST_ALONE_S)
    method, fastest = "simplex", simplex
    inner = highs_alone(arrays, "ipm", simplex[0])
    if inner[1] < math.inf and inner[0] < simplex[0]:
        method, fastest = "ipm", inner
    if fastest[0] < SLOW_S:
        found, alone = [], []
        for _ in range(TIMES):
            found.append(answered(wire))
            alone.append(highs_alone(arrays, method, LONG_S))
    else:
        found, alone = [first, *(answered(wire) for _ in range(FEW_TIMES - 1))], [fastest]
    peers: dict[str, list[Timed]] = {}
    if with_peers:
        ways: dict[str, Callable[[Instance], Timed]] = {"Pyomo": through_pyomo, "linopy": through_linopy}
        peers = {way: [run(instance) for _ in range(PEER_TIMES[way])] for way, run in ways.items()}
    is_ended = fastest[1] < math.inf
    objective = fastest[1] if is_ended else proven(wire)
    every = [*found, *(alone if is_ended else ()), *(one for runs in peers.values() for one in runs)]
    return Climbed(
        name=name,
        is_tied=problem.budget is not None,
        columns=arrays.shape[1],
        whole_s=tuple(s for s, _ in found),
        alone_s=tuple(s for s, _ in alone),
        is_ended=is_ended,
        memory_gib=memory_gib,
        peers={way: tuple(s for s, _ in runs) for way, runs in peers.items()},
        apart=max(abs(o - objective) / abs(objective) for _, o in every),
    )


def proven(wire: bytes) -> float:
    """What no plan costs less than, by the duals of the answer, as its check recomputes from the model's arrays."""
    plan = sourcing_pb2.OptimizeSourcingResponse.FromString(optimize_sourcing(wire, LONG_S)).plan
    objective = plan.costs.objective_usd
    return objective - plan.check.duality_gap * (1.0 + abs(objective))


def climbed(name: str, problem: SourcingProblem, with_peers: bool = False) -> Climbed:
    """`climb` in a new process, which ends with it."""
    print(f"{name} ...", flush=True)
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as process:
        found = process.submit(climb, name, problem, with_peers).result()
    for one in figures_of(found):
        print(f"    {one.name}: {one.figure:.4g} {one.unit}", flush=True)
    return found


def figures_of(one: Climbed) -> list[Measurement]:
    """What is told of one problem."""
    limit = TIED_SHARE if one.is_tied else FREE_SHARE
    bars = {"Pyomo": PYOMO_SHARE, "linopy": LINOPY_SHARE}
    alone = "HiGHS alone" if one.is_ended else "HiGHS alone, stopped"
    share = "whole answer / HiGHS alone" if one.is_ended else "whole answer / HiGHS alone, at most"
    told = [
        Measurement(f"{one.name}: columns", "columns", (float(one.columns),)),
        Measurement(f"{one.name}: whole answer ({runs_of(one.whole_s)})", "s", one.whole_s),
        Measurement(f"{one.name}: {alone} ({runs_of(one.alone_s)})", "s", one.alone_s),
        Measurement(f"{one.name}: {share}", "", one.ratios(), limit),
        Measurement(f"{one.name}: memory", "GiB", (one.memory_gib,)),
        Measurement(f"{one.name}: objectives apart", "", (one.apart,), SAME),
    ]
    for way, seconds in one.peers.items():
        shares = tuple(statistics.median(one.whole_s) / s for s in seconds)
        told.append(Measurement(f"{one.name}: whole answer / {way} ({runs_of(seconds)})", "", shares, bars[way]))
    return told


def runs_of(seconds: Sequence[float]) -> str:
    """How many runs a figure is the median of, in words."""
    return f"{len(seconds)} runs" if len(seconds) > 1 else "1 run"


def small_plan() -> Measurement:
    """A plan of some 400 columns, against Pyomo's own interface."""
    problem = small_problem()
    wire, instance = wire_of(problem), Instance(problem)
    answered(wire)
    through_pyomo(instance)
    shares = tuple(answered(wire)[0] / through_pyomo(instance)[0] for _ in range(4 * TIMES))
    return Measurement(f"{arrays_of(instance).shape[1]} columns: whole answer / Pyomo", "", shares, SMALL_SHARE)


def at_once() -> Measurement:
    """Plans asked for at once that are not those that come one by one."""
    problem = small_problem()
    asked = [
        replace(problem, price_of_risk=1.0 + 0.05 * (k % 8), discount_rate=0.01 * (k // 8)) for k in range(AT_ONCE)
    ]
    one_by_one = [without_times(optimize(one)) for one in asked]
    with ThreadPoolExecutor(AT_ONCE) as threads:
        together = [without_times(plan) for plan in threads.map(optimize, asked)]
    other = sum(a != b for a, b in zip(one_by_one, together, strict=True))
    return Measurement(f"{AT_ONCE} plans at once: other than one by one", "plans", (float(other),), 0.0)


def without_times(plan: Plan) -> Plan:
    """A plan without what the clock said."""
    return replace(plan, solver=replace(plan.solver, build_s=0.0, compile_s=0.0, solve_s=0.0, convert_s=0.0))


def cancelling() -> Measurement:
    """Seconds from a wish to stop to the answer, in the midst of a long solve."""
    problem = rung_problem(Rung(40, 50, coupled=True))
    seconds = tuple(cancelled(problem, stage, after_s)[0] for stage, after_s in CANCEL_AFTER)
    return Measurement("cancelled: answered", "s", seconds, MOST_CANCEL_S)


def main(most_materials: int) -> int:
    """Measure and report."""
    settle()
    tied = tied_problem()
    quotas_off = tuple(rule for rule in tied.rules if not isinstance(rule.rule, Quota))
    problems = {
        "national plan, not tied": replace(tied, budget=None, rules=quotas_off),
        "national plan, tied by budget and quotas": tied,
    }
    for materials in (m for m in MATERIALS if m <= most_materials):
        for scenarios in SCENARIOS:
            for coupled in (False, True):
                rung = Rung(materials, scenarios, coupled)
                problems[rung.name] = rung_problem(rung)
    smallest = {Rung(MATERIALS[0], SCENARIOS[0], coupled).name for coupled in (False, True)}
    runs = [climbed(name, problem, name in smallest) for name, problem in problems.items()]
    median = statistics.median
    write_growth([(r.columns, r.is_tied, median(r.whole_s), median(r.alone_s), r.memory_gib) for r in runs], PAGE)
    found = [one for run in runs for one in figures_of(run)]
    asked = [one for rung in LOWEST for one in questions(rung)]
    return report("optimizer", [*found, *asked, small_plan(), at_once(), cancelling()], PACKAGES, page=PAGE)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else max(MATERIALS)))
