"""What DBOS logs comes out as our lines, and not over and over."""

from __future__ import annotations

import logging

import structlog

from lodestock_server.jobs.speaking import AGAIN_AFTER_S, StructuredHandler


def test_what_dbos_says_over_and_over_is_said_once_a_minute() -> None:
    """With the number of lines left out; lines on single jobs are all logged."""
    now = [0.0]
    logger = logging.getLogger("of a test")
    logger.propagate = False
    logger.addHandler(StructuredHandler(lambda: now[0]))
    with structlog.testing.capture_logs() as lines:
        for number in range(50):
            if number == 49:
                now[0] = AGAIN_AFTER_S
            logger.warning("Database connection failed: retrying in %s s", number)
        for job in ("a", "b"):
            logger.warning("Workflow %s was cancelled", job)
    said = [(line["message"], line.get("unsaid")) for line in lines]
    assert said == [
        ("Database connection failed: retrying in 0 s", None),
        ("Database connection failed: retrying in 49 s", 48),
        ("Workflow a was cancelled", None),
        ("Workflow b was cancelled", None),
    ]
