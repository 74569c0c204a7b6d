"""Opening the database and bringing its schema up to date.

Owns the engine's settings and the call to Alembic. What stands in the tables is the matter of the modules beside this.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, create_engine, event

MIGRATIONS = "lodestock_server.store:migrations"


def sqlite_url(data_dir: Path) -> str:
    """The URL of the database in a folder, which is made if it is not there.

    Raises:
        OSError: The folder cannot be made.
    """
    data_dir.mkdir(parents=True, exist_ok=True)
    return f"sqlite:///{data_dir / 'lodestock.db'}"


def open_database(url: str) -> Engine:
    """Open a database and bring its schema to this version of the server.

    Args:
        url: SQLAlchemy's URL, such as "sqlite:////var/lib/lodestock/lodestock.db".
    """
    engine = create_engine(url)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _set_pragmas)
    with engine.begin() as connection:
        config = Config()
        config.set_main_option("script_location", MIGRATIONS)
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    return engine


def _set_pragmas(connection: Any, _record: object) -> None:
    """Readers and one writer side by side, and foreign keys that hold."""
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA busy_timeout=10000")
    connection.execute("PRAGMA foreign_keys=ON")
