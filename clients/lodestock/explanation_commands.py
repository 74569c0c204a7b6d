"""The command that explains a plan."""

from __future__ import annotations

from typing import Annotated

import typer

from lodestock.explanation_results import EXPLANATION_TABLES
from lodestock.printing import Address, AsJson, connected, show, show_headed
from lodestock.question_commands import Base, TimeLimit, base_named

WhyNot = Annotated[list[str] | None, typer.Option("--why-not", help="Source to ask after; repeatable.")]
Language = Annotated[str, typer.Option(help="Language of the text: english or chinese.")]
Table = Annotated[str, typer.Option(help=f"Print a table in place of the text: {', '.join(EXPLANATION_TABLES)}.")]
Increase = Annotated[float, typer.Option(help="By what fraction plans may cost more, for firmness; 0: 0.01.")]

COLUMNS = {
    "limits": {
        "field_path": "field",
        "value": "value",
        "unit": "unit",
        "worth_per_unit_usd": "a unit is worth",
        "least_value": "holds from",
        "most_value": "to",
    },
    "limits_by_node": {
        "field_path": "field",
        "node_id": "node",
        "limit": "limit",
        "value_per_unit_usd": "a unit is worth",
        "least_limit": "holds from",
        "most_limit": "to",
    },
    "why_not": {
        "source_id": "source",
        "forced_tonnes": "tonnes more",
        "cost_difference_usd": "would cost",
        "unit_price_usd_per_tonne": "asks a tonne",
        "break_even_price_usd_per_tonne": "bought at",
    },
    "firm_quantities": {
        "family": "quantity",
        "material_id": "material",
        "country": "country",
        "tonnes": "tonnes",
        "least_tonnes": "least",
        "most_tonnes": "most",
    },
    "costs_by_field": {"field_path": "field", "subject_id": "of", "cost_usd": "cost"},
    "relaxations": {"field_path": "field", "required": "required", "reachable": "reachable", "unit": "unit"},
    "conflict": {"field_path": "field", "subject_id": "of", "description": "what contradicts the others"},
}


def explain(
    base: Base,
    why_not: WhyNot = None,
    language: Language = "english",
    table: Table = "",
    firmness_increase: Increase = 0.0,
    time_limit_s: TimeLimit = None,
    address: Address = None,
    as_json: AsJson = False,
) -> None:
    """Explain a plan in words, or in a table; exit 1 where there is no plan."""
    if table and table not in EXPLANATION_TABLES:
        raise typer.BadParameter(f"there is no table '{table}', must be one of: {', '.join(EXPLANATION_TABLES)}")
    with connected(address) as client:
        result = client.explain_plan(
            base_named(base),
            why_not=why_not or (),
            firmness_increase=firmness_increase,
            languages=(language,),
            time_limit_s=time_limit_s,
        )
    if as_json:
        show(result.message, (), None, as_json)
    elif table:
        show_headed(result.rows(table), COLUMNS[table], f"{table}: none")
    else:
        print(result)
    if not result:
        raise typer.Exit(1)
