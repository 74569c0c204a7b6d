"""Run the server: python -m lodestock_server."""

from lodestock_server.cli import app

app()
