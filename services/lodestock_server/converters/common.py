"""common.proto: run records, origins, traced figures, own figures."""

from __future__ import annotations

from collections.abc import Iterable

from google.protobuf.timestamp_pb2 import Timestamp

from lodestock.v1 import common_pb2
from lodestock_server.catalog import DatasetOrigin
from lodestock_server.converters.enums import EnumMap
from lodestock_server.usecases.buyers import OwnFigure, OwnFigureKind
from lodestock_server.usecases.origins import CallerOrigin, DefaultOrigin, ForecastOrigin, Origin, TracedField
from lodestock_server.usecases.run_record import RunRecord

OWN_FIGURE_KINDS = EnumMap(OwnFigureKind, common_pb2.OwnFigureKind, "OWN_FIGURE_KIND_")


def own_figures_from_proto(messages: Iterable[common_pb2.OwnFigure]) -> tuple[OwnFigure, ...]:
    """Read the caller's own figures."""
    return tuple(
        OwnFigure(
            material=message.material,
            kind=OWN_FIGURE_KINDS.from_proto(message.kind),
            year=message.year,
            value=message.value,
            unit=message.unit,
            form=message.form,
            country=message.country,
            source=message.source,
        )
        for message in messages
    )


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


def traced_to_proto(figure: TracedField) -> common_pb2.Figure:
    """Write the values at a field of an answer with their origins."""
    return common_pb2.Figure(
        field_path=figure.field_path,
        values=figure.values,
        unit=figure.unit,
        derivation=figure.derivation,
        origins=[origin_to_proto(origin) for origin in figure.origins],
    )


def origin_to_proto(origin: Origin) -> common_pb2.Origin:
    """Write one thing that a figure rests on."""
    match origin:
        case DatasetOrigin():
            return common_pb2.Origin(dataset=dataset_origin_to_proto(origin))
        case DefaultOrigin(default_id, reason, source):
            default = common_pb2.DefaultOrigin(default_id=default_id, reason=reason, source=source)
            return common_pb2.Origin(default_value=default)
        case CallerOrigin(field_path, reason):
            return common_pb2.Origin(caller=common_pb2.CallerOrigin(field_path=field_path, reason=reason))
        case ForecastOrigin(model, statistic, seed):
            forecast = common_pb2.ForecastOrigin(model=model, statistic=statistic, seed=seed)
            return common_pb2.Origin(forecast=forecast)
