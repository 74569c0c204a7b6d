"""Results of calls that compute: thin wrappers, each with the whole message as `message` and tables as data frames."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lodestock.answers import Computed, Listing
from lodestock.errors import Violation
from lodestock.tables import Row, frame_of, row_of, rows_of, rows_of_table
from lodestock.v1 import forecast_pb2, risk_pb2, sourcing_pb2

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Models(Listing[forecast_pb2.ListModelsResponse]):
    """The models that `forecast_demand` can use, the default combination first."""

    def __iter__(self) -> Iterator[forecast_pb2.ForecastModel]:
        return iter(self.message.models)

    def __len__(self) -> int:
        return len(self.message.models)

    def rows(self) -> list[Row]:
        """One row a model."""
        return rows_of(self.message.models)


@dataclass(frozen=True, slots=True)
class Backtest(Computed[forecast_pb2.BacktestModelsResponse]):
    """How well models would have done on the past of series."""

    def __iter__(self) -> Iterator[forecast_pb2.SeriesBacktest]:
        return iter(self.message.series)

    def __len__(self) -> int:
        return len(self.message.series)

    def rows(self) -> list[Row]:
        """One row a series and model."""
        return [{"series_id": series.series_id, **row_of(score)} for series in self for score in series.scores]

    def overall_rows(self) -> list[Row]:
        """One row a model: means over all series."""
        return rows_of(self.message.overall)

    def comparison_rows(self) -> list[Row]:
        """One row a pair of models: which of them forecast better, if a test tells them apart."""
        return rows_of(self.message.comparisons)


@dataclass(frozen=True, slots=True)
class Forecast(Listing[forecast_pb2.SeriesForecast]):
    """The forecast of one series."""

    @property
    def series_id(self) -> str:
        """Name of the series."""
        return self.message.series_id

    def rows(self) -> list[Row]:
        """One row a step: period, mean, median and one column a quantile, named as q0.1."""
        names = [f"q{level:g}" for level in self.message.quantile_levels]
        return [
            {"series_id": self.series_id, **row_of(step), **dict(zip(names, step.quantiles, strict=True))}
            for step in self.message.steps
        ]


@dataclass(frozen=True, slots=True)
class Forecasts(Computed[forecast_pb2.ForecastDemandResponse]):
    """Forecasts by name of the series."""

    def __iter__(self) -> Iterator[Forecast]:
        return (Forecast(forecast) for forecast in self.message.forecasts)

    def __len__(self) -> int:
        return len(self.message.forecasts)

    def __getitem__(self, series_id: str) -> Forecast:
        for forecast in self:
            if forecast.series_id == series_id:
                return forecast
        raise KeyError(series_id)

    @property
    def failures(self) -> dict[str, str]:
        """Series of a batch that have no forecast, and why."""
        return {failure.series_id: failure.reason for failure in self.message.failures}

    def rows(self) -> list[Row]:
        """One row a series and step."""
        return [row for forecast in self for row in forecast.rows()]


@dataclass(frozen=True, slots=True)
class Measures(Listing[risk_pb2.ListRiskMeasuresResponse]):
    """The measures of supply risk on offer."""

    def __iter__(self) -> Iterator[risk_pb2.RiskMeasure]:
        return iter(self.message.measures)

    def __len__(self) -> int:
        return len(self.message.measures)

    def rows(self) -> list[Row]:
        """One row a measure."""
        return rows_of(self.message.measures)


@dataclass(frozen=True, slots=True)
class Assessment(Computed[risk_pb2.AssessSupplyRiskResponse]):
    """The supply risk of materials, one entry a material and stage."""

    def __iter__(self) -> Iterator[risk_pb2.MaterialRisk]:
        return iter(self.message.risks)

    def __len__(self) -> int:
        return len(self.message.risks)

    def rows(self) -> list[Row]:
        """One row a material, stage and score."""
        return [
            {**row_of(risk), **row_of(score), **_ends_of(score.interval, "interval")}
            for risk in self
            for score in risk.scores
        ]

    def ranking_rows(self) -> list[Row]:
        """One row a material and stage with a composite score, the greatest first; none where none was asked for."""
        ranked = [risk for risk in self if risk.HasField("composite")]
        ranked.sort(key=lambda risk: risk.composite.rank)
        return [
            {
                **row_of(risk),
                **row_of(risk.composite),
                **_ends_of(risk.composite.interval, "interval"),
                **_ends_of(risk.composite.rank_interval, "rank_interval"),
            }
            for risk in ranked
        ]

    def ranking_to_frame(self) -> pd.DataFrame:
        """One row a material and stage that has a composite score, the greatest first."""
        return frame_of(self.ranking_rows())

    def history_rows(self) -> list[Row]:
        """One row a material, stage and year, where a history was asked for."""
        return [{**row_of(risk), **row_of(year)} for risk in self for year in risk.history]

    def history_to_frame(self) -> pd.DataFrame:
        """One row a material, stage and year."""
        return frame_of(self.history_rows())

    def source_rows(self) -> list[Row]:
        """One row a material, stage and source."""
        return [{**row_of(risk), **row_of(source)} for risk in self for source in risk.sources]

    def sources_to_frame(self) -> pd.DataFrame:
        """One row a material, stage and source."""
        return frame_of(self.source_rows())


def _ends_of(interval: risk_pb2.RiskInterval, name: str) -> Row:
    """The ends of an interval; none where nothing was sampled, which leaves it unset."""
    return {f"{name}_{end}": getattr(interval, end) for end in ("low", "high")} if interval.ByteSize() else {}


@dataclass(frozen=True, slots=True)
class BuiltProblem(Computed[sourcing_pb2.BuildProblemResponse]):
    """A problem made from the server's data, with the origin of every figure and every default used."""

    @property
    def problem(self) -> sourcing_pb2.SourcingProblem:
        """The problem; change it before it is optimised where you know better."""
        return self.message.problem

    def rows(self) -> list[Row]:
        """One row a source, with price and capacity of the first period."""
        return [
            {
                **row_of(source),
                "unit_price_usd_per_tonne": next(iter(source.unit_price_usd_per_tonne), None),
                "capacity_tonnes": next(iter(source.capacity_tonnes), None),
            }
            for source in self.problem.sources
        ]

    def defaults_to_frame(self) -> pd.DataFrame:
        """One row a default, with its reason."""
        return frame_of(rows_of(self.message.defaults))


