"""How a solve that takes long keeps its time limit, what it then has, and how soon a cancelled one is gone.

The problem is the national plan of the USA as BuildProblem makes it, 27 materials over 15 years, with 24 stops of
countries, a budget and quotas that bind, so that every material is tied to every other. Without a limit HiGHS works on
it for a good while; that is measured too, and gives the optimum that plans at a limit are compared with.
"""

from __future__ import annotations

import sys
import threading
import time
from collections import Counter
from dataclasses import replace

from benchmarks.report import Measurement, report
from lodestock_optimizers.plan import Plan, PlanStatus
from lodestock_optimizers.planner import optimize
from lodestock_optimizers.problem import (
    Budget,
    DemandFactor,
    Disruption,
    Quota,
    Scenario,
    ShareCap,
    ShareDenominator,
    SourceKind,
    SourcingProblem,
    TradeRule,
)
from lodestock_optimizers.watch import Progress, Stage
from lodestock_server.catalog import BundledCatalog
from lodestock_server.usecases.build_problem import build_problem
from lodestock_server.usecases.build_request import BuildRequest
from lodestock_server.usecases.buyers import known_countries
from lodestock_server.usecases.forecast_demand import demand_paths

YEARS = 15
STOPPED, ONSETS, STOP_YEARS = 6, (2, 5, 8, 11), 2
LIMITED = 12
BUDGET_USD, QUOTA_TONNES, MOST_SHARE = 6e10, 2e4, 0.3
LIMITS_S = (2.0, 5.0, 10.0, 30.0)
MOST_LATE_S, MOST_CANCEL_S = 1.0, 2.0
CANCEL_AFTER = (
    (Stage.BUILDING, 0.5),
    (Stage.COMPILING, 0.5),
    (Stage.SOLVING, 0.2),
    (Stage.SOLVING, 1.0),
    (Stage.SOLVING, 2.0),
    (Stage.SOLVING, 4.0),
    (Stage.SOLVING, 8.0),
    (Stage.SOLVING, 12.0),
)
"""Seconds into a stage: presolve, the simplex method, and the search beside it from the fifth second on."""
LONG_S = 600.0
PACKAGES = ("lodestock-server", "highspy", "pyomo", "numpy", "scipy")


def tied_problem() -> SourcingProblem:
    """The problem that is measured."""
    data = BundledCatalog()
    request = BuildRequest("USA", YEARS)
    stated = build_problem(data, request, demand_paths(data, "USA", LONG_S), known_countries(data)).problem
    imports = Counter(s.country for s in stated.sources if s.kind is SourceKind.IMPORT)
    countries = [country for country, _ in imports.most_common(LIMITED)]
    stops = [(country, onset) for country in countries[:STOPPED] for onset in ONSETS]
    return replace(
        stated,
        budget=Budget((BUDGET_USD,)),
        rules=(
            TradeRule("cap", ShareCap(MOST_SHARE, ShareDenominator.SUPPLY), countries=tuple(countries[:STOPPED])),
            *(TradeRule(f"quota {c}", Quota(QUOTA_TONNES), countries=(c,)) for c in countries),
        ),
        scenarios=tuple(
            Scenario(
                f"{country} in {onset}",
                probability=0.6 / len(stops),
                onset_period=onset,
                end_period=onset + STOP_YEARS - 1,
                disruptions=(
                    Disruption(countries=(country,), availability=0.1 * (i % 5), price_factor=1.0 + 0.1 * (i % 4)),
                    Disruption(price_factor=1.1),
                ),
                demand_factors=(DemandFactor(1.0 + 0.02 * (i % 7)),),
            )
            for i, (country, onset) in enumerate(stops)
        ),
    )


class Canceller:
    """Cancels some seconds into a stage, and keeps the moment."""

    def __init__(self, stage: Stage, after_s: float) -> None:
        self._stage, self._after_s = stage, after_s
        self._began_s: float | None = None
        self.cancelled_s = 0.0

    def report(self, progress: Progress) -> None:
        """Note when the stage begins."""
        if progress.stage is self._stage and self._began_s is None:
            self._began_s = time.perf_counter()

    def cancelled(self) -> bool:
        """Whether the seconds have passed."""
        if not self.cancelled_s and self._began_s is not None:
            wanted_s = self._began_s + self._after_s
            self.cancelled_s = wanted_s if time.perf_counter() >= wanted_s else 0.0
        return self.cancelled_s > 0


def cancelled(problem: SourcingProblem, stage: Stage, after_s: float) -> tuple[float, float]:
    """Seconds from the wish to the answer, and to the end of the last thread."""
    canceller = Canceller(stage, after_s)
    plan = optimize(problem, LONG_S, watcher=canceller)
    answered_s = time.perf_counter() - canceller.cancelled_s
    if plan.status is not PlanStatus.CANCELLED:
        raise RuntimeError(f"the solve ended with {plan.status.value} before it could be cancelled")
    return answered_s, _idle_s(canceller.cancelled_s)


def _idle_s(since_s: float) -> float:
    """Seconds until this thread is the only one."""
    while threading.active_count() > 1:
        time.sleep(0.01)
    return time.perf_counter() - since_s


def of_limit(problem: SourcingProblem, limit_s: float, optimum_usd: float) -> list[Measurement]:
    """How late the answer is, and how far its plan is from the optimum."""
    began_s = time.perf_counter()
    plan = optimize(problem, limit_s)
    late_s = max(0.0, time.perf_counter() - began_s - limit_s)
    _idle_s(began_s)
    name = f"limit {limit_s:g} s"
    told = [Measurement(f"{name}: late", "s", (late_s,), MOST_LATE_S)]
    if plan.costs is None:
        return [*told, Measurement(f"{name}: {stage_reached(plan)}, no plan", "plans", (0.0,))]
    above = 100.0 * (plan.costs.objective_usd / optimum_usd - 1.0)
    below = 100.0 * (1.0 - plan.solver.best_bound / optimum_usd)
    return [
        *told,
        Measurement(f"{name}: plan above the optimum", "%", (above,)),
        Measurement(f"{name}: bound below the optimum", "%", (below,)),
        Measurement(f"{name}: gap told", "%", (100.0 * plan.solver.relative_gap,)),
    ]


def stage_reached(plan: Plan) -> str:
    """Where a solve without a plan was stopped."""
    if plan.size.columns == 0:
        return "stopped while the model was built"
    return "stopped while it was solved"


def main() -> int:
    """Measure and report."""
    problem = tied_problem()
    whole = optimize(problem)
    if whole.costs is None:
        raise RuntimeError(f"the problem ended with {whole.solver.solver_status}")
    optimum_usd, solver = whole.costs.objective_usd, whole.solver
    seconds = [cancelled(problem, stage, after_s) for stage, after_s in CANCEL_AFTER]
    answered, gone = zip(*seconds, strict=True)
    found = [
        Measurement("without limit: columns of the model", "columns", (float(whole.size.columns),)),
        Measurement("without limit: building and compiling", "s", (solver.build_s + solver.compile_s,)),
        Measurement("without limit: solving", "s", (solver.solve_s,)),
        Measurement("without limit: reading", "s", (solver.convert_s,)),
        *(one for limit_s in LIMITS_S for one in of_limit(problem, limit_s, optimum_usd)),
        Measurement("cancelled: answered", "s", answered, MOST_CANCEL_S),
        Measurement("cancelled: work gone", "s", gone, MOST_CANCEL_S),
        Measurement("cancelled: work gone, at worst", "s", (max(gone),), MOST_CANCEL_S),
    ]
    return report("limits", found, PACKAGES)


if __name__ == "__main__":
    sys.exit(main())
