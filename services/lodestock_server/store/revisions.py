"""The schema's revisions: where a database stands, the way up to this version of the server, and the way down from it.

Owns the calls to Alembic. The tables of the jobs' engine, which lie in the same database, are left alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, func, select

from lodestock_server.store import schema
from lodestock_server.store.database import connect, faults_named, writing

MIGRATIONS = "lodestock_server.store:migrations"
EMPTY = "base"
"""What Alembic calls a database without a schema."""


class UnknownRevision(Exception):
    """The schema is of a newer version of the server, or a revision that is asked for is none; the text says which."""


@dataclass(frozen=True, slots=True)
class SchemaState:
    """The state of a database.

    Attributes:
        product: name and version of the database.
        held: revision of its schema; None where it has none yet.
        known: revisions that this version of the server knows, the oldest first.
        datasets: versions of datasets in it.
    """

    product: str
    held: str | None
    known: tuple[str, ...]
    datasets: int


def known_revisions() -> tuple[str, ...]:
    """The revisions that this version of the server knows, the oldest first."""
    return tuple(script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions())[::-1]


def held_revision(connection: Connection) -> str | None:
    """The revision of a database's schema; None where it has none yet."""
    return MigrationContext.configure(connection).get_current_revision()


def schema_of(url: str) -> SchemaState:
    """Look at a database and change nothing.

    Args:
        url: SQLAlchemy's URL.

    Raises:
        OSError: It cannot be reached, or is no database.
    """
    engine = connect(url)
    try:
        with faults_named(engine, "cannot be reached"), engine.connect() as connection:
            held = held_revision(connection)
            version = ".".join(map(str, connection.dialect.server_version_info or ()))
            counted = select(func.count()).select_from(schema.dataset)
            datasets = connection.execute(counted).scalar_one() if held else 0
            return SchemaState(f"{connection.dialect.name} {version}".strip(), held, known_revisions(), datasets)
    finally:
        engine.dispose()


def upgrade(engine: Engine) -> None:
    """Bring a database's schema to this version of the server, whole or not at all.

    Raises:
        UnknownRevision: It is of a newer one.
        sqlalchemy.exc.DBAPIError: The database fails.
    """
    with writing(engine) as connection:
        _refuse_unknown(held_revision(connection))
        command.upgrade(_config(connection), "head")


def downgrade(engine: Engine, revision: str) -> None:
    """Take a database's schema back to an earlier revision, whole or not at all, with what later ones hold.

    Args:
        engine: the database.
        revision: one that this version knows, or "base" for none at all.

    Raises:
        UnknownRevision: The schema, or the revision, is none that this version knows, or the revision is a later one.
        sqlalchemy.exc.DBAPIError: The database fails.
    """
    with writing(engine) as connection:
        held, known = held_revision(connection), known_revisions()
        _refuse_unknown(held)
        earlier = (EMPTY, *known[: known.index(held) + 1 if held else 0])
        if revision not in earlier:
            raise UnknownRevision(f"'{revision}' is none of the revisions to go back to: {', '.join(earlier)}")
        command.downgrade(_config(connection), revision)


def undone(held: str | None, revision: str) -> list[tuple[str, str]]:
    """The revisions that going back undoes, the newest first, each with what it is about."""
    scripts = {script.revision: script.doc for script in ScriptDirectory.from_config(_config()).walk_revisions()}
    lowest = "" if revision == EMPTY else revision
    return [(name, about) for name, about in scripts.items() if lowest < name <= (held or "")]


def differences(connection: Connection) -> list[Any]:
    """In what a database of the newest revision differs from the tables that the code uses, in Alembic's terms."""
    context = MigrationContext.configure(connection, opts={"compare_type": True, "include_name": is_ours})
    return list(compare_metadata(context, schema.metadata))


def is_ours(name: str | None, kind: str, _parents: object) -> bool:
    """Whether Alembic is to look at something: of the tables those of `schema` alone."""
    return kind != "table" or name in schema.metadata.tables


def _refuse_unknown(held: str | None) -> None:
    known = known_revisions()
    if held not in (None, *known):
        raise UnknownRevision(f"its schema {held} is of a newer version of the server; this one knows {known[-1]}")


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", MIGRATIONS)
    config.attributes["connection"] = connection
    return config
