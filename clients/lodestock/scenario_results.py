"""Scenarios, policies by name, prices of rules: thin wrappers, each with the whole message as `message` and tables."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lodestock.inputs import ProblemLike, problem_message
from lodestock.tables import Row, frame_of, row_of, rows_of, short_name
from lodestock.v1 import common_pb2, sourcing_pb2

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Scenarios:
    """Scenarios sampled for a problem, the likeliest first."""

    message: sourcing_pb2.GenerateScenariosResponse

    def __iter__(self) -> Iterator[sourcing_pb2.Scenario]:
        return iter(self.message.scenarios)

    def __len__(self) -> int:
        return len(self.message.scenarios)

    @property
    def record(self) -> common_pb2.RunRecord:
        """How the scenarios were made."""
        return self.message.record

    @property
    def reduction(self) -> sourcing_pb2.ScenarioReduction:
        """How well the scenarios stand for the sample."""
        return self.message.reduction

    @property
    def remarks(self) -> tuple[str, ...]:
        """What the record and the data lack, and what to think of."""
        return tuple(self.message.remarks)

    def put_into(self, problem: ProblemLike) -> sourcing_pb2.SourcingProblem:
        """A copy of a problem with these scenarios in place of its own."""
        copied = sourcing_pb2.SourcingProblem()
        copied.CopyFrom(problem_message(problem))
        del copied.scenarios[:]
        copied.scenarios.extend(self)
        return copied

    def rows(self) -> list[Row]:
        """One row a scenario, with what it takes from whom in words."""
        return [{**row_of(scenario), "disruptions": disruptions_of(scenario)} for scenario in self]

    def hazard_rows(self) -> list[Row]:
        """One row a hazard: what may strike, how likely, how hard."""
        return rows_of(self.message.hazards)

    def to_frame(self) -> pd.DataFrame:
        """One row a scenario; see `rows`."""
        return frame_of(self.rows())

    def hazards_to_frame(self) -> pd.DataFrame:
        """One row a hazard."""
        return frame_of(self.hazard_rows())


def disruptions_of(scenario: sourcing_pb2.Scenario) -> str:
    """What a scenario leaves of whose supply, such as "CHN gallium 0.61"."""
    return "; ".join(
        " ".join((*disruption.countries, *disruption.material_ids, f"{disruption.availability:.2f}"))
        for disruption in scenario.disruptions
    )


@dataclass(frozen=True, slots=True)
class RulePrices:
    """What the rules of a problem cost, one entry a group of them; true where there is a plan with all of them."""

    message: sourcing_pb2.PriceRulesResponse

    def __iter__(self) -> Iterator[sourcing_pb2.RulePrice]:
        return iter(self.message.prices)

    def __len__(self) -> int:
        return len(self.message.prices)

    def __bool__(self) -> bool:
        return self.message.HasField("costs")

    @property
    def status(self) -> str:
        """How the plan with all rules ended."""
        return short_name(sourcing_pb2.PlanStatus.DESCRIPTOR.values_by_number, self.message.status)

    @property
    def record(self) -> common_pb2.RunRecord:
        """How the prices were made."""
        return self.message.record

    def rows(self) -> list[Row]:
        """One row a group: what it costs, None where that has no answer."""
        return rows_of(self.message.prices)

    def to_frame(self) -> pd.DataFrame:
        """One row a group."""
        return frame_of(self.rows())


@dataclass(frozen=True, slots=True)
class Policies:
    """The policies that `build_problem` knows by name."""

    message: sourcing_pb2.ListPoliciesResponse

    def __iter__(self) -> Iterator[sourcing_pb2.Policy]:
        return iter(self.message.policies)

    def __len__(self) -> int:
        return len(self.message.policies)

    def rows(self) -> list[Row]:
        """One row a policy."""
        return rows_of(self.message.policies)

    def to_frame(self) -> pd.DataFrame:
        """One row a policy."""
        return frame_of(self.rows())
