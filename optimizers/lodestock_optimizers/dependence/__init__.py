"""Dependence networks: who feeds whom from mine to user, what is lost downstream of a stop, and which stops cut it off.

Supply is shared out in proportion: what leaves a country is made up like what came to it. Nobody sends more, and nobody
sends elsewhere: so a loss is that of the first moment, before trade answers. Heavy libraries are imported where they
are needed.
"""

from lodestock_optimizers.dependence.cuts import CutSet, cut_sets, severing_countries
from lodestock_optimizers.dependence.losses import SupplyShares
from lodestock_optimizers.dependence.network import Link, Network, Node, Role, network_violations, re_exports, roles

__all__ = [
    "CutSet",
    "Link",
    "Network",
    "Node",
    "Role",
    "SupplyShares",
    "cut_sets",
    "network_violations",
    "re_exports",
    "roles",
    "severing_countries",
]
