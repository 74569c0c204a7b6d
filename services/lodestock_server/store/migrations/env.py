"""Runs the migrations over the connection that `store.revisions` hands in."""

from alembic import context

from lodestock_server.store.schema import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
