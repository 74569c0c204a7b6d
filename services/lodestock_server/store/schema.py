"""The tables, as this version of the server uses them; `migrations` brings a database to this state."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
)

from lodestock_server.store.clock import Moment

metadata = MetaData()

Words = Text().with_variant(Text(collation="C"), "postgresql")
"""Text that is ordered by its characters' numbers, as SQLite does, whatever the language of the database."""

dataset = Table(
    "dataset",
    metadata,
    Column("id", Integer, primary_key=True),  # counts up: a version taken in later has a larger one
    Column("name", Words, nullable=False),
    Column("version", Words, nullable=False),
    Column("digest", Text, nullable=False),
    Column("descriptor", JSON, nullable=False),  # datapackage.json, whole
    Column("row_digests", JSON, nullable=False),  # by table: SHA-256 of its records, to tell damage
    Column("loaded_at", DateTime(timezone=True), nullable=False),
    UniqueConstraint("name", "version"),
)

in_use = Table(
    "in_use",
    metadata,
    Column("name", Words, primary_key=True),
    Column("dataset_id", Integer, ForeignKey("dataset.id", ondelete="CASCADE"), nullable=False),
)

record = Table(
    "record",
    metadata,
    Column("dataset_id", Integer, ForeignKey("dataset.id", ondelete="CASCADE"), primary_key=True),
    Column("resource", Words, primary_key=True),
    Column("row", Integer, primary_key=True, autoincrement=False),
    Column("cells", Text, nullable=False),  # JSON list of the row's cells as text, in the order of the table's columns
    Column("material", Words),
    Column("country", Words),
    Column("period", Words, nullable=False),  # "" where the table has none
    sqlite_with_rowid=False,
)
Index(
    "record_by_material",
    record.c.dataset_id,
    record.c.resource,
    record.c.material,
    sqlite_where=record.c.material.is_not(None),
    postgresql_where=record.c.material.is_not(None),
)
Index(
    "record_by_country",
    record.c.dataset_id,
    record.c.resource,
    record.c.country,
    sqlite_where=record.c.country.is_not(None),
    postgresql_where=record.c.country.is_not(None),
)

series = Table(
    "series",
    metadata,
    Column("dataset_id", Integer, ForeignKey("dataset.id", ondelete="CASCADE"), primary_key=True),
    Column("resource", Words, primary_key=True),
    Column("measure", Words, primary_key=True),
    Column("subject", Words, primary_key=True),  # canonical JSON of the keys, so that it can be unique and ordered
    Column("unit", Text, nullable=False),
    Column("material", Words),
    Column("country", Words),
    Column("first_period", Text, nullable=False),
    Column("last_period", Text, nullable=False),
    Column("observations", Integer, nullable=False),
    sqlite_with_rowid=False,
)

payload = Table(
    "payload",
    metadata,
    Column("digest", Text, primary_key=True),  # SHA-256 of the raw bytes, hexadecimal
    Column("content", LargeBinary, nullable=False),  # compressed by zlib
    Column("raw_bytes", BigInteger, nullable=False),
    Column("stored_bytes", BigInteger, nullable=False),
    Column("touched_at", Moment, nullable=False),
    Index("payload_by_touch", "touched_at"),
)

result = Table(
    "result",
    metadata,
    Column("name", Words, primary_key=True),  # such as "plans/…"
    Column("kind", Words, nullable=False),  # what its name begins with
    Column("caller", Words, nullable=False),
    Column("display_name", Text, nullable=False),
    Column("operation", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment),  # NULL: never
    Column("request_digest", Text, ForeignKey("payload.digest"), nullable=False),
    Column("answer_digest", Text, ForeignKey("payload.digest"), nullable=False),
    Column("summary", JSON, nullable=False),
    Index("result_by_caller", "kind", "caller", "created_at", "name"),
    Index("result_by_expiry", "expires_at"),
    # So that the sweep of payloads finds out quickly what is still named.
    Index("result_by_request", "request_digest"),
    Index("result_by_answer", "answer_digest"),
)

worker = Table(
    "worker",
    metadata,
    Column("name", Words, primary_key=True),
    Column("host", Text, nullable=False),
    Column("pid", Integer, nullable=False),
    Column("version", Text, nullable=False),
    Column("slots", Integer, nullable=False),  # jobs that it runs at a time
    Column("beat", BigInteger, nullable=False),  # counts up as long as the worker lives
    Column("started_at", Moment, nullable=False),
    Column("seen_at", Moment, nullable=False),
)
