"""risk.proto: supplies from messages, measures and risks to messages. Options and what they add: `risk_options`."""

from __future__ import annotations

from dataclasses import replace

import lodestock_optimizers.risk as measures
from lodestock.v1 import common_pb2, risk_pb2
from lodestock_server.converters.common import traced_to_proto
from lodestock_server.converters.enums import EnumMap
from lodestock_server.converters.sourcing import given
from lodestock_server.errors import FieldViolation
from lodestock_server.usecases import assess_supply_risk as domain

STAGES = EnumMap(domain.LifeCycleStage, common_pb2.LifeCycleStage, "LIFE_CYCLE_STAGE_")
SUPPLY_DATA = EnumMap(measures.SupplyData, risk_pb2.SupplyData, "SUPPLY_DATA_")

SHARE_FIELDS = ("global_supply", "sourcing")


def share_from_proto(message: risk_pb2.CountryShare) -> measures.CountryShare:
    """Read a country's part in a supply."""
    return measures.CountryShare(
        country=message.country,
        share=message.share,
        governance=given(message, "governance", message.governance),
        trade_parameter=given(message, "trade_parameter", message.trade_parameter),
        political_instability=given(message, "political_instability", message.political_instability),
        ability_to_supply=given(message, "ability_to_supply", message.ability_to_supply),
        willingness_to_supply=given(message, "willingness_to_supply", message.willingness_to_supply),
        human_development=given(message, "human_development", message.human_development),
    )


def industry_from_proto(message: risk_pb2.IndustryUse) -> measures.IndustryUse:
    """Read an industry that uses a material."""
    return measures.IndustryUse(message.value_added_share, message.expenditure_usd, message.operating_profit_usd)


def supply_from_proto(message: risk_pb2.MaterialSupply) -> domain.MaterialSupply:
    """Read a supply."""
    return domain.MaterialSupply(
        material_id=message.material_id,
        name=message.material_id,
        stage=STAGES.from_proto(message.stage) if message.stage else None,
        global_supply=tuple(share_from_proto(share) for share in message.global_supply),
        sourcing=tuple(share_from_proto(share) for share in message.sourcing),
        import_reliance=given(message, "import_reliance", message.import_reliance),
        recycling_input_rate=given(message, "recycling_input_rate", message.recycling_input_rate),
        substitution_index=given(message, "substitution_index", message.substitution_index),
        supply_data=SUPPLY_DATA.from_proto(message.supply_data) if message.supply_data else None,
        price_usd_per_tonne=given(message, "price_usd_per_tonne", message.price_usd_per_tonne),
        trade_exposure=given(message, "trade_exposure", message.trade_exposure),
        economic_vulnerability=given(message, "economic_vulnerability", message.economic_vulnerability),
        industries=tuple(industry_from_proto(use) for use in message.industries),
        depletion_years=given(message, "depletion_years", message.depletion_years),
        companion_share=given(message, "companion_share", message.companion_share),
    )


def supply_violations(message: risk_pb2.MaterialSupply, path: str) -> list[FieldViolation]:
    """List what is wrong across the fields of a supply: shares that do not go together, figures a choice needs."""
    violations: list[FieldViolation] = []
    given_shares = [name for name in SHARE_FIELDS if len(getattr(message, name))]
    if not given_shares:
        violations.append(FieldViolation(f"{path}.global_supply", "is empty, as is sourcing; one must be given"))
    for name in given_shares:
        shares = [share_from_proto(share) for share in getattr(message, name)]
        try:
            measures.herfindahl_hirschman(shares, path=f"{path}.{name}")
        except measures.InvalidRiskInput as error:
            violations += [FieldViolation(found.field_path, found.description) for found in error.violations]
    return violations + needed_by_choice(message, path) + vulnerability_violations(message, path)


def vulnerability_violations(message: risk_pb2.MaterialSupply, path: str) -> list[FieldViolation]:
    """List what is wrong with the industries: their figures, their sum, a vulnerability given besides."""
    if not message.industries:
        return []
    here = f"{path}.industries"
    uses = [industry_from_proto(use) for use in message.industries]
    found = [FieldViolation(v.field_path, v.description) for v in measures.industry_violations(uses, here)]
    if message.HasField("economic_vulnerability"):
        found.append(FieldViolation(here, "stand beside economic_vulnerability; only one of the two must be given"))
    if not found:
        sum_of_uses = measures.economic_vulnerability(uses)
        if not sum_of_uses <= 1.0:
            found.append(
                FieldViolation(here, f"make an economic vulnerability of {sum_of_uses:g}, must make at most 1")
            )
    return found


def needed_by_choice(message: risk_pb2.MaterialSupply, path: str) -> list[FieldViolation]:
    """What the choice of supply figures needs and is not there."""
    if not message.supply_data:
        return []
    data = SUPPLY_DATA.from_proto(message.supply_data)
    missing = []
    if data is not measures.SupplyData.SOURCING_ONLY and not message.global_supply:
        missing.append("global_supply")
    if data is not measures.SupplyData.GLOBAL_ONLY and not message.sourcing:
        missing.append("sourcing")
    if data is measures.SupplyData.GLOBAL_AND_SOURCING and not message.HasField("import_reliance"):
        missing.append("import_reliance")
    return [FieldViolation(f"{path}.{name}", f"is missing, supply_data {data.name} needs it") for name in missing]


def measure_to_proto(measure: measures.RiskMeasure) -> risk_pb2.RiskMeasure:
    """Write a measure."""
    return risk_pb2.RiskMeasure(
        measure_id=measure.measure_id,
        description=measure.description,
        formula=measure.formula,
        scale_low=measure.scale_low,
        scale_high=measure.scale_high,
        source=measure.source,
    )


def risk_to_proto(risk: domain.MaterialRisk, path: str) -> risk_pb2.MaterialRisk:
    """Write the risk of a material that stands at `path` in the answer."""
    return risk_pb2.MaterialRisk(
        material_id=risk.material_id,
        name=risk.name,
        stage=STAGES.to_proto(risk.stage) if risk.stage else common_pb2.LIFE_CYCLE_STAGE_UNSPECIFIED,
        scores=[score_to_proto(score) for score in risk.scores],
        sources=[
            risk_pb2.SourceRisk(
                country=source.country,
                risk=source.risk,
                governance=source.governance,
                trade_parameter=source.trade_parameter,
                global_share=source.global_share,
                sourcing_share=source.sourcing_share,
                political_instability=source.political_instability,
                ecological_pressure=source.ecological_pressure,
            )
            for source in risk.sources
        ],
        figures=[traced_to_proto(replace(figure, field_path=f"{path}.{figure.field_path}")) for figure in risk.figures],
        remarks=risk.remarks,
    )


def score_to_proto(score: measures.RiskScore) -> risk_pb2.RiskScore:
    """Write a score with what makes it."""
    return risk_pb2.RiskScore(
        measure_id=score.measure.measure_id,
        scope=score.scope.value,
        value=score.value,
        scale_low=score.measure.scale_low,
        scale_high=score.measure.scale_high,
        contributions=[
            risk_pb2.RiskContribution(
                country=item.country,
                share=item.share,
                governance=item.governance,
                trade_parameter=item.trade_parameter,
                contribution=item.contribution,
                political_instability=item.political_instability,
                ability_to_supply=item.ability_to_supply,
                willingness_to_supply=item.willingness_to_supply,
                human_development=item.human_development,
                ecological_pressure=item.ecological_pressure,
            )
            for item in score.contributions
        ],
        inputs=dict(score.inputs),
        remarks=score.remarks,
    )
