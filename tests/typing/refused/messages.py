"""Messages that a type checker refuses. Each line that must fail says so; every other line must pass."""

from lodestock.v1 import common_pb2, sourcing_pb2

source = sourcing_pb2.Source(
    source_id="cobalt/AUS",
    kind=common_pb2.SOURCE_KIND_IMPORT,
    unit_price_usd_per_tonne=[36_000],
    capacity_tonnes=[30],
)
source.risk = 0.5

sourcing_pb2.Period(label=2027)  # error: [arg-type] "label" to "Period"
sourcing_pb2.Period(name="2027")  # error: [call-arg] Unexpected keyword argument "name"
sourcing_pb2.Source(kind="import")  # error: [arg-type] "kind" to "Source"
sourcing_pb2.Source(capacity_tonnes=30)  # error: [arg-type] "capacity_tonnes" to "Source"
sourcing_pb2.Source(capacity_tonnes=["30"])  # error: [list-item] expected "float"
sourcing_pb2.Source(kind=common_pb2.DEMAND_TIER_ESSENTIAL)  # error: [arg-type] "kind" to "Source"
source.risk = "high"  # error: [assignment] expression has type "str"
source.prise_usd_per_tonne = 1  # error: [attr-defined] has no attribute "prise_usd_per_tonne"