@dataclass(frozen=True, slots=True)
class Validation(Listing[sourcing_pb2.ValidateProblemResponse]):
    """What is wrong with a problem; true where nothing is."""

    def __bool__(self) -> bool:
        return not self.message.violations

    @property
    def violations(self) -> tuple[Violation, ...]:
        """Every violation, by field path."""
        return tuple(Violation(found.field_path, found.description) for found in self.message.violations)

    @property
    def size(self) -> sourcing_pb2.ModelSize | None:
        """Size that the model would have. None where there are violations."""
        return self.message.size if self.message.HasField("size") else None

    def rows(self) -> list[Row]:
        """One row a violation."""
        return rows_of(self.message.violations)


PLAN_TABLES: Mapping[str, Callable[[sourcing_pb2.Plan], list[Row]]] = {
    "contracts": lambda plan: rows_of(plan.contracts),
    "deliveries": lambda plan: rows_of(plan.deliveries),
    "balances": lambda plan: rows_of(plan.balances),
    "nodes": lambda plan: rows_of(plan.nodes),
    "materials": lambda plan: [{**row_of(material), **row_of(material.costs)} for material in plan.materials],
    "binding_rules": lambda plan: rows_of(plan.binding_rules),
    "breaches": lambda plan: rows_of(plan.breaches),
    "substitutions": lambda plan: rows_of(plan.substitutions),
    "footprints": lambda plan: rows_of(plan.footprints),
    "expansions": lambda plan: rows_of(plan.expansions),
    "relaxations": lambda plan: rows_of(plan.relaxations),
    "conflict": lambda plan: rows_of(plan.conflict),
}


@dataclass(frozen=True, slots=True)
class Plan(Computed[sourcing_pb2.OptimizeSourcingResponse]):
    """A sourcing and stockpile plan, or why there is none; true where there is one.

    `built` is the problem that it solves, with the origins of its figures where it came from `build_problem`.
    """

    built: sourcing_pb2.BuildProblemResponse | None = None

    def __bool__(self) -> bool:
        return self.status in ("OPTIMAL", "FEASIBLE")

    @property
    def plan(self) -> sourcing_pb2.Plan:
        """The plan's own message."""
        return self.message.plan

    @property
    def status(self) -> str:
        """How the solve ended: OPTIMAL, FEASIBLE, INFEASIBLE, CANCELLED or NO_PLAN_FOUND."""
        return str(row_of(self.plan)["status"])

    @property
    def costs(self) -> sourcing_pb2.CostBreakdown:
        """Expected discounted costs by kind, USD."""
        return self.plan.costs

    def rows(self, table: str = "contracts") -> list[Row]:
        """The rows of one of the plan's tables.

        Args:
            table: contracts, deliveries, balances, nodes, materials, binding_rules, breaches, substitutions,
                footprints, expansions, relaxations or conflict.

        Raises:
            ValueError: There is no such table.
        """
        return rows_of_table(PLAN_TABLES, table, self.plan)

    def to_frame(self, table: str = "contracts") -> pd.DataFrame:
        """One of the plan's tables; see `rows`."""
        return frame_of(self.rows(table))
