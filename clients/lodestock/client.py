"""The client: one method a call, named for what it does in the field."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import grpc
from google.protobuf.empty_pb2 import Empty
from google.protobuf.message import Message
from google.protobuf.wrappers_pb2 import UInt32Value

from lodestock.connection import MIB, Connection
from lodestock.errors import from_rpc_error
from lodestock.inputs import ProblemLike, SeriesLike, demand_series, messages, names, problem_message
from lodestock.results import (
    Assessment,
    BuiltProblem,
    Datasets,
    Forecasts,
    Measures,
    Models,
    Observations,
    Plan,
    SeriesList,
    Validation,
)
from lodestock.v1 import (
    catalog_pb2,
    catalog_pb2_grpc,
    common_pb2,
    forecast_pb2,
    forecast_pb2_grpc,
    risk_pb2,
    risk_pb2_grpc,
    sourcing_pb2,
    sourcing_pb2_grpc,
)

Answer = TypeVar("Answer", bound=Message)

HEALTH_NAMES = ("UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN")
SHORT_TIMEOUT_S = 15.0
TIMEOUT_S = 75.0
"""Seconds to wait for an answer that is computed: the server's minute, and the way there and back."""
SPARE_S = 10.0
MOST_WAIT_S = 86_400.0
MOST_DATASETS = 1_000
MOST_SERIES = 10_000
RISK_MEASURE_PREFIX = "SOURCE_RISK_MEASURE_"


def dataset_name(dataset: str) -> str:
    """The resource name of a dataset given by its identifier or its name."""
    return dataset if dataset.startswith("datasets/") else f"datasets/{dataset}"


def solve_timeout_s(time_limit_s: float | None) -> float:
    """Seconds to wait for a plan; a limit that the server will refuse leaves it the time to say so."""
    if time_limit_s is None or not math.isfinite(time_limit_s) or time_limit_s <= 0:
        return TIMEOUT_S
    return min(time_limit_s / 0.95 + SPARE_S, MOST_WAIT_S)


def source_risk_measure_number(name: str) -> sourcing_pb2.SourceRiskMeasure.ValueType:
    """The measure of a source's risk by its short name, in either case; none for an empty name.

    Raises:
        ValueError: No such measure; the text lists them.
    """
    wanted = name.upper().replace("-", "_") or "UNSPECIFIED"
    numbers = {full.removeprefix(RISK_MEASURE_PREFIX): n for full, n in sourcing_pb2.SourceRiskMeasure.items()}
    if wanted not in numbers:
        known = ", ".join(short for short, number in numbers.items() if number)
        raise ValueError(f"'{name}' is no measure of a source's risk; known: {known}")
    return numbers[wanted]


def source_risk_messages(
    risks: Mapping[str, float] | Iterable[sourcing_pb2.SourceRiskOverride | Mapping[str, Any]],
) -> list[sourcing_pb2.SourceRiskOverride]:
    """The caller's own risks: by country, or as messages or dicts."""
    if isinstance(risks, Mapping):
        return [sourcing_pb2.SourceRiskOverride(country=country, risk=risk) for country, risk in risks.items()]
    return messages(sourcing_pb2.SourceRiskOverride, risks, "source_risks")


