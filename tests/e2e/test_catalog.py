"""The catalog over a real socket: what is held, every figure with its row, and the way back from an answer to it."""

from __future__ import annotations

from pathlib import Path

import grpc
import pytest

from lodestock import Client, InvalidRequest, NotFound
from lodestock.v1 import catalog_pb2, catalog_pb2_grpc
from tests.server_process import ServerProcess, running_server


def test_datasets_name_their_sources_and_gaps(client: Client) -> None:
    datasets = {dataset.dataset: dataset for dataset in client.list_datasets()}
    assert {"us-minerals", "world-supply", "prices", "governance"} <= set(datasets)
    minerals = datasets["us-minerals"]
    assert minerals.name == f"datasets/us-minerals/versions/{minerals.version}"
    assert minerals.known_gaps
    assert all(source.title and source.licence for source in minerals.sources)


def test_pages_add_up_to_the_whole(server: ServerProcess, client: Client) -> None:
    whole = [series.SerializeToString(deterministic=True) for series in client.list_series("us-minerals", ["cobalt"])]
    with grpc.insecure_channel(server.address) as channel:
        stub = catalog_pb2_grpc.CatalogServiceStub(channel)
        request = catalog_pb2.ListSeriesRequest(parent="datasets/us-minerals", material_ids=["cobalt"], page_size=4)
        paged = []
        while True:
            page = stub.ListSeries(request)
            assert len(page.series) <= 4
            paged += [series.SerializeToString(deterministic=True) for series in page.series]
            if not page.next_page_token:
                break
            request.page_token = page.next_page_token
    assert paged == whole
    assert len(whole) > 8


def test_every_figure_of_a_problem_can_be_traced_to_the_rows_that_it_rests_on(client: Client) -> None:
    built = client.build_problem("USA", ["cobalt"], horizon_years=1)
    read = [figure for figure in built.message.figures if any(o.HasField("dataset") for o in figure.origins)]
    assert len(read) > 20
    for figure in read[:12]:
        rows = client.trace(figure)
        wanted = {(o.dataset.resource, o.dataset.row) for o in figure.origins if o.HasField("dataset")}
        assert {(point.origin.resource, point.origin.row) for point in rows} == wanted
    price = next(f for f in read if f.field_path.endswith("unit_price_usd_per_tonne"))
    assert price.values[0] in [point.value for point in client.trace(price) if point.measure == "usd_per_tonne"]
    # What rests on no row rests on an assumption with its reason, on the caller, or on nothing and says why.
    for figure in built.message.figures:
        assert figure.origins or figure.derivation
        assert all(o.default_value.reason for o in figure.origins if o.HasField("default_value"))


def test_observations_stream_in_the_order_of_their_rows(client: Client) -> None:
    found = list(client.observations("world-supply"))
    assert len(found) > 8_000
    places = [(point.origin.resource, point.origin.row) for point in found]
    assert places == sorted(places)


def test_what_is_not_there_is_not_found_and_nonsense_is_named(client: Client, server: ServerProcess) -> None:
    with pytest.raises(NotFound, match="no dataset 'gold'"):
        client.observations("gold")
    with pytest.raises(InvalidRequest) as caught:
        client.list_series("datasets/../etc")
    assert caught.value.violations[0].field_path == "parent"
    with grpc.insecure_channel(server.address) as channel:
        stub = catalog_pb2_grpc.CatalogServiceStub(channel)
        for token in ("nonsense", "LTE=", "Mg"):
            with pytest.raises(grpc.RpcError) as refused:
                stub.ListDatasets(catalog_pb2.ListDatasetsRequest(page_token=token))
            assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT


def test_the_store_outlives_the_server(tmp_path: Path) -> None:
    environment = {"LODESTOCK_DATA_DIR": str(tmp_path / "store")}
    with running_server(environment=environment) as first, Client(first.address) as client:
        before = [dataset.SerializeToString() for dataset in client.list_datasets()]
        assert "datasets loaded" in first.log()
    with running_server(environment=environment) as second, Client(second.address) as client:
        # The time of loading is part of it: nothing was loaded again.
        assert [dataset.SerializeToString() for dataset in client.list_datasets()] == before
        assert "datasets loaded" not in second.log()
