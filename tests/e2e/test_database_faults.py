"""A server whose database goes away says UNAVAILABLE and when to come again, and is as before once it is back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast

import grpc
import pytest
from google.longrunning import operations_pb2, operations_pb2_grpc
from google.rpc import error_details_pb2
from google.rpc.status_pb2 import Status

from lodestock.v1 import (
    catalog_pb2,
    catalog_pb2_grpc,
    risk_pb2,
    risk_pb2_grpc,
    sourcing_pb2,
    sourcing_pb2_grpc,
)
from tests.mortal_postgresql import MortalPostgresql, mortal_postgresql
from tests.server_process import running_server
from tests.toy_problem import toy_problem

pytestmark = pytest.mark.slow

TIMEOUT_S = 60.0
DETAILS_KEY = "grpc-status-details-bin"

Call = Callable[[grpc.Channel], Any]


def first(stream: Any) -> Any:
    return next(iter(stream))


def by_stub(stub: Any, method: str, request: Any) -> Call:
    return lambda channel: getattr(stub(channel), method)(request, timeout=TIMEOUT_S)


DATASET = "datasets/minerals"
CATALOG, SOURCING = catalog_pb2_grpc.CatalogServiceStub, sourcing_pb2_grpc.SourcingServiceStub
CALLS: dict[str, Call] = {
    "ListDatasets": by_stub(CATALOG, "ListDatasets", catalog_pb2.ListDatasetsRequest()),
    "GetDataset": by_stub(CATALOG, "GetDataset", catalog_pb2.GetDatasetRequest(name=DATASET)),
    "ListSeries": by_stub(CATALOG, "ListSeries", catalog_pb2.ListSeriesRequest(parent="datasets/prices")),
    "ListMaterials": by_stub(CATALOG, "ListMaterials", catalog_pb2.ListMaterialsRequest()),
    "QueryObservations": lambda channel: first(
        CATALOG(channel).QueryObservations(
            catalog_pb2.QueryObservationsRequest(parent="datasets/prices"), timeout=TIMEOUT_S
        )
    ),
    "AssessSupplyRisk": by_stub(
        risk_pb2_grpc.RiskServiceStub,
        "AssessSupplyRisk",
        risk_pb2.AssessSupplyRiskRequest(buyer="USA", stored=risk_pb2.StoredSupply(material_ids=["cobalt"])),
    ),
    "ListPlans": by_stub(SOURCING, "ListPlans", sourcing_pb2.ListPlansRequest()),
    "RunOptimization": by_stub(SOURCING, "RunOptimization", sourcing_pb2.RunOptimizationRequest(problem=toy_problem())),
    "ListOperations": by_stub(
        operations_pb2_grpc.OperationsStub,
        "ListOperations",
        operations_pb2.ListOperationsRequest(name="operations"),
    ),
}


@pytest.fixture
def postgres() -> Iterator[MortalPostgresql]:
    with mortal_postgresql() as server:
        yield server


def outcome(call: Call, channel: grpc.Channel) -> tuple[grpc.StatusCode, float | None]:
    """The status of a call, and the seconds after which to come again."""
    try:
        call(channel)
    except grpc.RpcError as error:
        ended = cast(grpc.Call, error)
        metadata = {key: value for key, value in ended.trailing_metadata() or () if isinstance(value, bytes)}
        for detail in Status.FromString(metadata.get(DETAILS_KEY, b"")).details:
            info = error_details_pb2.RetryInfo()
            if detail.Unpack(info):
                return ended.code(), info.retry_delay.ToTimedelta().total_seconds()
        return ended.code(), None
    return grpc.StatusCode.OK, None


def test_every_call_that_needs_the_database_says_when_to_come_again_and_works_once_it_is_back(
    postgres: MortalPostgresql,
) -> None:
    with (
        running_server(environment={"LODESTOCK_DATABASE_URL": postgres.new_database()}) as server,
        grpc.insecure_channel(server.address) as channel,
        ThreadPoolExecutor(len(CALLS)) as callers,
    ):

        def outcomes() -> dict[str, tuple[grpc.StatusCode, float | None]]:
            asked = {name: callers.submit(outcome, call, channel) for name, call in CALLS.items()}
            return {name: answer.result() for name, answer in asked.items()}

        well = dict.fromkeys(CALLS, (grpc.StatusCode.OK, None))
        assert outcomes() == well
        postgres.kill()
        for _ in range(2):
            assert outcomes() == dict.fromkeys(CALLS, (grpc.StatusCode.UNAVAILABLE, 2.0))
        postgres.start()
        assert outcomes() == well
        assert '"code": "INTERNAL"' not in server.log()
