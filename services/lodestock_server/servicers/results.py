"""What the methods about stored results share, whatever they are results of."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from google.protobuf.message import Message

from lodestock.v1 import results_pb2
from lodestock_server import tasks
from lodestock_server.converters.results import info_to_proto
from lodestock_server.converters.wire import with_parts
from lodestock_server.deadlines import Deadline
from lodestock_server.dispatch import ComputeCalls
from lodestock_server.identity import current_caller
from lodestock_server.store.payloads import PayloadStore
from lodestock_server.store.results import ResultStore

RESULTS_A_PAGE = 100
MOST_FIGURES = 1_000
"""Figures that a comparison lists where the caller does not say how many."""

Answered = Callable[[Any], Message]
"""From what is known of a result, or of several, to an answer that holds it."""


class StoredResults:
    """The caller's stored results. The database is read in threads beside the event loop."""

    def __init__(self, results: ResultStore, payloads: PayloadStore, compute: ComputeCalls) -> None:
        """Take what the methods need.

        Args:
            results: What is known of them.
            payloads: Their requests and answers.
            compute: Where to compare them.
        """
        self._results = results
        self._payloads = payloads
        self._compute = compute

    async def get(self, name: str, view: results_pb2.ResultView.ValueType, answered: Answered) -> bytes:
        """The bytes of an answer that holds a result as far as the view shows it.

        Raises:
            NotFound: The caller has no such result.
        """
        return await asyncio.to_thread(self._get, name, current_caller(), view, answered)

    def _get(self, name: str, caller: str, view: results_pb2.ResultView.ValueType, answered: Answered) -> bytes:
        stored = self._results.get(name, caller)
        parts: dict[str, bytes] = {}
        if view != results_pb2.RESULT_VIEW_INFO:
            parts["answer"] = self._payloads.get(stored.answer_digest)
        if view == results_pb2.RESULT_VIEW_FULL:
            parts["request"] = self._payloads.get(stored.request_digest)
        return with_parts(answered(info_to_proto(stored)), parts)

    async def request_of(self, name: str) -> bytes:
        """The bytes of the request that a result answers.

        Raises:
            NotFound: The caller has no such result.
        """
        return await asyncio.to_thread(self._request_of, name, current_caller())

    def _request_of(self, name: str, caller: str) -> bytes:
        return self._payloads.get(self._results.get(name, caller).request_digest)

    async def page(self, collection: str, page_size: int, page_token: str) -> tuple[list[Any], str]:
        """What is known of the results of a page, the newest first, and the token of the next page.

        Raises:
            InvalidRequest: The token is none that this server gave out.
        """
        size = page_size or RESULTS_A_PAGE
        found, token = await asyncio.to_thread(self._results.list, collection, current_caller(), size, page_token)
        return [info_to_proto(stored) for stored in found], token

    async def compare(self, names: Sequence[str], most_figures: int, deadline: Deadline, answered: Answered) -> bytes:
        """The bytes of an answer that holds what is known of results and the figures that differ between them.

        Raises:
            NotFound: The caller has no such result.
        """
        stored = await asyncio.to_thread(self._all, names, current_caller())
        asked: Mapping[str, object] = {
            "collection": stored[0].kind,
            "answers": [one.answer_digest for one in stored],
            "most_figures": most_figures or MOST_FIGURES,
        }
        figures = await self._compute.run(tasks.compare_results, json.dumps(asked).encode(), deadline)
        # Messages one after the other are one message.
        return answered([info_to_proto(one) for one in stored]).SerializeToString() + figures

    def _all(self, names: Sequence[str], caller: str) -> list[Any]:
        return [self._results.get(name, caller) for name in names]

    async def delete(self, name: str) -> None:
        """Delete a result.

        Raises:
            NotFound: The caller has no such result.
        """
        await asyncio.to_thread(self._results.delete, name, current_caller())
