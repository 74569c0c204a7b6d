"""Results of calls that compute: thin wrappers, each with the whole message as `message` and tables as data frames."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lodestock.errors import Violation
from lodestock.tables import Row, frame_of, row_of, rows_of
from lodestock.v1 import common_pb2, forecast_pb2, risk_pb2, sourcing_pb2

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Models:
    """The models that `forecast_demand` can use, the default combination first."""

    message: forecast_pb2.ListModelsResponse

    def __iter__(self) -> Iterator[forecast_pb2.ForecastModel]:
        return iter(self.message.models)

    def __len__(self) -> int:
        return len(self.message.models)

    def rows(self) -> list[Row]:
        """One row a model."""
        return rows_of(self.message.models)

    def to_frame(self) -> pd.DataFrame:
        """One row a model."""
        return frame_of(self.rows())


@dataclass(frozen=True, slots=True)
class Backtest:
    """How well models would have done on the past of series."""

    message: forecast_pb2.BacktestModelsResponse

    def __iter__(self) -> Iterator[forecast_pb2.SeriesBacktest]:
        return iter(self.message.series)

    def __len__(self) -> int:
        return len(self.message.series)

    @property
    def record(self) -> common_pb2.RunRecord:
        """How the scores were made."""
        return self.message.record

    def rows(self) -> list[Row]:
        """One row a series and model."""
        return [{"series_id": series.series_id, **row_of(score)} for series in self for score in series.scores]

    def overall_rows(self) -> list[Row]:
        """One row a model: means over all series."""
        return rows_of(self.message.overall)

    def to_frame(self) -> pd.DataFrame:
        """One row a series and model; see `rows`."""
        return frame_of(self.rows())


@dataclass(frozen=True, slots=True)
class Forecast:
    """The forecast of one series."""

    message: forecast_pb2.SeriesForecast

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

    def to_frame(self) -> pd.DataFrame:
        """One row a step; see `rows`."""
        return frame_of(self.rows())


@dataclass(frozen=True, slots=True)
class Forecasts:
    """Forecasts by name of the series."""

    message: forecast_pb2.ForecastDemandResponse

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
    def record(self) -> common_pb2.RunRecord:
        """How the forecasts were made."""
        return self.message.record

    @property
    def failures(self) -> dict[str, str]:
        """Series of a batch that have no forecast, and why."""
        return {failure.series_id: failure.reason for failure in self.message.failures}

    def rows(self) -> list[Row]:
        """One row a series and step."""
        return [row for forecast in self for row in forecast.rows()]

    def to_frame(self) -> pd.DataFrame:
        """One row a series and step."""
        return frame_of(self.rows())


@dataclass(frozen=True, slots=True)
class Measures:
    """The measures of supply risk on offer."""

    message: risk_pb2.ListRiskMeasuresResponse

    def __iter__(self) -> Iterator[risk_pb2.RiskMeasure]:
        return iter(self.message.measures)

    def __len__(self) -> int:
        return len(self.message.measures)

    def rows(self) -> list[Row]:
        """One row a measure."""
        return rows_of(self.message.measures)

    def to_frame(self) -> pd.DataFrame:
        """One row a measure."""
        return frame_of(self.rows())


@dataclass(frozen=True, slots=True)
class Assessment:
    """The supply risk of materials, one entry a material and stage."""

    message: risk_pb2.AssessSupplyRiskResponse

    def __iter__(self) -> Iterator[risk_pb2.MaterialRisk]:
        return iter(self.message.risks)

    def __len__(self) -> int:
        return len(self.message.risks)

    @property
    def record(self) -> common_pb2.RunRecord:
        """How the assessment was made."""
        return self.message.record

    def rows(self) -> list[Row]:
        """One row a material, stage and score."""
        return [{**row_of(risk), **row_of(score)} for risk in self for score in risk.scores]

    def source_rows(self) -> list[Row]:
        """One row a material, stage and source."""
        return [{**row_of(risk), **row_of(source)} for risk in self for source in risk.sources]

    def to_frame(self) -> pd.DataFrame:
        """One row a material, stage and score."""
        return frame_of(self.rows())

    def sources_to_frame(self) -> pd.DataFrame:
        """One row a material, stage and source."""
        return frame_of(self.source_rows())


@dataclass(frozen=True, slots=True)
class BuiltProblem:
    """A problem made from the server's data, with the origin of every figure and every default used."""

    message: sourcing_pb2.BuildProblemResponse

    @property
    def problem(self) -> sourcing_pb2.SourcingProblem:
        """The problem; change it before it is optimised where you know better."""
        return self.message.problem

    @property
    def record(self) -> common_pb2.RunRecord:
        """How the problem was made."""
        return self.message.record

    def rows(self) -> list[Row]:
        """One row a source."""
        return [
            {
                **row_of(source),
                "unit_price_usd_per_tonne": next(iter(source.unit_price_usd_per_tonne), None),
                "capacity_tonnes": next(iter(source.capacity_tonnes), None),
            }
            for source in self.problem.sources
        ]

    def to_frame(self) -> pd.DataFrame:
        """One row a source, with price and capacity of the first period."""
        return frame_of(self.rows())

    def defaults_to_frame(self) -> pd.DataFrame:
        """One row a default, with its reason."""
        return frame_of(rows_of(self.message.defaults))


@dataclass(frozen=True, slots=True)
class Validation:
    """What is wrong with a problem; true where nothing is."""

    message: sourcing_pb2.ValidateProblemResponse

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

    def to_frame(self) -> pd.DataFrame:
        """One row a violation."""
        return frame_of(self.rows())


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
    "relaxations": lambda plan: rows_of(plan.relaxations),
    "conflict": lambda plan: rows_of(plan.conflict),
}


@dataclass(frozen=True, slots=True)
class Plan:
    """A sourcing and stockpile plan, or why there is none; true where there is one.

    `built` is the problem that it solves, with the origins of its figures where it came from `build_problem`.
    """

    message: sourcing_pb2.OptimizeSourcingResponse
    built: sourcing_pb2.BuildProblemResponse | None = None

    def __bool__(self) -> bool:
        return self.status in ("OPTIMAL", "FEASIBLE")

    @property
    def plan(self) -> sourcing_pb2.Plan:
        """The plan's own message."""
        return self.message.plan

    @property
    def record(self) -> common_pb2.RunRecord:
        """How the plan was made."""
        return self.message.record

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
                footprints, relaxations or conflict.

        Raises:
            ValueError: There is no such table.
        """
        if table not in PLAN_TABLES:
            raise ValueError(f"no table '{table}', must be one of {', '.join(PLAN_TABLES)}")
        return PLAN_TABLES[table](self.plan)

    def to_frame(self, table: str = "contracts") -> pd.DataFrame:
        """One of the plan's tables; see `rows`."""
        return frame_of(self.rows(table))