class Client:
    """A connection to a Lodestock server; use it in a `with` statement, or call `close`.

    Every method raises one of the errors of `lodestock.errors`, and takes `timeout_s`, the seconds to wait. Where no
    server answers, a call is tried again a few times within its timeout.
    """

    def __init__(
        self,
        address: str | None = None,
        *,
        token: str | None = None,
        ca_file: str | Path | None = None,
        certificate_file: Path | None = None,
        key_file: Path | None = None,
        max_message_bytes: int = 64 * MIB,
        channel: grpc.Channel | None = None,
    ) -> None:
        """Describe the connection; it is made with the first call.

        Args:
            address: Host and port. None: the variable LODESTOCK_ADDRESS, else 127.0.0.1:50051.
            token: Bearer token. None: the variable LODESTOCK_TOKEN, if any.
            ca_file: PEM file with the authority that signed the server's certificate; encrypts the connection. None:
                the variable LODESTOCK_CA_FILE, if any.
            certificate_file: PEM file with the client's own certificate, for servers that want one.
            key_file: PEM file with its private key.
            max_message_bytes: Largest request and largest answer.
            channel: An open channel to use, such as `lodestock.testing.MockChannel`. Then neither address, files nor
                environment count.

        Raises:
            ValueError: The arguments do not go together.
        """
        self._connection = (
            Connection.from_environment(
                address,
                token,
                ca_file=ca_file,
                certificate_file=certificate_file,
                key_file=key_file,
                max_message_bytes=max_message_bytes,
            )
            if channel is None
            else Connection(token=token, max_message_bytes=max_message_bytes)
        )
        self._channel = self._connection.open() if channel is None else channel
        self._catalog = catalog_pb2_grpc.CatalogServiceStub(self._channel)
        self._forecast = forecast_pb2_grpc.ForecastServiceStub(self._channel)
        self._risk = risk_pb2_grpc.RiskServiceStub(self._channel)
        self._sourcing = sourcing_pb2_grpc.SourcingServiceStub(self._channel)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection."""
        self._channel.close()

    def health(self, *, timeout_s: float = SHORT_TIMEOUT_S) -> str:
        """Say how the server is: SERVING, or NOT_SERVING while it goes down."""
        # The standard health service answers with one enum in field 1, as UInt32Value does; so no stub is needed.
        check = self._channel.unary_unary(
            "/grpc.health.v1.Health/Check",
            request_serializer=Empty.SerializeToString,
            response_deserializer=UInt32Value.FromString,
        )
        return HEALTH_NAMES[self._call(check, Empty(), timeout_s).value]

    def list_datasets(self, *, timeout_s: float = SHORT_TIMEOUT_S) -> Datasets:
        """List the datasets that the server holds, with their sources, licences and known gaps."""
        answer = catalog_pb2.ListDatasetsResponse()
        request = catalog_pb2.ListDatasetsRequest(page_size=MOST_DATASETS)
        while True:
            page = self._call(self._catalog.ListDatasets, request, timeout_s)
            answer.datasets.extend(page.datasets)
            if not page.next_page_token:
                return Datasets(answer)
            request.page_token = page.next_page_token

    def list_series(
        self,
        dataset: str,
        materials: Sequence[str] = (),
        *,
        countries: Sequence[str] = (),
        timeout_s: float = TIMEOUT_S,
    ) -> SeriesList:
        """List the series of a dataset.

        Args:
            dataset: Identifier, such as "us-minerals", for its newest version; or a name from `list_datasets`.
            materials: Materials. Empty: all.
            countries: Countries, ISO 3166-1 alpha-3. Empty: all.
            timeout_s: Seconds to wait for each page.
        """
        answer = catalog_pb2.ListSeriesResponse()
        request = catalog_pb2.ListSeriesRequest(
            parent=dataset_name(dataset),
            material_ids=names(materials),
            countries=names(countries),
            page_size=MOST_SERIES,
        )
        while True:
            page = self._call(self._catalog.ListSeries, request, timeout_s)
            answer.series.extend(page.series)
            if not page.next_page_token:
                return SeriesList(answer)
            request.page_token = page.next_page_token

    def observations(
        self,
        dataset: str,
        materials: Sequence[str] = (),
        *,
        countries: Sequence[str] = (),
        resource: str = "",
        row: int = 0,
        first_period: str = "",
        last_period: str = "",
        timeout_s: float = TIMEOUT_S,
    ) -> Observations:
        """Read observations, each with the row that it stands in.

        Args:
            dataset: Identifier, such as "us-minerals", for its newest version; or a name from `list_datasets`.
            materials: Materials. Empty: all.
            countries: Countries, ISO 3166-1 alpha-3. Empty: all.
            resource: Table of the dataset. Empty: all.
            row: Row of that table. 0: all.
            first_period: First period, such as "2018". Empty: from the start.
            last_period: Last period. Empty: to the end.
            timeout_s: Seconds to wait for the whole answer.
        """
        request = catalog_pb2.QueryObservationsRequest(
            parent=dataset_name(dataset),
            resource=resource,
            row=row,
            material_ids=names(materials),
            countries=names(countries),
            first_period=first_period,
            last_period=last_period,
        )
        answer = catalog_pb2.QueryObservationsResponse()
        for part in self._stream(self._catalog.QueryObservations, request, timeout_s):
            answer.observations.extend(part.observations)
        return Observations(answer)

    def trace(self, figure: common_pb2.Figure, *, timeout_s: float = TIMEOUT_S) -> Observations:
        """Read the rows that a figure of an answer rests on, from the versions that it was read from.

        Args:
            figure: One of the figures that `build_problem`, `assess_supply_risk` and `forecast_demand` return.
            timeout_s: Seconds to wait for each row.
        """
        answer = catalog_pb2.QueryObservationsResponse()
        for origin in figure.origins:
            if origin.HasField("dataset"):
                at = origin.dataset
                name = f"datasets/{at.dataset}/versions/{at.version}"
                found = self.observations(name, resource=at.resource, row=at.row, timeout_s=timeout_s)
                answer.observations.extend(found.message.observations)
        return Observations(answer)

    def list_models(self, *, timeout_s: float = SHORT_TIMEOUT_S) -> Models:
        """List the models that `forecast_demand` can use."""
        return Models(self._call(self._forecast.ListModels, forecast_pb2.ListModelsRequest(), timeout_s))

    def forecast_demand(
        self,
        series: Mapping[str, SeriesLike] | None = None,
        *,
        buyer: str = "",
        materials: Sequence[str] = (),
        horizon: int,
        unit: str = "t",
        quantile_levels: Sequence[float] = (),
        sample_paths: int = 0,
        model: str = "",
        seed: int = 0,
        timeout_s: float = TIMEOUT_S,
    ) -> Forecasts:
        """Forecast demand: of your own series, or of a buyer's materials that the server's data hold.

        Args:
            series: Observations by period and by name of the series: dicts, or pandas series with years, periods or
                labels such as "2025-Q3" as their index. None: forecast what the server's data hold.
            buyer: Buyer whose stored demand to forecast, ISO 3166-1 alpha-3.
            materials: Materials of the buyer. Empty: all.
            horizon: Steps ahead.
            unit: Unit of your own series.
            quantile_levels: Levels between 0 and 1, rising. Empty: 0.025, 0.1, 0.5, 0.9, 0.975.
            sample_paths: Joint sample paths to return for each series.
            model: Name of a model from `list_models`. Empty: the default combination.
            seed: Seed; the same seed gives the same figures.
            timeout_s: Seconds to wait.

        Raises:
            ValueError: Both or neither of `series` and `buyer` are given, or periods cannot be read.
        """
        if (series is None) == (not buyer):
            raise ValueError("give either series of your own, or a buyer whose stored demand to forecast")
        request = forecast_pb2.ForecastDemandRequest(
            horizon=horizon, quantile_levels=quantile_levels, sample_paths=sample_paths, model=model, seed=seed
        )
        if series is None:
            request.stored.CopyFrom(forecast_pb2.StoredDemand(buyer=buyer, material_ids=names(materials)))
        else:
            listed = [demand_series(name, observations, unit) for name, observations in series.items()]
            request.inline.CopyFrom(forecast_pb2.DemandSeriesSet(series=listed))
        return Forecasts(self._call(self._forecast.ForecastDemand, request, timeout_s))

    def list_risk_measures(self, *, timeout_s: float = SHORT_TIMEOUT_S) -> Measures:
        """List the measures of supply risk with their scale and source."""
        return Measures(self._call(self._risk.ListRiskMeasures, risk_pb2.ListRiskMeasuresRequest(), timeout_s))

    def assess_supply_risk(
        self,
        buyer: str,
        materials: Sequence[str] = (),
        *,
        supplies: Iterable[risk_pb2.MaterialSupply | Mapping[str, Any]] | None = None,
        timeout_s: float = TIMEOUT_S,
    ) -> Assessment:
        """Measure the supply risk of materials and of their sources.

        Args:
            buyer: Buyer, ISO 3166-1 alpha-3.
            materials: Materials that the server's data hold. Empty: all.
            supplies: Supplies of your own in place of the server's data: messages, or dicts in proto's JSON form.
            timeout_s: Seconds to wait.
        """
        request = risk_pb2.AssessSupplyRiskRequest(buyer=buyer)
        if supplies is None:
            request.stored.CopyFrom(risk_pb2.StoredSupply(material_ids=names(materials)))
        else:
            listed = messages(risk_pb2.MaterialSupply, supplies, "inline.supplies")
            request.inline.CopyFrom(risk_pb2.MaterialSupplySet(supplies=listed))
        return Assessment(self._call(self._risk.AssessSupplyRisk, request, timeout_s))

    def build_problem(
        self,
        buyer: str,
        materials: Sequence[str] = (),
        *,
        horizon_years: int,
        floor_days: float | None = None,
        demand: Mapping[str, Sequence[float]] | None = None,
        overrides: Iterable[common_pb2.DefaultOverride | Mapping[str, Any]] = (),
        rules: Iterable[sourcing_pb2.TradeRule | Mapping[str, Any]] = (),
        budget: sourcing_pb2.Budget | None = None,
        scenarios: Iterable[sourcing_pb2.Scenario | Mapping[str, Any]] = (),
        price_of_risk: float | None = None,
        discount_rate: float | None = None,
        seed: int = 0,
        source_risk_measure: str = "",
        source_risks: Mapping[str, float] | Iterable[sourcing_pb2.SourceRiskOverride | Mapping[str, Any]] = (),
        timeout_s: float = TIMEOUT_S,
    ) -> BuiltProblem:
        """Make a problem from the server's data, with the origin of every figure. Nothing is optimised.

        Args:
            buyer: Buyer, ISO 3166-1 alpha-3.
            materials: Materials. Empty: all that the data hold for the buyer.
            horizon_years: Years to plan, one period a year.
            floor_days: Stock floor in days of demand. None: the default.
            demand: Demand by material, tonnes by period, in place of the forecast's median path.
            overrides: Values in place of the server's defaults: messages, or dicts in proto's JSON form.
            rules: Trade rules to take into the problem, as messages or dicts.
            budget: Budget to take into the problem.
            scenarios: What may happen, as messages or dicts.
            price_of_risk: λ. None: 1.
            discount_rate: Per year. None: 0.03.
            seed: Seed of the demand forecast.
            source_risk_measure: What gives the risk ρ of an import source: "GOVERNANCE_AND_TRADE" (the default),
                "GOVERNANCE", "POLITICAL_INSTABILITY", "TRADE" or "NONE".
            source_risks: Your own ρ, 0 to 1, by country; for single materials or with a reason as messages or dicts.
            timeout_s: Seconds to wait.

        Raises:
            ValueError: No such measure of risk.
        """
        request = sourcing_pb2.BuildProblemRequest(
            buyer=buyer,
            material_ids=names(materials),
            horizon_years=horizon_years,
            floor_days=floor_days,
            demand=[
                sourcing_pb2.DemandPath(material_id=material, demand_tonnes=tonnes)
                for material, tonnes in (demand or {}).items()
            ],
            overrides=messages(common_pb2.DefaultOverride, overrides, "overrides"),
            rules=messages(sourcing_pb2.TradeRule, rules, "rules"),
            budget=budget,
            scenarios=messages(sourcing_pb2.Scenario, scenarios, "scenarios"),
            price_of_risk=price_of_risk,
            discount_rate=discount_rate,
            seed=seed,
            source_risk_measure=source_risk_measure_number(source_risk_measure),
            source_risks=source_risk_messages(source_risks),
        )
        return BuiltProblem(self._call(self._sourcing.BuildProblem, request, timeout_s))

    def validate_problem(self, problem: ProblemLike, *, timeout_s: float = TIMEOUT_S) -> Validation:
        """Say all that is wrong with a problem, without solving it."""
        request = sourcing_pb2.ValidateProblemRequest(problem=problem_message(problem))
        return Validation(self._call(self._sourcing.ValidateProblem, request, timeout_s))

    def optimize_sourcing(
        self, problem: ProblemLike, *, time_limit_s: float | None = None, timeout_s: float | None = None
    ) -> Plan:
        """Find the plan of least risk-weighted cost.

        Args:
            problem: The problem: what `build_problem` returned, a message, or a dict in proto's JSON form.
            time_limit_s: Most seconds to solve. None: the server's default, a minute.
            timeout_s: Seconds to wait. None: enough for the time limit.
        """
        if timeout_s is None:
            timeout_s = solve_timeout_s(time_limit_s)
        request = sourcing_pb2.OptimizeSourcingRequest(problem=problem_message(problem), time_limit_s=time_limit_s)
        return Plan(self._call(self._sourcing.OptimizeSourcing, request, timeout_s))

    def _stream(self, method: Callable[..., Iterable[Answer]], request: Message, timeout_s: float) -> Iterator[Answer]:
        try:
            yield from method(request, timeout=timeout_s, metadata=self._connection.metadata())
        except grpc.RpcError as error:
            raise from_rpc_error(error, self._connection.max_message_bytes) from error

    def _call(self, method: Callable[..., Answer], request: Message, timeout_s: float) -> Answer:
        try:
            return method(request, timeout=timeout_s, metadata=self._connection.metadata())
        except grpc.RpcError as error:
            raise from_rpc_error(error, self._connection.max_message_bytes) from error
