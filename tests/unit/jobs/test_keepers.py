"""A server goes on trying to start its workers."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from lodestock_server.workers import supervise
from lodestock_server.workers.supervise import EmbeddedWorkers


def test_a_worker_that_cannot_be_started_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """As where the machine is short of processes for a while."""
    tries: list[int] = []

    async def start_or_fail(*command: str, **options: Any) -> asyncio.subprocess.Process:
        tries.append(1)
        if len(tries) < 3:
            raise BlockingIOError(11, "Resource temporarily unavailable")
        return await start(("sleep", "60"), options)

    async def start(command: tuple[str, ...], options: dict[str, Any]) -> asyncio.subprocess.Process:
        return await real(*command, **options)

    async def until_it_runs() -> None:
        workers = EmbeddedWorkers(1, "x", 0.0)
        workers.start()
        while len(tries) < 3:
            await asyncio.sleep(0.01)
        await workers.stop()

    real = asyncio.create_subprocess_exec
    monkeypatch.setattr(asyncio, "create_subprocess_exec", start_or_fail)
    monkeypatch.setattr(supervise, "START_AGAIN_AFTER_S", 0.01)
    asyncio.run(until_it_runs())
    assert len(tries) == 3
