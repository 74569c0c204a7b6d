"""common.proto: run records, origins, figures."""

from __future__ import annotations

from google.protobuf.timestamp_pb2 import Timestamp

from lodestock.v1 import common_pb2
from lodestock_server.catalog import DatasetOrigin, Figure
from lodestock_server.usecases.run_record import RunRecord


def record_to_proto(record: RunRecord) -> common_pb2.RunRecord:
    """Write how a result was made."""
    created_at = Timestamp()
    created_at.FromDatetime(record.created_at)
    return common_pb2.RunRecord(
        input_digest=record.input_digest,
        seed=record.seed,
        versions=record.versions,
        datasets=[
            common_pb2.DatasetVersion(dataset=used.dataset, version=used.version, digest=used.digest)
            for used in record.datasets
        ],
        created_at=created_at,
        compute_s=record.compute_s,
    )


def figure_to_proto(figure: Figure, field_path: str) -> common_pb2.Figure:
    """Write a figure of the catalog that stands at `field_path` in the answer."""
    return common_pb2.Figure(
        field_path=field_path,
        values=[figure.value],
        unit=figure.unit,
        origins=[common_pb2.Origin(dataset=dataset_origin_to_proto(figure.origin))],
    )


def dataset_origin_to_proto(origin: DatasetOrigin) -> common_pb2.DatasetOrigin:
    """Write the cell that a figure was read from."""
    return common_pb2.DatasetOrigin(
        dataset=origin.dataset,
        version=origin.version,
        resource=origin.resource,
        row=origin.row,
        source_id=origin.source_id,
        flag=origin.flag,
    )
