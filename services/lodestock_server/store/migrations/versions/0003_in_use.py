"""Which version of each dataset is in use; until now it was the one that was taken in last."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

WORDS = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Make the table, and leave in use what is."""
    op.create_table(
        "in_use",
        sa.Column("name", WORDS, primary_key=True),
        sa.Column("dataset_id", sa.Integer, sa.ForeignKey("dataset.id", ondelete="CASCADE"), nullable=False),
    )
    op.execute("INSERT INTO in_use (name, dataset_id) SELECT name, max(id) FROM dataset GROUP BY name")


def downgrade() -> None:
    """Drop it: of each dataset the version that was taken in last is in use again."""
    op.drop_table("in_use")
