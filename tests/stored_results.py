"""Results that tests put into the store as a worker would."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Engine

from lodestock_server.store.results import ResultStore


def publish(
    engine: Engine, name: str, request: str, answer: str, caller: str = "ministry", keep: timedelta | None = None
) -> bool:
    """Store a result of an operation that is gone; False where one of this name is there.

    Args:
        engine: the database.
        name: such as "plans/1".
        request: digest of the payload that was asked.
        answer: digest of the payload that answers.
        caller: whose it is.
        keep: for how long; None for good.
    """
    return ResultStore(engine).publish(
        name,
        kind=name.partition("/")[0],
        caller=caller,
        display_name=f"the {name}",
        operation="operations/1",
        request_digest=request,
        answer_digest=answer,
        summary={"expected_cost_usd": 1.5, "material_ids": ["cobalt"]},
        keep=keep,
    )
