"""Scenarios, policies by name, prices of rules: thin wrappers, each with the whole message as `message` and tables."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeVar

from lodestock.answers import Computed, Listing, Recorded, Solved
from lodestock.inputs import ProblemLike, problem_message
from lodestock.tables import Row, frame_of, row_of, rows_of
from lodestock.v1 import sourcing_pb2

if TYPE_CHECKING:
    import pandas as pd


class SomeScenarios(Recorded, Protocol):
    """A message of scenarios."""

    @property
    def scenarios(self) -> Collection[sourcing_pb2.Scenario]:
        """The scenarios, the likeliest first."""

    @property
    def remarks(self) -> Iterable[str]:
        """What to think of."""


Some = TypeVar("Some", bound=SomeScenarios)


@dataclass(frozen=True, slots=True)
class ScenarioList(Computed[Some]):
    """Scenarios that can be put into a problem, the likeliest first."""

    def __iter__(self) -> Iterator[sourcing_pb2.Scenario]:
        return iter(self.message.scenarios)

    def __len__(self) -> int:
        return len(self.message.scenarios)

    @property
    def remarks(self) -> tuple[str, ...]:
        """What the record and the data lack, what was left out, and what to think of."""
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


@dataclass(frozen=True, slots=True)
class Scenarios(ScenarioList[sourcing_pb2.GenerateScenariosResponse]):
    """Scenarios sampled for a problem."""

    @property
    def reduction(self) -> sourcing_pb2.ScenarioReduction:
        """How well the scenarios stand for the sample."""
        return self.message.reduction

    def hazard_rows(self) -> list[Row]:
        """One row a hazard: what may strike, how likely, how hard."""
        return rows_of(self.message.hazards)

    def hazards_to_frame(self) -> pd.DataFrame:
        """One row a hazard."""
        return frame_of(self.hazard_rows())


@dataclass(frozen=True, slots=True)
class ReducedScenarios(ScenarioList[sourcing_pb2.ReduceScenariosResponse]):
    """Scenarios that stand for all of a problem's, with the probabilities of these."""

    @property
    def relative_error(self) -> float:
        """How far they are from all that were given, over what these take on average; 0 where they take nothing."""
        return self.message.error_days / self.message.loss_days if self.message.loss_days else 0.0


def disruptions_of(scenario: sourcing_pb2.Scenario) -> str:
    """What a scenario leaves of whose supply, such as "CHN gallium 0.61"."""
    return "; ".join(
        " ".join((*disruption.countries, *disruption.material_ids, f"{disruption.availability:.2f}"))
        for disruption in scenario.disruptions
    )


@dataclass(frozen=True, slots=True)
class RulePrices(Solved[sourcing_pb2.PriceRulesResponse]):
    """What the rules of a problem cost, one entry a group of them; true where there is a plan with all of them.

    The status is that of the plan.
    """

    def __iter__(self) -> Iterator[sourcing_pb2.RulePrice]:
        return iter(self.message.prices)

    def __len__(self) -> int:
        return len(self.message.prices)

    def __bool__(self) -> bool:
        return self.message.HasField("costs")

    def rows(self) -> list[Row]:
        """One row a group: what it costs, None where that has no answer."""
        return rows_of(self.message.prices)


@dataclass(frozen=True, slots=True)
class Policies(Listing[sourcing_pb2.ListPoliciesResponse]):
    """The policies that `build_problem` knows by name."""

    def __iter__(self) -> Iterator[sourcing_pb2.Policy]:
        return iter(self.message.policies)

    def __len__(self) -> int:
        return len(self.message.policies)

    def rows(self) -> list[Row]:
        """One row a policy."""
        return rows_of(self.message.policies)
