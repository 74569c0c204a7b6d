"""Rows as they are, and the description of each version.

The tables of the first layout kept numbers alone, from which rows cannot be told, so they are dropped with what they
hold. Nothing is lost: it is the bundled packages alone, and the server takes them in again when it starts.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

WORDS = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def dataset_id() -> sa.Column[int]:
    """The key of the version that something belongs to."""
    return sa.Column("dataset_id", sa.Integer, sa.ForeignKey("dataset.id", ondelete="CASCADE"), primary_key=True)


def upgrade() -> None:
    """Drop the old tables and make the new ones."""
    for name in ("observation", "series", "dataset"):
        op.drop_table(name)
    op.create_table(
        "dataset",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("name", WORDS, nullable=False),
        sa.Column("version", WORDS, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("descriptor", sa.JSON, nullable=False),
        sa.Column("row_digests", sa.JSON, nullable=False),
        sa.Column("loaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.UniqueConstraint("name", "version"),
    )
    op.create_table(
        "record",
        dataset_id(),
        sa.Column("resource", WORDS, primary_key=True),
        sa.Column("row", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("cells", sa.Text, nullable=False),
        sa.Column("material", WORDS),
        sa.Column("country", WORDS),
        sa.Column("period", WORDS, nullable=False),
        sqlite_with_rowid=False,
    )
    for column in ("material", "country"):
        known = sa.column(column).is_not(None)
        columns = ["dataset_id", "resource", column]
        op.create_index(f"record_by_{column}", "record", columns, sqlite_where=known, postgresql_where=known)
    op.create_table(
        "series",
        dataset_id(),
        sa.Column("resource", WORDS, primary_key=True),
        sa.Column("measure", WORDS, primary_key=True),
        sa.Column("subject", WORDS, primary_key=True),
        sa.Column("unit", sa.Text, nullable=False),
        sa.Column("material", WORDS),
        sa.Column("country", WORDS),
        sa.Column("first_period", sa.Text, nullable=False),
        sa.Column("last_period", sa.Text, nullable=False),
        sa.Column("observations", sa.Integer, nullable=False),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    """Go back to the first layout, empty."""
    for name in ("series", "record", "dataset"):
        op.drop_table(name)
    op.create_table(
        "dataset",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("version", sa.String(200), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("licences", sa.JSON, nullable=False),
        sa.Column("sources", sa.JSON, nullable=False),
        sa.Column("known_gaps", sa.JSON, nullable=False),
        sa.Column("resources", sa.JSON, nullable=False),
        sa.Column("loaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.UniqueConstraint("name", "version"),
    )
    op.create_table(
        "series",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("dataset_id", sa.Integer, sa.ForeignKey("dataset.id", ondelete="CASCADE"), nullable=False),
        sa.Column("resource", sa.String(200), nullable=False),
        sa.Column("measure", sa.String(200), nullable=False),
        sa.Column("unit", sa.String(50), nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("material", sa.String(100)),
        sa.Column("country", sa.String(3)),
        sa.UniqueConstraint("dataset_id", "resource", "measure", "subject"),
    )
    op.create_index("series_by_material", "series", ["dataset_id", "material"])
    op.create_table(
        "observation",
        sa.Column("series_id", sa.Integer, sa.ForeignKey("series.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("row", sa.Integer, primary_key=True),
        sa.Column("period", sa.String(50), nullable=False),
        sa.Column("value", sa.Float, nullable=False),
        sa.Column("source_id", sa.String(100), nullable=False),
        sa.Column("flag", sa.Text, nullable=False),
    )
