"""A watcher that keeps what it is told, of whatever kind the news are."""

from __future__ import annotations

from typing import Generic, TypeVar

News = TypeVar("News")


class KeptNews(Generic[News]):
    """Keeps what it is told, and never stops the work."""

    def __init__(self) -> None:
        self.told: list[News] = []

    def report(self, progress: News) -> None:
        self.told.append(progress)

    def cancelled(self) -> bool:
        return False
