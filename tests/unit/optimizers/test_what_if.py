"""A what-if has the answer that the changed problem has from scratch, whatever was asked before it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lodestock_optimizers.parts import part
from lodestock_optimizers.plan import PlanStatus
from lodestock_optimizers.planner import optimize
from lodestock_optimizers.problem import Budget, MaterialState, SourcingProblem, StateValue
from lodestock_optimizers.questions.changes import SELECTIONS, Change, ChangeKind, WhatIf, change_violations, changed
from lodestock_optimizers.questions.what_if import KeptBases, ask_what_if, question_violations
from lodestock_optimizers.validation import validate
from lodestock_optimizers.violations import InvalidProblem
from lodestock_optimizers.watch import Timekeeper, Unwatched
from tests.oracle.model import solve as oracle
from tests.oracle.problems import COUNTRIES, unshrunk
from tests.unit.optimizers.problems import material, problem, source, stock, stop, worked_toy
from tests.unit.optimizers.test_resolving import LINEAR


@st.composite
def changes(draw: st.DrawFn, stated: SourcingProblem) -> Change:
    """A change of some figures, with a selection that may concern nothing."""
    kind = draw(st.sampled_from(tuple(ChangeKind)))
    value = draw(st.sampled_from((0.0, 0.5, 0.9, 1.1, 2.0)))
    if kind is ChangeKind.OPENING_TONNES:
        value *= 20.0

    def some(name: str, values: tuple[object, ...]) -> tuple[object, ...]:
        if name not in SELECTIONS[kind] or not values:
            return ()
        return tuple(draw(st.just([]) | st.lists(st.sampled_from(values), max_size=2, unique=True)))

    return Change(
        kind,
        value,
        countries=some("countries", COUNTRIES),  # type: ignore[arg-type]
        material_ids=some("material_ids", tuple(m.material_id for m in stated.materials)),  # type: ignore[arg-type]
        source_ids=some("source_ids", tuple(s.source_id for s in stated.sources)),  # type: ignore[arg-type]
        periods=some("periods", tuple(range(len(stated.periods)))),  # type: ignore[arg-type]
    )


@st.composite
def asked(draw: st.DrawFn) -> tuple[SourcingProblem, list[WhatIf]]:
    """A problem and questions that can be put to it."""
    stated = draw(LINEAR)
    drawn = [tuple(draw(st.lists(changes(stated), min_size=1, max_size=2))) for _ in range(4)]
    questions = [WhatIf(str(i), made) for i, made in enumerate(drawn)]
    return stated, [question for question in questions if not question_violations(stated, [question])]


@unshrunk(40)
@given(asked(), st.sampled_from((part.LEAST_COLUMNS, 0)))
def test_every_answer_is_that_of_the_changed_problem(
    question: tuple[SourcingProblem, list[WhatIf]], least_part: int
) -> None:
    """Status, objective and shortage from the basis of the base are those of a solve from scratch, by the oracle.

    In parts, too: those that a question touches are solved side by side.
    """
    stated, questions = question
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(part, "LEAST_COLUMNS", least_part)
        found = ask_what_if(stated, questions)
    base = oracle(stated)
    assert (found.status is PlanStatus.OPTIMAL) == base.feasible
    if not base.feasible:
        assert (found.answers, found.costs) == ((), None)
        assert found.relaxations
        return
    for one, answer in zip(questions, found.answers, strict=True):
        fresh = oracle(changed(stated, one.changes))
        assert (answer.status is PlanStatus.OPTIMAL) == fresh.feasible
        if fresh.feasible:
            assert answer.costs is not None
            assert answer.costs.objective_usd == pytest.approx(fresh.objective, rel=1e-6, abs=1e-6)
            assert answer.objective_difference_usd == pytest.approx(fresh.objective - base.objective, abs=1e-3)
        else:
            assert answer.relaxations


def test_a_what_if_by_hand() -> None:
    """100 t from COD at 10, of 60 t capacity, the rest from AUS at 30; without COD the rest is short at 1,000."""
    stated = problem((source("COD", capacity=60.0), source("AUS", price=30.0, capacity=70.0)))
    dearer = WhatIf("dearer", (Change(ChangeKind.PRICE_FACTOR, 2.0, countries=("COD",)),))
    without = WhatIf("without", (Change(ChangeKind.CAPACITY_FACTOR, 0.0, source_ids=("COD",)),))
    more = WhatIf("more", (Change(ChangeKind.DEMAND_FACTOR, 1.4),))
    found = ask_what_if(stated, [dearer, without, more])
    assert found.costs is not None
    assert found.costs.objective_usd == pytest.approx(60 * 10 + 40 * 30)
    first, second, third = found.answers
    assert first.objective_difference_usd == pytest.approx(600.0)
    assert (first.suppliers, first.shortages) == ((), ())
    # 70 t × 30 + 30 t × 1000
    assert second.objective_difference_usd == pytest.approx(32_100.0 - 1_800.0)
    assert [difference.supplier.country for difference in second.suppliers] == ["COD", "AUS"]
    assert [difference.supplier.tonnes for difference in second.suppliers] == pytest.approx([0.0, 70.0])
    assert [difference.more_tonnes for difference in second.suppliers] == pytest.approx([-60.0, 30.0])
    (short,) = second.shortages
    assert short.material_id == "cobalt"
    assert (short.tonnes, short.more_tonnes) == pytest.approx((30.0, 30.0))
    # 60 t × 10 + 70 t × 30 + 10 t × 1000
    assert third.objective_difference_usd == pytest.approx(12_700.0 - 1_800.0)


def test_changes_follow_each_other_and_keep_to_their_periods() -> None:
    """A factor spreads a value for all periods over those it names; two factors multiply."""
    stated = problem((source("COD", spot_capacity_tonnes=(5.0,)),), periods=3, budget=Budget((10.0,)))
    half = Change(ChangeKind.CAPACITY_FACTOR, 0.5, periods=(1,))
    once = changed(stated, [half]).sources[0]
    assert (once.capacity_tonnes, once.spot_capacity_tonnes) == ((1_000.0, 500.0, 1_000.0), (5.0, 2.5, 5.0))
    twice = changed(stated, [half, replace(half, periods=())]).sources[0]
    assert twice.capacity_tonnes == (500.0, 250.0, 500.0)
    by_state = replace(stated, budget=Budget((10.0,), (StateValue(MaterialState.EMERGENCY, 20.0),)))
    tighter = changed(by_state, [Change(ChangeKind.BUDGET_FACTOR, 0.5)]).budget
    assert tighter == Budget((5.0,), (StateValue(MaterialState.EMERGENCY, 10.0),))
    later = changed(by_state, [Change(ChangeKind.BUDGET_FACTOR, 0.5, periods=(2,))]).budget
    assert later == Budget((10.0, 10.0, 5.0), (StateValue(MaterialState.EMERGENCY, 20.0),))


@pytest.mark.parametrize(
    ("change", "path"),
    [
        (Change(ChangeKind.PRICE_FACTOR, 2.0, countries=("FRA",)), "price_factor"),
        (Change(ChangeKind.PRICE_FACTOR, 2.0, material_ids=("tin",)), "material_ids[0]"),
        (Change(ChangeKind.CAPACITY_FACTOR, 2.0, source_ids=("COD", "nobody")), "source_ids[1]"),
        (Change(ChangeKind.DEMAND_FACTOR, 2.0, countries=("COD",)), "countries"),
        (Change(ChangeKind.DEMAND_FACTOR, 2.0, periods=(1,)), "periods[0]"),
        (Change(ChangeKind.BUDGET_FACTOR, 2.0), "budget_factor"),
        (Change(ChangeKind.OPENING_TONNES, 2.0), "opening_tonnes"),
        (Change(ChangeKind.PRICE_OF_RISK, 2.0, periods=(0,)), "periods"),
    ],
)
def test_a_change_that_means_nothing_is_refused(change: Change, path: str) -> None:
    """What it names must be there, and what it has no use for must be empty."""
    stated = problem((source("COD"),))
    assert path in [violation.field_path for violation in change_violations(stated, change)]
    with pytest.raises(InvalidProblem) as refused:
        ask_what_if(stated, [WhatIf("a", (Change(ChangeKind.PRICE_OF_RISK, 1.0),)), WhatIf("b", (change,))])
    assert refused.value.violations[0].field_path.startswith("questions[1].changes[0].")


def test_a_change_that_breaks_the_problem_is_refused_with_the_field() -> None:
    """What the changed problem would break is named."""
    stated = problem((source("COD"),), materials=(material(stock=stock()),))
    assert not validate(stated)
    with pytest.raises(InvalidProblem, match=r"questions\[0\]\.changes: would make sources\[0\]\.capacity_tonnes"):
        ask_what_if(stated, [WhatIf("a", (Change(ChangeKind.CAPACITY_FACTOR, 1e12),))])


def test_kept_bases_change_no_answer() -> None:
    """Answers are the same from a kept base as without one, in any order, also after a stopped call."""
    stated = worked_toy(stop("S", 0.1, 1))
    cut = WhatIf("cut", (Change(ChangeKind.CAPACITY_FACTOR, 0.5, countries=("COD",)),))
    grow = WhatIf("grow", (Change(ChangeKind.DEMAND_FACTOR, 1.2),))
    none = WhatIf("none", (Change(ChangeKind.DEMAND_FACTOR, 0.0),))
    bases = KeptBases()
    first = ask_what_if(stated, [cut, none, grow], bases=bases)
    again = ask_what_if(stated, [grow, cut], bases=bases)
    assert [again.answers[1], again.answers[0]] == [first.answers[0], first.answers[2]]
    ticks = iter(range(10_000))
    stopped = ask_what_if(stated, [cut], Timekeeper(lambda: float(next(ticks)), 3.0, Unwatched()), bases)
    assert [answer.status for answer in stopped.answers] == [PlanStatus.NO_PLAN_FOUND]
    assert ask_what_if(stated, [cut], bases=bases).answers == first.answers[:1]
    plan = optimize(changed(stated, grow.changes))
    assert plan.costs is not None
    assert first.answers[2].costs is not None
    assert first.answers[2].costs.objective_usd == pytest.approx(plan.costs.objective_usd, rel=1e-9)


def test_bases_are_kept_within_their_bytes() -> None:
    """The base used longest ago goes first; what is larger than all that may be kept is not kept."""
    one, other = worked_toy(), worked_toy(stop("S", 0.1, 1))
    ask = [WhatIf("a", (Change(ChangeKind.DEMAND_FACTOR, 1.1),))]
    small = KeptBases(most_bytes=1)
    ask_what_if(one, ask, bases=small)
    assert small.take(one) is None
    bases = KeptBases()
    for stated in (one, other):
        ask_what_if(stated, ask, bases=bases)
    assert bases.take(one) is not None
    assert bases.take(one) is None
    assert bases.take(other) is not None
