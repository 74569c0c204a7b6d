"""A batch in parts gives what it would give whole, and lists the series that have no forecast."""

from __future__ import annotations

import io

import pytest

from lodestock.v1 import forecast_pb2
from lodestock_server import tasks
from lodestock_server.compute import UNWATCHED, Watch
from lodestock_server.errors import DatabaseUnavailable
from lodestock_server.workers import batch

LIMIT_S = 600.0


def request_for(count: int) -> forecast_pb2.ForecastDemandRequest:
    """Forecasts of so many series, by the simplest model."""
    request = forecast_pb2.ForecastDemandRequest(horizon=2, model="naive", sample_paths=3, seed=7)
    for number in range(count):
        series = request.inline.series.add(series_id=f"s{number}", unit="t", frequency=forecast_pb2.FREQUENCY_YEARLY)
        for year in range(2010, 2020):
            series.observations.add(period=str(year), value=float(year % (number + 3)))
    return request


def in_parts(request: forecast_pb2.ForecastDemandRequest) -> forecast_pb2.ForecastDemandResponse:
    """The response to a request by way of its parts."""
    parts = parts_of(request)
    responses = [batch.Response.FromString(batch.forecast_part(part.SerializeToString(), LIMIT_S)) for part in parts]
    merged = batch.merge_batch(batch.written((request, *responses)), LIMIT_S)
    return batch.Response.FromString(merged)


def parts_of(request: forecast_pb2.ForecastDemandRequest) -> list[forecast_pb2.ForecastDemandRequest]:
    """The parts of a request."""
    return list(batch.read(batch.Request, io.BytesIO(batch.split_batch(request.SerializeToString(), LIMIT_S))))


def without_times(response: forecast_pb2.ForecastDemandResponse) -> forecast_pb2.ForecastDemandResponse:
    """A response without what is another at each run."""
    response.record.ClearField("created_at")
    response.record.ClearField("compute_s")
    return response


def test_a_batch_in_parts_is_the_same_as_whole() -> None:
    """To the last path, and with the record of the whole request."""
    request = request_for(11)
    whole = batch.Response.FromString(tasks.forecast_demand(request.SerializeToString(), LIMIT_S))
    assert len(parts_of(request)) == 3
    assert without_times(in_parts(request)) == without_times(whole)


def test_a_buyers_demand_is_split_by_material() -> None:
    """All of its materials, where the request names none; origins name the place in the whole answer."""
    request = forecast_pb2.ForecastDemandRequest(horizon=1, model="naive")
    request.stored.buyer = "USA"
    parts = parts_of(request)
    materials = [material for part in parts for material in part.stored.material_ids]
    assert len(parts) > 1
    assert len(materials) == len(set(materials)) > 4
    request.stored.material_ids[:] = materials[:5]
    whole = batch.Response.FromString(tasks.forecast_demand(request.SerializeToString(), LIMIT_S))
    assert without_times(in_parts(request)) == without_times(whole)
    assert whole.forecasts[4].history_origins[0].field_path.startswith("forecasts[4].")


def test_a_series_that_cannot_be_forecast_is_listed_and_the_others_are_forecast() -> None:
    """With the reason for the caller."""
    request = forecast_pb2.ForecastDemandRequest(horizon=1, model="naive")
    request.stored.buyer = "USA"
    request.stored.material_ids[:] = ["cobalt", "tungsten", "copper"]
    response = in_parts(request)
    assert [forecast.series_id for forecast in response.forecasts] == ["cobalt/USA", "copper/USA"]
    assert [failure.series_id for failure in response.failures] == ["tungsten/USA"]
    assert "tungsten" in response.failures[0].reason
    assert response.forecasts[1].history_origins[0].field_path.startswith("forecasts[1].")


def test_a_fault_is_listed_without_its_text(monkeypatch: pytest.MonkeyPatch) -> None:
    """And a database that is away is no fault of a series."""
    forecast = tasks.forecast_demand

    def fails_with(error: Exception) -> None:
        def forecast_or_fail(wire: bytes, limit_s: float, watch: Watch = UNWATCHED) -> bytes:
            if b"s1" in wire:
                raise error
            return forecast(wire, limit_s, watch)

        monkeypatch.setattr(tasks, "forecast_demand", forecast_or_fail)

    fails_with(ValueError("a secret"))
    response = in_parts(request_for(3))
    assert [forecast.series_id for forecast in response.forecasts] == ["s0", "s2"]
    assert [failure.series_id for failure in response.failures] == ["s1"]
    assert "secret" not in response.failures[0].reason
    fails_with(DatabaseUnavailable("away", 1.0))
    with pytest.raises(DatabaseUnavailable):
        in_parts(request_for(3))


def test_thousands_of_series_are_few_parts() -> None:
    """So that the database is not the limit."""
    parts = parts_of(request_for(1000))
    assert len(parts) <= batch.MOST_PARTS
    assert sum(len(part.inline.series) for part in parts) == 1000
