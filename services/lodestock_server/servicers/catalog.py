"""CatalogService."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import closing
from typing import Any

from lodestock.v1 import catalog_pb2, catalog_pb2_grpc
from lodestock_server import tasks
from lodestock_server.converters import catalog
from lodestock_server.dispatch import ComputeCalls
from lodestock_server.servicers.answers import computed
from lodestock_server.store.datasets import DatasetStore

DATASETS_A_PAGE = 100
SERIES_A_PAGE = 1_000


class CatalogServicer(catalog_pb2_grpc.CatalogServiceServicer):
    """Lists and reads the data that the server holds. The database is read in threads beside the event loop."""

    def __init__(self, datasets: DatasetStore, compute: ComputeCalls, loaded: asyncio.Future[None]) -> None:
        """Take what the methods need.

        Args:
            datasets: The data.
            compute: Where to compare versions.
            loaded: Done once the database holds what ships with the server. Calls that arrive before wait for it.
        """
        self._datasets = datasets
        self._compute = compute
        self._loaded = loaded

    async def ListDatasets(  # noqa: N802
        self, request: catalog_pb2.ListDatasetsRequest, context: Any
    ) -> catalog_pb2.ListDatasetsResponse:
        """List the datasets."""
        await asyncio.shield(self._loaded)
        after, count = catalog.page_from_proto(request.page_size, request.page_token, DATASETS_A_PAGE)
        found = await asyncio.to_thread(self._datasets.list_datasets, after, count + 1)
        return catalog_pb2.ListDatasetsResponse(
            datasets=[catalog.dataset_to_proto(dataset) for dataset in found[:count]],
            next_page_token=catalog.page_token_to_proto(after + count) if len(found) > count else "",
        )

    async def GetDataset(  # noqa: N802
        self, request: catalog_pb2.GetDatasetRequest, context: Any
    ) -> catalog_pb2.GetDatasetResponse:
        """Describe one dataset."""
        await asyncio.shield(self._loaded)
        dataset = await asyncio.to_thread(self._datasets.dataset, *catalog.name_from_proto(request.name))
        return catalog_pb2.GetDatasetResponse(dataset=catalog.dataset_to_proto(dataset))

    async def ListSeries(  # noqa: N802
        self, request: catalog_pb2.ListSeriesRequest, context: Any
    ) -> catalog_pb2.ListSeriesResponse:
        """List the series of a dataset."""
        await asyncio.shield(self._loaded)
        after, count = catalog.page_from_proto(request.page_size, request.page_token, SERIES_A_PAGE)
        dataset = await asyncio.to_thread(self._datasets.dataset, *catalog.name_from_proto(request.parent))
        materials, countries = tuple(request.material_ids), tuple(request.countries)
        found = await asyncio.to_thread(
            self._datasets.list_series, dataset.dataset_id, materials, countries, after, count + 1
        )
        return catalog_pb2.ListSeriesResponse(
            series=[catalog.series_to_proto(series) for series in found[:count]],
            next_page_token=catalog.page_token_to_proto(after + count) if len(found) > count else "",
        )

    async def ListMaterials(  # noqa: N802
        self, request: catalog_pb2.ListMaterialsRequest, context: Any
    ) -> catalog_pb2.ListMaterialsResponse:
        """List the materials."""
        return await computed(self._compute, tasks.list_materials, request, catalog_pb2.ListMaterialsResponse, context)

    async def CompareDatasetVersions(  # noqa: N802
        self, request: catalog_pb2.CompareDatasetVersionsRequest, context: Any
    ) -> catalog_pb2.CompareDatasetVersionsResponse:
        """Say what changed."""
        await asyncio.shield(self._loaded)
        return await computed(
            self._compute, tasks.compare_dataset_versions, request, catalog_pb2.CompareDatasetVersionsResponse, context
        )

    async def QueryObservations(  # noqa: N802
        self, request: catalog_pb2.QueryObservationsRequest, context: Any
    ) -> AsyncIterator[catalog_pb2.QueryObservationsResponse]:
        """Stream observations."""
        await asyncio.shield(self._loaded)
        dataset = await asyncio.to_thread(self._datasets.dataset, *catalog.name_from_proto(request.parent))
        selection = catalog.selection_from_proto(request)
        with closing(self._datasets.observations(dataset.dataset_id, selection)) as batches:
            while (batch := await asyncio.to_thread(next, batches, None)) is not None:
                yield catalog_pb2.QueryObservationsResponse(
                    observations=[catalog.observation_to_proto(dataset.name, dataset.version, one) for one in batch]
                )
