"""Stockpiles of random problems against the oracle, which states spared scenarios in another way."""

from __future__ import annotations

import time

from hypothesis import assume, given
from hypothesis import strategies as st

from lodestock_optimizers.plan import PlanStatus
from lodestock_optimizers.problem import DemandTier, SourcingProblem
from lodestock_optimizers.questions.stockpile import SizeRequest, size_violations
from lodestock_optimizers.questions.stockpile_sizes import size_stockpile
from lodestock_optimizers.watch import Timekeeper, Unwatched
from tests.oracle.agreement import close
from tests.oracle.problems import problems, unshrunk
from tests.oracle.stockpile import SizedOracle


@unshrunk(max_examples=8)
@given(problems(), st.sampled_from([1.0, 1.0, 0.9, 0.6]))
def test_the_stockpile_is_the_oracles(stated: SourcingProblem, probability: float) -> None:
    tiers = (DemandTier.DEFENCE, DemandTier.ESSENTIAL)
    request = SizeRequest(tiers=tiers, min_probabilities=(probability,))
    assume(not list(size_violations(stated, request)))
    found = size_stockpile(stated, request, Timekeeper(time.perf_counter, None, Unwatched()), Unwatched())
    assume(found.status is PlanStatus.OPTIMAL)
    (size,) = found.sizes
    expected = SizedOracle(stated, tiers, probability).solve()
    assert (size.status is PlanStatus.OPTIMAL) == expected.feasible
    if expected.feasible:
        assert close(size.objective_usd, expected.objective)
    else:
        assert size.unreachable is not None
        assert size.unreachable.shortages or size.unreachable.limits
        if size.unreachable.probability is not None:
            assert size.unreachable.probability < probability
