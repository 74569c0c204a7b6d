"""Outlasts a database that is away: work that has been computed is not thrown away for that."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from lodestock_server.errors import DatabaseUnavailable
from lodestock_server.workers.attempts import Attempt

P = ParamSpec("P")
T = TypeVar("T")

DELAY_S = 1.0


class Unwanted(Exception):
    """The attempt was told to stop while it waited."""


def patient(attempt: Attempt, work: Callable[P, T]) -> Callable[P, T]:
    """Make a use of the database go on until it comes back, or the attempt is not wanted any more.

    Args:
        attempt: who waits.
        work: comes to the same when it is run twice.

    Raises:
        Unwanted: The attempt was told to stop meanwhile.
    """

    @functools.wraps(work)
    def outlasting(*args: P.args, **kwargs: P.kwargs) -> T:
        while True:
            try:
                return work(*args, **kwargs)
            except DatabaseUnavailable as error:
                if attempt.stopped.wait(DELAY_S):
                    raise Unwanted from error

    return outlasting
