"""The processes that solve models with whole numbers, as they are started in a test."""

from __future__ import annotations

import pytest

from lodestock_optimizers.solving import mixed


def started(monkeypatch: pytest.MonkeyPatch) -> list[mixed._Process]:
    """Those that are started from now on, in a list that grows."""
    begun: list[mixed._Process] = []

    class Told(mixed._Process):
        def __enter__(self) -> Told:
            begun.append(self)
            return super().__enter__()

    monkeypatch.setattr(mixed, "_Process", Told)
    return begun
