"""Many forecasts in parts: tasks that split a request, forecast a part whatever is wrong with single series, and merge.

A series' forecast depends on the series, the options and the seed alone, so a batch in parts gives the forecasts that
it would give whole. Several messages in a row are written with their lengths before them.
"""

from __future__ import annotations

import io
import math
import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

from google.protobuf import proto
from google.protobuf.message import Message

from lodestock.v1 import common_pb2, forecast_pb2
from lodestock_forecasters import ForecastCancelled
from lodestock_server import tasks
from lodestock_server.compute import UNWATCHED, Watch
from lodestock_server.converters import common
from lodestock_server.errors import DatabaseUnavailable, ServiceError
from lodestock_server.log import get_log
from lodestock_server.store.faults import is_transient

Request = forecast_pb2.ForecastDemandRequest
Response = forecast_pb2.ForecastDemandResponse
M = TypeVar("M", bound=Message)

MOST_PARTS = 64
LEAST_SERIES = 4
"""Of a part: a part costs some hundredths of a second beside its forecasts."""


def split_batch(wire: bytes, limit_s: float, watch: Watch = UNWATCHED) -> bytes:
    """From a ForecastDemandRequest to those of its parts, in order."""
    whole = Request.FromString(wire)
    names = series_of(whole)
    size = max(LEAST_SERIES, math.ceil(len(names) / MOST_PARTS))
    return written(part(whole, names, first, size) for first in range(0, len(names), size))


def series_of(request: Request) -> list[str]:
    """What tells the series of a request apart, in order: their ids, or the materials of a buyer's demand."""
    if request.HasField("inline"):
        return [series.series_id for series in request.inline.series]
    if request.stored.material_ids:
        return list(request.stored.material_ids)
    return [demand.series.id.partition("/")[0] for demand in tasks.demands_of(request, tasks.catalog())]


def part(whole: Request, names: list[str], first: int, size: int) -> Request:
    """A request for some of the series, and else the same."""
    some = Request()
    some.CopyFrom(whole)
    if whole.HasField("inline"):
        del some.inline.series[:]
        some.inline.series.extend(whole.inline.series[first : first + size])
    else:
        some.stored.material_ids[:] = names[first : first + size]
    return some


def forecast_part(wire: bytes, limit_s: float, watch: Watch = UNWATCHED) -> bytes:
    """From a ForecastDemandRequest to its response, with the series that could not be forecast among its failures."""
    try:
        return tasks.forecast_demand(wire, limit_s, watch)
    except ForecastCancelled:
        raise
    except Exception as error:
        reason = reason_of(error)
    whole = Request.FromString(wire)
    names = series_of(whole)
    if len(names) == 1:
        return failed(whole, reason).SerializeToString()
    ends_s = time.monotonic() + limit_s
    return merged(
        Response.FromString(
            forecast_part(
                part(whole, names, at, 1).SerializeToString(),
                max(0.0, ends_s - time.monotonic()) / (len(names) - at),
                watch,
            )
        )
        for at in range(len(names))
    ).SerializeToString()


def reason_of(error: Exception) -> str:
    """Why a series has no forecast, in words for the caller.

    Raises:
        DatabaseUnavailable: That is no fault of the series.
    """
    if isinstance(error, DatabaseUnavailable) or is_transient(error):
        raise error
    if isinstance(error, ServiceError):
        return error.message
    get_log().error("forecast failed", exc_info=error)
    return "internal error; the worker's log has it"


def failed(request: Request, reason: str) -> Response:
    """The response to a part of which nothing could be forecast."""
    buyer = "" if request.HasField("inline") else f"/{request.stored.buyer}"
    return Response(
        failures=[forecast_pb2.SeriesFailure(series_id=f"{name}{buyer}", reason=reason) for name in series_of(request)]
    )


def merge_batch(wire: bytes, limit_s: float, watch: Watch = UNWATCHED) -> bytes:
    """From a ForecastDemandRequest and the responses of its parts, all in a row, to the response."""
    stream = io.BytesIO(wire)
    request = next(read(Request, stream))
    recorder = tasks.recorder_of(request)
    response = merged(read(Response, stream))
    compute_s = response.record.compute_s
    datasets = list(response.record.datasets)
    record = common.record_to_proto(recorder.record(tasks.FORECASTING_PACKAGES, (), request.seed))
    response.record.CopyFrom(record)
    response.record.datasets.extend(datasets)
    response.record.compute_s += compute_s
    return response.SerializeToString()


def merged(parts: Iterable[Response]) -> Response:
    """One response from several, in order: the datasets of all, and the seconds of all together."""
    whole, datasets, compute_s = Response(), dict[str, common_pb2.DatasetVersion](), 0.0
    for one in parts:
        for forecast in one.forecasts:
            renumber(forecast, len(whole.forecasts))
            whole.forecasts.append(forecast)
        whole.failures.extend(one.failures)
        datasets |= {dataset.SerializeToString(deterministic=True).hex(): dataset for dataset in one.record.datasets}
        compute_s += one.record.compute_s
        if one.HasField("record"):
            whole.record.CopyFrom(one.record)
    del whole.record.datasets[:]
    whole.record.datasets.extend(datasets.values())
    whole.record.compute_s = compute_s
    return whole


def renumber(forecast: forecast_pb2.SeriesForecast, position: int) -> None:
    """Have the origins of a forecast name its position in the answer."""
    for figure in (*forecast.history_origins, *forecast.driver_origins):
        figure.field_path = f"forecasts[{position}]{figure.field_path[figure.field_path.index(']') + 1 :]}"


def written(messages: Iterable[Message]) -> bytes:
    """Some messages in a row."""
    stream = io.BytesIO()
    for message in messages:
        proto.serialize_length_prefixed(message, stream)
    return stream.getvalue()


def read(kind: type[M], stream: io.BytesIO) -> Iterator[M]:
    """The messages in a row that are left of a stream."""
    while (message := proto.parse_length_prefixed(kind, stream)) is not None:
        yield message
