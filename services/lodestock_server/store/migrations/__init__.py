"""Alembic's scripts: one file a step of the schema, never changed once released."""
