"""The catalog over a real socket: what is held, every figure with its row, and the way back from an answer to it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import grpc
import pytest

from lodestock import Client, InvalidRequest, NotFound
from lodestock.v1 import catalog_pb2, catalog_pb2_grpc, common_pb2
from lodestock_server.store.database import open_database, sqlite_url
from lodestock_server.store.datasets import DatasetStore
from tests.server_process import ServerProcess, running_server
from tests.small_packages import small_package

FIRST_START_S = 120.0
"""The first start takes in some hundred thousand rows, which may outlast the usual deadline on a busy machine."""


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


def test_every_figure_of_a_problem_stands_in_the_rows_that_it_names(client: Client) -> None:
    built = client.build_problem("USA", ["cobalt"], horizon_years=1)
    read = [figure for figure in built.message.figures if any(o.HasField("dataset") for o in figure.origins)]
    assert len(read) > 20
    for figure in read[:12]:
        for origin in (o.dataset for o in figure.origins if o.HasField("dataset")):
            assert rows_of(client, origin)
    price = next(f for f in read if f.field_path.endswith("unit_price_usd_per_tonne"))
    values = [point.value for o in price.origins if o.HasField("dataset") for point in rows_of(client, o.dataset)]
    assert price.values[0] in values
    # What rests on no row rests on an assumption with its reason, on the caller, or on nothing and says why.
    for figure in built.message.figures:
        assert figure.origins or figure.derivation
        assert all(o.default_value.reason for o in figure.origins if o.HasField("default_value"))


def rows_of(client: Client, origin: common_pb2.DatasetOrigin) -> list[catalog_pb2.DataPoint]:
    """The figures of the row that an origin names, in the version that it names."""
    version = f"datasets/{origin.dataset}/versions/{origin.version}"
    return list(client.observations(version, resource=origin.resource, row=origin.row))


def test_materials_have_names_codes_forms_and_buyers(client: Client) -> None:
    materials = {material.material_id: material for material in client.list_materials().message.materials}
    assert list(materials) == sorted(materials)
    lithium = materials["lithium"]
    carbonate = next(form for form in lithium.forms if form.form == "lithium carbonate")
    assert carbonate.content_factor == pytest.approx(2 * 6.94 / 73.89, rel=1e-3)
    assert carbonate.reason
    assert list(lithium.buyers) == []
    assert list(materials["cobalt"].buyers) == ["USA"]
    assert materials["cobalt"].hs_codes
    assert "wolfram" in [name.lower() for name in materials["tungsten"].names]


def test_versions_are_compared_by_what_they_say(tmp_path: Path) -> None:
    environment = {"LODESTOCK_DATA_DIR": str(tmp_path / "store")}
    first = small_package(tmp_path / "1", [("cobalt", "COD", 2024, 100), ("tin", "CHN", 2024, 70)])
    second = small_package(tmp_path / "2", [("tin", "CHN", 2024, 77), ("tin", "PER", 2025, 5)])
    store = DatasetStore(open_database(sqlite_url(tmp_path / "store")))
    assert store.load(first)
    assert store.load(second)
    with running_server(environment=environment) as server, Client(server.address) as client:
        found = client.compare_versions("output", first.version, second.version, timeout_s=FIRST_START_S).message
        (summary,) = found.summaries
        counts = (summary.unchanged, summary.revised, summary.added, summary.removed)
        assert counts == (0, 1, 1, 1)
        assert (summary.earlier_last_period, summary.later_last_period) == ("2024", "2025")
        revised, new, gone = found.changes
        assert (revised.earlier.value, revised.later.value) == (70, 77)
        assert revised.relative_change == pytest.approx(0.1)
        assert (revised.earlier.origin.row, revised.later.origin.row) == (2, 1)
        assert revised.later.origin.version == second.version
        assert (new.HasField("earlier"), new.later.keys["iso3"]) == (False, "PER")
        assert (gone.HasField("later"), gone.earlier.keys["iso3"]) == (False, "COD")
        only_cobalt = client.compare_versions("output", first.version, second.version, ["cobalt"]).message
        assert [change.earlier.keys["mineral"] for change in only_cobalt.changes] == ["cobalt"]
        with pytest.raises(NotFound, match="no version '1' of dataset 'output'"):
            client.compare_versions("output", "1", second.version)
        with grpc.insecure_channel(server.address) as channel:
            stub = catalog_pb2_grpc.CatalogServiceStub(channel)
            with pytest.raises(grpc.RpcError) as refused:
                stub.CompareDatasetVersions(
                    catalog_pb2.CompareDatasetVersionsRequest(
                        earlier=f"datasets/output/versions/{first.version}", later="datasets/prices/versions/1"
                    )
                )
            assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT


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


@pytest.mark.slow
def test_the_store_outlives_the_server(tmp_path: Path) -> None:
    environment = {"LODESTOCK_DATA_DIR": str(tmp_path / "store")}
    with running_server(environment=environment) as first, Client(first.address) as client:
        # Answered from the files while the database is filled; the catalog is listed when it is.
        assert client.build_problem("USA", ["cobalt"], horizon_years=1).message.figures
        before = [dataset.SerializeToString() for dataset in client.list_datasets(timeout_s=FIRST_START_S)]
        assert "datasets loaded" in first.log()
    with running_server(environment=environment) as second, Client(second.address) as client:
        # The time of loading is part of it: nothing was loaded again.
        assert [dataset.SerializeToString() for dataset in client.list_datasets()] == before
        assert "datasets loaded" not in second.log()


@pytest.mark.slow
def test_a_server_serves_from_postgresql_what_it_serves_from_sqlite(
    client: Client, postgresql: Callable[[], str]
) -> None:
    environment = {"LODESTOCK_DATABASE_URL": postgresql()}
    with running_server(environment=environment) as server, Client(server.address) as other:
        names = [(dataset.name, dataset.digest) for dataset in other.list_datasets(timeout_s=FIRST_START_S)]
        assert names == [(dataset.name, dataset.digest) for dataset in client.list_datasets()]
        series = [other.list_series("us-minerals", ["cobalt"]), client.list_series("us-minerals", ["cobalt"])]
        assert len({tuple(one.SerializeToString(deterministic=True) for one in held) for held in series}) == 1
        for dataset, countries, first in (
            ("world-supply", ["PER"], ""),
            ("drivers", ["DEU"], "2020"),
            ("prices", [], ""),
        ):
            there, here = (
                [
                    point.SerializeToString(deterministic=True)
                    for point in one.observations(dataset, countries=countries, first_period=first)
                ]
                for one in (other, client)
            )
            assert there
            assert there == here
        problems = [one.build_problem("USA", ["cobalt", "tin"], horizon_years=2).message for one in (other, client)]
        for problem in problems:
            problem.ClearField("record")
        assert problems[0] == problems[1]
