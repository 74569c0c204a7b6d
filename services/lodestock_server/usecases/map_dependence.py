"""Say what stops cost a buyer and the countries on the way to it, and which stops cut it off."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from lodestock_optimizers.dependence import (
    CutSet,
    Network,
    Node,
    Role,
    SupplyShares,
    cut_sets,
    re_exports,
    roles,
    severing_countries,
)
from lodestock_server.usecases.dependence_network import USED

DEFAULT_CUT_LOSS = 0.5
DEFAULT_MOST_COUNTRIES = 3
DEFAULT_LEAST_LINK_SHARE = 0.01
MOST_LOSSES = 50
LEAST_STOP = 0.001
"""What a country's stop must cost the buyer for it to be looked at unasked."""
LEAST_TOLD = 1e-6
"""A smaller loss is no loss that anybody would want told."""


@dataclass(frozen=True, slots=True)
class DependenceQuestion:
    """What is asked of a network: stops, each of countries together (none: every country alone), and cuts."""

    stops: tuple[tuple[str, ...], ...] = ()
    cut_loss: float = DEFAULT_CUT_LOSS
    most_countries: int = DEFAULT_MOST_COUNTRIES
    least_link_share: float = DEFAULT_LEAST_LINK_SHARE


@dataclass(frozen=True, slots=True)
class CountryInNetwork:
    """A country, what it is in the trade, and what its stop costs the buyer."""

    country: str
    role: Role
    re_export_share: float | None
    buyer_loss: float


@dataclass(frozen=True, slots=True)
class StopOutcome:
    """What a stop costs the buyer and others, greatest first."""

    countries: tuple[str, ...]
    buyer_loss: float
    losses: tuple[tuple[Node, float], ...]


@dataclass(frozen=True, slots=True)
class Dependence:
    """What a network says; `severing` is None where nothing can sever the buyer."""

    countries: tuple[CountryInNetwork, ...]
    stops: tuple[StopOutcome, ...]
    cuts: tuple[CutSet, ...]
    severing: tuple[str, ...] | None


def map_dependence(network: Network, buyer: str, home: Collection[str], question: DependenceQuestion) -> Dependence:
    """Answer a question to a network.

    Args:
        network: Who feeds whom, with the buyer's node at the stage of use.
        buyer: Buyer.
        home: Countries that are the buyer's own: they are in no cut, and their loss is not told.
        question: What is asked.
    """
    used = Node(USED, buyer)
    supply = SupplyShares(network)
    alone = supply.losses_by_country(used, home)
    passed = re_exports(network)
    countries = [
        CountryInNetwork(country, role, passed.get(country), alone.get(country, 0.0))
        for country, role in roles(network, USED).items()
        if country != buyer or country in home
    ]
    stops = question.stops or tuple((country,) for country, loss in alone.items() if loss >= LEAST_STOP)
    return Dependence(
        tuple(sorted(countries, key=lambda one: (-one.buyer_loss, one.country))),
        tuple(sorted((outcome(supply, used, stop) for stop in stops), key=lambda one: -one.buyer_loss)),
        tuple(cut_sets(supply, used, question.cut_loss, question.most_countries, home)),
        severing_countries(network, used, question.least_link_share, home),
    )


def outcome(supply: SupplyShares, used: Node, stop: Sequence[str]) -> StopOutcome:
    """What one stop costs."""
    lost = supply.losses(stop, used)
    others = [
        (node, loss)
        for node, loss in lost.items()
        if node != used and node.country and node.country not in stop and loss > LEAST_TOLD
    ]
    others.sort(key=lambda item: (-item[1], item[0]))
    return StopOutcome(tuple(stop), lost.get(used, 0.0), tuple(others[:MOST_LOSSES]))
