"""What datapackage.json must say, as a model that names every fault by its path."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

Text = Annotated[str, StringConstraints(min_length=1)]
FileName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]+\.csv$")]
"""A file beside datapackage.json: a path could lead out of the folder."""


def _no_gaps(source_id: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.+-]*", source_id):
        raise ValueError(f"'{source_id}' must be letters, digits and any of _ . + - alone, such as 'USGS_MCS2027'")
    return source_id


class _Described(BaseModel):
    model_config = ConfigDict(extra="allow", frozen=True, strict=True)


class FieldOfTable(_Described):
    """A column."""

    name: Text
    type: Literal["string", "number", "integer", "year", "boolean", "date", "yearmonth"]
    unit: Text | None = None


class Schema(_Described):
    """The columns of a table, and which of them tell its rows apart."""

    fields: Annotated[list[FieldOfTable], Field(min_length=1)]
    primaryKey: Annotated[list[Text], Field(min_length=1)]  # noqa: N815 - Frictionless' name

    @model_validator(mode="after")
    def _columns_go_together(self) -> Self:
        names = [field.name for field in self.fields]
        if repeated := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"columns are named twice: {', '.join(repeated)}")
        if unknown := [name for name in self.primaryKey if name not in names]:
            raise ValueError(f"primaryKey names no columns of the table: {', '.join(unknown)}")
        if "source_id" not in names:
            raise ValueError("the column source_id is missing: every row names its source")
        return self


class Resource(_Described):
    """A table."""

    name: Annotated[str, StringConstraints(pattern=r"^[a-z0-9_-]+$")]
    title: Text
    path: FileName
    bytes: Annotated[int, Field(ge=0)]
    hash: Annotated[str, StringConstraints(pattern=r"^sha256:[0-9a-f]{64}$")]
    rows: Annotated[int, Field(ge=0)]
    table_schema: Annotated[Schema, Field(alias="schema")]


class Licence(_Described):
    """A licence."""

    title: Text


class Source(_Described):
    """A publisher's edition."""

    id: Annotated[str, AfterValidator(_no_gaps)]
    title: Text


class Descriptor(_Described):
    """The content of datapackage.json."""

    name: Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]+$")]
    title: Text
    version: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9.+-]+$")]
    licenses: Annotated[list[Licence], Field(min_length=1)]
    sources: Annotated[list[Source], Field(min_length=1)]
    knownGaps: list[Text]  # noqa: N815 - this project's name for it
    resources: Annotated[list[Resource], Field(min_length=1)]


def faults_of_descriptor(text: str) -> Sequence[str]:
    """What is missing or wrong in the text of a datapackage.json, each with its path. Empty if nothing is."""
    try:
        content: Mapping[str, Any] = json.loads(text)
        Descriptor.model_validate(content)
    except ValueError as error:
        if isinstance(error, ValidationError):
            return [f"{'.'.join(map(str, fault['loc'])) or 'content'}: {fault['msg']}" for fault in error.errors()]
        return [f"no JSON: {error}"]
    return []
