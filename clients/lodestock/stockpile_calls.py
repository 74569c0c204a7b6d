"""The client's call that sizes a stockpile."""

from __future__ import annotations

from collections.abc import Sequence

from lodestock.channel import Channel
from lodestock.inputs import enum_number, names
from lodestock.question_calls import BaseLike, base_of, waiting_s
from lodestock.stockpile_results import Stockpiles
from lodestock.v1 import common_pb2, sourcing_pb2


class StockpileCalls(Channel):
    """The call that sizes a stockpile."""

    def size_stockpile(
        self,
        base: BaseLike,
        materials: Sequence[str] = (),
        *,
        tiers: Sequence[str] = (),
        min_probabilities: Sequence[float] = (),
        hold_contracts: bool = False,
        time_limit_s: float | None = None,
        timeout_s: float | None = None,
    ) -> Stockpiles:
        """Say how large a stockpile must be for named tiers not to be short, and what it costs.

        Args:
            base: The problem, as `optimize_sourcing` takes it, or the name of a stored plan.
            materials: Materials whose opening stock is sized. Empty: all with a stock policy.
            tiers: Tiers that must not be short, such as "defence". Empty: defence and essential.
            min_probabilities: Least probability of the scenarios in which they are not, one answer each. Empty: 1, all
                scenarios.
            hold_contracts: Whether contracts are those of the plan of the problem, rather than free.
            time_limit_s: Most seconds for all of it. None: the server's default, a minute.
            timeout_s: Seconds to wait. None: enough for the time limit.

        Raises:
            ValueError: There is no such tier.
        """
        request = sourcing_pb2.SizeStockpileRequest(
            **base_of(base),
            material_ids=names(materials),
            tiers=[tier_number(tier) for tier in names(tiers)],
            min_probabilities=min_probabilities,
            hold_contracts=hold_contracts,
            time_limit_s=time_limit_s,
        )
        return Stockpiles(self._call(self._sourcing.SizeStockpile, request, waiting_s(time_limit_s, timeout_s)))


def tier_number(name: str) -> common_pb2.DemandTier.ValueType:
    """A tier by its short name.

    Raises:
        ValueError: There is no such tier; the text lists them.
    """
    return common_pb2.DemandTier.ValueType(enum_number(common_pb2.DemandTier.items(), name, "tier"))
