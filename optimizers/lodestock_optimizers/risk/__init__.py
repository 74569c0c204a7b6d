"""Supply-risk measures: pure functions of shares, trade, governance and recycling figures.

Each measure returns its value, the contributions that make it, the inputs used and remarks on what was missing; each
has one scale, stated in its `RiskMeasure`. `MEASURES` lists them.
"""

from lodestock_optimizers.risk.concentration import (
    EU_WEIGHTED_HHI,
    GOVERNANCE_WEIGHTED_HHI,
    HHI,
    eu_weighted_hhi,
    governance_weighted_hhi,
    herfindahl_hirschman,
)
from lodestock_optimizers.risk.eu import (
    CRITICAL_FROM,
    EU_SUPPLY_RISK,
    ScopeWeights,
    SupplyData,
    eu_supply_risk,
    eu_supply_risk_of_shares,
    scope_weights,
)
from lodestock_optimizers.risk.governance import INDICATORS, GovernanceScore, governance_score
from lodestock_optimizers.risk.scores import (
    GREATEST_TRADE_PARAMETER,
    WORLD_MEAN_GOVERNANCE,
    Contribution,
    CountryShare,
    InvalidRiskInput,
    RestTreatment,
    RiskMeasure,
    RiskScore,
    Scope,
)
from lodestock_optimizers.risk.source import SOURCE_RISK, SourceRisk, default_source_risk
from lodestock_optimizers.risk.trade import ImportReliance, effective_trade_parameter, import_reliance

MEASURES: tuple[RiskMeasure, ...] = (HHI, GOVERNANCE_WEIGHTED_HHI, EU_WEIGHTED_HHI, EU_SUPPLY_RISK, SOURCE_RISK)
"""All measures, with formula, scale and source."""

__all__ = [
    "CRITICAL_FROM",
    "EU_SUPPLY_RISK",
    "EU_WEIGHTED_HHI",
    "GOVERNANCE_WEIGHTED_HHI",
    "GREATEST_TRADE_PARAMETER",
    "HHI",
    "INDICATORS",
    "MEASURES",
    "SOURCE_RISK",
    "WORLD_MEAN_GOVERNANCE",
    "Contribution",
    "CountryShare",
    "GovernanceScore",
    "ImportReliance",
    "InvalidRiskInput",
    "RestTreatment",
    "RiskMeasure",
    "RiskScore",
    "Scope",
    "ScopeWeights",
    "SourceRisk",
    "SupplyData",
    "default_source_risk",
    "effective_trade_parameter",
    "eu_supply_risk",
    "eu_supply_risk_of_shares",
    "eu_weighted_hhi",
    "governance_score",
    "governance_weighted_hhi",
    "herfindahl_hirschman",
    "import_reliance",
    "scope_weights",
]
