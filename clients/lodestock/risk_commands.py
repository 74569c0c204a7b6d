"""The command that measures supply risk."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from lodestock.printing import Address, AsJson, connected, named_number, show

Materials = Annotated[list[str] | None, typer.Argument(help="Materials; none: all that the data hold.")]
Buyer = Annotated[str, typer.Option(help="Buyer, ISO 3166-1 alpha-3 or EU27.")]
Figures = Annotated[
    Path | None, typer.Option("--figures", help="The buyer's own figures, a CSV file; they go before the data.")
]
Weigh = Annotated[
    list[str] | None,
    typer.Option("--weigh", help="Rank by a measure with a weight, such as hhi=1 or hhi/sourcing=1; repeatable."),
]
HistoryFrom = Annotated[int | None, typer.Option("--history-from", help="Concentration by year from this year on.")]

SCORES = ("material_id", "stage", "measure_id", "scope", "value", "scale_high")
RANKING = ("rank", "material_id", "stage", "value", "best_rank", "worst_rank")
HISTORY = ("material_id", "stage", "year", "hhi", "governance_weighted_hhi", "largest_country", "largest_share")


def risk(
    materials: Materials = None,
    buyer: Buyer = "USA",
    figures: Figures = None,
    weigh: Weigh = None,
    history_from: HistoryFrom = None,
    address: Address = None,
    as_json: AsJson = False,
) -> None:
    """Measure supply risk: scores, or with --weigh a ranking, or with --history-from the years."""
    composite = {"components": [component(text) for text in weigh]} if weigh else None
    with connected(address) as client:
        result = client.assess_supply_risk(
            buyer,
            materials or (),
            own_figures=figures or (),
            composite=composite,
            history_from_year=history_from,
        )
    if weigh:
        show(result.message, result.ranking_rows(), RANKING, as_json)
    elif history_from is not None:
        show(result.message, result.history_rows(), HISTORY, as_json)
    else:
        show(result.message, result.rows(), SCORES, as_json)


Material = Annotated[str, typer.Argument(help="Material.")]
Stop = Annotated[
    list[str] | None,
    typer.Option("--stop", help="Countries that stop together, such as CHN+MMR; repeatable; each alone if none."),
]
CutLoss = Annotated[float | None, typer.Option("--cut-loss", help="Share of supply that a cut set costs; a half.")]
Cuts = Annotated[bool, typer.Option("--cuts", help="Sets of countries that cost that share, in place of countries.")]

DEPENDENCE = ("country", "role", "buyer_loss", "re_export_share")
STOPS = ("countries", "buyer_loss")


def dependence(
    material: Material,
    buyer: Buyer = "USA",
    stop: Stop = None,
    cut_loss: CutLoss = None,
    cuts: Cuts = False,
    address: Address = None,
    as_json: AsJson = False,
) -> None:
    """Say what is lost downstream when countries stop, and which stops cut the buyer off."""
    with connected(address) as client:
        stops = [text.split("+") for text in stop or ()]
        result = client.map_dependence(buyer, material, stops=stops, cut_loss=cut_loss)
    if cuts:
        show(result.message, result.cut_rows(), STOPS, as_json)
    elif stop:
        show(result.message, result.stop_rows(), STOPS, as_json)
    else:
        show(result.message, result.rows(), DEPENDENCE, as_json)
    if not as_json:
        for step in result.message.steps:
            print(step.basis)
        print(f"severed by: {', '.join(result.severing)}" if result.severing else "nothing severs every path")


def component(text: str) -> dict[str, Any]:
    """A measure with its weight, given as hhi=1 or hhi/sourcing=1.

    Raises:
        ValueError: The text is not of that form.
    """
    name, weight = named_number(text, "weight of a measure", "hhi=1")
    measure, _, scope = name.partition("/")
    return {"measure_id": measure, "weight": weight, **({"scope": scope.upper()} if scope else {})}
