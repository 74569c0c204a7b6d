"""What jobs leave behind: payloads by their content, and results that name them."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

WORDS = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make both tables."""
    op.create_table(
        "payload",
        sa.Column("digest", sa.Text, primary_key=True),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sa.Column("raw_bytes", sa.BigInteger, nullable=False),
        sa.Column("stored_bytes", sa.BigInteger, nullable=False),
        sa.Column("touched_at", MOMENT, nullable=False),
    )
    op.create_index("payload_by_touch", "payload", ["touched_at"])
    if op.get_context().dialect.name == "postgresql":
        # The content is compressed already: PostgreSQL would try in vain.
        op.execute("ALTER TABLE payload ALTER COLUMN content SET STORAGE EXTERNAL")
    op.create_table(
        "result",
        sa.Column("name", WORDS, primary_key=True),
        sa.Column("kind", WORDS, nullable=False),
        sa.Column("caller", WORDS, nullable=False),
        sa.Column("display_name", sa.Text, nullable=False),
        sa.Column("operation", sa.Text, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT),
        sa.Column("request_digest", sa.Text, sa.ForeignKey("payload.digest"), nullable=False),
        sa.Column("answer_digest", sa.Text, sa.ForeignKey("payload.digest"), nullable=False),
        sa.Column("summary", sa.JSON, nullable=False),
    )
    op.create_index("result_by_caller", "result", ["kind", "caller", "created_at", "name"])
    op.create_index("result_by_expiry", "result", ["expires_at"])
    op.create_index("result_by_request", "result", ["request_digest"])
    op.create_index("result_by_answer", "result", ["answer_digest"])


def downgrade() -> None:
    """Drop them, with every stored result."""
    op.drop_table("result")
    op.drop_table("payload")
