"""The tables, as this version of the server uses them; `migrations` brings a database to this state."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Column,
    DateTime,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

metadata = MetaData()

dataset = Table(
    "dataset",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String(200), nullable=False),
    Column("version", String(200), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("title", Text, nullable=False),
    Column("licences", JSON, nullable=False),
    Column("sources", JSON, nullable=False),
    Column("known_gaps", JSON, nullable=False),
    Column("resources", JSON, nullable=False),
    Column("loaded_at", DateTime(timezone=True), nullable=False),
    UniqueConstraint("name", "version"),
)

series = Table(
    "series",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("dataset_id", Integer, ForeignKey("dataset.id", ondelete="CASCADE"), nullable=False),
    Column("resource", String(200), nullable=False),
    Column("measure", String(200), nullable=False),
    Column("unit", String(50), nullable=False),
    Column("subject", Text, nullable=False),  # canonical JSON, so that it can be unique and ordered
    Column("material", String(100)),
    Column("country", String(3)),
    UniqueConstraint("dataset_id", "resource", "measure", "subject"),
    Index("series_by_material", "dataset_id", "material"),
)

observation = Table(
    "observation",
    metadata,
    Column("series_id", Integer, ForeignKey("series.id", ondelete="CASCADE"), primary_key=True),
    Column("row", Integer, primary_key=True),
    Column("period", String(50), nullable=False),
    Column("value", Float, nullable=False),
    Column("source_id", String(100), nullable=False),
    Column("flag", Text, nullable=False),
)
