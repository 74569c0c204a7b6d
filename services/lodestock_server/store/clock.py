"""Time as the database tells it: one clock, however many machines serve."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, DateTime, Dialect, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator


class Moment(TypeDecorator[datetime]):
    """A point in time: aware and in UTC in Python, whatever the database keeps."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """To the database."""
        return value if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """From the database; SQLite gives back what it was given, without the zone."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class database_now(FunctionElement[datetime]):  # noqa: N801
    """SQL for this moment: not the start of the transaction, which may have waited for a lock."""

    type = Moment()
    inherit_cache = True


@compiles(database_now)
def _now(_element: database_now, _compiler: Any, **_options: Any) -> str:
    return "clock_timestamp()"


@compiles(database_now, "sqlite")
def _sqlite_now(_element: database_now, _compiler: Any, **_options: Any) -> str:
    # In the form in which SQLAlchemy writes times, so that they compare as text.
    return "strftime('%Y-%m-%d %H:%M:%f000', 'now')"


def clock(connection: Connection) -> datetime:
    """This moment."""
    return connection.execute(select(database_now())).scalar_one()
