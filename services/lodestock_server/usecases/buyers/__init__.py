"""A buyer's figures, whoever it is: from statistics, estimated from the world's, or the caller's own.

Use cases ask `BuyerFigures`; nothing else knows which of the three a figure comes from but by its origins.
"""

from lodestock_server.usecases.buyers.codes import BLOC_AS_A_COUNTRY, UNNAMED_COUNTRIES, known_countries
from lodestock_server.usecases.buyers.figures import (
    BuyerFigures,
    buyer_figures,
    demand_history,
    imports_are_the_rest,
    no_consumption,
)
from lodestock_server.usecases.buyers.own_checks import own_figure_violations
from lodestock_server.usecases.buyers.values import HomeOutput, OwnFigure, OwnFigureKind, Supplier, Yearly

__all__ = [
    "BLOC_AS_A_COUNTRY",
    "UNNAMED_COUNTRIES",
    "BuyerFigures",
    "HomeOutput",
    "OwnFigure",
    "OwnFigureKind",
    "Supplier",
    "Yearly",
    "buyer_figures",
    "demand_history",
    "imports_are_the_rest",
    "known_countries",
    "no_consumption",
    "own_figure_violations",
]
