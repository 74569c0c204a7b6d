"""The answer to a stress test: a thin wrapper with the whole message as `message` and tables."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from lodestock.answers import Solved
from lodestock.tables import Row, row_of, rows_of
from lodestock.v1 import sourcing_pb2


@dataclass(frozen=True, slots=True)
class StressTest(Solved[sourcing_pb2.StressTestResponse]):
    """What stops would do to a plan, the worst first; true where there is a plan to test, whose status it has."""

    def __iter__(self) -> Iterator[sourcing_pb2.StressOutcome]:
        return iter(self.message.outcomes)

    def __len__(self) -> int:
        return len(self.message.outcomes)

    def __bool__(self) -> bool:
        return self.status == "OPTIMAL"

    @property
    def least_regret(self) -> str | None:
        """The candidate of least greatest regret, "" for the base; None where none has regrets."""
        return next((one.candidate_id for one in self.message.candidates if one.regrets), None)

    def rows(self) -> list[Row]:
        """One row a scenario: the money at risk, and the tier that is served for the shortest time."""
        return [{**row_of(outcome), **first_short(outcome), "breaches": len(outcome.breaches)} for outcome in self]

    def tier_rows(self) -> list[Row]:
        """One row a scenario, material and tier."""
        return [{"scenario_id": outcome.scenario_id, **row_of(one)} for outcome in self for one in outcome.tiers]

    def stock_rows(self) -> list[Row]:
        """One row a material that can be stored: what is there at the onset."""
        return rows_of(self.message.stocks)

    def breach_rows(self) -> list[Row]:
        """One row a scenario and rule that is broken."""
        return [{"scenario_id": outcome.scenario_id, **row_of(one)} for outcome in self for one in outcome.breaches]

    def regret_rows(self) -> list[Row]:
        """One row a plan and scenario, the plan of least greatest regret first; `candidate_id` is empty for the base,
        `scenario_id` for "nothing happens".
        """
        return [
            {"candidate_id": candidate.candidate_id, **row_of(one)}
            for candidate in self.message.candidates
            for one in candidate.regrets
        ]


def first_short(outcome: sourcing_pb2.StressOutcome) -> Row:
    """The tier that is served for the shortest time, where one is short."""
    short = [row_of(tier) for tier in outcome.tiers if not tier.survives]
    first = min(short, key=lambda tier: float(tier["days_survived"]), default={})
    return {name: first.get(name) for name in ("material_id", "tier", "days_survived", "shortage_tonnes")}
