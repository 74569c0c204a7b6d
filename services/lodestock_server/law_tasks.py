"""What runs in the compute processes for demand laws; see `lodestock_server.tasks`."""

from __future__ import annotations

from lodestock.v1 import forecast_pb2
from lodestock_server import tasks
from lodestock_server.compute import UNWATCHED, Watch
from lodestock_server.converters import projection
from lodestock_server.usecases.projection.project import project_demand as project

PROJECTING_PACKAGES = ("numpy", "scipy")


def project_demand(wire: bytes, limit_s: float, watch: Watch = UNWATCHED) -> bytes:
    """ForecastService.ProjectDemand."""
    request = forecast_pb2.ProjectDemandRequest.FromString(wire)
    recorder, data = tasks.recorder_of(request), tasks.catalog()
    answer = projection.projection_to_proto(project(data, projection.request_from_proto(request)))
    record = recorder.record(PROJECTING_PACKAGES, tasks.datasets_behind(data, answer.figures))
    return tasks.recorded(answer, record)
