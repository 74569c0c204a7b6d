"""The client's calls about data: datasets, series, observations, materials, and what changed."""

from __future__ import annotations

from collections.abc import Sequence

from lodestock.channel import Channel
from lodestock.inputs import names
from lodestock.listings import Changes, Datasets, Materials, Observations, SeriesList
from lodestock.requests import SHORT_TIMEOUT_S, TIMEOUT_S, dataset_name, version_name
from lodestock.v1 import catalog_pb2

MOST_DATASETS = 1_000
MOST_SERIES = 10_000


class CatalogCalls(Channel):
    """The calls of `CatalogService`."""

    def list_datasets(self, *, timeout_s: float = SHORT_TIMEOUT_S) -> Datasets:
        """List the datasets that the server holds, with their sources, licences and known gaps."""
        answer = catalog_pb2.ListDatasetsResponse()
        request = catalog_pb2.ListDatasetsRequest(page_size=MOST_DATASETS)
        for page in self._pages(self._catalog.ListDatasets, request, timeout_s):
            answer.datasets.extend(page.datasets)
        return Datasets(answer)

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
        for page in self._pages(self._catalog.ListSeries, request, timeout_s):
            answer.series.extend(page.series)
        return SeriesList(answer)

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

    def list_materials(self, *, timeout_s: float = TIMEOUT_S) -> Materials:
        """List the materials with their names, forms, units and customs codes."""
        return Materials(self._call(self._catalog.ListMaterials, catalog_pb2.ListMaterialsRequest(), timeout_s))

    def compare_versions(
        self,
        dataset: str,
        earlier: str,
        later: str,
        materials: Sequence[str] = (),
        *,
        most_changes: int = 0,
        timeout_s: float = TIMEOUT_S,
    ) -> Changes:
        """Say what changed from one version of a dataset to another, the largest changes first.

        Args:
            dataset: Identifier, such as "us-minerals".
            earlier: The earlier version, such as "2025.2.1".
            later: The later one.
            materials: Materials. Empty: all.
            most_changes: Most changes to return. 0: 100.
            timeout_s: Seconds to wait.
        """
        request = catalog_pb2.CompareDatasetVersionsRequest(
            earlier=version_name(dataset, earlier),
            later=version_name(dataset, later),
            material_ids=names(materials),
            most_changes=most_changes,
        )
        return Changes(self._call(self._catalog.CompareDatasetVersions, request, timeout_s))
