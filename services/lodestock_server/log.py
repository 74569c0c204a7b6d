"""Structured logs: one line an event on standard error, with the correlation id of the call and its caller.

What is bound to a call (correlation id, method, caller, job) crosses into the compute processes as a dict of strings,
so that their lines can be found under the same id.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any, Literal

import structlog

LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}


def configure_logs(level: str, form: Literal["json", "text"]) -> None:
    """Send log lines of at least `level` to standard error."""
    renderer: Any = structlog.processors.JSONRenderer() if form == "json" else structlog.dev.ConsoleRenderer()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(LEVELS[level]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )


def get_log() -> structlog.typing.FilteringBoundLogger:
    """The log."""
    log: structlog.typing.FilteringBoundLogger = structlog.get_logger()
    return log


def context() -> dict[str, str]:
    """What log lines carry now, to be bound again in another process."""
    return {name: str(value) for name, value in structlog.contextvars.get_contextvars().items()}


def bound(values: Mapping[str, str]) -> AbstractContextManager[None]:
    """Have log lines carry `values`, until the end of the `with` statement."""
    return structlog.contextvars.bound_contextvars(**values)
