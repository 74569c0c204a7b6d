"""catalog.proto: datasets, series, observations, materials, changes to messages; names, pages, selections from them."""

from __future__ import annotations

import base64
import binascii

from google.protobuf.timestamp_pb2 import Timestamp

from lodestock.v1 import catalog_pb2, common_pb2
from lodestock_server.catalog import Catalog, Mineral
from lodestock_server.catalog.comparison import Change, ComparedFigure, Comparison, Summary
from lodestock_server.converters.common import dataset_origin_to_proto
from lodestock_server.errors import FieldViolation, InvalidRequest
from lodestock_server.store.datasets import Selection, StoredDataset, StoredObservation, StoredSeries

LAST_POSITION = 2**63 - 1
"""What a database counts to; a token can be written for more."""


def name_from_proto(name: str) -> tuple[str, str]:
    """The identifier and the version ("" for the newest) in a name such as "datasets/prices/versions/2026.6.2"."""
    parts = name.split("/")
    return parts[1], parts[3] if len(parts) > 3 else ""


def versions_from_proto(request: catalog_pb2.CompareDatasetVersionsRequest) -> tuple[str, str, str]:
    """The identifier of a dataset and the versions of it that are to be compared, the earlier one first.

    Raises:
        InvalidRequest: The versions are of two datasets.
    """
    (name, earlier), (other, later) = name_from_proto(request.earlier), name_from_proto(request.later)
    if name != other:
        text = f"is a version of dataset '{other}', must be one of '{name}', as the earlier one is"
        raise InvalidRequest([FieldViolation("later", text)])
    return name, earlier, later


def page_from_proto(page_size: int, page_token: str, default_size: int) -> tuple[int, int]:
    """The position to begin at, and how many to return.

    Raises:
        InvalidRequest: The token is none that this server gave out.
    """
    try:
        after = int(base64.urlsafe_b64decode(page_token)) if page_token else 0
    except (ValueError, binascii.Error):
        after = -1
    # What was not written by us in the one way we write it is refused, so that tokens stay opaque.
    if not 0 <= after <= LAST_POSITION or (page_token and page_token_to_proto(after) != page_token):
        violation = FieldViolation(
            "page_token", "is none that this server gave out, must be a next_page_token or empty"
        )
        raise InvalidRequest([violation])
    return after, page_size or default_size


def page_token_to_proto(after: int) -> str:
    """The token of the page that begins at a position."""
    return base64.urlsafe_b64encode(str(after).encode()).decode()


def selection_from_proto(message: catalog_pb2.QueryObservationsRequest) -> Selection:
    """Read which observations are wanted."""
    return Selection(
        resource=message.resource,
        row=message.row,
        materials=tuple(message.material_ids),
        countries=tuple(message.countries),
        first_period=message.first_period,
        last_period=message.last_period,
    )


def dataset_to_proto(dataset: StoredDataset) -> catalog_pb2.Dataset:
    """Write a dataset."""
    loaded_at = Timestamp()
    loaded_at.FromDatetime(dataset.loaded_at)
    return catalog_pb2.Dataset(
        name=f"datasets/{dataset.name}/versions/{dataset.version}",
        dataset=dataset.name,
        version=dataset.version,
        digest=dataset.digest,
        title=dataset.title,
        licences=dataset.licences,
        sources=[
            catalog_pb2.DataSource(
                source_id=source["id"],
                title=source["title"],
                licence=source.get("licence", ""),
                repository=source.get("repository", ""),
                commit=source.get("commit", ""),
            )
            for source in dataset.sources
        ],
        known_gaps=dataset.known_gaps,
        resources=[
            catalog_pb2.Resource(name=resource["name"], title=resource["title"], rows=resource["rows"])
            for resource in dataset.resources
        ],
        loaded_at=loaded_at,
    )


def series_to_proto(series: StoredSeries) -> catalog_pb2.Series:
    """Write a series."""
    return catalog_pb2.Series(
        resource=series.resource,
        measure=series.measure,
        unit=series.unit,
        keys=series.keys,
        first_period=series.first_period,
        last_period=series.last_period,
        observations=series.observations,
    )


def observation_to_proto(dataset: str, version: str, observation: StoredObservation) -> catalog_pb2.DataPoint:
    """Write an observation of a version of a dataset, with its origin."""
    return catalog_pb2.DataPoint(
        measure=observation.measure,
        keys=observation.keys,
        period=observation.period,
        value=observation.value,
        unit=observation.unit,
        origin=common_pb2.DatasetOrigin(
            dataset=dataset,
            version=version,
            resource=observation.resource,
            row=observation.row,
            source_id=observation.source_id,
            flag=observation.flag,
        ),
    )


def material_to_proto(data: Catalog, mineral: Mineral) -> catalog_pb2.CatalogMaterial:
    """Write a material with its names, codes and forms."""
    return catalog_pb2.CatalogMaterial(
        material_id=mineral.id,
        name=mineral.name,
        symbol=mineral.symbol,
        form=mineral.form,
        content=mineral.content,
        hs_codes=data.hs_codes(mineral.id),
        names=data.names(mineral.id),
        forms=[
            catalog_pb2.MaterialForm(
                form=form.form, content_factor=form.content_factor.value, reason=form.reason, hs_code=form.hs_code
            )
            for form in data.forms(mineral.id)
        ],
        buyers=[buyer for buyer in data.buyers() if data.consumption(buyer, mineral.id)],
    )


def comparison_to_proto(comparison: Comparison) -> catalog_pb2.CompareDatasetVersionsResponse:
    """Write what changed."""
    return catalog_pb2.CompareDatasetVersionsResponse(
        summaries=[_summary_to_proto(summary) for summary in comparison.summaries],
        changes=[_change_to_proto(change) for change in comparison.changes],
    )


def _summary_to_proto(summary: Summary) -> catalog_pb2.ChangeSummary:
    return catalog_pb2.ChangeSummary(
        resource=summary.resource,
        measure=summary.measure,
        unchanged=summary.unchanged,
        revised=summary.revised,
        added=summary.added,
        removed=summary.removed,
        earlier_last_period=summary.earlier_last_period,
        later_last_period=summary.later_last_period,
    )


def _change_to_proto(change: Change) -> catalog_pb2.FigureChange:
    message = catalog_pb2.FigureChange()
    if change.earlier is not None:
        message.earlier.CopyFrom(_figure_to_proto(change.earlier))
    if change.later is not None:
        message.later.CopyFrom(_figure_to_proto(change.later))
    if change.relative is not None:
        message.relative_change = change.relative
    return message


def _figure_to_proto(figure: ComparedFigure) -> catalog_pb2.DataPoint:
    return catalog_pb2.DataPoint(
        measure=figure.measure,
        keys=figure.keys,
        period=figure.period,
        value=figure.value,
        unit=figure.unit,
        origin=dataset_origin_to_proto(figure.record.origin(figure.measure)),
    )
