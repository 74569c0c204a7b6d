"""Has DBOS log as we do, and say once in a while what it would say over and over."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from lodestock_server.log import get_log

AGAIN_AFTER_S = 60.0
MOST_PLACES = 1_000
OF_DATABASE = ("atabase", "psycopg", "sqlite")


class StructuredHandler(logging.Handler):
    """Sends DBOS's log lines through ours, a level lower: it warns of jobs that were cancelled, and calls those errors
    that failed, whose reasons are logged where they happen."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Take a clock.

        Args:
            clock: seconds.
        """
        super().__init__()
        self._clock = clock
        self._counting = threading.Lock()
        self._said_s: dict[tuple[str, int, str], float] = {}
        self._unsaid: dict[tuple[str, int, str], int] = {}

    def emit(self, record: logging.LogRecord) -> None:
        """Log a line, unless one from the same place has been logged within a minute: its count is told later."""
        message = record.getMessage()
        # Lines on a database that is away have another delay in them each time.
        of_database = any(word in message for word in OF_DATABASE)
        place = (record.pathname, record.lineno, "" if of_database else message)
        with self._counting:
            unsaid = self._unsaid.pop(place, 0)
            if self._clock() - self._said_s.get(place, -AGAIN_AFTER_S) < AGAIN_AFTER_S:
                self._unsaid[place] = unsaid + 1
                return
            if len(self._said_s) >= MOST_PLACES:
                self._said_s.clear()
            self._said_s[place] = self._clock()
        error = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else None
        say = get_log().warning if record.levelno >= logging.ERROR and error is None else get_log().info
        say("dbos", message=message, error=error, **({"unsaid": unsaid} if unsaid else {}))


def speak_structured() -> None:
    """Have DBOS log as we do."""
    logger = logging.getLogger("dbos")
    if not any(isinstance(handler, StructuredHandler) for handler in logger.handlers) or len(logger.handlers) > 1:
        logger.handlers[:] = [StructuredHandler()]
    logger.propagate = False
