"""Results of calls that read the data: thin wrappers, each with the whole message as `message` and a data frame."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from lodestock.answers import Listing
from lodestock.tables import Row, row_of, rows_of
from lodestock.v1 import catalog_pb2


@dataclass(frozen=True, slots=True)
class Datasets(Listing[catalog_pb2.ListDatasetsResponse]):
    """The datasets that the server holds, one entry a version."""

    def __iter__(self) -> Iterator[catalog_pb2.Dataset]:
        return iter(self.message.datasets)

    def __len__(self) -> int:
        return len(self.message.datasets)

    def rows(self) -> list[Row]:
        """One row a dataset."""
        return rows_of(self.message.datasets)


@dataclass(frozen=True, slots=True)
class SeriesList(Listing[catalog_pb2.ListSeriesResponse]):
    """The series of a dataset."""

    def __iter__(self) -> Iterator[catalog_pb2.Series]:
        return iter(self.message.series)

    def __len__(self) -> int:
        return len(self.message.series)

    def rows(self) -> list[Row]:
        """One row a series, with what sets it apart as columns."""
        return [{**series.keys, **row_of(series)} for series in self]


@dataclass(frozen=True, slots=True)
class Observations(Listing[catalog_pb2.QueryObservationsResponse]):
    """Observed figures, each with the row of the dataset that it stands in."""

    def __iter__(self) -> Iterator[catalog_pb2.DataPoint]:
        return iter(self.message.observations)

    def __len__(self) -> int:
        return len(self.message.observations)

    def rows(self) -> list[Row]:
        """One row a figure, with what it is a figure of and where it stands as columns."""
        return [{**point.keys, **row_of(point), **row_of(point.origin)} for point in self]


@dataclass(frozen=True, slots=True)
class Materials(Listing[catalog_pb2.ListMaterialsResponse]):
    """The materials that the data know, in the order of their identifiers."""

    def __iter__(self) -> Iterator[catalog_pb2.CatalogMaterial]:
        return iter(self.message.materials)

    def __len__(self) -> int:
        return len(self.message.materials)

    def rows(self) -> list[Row]:
        """One row a material, lists as texts."""
        return [
            {
                **row_of(material),
                "hs_codes": ", ".join(material.hs_codes),
                "names": ", ".join(material.names),
                "forms": ", ".join(form.form for form in material.forms),
                "buyers": ", ".join(material.buyers),
            }
            for material in self
        ]


@dataclass(frozen=True, slots=True)
class Changes(Listing[catalog_pb2.CompareDatasetVersionsResponse]):
    """What changed from one version of a dataset to another: revised figures first, the largest change in front."""

    def __iter__(self) -> Iterator[catalog_pb2.FigureChange]:
        return iter(self.message.changes)

    def __len__(self) -> int:
        return len(self.message.changes)

    def rows(self) -> list[Row]:
        """One row a figure that changed; an earlier or later value of None: it is new, or gone."""
        return [change_row(change) for change in self]

    def summary_rows(self) -> list[Row]:
        """One row a table and measure: how many figures changed."""
        return rows_of(self.message.summaries)


def change_row(change: catalog_pb2.FigureChange) -> Row:
    """A figure that changed, with its value in both versions."""
    point = change.later if change.HasField("later") else change.earlier
    return {
        **point.keys,
        "resource": point.origin.resource,
        "measure": point.measure,
        "period": point.period,
        "earlier": change.earlier.value if change.HasField("earlier") else None,
        "later": change.later.value if change.HasField("later") else None,
        "unit": point.unit,
        "relative_change": change.relative_change if change.HasField("relative_change") else None,
    }
