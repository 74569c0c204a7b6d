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
from lodestock_optimizers.risk.geopolitical import (
    COPPER_USD_PER_KG,
    GEOPOLRISK,
    GEOPOLRISK_FACTOR,
    UNKNOWN_INSTABILITY,
    geopolrisk,
    geopolrisk_factor,
    sourcing_of_flows,
)
from lodestock_optimizers.risk.governance import INDICATORS, GovernanceScore, governance_score, political_instability
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
from lodestock_optimizers.risk.source import (
    SOURCE_RISK,
    SourceRisk,
    SourceRiskMeasure,
    default_source_risk,
    source_risk,
)
from lodestock_optimizers.risk.trade import ImportReliance, effective_trade_parameter, import_reliance
from lodestock_optimizers.risk.usgs import (
    RECOMMENDED_FROM,
    USGS_SUPPLY_RISK,
    IndustryUse,
    economic_vulnerability,
    industry_violations,
    trade_exposure,
    usgs_supply_risk,
    usgs_supply_risk_of_shares,
    without_indices,
)

MEASURES: tuple[RiskMeasure, ...] = (
    HHI,
    GOVERNANCE_WEIGHTED_HHI,
    EU_WEIGHTED_HHI,
    EU_SUPPLY_RISK,
    GEOPOLRISK,
    GEOPOLRISK_FACTOR,
    USGS_SUPPLY_RISK,
    SOURCE_RISK,
)
"""All measures, with formula, scale and source."""

__all__ = [
    "COPPER_USD_PER_KG",
    "CRITICAL_FROM",
    "EU_SUPPLY_RISK",
    "EU_WEIGHTED_HHI",
    "GEOPOLRISK",
    "GEOPOLRISK_FACTOR",
    "GOVERNANCE_WEIGHTED_HHI",
    "GREATEST_TRADE_PARAMETER",
    "HHI",
    "INDICATORS",
    "MEASURES",
    "RECOMMENDED_FROM",
    "SOURCE_RISK",
    "UNKNOWN_INSTABILITY",
    "USGS_SUPPLY_RISK",
    "WORLD_MEAN_GOVERNANCE",
    "Contribution",
    "CountryShare",
    "GovernanceScore",
    "ImportReliance",
    "IndustryUse",
    "InvalidRiskInput",
    "RestTreatment",
    "RiskMeasure",
    "RiskScore",
    "Scope",
    "ScopeWeights",
    "SourceRisk",
    "SourceRiskMeasure",
    "SupplyData",
    "default_source_risk",
    "economic_vulnerability",
    "effective_trade_parameter",
    "eu_supply_risk",
    "eu_supply_risk_of_shares",
    "eu_weighted_hhi",
    "geopolrisk",
    "geopolrisk_factor",
    "governance_score",
    "governance_weighted_hhi",
    "herfindahl_hirschman",
    "import_reliance",
    "industry_violations",
    "political_instability",
    "scope_weights",
    "source_risk",
    "sourcing_of_flows",
    "trade_exposure",
    "usgs_supply_risk",
    "usgs_supply_risk_of_shares",
    "without_indices",
]
