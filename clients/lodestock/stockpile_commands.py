"""The command that sizes a stockpile."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from lodestock.printing import Address, AsJson, complaints, connected, no_plan_lines, show
from lodestock.question_commands import Base, TimeLimit, base_named
from lodestock.stockpile_results import Stockpiles
from lodestock.tables import Row
from lodestock.v1 import sourcing_pb2


class SizeTable(StrEnum):
    """What to print of the answer."""

    STOCKS = "stocks"
    COSTS = "costs"
    DECIDING = "deciding"
    SHORT = "short"


COLUMNS = {
    SizeTable.STOCKS: (
        "min_probability",
        "status",
        "material_id",
        "opening_tonnes",
        "days",
        "bought_tonnes",
        "price_usd_per_tonne",
        "purchase_usd",
        "holding_usd",
    ),
    SizeTable.COSTS: (
        "min_probability",
        "status",
        "served_probability",
        "purchase_usd",
        "objective_usd",
        "objective_difference_usd",
    ),
    SizeTable.DECIDING: (
        "min_probability",
        "material_id",
        "period",
        "scenarios",
        "probability",
        "opening_tonnes_per_tonne",
        "cost_usd_per_tonne",
    ),
    SizeTable.SHORT: ("min_probability", "material_id", "tier", "period", "scenarios", "tonnes", "is_avoidable"),
}

Materials = Annotated[list[str] | None, typer.Option("--material", help="Material to size; repeatable; none: all.")]
Tiers = Annotated[
    list[str] | None, typer.Option("--tier", help="Tier that must not be short; none: defence and essential.")
]
Probabilities = Annotated[
    list[float] | None, typer.Option("--probability", help="Of scenarios without shortage; repeatable; none: 1.")
]
Hold = Annotated[bool, typer.Option("--hold-contracts", help="Hold the contracts of the plan.")]
TableOf = Annotated[SizeTable, typer.Option("--table", help="What to print.")]


def size(
    base: Base,
    materials: Materials = None,
    tiers: Tiers = None,
    probabilities: Probabilities = None,
    hold_contracts: Hold = False,
    table: TableOf = SizeTable.STOCKS,
    time_limit_s: TimeLimit = None,
    address: Address = None,
    as_json: AsJson = False,
) -> None:
    """Say how large a stockpile must be for tiers not to be short; exit 1 where one cannot be."""
    with connected(address) as client:
        result = client.size_stockpile(
            base_named(base),
            materials or (),
            tiers=tiers or (),
            min_probabilities=probabilities or (),
            hold_contracts=hold_contracts,
            time_limit_s=time_limit_s,
        )
    show(result.message, rows_of_table(result, table), COLUMNS[table], as_json)
    if not result:
        if not result.message.HasField("costs"):
            complaints.print("\n".join(no_plan_lines(result.status, result.message)), highlight=False)
        for one in result:
            complaints.print("\n".join(unreachable_lines(one)), highlight=False)
        raise typer.Exit(1)


def rows_of_table(result: Stockpiles, table: SizeTable) -> list[Row]:
    """The rows of one table of the answer."""
    made = {
        SizeTable.STOCKS: result.stock_rows,
        SizeTable.COSTS: result.rows,
        SizeTable.DECIDING: result.deciding_rows,
        SizeTable.SHORT: result.short_rows,
    }
    return made[table]()


def unreachable_lines(size: sourcing_pb2.StockpileSize) -> list[str]:
    """Say why there is no stockpile for a probability; nothing where there is one."""
    if not size.HasField("unreachable"):
        return []
    told = size.unreachable
    lines = [f"probability {size.min_probability:g}: no opening stock is enough"]
    if told.HasField("most_probability"):
        lines[0] += f", at most {told.most_probability:g} can be reached"
    return [*lines, *(f"  {limit.description}" for limit in told.limits)]
