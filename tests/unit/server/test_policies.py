"""Policies by name: what each row says of itself, and the rules and floors that they make."""

from __future__ import annotations

import re

import pytest

from lodestock_optimizers.problem import (
    DemandTier,
    Material,
    ShareCap,
    ShareFloor,
    Source,
    SourceKind,
    TierDemand,
    TradeRule,
)
from lodestock_server.catalog import BundledCatalog
from lodestock_server.usecases.origins import CallerOrigin, DefaultOrigin, Traced
from lodestock_server.usecases.policies import (
    MaterialNeeds,
    PolicyChoice,
    PolicyRules,
    policy_rules,
    policy_violations,
    stock_floor,
)
from lodestock_server.usecases.policy_table import POLICIES, PolicyKind

CATALOG = BundledCatalog()
YEARS = range(2028, 2032)
CAP, EXTRACTION, RECYCLING = "eu-crma-single-country", "eu-crma-extraction", "eu-crma-recycling"


def source(country: str, kind: SourceKind, tonnes: float) -> Source:
    return Source(f"cobalt/{country}/{kind.value}", "cobalt", country, kind, (1.0,), (tonnes,))


SOURCES = (
    source("COD", SourceKind.IMPORT, 80.0),
    source("AUS", SourceKind.IMPORT, 80.0),
    source("ZZZ", SourceKind.IMPORT, 80.0),
    source("FIN", SourceKind.DOMESTIC, 30.0),
    source("EUE", SourceKind.RECYCLED, 20.0),
)


def rules_of(*choices: PolicyChoice, buyer: str = "EU27", sources: tuple[Source, ...] = SOURCES) -> PolicyRules:
    demand = (TierDemand(DemandTier.DEFENCE, (20.0,)), TierDemand(DemandTier.GENERAL, (80.0, 80.0, 80.0, 180.0)))
    return policy_rules(CATALOG, choices, buyer, YEARS, (Material("cobalt", demand),), sources)


def needs(home: float = 0.0) -> MaterialNeeds:
    """A demand of 100 t a year, a twentieth of it defence, a quarter essential."""
    demand = [Traced(100.0, ()), Traced(100.0, ())]
    return MaterialNeeds("cobalt", demand, Traced(0.05, ()), Traced(0.25, ()), [Traced(home, ())])


def test_every_row_cites_a_law_and_says_how_sure_it_is() -> None:
    ids = {mineral.id for mineral in CATALOG.minerals()}
    for policy in POLICIES:
        assert re.search(r"\b(19|20)\d\d\b|U\.S\.C\.", policy.law), policy.policy_id
        assert policy.url.startswith("http")
        assert policy.certainty
        assert policy.limits
        assert set(policy.material_ids) <= ids
        assert policy.value <= 1 or policy.kind is PolicyKind.STOCK_FLOOR
    assert len({policy.policy_id for policy in POLICIES}) == len(POLICIES)


def test_a_cap_names_every_country_outside_and_binds_from_its_year() -> None:
    made = rules_of(PolicyChoice(CAP))
    assert made.rules == (TradeRule(f"{CAP}/cobalt", ShareCap(0.65), ("cobalt",), ("AUS", "COD"), periods=(2, 3)),)
    (figure,) = made.figures
    assert figure.field_path == f"rules[{CAP}/cobalt].share_cap.max_share"
    (origin,) = figure.origins
    assert isinstance(origin, DefaultOrigin)
    assert "2024/1252" in origin.source


def test_a_value_and_a_first_period_of_the_caller_go_before_the_policys() -> None:
    (rule,) = rules_of(PolicyChoice(CAP, value=0.5, from_period=0)).rules
    assert (rule.rule, rule.periods) == (ShareCap(0.5), ())
    (figure,) = rules_of(PolicyChoice(CAP, value=0.5)).figures
    assert figure.origins == (CallerOrigin("policies[0].value"),)


def test_a_floor_that_no_plan_keeps_is_said_or_lowered() -> None:
    """20 t of scrap are a tenth of the 200 t of the last year, and the law asks for a quarter."""
    hard = rules_of(PolicyChoice(RECYCLING))
    assert hard.rules[0].rule == ShareFloor(SourceKind.RECYCLED, 0.25)
    assert any("no plan keeps the rule" in remark for remark in hard.remarks)
    (lowered,) = rules_of(PolicyChoice(RECYCLING, as_far_as_possible=True)).rules
    assert isinstance(lowered.rule, ShareFloor)
    assert lowered.rule.min_share == pytest.approx(0.1)
    assert lowered.rule.min_share < 0.1
    none = rules_of(PolicyChoice(RECYCLING, as_far_as_possible=True), sources=SOURCES[:3])
    assert not none.rules
    assert any("not in the problem" in remark for remark in none.remarks)


def test_what_a_policy_cannot_say_is_remarked() -> None:
    """The planned form of cobalt is refined; the law speaks of mines."""
    assert any("speaks of mining" in remark for remark in rules_of(PolicyChoice(EXTRACTION)).remarks)
    assert any("policy of EU27" in remark for remark in rules_of(PolicyChoice(CAP), buyer="USA").remarks)
    korea = rules_of(PolicyChoice("kor-nonferrous-60-days"))
    assert any("names none" in remark for remark in korea.remarks)
    late = policy_rules(CATALOG, [PolicyChoice(CAP)], "EU27", range(2026, 2029), (), ())
    assert any("after the last period" in remark for remark in late.remarks)


@pytest.mark.parametrize(
    ("policy", "home", "days"),
    [
        ("jpn-rare-metals-60-days", 0.0, 60.0),
        ("net-imports-90-days", 40.0, 54.0),
        ("net-imports-90-days", 200.0, 0.0),
        ("usa-defence-stockpile-one-year", 0.0, 109.5),
    ],
)
def test_days_of_each_denominator_as_days_of_demand(policy: str, home: float, days: float) -> None:
    found = stock_floor([PolicyChoice(policy)], needs(home))
    assert found is not None
    assert found.value == pytest.approx(days)


def test_the_largest_floor_counts_and_a_policy_of_other_materials_none() -> None:
    choices = [PolicyChoice("jpn-rare-metals-60-days"), PolicyChoice("kor-rare-metals-100-days")]
    found = stock_floor(choices, needs())
    assert found is not None
    assert found.value == 100.0
    assert stock_floor([PolicyChoice("kor-nonferrous-60-days")], needs()) is None
    own = stock_floor([PolicyChoice("kor-nonferrous-60-days", ("cobalt",))], needs())
    assert own is not None


def test_wrong_choices_are_listed_by_field() -> None:
    choices = [
        PolicyChoice("no such"),
        PolicyChoice(CAP, ("tin",), from_period=4, value=1.5),
        PolicyChoice("jpn-rare-metals-60-days", value=40_000.0),
    ]
    paths = [violation.field_path for violation in policy_violations(choices, ("cobalt",), 4)]
    assert paths == [
        "policies[0].policy_id",
        "policies[1].value",
        "policies[1].material_ids[0]",
        "policies[1].from_period",
        "policies[2].value",
    ]
    assert "known: eu-crma" in policy_violations(choices, ("cobalt",), 4)[0].description
