"""The choice of ρ when a problem is built: the measure, the caller's own numbers, and the record of both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from lodestock.v1 import sourcing_pb2
from lodestock_optimizers.problem import SourceKind
from lodestock_optimizers.risk import SourceRiskMeasure, governance_score, political_instability
from lodestock_server.catalog import BundledCatalog, DatasetOrigin
from lodestock_server.converters.build import build_request_from_proto
from lodestock_server.errors import InvalidRequest
from lodestock_server.usecases.build_problem import BuildRequest, BuiltProblem, ForecastPath, build_problem
from lodestock_server.usecases.buyers import Yearly
from lodestock_server.usecases.origins import CallerOrigin
from lodestock_server.usecases.source_risks import SourceRiskChoice, SourceRiskOverride
from lodestock_server.usecases.supply_sources import UNNAMED_COUNTRIES

CATALOG = BundledCatalog()


def unchanged(
    histories: Mapping[str, Sequence[Yearly]], years: int, levels: Sequence[float]
) -> dict[str, ForecastPath]:
    """A forecast of no change, so that these tests do not wait for the models."""
    return {
        name: ForecastPath("naive 1", {0.5: {h[-1].year + k: h[-1].figure.value for k in range(1, years + 1)}})
        for name, h in histories.items()
    }


def build(choice: SourceRiskChoice | None = None, *materials: str) -> BuiltProblem:
    request = BuildRequest("USA", 1, materials or ("cobalt", "tantalum"), source_risk=choice or SourceRiskChoice())
    return build_problem(CATALOG, request, unchanged)


def risks(built: BuiltProblem) -> dict[tuple[str, str], float]:
    return {(s.material_id, s.country): s.risk for s in built.problem.sources if s.kind is SourceKind.IMPORT}


def estimates(country: str) -> dict[str, float]:
    known = CATALOG.governance(country)
    assert known is not None
    return {name: figure.value for name, figure in known.estimates.items()}


def test_the_default_is_governance_and_trade() -> None:
    built = build()
    assert risks(built) == risks(build(SourceRiskChoice(SourceRiskMeasure.GOVERNANCE_AND_TRADE)))
    figure = next(f for f in built.figures if f.field_path == "sources[cobalt/NOR].risk")
    assert all(isinstance(origin, DatasetOrigin) for origin in figure.origins)
    assert figure.derivation.startswith("min(1, W/10 · t)")


@pytest.mark.parametrize("measure", list(SourceRiskMeasure))
def test_each_measure_gives_fractions_and_leaves_its_trace(measure: SourceRiskMeasure) -> None:
    built = build(SourceRiskChoice(measure))
    assert all(0.0 <= source.risk <= 1.0 for source in built.problem.sources)
    assert all(source.risk == 0.0 for source in built.problem.sources if source.kind is not SourceKind.IMPORT)
    figures = [f for f in built.figures if f.field_path.endswith(".risk")]
    for source, figure in zip(built.problem.sources, figures, strict=True):
        assert figure.values == (source.risk,)
        if source.kind is SourceKind.IMPORT:
            assert CallerOrigin("source_risk_measure") in figure.origins
            assert figure.derivation


def test_the_measures_by_hand() -> None:
    w = governance_score(estimates("COD")).value
    g = political_instability(estimates("COD")["political_stability"])
    published = CATALOG.trade_parameter("tantalum", "COD")
    t = 1.0 if published is None else max(1.0, published.value)
    expected = {
        SourceRiskMeasure.GOVERNANCE_AND_TRADE: min(1.0, w / 10 * t),
        SourceRiskMeasure.GOVERNANCE: w / 10,
        SourceRiskMeasure.POLITICAL_INSTABILITY: g,
        SourceRiskMeasure.TRADE: min(1.0, t - 1.0),
        SourceRiskMeasure.NONE: 0.0,
    }
    for measure, risk in expected.items():
        assert risks(build(SourceRiskChoice(measure), "tantalum"))["tantalum", "COD"] == pytest.approx(risk)


def test_exports_are_restricted_at_the_stage_that_supplies_the_planned_form() -> None:
    """Tin is judged by its ore, of which China's t is 1.1; that of the metal is 1.5. Platinum has refining's alone."""
    built = risks(build(SourceRiskChoice(SourceRiskMeasure.TRADE), "tin", "platinum"))
    assert built["tin", "CHN"] == pytest.approx(0.1)
    assert built["platinum", "RUS"] == pytest.approx(0.1)


def test_instability_rests_on_the_one_estimate_that_it_reads() -> None:
    built = build(SourceRiskChoice(SourceRiskMeasure.POLITICAL_INSTABILITY))
    figure = next(f for f in built.figures if f.field_path == "sources[cobalt/NOR].risk")
    rows = [origin for origin in figure.origins if isinstance(origin, DatasetOrigin)]
    assert len(rows) == 1
    assert rows[0].dataset == "governance"


def test_suppliers_without_a_name_take_the_middle_and_say_so() -> None:
    for measure, risk in ((None, 0.5), (SourceRiskMeasure.POLITICAL_INSTABILITY, 0.5), (SourceRiskMeasure.NONE, 0.0)):
        built = build(SourceRiskChoice(measure), "tantalum")
        assert risks(built)["tantalum", UNNAMED_COUNTRIES] == risk
        figure = next(f for f in built.figures if f.field_path == f"sources[tantalum/{UNNAMED_COUNTRIES}].risk")
        assert figure.derivation


def test_the_callers_own_numbers_go_before_the_measure() -> None:
    own = (
        SourceRiskOverride("CHN", 0.9),
        SourceRiskOverride("CHN", 0.7, "tantalum", "our embassy's view"),
        SourceRiskOverride(UNNAMED_COUNTRIES, 0.3),
        SourceRiskOverride("NOR", 0.2),
        SourceRiskOverride("NOR", 0.1),
        SourceRiskOverride("ISL", 0.4),
    )
    built = build(SourceRiskChoice(SourceRiskMeasure.NONE, own))
    found = risks(built)
    assert found["cobalt", "CHN"] == 0.9
    assert found["tantalum", "CHN"] == 0.7
    assert found["tantalum", UNNAMED_COUNTRIES] == 0.3
    assert found["cobalt", "NOR"] == 0.1
    assert found["cobalt", "FIN"] == 0.0
    figure = next(f for f in built.figures if f.field_path == "sources[tantalum/CHN].risk")
    assert figure.origins == (CallerOrigin("source_risks[1].risk", "our embassy's view"),)
    unused = [remark for remark in built.remarks if remark.startswith("source_risks[")]
    assert [remark.split(":")[0] for remark in unused] == ["source_risks[3]", "source_risks[5]"]


def test_numbers_for_the_buyer_or_another_material_are_refused() -> None:
    own = (SourceRiskOverride("USA", 0.5), SourceRiskOverride("CHN", 0.5, "gold"))
    with pytest.raises(InvalidRequest) as caught:
        build(SourceRiskChoice(None, own))
    assert [v.field_path for v in caught.value.violations] == ["source_risks[0].country", "source_risks[1].material_id"]


def test_a_message_becomes_the_choice_it_says() -> None:
    assert build_request_from_proto(sourcing_pb2.BuildProblemRequest(buyer="USA")).source_risk == SourceRiskChoice()
    message = sourcing_pb2.BuildProblemRequest(
        buyer="USA",
        source_risk_measure=sourcing_pb2.SOURCE_RISK_MEASURE_TRADE,
        source_risks=[sourcing_pb2.SourceRiskOverride(country="COD", risk=0.8, reason="why")],
    )
    assert build_request_from_proto(message).source_risk == SourceRiskChoice(
        SourceRiskMeasure.TRADE, (SourceRiskOverride("COD", 0.8, "", "why"),)
    )
